"""Charts for notebooks: drawn as SVG where the notebook runs, nothing asked of the network.

Belongs here: what several notebooks draw. Does not belong here: the charts of the reports.
"""

import altair as alt
import polars as pl


def draw_here() -> None:
    """Altair draws SVG itself: its default renderer loads a library from a CDN."""
    alt.renderers.enable("svg")


def intervals(rows: pl.DataFrame, title: str, unit: str, by: str = "label") -> alt.LayerChart | str:
    """Values and intervals in the order of `rows`: columns `by`, estimate, ci_low, ci_high; text when there is none."""
    shown = rows.filter(pl.col("estimate").is_not_null()).select(by, "estimate", "ci_low", "ci_high")
    if shown.is_empty():
        return "Rien n'est publié ici : trop peu de personnes, ou rien de mesuré."
    base = alt.Chart(shown).encode(y=alt.Y(f"{by}:N", title=None, sort=shown[by].to_list()))
    line = base.mark_rule().encode(x=alt.X("ci_low:Q", title=unit), x2="ci_high:Q")
    return (line + base.mark_point(filled=True).encode(x="estimate:Q")).properties(title=title, width=480)

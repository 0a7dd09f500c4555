"""What a number of teams can detect: one small curve per indicator, side by side."""

from collections.abc import Sequence
from typing import Any

from pipelines.charts.base import Frame, Spec, data, drawn, joined, layered
from pipelines.charts.tokens import colour, size
from pipelines.wording.display import Row
from pipelines.wording.power import bare
from pipelines.wording.words import Words

HEIGHT = 130
# What a page gives an inline drawing, and a file of its own does not have.
ALONE = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"'


def power_chart(rows: Sequence[Row], frame: Frame) -> str:
    """The rows of the table of power as an SVG; an indicator that cannot be estimated keeps its panel, and says so."""
    indicators = list(dict.fromkeys(str(row["indicator"]) for row in rows))
    width = (size("wide") - 8) // max(len(indicators), 1) - 24
    panels = [_panel([row for row in rows if row["indicator"] == i], frame.words, width) for i in indicators]
    return drawn(joined("hconcat", panels, spacing=24), frame, ident=frame.ident, css="wd")


def as_file(drawing: str) -> str:
    """A drawing made for a page, as a file of its own."""
    return drawing.replace("<svg ", f"<svg {ALONE} ", 1) + "\n"


def _panel(rows: Sequence[Row], words: Words, width: int) -> Spec:
    import altair as alt

    of = f"indicators.{rows[0]['indicator']}"
    title = f"{words.text(f'{of}.title')} ({words.raw(f'{of}.units')})"
    known = [r for r in rows if r["detectable"] is not None]
    points: list[dict[str, Any]] = [
        {"n": r["n_teams"], "e": float(r["detectable"]), "s": bare(r, words)} for r in known
    ]
    top = max([p["e"] for p in points], default=1.0) * 1.2
    teams = sorted(int(r["n_teams"]) for r in rows)
    x = alt.X(
        "n:Q", title=None, scale=alt.Scale(domain=[teams[0] - 2, teams[-1] + 2], nice=False),
        axis=alt.Axis(values=teams, grid=False, labelFontSize=12),
    )  # fmt: skip
    y = alt.Y("e:Q", title=None, axis=None, scale=alt.Scale(domain=[0, top], nice=False))
    one = data([{"n": teams[0]}])

    def text(what: str, at: int, **style: Any) -> Any:
        return alt.Chart(one).mark_text(text=what, align="left", **style).encode(x=alt.value(0), y=alt.value(at))

    layers = [
        alt.Chart(data([{"n": n, "e": 0.0} for n in teams])).mark_tick(color=colour("grid"), size=1).encode(x=x, y=y),
        text(title, -22, fontWeight=600, fontSize=14),
        text(words.text("power.teams"), HEIGHT + 28, fontSize=12, color=colour("ink2")),
    ]
    if points:
        base = alt.Chart(data(points)).encode(x=x, y=y)
        layers += [
            base.mark_line(color=colour("blue"), strokeWidth=2.2),
            base.mark_point(color=colour("blue"), fill="#fff", size=60, strokeWidth=2, opacity=1),
            base.mark_text(align="left", dx=3, dy=-10, fontSize=12).encode(text="s:N"),
        ]
    else:
        layers.append(text(words.text("power.unknown"), HEIGHT // 2, fontStyle="italic", color=colour("ink3")))
    return layered(layers, width=width, height=HEIGHT)

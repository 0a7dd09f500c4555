"""What a number of teams can detect: one small curve per indicator, side by side."""

from collections.abc import Sequence

from pipelines.charts.base import Frame
from pipelines.charts.curves import Curve, curves
from pipelines.wording.display import Row
from pipelines.wording.power import bare
from pipelines.wording.words import Words

# What a page gives an inline drawing, and a file of its own does not have.
ALONE = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"'


def power_chart(rows: Sequence[Row], frame: Frame) -> str:
    """The rows of the table of power as an SVG; an indicator that cannot be estimated keeps its panel, and says so."""
    indicators = list(dict.fromkeys(str(row["indicator"]) for row in rows))
    return curves([_curve([row for row in rows if row["indicator"] == i], frame.words) for i in indicators], frame)


def as_file(drawing: str) -> str:
    """A drawing made for a page, as a file of its own."""
    return drawing.replace("<svg ", f"<svg {ALONE} ", 1) + "\n"


def _curve(rows: Sequence[Row], words: Words) -> Curve:
    of = f"indicators.{rows[0]['indicator']}"
    known = [r for r in rows if r["detectable"] is not None]
    return Curve(
        f"{words.text(f'{of}.title')} ({words.raw(f'{of}.units')})",
        [(r["n_teams"], float(r["detectable"]), bare(r, words)) for r in known],
        [int(r["n_teams"]) for r in rows], words.text("power.teams"), unknown=words.text("power.unknown"),
    )  # fmt: skip

"""The rule of the proposals at work: what it proposes for a true gain, drawn, told, and in a table."""

from collections.abc import Sequence

from pipelines.charts.context import Page
from pipelines.charts.curves import Curve, curves_twice
from pipelines.contracts.proposals import PROPOSALS
from pipelines.wording.display import Row
from pipelines.wording.page import figure, paragraph, table

TOLD = (0.0, 20.0)  # true gains put in a sentence, in %


def rule(page: Page) -> str:
    """Sentences, one curve per proposal for the middle size, and every size in a table."""
    words, rows = page.words, page.frame("characteristics").to_dicts()
    if not rows:
        return paragraph(words.text("rule.none"))
    sizes = sorted({int(r["persons"]) for r in rows})
    middle = sizes[len(sizes) // 2]
    own = [r for r in rows if r["persons"] == middle]
    told = [_told(page, own, gain) for gain in TOLD if any(r["gain_true"] == gain for r in own)]
    intro = words.text("rule.intro", error=words.number(100 * max(r["mc_se"] for r in rows)))
    title, number = words.text("rule.title", persons=words.number(middle)), page.number()
    drawing = curves_twice(
        [_curve(page, proposal, own) for proposal in PROPOSALS], page.drawing(title, words.print(" ".join(told)))
    )
    drawn = figure(f"figure-{number}", title, words.text("figure.number", n=number, what=words.text("rule.sub")),
                   drawing, "", "", "")  # fmt: skip
    return paragraph(intro) + paragraph(" ".join(told)) + drawn + _table(page, rows)


def _told(page: Page, rows: Sequence[Row], gain: float) -> str:
    """« Pour un gain vrai de 20 %, la règle propose « généraliser » 87 fois sur 100, ... », the most frequent first."""
    words = page.words
    own = sorted((r for r in rows if r["gain_true"] == gain), key=lambda r: -r["probability"])
    said = [
        words.text("rule.share", proposal=words.text(f"rule.words.{r['proposal']}"), n=words.number(times))
        for r in own if (times := round(100 * r["probability"]))
    ]  # fmt: skip
    return words.text("rule.told", gain=words.number(gain), persons=words.number(own[0]["persons"]),
                      shares=words.listing(said))  # fmt: skip


def _curve(page: Page, proposal: str, rows: Sequence[Row]) -> Curve:
    words = page.words
    own = sorted((r for r in rows if r["proposal"] == proposal), key=lambda r: r["gain_true"])
    points = [(r["gain_true"], r["probability"], words.number(100 * r["probability"])) for r in own]
    title = words.text("rule.panel", proposal=words.text(f"rule.short.{proposal}"))
    return Curve(title, points, [x for x, _, _ in points], words.text("rule.gain"), top=1.0)


def _table(page: Page, rows: Sequence[Row]) -> str:
    words = page.words
    cells = {(r["persons"], r["gain_true"], r["proposal"]): words.number(100 * r["probability"]) for r in rows}
    lines = [
        [words.number(gain), words.number(persons), *(cells[persons, gain, p] for p in PROPOSALS)]
        for persons, gain in dict.fromkeys((r["persons"], r["gain_true"]) for r in rows)
    ]
    heads = [*(words.print(h) for h in words.raw("rule.heads")), *(words.text(f"rule.short.{p}") for p in PROPOSALS)]
    return table(words.text("rule.caption"), heads, lines, numeric=range(1, len(heads)))

"""The study's own figure beside those of published evaluations: same unit, the method beside each."""

from pipelines.charts.context import Page
from pipelines.wording.display import Row, Shown, has_interval
from pipelines.wording.numbers import interval
from pipelines.wording.page import paragraph, raw, table

# Our indicator -> the measure of the evaluations, and what one of our units is in theirs (hours a week, five days).
UNITS = {"net_hours": ("minutes_per_day", 60 / 5), "time_per_task": ("time_per_task", 1.0)}


def comparison(page: Page) -> str:
    """What is compared, one table: our net and relative figures first, then each evaluation."""
    words = page.words
    others = page.frame("evaluations").sort("rank")
    ours = [row for i in UNITS if (row := page.headline(i)) is not None and has_interval(row)]
    if others.is_empty():
        return raw(paragraph(words.text("comparison.none")))
    rows = [_ours(page, row) for row in ours]
    for other in others.iter_rows(named=True):
        who = f"{words.print(other['organisation'])}{words.raw('comma')}{words.print(other['period'])}"
        people = words.count("comparison.people", other["people"]) if other["people"] else ""
        kind = words.text(f"comparison.kinds.{other['kind']}")
        how = f"**{kind}** {words.print(other['design'])}"
        value = _value(page, other["measure"], other["value"])
        if other["is_maximum"]:
            value = words.text("comparison.at_most", value=value)
        rows.append([who, people, value, how, words.print(other["caveat"]), words.print(other["source"])])
    intro = words.text("comparison.intro" if ours else "comparison.intro_without")
    heads = [words.print(h) for h in words.raw("comparison.heads")]
    return raw(paragraph(intro) + table(words.text("comparison.caption"), heads, rows))


def _ours(page: Page, row: Row) -> list[str]:
    words, shown = page.words, Shown(row, page.words)
    people = words.count("comparison.people", row["n_persons"]) if row.get("n_persons") else ""
    measure, per = UNITS[row["indicator"]]
    estimate, low, high = (row[c] * per for c in ("estimate", "ci_low", "ci_high"))
    value = f"{_value(page, measure, estimate)} {interval(low, high, signed=True, language=words.language)}"
    how = words.text(f"comparison.ours.{row['indicator']}", level=shown.evidence)
    return [f"**{words.text('comparison.this_study')}**", people, f"**{value}**", how,
            words.text("comparison.ours_caveat"), words.text("comparison.this_page")]  # fmt: skip


def _value(page: Page, measure: str, value: float | None) -> str:
    words = page.words
    if value is None or measure == "none":
        return words.text("comparison.no_figure")
    return words.text(f"comparison.values.{measure}", value=words.number(value, 0, signed=True))

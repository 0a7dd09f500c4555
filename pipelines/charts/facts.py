"""Figures that stand beside the success indicators, as cards and tables: value, interval, what it says, evidence.

Belongs here: how one companion row is laid out. Does not belong here: which rows a section shows.
"""

from collections.abc import Iterable, Sequence

from pipelines.charts.context import PROGRAMME, Page
from pipelines.charts.intervals import Line, Panel
from pipelines.wording.display import Row, is_published
from pipelines.wording.measures import Measure
from pipelines.wording.page import inline, paragraph, table
from pipelines.wording.sentences import span
from pipelines.wording.words import small_first


def measure(page: Page, indicator: str, estimand: str) -> Measure | None:
    """The programme row of one estimand as a measure; None when the study has no such row."""
    row = page.programme.get((indicator, estimand))
    return None if row is None else Measure(row, page.words)


def is_known(shown: Measure | None) -> bool:
    """There is an estimate that may be printed."""
    return shown is not None and shown.value("estimate") is not None


def card(page: Page, shown: Measure, said: str) -> str:
    """One figure: title, estimate, interval in words, what it says, level of evidence."""
    words = page.words
    low, high = span(shown)
    if low:
        between = words.text("facts.between", low=low, high=high)
    else:
        between = words.text("tile.no_interval", reason=shown.why_missing).rstrip(".")
    big = f'<p class="big">{inline(shown.estimate)} <span>{inline(between)}</span></p>'
    evidence = paragraph(f"**{shown.evidence}**.", "k") if shown.evidence else ""
    told = paragraph(said, "k") if said else ""
    return f'<div class="fact"><h3>{inline(shown.title)}</h3>{big}{told}{evidence}</div>'


def cards(made: Iterable[str]) -> str:
    """Cards two by two; « » when there is none."""
    whole = "".join(made)
    return f'<div class="facts">{whole}</div>' if whole else ""


def missing(page: Page, asked: Sequence[tuple[str, str]]) -> str:
    """One sentence on the figures this study does not give, and why, in the order asked; « » when it gives them all."""
    words = page.words
    groups: dict[str, list[str]] = {}
    for indicator, estimand in asked:
        shown = measure(page, indicator, estimand)
        if shown is None or is_known(shown):
            continue
        why = shown.why_missing if is_published(shown.row) else words.text("suppressed")
        groups.setdefault(why, []).append(_lower(shown.title))
    said = [words.text("facts.why", titles=words.listing(titles), reason=why) for why, titles in groups.items()]
    return paragraph(words.text("facts.missing", what=words.raw("semicolon").join(said)), "small") if said else ""


def _lower(title: str) -> str:
    """The first letter small, unless the word is an acronym."""
    return title if title[1:2].isupper() else small_first(title)


def measures_table(page: Page, caption: str, rows: Sequence[tuple[str, Row]], *, evidence: bool = True) -> str:
    """(label, row) as a table: estimate, interval, evidence; « » without rows."""
    words, lines = page.words, []
    for label, row in rows:
        shown = Measure(row, words)
        if shown.value("estimate") is None:
            what = shown.why_missing if is_published(row) else words.text("suppressed")
            lines.append([label, what, "", *([_short(shown)] if evidence else [])])
        else:
            lines.append([label, shown.estimate, shown.interval, *([_short(shown)] if evidence else [])])
    if not lines:
        return ""
    heads = [words.text("facts.measure"), words.text("figure.estimate"), words.text("figure.interval")]
    if evidence:
        heads.append(words.text("figure.evidence"))
    return table(caption, heads, lines, numeric=[1, 2])


def _short(shown: Measure) -> str:
    """« B (avant-après) », or « »."""
    if not shown.evidence:
        return ""
    return shown.words.text("evidence.short", level=str(shown.row["evidence"]), word=shown.evidence_word)


def programme_rows(page: Page, wanted: Iterable[tuple[str, str]]) -> list[Row]:
    """Rows of the programme that exist, in the order wanted."""
    found = [page.programme.get(key) for key in wanted]
    return [row for row in found if row is not None and row["scope"] == PROGRAMME]


def measure_panel(
    page: Page, title: str, sub: str, rows: Sequence[tuple[str, Row]], *, people: Sequence[str] = (), strong: str = ""
) -> Panel:
    """(label, row) -> the rows of a forest without threshold or verdict."""
    words, lines = page.words, []
    for (label, row), size in zip(rows, people or [""] * len(rows), strict=True):
        shown = Measure(row, words)
        text = shown.bare if shown.value("estimate") is not None else _none(page, shown)
        lines.append(Line(label, "early", shown.drawn, text, shown.interval, size, label == strong))
    first = Measure(rows[0][1], words)
    columns = tuple(words.text(f"figure.{c}") for c in ("estimate", "interval", "agents")) if any(people) else ()
    return Panel(title, sub, tuple(lines), None, "", str(first.row["direction"]), 0 if first.scale.decimals == 0 else 1,
                 first.scale.signed, columns)  # fmt: skip


def _none(page: Page, shown: Measure) -> str:
    """Why there is nothing to draw: « non publié », « non mesuré », « non estimé »."""
    if not is_published(shown.row):
        return page.words.text("suppressed")
    return page.words.text("not_measured" if shown.row["reason"] == "non_mesure" else "not_estimated")


def described(panels: Sequence[Panel]) -> str:
    """The values of a forest as one text, for those who do not see it."""
    return ". ".join(
        f"{p.title} : " + " ; ".join(f"{line.label} {line.text} {line.interval}".strip() for line in p.lines)
        for p in panels
    ) + "."  # fmt: skip

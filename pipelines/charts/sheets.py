"""One identical sheet per process and tool: proposal, gain, gross to net, and what the rule read beside it."""

from pipelines.charts.bars import Bar, bars
from pipelines.charts.context import Page
from pipelines.charts.intervals import interval_bar
from pipelines.charts.proposals import pair_name, word
from pipelines.contracts.proposals import PAIR
from pipelines.wording import proposals as said
from pipelines.wording.display import Row, is_published
from pipelines.wording.measures import Measure, side
from pipelines.wording.page import inline, pairs, paragraph, raw, table
from pipelines.wording.sentences import span

PARTS = ("prompt", "checking")
READ = ("errors", "irritation", "umux_lite", "wish_to_continue", "abandonment", "not_compliant")


def sheets(page: Page) -> str:
    """Every pair of the proposals, in their order: the same places filled, or said to be empty."""
    words, frame = page.words, page.frame("proposals").sort("process", "tool")
    if frame.is_empty():
        return raw(paragraph(words.text("proposals.none")))
    gains = {r["scope_key"]: r for r in page.rows("process_tool") if r["estimand"] == "gain"}
    parts: dict[str, dict[str, Row]] = {}
    for row in page.rows("process_tool"):
        if row["indicator"] == "minutes_per_task":
            parts.setdefault(row["scope_key"], {})[row["estimand"]] = row
    made = [_sheet(page, row, gains.get(_key(row)), parts.get(_key(row), {})) for row in frame.to_dicts()]
    return raw(paragraph(words.text("sheets.intro")) + f'<div class="sheets">{"".join(made)}</div>')


def _key(row: Row) -> str:
    return f"{row['process']}{PAIR}{row['tool']}"


def _sheet(page: Page, row: Row, gain: Row | None, parts: dict[str, Row]) -> str:
    head = f"<header><h3>{inline(pair_name(page, row))}</h3>{word(page, row)}</header>"
    body = _gain(page, gain) + _waterfall(page, pair_name(page, row), parts) + _read(page, row)
    return f'<div class="sheet">{head}{body}</div>'


def _gain(page: Page, row: Row | None) -> str:
    """What the task takes less, or more, said from where the whole interval is."""
    words = page.words
    shown = Measure(_as_time(row), words) if row is not None else None
    if shown is None or shown.value("estimate") is None:
        hidden = shown is not None and not is_published(shown.row)
        why = words.text("suppressed") if hidden or shown is None else shown.why_missing
        return paragraph(words.text("sheets.nothing", reason=why), "k")
    low, high = span(shown)
    if not low:
        text = words.text("sheets.bare", estimate=shown.estimate, reason=shown.why_missing)
        return paragraph(text, "k")
    text = words.text(f"sheets.change.{side(shown.row)}", estimate=shown.estimate, low=low, high=high)
    desc = words.text("sheets.desc", estimate=shown.estimate, level=shown.level, interval=shown.interval)
    frame = page.drawing(words.text("sheets.chart", what=shown.title), desc)
    evidence = paragraph(f"**{shown.evidence}**.", "k") if shown.evidence else ""
    return f"{paragraph(text)}{interval_bar(shown, frame)}{evidence}"


def _as_time(row: Row) -> Row:
    """A gain in % as the change of time it is, as everywhere else in the page: the same figures, the other sign."""
    ends = {"estimate": "estimate", "ci_low": "ci_high", "ci_high": "ci_low"}
    flipped = {to: None if row[name] is None else -row[name] for to, name in ends.items()}
    return {**row, **flipped, "direction": "lower"}


def _waterfall(page: Page, name: str, parts: dict[str, Row]) -> str:
    """Gross to net per time the task is done; nothing when a step is hidden, since the others would tell it."""
    words = page.words
    rows = [row for step in ("gross", *PARTS, "net") if (row := parts.get(step)) is not None]
    if len(rows) < len(PARTS) + 2 or any(not is_published(row) or row["estimate"] is None for row in rows):
        return paragraph(words.text("sheets.no_parts"), "small")
    gross, *steps, net = (Measure(row, words) for row in rows)
    level = gross.value("estimate") or 0.0
    made = [Bar(words.text("waterfall.gross"), 0.0, round(level, 1), _minutes(page, level), "blue-m")]
    for step in steps:
        spent = step.value("estimate") or 0.0
        made.append(Bar(step.title, round(level, 1), round(level - spent, 1), _minutes(page, -spent), "rust-m"))
        level -= spent
    last = net.value("estimate") or 0.0
    tone = "blue" if last > 0 else "rust"
    made.append(Bar(words.text("waterfall.net"), 0.0, round(last, 1), _minutes(page, last), tone, True))
    lines = [[bar.label, bar.text] for bar in made]
    title = words.text("sheets.parts_title", gross=made[0].text, net=made[-1].text)
    desc = words.print(" ; ".join(f"{a} {b}" for a, b in lines) + ".")
    drawing = bars(made, page.drawing(title, desc), row_px=22, card=True)
    heads = [words.text("waterfall.step"), words.text("sheets.minutes")]
    data = table(words.text("sheets.parts_caption", name=name), heads, lines, numeric=[1], total=True)
    details = f"<details><summary>{inline(words.text('figure.data'))}</summary>{data}</details>"
    return f"<h4>{inline(title)}</h4>{drawing}{details}"


def _minutes(page: Page, value: float) -> str:
    return f"{page.words.number(value, 1, signed=True)}\u00a0min"


def _read(page: Page, row: Row) -> str:
    """What the rule read beside the gain, in the same places for every pair."""
    words = page.words
    told = [(words.capital(f"proposals.inputs.{name}"), said.known(row, name, words)) for name in READ]
    return pairs(told, "gl")

"""The section of proposals: one word per process and tool, what made it, what people decided beside it."""

from collections.abc import Mapping, Sequence

from pipelines.charts.context import Page
from pipelines.contracts.proposals import INPUTS
from pipelines.wording import proposals as said
from pipelines.wording.page import chip, inline, paragraph, raw, table

KINDS = {"generaliser": "ok", "ajuster": "watch", "ne_pas_poursuivre": "ko", "preuve_insuffisante": "nc", None: "early"}


def proposals(page: Page) -> str:
    """The matrix, then what each proposal rests on and its decision, then every measure the rule read."""
    words, frame = page.words, page.frame("proposals").sort("process", "tool")
    if frame.is_empty():
        return raw(paragraph(words.text("proposals.none")))
    rows = frame.to_dicts()
    if all(row["proposal"] is None for row in rows):
        return raw(paragraph(words.text("proposals.early")))
    decisions = {row["proposal_id"]: row for row in page.frame("decisions").iter_rows(named=True)}
    parts = [paragraph(words.text("proposals.intro"))]
    if not decisions:
        parts.append(paragraph(words.text("proposals.waiting")))
    parts += [_matrix(page, rows), paragraph(words.text("proposals.family_note"), "small")]
    parts += [_detail(page, rows, decisions), _measures(page, rows)]
    return raw("".join(parts))


def word(page: Page, row: said.Row) -> str:
    """The proposal as a chip."""
    return chip(KINDS[row["proposal"]], said.proposal(row, page.words))


def _matrix(page: Page, rows: Sequence[said.Row]) -> str:
    """Processes in rows, tools in columns, both in the order of their codes."""
    words, processes, tools = page.words, page.labels("process"), page.labels("tool")
    found = {(row["process"], row["tool"]): row for row in rows}
    shown = [tool for tool in tools if any(row["tool"] == tool for row in rows)]
    lines = []
    for process, label in processes.items():
        own = [found.get((process, tool)) for tool in shown]
        if any(own):
            blank = f'<span class="small">{inline(words.text("proposals.not_deployed"))}</span>'
            lines.append([inline(label), *(word(page, row) if row else blank for row in own)])
    heads = [words.text("proposals.process"), *(tools[tool] for tool in shown)]
    return f'<div class="matrix">{table(words.text("proposals.caption"), heads, lines, html=True)}</div>'


def _detail(page: Page, rows: Sequence[said.Row], decisions: Mapping[str, said.Row]) -> str:
    words = page.words
    lines = []
    for row in rows:
        proposed = said.proposal(row, words)
        if row["proposal"] == "generaliser":
            proposed += f"{words.raw('comma')}{words.text('proposals.within', family=row['family'])}"
        lines.append([
            pair_name(page, row), proposed, said.why(row, words), said.missing(row, words),
            said.decided(row, decisions.get(row["proposal_id"]), words),
        ])  # fmt: skip
    heads = [words.text(f"proposals.{c}") for c in ("pair", "proposal", "why", "missing", "decision")]
    return f'<div class="reasons">{table(words.text("proposals.detail"), heads, lines)}</div>'


def _measures(page: Page, rows: Sequence[said.Row]) -> str:
    words = page.words
    names = [column.name for column in INPUTS]
    lines = [[pair_name(page, row), *(said.known(row, name, words) for name in names)] for row in rows]
    heads = [words.text("proposals.pair"), *(said.title(name, words) for name in names)]
    made = table(words.text("proposals.data_caption"), heads, lines, numeric=range(1, len(heads)))
    return f"<details><summary>{inline(words.text('proposals.data'))}</summary>{made}</details>"


def pair_name(page: Page, row: said.Row) -> str:
    """« Réponses aux courriels, Assistant A »."""
    process, tool = (page.labels(kind).get(row[kind], row[kind]) for kind in ("process", "tool"))
    return f"{process}{page.words.raw('comma')}{tool}"

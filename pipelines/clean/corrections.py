"""The analyst's corrections -> cells of the exports, on the text received, before anything is made of it.

A correction that does not find what it expects is a problem: it stops the run, so that every correction declared is
either applied or told. Nothing here quotes a cell that could hold more than a figure or a date.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import polars as pl

from pipelines.contracts import table
from pipelines.contracts.rules import Problem
from pipelines.sources.text import SOURCE_ROW
from pipelines.sources.values import fold
from pipelines.study.corrections import CORRECTIONS_FILE, Correction, Declared
from pipelines.study.load import LoadedStudy

# The surest first: what is said of a correction when several tables, or blocks, of a file disagree.
_STATES = ("applied", "twice", "stale", "several", "barred", "no_column", "no_number", "no_row")
# A figure, a date, a time: never a name or a code.
_QUOTABLE = re.compile(r"-?\d{1,4}(?:[.,:/-]\d{1,4}){0,2}(?: \d{1,2}:\d{2}(?::\d{2})?)?")


@dataclass(frozen=True)
class Outcome:
    """What became of one correction in one table. `cell`: what was found there. `other`: the line of corrections.yaml
    that is about the same cell."""

    declared: Declared
    state: str
    cell: str | None = None
    other: int | None = None


def apply(
    frame: pl.DataFrame,
    declared: Sequence[Declared],
    *,
    names: Mapping[str, tuple[str, ...]] | None = None,
    barred: Collection[str] = (),
) -> tuple[pl.DataFrame, list[Outcome]]:
    """`frame` (one table of one file, or a block of it: text columns and `source_row`) with the cells that `declared`
    corrects, and what became of each correction.

    `names`: other headings a column may be called by. `barred`: columns that identify people or hold free text.
    """
    outcomes: list[Outcome] = []
    cells: dict[tuple[str, int], Declared] = {}
    for one in declared:
        column = _column(one.correction.column, frame, names or {})
        rows = _rows(one.correction, frame, names or {})
        if column is not None and column.split("#")[0] in barred:
            outcomes.append(Outcome(one, "barred"))
        elif rows is None:
            outcomes.append(Outcome(one, "no_number"))
        elif len(rows) != 1:
            outcomes.append(Outcome(one, "several" if rows else "no_row"))
        elif column is None:
            outcomes.append(Outcome(one, "no_column"))
        elif (column, rows[0]) in cells:
            outcomes.append(Outcome(one, "twice", other=cells[column, rows[0]].line))
        else:
            cells[column, rows[0]] = one
            cell = _spaced(frame[column][rows[0]])
            outcomes.append(Outcome(one, "applied" if cell == _spaced(one.correction.found) else "stale", cell))
    right = {o.declared.line for o in outcomes if o.state == "applied"}
    for (column, row), one in cells.items():
        if one.line in right:
            frame = frame.with_columns(frame[column].scatter(row, one.correction.written))
    return frame, outcomes


def problems(outcomes: Iterable[Outcome]) -> list[Problem]:
    """One problem per correction that could not be applied, from what became of it in every table of its file."""
    surest: dict[int, Outcome] = {}
    for outcome in outcomes:
        known = surest.setdefault(outcome.declared.line, outcome)
        if _STATES.index(outcome.state) < _STATES.index(known.state):
            surest[outcome.declared.line] = outcome
    return [_problem(o) for o in surest.values() if o.state != "applied"]


def unread(loaded: LoadedStudy) -> list[Problem]:
    """One problem per correction of a file that nothing reads. A file that is missing altogether has been told."""
    study = loaded.study
    patterns = [p for s in study.sources for p in s.files] + [f for _, f in study.registers if f is not None]
    found = {p: {f.relative_to(loaded.root).as_posix() for f in loaded.root.glob(p) if f.is_file()} for p in patterns}
    read = set().union(*found.values())
    told = [p for p, files in found.items() if not files]
    return [
        _told(one, f"No source or register of study.yaml reads {one.correction.file!r}.",
              "Correct `file:`, or remove this correction.")
        for one in loaded.corrections.declared
        if one.correction.file not in read
        and not any(PurePosixPath(one.correction.file).match(p) for p in told)
    ]  # fmt: skip


def corrections_table(loaded: LoadedStudy, files: pl.DataFrame) -> pl.DataFrame:
    """clean.corrections: every correction of the files read (`files`: raw.files). A run where one of them could not be
    applied has stopped before."""
    contract = table("clean.corrections")
    corrections = [d.correction for d in loaded.corrections.declared]
    declared = pl.DataFrame(
        [(c.file, c.line, c.id, c.column, c.reason, c.date) for c in corrections],
        schema={n: t for n, t in contract.polars_schema.items() if n != "source"}, orient="row",
    )  # fmt: skip
    return contract.conform(declared.join(files.select("source", "source_file"), on="source_file"))


def _column(wanted: str, frame: pl.DataFrame, names: Mapping[str, tuple[str, ...]]) -> str | None:
    """The column called so: as it is named here, as the file heads it, then whatever the case and accents."""
    columns = [c for c in frame.columns if c != SOURCE_ROW]
    if wanted in columns:
        return wanted
    called = {c: {c, *names.get(c, ())} for c in columns}
    found = [c for c in columns if wanted in called[c]]
    found = found or [c for c in columns if fold(wanted) in {fold(n) for n in called[c]}]
    return found[0] if len(found) == 1 else None


def _rows(correction: Correction, frame: pl.DataFrame, names: Mapping[str, tuple[str, ...]]) -> list[int] | None:
    """Positions of the rows meant; None when rows are named by a number and have none."""
    if correction.id is None:
        return (frame[SOURCE_ROW] == correction.line).arg_true().to_list()
    number = _column("id", frame, names)
    if number is None:
        return None
    # A spreadsheet makes 7.0 of the number 7.
    return (frame[number].str.strip_chars().str.replace(r"[.,]0+$", "") == correction.id.strip()).arg_true().to_list()


def _spaced(cell: str | None) -> str:
    """The text of a cell in single spaces; an empty one is ''."""
    return " ".join((cell or "").split())


def _problem(outcome: Outcome) -> Problem:
    one, state = outcome.declared, outcome.state
    c = one.correction
    place = f"{c.file}, {c.row}"
    if state == "stale" and outcome.cell == _spaced(c.written):
        return _told(one, f"{place} already says what this correction writes.", "Remove this correction.")
    if state == "stale":
        shown = outcome.cell if outcome.cell and _QUOTABLE.fullmatch(outcome.cell) else "« ... »"
        return _told(one, f"{place} says {shown} and not what `from:` says.",
                     "Update `from:` to what the file says now, or remove this correction.")  # fmt: skip
    if state == "twice":
        return _told(one, f"The correction of line {outcome.other} is about the same cell of {place}.",
                     "Keep one of the two.")  # fmt: skip
    if state == "several":
        return _told(one, f"{c.file} has several rows with this number.", "Name the row by `line:` instead of `id:`.")
    if state == "barred":
        return _told(one, f"This column of {c.file} says who somebody is, or is free text: it is not corrected here.",
                     "Correct it at the source and export again.")  # fmt: skip
    if state == "no_column":
        return _told(one, f"{c.file} has no such column among those that are read at {c.row}.",
                     "Write the heading as the file has it.")  # fmt: skip
    if state == "no_number":
        return _told(one, f"Rows of {c.file} have no number.", "Name the row by `line:` instead of `id:`.")
    advice = "Correct `line:` (the first line of the file is 1)." if c.id is None else "Correct `id:`."
    return _told(one, f"{c.file} has no row that can be read at {c.row}.", advice)


def _told(one: Declared, message: str, action: str) -> Problem:
    return Problem("stale_correction", CORRECTIONS_FILE, message, action, one.line, one.correction.column)

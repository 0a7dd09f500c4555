"""What the exports of time trackers have in common: one row per timer, found by its headings, in CSV or in a workbook.

Belongs here: recognising the headings, reading the file, deciding how it writes its dates and durations. What a row
means is in tracker_rows.py.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import polars as pl

from pipelines.sources import tracker_rows
from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.clutter import without_clutter
from pipelines.sources.layout import CASE, Layout
from pipelines.sources.moments import time_of_day
from pipelines.sources.text import SOURCE_ROW, TextTable, unique_headings
from pipelines.sources.values import Reading, date_order, duration_unit, fold, text
from pipelines.sources.workbook import read_table
from pipelines.study.models import Source

_DAY_CHARACTERS = 10  # of a moment: enough to see how its date is written
_FIRST_BYTES = 64


class _ReadTables(Protocol):
    def __call__(self, data: bytes, *, source: Source) -> dict[str, RawTable]: ...


class _Decide(Protocol):
    def __call__(self, raw: pl.LazyFrame, *, source: Source) -> Reading: ...


class _Interpret(Protocol):
    def __call__(
        self, raw: pl.DataFrame, *, source: Source, reading: Reading, kept: Collection[str]
    ) -> pl.DataFrame: ...


class Reader(NamedTuple):
    """What a source module of one tracker offers.

    `read_tables` gives the export as received under its format's name and raises SourceError when it is not one. It may
    be given a part of the file, under the same header. `decide` looks at the raw rows of the whole file and raises
    SourceError when they do not say how dates and durations are written. `interpret` gives TIME_ROWS of raw rows of one
    file; rules of `kept` become flags. `label_columns`: the raw columns of process and tool.
    """

    recognises: Callable[[list[str]], bool]
    read_tables: _ReadTables
    decide: _Decide
    interpret: _Interpret
    label_columns: Callable[[Source], tuple[str, str]]


def reader(fmt: str, *layouts: Layout) -> Reader:
    """The functions of one tracker, from the layouts of its exports, the one to advise first."""

    def read_tables(data: bytes, *, source: Source) -> dict[str, RawTable]:
        return {fmt: read(data, layouts, source)}

    def decide_file(raw: pl.LazyFrame, *, source: Source) -> Reading:
        return decide(raw, _layout_of(raw, layouts), source)

    def interpret_rows(
        raw: pl.DataFrame, *, source: Source, reading: Reading, kept: Collection[str]
    ) -> pl.DataFrame:
        layout = _layout_of(raw.lazy(), layouts)
        return tracker_rows.interpret(raw, layout, source, reading, kept)

    return Reader(
        (lambda h: any(not layout.missing(h) for layout in layouts)), read_tables, decide_file, interpret_rows,
        layouts[0].label_columns,
    )  # fmt: skip


def read(data: bytes, layouts: Sequence[Layout], source: Source) -> RawTable:
    """The export's known columns under their canonical headings, values as received.

    Columns the format does not know (custom fields) are left in the file: nobody has said that they hold no name.
    Those that study.yaml names are read. Raises SourceError: the file is not this export, or lacks a column.
    """
    table = _table(data, layouts)
    layout = next((known for known in layouts if not known.missing(table.header)), None)
    if layout is None:
        raise _refusal(table.header, layouts)
    process, tool = layout.label_columns(source)
    names = [c or h for c, h in zip(layout.translate(table.header), table.header, strict=True)]
    if layout.only_others:  # a column nobody declares may be called like one of ours
        declared = {*layout.canonical, fold(source.case_column or "")}
        names = [n if fold(h) in declared else "" for n, h in zip(names, table.header, strict=True)]
    wanted = {"process_column": process, "tool_column": tool, "case_column": layout.named(source.case_column, CASE)}
    names = [next((w for w in wanted.values() if fold(w) == fold(n)), n) for n in names]
    if source.tool_column is None and layout.tool not in layout.headings:
        del wanted["tool_column"]
    if source.case_column is None:
        del wanted["case_column"]
    for setting, column in wanted.items():
        if column not in names:
            raise SourceError("missing_column", f"There is no column {column!r}.",
                              f"Export it, or correct `{setting}:` in study.yaml.", line=1, column=column)  # fmt: skip
    if layout.duration not in names:
        names = [layout.duration if layout.duration and n == layout.stand_in else n for n in names]
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    known = {*layout.headings, process, tool}
    kept = [(c, n) for c, n in zip(received, unique_headings(names), strict=True) if n.split("#")[0] in known]
    columns = [pl.col(c).alias(n) for c, n in kept]
    if source.case_column is not None:
        # A case may be called after a citizen: whether two cells are equal is all that is kept.
        case = text(received[names.index(wanted["case_column"])]).str.to_lowercase()
        columns.append(pl.when(case.is_not_null()).then(case.hash().cast(pl.String)).alias(CASE))
    frame = table.frame.select(*columns, SOURCE_ROW)
    if layout.person_parts and frame.columns and set(layout.person_parts) <= set(frame.columns):
        whole_name = pl.concat_str(layout.person_parts, separator=" ", ignore_nulls=True)
        frame = frame.with_columns(whole_name.alias(layout.identifiers[-1])).drop(layout.person_parts)
    heading = table.header[names.index(layout.date)]
    frame, clutter = without_clutter(frame, layout.date, heading, (*layout.identifiers, process))
    headings = {n: (h,) for n, h in zip(names, table.header, strict=True) if n in frame.columns}
    return RawTable(frame, pl.concat([table.rejected, clutter]), table.received, names=headings)


def decide(raw: pl.LazyFrame, layout: Layout, source: Source) -> Reading:
    """How the whole file writes its dates and durations.

    Raises SourceError: dates that nothing decides, or whole-number durations that are not the seconds they should be.
    """
    columns = raw.collect_schema().names()
    days = (layout.date, layout.end if layout.whole_moments else layout.end_date)
    dates = [distinct_texts(raw, c).str.head(_DAY_CHARACTERS) for c in days if c is not None and c in columns]
    order = date_order(pl.concat(dates).unique().sort(), source.date_order)
    if layout.duration is None or layout.duration not in columns:
        return Reading(order, "span")
    durations = distinct_texts(raw, layout.duration)
    if not (durations != "").any():
        return Reading(order, "span")
    unit = source.duration_unit or layout.unit or duration_unit(durations)
    if unit == "seconds" and source.duration_unit is None:
        _check_seconds(raw, layout)
    return Reading(order, unit)


def _table(data: bytes, layouts: Sequence[Layout]) -> TextTable:
    if data[:_FIRST_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"[", b"{")):
        raise SourceError(
            "unrecognised_file", "The file is JSON, not a table.",
            "Export it as CSV with a column for the person and one for the process, and declare it as "
            "`format: tracker`.", line=1)  # fmt: skip
    return read_table(data, lambda header: any(not layout.missing(header) for layout in layouts))


def _layout_of(raw: pl.LazyFrame, layouts: Sequence[Layout]) -> Layout:
    """The layout of the export these raw rows come from, told by the column of days that holds something."""
    columns = raw.collect_schema().names()
    possible = [layout for layout in layouts if layout.date in columns]
    if len(possible) > 1:
        filled = raw.select(pl.col(layout.date).is_not_null().any() for layout in possible).collect().row(0)
        possible = [layout for layout, some in zip(possible, filled, strict=True) if some] or possible
    return possible[0]


def _refusal(header: list[str], layouts: Sequence[Layout]) -> SourceError:
    first = layouts[0]
    if first.only_others:
        heading = first.headings[first.missing(header)[0]][0]
        return SourceError("missing_column", f"There is no column {heading!r}.",
                           "Export it, or correct `columns:` in study.yaml.", line=1, column=heading)  # fmt: skip
    for layout in layouts:
        if layout.sums and layout.duration in layout.translate(header):
            lacking = " and ".join(layout.missing(header))
            return SourceError(
                "unrecognised_file", f"This is {first.product}'s summary report: it adds entries up without {lacking}.",
                "Export the detailed report instead.", line=1)  # fmt: skip
    return SourceError(
        "unrecognised_file", f"Not a detailed export of {first.product}: it lacks {', '.join(first.missing(header))}.",
        "Export the detailed report with these columns, or correct `format:` in study.yaml.", line=1)  # fmt: skip


def distinct_texts(raw: pl.LazyFrame, column: str) -> pl.Series:
    """What the cells of a raw column say, each once."""
    cells = raw.select(pl.col(column).unique().alias("cell")).collect(engine="streaming").to_series()
    return cells.cast(pl.String).str.strip_chars().drop_nulls().sort()


def _check_seconds(raw: pl.LazyFrame, layout: Layout) -> None:
    """Refuse whole-number durations that start and end contradict."""
    if layout.start is None or layout.end is None or layout.duration is None:
        return
    columns = (layout.start, layout.end, layout.duration)
    times = raw.select(columns).unique().collect(engine="streaming").cast(pl.String)
    span = (time_of_day(text(layout.end)) - time_of_day(text(layout.start))) % 86_400
    seconds = text(layout.duration).str.extract(r"^(-?\d+)$").cast(pl.Int64, strict=False)
    gaps = times.select((seconds - span).abs().alias("gap"))["gap"].drop_nulls()
    # Start and end are cut to the minute, so an exact entry may be 59 s off; half leaves room for pauses.
    if not gaps.is_empty() and (gaps <= 60).sum() * 2 < gaps.len():
        raise SourceError("unrecognised_file", f"{layout.duration} holds whole numbers that are not seconds.",
                          "Export it as H:MM, or declare `duration_unit:` in study.yaml.", line=1,
                          column=layout.duration)  # fmt: skip

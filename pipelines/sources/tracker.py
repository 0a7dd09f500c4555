"""What the CSV exports of time trackers have in common: one row per timer, found by its headings.

Dates are those of the start; an entry that ends past midnight belongs to the day it started. Minutes come from the
duration column, which is exact, never from end minus start (pauses, clock changes, seconds cut).
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import polars as pl

from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.fields import Field, judge, read_fields
from pipelines.sources.text import SOURCE_ROW, read_delimited, unique_headings
from pipelines.sources.time_rows import TIME_ROWS, conform, hash_of
from pipelines.sources.values import (
    DurationUnit,
    Reading,
    date_order,
    duration_minutes,
    duration_unit,
    fold,
    seconds_of_day,
    text,
    to_date,
)
from pipelines.study.models import Source

LONGEST_MINUTES = 12 * 60  # longer than a working day: a timer somebody forgot


@dataclass(frozen=True)
class Layout:
    """The headings of one tracker. `headings`: canonical (English) -> the same in other languages and versions."""

    product: str
    headings: dict[str, tuple[str, ...]]
    identifiers: tuple[str, ...]
    mandatory: tuple[str, ...]
    date: str
    start: str
    end: str
    end_date: str | None  # None: the format has no end date
    duration: str
    process: str  # the column that names the process unless study.yaml says otherwise
    tool: str = "Tags"
    plain_durations: bool = False  # durations may be decimal hours, or whole seconds
    summary: tuple[str, ...] = ()  # headings by which the tracker's summary report is told
    canonical: dict[str, str] = field(init=False)  # folded heading -> canonical heading

    def __post_init__(self) -> None:
        folded = {fold(h): name for name, others in self.headings.items() for h in (name, *others)}
        object.__setattr__(self, "canonical", folded)

    def translate(self, header: Iterable[str]) -> list[str | None]:
        """The canonical heading of each column; None when the tracker has no such column."""
        return [self.canonical.get(fold(h)) for h in header]

    def named(self, heading: str | None, default: str) -> str:
        """The raw column a setting of study.yaml means."""
        return default if heading is None else self.canonical.get(fold(heading), heading)


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


def reader(fmt: str, layout: Layout) -> Reader:
    """The functions of one tracker, from its layout."""

    def read_tables(data: bytes, *, source: Source) -> dict[str, RawTable]:
        return {fmt: read(data, layout, source)}

    def decide_file(raw: pl.LazyFrame, *, source: Source) -> Reading:
        return decide(raw, layout, source)

    def interpret_rows(
        raw: pl.DataFrame, *, source: Source, reading: Reading, kept: Collection[str]
    ) -> pl.DataFrame:
        return interpret(raw, layout, source, reading, kept)

    return Reader(
        (lambda h: recognises(h, layout)), read_tables, decide_file, interpret_rows,
        (lambda s: label_columns(layout, s)),
    )  # fmt: skip


def recognises(header: list[str], layout: Layout) -> bool:
    """The header has the tracker's mandatory columns and at least one that names the person."""
    return not _missing(header, layout)


def read(data: bytes, layout: Layout, source: Source) -> RawTable:
    """The export's known columns under their canonical headings, values as received.

    Columns the format does not know (custom fields) are left in the file: nobody has said that they hold no name.
    Those that study.yaml names are read. Raises SourceError: the file is not this export, or lacks a column.
    """
    table = read_delimited(data)
    folded = {fold(h) for h in table.header}
    if layout.summary and folded.issuperset(fold(h) for h in layout.summary):
        raise SourceError(
            "unrecognised_file",
            f"This is {layout.product}'s summary report: it adds entries up, without the person and the times.",
            "Export the detailed report instead.", line=1)  # fmt: skip
    if missing := _missing(table.header, layout):
        raise SourceError(
            "unrecognised_file", f"Not a detailed export of {layout.product}: it lacks {', '.join(missing)}.",
            "Export the detailed report with these columns, or correct `format:` in study.yaml.", line=1)  # fmt: skip
    process, tool = label_columns(layout, source)
    names = [c or h for c, h in zip(layout.translate(table.header), table.header, strict=True)]
    names = [process if fold(n) == fold(process) else tool if fold(n) == fold(tool) else n for n in names]
    known = {*layout.headings, process, tool}
    for setting, wanted in (("process_column", process), ("tool_column", tool)):
        if wanted not in names:
            raise SourceError("missing_column", f"There is no column {wanted!r}.",
                              f"Export it, or correct `{setting}:` in study.yaml.", line=1, column=wanted)  # fmt: skip
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    renamed = zip(received, unique_headings(names), strict=True)
    kept = [pl.col(c).alias(n) for c, n in renamed if n.split("#")[0] in known]
    return RawTable(table.frame.select(*kept, SOURCE_ROW), table.rejected, table.received)


def label_columns(layout: Layout, source: Source) -> tuple[str, str]:
    """The raw columns that name the process and the tool, as study.yaml says or by default."""
    return layout.named(source.process_column, layout.process), layout.named(source.tool_column, layout.tool)


def decide(raw: pl.LazyFrame, layout: Layout, source: Source) -> Reading:
    """How the whole file writes its dates and durations.

    Raises SourceError: dates that nothing decides, or whole-number durations that are not the seconds they should be.
    """
    columns = raw.collect_schema().names()
    dates = [_distinct(raw, c) for c in (layout.date, layout.end_date) if c is not None and c in columns]
    durations = _distinct(raw, layout.duration).str.strip_chars()
    unit: DurationUnit = duration_unit(durations) if layout.plain_durations else "clock"
    if unit == "seconds":
        _check_seconds(raw, layout)
    return Reading(date_order(pl.concat([d.rename("date") for d in dates]), source.date_order), unit)


def interpret(
    raw: pl.DataFrame, layout: Layout, source: Source, reading: Reading, kept: Collection[str]
) -> pl.DataFrame:
    """TIME_ROWS of raw rows of one file; rules of `kept` become flags."""
    process, tool = label_columns(layout, source)
    end_date = layout.end_date or layout.end
    rows = read_fields(raw, [
        Field(process, "process_label", _same),
        Field(tool, "tool_label", _same),
        Field(process, "process_key", _lower),
        Field(tool, "tool_key", _lower),
        Field(layout.start, "start", seconds_of_day),
        Field(layout.start, "start as written", _same),
        Field(layout.end, "end", seconds_of_day),
        Field(layout.end, "end as written", _same),
        Field(end_date, "end date as written", _same),
        Field(layout.date, "date", lambda cell: to_date(cell, reading.date_order), (
            ("missing_value", lambda cell, _: cell.is_null()), ("bad_date", lambda _, value: value.is_null()))),
    ], kept)  # fmt: skip
    running = pl.col("end as written").is_null() & pl.col("end date as written").is_null()
    rows = judge(rows, [("running_entry", layout.end, running)], kept)
    rows = read_fields(rows, [
        Field(layout.duration, "minutes", lambda cell: duration_minutes(cell, reading.duration_unit), (
            ("missing_value", lambda cell, _: cell.is_null()),
            ("bad_duration", lambda _, value: value.is_null()),
            ("zero_duration", lambda _, value: value <= 0),
            ("over_12_hours", lambda _, value: value > LONGEST_MINUTES))),
    ], kept)  # fmt: skip
    started = pl.col("date").cast(pl.Datetime("us")) + pl.duration(seconds="start")
    # A time nobody can read is compared as text.
    moments = [pl.coalesce(pl.col(c).cast(pl.String), f"{c} as written").alias(c) for c in ("start", "end")]
    rows = rows.with_columns(
        pl.lit(1).alias("occurrences"),
        pl.lit(False).alias("new_task"),
        started.alias("started_at"),
        (started + pl.duration(seconds=pl.col("minutes") * 60)).alias("ended_at"),
        hash_of("date", *moments, "minutes", "process_key", "tool_key").alias("natural_key"),
        hash_of("date", moments[0]).alias("row_key"),
    )
    return conform(rows, TIME_ROWS)


def _same(cell: pl.Expr) -> pl.Expr:
    return cell


def _lower(cell: pl.Expr) -> pl.Expr:
    return cell.str.to_lowercase()


def _distinct(raw: pl.LazyFrame, column: str) -> pl.Series:
    return raw.select(pl.col(column).unique()).collect(engine="streaming").to_series().sort()


def _missing(header: list[str], layout: Layout) -> list[str]:
    have = set(layout.translate(header))
    missing = [c for c in layout.mandatory if c not in have]
    return missing if have.intersection(layout.identifiers) else [*missing, " or ".join(layout.identifiers)]


def _check_seconds(raw: pl.LazyFrame, layout: Layout) -> None:
    """Refuse whole-number durations that start and end contradict."""
    times = raw.select(layout.start, layout.end, layout.duration).unique().collect(engine="streaming")
    span = (seconds_of_day(text(layout.end)) - seconds_of_day(text(layout.start))) % 86_400
    seconds = text(layout.duration).str.extract(r"^(-?\d+)$").cast(pl.Int64)
    gaps = times.select((seconds - span).abs().alias("gap"))["gap"].drop_nulls()
    # Start and end are cut to the minute, so an exact entry may be 59 s off; half leaves room for pauses.
    if not gaps.is_empty() and (gaps <= 60).sum() * 2 < gaps.len():
        raise SourceError("unrecognised_file", f"{layout.duration} holds whole numbers that are not seconds.",
                          "Export it as H:MM.", column=layout.duration)  # fmt: skip

"""What the CSV exports of time trackers have in common: one row per timer, found by its headings.

Dates are those of the start; an entry that ends past midnight belongs to the day it started. Minutes come from the
duration column, which is exact, never from end minus start (pauses, clock changes, seconds cut).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.text import SOURCE_ROW, read_delimited, unique_headings
from pipelines.sources.time_rows import TIME_ROWS, conform, first_rule, natural_key
from pipelines.sources.values import (
    DateOrder,
    DurationUnit,
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


class _Interpret(Protocol):
    def __call__(self, raw: pl.DataFrame, *, source: Source) -> pl.DataFrame: ...


Reader = tuple[Callable[[list[str]], bool], _ReadTables, _Interpret, Callable[[Source], tuple[str, str]]]


def reader(fmt: str, layout: Layout) -> Reader:
    """What a source module of one tracker offers: recognises, read_tables, interpret, label_columns.

    `read_tables` gives the export as received under the key `fmt` and raises SourceError when it is not one;
    `interpret` gives TIME_ROWS of the raw rows of one source; `label_columns` the raw columns of process and tool.
    """

    def read_tables(data: bytes, *, source: Source) -> dict[str, RawTable]:
        return {fmt: read(data, layout, source)}

    def interpret_rows(raw: pl.DataFrame, *, source: Source) -> pl.DataFrame:
        return interpret(raw, layout, source)

    return (lambda h: recognises(h, layout)), read_tables, interpret_rows, (lambda s: label_columns(layout, s))


def recognises(header: list[str], layout: Layout) -> bool:
    """The header has the tracker's mandatory columns and at least one that names the person."""
    return not _missing(header, layout)


def read(data: bytes, layout: Layout, source: Source) -> RawTable:
    """The export's known columns under their canonical headings, values as received.

    Columns the format does not know (custom fields) are left in the file: nobody has said that they hold no name.
    Those that study.yaml names are read. Raises SourceError: the file is not this export, lacks a column, or does not
    say how its dates and durations are written.
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
    frame = table.frame.select(*kept, SOURCE_ROW)
    _check_units(frame, layout, source)
    return RawTable(frame, table.rejected, table.received)


def label_columns(layout: Layout, source: Source) -> tuple[str, str]:
    """The raw columns that name the process and the tool, as study.yaml says or by default."""
    return layout.named(source.process_column, layout.process), layout.named(source.tool_column, layout.tool)


def interpret(raw: pl.DataFrame, layout: Layout, source: Source) -> pl.DataFrame:
    """TIME_ROWS of the raw rows of one source; the writing of dates and durations is decided file by file."""
    if raw.is_empty():
        return pl.DataFrame(schema=TIME_ROWS)
    parts = raw.partition_by("source_file", maintain_order=True)
    return pl.concat([_interpret_file(part, layout, source) for part in parts])


def _interpret_file(raw: pl.DataFrame, layout: Layout, source: Source) -> pl.DataFrame:
    order, unit = _units(raw, layout, source)
    date, duration, end = text(layout.date), text(layout.duration), text(layout.end)
    process, tool = (text(c) for c in label_columns(layout, source))
    running = end.is_null() if layout.end_date is None else end.is_null() & text(layout.end_date).is_null()
    # Lazy: the same piece of text is cleaned once, however many rules look at it.
    typed = raw.lazy().with_columns(
        process.alias("process_label"),
        tool.alias("tool_label"),
        to_date(date, order).alias("date"),
        duration_minutes(duration, unit).alias("minutes"),
        pl.lit(1).alias("occurrences"),
        pl.lit(False).alias("new_task"),
    )
    rules = first_rule([
        ("missing_value", layout.date, date.is_null()),
        ("bad_date", layout.date, pl.col("date").is_null()),
        ("running_entry", layout.end, running),
        ("missing_value", layout.duration, duration.is_null()),
        ("bad_duration", layout.duration, pl.col("minutes").is_null()),
        ("zero_duration", layout.duration, pl.col("minutes") <= 0),
        ("over_12_hours", layout.duration, pl.col("minutes") > LONGEST_MINUTES),
    ])  # fmt: skip
    # A time nobody can read is compared as text.
    moments = [pl.coalesce(seconds_of_day(text(c)).cast(pl.String), text(c)) for c in (layout.start, layout.end)]
    labels = [pl.col(c).str.to_lowercase() for c in ("process_label", "tool_label")]
    key = natural_key(pl.col("person_time"), pl.col("date"), *moments, pl.col("minutes"), *labels)
    return conform(typed.with_columns(*rules, key.alias("natural_key")).collect(), TIME_ROWS)


def _missing(header: list[str], layout: Layout) -> list[str]:
    have = set(layout.translate(header))
    missing = [c for c in layout.mandatory if c not in have]
    return missing if have.intersection(layout.identifiers) else [*missing, " or ".join(layout.identifiers)]


def _units(raw: pl.DataFrame, layout: Layout, source: Source) -> tuple[DateOrder, DurationUnit]:
    dates = [raw[c] for c in (layout.date, layout.end_date) if c is not None and c in raw.columns]
    durations = raw[layout.duration].str.strip_chars()
    unit: DurationUnit = duration_unit(durations) if layout.plain_durations else "clock"
    return date_order(pl.concat([d.rename("date") for d in dates]), source.date_order), unit


def _check_units(frame: pl.DataFrame, layout: Layout, source: Source) -> None:
    """Refuse a file whose dates are undecided, or whose whole-number durations are not the seconds they should be."""
    _, unit = _units(frame, layout, source)
    if unit != "seconds":
        return
    span = (seconds_of_day(text(layout.end)) - seconds_of_day(text(layout.start))) % 86_400
    seconds = text(layout.duration).str.extract(r"^(-?\d+)$").cast(pl.Int64)
    gaps = frame.select((seconds - span).abs().alias("gap"))["gap"].drop_nulls()
    # Start and end are cut to the minute, so an exact entry may be 59 s off; half leaves room for pauses.
    if not gaps.is_empty() and (gaps <= 60).sum() * 2 < gaps.len():
        raise SourceError("unrecognised_file", f"{layout.duration} holds whole numbers that are not seconds.",
                          "Export it as H:MM.", column=layout.duration)  # fmt: skip

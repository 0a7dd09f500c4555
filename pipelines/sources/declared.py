"""Any other tracker: the study file says what each column holds (`columns: {heading: role}`).

A plain number means nothing until `duration_unit:` says what it counts. Columns nobody declares are left in the file.
"""

from collections.abc import Collection

import polars as pl

from pipelines.sources import tracker, tracker_rows
from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.layout import Layout
from pipelines.sources.values import Reading
from pipelines.study.models import Source

FORMAT, DOMAIN, TABLES = "tracker", "time", ("tracker",)
EQUAL_LINES_ARE_WORK = True  # without times, two equal lines are two pieces of work
IDENTIFIERS: tuple[str, ...] = ("Person",)
FREE_TEXT: tuple[str, ...] = ()


def recognises(header: list[str]) -> bool:
    """Never: only the study file tells what such a file is."""
    return False


def read_tables(data: bytes, *, source: Source) -> dict[str, RawTable]:
    """The declared columns, values as received. Raises SourceError when one is absent."""
    return {FORMAT: tracker.read(data, (_layout(source),), source)}


def decide(raw: pl.LazyFrame, *, source: Source) -> Reading:
    """How the file writes its dates and durations. Raises SourceError: dates that nothing decides, or durations in
    plain numbers whose unit is not declared."""
    layout = _layout(source)
    reading = tracker.decide(raw, layout, source)
    if layout.duration is None or source.duration_unit is not None:
        return reading
    if tracker.distinct_texts(raw, layout.duration).str.contains(r"^\d+(?:[.,]\d+)?$").any():
        raise SourceError(
            "unrecognised_file", "Durations are plain numbers, and nothing says what they count.",
            "Declare `duration_unit:` (hours, minutes or seconds) for this source in study.yaml.", line=1,
            column=layout.headings[layout.duration][0])  # fmt: skip
    return reading


def interpret(raw: pl.DataFrame, *, source: Source, reading: Reading, kept: Collection[str]) -> pl.DataFrame:
    """TIME_ROWS of raw rows of one file; rules of `kept` become flags."""
    return tracker_rows.interpret(raw, _layout(source), source, reading, kept)


def label_columns(source: Source) -> tuple[str, str]:
    """The raw columns that name the process and the tool."""
    return "Process", "Tool"


def _layout(source: Source) -> Layout:
    named = {role.replace("_", " ").capitalize(): heading for heading, role in source.columns.items()}

    def column(role: str) -> str | None:
        return role if role in named else None

    return Layout(
        product="the tracker declared",
        headings={canonical: (heading,) for canonical, heading in named.items()},
        identifiers=IDENTIFIERS,
        mandatory=tuple(named),
        date="Date" if "Date" in named else "Start",
        start=column("Start"),
        end=column("End"),
        end_date=column("End date"),
        duration=column("Duration"),
        process="Process",
        tool="Tool",
        only_others=True,
    )

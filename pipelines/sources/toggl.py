"""Toggl Track: the CSV export of the detailed report.

Quirks: a timer still running has neither end nor duration; durations may pass 24 hours; the newest exports name the
columns Member, Stop date and Stop time, and write a dash where there is no project or tag.
"""

import polars as pl

from pipelines.sources import tracker
from pipelines.sources.base import RawTable
from pipelines.study.models import Source

FORMAT, DOMAIN, TABLES = "toggl", "time", ("toggl",)
IDENTIFIERS: tuple[str, ...] = ("Email", "User")
FREE_TEXT: tuple[str, ...] = ("Description",)

LAYOUT = tracker.Layout(
    product="Toggl Track",
    headings={
        "User": ("Member",),
        "Email": (),
        "Client": (),
        "Project": (),
        "Task": (),
        "Description": (),
        "Billable": (),
        "Start date": (),
        "Start time": (),
        "End date": ("Stop date",),
        "End time": ("Stop time",),
        "Duration": (),
        "Tags": (),
    },
    identifiers=IDENTIFIERS,
    mandatory=("Project", "Start date", "Start time", "End date", "End time", "Duration"),
    date="Start date",
    start="Start time",
    end="End time",
    end_date="End date",
    duration="Duration",
    process="Project",
)


def recognises(header: list[str]) -> bool:
    """The header is that of the detailed report."""
    return tracker.recognises(header, LAYOUT)


def read_tables(data: bytes, *, source: Source) -> dict[str, RawTable]:
    """The export as received, under the key `toggl`. Raises SourceError when it is not one."""
    return {FORMAT: tracker.read(data, LAYOUT, source)}


def interpret(raw: pl.DataFrame, *, source: Source) -> pl.DataFrame:
    """TIME_ROWS of raw.toggl rows of one source."""
    return tracker.interpret(raw, LAYOUT, source)


def label_columns(source: Source) -> tuple[str, str]:
    """The raw columns that name the process and the tool."""
    return tracker.label_columns(LAYOUT, source)

"""Clockify: the CSV export of the detailed report, in English, French or German.

Quirks: dates and times follow the exporter's profile (01/21/2026 or 21/01/2026, AM/PM or 24 hours), so the order of day
and month is decided for the whole file or the file is refused; rate columns carry the currency or are absent. The
decimal duration is rounded and never used.
"""

import polars as pl

from pipelines.sources import tracker
from pipelines.sources.base import RawTable
from pipelines.study.models import Source

FORMAT, DOMAIN, TABLES = "clockify", "time", ("clockify",)
IDENTIFIERS: tuple[str, ...] = ("Email", "User")
FREE_TEXT: tuple[str, ...] = ("Description",)

LAYOUT = tracker.Layout(
    product="Clockify",
    headings={
        "Project": ("Projet", "Projekt"),
        "Client": ("Kunde",),
        "Description": ("Beschreibung",),
        "Task": ("Activity", "Tâche", "Aufgabe"),
        "Kiosk": (),
        "User": ("Utilisateur", "Benutzer"),
        "Group": ("Groupe", "Gruppe"),
        "Email": ("E-mail",),
        "Tags": ("Étiquettes",),
        "Billable": ("Facturable", "Abrechenbar"),
        "Start Date": ("Date de début", "Startdatum"),
        "Start Time": ("Heure de début", "Startzeit"),
        "End Date": ("Date de fin", "Enddatum"),
        "End Time": ("Heure de fin", "Endzeit"),
        "Duration (h)": ("Durée (h)", "Dauer (h)"),
        "Duration (decimal)": ("Durée (décimal)", "Durée (décimale)", "Dauer (dezimal)"),
        "Date of creation": (),
        "Type": (),
        "Invoiced": (),
        "Invoice ID": (),
        "Deal ID": (),
    },
    identifiers=IDENTIFIERS,
    mandatory=("Project", "Start Date", "Start Time", "End Date", "End Time", "Duration (h)"),
    date="Start Date",
    start="Start Time",
    end="End Time",
    end_date="End Date",
    duration="Duration (h)",
    process="Project",
    summary=("Date", "Time (h)", "Time (decimal)"),
)


def recognises(header: list[str]) -> bool:
    """The header is that of the detailed report."""
    return tracker.recognises(header, LAYOUT)


def read_tables(data: bytes, *, source: Source) -> dict[str, RawTable]:
    """The export as received, under the key `clockify`. Raises SourceError when it is not one."""
    return {FORMAT: tracker.read(data, LAYOUT, source)}


def interpret(raw: pl.DataFrame, *, source: Source) -> pl.DataFrame:
    """TIME_ROWS of raw.clockify rows of one source."""
    return tracker.interpret(raw, LAYOUT, source)


def label_columns(source: Source) -> tuple[str, str]:
    """The raw columns that name the process and the tool."""
    return tracker.label_columns(LAYOUT, source)

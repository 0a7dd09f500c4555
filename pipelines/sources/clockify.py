"""Clockify: the export of the detailed report, in English, French or German, and of the summary by user and date.

Quirks: dates and times follow the exporter's profile (01/21/2026 or 21/01/2026, AM/PM or 24 hours), so the order of day
and month is decided for the whole file or the file is refused; rate columns carry the currency or are absent. The
decimal duration is rounded: it counts only where it is alone. A row of the summary adds the entries of a day up without
saying how many there were: it is a number of minutes, not a number of times.
"""

from pipelines.sources import tracker
from pipelines.sources.layout import Layout

FORMAT, DOMAIN, TABLES = "clockify", "time", ("clockify",)
IDENTIFIERS: tuple[str, ...] = ("Email", "User")
FREE_TEXT: tuple[str, ...] = ("Description",)

LAYOUT = Layout(
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
        "Duration (decimal)": (
            "Durée (décimal)", "Durée (décimale)", "Dauer (dezimal)", "Dauer (Dezimalzahl)", "Dauer (decimal)",
        ),
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
    stand_in="Duration (decimal)",
    process="Project",
    unit="hours",
    kind="Type",
)
SUMMARY = Layout(
    product="Clockify",
    headings={
        "Date": ("Datum",),
        "User": ("Utilisateur", "Benutzer"),
        "Email": ("E-mail",),
        "Group": ("Groupe", "Gruppe"),
        "Project": ("Projet", "Projekt"),
        "Client": ("Kunde",),
        "Task": ("Activity", "Tâche", "Aufgabe"),
        "Description": ("Beschreibung",),
        "Time (h)": (),
        "Time (decimal)": (),
    },
    identifiers=IDENTIFIERS,
    mandatory=("Date", "Time (h)"),
    date="Date",
    duration="Time (h)",
    process="Project",
    unit="hours",
    sums=True,
)

recognises, read_tables, decide, interpret, label_columns = tracker.reader(FORMAT, LAYOUT, SUMMARY)

"""Clockify: the CSV export of the detailed report, in English, French or German.

Quirks: dates and times follow the exporter's profile (01/21/2026 or 21/01/2026, AM/PM or 24 hours), so the order of day
and month is decided for the whole file or the file is refused; rate columns carry the currency or are absent. The
decimal duration is rounded and never used.
"""

from pipelines.sources import tracker

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

recognises, read_tables, decide, interpret, label_columns = tracker.reader(FORMAT, LAYOUT)

"""Toggl Track: the CSV export of the detailed report.

Quirks: a timer still running has neither end nor duration; durations may pass 24 hours; the newest exports name the
columns Member, Stop date and Stop time, and write a dash where there is no project or tag.
"""

from pipelines.sources import tracker
from pipelines.sources.layout import Layout

FORMAT, DOMAIN, TABLES = "toggl", "time", ("toggl",)
IDENTIFIERS: tuple[str, ...] = ("Email", "User")
FREE_TEXT: tuple[str, ...] = ("Description",)

LAYOUT = Layout(
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

recognises, read_tables, decide, interpret, label_columns = tracker.reader(FORMAT, LAYOUT)

"""solidtime: the detailed report, the table of time entries an organisation exports, and the one it imports.

Quirks: start and end hold the day and the time; `Z` is UTC, made local here; the exported tables have no duration and
name people, projects and tags by their identifiers, which registers and mappings may hold.
"""

from pipelines.sources import tracker
from pipelines.sources.layout import Layout

FORMAT, DOMAIN, TABLES = "solidtime", "time", ("solidtime",)
IDENTIFIERS: tuple[str, ...] = ("Email", "User")
FREE_TEXT: tuple[str, ...] = ("Description",)

LAYOUT = Layout(
    product="solidtime",
    headings={
        "Description": (),
        "Task": ("task_id",),
        "Project": ("project_id",),
        "Client": ("client_id",),
        "User": ("user_name", "user_id"),
        "Email": ("user_email",),
        "Start": (),
        "End": (),
        "Duration": (),
        "Billable": (),
        "Tags": (),
        "Type": (),
    },
    identifiers=IDENTIFIERS,
    mandatory=("Project", "Start", "End"),
    date="Start",
    start="Start",
    end="End",
    duration="Duration",
    process="Project",
    kind="Type",
)

recognises, read_tables, decide, interpret, label_columns = tracker.reader(FORMAT, LAYOUT)

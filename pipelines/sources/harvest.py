"""Harvest: the CSV export of the detailed time report.

Quirks: neither start nor end, only decimal hours; the person is in two columns; European accounts write `20,0` and
`2.000,0`. The task is the kind of work, the project the client's. There is no tag: a tool is known only if study.yaml
names its column.
"""

from pipelines.sources import tracker
from pipelines.sources.layout import Layout

FORMAT, DOMAIN, TABLES = "harvest", "time", ("harvest",)
EQUAL_LINES_ARE_WORK = True  # without times, two equal lines are two pieces of work
IDENTIFIERS: tuple[str, ...] = ("Email", "Employee Id", "Person")
FREE_TEXT: tuple[str, ...] = ("Notes",)

LAYOUT = Layout(
    product="Harvest",
    headings={
        "Date": (),
        "Client": (),
        "Project": (),
        "Project Code": (),
        "Task": (),
        "Notes": (),
        "Hours": (),
        "First Name": (),
        "Last Name": (),
        "Person": (),
        "Employee Id": (),
        "Email": (),
    },
    identifiers=IDENTIFIERS,
    mandatory=("Date", "Project", "Task", "Hours"),
    date="Date",
    duration="Hours",
    process="Task",
    tool="Tool",
    unit="hours",
    person_parts=("First Name", "Last Name"),
)

recognises, read_tables, decide, interpret, label_columns = tracker.reader(FORMAT, LAYOUT)

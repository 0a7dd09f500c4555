"""Raw tables: what the exports said, one table per format, every value still the text received.

Identifiers are already replaced by pseudonyms and free text is gone. Columns beyond the declared ones
(`open_columns`) are those of the exports, all VARCHAR.
"""

import polars as pl

from pipelines.contracts.base import Column, Table
from pipelines.contracts.clean import REJECT_COLUMNS, SOURCE_FILE, SOURCE_ROW

S, I = pl.String(), pl.Int64()
SOURCE = Column("source", S, "id of the source in the study file")
_TIME = (
    SOURCE, SOURCE_FILE, SOURCE_ROW,
    Column("person_time", S, "keyed pseudonym; null when the roster does not know the person", nullable=True),
)  # fmt: skip
_SURVEY = (
    SOURCE, SOURCE_FILE, SOURCE_ROW,
    Column("person_survey", S, "keyed pseudonym; null when the response is nobody's", nullable=True),
    Column("link", S, "how its code was recognised (clean/linking.py); none = no code", allowed=("exact", "mistyped", "ambiguous", "unknown", "none")),
)  # fmt: skip
_ORDER = ("source", "source_file", "source_row")

KIMAI = Table("kimai", "raw", "Kimai exports as received.", _TIME, order_by=_ORDER, open_columns=True, in_parts=True)
TOGGL = Table("toggl", "raw", "Toggl Track detailed exports as received.", _TIME, order_by=_ORDER, open_columns=True, in_parts=True)
CLOCKIFY = Table("clockify", "raw", "Clockify exports as received, detailed or summed by user and day.", _TIME, order_by=_ORDER, open_columns=True, in_parts=True)
HARVEST = Table("harvest", "raw", "Harvest detailed time exports as received.", _TIME, order_by=_ORDER, open_columns=True, in_parts=True)
SOLIDTIME = Table("solidtime", "raw", "solidtime exports as received.", _TIME, order_by=_ORDER, open_columns=True, in_parts=True)
TRACKER = Table("tracker", "raw", "Time exports of other tools, by the columns the study file declares.", _TIME, order_by=_ORDER, open_columns=True, in_parts=True)
TIME_SHEET = Table("time_sheet", "raw", "Lines of the team time sheet as received.", _TIME, order_by=_ORDER, open_columns=True, in_parts=True)
TIME_SHEET_WEEKS = Table("time_sheet_weeks", "raw", "Weekly lines of the team time sheet (noted, nothing to declare, leave) as received.",
    _TIME, order_by=_ORDER, open_columns=True, in_parts=True)  # fmt: skip
LIMESURVEY = Table("limesurvey", "raw", "LimeSurvey response exports as received; answers that only the survey's structure explains, and boxes left empty, as codes of the instruments.",
    _SURVEY, order_by=_ORDER, open_columns=True)  # fmt: skip
FORM = Table("form", "raw", "Responses of other form tools (Google, Microsoft, Framaforms, Qualtrics...) as received.", _SURVEY,
    order_by=_ORDER, open_columns=True)  # fmt: skip

FILES = Table(
    "files", "raw", "One row per file received: exports and registers.",
    (
        Column("source", S, "id of the source in the study file, or the register's name"),
        SOURCE_FILE,
        Column("format", S, "format recognised"),
        Column("sha256", S, "fingerprint of the file as received"),
        Column("received", I, "rows in the file", unit="rows", minimum=0),
        Column("date_order", S, "how a file of time writes its dates, decided on the whole file", nullable=True, allowed=("ymd", "dmy", "mdy")),
        Column("duration_unit", S, "what a plain number means in its durations", nullable=True, allowed=("clock", "hours", "minutes", "seconds", "span")),
    ),
    key=("source_file", "source"), order_by=("source", "source_file"),
)  # fmt: skip
REJECTED = Table("rejected", "raw", "Rows of the exports that could not be read. Never the row itself.",
    REJECT_COLUMNS, order_by=("source_file", "source_row", "rule"))  # fmt: skip

"""The work lines as Kimai, Toggl Track and Clockify export them, with the defects real exports have.

Defects are further rows: the work itself is whole, so that the truths hold once they are set aside.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.demo.design import PROCESSES, TOOL_LABELS, Roster
from pipelines.demo.files import delimited

DAY_STARTS, DAY_MINUTES = 480, 600  # entries start between 8:00 and 18:00
OVERHEAD_LABELS = {"support": "Projet IA - accompagnement", "measurement": "Projet IA - relevé des temps"}
REMOTE = "télétravail"  # a tag that names no tool
STRANGER = {"name": "Stagiaire Passage", "email": "stagiaire.passage@example.org", "tracker_user": "stagiaire01"}
NOTES = ("rappelé {}", "suite au message de {}", "point avec {}\nà revoir, dossier \"bleu\"", "= lot 2, {} prévenu")
EVENING = 1400  # minute of the day from which an entry ends past midnight

# The labels each tracker uses for the processes; study.yaml maps them.
LABELS = {
    "kimai": {"courriels": "Courriels - réponses", "comptesrendus": "CR de réunion",
              "extraction": "Extraction dossiers", "temoin": "Agendas"},
    "toggl": {p.process: p.label for p in PROCESSES},
    "clockify": {"courriels": "Mails récurrents", "comptesrendus": "Comptes-rendus", "extraction": "Extraction",
                 "temoin": "Agendas partagés"},
}  # fmt: skip
TAGS = {tool: label.replace("Assistant ", "IA-") for tool, label in TOOL_LABELS.items()}

# Rows added to each export: rule -> rows. A duplicate is counted, not set aside.
DEFECTS: dict[str, dict[str, int]] = {
    "kimai": {"running_entry": 2, "zero_duration": 2, "over_12_hours": 1, "missing_project": 2, "unknown_person": 1,
              "duplicate_row": 2},
    "toggl": {"running_entry": 1, "zero_duration": 3, "over_12_hours": 1, "missing_project": 3, "outside_study": 2,
              "duplicate_row": 3},
    "clockify": {"zero_duration": 1, "over_12_hours": 1, "missing_project": 1, "unknown_person": 2, "outside_study": 1,
                 "duplicate_row": 2},
}  # fmt: skip


@dataclass(frozen=True)
class Export:
    """One file written: its bytes, rows, and the rows planted against each rule."""

    data: bytes
    rows: int
    defects: dict[str, int]


def tracker_export(rng: np.random.Generator, fmt: str, lines: pl.DataFrame, roster: Roster) -> Export:
    """The export of the lines of one tracker's teams."""
    rows = _with_defects(rng, _entries(rng, fmt, lines, roster), DEFECTS[fmt])
    data = {"kimai": _kimai, "toggl": _toggl, "clockify": _clockify}[fmt](rows)
    return Export(data, rows.height, DEFECTS[fmt])


def _entries(rng: np.random.Generator, fmt: str, lines: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Lines with the person's names, the labels of the tracker, start minute of the day and seconds of the start.

    Entries of one person and day start at different minutes: two equal rows would be one entry exported twice.
    """
    people = roster.people.select("person", "name", "email", "tracker_user")
    group = roster.teams.select(pl.int_range(pl.len()).alias("team"), pl.col("label").alias("group"))
    rows = lines.join(people, on="person", how="left", maintain_order="left").join(
        group, on="team", how="left", maintain_order="left")  # fmt: skip
    n = rows.height
    day = ["person", "date"]
    slot = (DAY_MINUTES // pl.len().over(day)).clip(1)
    rows = rows.with_columns(pl.Series("u", rng.random(n)), pl.Series("note", rng.integers(0, 40, n)))
    start = DAY_STARTS + pl.int_range(pl.len()).over(day) * slot + (pl.col("u") * slot).cast(pl.Int64)
    other = rows["name"].gather((np.arange(n) + 17) % n)  # somebody of the same tracker
    texts = [pl.when(pl.col("note") == i).then(pl.format(t, "other"))
             for i, t in enumerate(NOTES)]  # fmt: skip
    label = pl.coalesce(
        pl.col("process").replace_strict(LABELS[fmt], default=None, return_dtype=pl.String),
        pl.col("kind").replace_strict(OVERHEAD_LABELS, default=None, return_dtype=pl.String),
    )
    tag = pl.col("tool").replace_strict(TAGS, default=None, return_dtype=pl.String)
    remote = pl.when(pl.col("note") >= 36).then(pl.lit(REMOTE))
    late = pl.int_range(pl.len()) == n // 2  # one evening entry ends the next day
    return rows.with_columns(pl.Series("other", other)).select(
        *(pl.col(c) for c in ("date", "minutes", "name", "email", "tracker_user", "group")),
        pl.when(late).then(EVENING).otherwise(start).alias("start"),
        (pl.col("u") * 59).cast(pl.Int64).alias("second"),
        label.alias("label"),
        pl.concat_str([tag, remote], separator=", ", ignore_nulls=True).replace("", None).alias("tags"),
        pl.coalesce(texts).fill_null("").alias("note"),
        pl.lit(False).alias("running"),
    )


def _with_defects(rng: np.random.Generator, rows: pl.DataFrame, defects: dict[str, int]) -> pl.DataFrame:
    """`rows` and copies of some of them, spoilt so that each breaks the one rule it is planted for."""
    longest, none = pl.lit(815), pl.lit(None, pl.String)
    spoil: dict[str, list[pl.Expr]] = {
        "running_entry": [pl.lit(True).alias("running"), pl.lit(0).alias("minutes")],
        "zero_duration": [pl.lit(0).alias("minutes")],
        "over_12_hours": [longest.alias("minutes"), pl.lit(DAY_STARTS).alias("start")],
        "missing_project": [none.alias("label")],
        "unknown_person": [pl.lit(v).alias(c) for c, v in STRANGER.items()],
        "outside_study": [pl.lit(date(2026, 1, 29)).alias("date")],
        "duplicate_row": [],
    }
    picked = rng.choice(rows.height, size=sum(defects.values()), replace=False)
    parts, at = [rows], 0
    for rule, count in defects.items():
        copies = rows[np.sort(picked[at : at + count])]
        parts.append(copies.with_columns(spoil[rule]).cast(rows.schema))
        at += count
    return pl.concat(parts).sort("date", "start", maintain_order=True)


def _hm(minutes: pl.Expr) -> pl.Expr:
    return pl.concat_str(minutes // 60, (minutes % 60).cast(pl.String).str.zfill(2), separator=":")


def _hms(minutes: pl.Expr, second: pl.Expr) -> pl.Expr:
    parts = (minutes // 60, minutes % 60, second)
    return pl.concat_str([p.cast(pl.String).str.zfill(2) for p in parts], separator=":")


_START, _LENGTH, _SECOND, _RUNNING = pl.col("start"), pl.col("minutes"), pl.col("second"), pl.col("running")
_END = (_START + _LENGTH) % 1440
_END_DATE = pl.col("date") + pl.duration(days=(_START + _LENGTH) // 1440)
_TEXT = pl.lit(None, pl.String)


def _kimai(rows: pl.DataFrame) -> bytes:
    """Version 2.66: no end date, newest first, one custom field repeated, spaces quoted."""
    guarded = pl.when(pl.col("note").str.contains("^[=+@-]")).then("' " + pl.col("note")).otherwise("note")
    fixed = {"Currency": "EUR", "Price": "0", "Internal price": "0", "Hourly price": "0", "Fixed price": "0"}
    account = {"Staff number": "", "Customer": "Université de démonstration", "Project": "Pilote IA"}
    after = {"Type": "timesheet", "category": "work", "Account": "", "Project number": "", "VAT-ID": "",
             "Order number": "", "Lieu": "Bâtiment A", "Lieu_2": ""}  # fmt: skip
    frame = rows.reverse().select(
        pl.col("date").alias("Date"), _hm(_START).str.zfill(5).alias("From"),
        pl.when(~_RUNNING).then(_hm(_END).str.zfill(5)).alias("To"), _hm(_LENGTH).alias("Duration"),
        *(pl.lit(v).alias(c) for c, v in fixed.items()),
        pl.col("name").alias("Name"), pl.col("tracker_user").alias("User"), pl.col("email").alias("E-mail"),
        *(pl.lit(v).alias(c) for c, v in account.items()),
        pl.col("label").alias("Activity"), guarded.alias("Description"), pl.lit("1").alias("Billable"),
        pl.col("tags").alias("Tags"), *(pl.lit(v).alias(c) for c, v in after.items()),
    )  # fmt: skip
    header = [c.removesuffix("_2") for c in frame.columns]
    return delimited(frame, ",", header=header, quoting="spaces")


def _toggl(rows: pl.DataFrame) -> bytes:
    """Byte order mark, every entry to the second; an open timer has neither end nor length."""
    frame = rows.select(
        pl.col("name").alias("User"), pl.col("email").alias("Email"), pl.lit("").alias("Client"),
        pl.col("label").alias("Project"), pl.lit("").alias("Task"), pl.col("note").alias("Description"),
        pl.lit("No").alias("Billable"), pl.col("date").alias("Start date"), _hms(_START, _SECOND).alias("Start time"),
        pl.when(~_RUNNING).then(_END_DATE).alias("End date"),
        pl.when(~_RUNNING).then(_hms(_END, _SECOND)).alias("End time"), _hms(_LENGTH, pl.lit(0)).alias("Duration"),
        pl.col("tags").alias("Tags"), pl.lit("").alias("Amount ()"),
    )  # fmt: skip
    return delimited(frame, ",", encoding="utf-8-sig")


def _clockify(rows: pl.DataFrame) -> bytes:
    """A French profile: dd/mm/yyyy, 24 hours, every field quoted, CRLF; the process is the task of one project."""
    day = "%d/%m/%Y"
    frame = rows.select(
        pl.lit("Pilote IA").alias("Project"), pl.lit("").alias("Client"), pl.col("note").alias("Description"),
        pl.col("label").fill_null("").alias("Task"), pl.col("name").alias("User"), pl.col("group").alias("Group"),
        pl.col("email").alias("Email"), pl.col("tags").fill_null("").alias("Tags"), pl.lit("No").alias("Billable"),
        pl.col("date").dt.strftime(day).alias("Start Date"), _hms(_START, _SECOND).alias("Start Time"),
        _END_DATE.dt.strftime(day).alias("End Date"), _hms(_END, _SECOND).alias("End Time"),
        _hms(_LENGTH, pl.lit(0)).alias("Duration (h)"), (_LENGTH / 60).round(2).alias("Duration (decimal)"),
        (pl.col("date") + timedelta(days=1)).dt.strftime(day).alias("Date of creation"),
    )  # fmt: skip
    return delimited(frame, ",", quoting="all", newline="\r\n")

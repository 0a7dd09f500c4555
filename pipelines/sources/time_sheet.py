"""The team time sheet: XLSX (one sheet of entries, one of weeks, found by their headings) or CSV, filled in by hand.

Quirks: French headings, decimal commas, dates dd/mm/yyyy, durations as `90`, `1h30`, `1:30`, `90 min`; Windows-1252
when a spreadsheet saved it; blank lines between the filled ones. Hand-typed dates are day first unless study.yaml says
otherwise: one slip is one bad row, not a doubt about the whole sheet.
"""

import re
from collections.abc import Collection

import polars as pl

from pipelines.sources.base import RawTable, SourceError, no_rejects
from pipelines.sources.clutter import without_clutter
from pipelines.sources.fields import Field, empty, read_fields, same, unread, whole
from pipelines.sources.text import SOURCE_ROW, TextTable
from pipelines.sources.time_rows import TIME_ROWS, WEEK_ROWS, conform, first_rule, hash_of
from pipelines.sources.values import Reading, fold, number, sheet_minutes, text, to_date, yes_no
from pipelines.sources.workbook import read_sheets, with_dates
from pipelines.study.models import Source

FORMAT, DOMAIN, WEEKS_TABLE = "time_sheet", "time", "time_sheet_weeks"
EQUAL_LINES_ARE_WORK = True  # two equal lines of one sheet are two pieces of work
TABLES = (FORMAT, WEEKS_TABLE)
IDENTIFIERS: tuple[str, ...] = ("Code",)
FREE_TEXT: tuple[str, ...] = ("Comment",)

# Canonical heading -> headings met, without accents, punctuation and what stands in brackets.
ENTRY_HEADINGS: dict[str, tuple[str, ...]] = {
    "Date": ("date", "jour"),
    "Code": ("mon code", "code", "code personnel", "my code"),
    "Process": ("processus", "process"),
    "Tool": ("outil", "tool"),
    "Occurrences": ("nombre de fois", "occurrences", "number of times"),
    "Minutes": ("duree totale en min tout compris", "duree totale en min", "duree totale", "duree", "minutes",
                "total minutes"),
    "Prompt minutes": ("dont consigne", "prompt minutes"),
    "Verification minutes": ("dont verification et reprise", "dont verification", "verification minutes"),
    "Failed attempt": ("essai abandonne", "failed attempt"),
    "Items": ("nombre d elements", "items"),
    "Errors": ("reprises necessaires", "errors"),
    "New task": ("nouvelle tache", "new task"),
    "Complexity": ("complexite", "complexity"),
    "Severity": ("gravite", "severity"),
    "Failed minutes": ("dont echec", "failed minutes"),
    "Comment": ("commentaire", "commentaires", "remarque", "remarques", "comment", "notes"),
}  # fmt: skip
WEEK_HEADINGS: dict[str, tuple[str, ...]] = {
    "Week": ("semaine", "semaine du", "semaine du lundi", "lundi", "lundi de la semaine", "week"),
    "Code": ENTRY_HEADINGS["Code"],
    "Status": ("situation", "statut", "etat", "declaration", "ma semaine", "cette semaine", "suivi", "status"),
    "Worked hours": ("heures travaillees", "worked hours"),
    "Comment": ENTRY_HEADINGS["Comment"],
}
ENTRY_KEY, WEEK_KEY = ("Date", "Code", "Process", "Minutes"), ("Week", "Code", "Status")
MANDATORY = ("Date", "Code", "Process", "Tool", "Occurrences", "Minutes")
LOGGED, AWAY = ("j ai note", "note", "rien a declarer", "logged", "nothing to declare"), ("conge", "conges", "leave")
LONGEST_LINE_MINUTES = 1440  # a line is about one day
LONGEST_WEEK_HOURS = 60


def recognises(header: list[str]) -> bool:
    """The header is that of the sheet of entries or of the sheet of weeks."""
    return _kind(header) is not None


def read_tables(data: bytes, *, source: Source) -> dict[str, RawTable]:
    """Entries (`time_sheet`) and weeks (`time_sheet_weeks`) of one file; the kind a file lacks is empty.

    `source_row` is the line of the text file, or the row of the sheet. Raises SourceError when no sheet has the
    headings, when two have the same ones, or when a mandatory column is absent.
    """
    found: dict[str, RawTable] = {}
    sheet_of: dict[str, str] = {}
    for sheet, table in read_sheets(data, recognises).items():
        kind = _kind(table.header)
        if kind is None:
            continue
        if kind in found:
            raise SourceError(
                "unrecognised_file", f"Sheets « {sheet_of[kind]} » and « {sheet} » have the same headings: rows could "
                "not be told apart.", "Put them in one sheet, or in two files.")  # fmt: skip
        sheet_of[kind] = sheet
        found[kind] = _canonical(table, ENTRY_HEADINGS if kind == FORMAT else WEEK_HEADINGS)
    if not found:
        raise SourceError("unrecognised_file", "No sheet has the headings of the time sheet.",
                          f"Keep the headings of the template: at least {', '.join(MANDATORY)}.", line=1)  # fmt: skip
    if FORMAT in found and (missing := [c for c in MANDATORY if c not in found[FORMAT].frame.columns]):
        raise SourceError("missing_column", f"The sheet of entries lacks {', '.join(missing)}.",
                          "Put the column of the template back.", column=missing[0])  # fmt: skip
    empty = pl.DataFrame(schema={SOURCE_ROW: pl.Int64})
    return {kind: found.get(kind, RawTable(empty, no_rejects(), 0)) for kind in TABLES}


def decide(raw: pl.LazyFrame, *, source: Source) -> Reading:
    """How the sheet writes its dates: day first unless study.yaml says otherwise, as it is filled in by hand."""
    return Reading(source.date_order or "dmy")


def interpret(raw: pl.DataFrame, *, source: Source, reading: Reading, kept: Collection[str]) -> pl.DataFrame:
    """TIME_ROWS of raw.time_sheet rows of one file; rules of `kept` become flags. Columns the sheet does not have stay
    null: not measured."""
    rows = read_fields(_with_columns(raw, ENTRY_HEADINGS), [
        Field("Process", "process_label", same),
        Field("Tool", "tool_label", same),
        Field("Date", "date", lambda cell: to_date(cell, reading.date_order), (
            ("missing_value", empty), ("bad_date", unread))),
        Field("Minutes", "minutes", sheet_minutes, (
            ("missing_value", empty), ("bad_duration", unread),
            ("zero_duration", lambda _, value: value <= 0),
            ("bad_duration", lambda _, value: value > LONGEST_LINE_MINUTES))),
        *(Field(column, name, sheet_minutes, (("bad_duration", unread), ("bad_duration", lambda _, value: value < 0)))
          for column, name in _PARTS.items()),
        *(Field(column, name, _count, (("bad_number", unread), *_BOUNDS.get(column, ())))
          for column, name in _WHOLE_NUMBERS.items()),
        *(Field(column, name, yes_no, (("bad_value", unread),)) for column, name in _FLAGS.items()),
    ], kept)  # fmt: skip
    rows = rows.with_columns(
        pl.col("occurrences").fill_null(1),  # null where the cell is empty, or where the row is set aside anyway
        pl.col("new_task").fill_null(False),
    )
    return conform(rows, TIME_ROWS)


def with_keys(rows: pl.DataFrame) -> pl.DataFrame:
    """TIME_ROWS with the keys that tell what another file repeats, where there is another file."""
    labels = [pl.col(c).str.to_lowercase() for c in ("process_label", "tool_label")]
    said = [*_PARTS.values(), *_WHOLE_NUMBERS.values(), "failed_attempt"]
    return rows.with_columns(
        hash_of("date", *labels, "minutes", *said).alias("natural_key"),
        hash_of("date", *labels).alias("row_key"),
    )


def interpret_weeks(raw: pl.DataFrame, *, source: Source) -> pl.DataFrame:
    """WEEK_ROWS of raw.time_sheet_weeks rows of one source: noted or nothing to declare = logged, leave = not."""
    raw = _with_columns(raw, WEEK_HEADINGS)
    status = pl.col("Status").fill_null("").str.to_lowercase().str.normalize("NFKD")
    status = status.str.replace_all(r"\p{M}", "").str.replace_all(r"[^a-z0-9]+", " ").str.strip_chars()
    typed = raw.with_columns(
        to_date(text("Week"), source.date_order or "dmy").dt.truncate("1w").alias("week"),
        pl.when(status.is_in(LOGGED)).then(True).when(status.is_in(AWAY)).then(False).alias("logged"),
        number(text("Worked hours")).alias("worked_hours"),
    )
    rules = first_rule([
        ("missing_value", "Week", text("Week").is_null()),
        ("bad_date", "Week", pl.col("week").is_null()),
        ("missing_value", "Status", text("Status").is_null()),
        ("bad_value", "Status", pl.col("logged").is_null()),
        ("bad_number", "Worked hours", text("Worked hours").is_not_null() & pl.col("worked_hours").is_null()),
        ("bad_value", "Worked hours", ~pl.col("worked_hours").is_between(0, LONGEST_WEEK_HOURS)),
    ])  # fmt: skip
    return conform(typed.with_columns(rules), WEEK_ROWS)


_PARTS = {
    "Prompt minutes": "prompt_minutes",
    "Verification minutes": "verification_minutes",
    "Failed minutes": "failed_minutes",
}
_WHOLE_NUMBERS = {
    "Occurrences": "occurrences",
    "Items": "items",
    "Errors": "errors",
    "Complexity": "complexity",
    "Severity": "severity",
}
_BOUNDS = {
    "Occurrences": (("bad_value", lambda _, value: value < 1),),
    "Complexity": (("bad_value", lambda _, value: ~value.is_between(1, 3)),),
    "Severity": (("bad_value", lambda _, value: ~value.is_between(0, 3)),),
}
_FLAGS = {"Failed attempt": "failed_attempt", "New task": "new_task"}


def _count(cell: pl.Expr) -> pl.Expr:
    """A whole number, also written `3 fois`, `x3`."""
    return whole(cell.str.replace(r"(?i)^(?:[x×] ?)?([\d.,]+) ?(?:fois|[x×])?$", "$1"))


def label_columns(source: Source) -> tuple[str, str]:
    """The raw columns that name the process and the tool."""
    return "Process", "Tool"


def _plain(heading: str) -> str:
    return fold(re.sub(r"\([^)]*\)", " ", heading))


def _translate(header: list[str], headings: dict[str, tuple[str, ...]]) -> list[str | None]:
    known = {h: name for name, others in headings.items() for h in others}
    return [known.get(_plain(h)) for h in header]


def _kind(header: list[str]) -> str | None:
    if set(ENTRY_KEY) <= set(_translate(header, ENTRY_HEADINGS)):
        return FORMAT
    return WEEKS_TABLE if set(WEEK_KEY) <= set(_translate(header, WEEK_HEADINGS)) else None


def _canonical(table: TextTable, headings: dict[str, tuple[str, ...]]) -> RawTable:
    """The known columns, the first of each; others are left in the file, as nobody knows what they hold."""
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    names = _translate(table.header, headings)
    first = {n: c for n, c in reversed(list(zip(names, received, strict=True))) if n is not None}
    kept = [pl.col(first[n]).alias(n) for n in headings if n in first]
    date, *who_and_what = (k for k in (ENTRY_KEY if headings is ENTRY_HEADINGS else WEEK_KEY) if k != "Minutes")
    frame = with_dates(table, [first[date]]).frame.select(*kept, SOURCE_ROW)
    frame, clutter = without_clutter(frame, date, table.header[received.index(first[date])], who_and_what)
    heads = dict(zip(received, table.header, strict=True))
    return RawTable(frame, pl.concat([table.rejected, clutter]), table.received,
                    names={n: (heads[c],) for n, c in first.items()})  # fmt: skip


def _with_columns(raw: pl.DataFrame, headings: dict[str, tuple[str, ...]]) -> pl.DataFrame:
    absent = [c for c in headings if c not in raw.columns]
    return raw.with_columns(pl.lit(None, pl.String).alias(c) for c in absent)

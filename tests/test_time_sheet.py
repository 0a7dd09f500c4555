"""The team time sheet as people fill it in: XLSX and CSV, French spellings, values worked out by hand."""

import io
from datetime import date, datetime

import polars as pl
import pytest
import xlsxwriter

from pipelines.sources import time_sheet
from pipelines.sources.base import RawTable, SourceError
from pipelines.study.models import Source

HEADINGS = [
    "Date", "Mon code", "Processus", "Outil (ou « sans IA »)", "Nombre de fois (1)",
    "Durée totale en min, tout compris", "dont consigne", "dont vérification et reprise",
    "Essai abandonné (oui/non)", "Nombre d'éléments", "Reprises nécessaires",
]  # fmt: skip
OPTIONAL = ["nouvelle_tache", "complexite", "gravite", "dont echec"]
WEEK_HEADINGS = ["Semaine (lundi)", "Mon code", "Situation", "Heures travaillées"]


def source_of(**settings: object) -> Source:
    return Source.model_validate({"id": "feuilles", "format": "time_sheet", "files": ["x.csv"], **settings})


def read(data: bytes, **settings: object) -> dict[str, RawTable]:
    tables = time_sheet.read_tables(data, source=source_of(**settings))
    assert all(t.received == t.frame.height + t.rejected.height for t in tables.values())
    return tables


def hidden(raw: RawTable, file: str = "x.csv") -> pl.DataFrame:
    """The raw rows as ingestion leaves them: a pseudonym instead of the code."""
    return raw.frame.drop("Code", "Comment", strict=False).with_columns(
        source=pl.lit("feuilles"), source_file=pl.lit(file), person_time=pl.lit("p")
    )


def entries(data: bytes, **settings: object) -> pl.DataFrame:
    return interpreted(hidden(read(data, **settings)["time_sheet"]), **settings)


def interpreted(raw: pl.DataFrame, **settings: object) -> pl.DataFrame:
    source = source_of(**settings)
    return time_sheet.interpret(raw, source=source, reading=time_sheet.decide(raw.lazy(), source=source), kept=())


def csv(headings: list[str], *lines: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([";".join(headings), *lines]).encode(encoding)


def test_a_csv_saved_by_a_french_spreadsheet():
    data = csv(
        [*HEADINGS, "Remarques", "Nom"],
        "03/02/2026;A12;Courrier;sans IA;;12;;;;;;;",
        ";;;;;;;;;;;;",
        "04/02/2026;A12;Courrier;Assistant A;3;1h30;5;10,5;oui;12;2;merci;Ada",
        "",
        "2026-02-05;A12;Relecture;;2,0;7,5;;;non;;;;",
        encoding="cp1252",
    )
    raw = read(data)["time_sheet"]
    assert raw.received == 3 and raw.rejected.is_empty()
    assert "Nom" not in raw.frame.columns  # a column the template does not have stays in the file
    rows = interpreted(hidden(raw))
    assert rows["rule"].to_list() == [None] * 3
    assert rows.select(
        "source_row", "date", "process_label", "tool_label", "occurrences", "minutes", "prompt_minutes",
        "verification_minutes", "failed_attempt", "items", "errors",
    ).rows() == [
        (2, date(2026, 2, 3), "Courrier", "sans IA", 1, 12.0, None, None, None, None, None),
        (4, date(2026, 2, 4), "Courrier", "Assistant A", 3, 90.0, 5.0, 10.5, True, 12, 2),
        (6, date(2026, 2, 5), "Relecture", None, 2, 7.5, None, None, False, None, None),
    ]  # fmt: skip
    assert rows["failed_minutes"].to_list() == [None] * 3  # no such column: not measured
    assert rows["new_task"].to_list() == [False] * 3


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("90", 90.0), ("90 min", 90.0), ("90min.", 90.0), ("7,5", 7.5), ("1h30", 90.0), ("1 h 30", 90.0), ("1H", 60.0),
        ("1h30min", 90.0), ("1,5 h", 90.0), ("0.5h", 30.0), ("2 heures", 120.0), ("1 heure et 30 minutes", 90.0),
        ("1:30", 90.0), ("1 : 30", 90.0), ("1:30:30", 90.5), ("1\u00a0h\u00a005", 65.0), ("45'", 45.0), ("45’", 45.0),
        ("1\u202f234", 1234.0),
    ],
)  # fmt: skip
def test_durations_as_typed(typed: str, minutes: float):
    rows = entries(csv(HEADINGS, f"03/02/2026;A12;Courrier;;1;{typed};;;;;"))
    assert rows.select("minutes", "rule").row(0) == (minutes, None)


@pytest.mark.parametrize(
    ("line", "rule", "column"),
    [
        (";A12;C;;1;10;;;;;;;;;", "missing_value", "Date"),
        ("30/02/2026;A12;C;;1;10;;;;;;;;;", "bad_date", "Date"),
        ("02/14/2026;A12;C;;1;10;;;;;;;;;", "bad_date", "Date"),
        ("03/02/2026;A12;C;;1;;;;;;;;;;", "missing_value", "Minutes"),
        ("03/02/2026;A12;C;;1;une heure;;;;;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;1 2;;;;;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;0;;;;;;;;;", "zero_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;-5;;;;;;;;;", "zero_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;25h;;;;;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;deux;10;;;;;;;;;", "bad_number", "Occurrences"),
        ("03/02/2026;A12;C;;1,5;10;;;;;;;;;", "bad_number", "Occurrences"),
        ("03/02/2026;A12;C;;0;10;;;;;;;;;", "bad_value", "Occurrences"),
        ("03/02/2026;A12;C;;1;10;?;;;;;;;;", "bad_duration", "Prompt minutes"),
        ("03/02/2026;A12;C;;1;10;;-1;;;;;;;", "bad_duration", "Verification minutes"),
        ("03/02/2026;A12;C;;1;10;;;peut-être;;;;;;", "bad_value", "Failed attempt"),
        ("03/02/2026;A12;C;;1;10;;;;x;;;;;", "bad_number", "Items"),
        ("03/02/2026;A12;C;;1;10;;;;;-2;;;;", "bad_number", "Errors"),
        ("03/02/2026;A12;C;;1;10;;;;;;;4;;", "bad_value", "Complexity"),
        ("03/02/2026;A12;C;;1;10;;;;;;;;5;", "bad_value", "Severity"),
        ("03/02/2026;A12;C;;1;10;;;;;;oui;3;0;4", None, None),
    ],
)  # fmt: skip
def test_what_a_line_may_break(line: str, rule: str | None, column: str | None):
    rows = entries(csv([*HEADINGS, *OPTIONAL], line))
    assert rows.select("rule", "column").row(0) == (rule, column)


def test_optional_columns_of_an_analyst():
    rows = entries(csv([*HEADINGS, *OPTIONAL], "03/02/26;A12;C;Assistant A;1;10;;;oui;;;oui;3;0;4"))
    assert rows.select("date", "new_task", "complexity", "severity", "failed_minutes").row(0) == (
        date(2026, 2, 3), True, 3, 0, 4.0,
    )  # fmt: skip


def workbook(*sheets: tuple[str, int, list[list[object]]]) -> bytes:
    """A workbook from (name, first row counted from 0, rows)."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    clock = book.add_format({"num_format": "[h]:mm"})
    for name, start, rows in sheets:
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows, start):
            for c, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(r, c, value, day)
                elif isinstance(value, float) and value < 2:
                    sheet.write_number(r, c, value, clock)
                elif value is not None:
                    sheet.write(r, c, value)
    book.close()
    return buffer.getvalue()


WEEKS = [
    WEEK_HEADINGS,
    [datetime(2026, 2, 2), "A12", "j’ai noté", 35],
    [datetime(2026, 2, 11), "A12", "Rien à déclarer", None],
    ["16/02/2026", "A12", "congé", "0"],
    ["23/02/2026", "A12", "malade", None],
    ["23/02/2026", "A12", None, None],
    ["23/02/2026", "A12", "j'ai noté", 90],
]


def test_a_workbook_has_both_sheets_whatever_their_names():
    lines = [
        ["Feuille de l'équipe"],
        HEADINGS,
        [datetime(2026, 2, 3), "A12", "Courrier", "sans IA", 1, 12, None, None, None, None, None],
        [],
        ["04/02/2026", "A12", "Courrier", "Assistant A", 2, "1h30", 5, 10, "oui", 12, 2],
        [datetime(2026, 2, 5), "A12", "Courrier", None, 1, 1.25 / 24, None, None, "non", None, None],  # a cell 1:15
    ]
    tables = read(workbook(("Aide", 0, [["Comment remplir"]]), ("Feuil1", 2, lines), ("Suivi", 0, WEEKS)))
    assert [t.received for t in tables.values()] == [3, 6]
    rows = interpreted(hidden(tables["time_sheet"], "x.xlsx"))
    assert rows.select("source_row", "date", "minutes", "occurrences", "failed_attempt", "rule").rows() == [
        (5, date(2026, 2, 3), 12.0, 1, None, None),  # the rows of the sheet, two blank ones and a title above
        (7, date(2026, 2, 4), 90.0, 2, True, None),
        (8, date(2026, 2, 5), 75.0, 1, False, None),
    ]
    weeks = time_sheet.interpret_weeks(hidden(tables["time_sheet_weeks"], "x.xlsx"), source=source_of())
    assert weeks.select("source_row", "week", "logged", "worked_hours", "rule", "column").rows() == [
        (2, date(2026, 2, 2), True, 35.0, None, None),
        (3, date(2026, 2, 9), True, None, None, None),  # a Wednesday: its Monday
        (4, date(2026, 2, 16), False, 0.0, None, None),
        (5, date(2026, 2, 23), None, None, "bad_value", "Status"),
        (6, date(2026, 2, 23), None, None, "missing_value", "Status"),
        (7, date(2026, 2, 23), True, 90.0, "bad_value", "Worked hours"),
    ]


def test_weeks_as_csv():
    tables = read(csv(WEEK_HEADINGS, "02/02/2026;A12;j'ai noté;35,5"))
    assert tables["time_sheet"].received == 0 and tables["time_sheet_weeks"].received == 1
    weeks = time_sheet.interpret_weeks(hidden(tables["time_sheet_weeks"]), source=source_of())
    assert weeks.select("week", "logged", "worked_hours").row(0) == (date(2026, 2, 2), True, 35.5)


def test_equal_lines_say_the_same_and_a_corrected_line_is_the_same_line():
    line = "03/02/2026;A12;Courrier;;1;12;;;;;"
    rows = time_sheet.with_keys(entries(csv(HEADINGS, line, line, line.replace("12;", "15;").replace("A15;", "A12;"))))
    assert rows["natural_key"].n_unique() == 2 and rows["row_key"].n_unique() == 1


@pytest.mark.parametrize(
    ("data", "rule", "words"),
    [
        (csv(["a", "b"], "1;2"), "unrecognised_file", "No sheet has the headings"),
        (csv([h for h in HEADINGS if "Outil" not in h], "03/02/2026;A12;C;1;10;;;;;"), "missing_column", "lacks Tool"),
        (workbook(("A", 0, [HEADINGS]), ("B", 0, [HEADINGS])), "unrecognised_file", "« A » and « B »"),
        (b"PK\x03\x04 cut short", "unrecognised_file", "cannot be opened"),
    ],
)
def test_files_refused(data: bytes, rule: str, words: str):
    with pytest.raises(SourceError) as refused:
        read(data)
    assert refused.value.rule == rule and words in refused.value.message


def test_recognises_both_kinds_and_nothing_else():
    assert time_sheet.recognises(HEADINGS) and time_sheet.recognises(WEEK_HEADINGS)
    assert not time_sheet.recognises(["Date", "Project", "Duration"])

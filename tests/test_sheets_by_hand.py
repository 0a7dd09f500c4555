"""Every mistake hands make in a time sheet: read right, or set aside under the rule that says what is wrong."""

from datetime import date

import polars as pl
import pytest

from pipelines.sources import time_sheet
from pipelines.study.models import Source

HEADINGS = (
    "Date;Mon code;Processus;Outil (ou « sans IA »);Nombre de fois (1);Durée totale en min, tout compris;"
    "dont consigne;dont vérification et reprise;Essai abandonné (oui/non);Nombre d'éléments;Reprises nécessaires"
)
WEEKS = "Semaine (lundi);Mon code;Situation;Heures travaillées"
SOURCE = Source.model_validate({"id": "feuilles", "format": "time_sheet", "files": ["x.csv"]})


def sheet(*lines: str) -> tuple[list[tuple[int, str]], pl.DataFrame]:
    """The rows set aside on reading (line, rule), and the others typed."""
    raw = time_sheet.read_tables("\n".join([HEADINGS, *lines]).encode(), source=SOURCE)["time_sheet"]
    assert raw.received == len(lines) == raw.frame.height + raw.rejected.height
    frame = raw.frame.drop("Code").with_columns(
        source=pl.lit("feuilles"), source_file=pl.lit("x.csv"), person_time=pl.lit("p")
    )
    reading = time_sheet.decide(frame.lazy(), source=SOURCE)
    rows = time_sheet.interpret(frame, source=SOURCE, reading=reading, kept=())
    return raw.rejected.select("source_row", "rule").rows(), rows


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        ("03/02/2026;A12;C;;1;1h30;;;;;", "minutes", 90.0),
        ("03/02/2026;A12;C;;1;90';;;;;", "minutes", 90.0),
        ("03/02/2026;A12;C;;1; 90 mn ;;;;;", "minutes", 90.0),
        ("03/02/2026;A12;C;;1;1 h et 30 min;;;;;", "minutes", 90.0),
        ("03/02/2026;A12;C;;1;0,5 heure;;;;;", "minutes", 30.0),
        ("mardi 3 février 2026;A12;C;;1;10;;;;;", "date", date(2026, 2, 3)),
        ("3/2/26;A12;C;;1;10;;;;;", "date", date(2026, 2, 3)),
        ("03.02.2026;A12;C;;1;10;;;;;", "date", date(2026, 2, 3)),
        ("03/02/2026;A12;C;;2 fois;10;;;;;", "occurrences", 2),
        ("03/02/2026;A12;C;;x3;10;;;;;", "occurrences", 3),
        ("03/02/2026;A12;C;;3 X;10;;;;;", "occurrences", 3),
        ("03/02/2026;A12;C;;;10;;;;;", "occurrences", 1),
        ("03/02/2026;A12;C;;1;10;5 min;;;;", "prompt_minutes", 5.0),
        ("03/02/2026;A12;C;;1;10;-;–;;;", "prompt_minutes", None),
        ("03/02/2026;A12;C;;1;10;;;OUI ;;", "failed_attempt", True),
        ("03/02/2026;A12;C;;1;10;;;Non;;", "failed_attempt", False),
        ("03/02/2026;A12;  Comptes   rendus ;;1;10;;;;;", "process_label", "Comptes rendus"),
        ("03/02/2026;A12;;;1;10;;;;;", "process_label", None),  # judged later: missing_project
        ("03/02/2026;A12;C;;1;10;;;;1 200;", "items", 1200),
    ],
)
def test_read_right(line: str, column: str, value: object):
    rejected, rows = sheet(line)
    assert not rejected
    assert rows.select(column, "rule").row(0) == (value, None)


@pytest.mark.parametrize(
    ("line", "rule", "column"),
    [
        ("03/02/2026;A12;C;;1;trente minutes;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;environ 30;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;10-15;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;1h75;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;=5*12;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;#VALEUR!;;;;;", "bad_duration", "Minutes"),
        ("03/02/2026;A12;C;;1;-;;;;;", "missing_value", "Minutes"),
        ("lundi 3 février 2026;A12;C;;1;10;;;;;", "bad_date", "Date"),  # it was a Tuesday
        ("hier;A12;C;;1;10;;;;;", "bad_date", "Date"),
        ("03/02;A12;C;;1;10;;;;;", "bad_date", "Date"),
        ("du 3 au 5/02/2026;A12;C;;1;10;;;;;", "bad_date", "Date"),
        (";A12;C;;1;10;;;;;", "missing_value", "Date"),  # the day stands on the line above only
        ("03/02/2026;A12;C;;plusieurs;10;;;;;", "bad_number", "Occurrences"),
        ("03/02/2026;A12;C;;2 ou 3;10;;;;;", "bad_number", "Occurrences"),
        ("03/02/2026;A12;C;;1;10;;;oui non;;", "bad_value", "Failed attempt"),
        ("03/02/2026;A12;C;;1;10;;;;12 dossiers;", "bad_number", "Items"),
        ("03/02/2026;A12;C;;1;10;;;;12;beaucoup", "bad_number", "Errors"),
    ],
)
def test_set_aside(line: str, rule: str, column: str):
    rejected, rows = sheet(line)
    assert not rejected
    assert rows.select("rule", "column").row(0) == (rule, column)


def test_lines_that_are_no_entries():
    line = "03/02/2026;A12;Courrier;;1;12;;;;;"
    rejected, rows = sheet(
        line,
        HEADINGS.replace("Nombre de fois (1)", "Nb"),  # pasted again, half retyped
        line,
        "Total;;;;2;24;;;;;",
        "Sous-total A12;A12;;;2;24;;;;;",
        ";;Total général;;2;24;;;;;",
        ";;;;2;24;;;;;",
        ";A12;;;2;24;;;;;",
        "Totalement illisible;A12;C;;2;24;;;;;",
    )
    assert rejected == [(3, "repeated_header"), (5, "total_row"), (6, "total_row"), (7, "total_row"), (8, "total_row")]
    assert rows.select("source_row", "rule").rows() == [
        (2, None), (4, None), (9, "missing_value"), (10, "bad_date"),
    ]  # fmt: skip
    assert time_sheet.EQUAL_LINES_ARE_WORK  # the same line copied is the same work done again


def test_weeks_that_are_no_weeks():
    lines = [WEEKS, "02/02/2026;A12;j'ai noté;35", WEEKS, "Total;;;35"]
    raw = time_sheet.read_tables("\n".join(lines).encode(), source=SOURCE)["time_sheet_weeks"]
    assert raw.rejected.select("source_row", "rule").rows() == [(3, "repeated_header"), (4, "total_row")]
    assert (raw.received, raw.frame.height) == (3, 1)

"""Registers: every rule with its line, people known by pseudonym only, spreadsheets as offices save them."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.clean.accounts import build_accounts, unbalanced
from pipelines.clean.pseudonyms import Keys, pseudonymise
from pipelines.clean.registers import NAMES, Registers, read_registers
from pipelines.contracts import table
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Study

KEYS = Keys(b"t" * 32, b"s" * 32)
CALENDAR = {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"}
TEAMS = """\
team;label;service;family;headcount;start_group;withdrawn_on
T1;Scolarité;Études;guichet;12;1;
T2;Achats;Finances;gestion;8,0;;15/04/2026
"""
TOOLS = """\
tool;label;provider;model;hosting;compliance_transfers;compliance_training;compliance_processor;compliance_sensitive
a;Assistant A;;;;conforme;Conforme;non_conforme;non_evalue
"""
PROCESSES = "process;label;family;witness\ncourriels;Courriels;écrit;non\ntemoin;Classement;écrit;OUI\n"
PEOPLE = """\
name;email;team;role;weekly_hours;from_date;to_date
Ada Essai;Ada@example.org;T1;agent;35;2026-01-05;
Bob Essai;;T2;Encadrant;37,5;;
"""


def read(folder: Path, **files: str | bytes) -> Registers:
    """The registers of a study whose files are given by register name."""
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        (folder / f"{name}.csv").write_bytes(data)
    named = {n: f"{n}.csv" for n in files}
    study = {"study": "essai", "title": "t", "organisation": "o", "calendar": CALENDAR, "registers": named}
    found = read_registers(LoadedStudy(Study.model_validate(study), folder, "0"), KEYS)
    assert unbalanced(accounts(found)).is_empty()
    return found


def accounts(found: Registers) -> pl.DataFrame:
    return build_accounts(found.received, found.rejected, found.accepted)


def faults(found: Registers) -> list[tuple[object, ...]]:
    return found.rejected.select("source", "source_row", "rule", "column", "status").rows()


def test_values_are_typed_as_the_contracts_say_and_absent_registers_are_empty(tmp_path: Path):
    found = read(tmp_path, teams=TEAMS.encode("cp1252"), tools=TOOLS, processes="\ufeff" + PROCESSES)
    assert not found.problems and found.rejected.is_empty()
    assert set(found.tables) == set(NAMES)
    for name, frame in found.tables.items():
        assert dict(frame.schema) == table(f"clean.{name}").polars_schema, name
    teams = found.tables["teams"]
    assert teams["label"].to_list() == ["Scolarité", "Achats"] and teams["headcount"].to_list() == [12, 8]
    assert teams["withdrawn_on"].to_list() == [None, date(2026, 4, 15)]
    assert found.tables["processes"].sort("process")["witness"].to_list() == [False, True]
    assert found.tables["tools"]["compliance_training"].item() == "conforme"
    assert found.tables["people_time"].is_empty() and found.time_identities.is_empty()
    assert found.accepted.select("source", "rows").rows() == [("teams", 2), ("tools", 1), ("processes", 2)]


def test_each_rule_names_its_line_and_its_column(tmp_path: Path):
    teams = TEAMS + ";Sans code;s;f;3;;\nT3;Trois;s;f;trois;;\nT4;Quatre;s;f;0;;\nT5;Cinq;s;f;99999999999999999999;;"
    teams += "\nT6;Six;s;f;3;;2026-02-30\nT1;Scolarité;Études;guichet;12;1;"
    teams += "\nT2;Autre;s;f;3;;\nT7;une;colonne;de;trop;;;\n"
    found = read(tmp_path, teams=teams)
    assert faults(found) == [
        ("teams", 4, "missing_value", "team", "set_aside"),
        ("teams", 5, "bad_number", "headcount", "set_aside"),
        ("teams", 6, "contract", "headcount", "set_aside"),
        ("teams", 7, "bad_number", "headcount", "set_aside"),
        ("teams", 8, "bad_date", "withdrawn_on", "set_aside"),
        ("teams", 9, "duplicate_row", None, "duplicate"),
        ("teams", 10, "conflicting_row", None, "set_aside"),  # the same key, but another team
        ("teams", 11, "malformed_row", None, "set_aside"),
    ]
    assert found.tables["teams"]["team"].to_list() == ["T1", "T2"]
    assert accounts(found).select("received", "accepted", "set_aside", "duplicates").row(0) == (10, 2, 7, 1)


def test_references_and_mondays(tmp_path: Path):
    deployments = """\
team;process;tool;go_live;end_date
T1;courriels;a;2026-03-02;
T9;courriels;a;2026-03-02;
T2;compta;a;2026-03-02;
T2;courriels;z;2026-03-02;
T2;courriels;a;2026-03-03;
"""
    incidents = """\
incident;date;tool;process;kind;severity;confirmed;left_service;closed_on
I1;2026-03-10;a;;erreur;2;oui;non;
I2;2026-03-10;a;;panne;2;oui;non;
I3;2026-03-10;a;;erreur;4;oui;non;
I4;2026-03-10;a;;erreur;1;peut-être;non;
"""
    found = read(tmp_path, teams=TEAMS, tools=TOOLS, processes=PROCESSES, deployments=deployments, incidents=incidents)
    assert faults(found) == [
        ("deployments", 3, "unknown_team", "team", "set_aside"),
        ("deployments", 4, "unknown_code", "process", "set_aside"),
        ("deployments", 5, "unknown_code", "tool", "set_aside"),
        ("deployments", 6, "bad_date", "go_live", "set_aside"),
        ("incidents", 3, "bad_value", "kind", "set_aside"),
        ("incidents", 4, "contract", "severity", "set_aside"),
        ("incidents", 5, "bad_value", "confirmed", "set_aside"),
    ]
    assert found.tables["deployments"].height == 1 and found.tables["incidents"]["confirmed"].to_list() == [True]


def test_a_sample_cannot_hold_more_than_was_drawn(tmp_path: Path):
    samples = """\
team;process;date;handled;checked;wrong
T1;courriels;2026-03-02;100;20;3
T1;courriels;2026-03-09;10;20;3
T1;courriels;2026-03-16;100;20;21
T1;courriels;2026-03-02;90;20;3
"""
    found = read(tmp_path, teams=TEAMS, processes=PROCESSES, checked_samples=samples)
    assert faults(found) == [
        ("checked_samples", 3, "errors_over_items", "checked", "set_aside"),
        ("checked_samples", 4, "errors_over_items", "wrong", "set_aside"),
        ("checked_samples", 5, "conflicting_row", None, "set_aside"),
    ]
    assert found.tables["checked_samples"].select("handled", "checked", "wrong").row(0) == (100, 20, 3)


def test_people_are_found_by_any_identifier_and_shown_by_none(tmp_path: Path):
    survey = "code;team;role;from_date;to_date\nMA07X12;T1;agent;;\nJO21E45;;agent;;\n"
    found = read(tmp_path, teams=TEAMS, people_time=PEOPLE, people_survey=survey)
    assert not found.problems and found.rejected.is_empty()
    ada, bob = pseudonymise(pl.Series(["ada@example.org", "bob essai"]), KEYS.time)
    assert dict(found.time_identities.rows()) == {"ada essai": ada, "ada@example.org": ada, "bob essai": bob}
    people = found.tables["people_time"].rows_by_key("person_time", named=True, unique=True)
    assert people[bob] == {"team": "T2", "role": "encadrant", "weekly_hours": 37.5, "from_date": None, "to_date": None}
    assert people[ada]["from_date"] == date(2026, 1, 5)
    assert set(found.survey_identities["identifier"]) == {"ma07x12", "jo21e45"}
    assert found.tables["people_survey"]["person_survey"].sort().to_list() == \
        pseudonymise(pl.Series(["JO21E45", "MA07X12"]), KEYS.survey).sort().to_list()  # fmt: skip
    shown = "".join(frame.write_csv() for frame in (*found.tables.values(), found.rejected, found.received)).lower()
    assert not [i for i in ("essai", "example.org", "ma07x12", "jo21e45") if i in shown]


def test_an_identifier_two_people_claim_is_a_problem_and_finds_nobody(tmp_path: Path):
    people = PEOPLE + "Ada Essai;ada2@example.org;T1;agent;;;\n"
    found = read(tmp_path, teams=TEAMS, people_time=people)
    (problem,) = found.problems
    assert (problem.rule, problem.file, problem.line, problem.column) == ("contract", "people_time.csv", 4, "name")
    assert "essai" not in str(problem).lower() and "example" not in str(problem)
    assert found.time_identities["identifier"].to_list() == ["ada2@example.org", "ada@example.org", "bob essai"]


def test_people_without_identifier_repeated_or_in_no_team_are_set_aside(tmp_path: Path):
    people = PEOPLE + ";;T1;agent;;;\nZoé;zoe@example.org;T9;agent;;;\nbob  essai;;T2;encadrant;37,5;;\n"
    people += "Max;max@example.org;T1;chef;;;\nLou;lou@example.org;T1;agent;70;;\n"
    found = read(tmp_path, teams=TEAMS, people_time=people)
    assert [f[1:] for f in faults(found)] == [
        (4, "missing_value", "email", "set_aside"),
        (5, "unknown_team", "team", "set_aside"),
        (6, "conflicting_row", None, "set_aside"),  # the name is typed another way
        (7, "bad_value", "role", "set_aside"),
        (8, "contract", "weekly_hours", "set_aside"),
    ]
    assert "zoe@example.org" not in found.time_identities["identifier"]


def test_training_takes_person_team_and_week_from_the_register_of_people(tmp_path: Path):
    training = """\
session;date;minutes;tool;email;attended
S1;2026-02-26;90;a;ada@example.org;oui
S1;2026-02-26;90;a;ADA@example.org;oui
S1;26/02/2026;90;;inconnue@example.org;oui
S2;2026-03-03;45;;;non
S2;2026-03-03;45,5;;ada@example.org;non
S3;2026-03-05;45;;ada@example.org;non
"""
    found = read(tmp_path, teams=TEAMS, tools=TOOLS, people_time=PEOPLE, training=training)
    assert [f[1:] for f in faults(found)] == [
        (3, "duplicate_row", None, "duplicate"),
        (4, "unknown_person", "email", "set_aside"),
        (5, "missing_value", "email", "set_aside"),
    ]
    shown = found.tables["training"].drop("person_time", "source_file").rows()
    assert shown == [
        ("T1", "a", "S1", date(2026, 2, 26), date(2026, 2, 23), 90.0, True, 2),
        ("T1", None, "S2", date(2026, 3, 3), date(2026, 3, 2), 45.5, False, 6),
        ("T1", None, "S3", date(2026, 3, 5), date(2026, 3, 2), 45.0, False, 7),
    ]


def test_a_workbook_keeps_its_row_numbers_dates_and_numbers(tmp_path: Path):
    import xlsxwriter

    path = tmp_path / "people_time.csv"  # the content decides, not the name
    with xlsxwriter.Workbook(path) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(1, 0, ["Name", "Tracker user", "Team", "Role", "Weekly hours", "From date", "To date"])
        sheet.write_row(2, 0, ["Ada Essai", "ada", "T1", "agent", 37.5])
        sheet.write_datetime(2, 5, date(2026, 2, 2), day)
        sheet.write_row(4, 0, ["Bob Essai", "bob", "T1", "agent", "35 h"])
    found = read(tmp_path, teams=TEAMS, people_time=path.read_bytes())
    assert [f[1:] for f in faults(found)] == [(5, "bad_number", "weekly_hours", "set_aside")]
    row = found.tables["people_time"].row(0, named=True)
    assert (row["weekly_hours"], row["from_date"]) == (37.5, date(2026, 2, 2))
    assert found.received["format"].to_list() == ["csv", "xlsx"]


DRESSED = "team;label;headcount;service;family;withdrawn_on\nT1;Scolarité;1 200;Études;guichet;2026-04-15\n"
DRESSES: dict[str, str | bytes] = {
    "as asked": DRESSED.replace("1 200", "1200"),
    "a French spreadsheet": DRESSED.replace("2026-04-15", "15/04/2026").replace("\n", "\r\n").encode("cp1252"),
    "no-break space, month in letters": DRESSED.replace(" ", "\u202f").replace("2026-04-15", "mercredi 15 avril 2026"),
    "title, notice and blank columns": "Équipes;;;;;;;;\n\n" + DRESSED.replace("T1", "\n;T1").replace("team", ";team")
    .replace("on\n", "on;;\n").replace("15\n", "15;;\n"),
    "separator noted, UTF-16": ("sep=\t\n" + DRESSED.replace(";", "\t").replace("1 200", "1200,0")).encode("utf-16"),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_a_register_in_every_dress_says_the_same(dress: str, tmp_path: Path):
    found = read(tmp_path, teams=DRESSES[dress])
    assert not found.problems and found.rejected.is_empty()
    assert found.tables["teams"].row(0) == ("T1", "Scolarité", "Études", "guichet", 1200, None, date(2026, 4, 15))


def test_one_workbook_may_hold_every_register(tmp_path: Path):
    import xlsxwriter

    path = tmp_path / "registres.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notice").write_row(0, 0, ["Une feuille par registre", "merci"])
        teams = book.add_worksheet("Équipes")
        teams.merge_range(0, 0, 1, 4, "Les équipes volontaires")
        teams.write_row(3, 1, ["Team", "Label", "Service", "Family", "Headcount", "Withdrawn on"])
        teams.write_row(4, 1, ["T1", "Scolarité", "Études", "guichet", 12, 46127])  # a date that lost its format
        processes = book.add_worksheet("Processus")
        processes.write_row(0, 0, ["process", "label", "family", "witness"])
        processes.write_row(1, 0, ["courriels", "Courriels", "écrit", False])
        processes.write_row(3, 0, ["temoin", "Classement", "écrit", "Oui"])
    study = {"study": "essai", "title": "t", "organisation": "o", "calendar": CALENDAR,
             "registers": {"teams": path.name, "processes": path.name}}  # fmt: skip
    found = read_registers(LoadedStudy(Study.model_validate(study), tmp_path, "0"), KEYS)
    assert not found.problems and found.rejected.is_empty() and unbalanced(accounts(found)).is_empty()
    assert found.tables["teams"].row(0) == ("T1", "Scolarité", "Études", "guichet", 12, None, date(2026, 4, 15))
    assert found.tables["processes"].select("process", "witness").rows() == [("courriels", False), ("temoin", True)]
    assert found.received.select("source", "received").rows() == [("teams", 1), ("processes", 2)]


FILES = {
    "a missing column": ("team;label;service;headcount\nT1;L;s;3\n", "missing_column"),
    "a heading nobody knows": (TEAMS.replace("withdrawn_on", "retrait"), "unmapped_column"),
    "one column": ("team\nT1\n", "wrong_delimiter"),
    "no row": (TEAMS.splitlines()[0] + "\n", "empty_file"),
    "an empty file": ("", "empty_file"),
    "a broken workbook": (b"PK\x03\x04 not a workbook", "unrecognised_file"),
}


@pytest.mark.parametrize("fault", FILES)
def test_a_file_that_cannot_be_used_is_one_problem_not_one_per_row(fault: str, tmp_path: Path):
    content, rule = FILES[fault]
    found = read(tmp_path, teams=content, people_time=PEOPLE)
    assert [p.rule for p in found.problems] == [rule] and found.problems[0].file == "teams.csv"
    # People are not said to be in unknown teams when it is the list of teams that is broken.
    assert found.rejected.is_empty()


def test_a_list_of_people_without_headings_is_refused_and_quotes_nobody(tmp_path: Path):
    found = read(tmp_path, people_time="Ada Essai;ada@example.org;T1;agent;35;;\n" * 2)
    assert {p.rule for p in found.problems} == {"missing_column", "unmapped_column"}
    said = "".join(map(str, found.problems)).lower()
    assert "essai" not in said and "example.org" not in said


def test_a_message_quotes_no_cell_that_says_who_somebody_is(tmp_path: Path):
    codes = "code;team;role\n4C4Q-K3SW;T1;agent\n"
    found = read(tmp_path, teams=TEAMS, people_time=PEOPLE, people_survey=codes)
    for said in ("ADA  Essai", "Appel de Bob\u00a0Essai", "4c4q k3sw", "x@y.fr", "192.0.2.1", "vu par ada@example.org"):
        assert found.shown(said) == "« ... »", said
    for said in ("Courriels", "1.2.3", "10-15", "12 h", "@", "Essai"):
        assert found.shown(said) == repr(said)


def test_a_register_that_is_not_there_is_a_problem(tmp_path: Path):
    study = {"study": "essai", "title": "t", "organisation": "o", "calendar": CALENDAR}
    loaded = LoadedStudy(Study.model_validate({**study, "registers": {"teams": "nulle.csv"}}), tmp_path, "0")
    found = read_registers(loaded, KEYS)
    assert [(p.rule, p.file) for p in found.problems] == [("missing_file", "nulle.csv")]


def test_decisions_and_actions_must_name_what_exists(tmp_path: Path):
    found = read(
        tmp_path, teams=TEAMS, tools=TOOLS, processes=PROCESSES,
        deployments="team;process;tool;go_live;end_date\nT1;courriels;a;2026-03-02;\n",
        actions="action;line;process;tool;what;owner;due;closed_on\nA1;1a;;a;Avenant;Achats;30/09/2026;\n"
                "A2;9z;;a;Avenant;Achats;30/09/2026;\nA3;1a;;a;Avenant;Achats;;\n",
        decisions="proposal_id;decision;authority;date;reason;csa_information\n"
                  "courriels:a;Ajuster;DGS;10/07/2026;;07/07/2026\ntemoin:a;ajuster;DGS;10/07/2026;;\n",
    )  # fmt: skip
    assert not found.problems
    assert found.tables["decisions"].rows() == [
        ("courriels:a", "ajuster", "DGS", date(2026, 7, 10), None, date(2026, 7, 7))
    ]
    assert found.tables["actions"]["action"].to_list() == ["A1"]
    assert faults(found) == [
        ("actions", 3, "unknown_code", "line", "set_aside"),
        ("actions", 4, "missing_value", "due", "set_aside"),
        ("decisions", 3, "unknown_code", "proposal_id", "set_aside"),
    ]

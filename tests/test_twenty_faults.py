"""`bilan check` on a folder with twenty planted faults: twenty messages, each with what, where and what to do."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main

STUDY = """\
study: essai
title: Vingt fautes
organisation: Université de démonstration
calendar: {measurement_start: 2026-02-02, measurement_end: 2026-06-29, as_of: 2026-07-03}
waves:
  - {wave: T0, label: Avant, role: baseline, opens: 2026-02-02, closes: 2026-02-20}
  - {wave: P1, label: Point 1, role: pulse, opens: 2026-03-16, closes: 2026-03-20}
  - {wave: P2, label: Point 2, role: pulse, opens: 2026-04-13, closes: 2026-04-17}
  - {wave: T1, label: Après, role: end, opens: 2026-06-15, closes: 2026-06-26}
registers:
  teams: registres/equipes.csv
  people_time: registres/agents.csv
  people_survey: registres/codes.csv
  tools: registres/outils.csv
  processes: registres/processus.csv
sources:
  - {id: kimai, format: kimai, files: [temps/kimai.csv]}
  - {id: kimai2, format: kimai, files: [temps/kimai2.csv]}
  - {id: kimai3, format: kimai, files: [temps/kimai3.csv]}
  - {id: toggl, format: toggl, files: [temps/toggl.csv]}
  - {id: clockify, format: clockify, files: [temps/clockify.csv]}
  - {id: feuille, format: time_sheet, files: [temps/feuille.csv]}
  - {id: t0, format: limesurvey, wave: T0, files: [questionnaires/t0.csv], person: CODE, team: EQ}
  - {id: p1, format: limesurvey, wave: P1, files: [questionnaires/p1.csv], person: CODE, ignore: [EQ]}
  - {id: p2, format: limesurvey, wave: P2, files: [questionnaires/p2.csv], person: CODE, ignore: [EQ]}
  - id: t1
    format: limesurvey
    wave: T1
    files: [questionnaires/t1.csv]
    person: CODE
    ignore: [EQ]
"""
HEADS = {
    "kimai": "Date,From,To,Duration,Project,Activity,Tags,E-mail,Description",
    "toggl": "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,"
             "Tags",
    "clockify": "Project,Client,Description,Task,User,Group,Email,Tags,Billable,Start Date,Start Time,End Date,"
                "End Time,Duration (h),Duration (decimal)",
    "sheet": "Date;Mon code;Processus;Outil;Nombre de fois;Durée totale (min);Nombre d'éléments;Reprises nécessaires",
}  # fmt: skip
ROWS = {
    "kimai": "2026-03-{day:02},09:00,10:00,1:00,P,Courriels,,{who}@example.org,avec Mme Secrète",
    "toggl": "Cy,cy.essai@example.org,,Courriels,,,No,2026-03-{day:02},09:00:00,2026-03-{day:02},10:00:00,01:00:00,",
    "clockify": "Courriels,,,,Cy,,cy.essai@example.org,,No,2026-04-{day:02},09:00:00,2026-04-{day:02},10:00:00,"
                "01:00:00,1.00",
    "sheet": "{day:02}/03/2026;F-ADA;Courriels;sans;1;30;10;2",
}  # fmt: skip


def export(kind: str, days: range, people: tuple[str, ...] = ("",)) -> str:
    lines = [ROWS[kind].format(day=day, who=who) for day in days for who in people]
    return "\n".join([HEADS[kind], *lines, ""])


KIMAI = export("kimai", range(2, 14), ("ada.essai", "bob.essai"))


def survey(day: str, heads: str = "SO1[a]", answer: str = "4") -> str:
    codes = ("4C4Q-K3SW", "ZK82-9D3V", "476G-7G3B")
    lines = [f'"{n}","{day} 10:00:00","{code}","E1",{answer!r}' for n, code in enumerate(codes, start=1)]
    return f'"id","submitdate","CODE","EQ","{heads}"\n' + "\n".join(lines).replace("'", '"') + "\n"


COMPLIANT = "conforme;conforme;conforme;conforme"
FILES: dict[str, str] = {
    "study.yaml": STUDY,
    "registres/equipes.csv": "team;label;service;family;headcount\nE1;Scolarité;Études;guichet;12\n",
    "registres/agents.csv": "email;sheet_code;team;role\nada.essai@example.org;F-ADA;E1;agent\n"
                            "bob.essai@example.org;F-BOB;E1;agent\ncy.essai@example.org;F-CYY;E1;agent\n",
    "registres/codes.csv": "code;team;role\n4C4Q-K3SW;E1;agent\nZK82-9D3V;E1;agent\n476G-7G3B;E1;agent\n",
    "registres/outils.csv": "tool;label;compliance_transfers;compliance_training;compliance_processor;"
                            f"compliance_sensitive\na;Assistant A;{COMPLIANT}\n",
    "registres/processus.csv": "process;label;family;witness\ncourriels;Courriels;écrit;non\n",
    "temps/kimai.csv": KIMAI, "temps/kimai2.csv": KIMAI.replace("2026-03", "2026-04"),
    "temps/kimai3.csv": KIMAI.replace("2026-03", "2026-05"),
    "temps/toggl.csv": export("toggl", range(2, 9)), "temps/clockify.csv": export("clockify", range(2, 9)),
    "temps/feuille.csv": export("sheet", range(2, 14)),
    "questionnaires/t0.csv": survey("2026-02-04"), "questionnaires/p1.csv": survey("2026-03-17"),
    "questionnaires/p2.csv": survey("2026-04-14"), "questionnaires/t1.csv": survey("2026-06-16"),
}  # fmt: skip
IDENTITIES = ("essai@", "example.org", "F-ADA", "F-BOB", "4C4Q", "ZK82", "476G", "Secrète", "zoe")


def write(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def line(number: int, old: str, new: str) -> Callable[[Path], None]:
    """Replace in one line of a file."""

    def change(path: Path) -> None:
        lines = path.read_text("utf-8").splitlines(keepends=True)
        assert old in lines[number - 1], lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)
        path.write_text("".join(lines), encoding="utf-8")

    return change


def whole(old: str, new: str) -> Callable[[Path], None]:
    """Replace throughout a file."""
    return lambda path: path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")


CORRECTION = """\
# Corrections
- file: temps/feuille.csv
  line: 13
  column: Durée totale (min)
  from: 300
  to: 35
  reason: Un zéro de trop
  who: L'évaluatrice
  date: 2026-05-04
"""
# fault -> file to spoil, how; then what the message must say: where, what, what to do
FAULTS: dict[str, tuple[str, Callable[[Path], object], str, str, str]] = {
    "a file in an encoding nobody can read": (
        "temps/kimai2.csv", lambda p: p.write_bytes(p.read_text("utf-8").encode("utf-16-le")),
        "temps/kimai2.csv", "not text", "Export it again as CSV"),
    "a wrong delimiter": (
        "temps/toggl.csv", whole(",", "|"), "temps/toggl.csv, line 1", "single column", "Export with a comma"),
    "dates that read two ways": (
        "temps/clockify.csv", lambda p: [whole(f"2026-04-{d:02}", f"{d:02}/04/2026")(p) for d in range(2, 9)],
        "temps/clockify.csv", "tells the day from the month", "`date_order: dmy`"),
    "a missing file": (
        "questionnaires/p1.csv", Path.unlink, "questionnaires/p1.csv", "No file matches", "Put the export there"),
    "an empty file": (
        "temps/kimai3.csv", lambda p: p.write_bytes(b""), "temps/kimai3.csv", "empty", "Export it again"),
    "an unknown process": (
        "temps/kimai.csv", line(2, "Courriels", "Courriers"),
        "temps/kimai.csv, line 2, column 'Activity'", "'Courriers' is no known process", "Add it under `processes:`"),
    "an unknown tool": (
        "temps/kimai.csv", line(3, "Courriels,,", "Courriels,Robot,"),
        "temps/kimai.csv, line 3, column 'Tags'", "'Robot' is no known tool", "`tools:` of source kimai"),
    "an unknown answer": (
        "questionnaires/t0.csv", line(2, '"4"', '"Enchanté"'),
        "questionnaires/t0.csv, line 2, column", "'Enchanté' is no answer to SO1", "`aliases:`"),
    "a heading met twice": (
        "questionnaires/p2.csv", lambda p: p.write_text("\n".join(
            f'{text},{text.split(",")[-1]}' for text in p.read_text("utf-8").splitlines()), encoding="utf-8"),
        "questionnaires/p2.csv, line 1, column 'SO1[a]#2'", "second column", "`ignore:`"),
    "a column that two settings claim": (
        "study.yaml", whole("    ignore: [EQ]\n", "    ignore: [EQ]\n    columns: {'SO1[a]': SO1:a, 'so1[A]': SA1}\n"),
        "questionnaires/t1.csv, line 1, column 'so1[A]'", "names one column twice", "Keep one of the two"),
    "text in a column of numbers": (
        "temps/feuille.csv", line(4, ";10;2", ";dix;2"),
        "temps/feuille.csv, line 4, column 'Items'", "cannot be read (1 row", "Write digits"),
    "a person nobody knows": (
        "temps/kimai.csv", line(4, "ada.essai", "zoe"),
        "temps/kimai.csv, line 4", "does not know this person (1 row", "Add the identifier to the register"),
    "a team nobody knows": (
        "registres/codes.csv", line(4, "E1", "E9"),
        "registres/codes.csv, line 4, column 'team'", "does not know this team (1 row", "Correct the team"),
    "a timer still running": (
        "temps/kimai.csv", line(5, "10:00,1:00", ",1:00"),
        "temps/kimai.csv, line 5, column 'To'", "timer was still running", "Stop it in the tracker"),
    "a negative duration": (
        "temps/kimai.csv", line(6, "1:00", "-1:00"),
        "temps/kimai.csv, line 6, column 'Duration'", "zero or negative (1 row", "Correct it in the tracker"),
    "more than 12 hours": (
        "temps/kimai.csv", line(7, "10:00,1:00", "22:30,13:30"),
        "temps/kimai.csv, line 7, column 'Duration'", "over 12 hours", "`treatments: {over_12_hours: keep}`"),
    "a date outside the study": (
        "temps/kimai.csv", line(8, "2026", "2025"),
        "temps/kimai.csv, line 8", "outside the study's calendar", "Check the date"),
    "an entry without process": (
        "temps/kimai.csv", line(9, "Courriels", ""),
        "temps/kimai.csv, line 9, column 'Activity'", "names no process", "Choose the project or activity"),
    "more errors than items": (
        "temps/feuille.csv", line(5, ";10;2", ";1;2"),
        "temps/feuille.csv, line 5, column 'Errors'", "More errors than items", "Correct the two numbers"),
    "a wave nobody answered": (
        "study.yaml", whole("  - {wave: T1,", "  - {wave: P3, label: Point 3, role: pulse, opens: 2026-05-18, closes: "
                            "2026-05-22}\n  - {wave: T1,"),
        "study.yaml", "Nobody answered the wave P3", "Add its export under `sources:`"),
    "a correction that finds something else": (
        "corrections.yaml", lambda p: p.write_text(CORRECTION, encoding="utf-8"),
        "corrections.yaml, line 2, column 'Durée totale (min)'", "temps/feuille.csv, line 13 says 30 and not",
        "Update `from:`"),
}  # fmt: skip


def checked(folder: Path) -> tuple[int, list[tuple[str, str]], str]:
    """Exit code of `bilan check`, (place and message, what to do) of each problem, everything printed."""
    done = CliRunner().invoke(main, ["check", str(folder)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    lines = done.output.splitlines()
    return done.exit_code, [(a, b) for a, b in pairwise(lines) if a.startswith("- ")], done.output


@pytest.fixture(autouse=True)
def _keys(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BILAN_KEYS", str(tmp_path_factory.mktemp("keys")))


def spoil(folder: Path, fault: str) -> None:
    file, how, *_ = FAULTS[fault]
    how(folder / file)


def test_without_a_fault_a_run_would_go_through(tmp_path: Path):
    assert checked(write(tmp_path)) == (0, [], "A run would go through: no problem found.\n")


# Those that leave a wave without answers, a team without entries, a person without register.
@pytest.mark.parametrize("fault", ["a missing file", "a wrong delimiter", "a heading met twice", "a team nobody knows"])
def test_what_follows_from_a_fault_is_not_told_beside_it(fault: str, tmp_path: Path):
    spoil(write(tmp_path), fault)
    code, told, output = checked(tmp_path)
    assert (code, len(told)) == (1, 1), output
    _, _, where, what, action = FAULTS[fault]
    ((message, advice),) = told
    assert message.startswith(f"- {where}") and what in message and action in advice, output


def test_twenty_faults_are_twenty_messages_the_worst_first(tmp_path: Path):
    write(tmp_path)
    for fault in FAULTS:
        spoil(tmp_path, fault)
    code, told, output = checked(tmp_path)
    assert code == 1 and "Traceback" not in output
    assert len(told) == len(FAULTS) >= 20, output
    found = []
    for fault, (_, _, where, what, action) in FAULTS.items():
        (rank,) = [n for n, (a, b) in enumerate(told) if a.startswith(f"- {where}") and what in a and action in b]
        found.append((rank, fault))
    assert sorted(rank for rank, _ in found) == list(range(len(FAULTS)))
    assert output.endswith(f"{len(FAULTS)} problems stop the run.\n")
    headings = [text for text in output.splitlines() if text.startswith("Stops")]
    assert headings == ["Stops the run: files and columns:", "Stops the run: labels and columns that nobody knows:",
                        "Stops the run: more rows than study.yaml accepts:"]  # fmt: skip
    assert [name for name in IDENTITIES if name.lower() in output.lower()] == []


def test_a_typo_in_the_study_file_is_told_first_and_alone(tmp_path: Path):
    write(tmp_path)
    whole("registers:", "registres:")(tmp_path / "study.yaml")
    done = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert done.exit_code == 1
    (message,) = [text for text in done.output.splitlines() if text.startswith("- ")]
    assert message == "- study.yaml, line 10: `registres` is not a known key. Did you mean `registers`?"

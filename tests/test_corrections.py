"""Corrections of the analyst: applied to the text received, told as soon as the source says something else."""

import re
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.charts.report import Report
from pipelines.clean.corrections import apply, corrections_table, problems, unread
from pipelines.clean.ingest import read_surveys
from pipelines.clean.ingest_time import read_time
from pipelines.clean.pseudonyms import Keys
from pipelines.clean.registers import read_registers
from pipelines.contracts import table
from pipelines.parts import Parts, as_texts
from pipelines.sources import text
from pipelines.study.corrections import Correction, Declared
from pipelines.study.load import LoadedStudy, StudyError, load_study
from tests.conftest import ROOT, SurveyRun
from tests.page_fixture import frames

KEYS = Keys(b"t" * 32, b"s" * 32)
STUDY = """\
study: essai
title: Un essai
organisation: Université de démonstration
calendar: {measurement_start: 2026-02-02, measurement_end: 2026-06-29, as_of: 2026-07-03}
waves: [{wave: T0, label: Avant, role: baseline, opens: 2026-02-02, closes: 2026-02-20}]
registers: {teams: teams.csv, people_time: people.csv}
linking: self_made
sources:
  - {id: k, format: kimai, files: [kimai*.csv]}
  - {id: q, format: limesurvey, wave: T0, files: [t0.csv], person: CODE, ignore: [OV1]}
"""
FILES = {
    "teams.csv": "team;label;service;family;headcount\nT1;Scolarité;Études;guichet;12\n",
    "people.csv": "email;team;role\nada@example.org;T1;agent\n",
    "kimai.csv": "Date,De,À,Durée,Projet,Activité,Tags,E-mail,Description\n"
    "2026-03-02,09:00,10:00,26:00,P,Courriels,,ada@example.org,appel de Bob\n"
    "2026-03-03,09:00,10:00,1:00,P,Courriels,,ada@example.org,\n",
    "t0.csv": '"id","submitdate","CODE","SO1. Satisfaction","OV1"\n"7","2026-02-03 10:00:00","MA07X12","4","libre"\n',
}
CORRECTION = """\
- file: {file}
  {row}
  column: {column}
  from: {found}
  to: {written}
  reason: Chronomètre oublié
  who: L'évaluatrice
  date: 2026-05-04
"""


def yaml(file: str, row: str, column: str, found: str, written: str) -> str:
    return CORRECTION.format(file=file, row=row, column=column, found=found, written=written)


DURATION = yaml("kimai.csv", "line: 2", "Durée", "26:00", "2:00")


def study(folder: Path, corrections: str, **files: str) -> LoadedStudy:
    for name, content in {"study.yaml": STUDY, **FILES, **files, "corrections.yaml": corrections}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return load_study(folder)


def read(loaded: LoadedStudy) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """raw.kimai, raw.limesurvey, and what is said."""
    parts = Parts(loaded.root / "parts")
    registers = read_registers(loaded, KEYS)
    time, survey = read_time(loaded, registers, parts), read_surveys(loaded, registers)
    said = [*registers.problems, *time.problems, *survey.problems, *unread(loaded)]
    written = [as_texts(pl.read_parquet(p, hive_partitioning=False)) for p in parts.paths("raw.kimai")]
    kimai = pl.concat(written, how="diagonal") if written else pl.DataFrame()
    return kimai, survey.tables["limesurvey"], [str(p) for p in said]


def test_cells_are_corrected_in_every_kind_of_file_and_counted(tmp_path: Path):
    loaded = study(
        tmp_path,
        DURATION + yaml("t0.csv", "id: 7", "SO1", "4", "5") + yaml("teams.csv", "line: 2", "headcount", "12", "8"),
    )
    kimai, survey, said = read(loaded)
    assert said == []
    assert kimai.sort("source_row")["Duration"].to_list() == ["2:00", "1:00"]
    assert survey["SO1"].to_list() == ["5"]
    registers = read_registers(loaded, KEYS)
    assert registers.tables["teams"]["headcount"].to_list() == [8]
    files = pl.DataFrame({"source": ["k", "q", "teams"], "source_file": ["kimai.csv", "t0.csv", "teams.csv"]})
    table = corrections_table(loaded, files)
    assert table.select("source", "source_row", "response", "column").rows() == [
        ("k", 2, None, "Durée"), ("q", None, "7", "SO1"), ("teams", 2, None, "headcount")]  # fmt: skip
    assert "évaluatrice" not in table.write_csv()


@pytest.mark.parametrize("column", ["Durée", "Duration", "durée"])
def test_a_column_goes_by_its_heading_or_by_the_name_messages_give_it(tmp_path: Path, column: str):
    kimai, _, said = read(study(tmp_path, DURATION.replace("Durée", column)))
    assert said == [] and kimai.sort("source_row")["Duration"].to_list() == ["2:00", "1:00"]


def test_a_line_keeps_its_number_in_a_file_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text.blocks, "__defaults__", (80,))
    loaded = study(tmp_path, DURATION + yaml("kimai.csv", "line: 3", "Duration", "1:00", "0:30"))
    kimai, _, said = read(loaded)
    assert len(list(text.blocks(tmp_path / "kimai.csv"))) > 1
    assert said == [] and kimai.sort("source_row")["Duration"].to_list() == ["2:00", "0:30"]


# correction -> what is said after « corrections.yaml, line 1, column '...': », and what to do
WHO = "This column of {} says who somebody is, or is free text"
KIMAI, SURVEY = ("kimai.csv", "line: 2"), ("t0.csv", "id: 7")
REFUSED = {
    "the source was put right": (
        yaml("kimai.csv", "line: 3", "Durée", "26:00", "1:00"),
        "kimai.csv, line 3 already says what this correction writes. Remove this correction."),
    "the source says another figure": (
        yaml("kimai.csv", "line: 3", "Durée", "26:00", "2:00"),
        "kimai.csv, line 3 says 1:00 and not what `from:` says. Update `from:` to what"),
    "the source says other words, which are not quoted": (
        yaml("kimai.csv", "line: 3", "Activité", "Agendas", "Réunions"),
        "kimai.csv, line 3 says « ... » and not what `from:` says. Update `from:` to what"),
    "no such line": (
        yaml("kimai.csv", "line: 9", "Durée", "a", "b"), "kimai.csv has no row that can be read at line 9. Correct"),
    "the headings": (yaml("kimai.csv", "line: 1", "Durée", "a", "b"), "kimai.csv has no row that can be read at line"),
    "no such column": (yaml(*KIMAI, "Heures", "a", "b"), "kimai.csv has no such column among those that are read"),
    "no such response": (yaml("t0.csv", "id: 8", "SO1", "a", "b"), "t0.csv has no row that can be read at response 8."),
    "rows without number": (yaml("kimai.csv", "id: 8", "Durée", "a", "b"), "Rows of kimai.csv have no number. Name"),
    "who somebody is": (yaml(*KIMAI, "E-mail", "a", "b"), WHO.format("kimai.csv")),
    "free text": (yaml(*KIMAI, "Description", "a", "b"), WHO.format("kimai.csv")),
    "a personal code": (yaml(*SURVEY, "CODE", "a", "b"), WHO.format("t0.csv")),
    "a register": (yaml("people.csv", "line: 2", "email", "a", "b"), WHO.format("people.csv")),
    "free text of a questionnaire": (yaml(*SURVEY, "OV1", "libre", "b"), "t0.csv has no such column among those"),
    "no such file": (yaml("toggl.csv", "line: 2", "Durée", "a", "b"), "No source or register of study.yaml reads"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_a_correction_that_does_not_find_its_cell_is_one_message(tmp_path: Path, fault: str):
    correction, expected = REFUSED[fault]
    kimai, survey, said = read(study(tmp_path, correction))
    (message,) = said
    assert message.startswith("corrections.yaml, line 1, column '")
    assert f": {expected}" in message
    assert not [w for w in ("ada", "bob", "MA07X12", "libre") if w.lower() in message.lower().replace("malade", "")]
    assert kimai.sort("source_row")["Duration"].to_list() == ["26:00", "1:00"] and survey["SO1"].to_list() == ["4"]


def test_two_corrections_of_one_cell_are_refused_and_the_first_is_applied(tmp_path: Path):
    again = yaml("t0.csv", "line: 2", "SO1. Satisfaction", "4", "3")
    _, survey, (said,) = read(study(tmp_path, yaml("t0.csv", "id: 7", "SO1", "4", "5") + again))
    assert said.startswith("corrections.yaml, line 9") and "The correction of line 1 is about the same cell" in said
    assert survey["SO1"].to_list() == ["5"]


def test_a_file_that_is_missing_altogether_is_told_once(tmp_path: Path):
    loaded = study(tmp_path, DURATION)
    (tmp_path / "kimai.csv").unlink()
    assert unread(loaded) == []


def test_a_number_met_twice_names_no_row():
    frame = pl.DataFrame({"id": ["7", "7"], "SO1": ["1", "2"], "source_row": [2, 3]})
    correction = {"file": "f.csv", "id": "7", "column": "SO1", "from": "1", "to": "2", "reason": "r", "who": "w",
                  "date": "2026-05-04"}  # fmt: skip
    same, outcomes = apply(frame, [Declared(Correction.model_validate(correction), 4)])
    (problem,) = problems(outcomes)
    assert same.equals(frame) and (problem.line, problem.message) == (4, "f.csv has several rows with this number.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DURATION.replace("column", "colum"), "line 3: `1.colum` is not a known key. Did you mean `column`?"),
        (DURATION.replace("  who: L'évaluatrice\n", ""), "`1.who` is missing"),
        (DURATION.replace("line: 2", "line: deux"), "line 2: `1.line`"),
        (DURATION.replace("  line: 2\n", ""), "line 1: `1`: give either `line:`"),
        (DURATION.replace("to: 2:00", "to: 26:00"), "the same: remove this correction"),
        (DURATION.replace("05-04", "02-31"), "line 8: `1.date`"),
        (DURATION.replace("kimai.csv", "../kimai.csv"), "inside the study folder"),
        ("kimai.csv: rien\n", "corrections.yaml, line 1: expected a list"),
    ],
)  # fmt: skip
def test_faults_of_the_file_itself_name_their_line(tmp_path: Path, text: str, said: str):
    with pytest.raises(StudyError) as refused:
        study(tmp_path, text)
    (fault,) = refused.value.problems
    assert fault.startswith("corrections.yaml, line") and said in fault


def test_values_are_taken_as_they_are_written(tmp_path: Path):
    loaded = study(tmp_path, "# rien\n")
    assert loaded.corrections.declared == () and loaded.corrections.sha256
    (one,) = study(tmp_path, yaml("kimai.csv", "line: 2", "Durée", "1.50", "007")).corrections.declared
    assert (one.correction.found, one.correction.written) == ("1.50", "007")


def test_the_page_lists_what_was_corrected_and_says_nothing_when_nothing_was():
    rows = [{"source": "k", "source_file": "kimai.csv", "column": "Durée", "reason": "Chronomètre oublié : 2 h",
             "date": date(2026, 5, 4), "rows": 3}]  # fmt: skip
    told = {"corrections": table("published.corrections").conform(pl.DataFrame(rows))}
    page = Report(frames() | told).section("quality")
    cells = ["4 mai 2026", "Chronomètre oublié : 2 h", "kimai.csv", "Durée", "3"]
    row = re.search(r"<tr><th scope=\"row\">4.*?</tr>", page)
    assert row and re.findall(r">([^<>]+)<", row.group().replace("\u00a0", " ").replace("\u202f", " ")) == cells
    assert "corrigées" in page and "corrigées" not in Report(frames()).section("quality")


def test_a_run_publishes_what_was_corrected(tmp_path: Path, survey_run: SurveyRun):
    from pipelines.defs.run import run_study

    folder = Path(shutil.copytree(ROOT / "data" / "raw" / "rse-uk-2017", tmp_path / "study"))
    correction = yaml("questionnaires/public_2017_uk.csv", "line: 5", "likertagree1[affSat3]", "Agree", "Disagree")
    (folder / "corrections.yaml").write_text(correction, encoding="utf-8")
    published = run_study(folder, tmp_path / "out", progress=lambda _: None).published
    before, after = (
        dict(pl.read_parquet(tables / "tables" / "distributions.parquet").filter(pl.col("item") == "affSat3").select(
            "value_code", "n_persons").iter_rows())
        for tables in (survey_run.published, published)
    )  # fmt: skip
    assert {code: after[code] - n for code, n in before.items() if after[code] != n} == {"4": -1, "2": 1}
    told = pl.read_parquet(published / "tables" / "corrections.parquet")
    assert told.select("source", "column", "reason", "rows").rows() == [
        ("enquete", "likertagree1[affSat3]", "Chronomètre oublié", 1)]  # fmt: skip
    assert "évaluatrice" not in "".join(p.read_text("utf-8") for p in (published / "tables").glob("*.csv"))


def test_files_are_read_again_when_a_correction_changes(tmp_path: Path):
    from pipelines.defs.reuse import fingerprint

    first, second = (fingerprint(study(tmp_path, text), KEYS) for text in (DURATION, DURATION.replace("2:00", "3:00")))
    assert first != second

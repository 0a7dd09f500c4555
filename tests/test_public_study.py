"""The study on a real public survey: what the pipeline reads equals what the csv module counts in the same file."""

import csv
from collections import Counter
from pathlib import Path

import lxml.html
import polars as pl
import pytest

from pipelines.clean.ingest import read_surveys
from pipelines.clean.pseudonyms import load_keys
from pipelines.clean.registers import read_registers
from pipelines.clean.responses import ResponseTables, build_responses, scale_items
from pipelines.study.load import LoadedStudy, load_study
from tests.conftest import SurveyRun

STUDY = Path(__file__).parents[1] / "data" / "raw" / "rse-uk-2017"
FILE = STUDY / "questionnaires" / "public_2017_uk.csv"
AGREE = {"Strongly disagree": 1, "Disagree": 2, "Neither agree or disagree": 3, "Agree": 4, "Strongly Agree": 5}
COLUMNS = {
    "affSat1": "likertagree2[affSat1]", "affSat2": "likertagree2[affSat2]", "affSat3": "likertagree1[affSat3]",
    "affSat4": "likertagree3[affSat4]", "satPosition": "satisGen1[SQ001]", "satCareer": "satisGen1[SQ002]",
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded() -> LoadedStudy:
    return load_study(STUDY)


@pytest.fixture(scope="module")
def built(loaded: LoadedStudy) -> ResponseTables:
    registers = read_registers(loaded, load_keys(loaded))
    raw = read_surveys(loaded, registers)
    assert raw.problems == [] and raw.received["received"].to_list() == [253]
    return build_responses(raw.tables["limesurvey"], registers, loaded)


def counted(heading: str) -> Counter[str]:
    """Cells of the column whose heading starts with that code, counted without the pipeline."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    (column,) = [i for i, h in enumerate(rows[0]) if h.startswith(f"{heading}. ")]
    return Counter(row[column] for row in rows[1:])


def read(built: ResponseTables, item: str) -> dict[float, int]:
    rows = built.responses.filter(pl.col("item") == item)
    return dict(rows.group_by("value_number").len().rows())


def test_satisfaction_with_the_job_is_counted_as_published(built: ResponseTables):
    assert read(built, "affSat3") == {5: 29, 4: 111, 3: 40, 2: 26, 1: 9}
    assert sum(read(built, "affSat3").values()) == 253 - 38
    satisfied = built.responses.filter(pl.col("item") == "affSat3")["value_number"] >= 4
    assert round(100 * satisfied.mean(), 1) == 65.1  # 140 of 215


def test_what_is_published_and_printed_equals_the_count_by_hand(survey_run: SurveyRun):
    by_hand = dict(zip(AGREE, (9, 26, 40, 111, 29), strict=True))
    table = pl.read_parquet(survey_run.published / "tables" / "distributions.parquet")
    rows = table.filter(pl.col("item") == "affSat3").select("label", "n_persons", "n_total")
    assert rows.rows() == [(label, n, 215) for label, n in by_hand.items()]
    # The page prints whole percents of 215: 9 -> 4, 26 -> 12, 40 -> 19, 111 -> 52, 29 -> 13.
    printed = [
        {row.xpath("string(th)").strip(): row.xpath("string(td)") for row in found.xpath(".//tbody/tr")}
        for found in lxml.html.parse(survey_run.page).iter("table")
        if "Je me sens satisfait" in found.xpath("string(caption)")
    ]
    percents = dict(zip(by_hand, (4, 12, 19, 52, 13), strict=True))
    assert [{k: int(v.split()[0]) for k, v in rows.items()} for rows in printed] == [percents]
    (estimate,) = pl.read_parquet(survey_run.published / "tables" / "estimates.parquet").filter(
        pl.col("indicator") == "satisfaction", pl.col("estimand") == "share_satisfied", pl.col("scope") == "programme"
    ).to_dicts()  # fmt: skip
    assert round(estimate["estimate"], 1) == 65.1 and estimate["ci_low"] is None
    assert estimate["reason"] == "sans_equipe"


@pytest.mark.parametrize("item", COLUMNS)
def test_every_item_equals_an_independent_count(item: str, built: ResponseTables):
    cells = counted(COLUMNS[item])
    empty = cells.pop("", 0)
    assert sum(cells.values()) + empty == 253
    # « 0 - Not at all satisfied » and « 10 - Completely satisfied » are the ends of a scale of bare numbers.
    expected = {AGREE[label] if label in AGREE else int(label.split(" ")[0]): n for label, n in cells.items()}
    assert read(built, item) == expected


def test_every_row_is_a_person_of_its_own_and_none_is_refused(built: ResponseTables):
    assert built.problems == [] and built.rejected.is_empty()
    assert built.accepted.select("source", "rows").rows() == [("enquete", 253)]
    people = built.responses.select("person_survey", "source_row").unique()
    assert people["person_survey"].is_unique().all() and people["source_row"].is_unique().all()
    assert built.responses["team"].null_count() == built.responses.height
    assert set(built.responses["wave"]) == {"e2017"} and built.responses["complete"].all()
    assert set(built.responses["item"]) == set(COLUMNS)


def test_satisfaction_and_distributions_are_about_scored_items(loaded: LoadedStudy):
    scored = set(scale_items(loaded.study)["scale"])
    assert {loaded.study.satisfaction.item, *loaded.study.distributions} <= scored
    assert loaded.study.attribution is not None and "Software Sustainability Institute" in loaded.study.attribution


def test_nothing_but_ratings_is_in_the_file():
    with FILE.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header[0] == "" and all(h.startswith(("likert", "satisGen1[")) for h in header[1:])

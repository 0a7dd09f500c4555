"""Responses: answers in every spelling, every row in one place, nothing unknown dropped; values worked out by hand."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from pipelines.clean.accounts import build_accounts, unbalanced
from pipelines.clean.responses import ResponseTables, build_responses, scale_items
from pipelines.contracts import table
from pipelines.study.load import LoadedStudy, house_instruments
from pipelines.study.models import Study

STUDY = {
    "study": "essai", "title": "t", "organisation": "o",
    "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
    "waves": [
        {"wave": "T0", "label": "T0", "role": "baseline", "opens": "2026-01-26", "closes": "2026-02-15"},
        {"wave": "T1", "label": "T1", "role": "end", "opens": "2026-06-22", "closes": "2026-07-05"},
    ],
    "registers": {"people_survey": "codes.csv"},
    "sources": [
        {"id": "t0", "format": "limesurvey", "files": ["a.csv"], "wave": "T0", "person": "CODE",
         "columns": {"SAT[A]": "SO1:a"}},
        {"id": "t1", "format": "limesurvey", "files": ["b.csv"], "wave": "T1"},
    ],
}  # fmt: skip
COMPLIANT = {f"compliance_{c}": "conforme" for c in ("transfers", "training", "processor", "sensitive")}


def registers() -> Any:
    tables = {
        "teams": pl.DataFrame([
            {"team": t, "label": f"Équipe {t}", "service": "s", "family": "f", "headcount": 9} for t in ("T1", "T2")
        ]),
        "people_survey": pl.DataFrame([
            {"person_survey": p, "team": t, "role": r}
            for p, t, r in (("ada", "T1", "agent"), ("bob", "T2", "encadrant"), ("eve", None, "agent"))
        ]),
        "tools": pl.DataFrame([{"tool": "a", "label": "Assistant A", **COMPLIANT}]),
        "processes": pl.DataFrame([{"process": "courriels", "label": "Courriels", "family": "f", "witness": False}]),
    }  # fmt: skip
    frames = {name: table(f"clean.{name}").conform(frame) for name, frame in tables.items()}
    return SimpleNamespace(tables=frames, shown=repr)


def loaded(*, keep: bool = False, **changes: object) -> LoadedStudy:
    """The study with some settings changed; its own instruments, if `keep`, else the house's."""
    study = Study.model_validate({**STUDY, **changes})
    instruments = study.instruments if keep else house_instruments()
    return LoadedStudy(study.model_copy(update={"instruments": instruments}), Path("/study"), "0")


def build(*rows: dict[str, str | None], study: LoadedStudy | None = None) -> ResponseTables:
    """raw.limesurvey rows, on lines 2, 3...; each changes the same good one. Every row must be accounted for."""
    good: dict[str, str | None] = {"source": "t0", "source_file": "a.csv", "person_survey": "ada", "link": "exact",
                                   "submitdate": "2026-02-03 10:00:00"}  # fmt: skip
    frame = pl.DataFrame([{**good, **row} for row in rows], infer_schema_length=None).cast(pl.String)
    raw = table("raw.limesurvey").conform(frame.with_row_index("source_row", offset=2))
    built = build_responses(raw, registers(), study or loaded())
    files = raw.group_by("source", "source_file").agg(pl.len().cast(pl.Int64).alias("received")).with_columns(
        pl.lit("limesurvey").alias("format"), pl.lit("0").alias("sha256"))  # fmt: skip
    assert unbalanced(build_accounts(files, built.rejected, built.accepted)).is_empty()
    return built


def values(built: ResponseTables) -> list[tuple[object, ...]]:
    return built.responses.sort("source_row", "item").select("item", "value_code", "value_number").rows()


def rules(built: ResponseTables) -> list[tuple[object, ...]]:
    return built.rejected.select("source_row", "rule", "column", "status").rows()


def told(built: ResponseTables) -> list[str]:
    """Rules of the problems, but for the wave T1 that these small files leave empty."""
    return [p.rule for p in built.problems if p.rule != "empty_wave"]


def test_codes_labels_numbers_and_the_answer_without_value():
    built = build(
        {"BE1": "5", "SA1": "7.0", "US0": "4", "TP1:courriels": "12.0"},
        {"BE1": "tout  le temps ", "SA1": "\ufeff10", "US0": "1-2\u00a0fois", "person_survey": "bob"},
        {"BE1": "99", "BE2": "Je préfère ne pas répondre", "BE3": "", "BE4": "N/A", "person_survey": "eve"},
    )
    assert values(built) == [
        ("BE1", "5", 5.0), ("SA1", "7", 7.0), ("TP1", "12", 12.0), ("US0", "4", 3.0),
        ("BE1", "5", 5.0), ("SA1", "10", 10.0), ("US0", "2", 1.0),
        ("BE1", "99", None), ("BE2", "99", None),
    ]  # fmt: skip
    assert told(built) == [] and built.rejected.is_empty()
    people = built.responses.select("person_survey", "team", "role").unique().sort("person_survey").rows()
    assert people == [("ada", "T1", "agent"), ("bob", "T2", "encadrant"), ("eve", None, "agent")]
    assert built.responses.filter(pl.col("item") == "TP1")["process"].to_list() == ["courriels"]


def test_an_unknown_label_is_told_with_its_place_its_count_and_the_nearest_one():
    built = build({"SO1:a": "Satisfait"}, {"SO1:a": "Tres satisfait", "person_survey": "bob"},
                  {"SO1:a": "tres satisfait", "person_survey": "eve"})  # fmt: skip
    (problem,) = [p for p in built.problems if p.rule == "unmapped_label"]
    assert (problem.file, problem.line, problem.column) == ("a.csv", 3, "SAT[A]")
    assert all(words in problem.message for words in ("'Tres satisfait'", "2 rows", "Nearest known: 'Très satisfait'"))
    assert values(built) == [("SO1", "4", 4.0)] and built.responses["tool"].to_list() == ["a"]


def test_a_column_of_something_else_is_told_once_and_not_quoted():
    built = build(*({"BE1": f"J'ai dit à Zoé que {i}", "person_survey": "ada"} for i in range(13)))
    (problem,) = [p for p in built.problems if p.rule == "unmapped_label"]
    assert problem.line == 2 and "BE1" in problem.message and "Zoé" not in str(problem)


AGES = {"items": [{"item": "AGE", "text": "a", "answers": [
    {"code": "a", "label": "1-5", "value": 1}, {"code": "b", "label": "6-25", "value": 2},
    {"code": "c", "label": "plus", "value": 3, "aliases": ["beaucoup"]},
    {"code": "d", "label": "trop", "value": 4, "aliases": ["beaucoup"]}]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("dated", "label"),
    [("25-Jun", "6-25"), ("5-Jan", "1-5"), ("01-mai", "1-5"), ("mai-01", "1-5"), ("25/06/2026", "6-25"),
     ("06/25/2026", "6-25"), ("2026-05-01 00:00:00", "1-5"), ("1.5.2026", "1-5"), ("25-juin-26", "6-25")],
)  # fmt: skip
def test_an_answer_that_a_spreadsheet_has_turned_into_a_date_is_recognised(dated: str, label: str):
    study = loaded(instruments=AGES, keep=True)
    (problem,) = [p for p in build({"AGE": dated}, study=study).problems if p.rule == "unmapped_label"]
    told = f"{dated!r} is no answer to AGE (1 row, source t0): a spreadsheet has turned {label!r} into a date"
    assert told in problem.message


def test_a_date_that_is_no_answer_and_a_spelling_of_two_answers_are_told_as_such():
    study = loaded(instruments=AGES, keep=True)
    built = build({"AGE": "26-Jun"}, {"AGE": "Beaucoup", "person_survey": "bob"}, study=study)
    first, second = sorted(p.message for p in built.problems if p.rule == "unmapped_label")
    assert "'26-Jun' is no answer" in first and "spreadsheet" not in first
    assert "'Beaucoup' is a spelling of two answers to AGE" in second and built.responses.is_empty()


def test_a_column_of_numbers_that_holds_text_is_told_once_and_sets_no_row_aside():
    words = ["souvent", "jamais", "12", "rarement", "parfois", "souvent"]
    built = build(*({"TP1:courriels": w, "BE1": "5", "submitdate": f"2026-02-0{i + 1}"} for i, w in enumerate(words)))
    (problem,) = [p for p in built.problems if p.rule == "unmapped_label"]
    assert "5 of the 6 answers in this column are no number" in problem.message and problem.line == 2
    assert problem.column == "TP1:courriels" and "souvent" not in str(problem)
    assert {r[1] for r in rules(built)} == {"duplicate_response"}


def test_every_rule_of_a_response():
    built = build(
        {"BE1": "5"},
        {"BE1": "5", "person_survey": None, "link": "none"},
        {"BE1": "5", "person_survey": None, "link": "unknown"},
        {"BE1": "5", "person_survey": "bob", "submitdate": "hier"},
        {"BE1": "5", "person_survey": "bob", "submitdate": "2026-01-25 23:59:59"},
        {"BE1": "5", "person_survey": "bob", "submitdate": "2026-06-30 00:00:00"},
        {"BE1": "5", "person_survey": "bob", "TP1:courriels": "une dizaine"},
        {"BE1": "5", "person_survey": "bob", "TP1:courriels": "201"},
        {"BE1": "5", "person_survey": "bob", "submitdate": "2026-01-26 00:00:00"},
        {"BE1": "5", "source": "t1", "source_file": "b.csv", "person_survey": None, "Team": "Équipe T9"},
        {"BE1": "5", "person_survey": None, "link": "ambiguous"},
    )
    assert rules(built) == [
        (3, "no_code", None, "set_aside"),
        (4, "unknown_person", None, "set_aside"),
        (5, "bad_date", "submitdate", "set_aside"),
        (6, "outside_study", "submitdate", "set_aside"),
        (7, "outside_study", "submitdate", "set_aside"),
        (8, "bad_number", "TP1:courriels", "set_aside"),
        (9, "bad_value", "TP1:courriels", "set_aside"),
        (12, "ambiguous_code", None, "set_aside"),
        (11, "unknown_team", "Team", "set_aside"),
    ]
    assert built.responses["source_row"].to_list() == [2, 10]


SAVED = {"submitdate": "05/02/2026 10:00"}  # 5 February, or 2 May


@pytest.mark.parametrize(
    ("other", "order", "submitted"),
    [
        ("13/02/2026 09:30", None, datetime(2026, 2, 5, 10)),
        ("02/13/2026 09:30", None, datetime(2026, 5, 2, 10)),
        ("13.02.26 9:30", None, datetime(2026, 2, 5, 10)),
        ("03/02/2026 09:30", "dmy", datetime(2026, 2, 5, 10)),
        ("2026-02-13T09:30:00Z", "dmy", datetime(2026, 2, 5, 10)),
        ("1980-01-01 00:00:00", "dmy", datetime(2026, 2, 5, 10)),
        ("01/01/1980 00:00", "dmy", datetime(2026, 2, 5, 10)),
    ],
)
def test_dates_that_a_spreadsheet_rewrote(other: str, order: str | None, submitted: datetime):
    first, second = STUDY["sources"]
    study = loaded(sources=[{**first, "date_order": order}, second])
    built = build({"BE1": "5", **SAVED}, {"BE1": "5", "submitdate": other, "person_survey": "bob"}, study=study)
    assert told(built) == [] and rules(built) == []
    assert built.responses["submitted_at"].to_list()[0] == submitted and built.responses["complete"].all()


def test_dates_that_read_two_ways_are_told_with_their_file():
    built = build({"BE1": "5", **SAVED})
    (problem,) = [p for p in built.problems if p.rule == "ambiguous_dates"]
    assert (problem.file, problem.column) == ("a.csv", "submitdate") and "date_order" in problem.action
    # A survey that records no date reads the same both ways.
    undated = build({"BE1": "5", "submitdate": "01/01/1980 00:00"})
    assert told(undated) == [] and undated.responses["submitted_at"].to_list() == [None]
    assert undated.responses["complete"].all()


def test_a_missing_value_of_r_is_no_answer_and_no_date():
    built = build({"BE1": "NA", "BE2": "5", "TP1:courriels": "NA", "submitdate": "NA"})
    assert values(built) == [("BE2", "5", 5.0)] and not built.responses["complete"].any() and told(built) == []


def test_answers_stand_in_the_order_of_the_contract():
    built = build(
        *({"person_survey": p, "source": s, "source_file": f, "TP1:courriels": "1", "SO1:a": "4", "BE1": "5", "Team": t,
           "submitdate": d}
          for p, s, f, d, t in (("eve", "t0", "a.csv", "2026-02-03", None), ("bob", "t0", "a.csv", "2026-02-03", None),
                                ("ada", "t0", "a.csv", "2026-02-03", None), (None, "t1", "b.csv", "2026-06-25", "T2"),
                                (None, "t1", "b.csv", "2026-06-25", "T1"))),
    )  # fmt: skip
    assert table("clean.responses").conform(built.responses).equals(built.responses)
    assert built.responses.select("wave", "team", "item", "source_row").rows() == [
        ("T0", "T1", "BE1", 4), ("T0", "T1", "SO1", 4), ("T0", "T1", "TP1", 4),
        ("T0", "T2", "BE1", 3), ("T0", "T2", "SO1", 3), ("T0", "T2", "TP1", 3),
        ("T0", None, "BE1", 2), ("T0", None, "SO1", 2), ("T0", None, "TP1", 2),
        ("T1", "T1", "BE1", 6), ("T1", "T1", "SO1", 6), ("T1", "T1", "TP1", 6),
        ("T1", "T2", "BE1", 5), ("T1", "T2", "SO1", 5), ("T1", "T2", "TP1", 5),
    ]  # fmt: skip


def test_the_last_complete_response_of_a_person_counts():
    built = build(
        {"BE1": "1", "submitdate": "2026-02-05 10:00:00"},  # kept: the latest that was submitted
        {"BE1": "2", "submitdate": "2026-02-04 10:00:00"},
        {"BE1": "3", "submitdate": ""},
        {"BE1": "4", "submitdate": "", "person_survey": "bob"},
        {"BE1": "5", "submitdate": "", "person_survey": "bob"},  # kept: none was submitted, this is the last line
        {"BE1": "5", "person_survey": "eve", "submitdate": "1980-01-01 00:00:00"},
        {"BE1": "0", "person_survey": "eve", "submitdate": "1980-01-01 00:00:00"},  # kept
        {"BE1": "9", "person_survey": None},  # refused for another reason: no duplicate of anything
    )
    assert [(r[0], r[1], r[3]) for r in rules(built)] == [
        (3, "duplicate_response", "duplicate"), (4, "duplicate_response", "duplicate"),
        (5, "duplicate_response", "duplicate"), (7, "duplicate_response", "duplicate"),
        (9, "unknown_person", "set_aside"),
    ]  # fmt: skip
    kept = built.responses.select("source_row", "value_number", "complete", "submitted_at").sort("source_row").rows()
    assert kept == [(2, 1.0, True, datetime(2026, 2, 5, 10)), (6, 5.0, False, None), (8, 0.0, True, None)]


def test_a_survey_nobody_is_linked_in():
    built = build(
        *({"source": "t1", "source_file": "b.csv", "person_survey": None, "link": "none", "Team": team,
           "submitdate": None, "BE1": "3"} for team in ("T1", "équipe t2", None)),
    )  # fmt: skip
    assert built.rejected.is_empty() and built.accepted["rows"].sum() == 3
    assert built.responses.sort("source_row")["team"].to_list() == ["T1", "T2", None]
    assert built.responses["person_survey"].n_unique() == 3 and set(built.responses["role"]) == {"agent"}
    # The file has no submit date at all: whoever exported it chose the responses that count.
    assert built.responses["complete"].all()
    again = build({"source": "t1", "source_file": "b.csv", "person_survey": None, "submitdate": None, "BE1": "0"})
    assert again.responses["person_survey"].item() in built.responses["person_survey"].to_list()


def test_a_wave_nobody_answered_is_told_once_it_is_closed():
    (problem,) = build({"BE1": "5"}, study=loaded(calendar={**STUDY["calendar"], "as_of": "2026-07-05"})).problems
    assert problem.rule == "empty_wave" and "T1" in problem.message
    assert build({"BE1": "5"}).problems == []  # still open on the day the data are read as of


def test_a_study_without_questionnaires_has_empty_tables():
    study = loaded(sources=[], waves=[])
    built = build_responses(table("raw.limesurvey").empty(), registers(), study)
    assert built.responses.is_empty() and built.rejected.is_empty() and built.accepted.is_empty() and not built.problems
    assert dict(built.responses.schema) == table("clean.responses").polars_schema


def test_scales_and_single_items_are_scored_on_their_own_range():
    scored = scale_items(loaded().study)
    assert dict(scored.schema) == table("clean.scale_items").polars_schema
    assert scored.select("scale", "item").is_unique().all()
    rows = scored.rows_by_key("scale", named=True)
    assert [(r["item"], r["minimum"], r["maximum"], r["out_maximum"], r["n_items"]) for r in rows["wellbeing"]] == [
        (f"BE{i}", 0.0, 5.0, 100.0, 5) for i in range(1, 6)]  # fmt: skip
    assert rows["PU5"][0]["out_minimum"] == -2 and rows["PU5"][0]["out_maximum"] == 2 and rows["PU5"][0]["n_items"] == 1
    assert rows["TP2"][0]["maximum"] == 1440 and "OV1" not in rows
    assert rows["dh7"][0]["reversed"] and rows["BE1"][0]["sensitive"] and not rows["SO1"][0]["sensitive"]

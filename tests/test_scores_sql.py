"""model.scores: half rule, reversed items, rescaling, and who is scored."""

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.contracts import table

SQL = Path(__file__).parents[1] / "pipelines" / "sql" / "scores.sql"
KNOWN = Path(__file__).parent / "known_answers"
EXPECTED = json.loads((Path(__file__).parent / "known_answers_questionnaires" / "expected_R.json").read_text("utf-8"))


def scores(responses: list[dict], scale_items: list[dict]) -> pl.DataFrame:
    """model.scores of these rows; columns not given take the value nothing depends on."""
    answer = {"team": "E1", "role": "agent", "wave": "T0", "process": None, "tool": None, "value_code": "x",
              "submitted_at": None, "complete": True, "source_file": "q.csv", "source_row": 1}  # fmt: skip
    key = {"minimum": 0.0, "maximum": 5.0, "reversed": False, "out_minimum": 0.0, "out_maximum": 100.0, "n_items": 1,
           "sensitive": False}  # fmt: skip
    frames = {
        "responses": pl.DataFrame([answer | r for r in responses], schema=table("clean.responses").polars_schema),
        "scale_items": pl.DataFrame([key | s for s in scale_items], schema=table("clean.scale_items").polars_schema),
    }
    con = duckdb.connect()
    con.execute("create schema clean")
    for name, frame in frames.items():
        con.register("frame", frame)
        con.execute(f"create table clean.{name} as from frame")
    return table("model.scores").conform(con.sql(SQL.read_text("utf-8")).pl())


def answers(person: str, values: dict[str, float | None], **more) -> list[dict]:
    return [{"person_survey": person, "item": item, "value_number": v, **more} for item, v in values.items()]


def scale(name: str, items: list[str], **more) -> list[dict]:
    return [{"scale": name, "item": item, "n_items": len(items), **more} for item in items]


def test_the_half_rule_needs_half_of_the_items_and_a_refusal_is_no_answer():
    three = scale("s", ["A", "B", "C"])
    refused = answers("refused", {"A": 5.0, "B": None, "C": None})
    got = scores(answers("two", {"A": 5.0, "B": 2.0}) + answers("one", {"A": 5.0}) + refused, three)
    by = {r["person_survey"]: (r["n_answered"], r["score"]) for r in got.iter_rows(named=True)}
    # 2 of 3 answered: mean of 1 and 0.4 = 70 of 100; 1 of 3 is under half
    assert by == {"two": (2, pytest.approx(70.0)), "one": (1, None), "refused": (1, None)}


def test_two_of_four_is_half():
    got = scores(answers("p", {"A": 1.0, "B": 2.0}), scale("s", ["A", "B", "C", "D"]))
    assert got["score"].to_list() == [pytest.approx(30.0)]


def test_reversed_items_and_the_range_of_the_scale():
    # items 1-4: A = 4 -> 1, B = 4 reversed -> 0; mean .5 of 0-10 = 5
    key = scale("s", ["A", "B"], minimum=1.0, maximum=4.0, out_maximum=10.0)
    key[1]["reversed"] = True
    assert scores(answers("p", {"A": 4.0, "B": 4.0}), key)["score"].to_list() == [5.0]


def test_an_item_alone_keeps_its_own_range():
    key = scale("SO1", ["SO1"], minimum=1.0, maximum=5.0, out_minimum=1.0, out_maximum=5.0)
    got = scores(answers("p", {"SO1": 4.0}, tool="a") + answers("p", {"SO1": 2.0}, tool="b"), key)
    assert got.select("tool", "score").rows() == [("a", 4.0), ("b", 2.0)]


def test_an_unfinished_questionnaire_counts_only_if_the_team_is_known():
    key = scale("s", ["A"])
    known = answers("known", {"A": 5.0}, complete=False)
    unknown = answers("unknown", {"A": 5.0}, complete=False, team=None)
    finished = answers("finished", {"A": 5.0}, team=None)
    got = scores(known + unknown + finished, key)
    assert set(got["person_survey"]) == {"known", "finished"}


def test_supervisors_are_scored_with_their_role():
    got = scores(answers("chef", {"A": 5.0}, role="encadrant"), scale("s", ["A"]))
    assert got.select("role", "score").rows() == [("encadrant", 100.0)]


def test_who5_scores_of_the_reference():
    raw = pl.read_csv(KNOWN / "ka3_questionnaire.csv").filter(pl.col("wave") == 0)
    items = ["w1", "w2", "w3", "w4", "w5"]
    long = raw.unpivot(items, index="person", variable_name="item", value_name="value").drop_nulls()
    rows = [{"person_survey": str(p), "item": i, "value_number": float(v)} for p, i, v in long.iter_rows()]
    got = scores(rows, scale("wellbeing", items))
    expected = {p: s for p, s in EXPECTED["ka3"]["scores0"].items() if s is not None}
    found = {r["person_survey"]: r["score"] for r in got.drop_nulls("score").iter_rows(named=True)}
    assert found == pytest.approx(expected)
    assert got.filter(pl.col("person_survey") == "205")["score"].to_list() == [None]

"""Levels asked once: means and shares of the programme, of tools, of processes; by hand."""

import importlib
import math
from datetime import date

import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.decisions.evidence import Evidence, evidence_of
from pipelines.disclosure import disclose_estimates
from pipelines.indicators import (
    expectation,
    new_tasks,
    recommendation,
    umux_lite,
    verification,
    wish_to_continue,
)
from pipelines.indicators.base import Inputs
from tests.test_changes import processes
from tests.test_questionnaires import SINGLE, STUDY, frame, score, teams
from tests.test_reliability import answers, key

LEVELS = {"umux_lite": "umux_lite", "recommendation": "SO2", "wish_to_continue": "SO3", "new_tasks": "TN1",
          "verification": "VE1", "expectation": "AT1"}  # fmt: skip


def tables(
    rows: list[dict], deployed: dict[str, str] | None = None, ends: tuple[float, float] = (0.0, 10.0)
) -> dict[str, pl.DataFrame]:
    """`rows` of model.scores in six teams; `deployed`: team -> tool."""
    scale = rows[0]["scale"] if rows else "none"
    live = [{"team": t, "tool": k} for t, k in (deployed or {}).items()]
    return {
        "model.scores": frame("model.scores", rows) if rows else table("model.scores").empty(),
        "clean.teams": teams(*(f"E{t}" for t in range(6))),
        "clean.processes": processes("a", "b"),
        "clean.tools": frame("clean.tools", [{"tool": k} for k in "xyz"], label="l", **{
            f"compliance_{c}": "conforme" for c in ("transfers", "training", "processor", "sensitive")}),
        "clean.scale_items": frame("clean.scale_items", [{"minimum": ends[0], "maximum": ends[1]}], scale=scale,
            item=scale, reversed=False, out_minimum=ends[0], out_maximum=ends[1], n_items=1, sensitive=False),
        "clean.deployments": frame("clean.deployments", live, process="a", go_live=date(2026, 3, 2)) if live
            else table("clean.deployments").empty(),
    }  # fmt: skip


def said(values: dict[str, list[float | None]], scale: str, wave: str = "T1", **more: object) -> list[dict]:
    """team -> what each of its people answered."""
    return [score(f"{t}.{i}", t, wave, scale, v, **more) for t, given in values.items() for i, v in enumerate(given)]


def whole(got: pl.DataFrame) -> dict[str, dict]:
    return {r["estimand"]: r for r in got.filter(pl.col("scope") == "programme").iter_rows(named=True)}


def test_a_mean_over_people_of_the_mean_over_their_tools():
    rows = said({"E0": [8.0], "E1": [6.0]}, "SO2", tool="x") + said({"E0": [4.0]}, "SO2", tool="y")
    got = whole(recommendation.compute(Inputs(STUDY, tables(rows))))["mean"]
    # 6 (of 8 and 4) and 6: refits 6 and 6
    assert (got["estimate"], got["reason"], got["n_persons"], got["unit"]) == (6.0, "variance_nulle", 2, "points")
    other = said({"E0": [8.0, 9.0], "E1": [6.0]}, "SO2", tool="x")
    got = whole(recommendation.compute(Inputs(STUDY, tables(other))))["mean"]
    # mean 23/3, refits 6 and 8.5: se = sqrt(1/2 x ...) x 2; the bounds stop at the ends of the scale
    se = math.sqrt(0.5 * ((6 - 23 / 3) ** 2 + (8.5 - 23 / 3) ** 2)) * 2
    assert got["se"] == pytest.approx(se) and (got["ci_low"], got["ci_high"]) == (0.0, 10.0)


def test_tools_are_drawn_toward_each_other_and_hold_only_teams_that_have_them():
    deployed = dict(zip((f"E{t}" for t in range(6)), "xyzxyz", strict=True))
    level = {"x": 8.0, "y": 5.0, "z": 6.0}
    rows = [r for t, k in deployed.items() for r in said({t: [level[k] - 1, level[k] + int(t[1]) / 5]}, "SO2", tool=k)]
    rows += said({"E0": [0.0]}, "SO2", tool="z")  # a tool its team does not have
    got = recommendation.compute(Inputs(STUDY, tables(rows, deployed)))
    by_tool = got.filter(pl.col("scope") == "tool")
    assert by_tool["scope_key"].to_list() == ["x", "y", "z"] and by_tool["n_persons"].to_list() == [4, 4, 4]
    raw = [(2 * level[k] - 1 + sum(int(t[1]) for t, tool in deployed.items() if tool == k) / 10) / 2 for k in "xyz"]
    pooled = by_tool["estimate"].to_list()
    assert raw[1] < pooled[1] < pooled[2] < pooled[0] < raw[0]
    assert set(by_tool["G"]) == {6} and set(by_tool["model_id"]) == {"moyenne_regle_t"}


def test_who_has_no_opinion_does_not_wish_to_continue():
    # 3 continue, 2 on condition, 1 stop, null no opinion
    rows = said({"E0": [3.0, 2.0, None], "E1": [3.0, 1.0]}, "SO3", tool="x")
    got = whole(wish_to_continue.compute(Inputs(STUDY, tables(rows))))
    assert got["share_continue"]["estimate"] == pytest.approx(60.0)
    assert got["share_continue_unconditional"]["estimate"] == pytest.approx(40.0)
    assert got["share_continue"]["n_persons"] == 5


def test_new_tasks_and_the_useful_ones():
    rows = said({"E0": [0.0, 1.0, 2.0], "E1": [2.0]}, "TN1")
    got = new_tasks.compute(Inputs(STUDY, tables(rows)))
    shares = {name: row["estimate"] for name, row in whole(got).items()}
    assert shares == {"share_new": pytest.approx(75.0), "share_new_useful": pytest.approx(50.0)}
    assert set(got["scope"]) == {"programme"}  # not asked tool by tool


@pytest.mark.parametrize(("not_checking", "status"), [(0, "suppressed"), (9, "suppressed"), (10, "published")])
def test_few_people_who_do_not_check_are_not_shown(not_checking: int, status: str):
    values = [1.0 if i < not_checking else 3.0 + i % 2 for i in range(30)]
    rows = said({f"E{t}": values[t::6] for t in range(6)}, "VE1")
    got = verification.compute(Inputs(STUDY, tables(rows, ends=(1.0, 4.0))))
    row = got.row(0, named=True)
    assert row["estimate"] == pytest.approx(100 * (30 - not_checking) / 30) and row["n_minority"] == not_checking
    decided = frame("indicators.decisions", got.to_dicts())
    assert disclose_estimates(decided, STUDY)["disclosure_status"].item() == status


def test_expectations_are_those_of_the_first_questionnaire_process_by_process():
    rows = said({"E0": [2.0, 1.0], "E1": [0.0]}, "AT1", "T0", process="a")
    rows += said({"E0": [-1.0]}, "AT1", "T0", process="b") + said({"E0": [-3.0]}, "AT1", "T1", process="a")
    got = expectation.compute(Inputs(STUDY, tables(rows, ends=(-3.0, 3.0))))
    by = {r["scope_key"]: r for r in got.iter_rows(named=True)}
    assert sorted(by) == ["a", "b", "programme"]
    # E0.0 said 2 and -1: 0.5; then 1 and 0
    assert by["programme"]["estimate"] == pytest.approx(0.5) and by["a"]["estimate"] == pytest.approx(1.0)
    assert (by["b"]["estimate"], by["b"]["reason"]) == (-1.0, "une_seule_equipe")
    assert by["a"]["window_end"] == date(2026, 2, 14)


def test_umux_lite_is_withheld_when_its_two_items_disagree():
    given = {"UX1": [1.0 + i % 7 for i in range(36)], "UX2": [7.0 - i % 7 + (i % 5 == 0) * (i % 7) for i in range(36)]}
    rows = [score(f"p{i}", f"E{i % 6}", "T1", "umux_lite", 40.0 + i, tool="x") for i in range(36)]
    agree = tables(rows) | {"clean.scale_items": key("umux_lite", dict.fromkeys(given, False), high=7.0)}
    assert whole(umux_lite.compute(Inputs(STUDY, agree)))["mean"]["estimate"] == pytest.approx(57.5)
    got = umux_lite.compute(Inputs(STUDY, agree | {"clean.responses": answers(given, "T1")}))
    assert set(got["reason"]) == {"fidelite_insuffisante"} and got["estimate"].null_count() == got.height


@pytest.mark.parametrize("name", LEVELS)
def test_every_row_is_there_with_its_reason(name: str):
    module, scale = importlib.import_module(f"pipelines.indicators.{name}"), LEVELS[name]
    wave = "T0" if name == "expectation" else "T1"
    equal = tables(said({f"E{t}": [3.0, 3.0] for t in range(6)}, scale, wave))
    alone = tables(said({"E0": [3.0, 1.0, 2.0]}, scale, wave))
    for study, given, reasons in (
        (STUDY, {}, {"non_mesure"}), (STUDY, tables([]), {"non_mesure"}), (STUDY, equal, {"variance_nulle"}),
        (STUDY, alone, {"une_seule_equipe"}), (SINGLE, {}, {"non_mesure"}),
    ):  # fmt: skip
        got = module.compute(Inputs(study, given))
        assert set(got.filter(pl.col("scope") == "programme")["reason"]) == reasons
        assert not got.is_empty() and got["ci_low"].null_count() == got["ci_high"].null_count() == got.height


def test_the_evidence_of_a_level_is_that_of_who_answered():
    people = [{"person_survey": f"E{t}.{i}", "team": f"E{t}", "role": "agent"} for t in range(6) for i in range(5)]
    rows = said({f"E{t}": [5.0, 6.0, 7.0] for t in range(6)}, "SO2", tool="x")
    given = tables(rows, {f"E{t}": "x" for t in range(6)}) | {
        "clean.people_survey": frame("clean.people_survey", people)
    }
    assert evidence_of("recommendation", Inputs(STUDY, given)) == Evidence("B", "repondants_60")
    assert evidence_of("wish_to_continue", Inputs(STUDY, given)) == Evidence("D", "aucune_mesure")
    # a scale of the study's own, asked at the end only
    own = given | {"model.scores": given["model.scores"].with_columns(scale=pl.lit("own"))}
    assert evidence_of("own", Inputs(STUDY, own)) == Evidence("B", "repondants_60")

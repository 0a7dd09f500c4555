"""Companions of a change between two questionnaires: against R, by hand, and rows that exist whatever was answered."""

import importlib
import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.estimators.change import (
    net_share_up,
    paired_change,
    spread_of_scores,
    tipping_point,
    weighted_change,
)
from pipelines.estimators.house_interval import interval_of, jackknife
from pipelines.estimators.logit import probabilities
from pipelines.indicators import irritation, self_efficacy, wellbeing
from pipelines.indicators.base import Inputs
from tests.test_questionnaires import STUDY, frame, ka3_wide, score, teams, wellbeing_tables

KA3 = json.loads((Path(__file__).parent / "known_answers" / "expected_R.json").read_text("utf-8"))["ka3"]
CHANGES = ("wellbeing", "job_satisfaction", "qvct", "irritation", "workload", "self_efficacy")
SCALES = ("wellbeing", "job_satisfaction", "qvct", "IR1", "workload", "self_efficacy", "AE1", "AE1R")


def people(*rows: tuple[float, float | None], team: str = "E1") -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"before": pl.Float64, "after": pl.Float64}, orient="row").with_columns(
        team=pl.lit(team)
    )


def test_the_reference():
    wide = ka3_wide()
    assert paired_change(wide) == pytest.approx(KA3["mean_change"], abs=1e-9)
    assert weighted_change(wide) == pytest.approx(KA3["ipw"], abs=1e-9)
    size = paired_change(wide) / spread_of_scores(wide)
    assert size == pytest.approx(KA3["d_av"] * KA3["hedges_J"], abs=1e-9)


def test_the_logit_solves_its_equations():
    # At the maximum of the likelihood the residuals sum to zero, alone and times the score.
    score_, answered = np.array([10.0, 20, 30, 40, 50, 60]), np.array([False, True, False, True, True, False])
    p = probabilities(score_, answered)
    assert [(answered - p).sum(), ((answered - p) * score_).sum()] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert len(set(p)) == 6


@pytest.mark.parametrize(
    ("score_", "answered", "expected"),
    [
        ([1.0, 2.0, 3.0], [True, True, True], [1.0, 1.0, 1.0]),
        ([5.0, 5.0, 5.0, 5.0], [True, False, False, False], [0.25] * 4),
        ([1.0, 2.0, 3.0, 4.0], [False, False, True, True], None),  # separated
        ([1.0, 2.0, 2.0, 3.0], [True, True, False, False], None),  # but for a tie at the border
    ],
    ids=["all answered", "one score for all", "separated", "separated but for a tie"],
)
def test_what_the_scores_cannot_tell(score_: list[float], answered: list[bool], expected: list[float] | None):
    found = probabilities(np.array(score_), np.array(answered))
    assert found is None if expected is None else found.tolist() == expected


def test_a_weight_is_five_at_most():
    # 1 of 20 who started at 0 came back, 19 of 20 who started at 1: chances .05 and .95, mean .5. Weights .5/.05 = 10,
    # cut to 5, and .5/.95; they changed by +10 and 0.
    rows = [(0.0, 10.0)] + [(0.0, None)] * 19 + [(1.0, 1.0)] * 19 + [(1.0, None)]
    assert weighted_change(people(*rows)) == pytest.approx(5 * 10 / (5 + 19 * 0.5 / 0.95))


def test_weighted_change_without_a_weight():
    everybody = people((10.0, 20.0), (50.0, 52.0))
    assert weighted_change(everybody) == pytest.approx(6.0) == paired_change(everybody)
    assert weighted_change(people((10.0, 20.0), (50.0, None))) is None  # separated
    assert weighted_change(people((10.0, None), (50.0, None))) is None
    assert paired_change(people((10.0, None))) is None


def test_tipping_point_by_hand():
    # 20 people, 5 missing: 16 points lower for them are 4 for all, and the bound goes from -1 to -5
    assert tipping_point(-1.0, -5.0, 20, 5) == pytest.approx(16.0)
    assert tipping_point(-6.0, -5.0, 20, 5) == pytest.approx(-4.0)


def test_size_of_effect_by_hand():
    # variances 1 and 1 (10, 11, 12 -> 12, 11, 13): root of their mean 1, J = 1 - 3/7 with three pairs
    three = people((10.0, 12.0), (11.0, 11.0), (12.0, 13.0), (90.0, None))
    assert spread_of_scores(three) == pytest.approx(1 / (1 - 3 / 7))
    assert spread_of_scores(three.head(2)) is None
    assert spread_of_scores(people(*[(5.0, 6.0)] * 4)) is None


def test_part_in_rise_less_part_in_fall_by_hand():
    # up, up, down, equal but for the order in which items were added, missing: (2 - 1) / 4
    noisy = people((1.0, 2.0), (1.0, 3.0), (4.0, 1.0), (0.3, 0.1 + 0.2), (1.0, None))
    assert net_share_up(noisy) == pytest.approx(25.0)
    assert net_share_up(people((1.0, None))) is None


def by_estimand(got: pl.DataFrame, scope: str = "programme") -> dict[str, dict]:
    return {r["estimand"]: r for r in got.filter(pl.col("scope") == scope).iter_rows(named=True)}


def test_companions_of_well_being():
    got = by_estimand(wellbeing.compute(Inputs(STUDY, wellbeing_tables())))
    assert list(got) == ["change", "change_paired", "change_weighted", "effect_size", "net_up", "tipping_point"]
    paired, wide = got["change_paired"], ka3_wide()
    assert (paired["ci_low"], paired["ci_high"]) == pytest.approx(KA3["ci_house"], abs=1e-8)
    spread = spread_of_scores(wide)
    size = [got["effect_size"][c] for c in ("estimate", "ci_low", "ci_high")]
    assert size == pytest.approx([paired[c] / spread for c in ("estimate", "ci_low", "ci_high")])
    # the logit is fitted again without each team
    interval = interval_of(jackknife(wide, weighted_change))
    assert got["change_weighted"]["ci_low"] == pytest.approx(interval.low)
    assert got["tipping_point"]["estimate"] == pytest.approx((got["change"]["ci_low"] + 5) * 20 / 4)
    assert (got["tipping_point"]["ci_low"], got["tipping_point"]["reason"]) == (None, "descriptif")
    assert got["tipping_point"]["n_minority"] == 4  # it tells how many did not answer again
    # ups and downs of the sixteen pairs, counted from the scores
    steps = wide.drop_nulls().select((pl.col("after") - pl.col("before")).round(9).sign()).to_series()
    assert got["net_up"]["estimate"] == pytest.approx(100 * steps.mean())
    assert {r["threshold"] for name, r in got.items() if name != "change"} == {None}
    assert got["net_up"]["unit"] == "%" and got["effect_size"]["unit"] == "sd"


def test_nothing_tips_when_everybody_answered_again():
    tables = wellbeing_tables()
    last = tables["model.scores"].filter(pl.col("wave") == "T1")["person_survey"]
    tables["model.scores"] = tables["model.scores"].filter(pl.col("person_survey").is_in(last.implode()))
    got = by_estimand(wellbeing.compute(Inputs(STUDY, tables)))
    assert (got["tipping_point"]["estimate"], got["tipping_point"]["reason"]) == (None, "tous_ont_repondu")
    assert got["change_weighted"]["estimate"] == pytest.approx(got["change_paired"]["estimate"])


def processes(*codes: str, witness: str = "temoin") -> pl.DataFrame:
    rows = [{"process": c, "witness": c == witness} for c in (*codes, witness)]
    return frame("clean.processes", rows, label="x", family="f")


def test_irritation_by_process_by_hand():
    def said(p: str, team: str, wave: str, process: str, value: float) -> dict:
        return score(p, team, wave, "IR1", value, process=process)

    rows = []
    for i in range(6):  # six people in three teams; from 4..9 to two less on a, unchanged on b
        p, team = f"p{i}", f"E{i % 3}"
        rows += [said(p, team, "T0", "a", 4.0 + i), said(p, team, "T0", "b", 3.0 + i % 3)]
        rows += [said(p, team, "T1", "a", 2.0 + i + (i == 0))]
        rows += [said(p, team, "T1", "b", 3.0 + i % 3)] if i else []
    tables = {
        "model.scores": frame("model.scores", rows), "clean.teams": teams("E0", "E1", "E2"),
        "clean.processes": processes("a", "b", "never"),
    }  # fmt: skip
    got = irritation.compute(Inputs(STUDY, tables))
    assert got.filter(pl.col("estimand") == "change")["scope_key"].to_list() == ["a", "b", "never", "programme"]
    at = {(r["scope_key"], r["estimand"]): r for r in got.iter_rows(named=True)}
    a = at["a", "change"]
    assert a["estimate"] == pytest.approx((-2.0 * 5 - 1.0) / 6)
    assert (a["n_persons"], a["n_obs"], a["n_obs_read"], a["G"], a["direction"]) == (6, 6, 6, 3, "lower")
    assert a["ci_low"] < a["estimate"] < a["ci_high"]
    assert at["a", "net_up"]["estimate"] == -100.0 and at["a", "net_up"]["unanimous"]
    b = at["b", "change"]
    assert (b["estimate"], b["reason"]) == (pytest.approx(0.0), "variance_nulle") and b["n_obs"] == 5
    # eleven answers of six people; nobody answered about the last process of the register
    assert (at["programme", "change"]["n_persons"], at["programme", "change"]["n_obs"]) == (6, 11)
    assert at["programme", "net_up"]["estimate"] == pytest.approx(-100 * 6 / 11)
    assert (at["never", "change"]["estimate"], at["never", "change"]["reason"]) == (None, "non_mesure")


def test_then_test_by_hand():
    # Started at 6, now 8, and looking back they would have said 4: 4 gained, and a shift of -2.
    start, now, back = (6.0, 7.0, 5.0), (8.0, 8.0, 8.0), (4.0, 4.0, 5.0)
    rows = [
        score(f"p{i}", f"E{i}", wave, scale, values[i])
        for wave, scale, values in (("T0", "AE1", start), ("T1", "AE1", now), ("T1", "AE1R", back)) for i in range(3)
    ]  # fmt: skip
    tables = {"model.scores": frame("model.scores", rows), "clean.teams": teams("E0", "E1", "E2")}
    got = by_estimand(self_efficacy.compute(Inputs(STUDY, tables)))
    assert got["change_then_test"]["estimate"] == pytest.approx(11 / 3)
    assert got["response_shift"]["estimate"] == pytest.approx(-5 / 3)
    # mean of -2, -3, 0; refits -1.5, -1, -2.5
    refits = [-1.5, -1.0, -2.5]
    se = math.sqrt(2 / 3 * sum((r + 5 / 3) ** 2 for r in refits)) * 3 / 2
    assert got["response_shift"]["se"] == pytest.approx(se)
    assert got["change"]["reason"] == "non_mesure"


def both_waves(value, n_teams: int = 6, last: str = "T1") -> pl.DataFrame:
    rows = [
        score(f"p{i}", f"E{i % n_teams}", w, s, value(i, w), process="a" if s in ("IR1", "workload") else None)
        for s in SCALES for i in range(12) for w in ("T0", last)
    ]  # fmt: skip
    return frame("model.scores", rows)


HARD = {
    "nothing at all": {},
    "teams and no answer": {"model.scores": table("model.scores").empty()},
    "one wave": {"model.scores": both_waves(lambda i, w: 5.0 + i % 4, last="P1")},
    "all equal": {"model.scores": both_waves(lambda i, w: 5.0)},
    "one team": {"model.scores": both_waves(lambda i, w: 5.0 + i * i % 5 + (w == "T1") * (i % 5), n_teams=1)},
    "two teams": {"model.scores": both_waves(lambda i, w: 5.0 + i * i % 5 + (w == "T1") * (i % 5), n_teams=2)},
    "another code at the end": {"model.scores": both_waves(lambda i, w: 5.0 + i % 4).with_columns(
        person_survey=pl.col("person_survey") + pl.col("wave"))},
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("case", HARD)
def test_every_row_is_there_with_its_reason(name: str, case: str):
    module = importlib.import_module(f"pipelines.indicators.{name}")
    usual = {"clean.teams": teams(*(f"E{j}" for j in range(6))), "clean.processes": processes("a", "b")}
    got = module.compute(Inputs(STUDY, usual | HARD[case] if HARD[case] else {}))
    whole = by_estimand(got)
    assert {"change", "net_up"} <= set(whole)
    assert got["n_persons"].null_count() == 0 and got["model_id"].null_count() == 0
    without = got.filter(pl.col("ci_low").is_null() | pl.col("ci_high").is_null())
    assert without["reason"].null_count() == 0
    assert without["ci_low"].null_count() == without["ci_high"].null_count() == without.height
    assert got.filter(pl.col("ci_low") >= pl.col("ci_high")).is_empty()
    expected = {
        "nothing at all": {"non_mesure"}, "teams and no answer": {"non_mesure"}, "one wave": {"non_mesure"},
        "all equal": {"non_estimable"}, "one team": {"une_seule_equipe"}, "two teams": {None},
        "another code at the end": {"non_apparie"},
    }  # fmt: skip
    assert whole["change"]["reason"] in expected[case]
    assert (whole["change"]["estimate"] is None) == (case not in ("one team", "two teams"))


def test_the_window_runs_from_the_first_questionnaire_to_the_last():
    got = by_estimand(irritation.compute(Inputs(STUDY, {})))
    assert (got["change"]["window_start"], got["change"]["window_end"]) == (date(2026, 2, 2), date(2026, 6, 27))

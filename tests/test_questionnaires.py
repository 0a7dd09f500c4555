"""Well-being, satisfaction, distributions, participation: by hand and against R."""

import json
import math
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.estimators.change import adjusted_change, changes_by, slope
from pipelines.estimators.house_interval import jackknife
from pipelines.estimators.share import percent, person_values, shares_by, wilson
from pipelines.indicators import distributions, job_satisfaction, participation, satisfaction, wellbeing
from pipelines.indicators.base import Inputs
from pipelines.study.load import house_instruments
from pipelines.study.models import Calendar, Study, Wave

HERE = Path(__file__).parent
KA3 = json.loads((HERE / "known_answers_questionnaires" / "expected_R.json").read_text("utf-8"))["ka3"]
CALENDAR = Calendar(
    measurement_start=date(2026, 2, 2), measurement_end=date(2026, 6, 29), as_of=date(2026, 7, 3)
)  # fmt: skip
T0 = Wave(wave="T0", label="avant", role="baseline", opens=date(2026, 2, 2), closes=date(2026, 2, 13))
T1 = Wave(wave="T1", label="après", role="end", opens=date(2026, 6, 15), closes=date(2026, 6, 26))
STUDY = Study(
    study="essai", title="Essai", organisation="Valombre", calendar=CALENDAR, waves=(T0, T1),
    distributions=("SO1",), instruments=house_instruments(),
)  # fmt: skip
SINGLE = STUDY.model_copy(update={"waves": (T0.model_copy(update={"role": "single"}),)})


def frame(name: str, rows: list[dict], **common: object) -> pl.DataFrame:
    return table(name).conform(pl.DataFrame([common | r for r in rows], schema_overrides=table(name).polars_schema))


def score(person: str, team: str | None, wave: str, scale: str, value: float | None, **more: object) -> dict:
    return {"person_survey": person, "team": team, "role": "agent", "wave": wave, "scale": scale, "process": None,
            "tool": None, "n_answered": 1, "score": value, "complete": True} | more  # fmt: skip


def teams(*codes: str, family: str = "F1") -> pl.DataFrame:
    return frame("clean.teams", [{"team": c, "family": family} for c in codes], label="x", service="x", headcount=9)


def ka3_people() -> pl.DataFrame:
    raw = pl.read_csv(HERE / "known_answers" / "ka3_questionnaire.csv")
    items = ["w1", "w2", "w3", "w4", "w5"]
    known = pl.sum_horizontal(pl.col(i).is_not_null() for i in items)
    scored = raw.with_columns(pl.when(known >= 3).then(20 * pl.mean_horizontal(items)).alias("score"))
    return scored.select("person", "team", "wave", "score").drop_nulls("score")


def ka3_wide() -> pl.DataFrame:
    people = ka3_people()
    first = people.filter(pl.col("wave") == 0).select("person", "team", before="score")
    return first.join(people.filter(pl.col("wave") == 1).select("person", after="score"), on="person", how="left")


def test_adjusted_change_and_its_jackknife_agree_with_r():
    estimate, deleted = jackknife(ka3_wide(), adjusted_change)
    assert estimate == pytest.approx(KA3["baseline_adjusted"], abs=1e-9)
    error = math.sqrt(5 / 6 * sum((b - estimate) ** 2 for b in deleted.values()))
    assert error == pytest.approx(KA3["baseline_adjusted_se_std"], abs=1e-9)


def test_change_by_hand():
    # Paired: 40 -> 50 and 60 -> 60: slope .5, means 50 -> 55; one at 80 did not come back, so mean_o = 60.
    people = pl.DataFrame({"team": ["a", "a", "b"], "before": [40.0, 60.0, 80.0], "after": [50.0, 60.0, None]})
    assert slope(people) == pytest.approx(0.5)
    assert adjusted_change(people) == pytest.approx(55 + 0.5 * (60 - 50) - 60)
    # One pair per team would leave no variance within teams; here team a: s2 = 50, v = 50/2; team b has no pair.
    assert changes_by(people, "team", 0.5).rows() == [("a", pytest.approx(5.0), pytest.approx(25.0))]


@pytest.mark.parametrize("after", [[None, None], [50.0, 60.0]], ids=["nobody came back", "all started equal"])
def test_no_slope_no_change(after: list[float | None]):
    columns = {"team": ["a", "b"], "before": [50.0, 50.0], "after": after}
    people = pl.DataFrame(columns, schema_overrides={"after": pl.Float64})
    assert slope(people) is None and adjusted_change(people) is None


def wellbeing_tables() -> dict[str, pl.DataFrame]:
    """The people of KA3 as model.scores, a supervisor among them, teams in two families, two tools."""
    rows = [score(str(p), f"E{t}", f"T{w}", "wellbeing", s) for p, t, w, s in ka3_people().iter_rows()]
    rows += [score("chef", "E1", w, "wellbeing", v, role="encadrant") for w, v in (("T0", 0.0), ("T1", 100.0))]
    deployed = [{"team": f"E{j}", "tool": "a" if j <= 3 else "b"} for j in range(1, 6)]
    families = [teams("E1", "E2", "E3"), teams("E4", "E5", family="F2"), teams("E6", family="F3")]
    return {
        "model.scores": frame("model.scores", rows),
        "clean.teams": pl.concat(families),
        "clean.tools": frame("clean.tools", [{"tool": "a"}, {"tool": "b"}], label="x", **{
            f"compliance_{c}": "conforme" for c in ("transfers", "training", "processor", "sensitive")}),
        "clean.deployments": frame("clean.deployments", deployed, process="c", go_live=date(2026, 3, 2)),
    }  # fmt: skip


def test_wellbeing_rows_of_every_level():
    got = wellbeing.compute(Inputs(STUDY, wellbeing_tables()))
    whole = got.filter(pl.col("scope") == "programme").row(0, named=True)
    assert whole["estimate"] == pytest.approx(KA3["baseline_adjusted"], abs=1e-9)  # the supervisor is left out
    assert whole["se"] == pytest.approx(KA3["baseline_adjusted_se_std"] * 6 / 5, abs=1e-9)
    assert (whole["n_persons"], whole["n_obs_read"], whole["G"]) == (KA3["n_paired"], 20, 6)
    assert (whole["threshold"], whole["direction"], whole["unit"]) == (-5.0, "higher", "points")
    assert (whole["window_start"], whole["window_end"]) == (date(2026, 2, 2), date(2026, 6, 27))
    by_scope = {scope: rows["scope_key"].to_list() for (scope,), rows in got.group_by("scope")}
    assert by_scope["team"] == [f"E{j}" for j in range(1, 7)]
    assert by_scope["family"] == ["F1", "F2", "F3"] and by_scope["tool"] == ["a", "b"]
    # Families: the estimate is the formula on their people, with the slope of the whole.
    wide, b = ka3_wide(), slope(ka3_wide())
    f1 = got.filter(pl.col("scope_key") == "F1").row(0, named=True)
    assert f1["estimate"] == pytest.approx(adjusted_change(wide.filter(pl.col("team") <= 3), b))
    assert f1["G"] == 3 and f1["ci_low"] < f1["estimate"] < f1["ci_high"]
    alone = got.filter(pl.col("scope_key") == "F3").row(0, named=True)
    assert alone["reason"] == "une_seule_equipe" and alone["ci_low"] is None
    # Teams are pooled: closer to one another than their own values.
    raw = changes_by(wide, "team", b)["y"]
    pooled = got.filter(pl.col("scope") == "team")["estimate"]
    assert pooled.max() - pooled.min() < raw.max() - raw.min()


def test_the_main_tool_is_the_most_used_then_the_most_widely_deployed_else_none():
    deployed = [("E1", "c", "a"), ("E1", "d", "b"), ("E2", "c", "a"), ("E2", "d", "a"), ("E2", "e", "b")]
    rows = [score(p, t, "T0", "wellbeing", 50.0) for p, t in (("used", "E1"), ("tied", "E1"), ("wide", "E2"))]
    rows += [score("used", "E1", w, "PU1", 2.0, tool="b") for w in ("P1", "P2")]
    rows += [score("used", "E1", "P1", "PU1", 3.0, tool="a"), score("none", "E9", "T0", "wellbeing", 50.0)]
    tables = {
        "model.scores": frame("model.scores", rows),
        "clean.deployments": frame("clean.deployments", [{"team": t, "process": p, "tool": k} for t, p, k in deployed],
                                   go_live=date(2026, 3, 2)),
    }  # fmt: skip
    assert dict(wellbeing.main_tools(Inputs(STUDY, tables)).iter_rows()) == {"used": "b", "wide": "a"}


def test_a_tool_of_one_team_does_not_show_that_team():
    tables = wellbeing_tables()
    tables["clean.deployments"] = tables["clean.deployments"].filter(pl.col("team").is_in(["E1", "E2", "E4"]))
    b = wellbeing.compute(Inputs(STUDY, tables)).filter((pl.col("scope") == "tool") & (pl.col("scope_key") == "b"))
    assert b.select("estimate", "G", "reason").rows() == [(None, 1, "une_seule_equipe")]


def test_job_satisfaction_needs_both_waves():
    once = [score("p", "E1", "T1", "job_satisfaction", 7.0)]
    alone = job_satisfaction.compute(Inputs(STUDY, {"model.scores": frame("model.scores", once)}))
    assert set(alone.select("estimate", "ci_low", "reason").rows()) == {(None, None, "non_mesure")}
    both = [score(f"p{i}", f"E{i % 3}", f"T{w}", once[0]["scale"], 5.0 + i % 4 + w) for i in range(12) for w in (0, 1)]
    row = job_satisfaction.compute(Inputs(STUDY, {"model.scores": frame("model.scores", both)})).row(0, named=True)
    assert (row["estimand"], row["estimate"], row["threshold"]) == ("change", pytest.approx(1.0), None)
    assert row["reason"] == "variance_nulle" and row["n_persons"] == 12


def satisfied(values: dict[str, list[tuple[str, float]]]) -> pl.DataFrame:
    """Person `E1.x` of team E1 -> answers (tool, value)."""
    return frame("model.scores", [
        score(p, p.split(".")[0], "T1", "SO1", v, tool=tool) for p, given in values.items() for tool, v in given
    ])  # fmt: skip


def test_share_of_the_reference():
    answers = pl.DataFrame({"person": range(12), "score": [float(v) for v in KA3["top2"]["values"]]})
    assert percent(person_values(answers, ["person"], 4)) == pytest.approx(100 * KA3["top2"]["p"])


def test_a_person_weighs_one_whatever_the_number_of_tools():
    answers = satisfied({"E1.x": [("a", 5.0), ("b", 3.0)], "E1.y": [("a", 4.0)], "E2.z": [("a", 1.0)]})
    values = person_values(answers, ["person_survey", "team"], 4)
    assert values["value"].to_list() == [0.5, 1.0, 0.0]
    assert percent(values) == pytest.approx(50.0)
    # 1e4 x .5 x .5 = 2500, over 2 people and 1 person
    assert shares_by(values, "team", 50.0).rows() == [("E1", 75.0, 2, 1250.0), ("E2", 0.0, 1, 2500.0)]
    assert shares_by(values, "team", 100.0)["v"].to_list() == [None, None]


def satisfaction_tables() -> dict[str, pl.DataFrame]:
    given = {f"E{t}.{i}": [("abc"[t % 3], 5.0 if i < t else 2.0)] for t in range(1, 7) for i in range(8)}
    deployed = [{"team": f"E{t}", "tool": "abc"[t % 3]} for t in range(1, 7)]
    return wellbeing_tables() | {
        "model.scores": satisfied(given), "clean.teams": teams(*(f"E{t}" for t in range(1, 7))),
        "clean.tools": pl.concat(
            [wellbeing_tables()["clean.tools"].head(1).with_columns(tool=pl.lit(k)) for k in "abc"]
        ),
        "clean.deployments": frame("clean.deployments", deployed, process="c", go_live=date(2026, 3, 2)),
    }  # fmt: skip


def test_unanimity_is_that_of_the_answers_not_of_the_pooled_value():
    said = {f"E{t}.{i}": [("a", 5.0 if t == 1 or i % 2 else 2.0)] for t in range(1, 7) for i in range(6)}
    register = [{"team": f"E{t}"} for t in range(1, 7)]
    teams = frame("clean.teams", register, label="x", service="s", family="f", headcount=6)
    tables = {"model.scores": satisfied(said), "clean.teams": teams}
    teams = satisfaction.compute(Inputs(STUDY, tables)).filter(pl.col("scope") == "team").sort("scope_key")
    assert teams["unanimous"].to_list() == [True] + [False] * 5
    assert 50 < teams["estimate"][0] < 100


def test_the_interval_of_a_share_stays_between_0_and_100():
    said = {f"E{t}.{i}": [("a", 5.0 if t < 3 else 1.0)] for t in range(1, 4) for i in range(6)}
    row = satisfaction.compute(Inputs(STUDY, {"model.scores": satisfied(said)})).row(0, named=True)
    assert row["estimate"] == pytest.approx(200 / 3)
    # deleted: 50, 50, 100 -> se far over 20 points, t with two degrees of freedom over 4
    assert (row["ci_low"], row["ci_high"]) == (0.0, 100.0)


def test_satisfaction_by_hand():
    got = satisfaction.compute(Inputs(STUDY, satisfaction_tables()))
    whole = got.filter(pl.col("scope") == "programme").row(0, named=True)
    # t of 8 satisfied in team t: 21 of 48; teams of one size: the jackknife is the error of the mean of the shares
    assert whole["estimate"] == pytest.approx(100 * 21 / 48)
    shares = [100 * t / 8 for t in range(1, 7)]
    mean = sum(shares) / 6
    error = math.sqrt(sum((s - mean) ** 2 for s in shares) / 5 / 6) * 6 / 5
    assert whole["se"] == pytest.approx(error)
    assert (whole["n_persons"], whole["G"], whole["threshold"], whole["estimand"]) == (48, 6, 60.0, "share_satisfied")
    team = got.filter(pl.col("scope") == "team")
    assert team["n_persons"].to_list() == [8] * 6
    assert team["estimate"].is_sorted() and team["estimate"][0] > 12.5 and team["estimate"][5] < 75
    tool = got.filter(pl.col("scope") == "tool")
    # a: teams 3 and 6 (56.25 %), b: 1 and 4 (31.25 %), c: 2 and 5 (43.75 %), pooled towards the middle
    assert tool["scope_key"].to_list() == ["a", "b", "c"] and tool["G"].to_list() == [6, 6, 6]
    assert tool["estimate"][1] < tool["estimate"][2] < tool["estimate"][0]
    assert tool["estimate"][0] < 56.25 and tool["estimate"][1] > 31.25


def test_an_answer_about_a_tool_the_team_does_not_have_is_not_in_that_tool():
    tables = satisfaction_tables()
    tables["clean.deployments"] = tables["clean.deployments"].filter(pl.col("team") != "E3")
    a = satisfaction.compute(Inputs(STUDY, tables)).filter((pl.col("scope") == "tool") & (pl.col("scope_key") == "a"))
    assert a["n_persons"].to_list() == [8]


def test_a_study_without_teams_has_a_share_and_no_interval():
    rows = [score(f"p{i}", None, "T0", "SO1", 5.0 if i < 140 else 3.0) for i in range(215)]
    got = satisfaction.compute(Inputs(SINGLE, {"model.scores": frame("model.scores", rows)}))
    share, counted = got.iter_rows(named=True)
    assert (share["scope"], share["reason"], share["ci_low"]) == ("programme", "sans_equipe", None)
    assert share["n_persons"] == 215 and share["estimate"] == pytest.approx(100 * 140 / 215)
    # beside it, without a threshold, the interval of a count
    assert (counted["estimand"], counted["threshold"]) == ("share_satisfied_counted", None)
    assert (counted["estimate"], counted["reason"]) == (share["estimate"], "intervalle_de_comptage")
    assert (counted["ci_low"], counted["ci_high"]) == pytest.approx([100 * b for b in wilson(140 / 215, 215)])


@pytest.mark.parametrize("module", [wellbeing, satisfaction])
def test_no_answers_still_give_every_row(module: object):
    tables = {"clean.teams": teams("E1", "E2")}
    got = module.compute(Inputs(STUDY, tables))
    assert set(got["scope"]) >= {"programme", "team"}
    assert got["estimate"].is_null().all() and got["reason"].is_not_null().all()
    nobody = module.compute(Inputs(STUDY, {}))
    assert set(nobody["scope"]) == {"programme"} and nobody["reason"].is_not_null().all()


def responses(rows: list[tuple], **more: object) -> pl.DataFrame:
    """(person, team, wave, item, tool, value_code)."""
    names = ("person_survey", "team", "wave", "item", "tool", "value_code")
    common = {"role": "agent", "process": None, "complete": True, "source_file": "q.csv", "source_row": 1} | more
    return frame("clean.responses", [dict(zip(names, r, strict=True)) for r in rows], **common)


def test_distribution_counts_people_and_shares_weigh_each_person_once():
    rows = [("p", "E1", "T1", "SO1", "a", "5"), ("p", "E1", "T1", "SO1", "b", "3"), ("q", "E1", "T1", "SO1", "a", "5"),
            ("q", "E1", "T1", "SO1", "b", "5"), ("r", None, "T1", "SO1", "a", "1")]  # fmt: skip
    tables = {"clean.responses": pl.concat([
        responses(rows), responses([("chef", "E1", "T1", "SO1", "a", "1")], role="encadrant"),
        responses([("gone", None, "T1", "SO1", "a", "1")], complete=False),
    ])}  # fmt: skip
    got = distributions.compute(Inputs(STUDY, tables))
    assert got.select("value_code", "n_persons", "n_total", "label").rows() == [
        ("1", 1, 3, "Pas du tout satisfait"), ("2", 0, 3, "Peu satisfait"), ("3", 1, 3, "Ni satisfait ni insatisfait"),
        ("4", 0, 3, "Satisfait"), ("5", 2, 3, "Très satisfait"),
    ]  # fmt: skip
    assert got["share"].to_list() == pytest.approx([1 / 3, 0, 0.5 / 3, 0, 1.5 / 3])
    assert set(got["scope_key"]) == {"programme"}


def test_no_distribution_without_answers():
    assert distributions.compute(Inputs(STUDY, {})).schema == table("indicators.distributions").polars_schema


def test_participation_counts_agents_at_each_step():
    roster = [(f"p{i}", "E1" if i < 6 else "E2", "agent") for i in range(10)] + [("chef", "E1", "encadrant")]
    who = [(i, "T0") for i in (0, 1, 2, 6)] + [(i, "T1") for i in (1, 2, 3, 6, 7)]
    said = [(f"p{i}", "E1" if i < 6 else "E2", w, "SA1", None, "5") for i, w in who]
    weeks = [("x", "E1", True), ("y", "E1", False), ("z", "E2", True)]
    tables = {
        "clean.teams": teams("E1", "E2", "E3"),
        "clean.people_survey": frame("clean.people_survey", [
            {"person_survey": p, "team": t, "role": r} for p, t, r in roster]),
        "clean.responses": pl.concat(
            [responses(said), responses([("chef", "E1", "T0", "SA1", None, "5")], role="encadrant")]
        ),
        "model.agent_weeks": frame("model.agent_weeks", [
            {"person_time": p, "team": t, "logged": k} for p, t, k in weeks], week=date(2026, 2, 2), treated=False),
    }  # fmt: skip
    got = participation.compute(Inputs(STUDY, tables)).select("scope_key", "step", "n_persons", "n_reference")
    counts = {(k, s): (n, ref) for k, s, n, ref in got.iter_rows()}
    assert [counts["programme", s] for s in participation.STEPS] == [
        (10, None), (4, 10), (5, 10), (3, 4), (3, None), (2, 3)
    ]  # fmt: skip
    assert [counts["E1", s] for s in participation.STEPS] == [(6, None), (3, 6), (3, 6), (2, 3), (2, None), (1, 2)]
    assert [counts["E3", s][0] for s in participation.STEPS] == [0] * 6
    assert len(counts) == 24


def test_participation_of_a_study_without_roster_waves_or_time_is_empty():
    assert participation.compute(Inputs(SINGLE, {})).is_empty()
    assert set(participation.compute(Inputs(STUDY, {}))["n_persons"]) == {0}

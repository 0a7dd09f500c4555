"""Temps par tâche and temps gagné net: by hand on a few cells, on planted truths, and where nothing can be said."""

import math

import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.indicators import net_hours, time_per_task
from pipelines.indicators.base import Inputs, discover, estimate_row, estimates
from pipelines.indicators.scopes import dominance
from tests.time_panel import PROCESSES, STUDY, cell, frame, panel, teams, tools, week

HOUSE_T1 = math.tan(0.475 * math.pi)  # t quantile, one degree of freedom


def row(found: pl.DataFrame, scope: str = "programme", key: str = "programme", **where: object) -> dict[str, object]:
    wanted = {"scope": scope, "scope_key": key, **where}
    return found.row(by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in wanted.items()), named=True)


def two_teams(**changed: pl.DataFrame) -> Inputs:
    """Team a: 10 minutes a task then 6, tool x; team b: 20 then 15, tool y; live from week 2, no witness.

    a2 logs every week and never does the task; b1 did not log week 7's hours but worked.
    """
    cells, weeks = [], []
    for team, person, tool, before, after in (("a", "a1", "x", 10.0, 6.0), ("b", "b1", "y", 20.0, 15.0)):
        for n in range(8):
            live = {"deployed_tool": tool, "prompt_minutes": 1.0 if team == "a" else None} if n >= 2 else {}
            cells.append(cell(team, person, "mail", n, 2, minutes=after if n >= 2 else before, **live))
    for team, person in (("a", "a1"), ("a", "a2"), ("b", "b1")):
        for n in range(8):
            logged = (person, n) != ("b1", 7)
            weeks.append({"person_time": person, "team": team, "week": week(n), "logged": logged, "treated": n >= 2})
    spent = [
        {"person_time": "a1", "team": "a", "week": week(3), "kind": "support", "treated": True, "minutes": 12.0},
        {"person_time": "a1", "team": "a", "week": week(1), "kind": "measurement", "treated": False, "minutes": 500.0},
        {"person_time": "b1", "team": "b", "week": week(1), "kind": "training", "treated": False, "minutes": 30.0,
         "tool": "y"},
    ]  # fmt: skip
    return Inputs(STUDY, {
        "model.time_cells": frame("model.time_cells", cells), "model.agent_weeks": frame("model.agent_weeks", weeks),
        "model.overhead_cells": frame("model.overhead_cells", spent), "clean.teams": teams("a", "b"),
        "clean.tools": tools("x", "y", "z"), "clean.processes": PROCESSES, **changed,
    })  # fmt: skip


def test_time_per_task_by_hand():
    found = time_per_task.compute(two_teams())
    programme = row(found, estimand="time_per_task")
    # Weeks 5 to 7: 3 x 6 + 3 x 15 = 63 minutes against 90.
    assert programme["estimate"] == pytest.approx(-30.0)
    b, without_a, without_b = math.log(0.7), math.log(0.75), math.log(0.6)
    se = 2 * math.sqrt(((without_a - b) ** 2 + (without_b - b) ** 2) / 2)
    assert programme["se"] == pytest.approx(se)
    assert programme["ci_low"] == pytest.approx(100 * (0.7 * math.exp(-HOUSE_T1 * se) - 1))
    assert programme["ci_high"] == pytest.approx(100 * (0.7 * math.exp(HOUSE_T1 * se) - 1))
    assert (programme["G"], programme["n_persons"], programme["n_obs"], programme["n_obs_read"]) == (2, 2, 6, 6)
    assert (programme["window_start"], programme["window_end"]) == (week(5), week(8))
    assert programme["model_id"] == "imputation_sans_mois_jackknife"
    assert (programme["threshold"], programme["direction"], programme["unit"]) == (-10.0, "lower", "%")
    assert (programme["top1_share"], programme["top2_share"], programme["p_ratio"]) == (pytest.approx(45 / 63), 1, 0)


def test_time_per_task_rows_that_cannot_be_estimated_exist():
    found = time_per_task.compute(two_teams())
    assert {row(found, "team", t)["reason"] for t in "ab"} == {"moins_de_5_equipes"}
    assert row(found, "tool", "x")["estimate"] == pytest.approx(-40.0)
    assert row(found, "tool", "x")["reason"] == "une_seule_equipe"
    assert (row(found, "tool", "z")["estimate"], row(found, "tool", "z")["reason"]) == (None, "non_estimable")
    assert row(found, "process", "mail")["estimate"] == pytest.approx(-30.0)
    assert row(found, "process", "notes")["reason"] == "non_estimable"
    assert found.filter(pl.col("scope_key") == "witness").is_empty()


def test_net_hours_by_hand():
    found = net_hours.compute(two_teams())
    programme = row(found, estimand="net_hours")
    # 6 x 4 + 6 x 5 minutes gained, 12 of support, 30 of training; 6 + 6 + 5 weeks logged.
    assert programme["estimate"] == pytest.approx((54 - 12 - 30) / 60 / 17)
    b, without_a, without_b = 12 / 60 / 17, 0.0, 12 / 60 / 12
    se = 2 * math.sqrt(((without_a - b) ** 2 + (without_b - b) ** 2) / 2)
    assert programme["se"] == pytest.approx(se)
    assert programme["ci_high"] == pytest.approx(b + HOUSE_T1 * se)
    assert (programme["n_persons"], programme["n_obs"], programme["threshold"]) == (3, 12, 0.5)
    assert (programme["window_start"], programme["window_end"]) == (week(2), week(8))
    # Only what is tagged to the tool; weeks of the teams that have it.
    assert row(found, "tool", "x")["estimate"] == pytest.approx(24 / 60 / 12)
    assert row(found, "tool", "y")["estimate"] == pytest.approx(0.0)
    assert row(found, "team", "a")["reason"] == "moins_de_5_equipes"


def test_two_tools_on_one_process_are_one_row_of_their_own():
    inputs = two_teams()
    both = inputs.table("model.time_cells").with_columns(
        deployed_tool=pl.when("treated").then(pl.lit("plusieurs"))
    )
    tables = {**inputs.tables, "model.time_cells": both}
    per_task = row(time_per_task.compute(Inputs(STUDY, tables)), "tool", "plusieurs")
    assert (per_task["estimate"], per_task["G"]) == (pytest.approx(-30.0), 2)
    hours = row(net_hours.compute(Inputs(STUDY, tables)), "tool", "plusieurs")
    assert hours["estimate"] == pytest.approx(54 / 60 / 17)  # no time is tagged to it


def test_waterfall_closes_to_the_minute():
    found = net_hours.compute(two_teams()).filter(pl.col("unit") == "h")
    hours = dict(found.select("estimand", "estimate").rows())
    assert hours == {
        "gross": pytest.approx(1.0), "prompt": pytest.approx(0.1), "verification": None, "rework": None,
        "failed": None, "overheads": pytest.approx(0.2), "training": pytest.approx(0.5),
    }  # fmt: skip
    reasons = dict(found.select("estimand", "reason").rows())
    assert (reasons["gross"], reasons["prompt"], reasons["failed"]) == ("descriptif", "descriptif", "non_mesure")
    assert row(found, estimand="prompt")["n_persons"] == 1
    assert found["scope"].unique().to_list() == ["programme"]


@pytest.mark.parametrize("seed", [1, 2])
def test_waterfall_and_tools_add_up_to_the_programme(seed: int):
    inputs = panel(seed, n_teams=6, n_persons=4, n_tools=3)
    found = net_hours.compute(inputs)
    hours = dict(found.filter(pl.col("unit") == "h").select("estimand", pl.col("estimate").fill_null(0)).rows())
    net = hours.pop("gross") - sum(hours.values())
    ref = net_hours.reference(inputs.table("model.time_cells"))
    whole = net_hours.account(ref, inputs.table("model.overhead_cells"), inputs.table("model.agent_weeks"))
    assert net == pytest.approx(row(found, estimand="net_hours")["estimate"] * whole.weeks.height, abs=1e-9)
    common = -whole.spent.filter(pl.col("tool").is_null())["minutes"].sum() / 60
    by_tool = [whole.of_tool(f"tool{k}").ledger()["hours"].sum() for k in range(3)]
    assert sum(by_tool) + common == pytest.approx(net, abs=1e-9)
    by_team = [whole.of_team(f"t{t:02}").ledger()["hours"].sum() for t in range(6)]
    assert sum(by_team) == pytest.approx(net, abs=1e-9)


@pytest.mark.parametrize("witness", [True, False])
def test_planted_effect_is_found(witness: bool):
    found = row(time_per_task.compute(panel(4, effect=-0.30, witness=witness)), estimand="time_per_task")
    assert abs(math.log1p(found["estimate"] / 100) - math.log(0.7)) < 3 * found["se"]
    assert found["se"] < (0.06 if witness else 0.12)
    assert found["model_id"] == "imputation_jackknife"
    # Without witness nothing is known from the month after the last start on.
    assert found["window_end"] == week(20 if witness else 13)
    assert (found["n_obs"] == found["n_obs_read"]) is witness


def test_no_effect_is_not_found():
    found = row(time_per_task.compute(panel(5, effect=0.0)), estimand="time_per_task")
    assert found["ci_low"] < 0 < found["ci_high"]


def test_teams_and_tools_are_pooled():
    found = time_per_task.compute(panel(6, n_teams=6, n_persons=4, n_tools=3))
    part = found.filter(pl.col("scope").is_in(["team", "tool"]))
    assert part["model_id"].unique().to_list() == ["imputation_pooling"]
    assert (part["G"] == 6).all()
    assert ((part["ci_low"] < part["estimate"]) & (part["estimate"] < part["ci_high"])).all()
    assert (part["ci_low"] > -100).all()
    assert part["df"].null_count() == part.height
    two = time_per_task.compute(panel(6, n_teams=6, n_persons=4, n_tools=2)).filter(pl.col("scope") == "tool")
    assert two["model_id"].unique().to_list() == ["imputation_jackknife"]
    assert two["G"].to_list() == [3, 3]


def test_teams_whose_months_nothing_identifies_are_compared_with_themselves():
    # Without witness nobody is untreated from May on, when the regime of the late teams begins.
    inputs = panel(7, n_persons=4, witness=False)
    found = time_per_task.compute(inputs)
    late, early = row(found, "team", "t01"), row(found, "team", "t00")
    assert (late["model_id"], late["reason"], late["ci_low"]) == ("avant_apres", "mois_sans_comparaison", None)
    assert -60 < late["estimate"] < 0
    assert (late["n_persons"], late["window_start"], late["window_end"]) == (4, week(14), week(20))
    assert (early["model_id"], early["G"], early["window_end"]) == ("imputation_pooling", 5, week(13))
    assert row(found, estimand="time_per_task")["G"] == 10  # the late teams still tell the season
    # Net hours count the learning weeks, which April still identifies.
    assert row(net_hours.compute(inputs), "team", "t01")["window_end"] == week(13)


def test_what_is_not_identified_leaves_hours_and_weeks_alike():
    inputs = two_teams()
    # c1 has no cell before the tool: nothing says what the task would take; neither gain, nor weeks, nor training.
    cells = [cell("a", "c1", "mail", n, 2, minutes=1.0, deployed_tool="x") for n in range(2, 8)]
    weeks = [{"person_time": "c1", "team": "a", "week": week(n), "logged": True, "treated": True} for n in range(2, 8)]
    spent = [{"person_time": "c1", "team": "a", "week": week(2), "kind": "training", "treated": True, "minutes": 60.0}]
    more = {"model.time_cells": cells, "model.agent_weeks": weeks, "model.overhead_cells": spent}
    joined = {name: pl.concat([inputs.table(name), frame(name, rows)]) for name, rows in more.items()}
    before = row(net_hours.compute(inputs), estimand="net_hours")
    after = row(net_hours.compute(Inputs(STUDY, {**inputs.tables, **joined})), estimand="net_hours")
    assert after["estimate"] == pytest.approx(before["estimate"])
    assert (after["n_persons"], after["n_obs"], after["n_obs_read"]) == (3, 12, 18)


@pytest.mark.parametrize("module", [time_per_task, net_hours])
def test_same_bits_whatever_the_order_of_rows(module):
    inputs = panel(8, n_teams=6, n_persons=3, n_tools=3)
    shuffled = {k: t.sample(fraction=1.0, shuffle=True, seed=1) for k, t in inputs.tables.items()}
    assert module.compute(inputs).equals(module.compute(Inputs(STUDY, shuffled)))


@pytest.mark.parametrize("module", [time_per_task, net_hours])
@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({}, "sans_equipe"),
        ({"clean.teams": teams("a", "b"), "clean.tools": tools("x")}, "non_estimable"),
        ({"clean.teams": teams("a"), "model.time_cells": frame("model.time_cells", [
            cell("a", "a1", "mail", 0, None, minutes=5.0), cell("a", "a1", "mail", 1, None, minutes=7.0)])},
         "non_estimable"),
        ({"clean.teams": teams("a"), "model.time_cells": frame("model.time_cells", [
            cell("a", "a1", "mail", 4, 0, minutes=5.0, deployed_tool="x")])}, "non_estimable"),
    ],
)  # fmt: skip
def test_nothing_to_estimate(module, tables: dict[str, pl.DataFrame], reason: str):
    found = module.compute(Inputs(STUDY, tables))
    programme = row(found, estimand=module.INDICATOR.id)
    assert (programme["estimate"], programme["ci_low"], programme["reason"]) == (None, None, reason)
    assert found["estimate"].null_count() == found.height
    assert found["reason"].null_count() == 0
    assert found.filter(pl.col("scope") == "team").height == tables.get("clean.teams", teams()).height


@pytest.mark.parametrize("n_teams", [1, 2, 4, 5])
def test_few_teams(n_teams: int):
    inputs = panel(9, n_teams=n_teams, n_persons=4)
    for module in (time_per_task, net_hours):
        found = module.compute(inputs)
        programme, team = row(found, estimand=module.INDICATOR.id), row(found, "team", "t00")
        assert programme["estimate"] is not None
        assert programme["reason"] == ("une_seule_equipe" if n_teams == 1 else None)
        assert team["reason"] == ("moins_de_5_equipes" if n_teams < 5 else None)
        assert (team["estimate"] is None) == (n_teams < 5)


def test_every_row_honours_the_contract():
    contract = table("indicators.estimates")
    for module in (time_per_task, net_hours):
        found = module.compute(panel(10, n_teams=5, n_persons=3))
        assert found.schema == contract.polars_schema
        assert found.select(contract.key).is_unique().all()
        for column in contract.columns:
            values = found[column.name]
            assert column.nullable or values.null_count() == 0, column.name
            assert column.dtype != pl.Float64() or values.drop_nulls().is_finite().all(), column.name
            assert column.allowed is None or values.drop_nulls().is_in(column.allowed).all(), column.name
            assert column.minimum is None or (values.drop_nulls() >= column.minimum).all(), column.name
            assert column.maximum is None or (values.drop_nulls() <= column.maximum).all(), column.name


def test_dominance_by_hand():
    cells = pl.DataFrame({"person_time": list("aabcd"), "minutes": [1.0, 5.0, 3.0, 1.0, None]})
    people = pl.DataFrame({"person_time": list("abcd"), "role": ["agent", "agent", "encadrant", "agent"]})
    inputs = Inputs(STUDY, {"clean.people_time": people})
    # c supervises: its minute weighs in the total and does not make it a third agent
    assert dominance(cells, inputs) == {
        "n_persons": 2, "top1_share": pytest.approx(0.6), "top2_share": pytest.approx(0.9),
        "p_ratio": pytest.approx(1 / 6),
    }  # fmt: skip
    assert dominance(cells.clear(), inputs) == {"n_persons": 0}
    assert dominance(cells.with_columns(minutes=0.0), inputs) == {"n_persons": 3}


def test_discovery_and_rows():
    found = discover()
    assert {"time_per_task", "net_hours"} <= set(found)
    assert list(found) == sorted(found)
    assert all(table(name) for module in found.values() for name in module.INDICATOR.inputs)
    common = {"indicator": "i", "estimand": "e", "unit": "%", "scope": "team", "population": "p", "window": None,
              "threshold": None, "direction": "lower", "model_id": "m"}  # fmt: skip
    rows = [estimate_row(scope_key=k, **common) for k in "ba"]
    assert estimates(rows)["scope_key"].to_list() == ["a", "b"]
    assert estimates([]).is_empty()
    with pytest.raises(KeyError, match="estimat"):
        estimate_row(scope_key="a", estimat=1.0, **common)

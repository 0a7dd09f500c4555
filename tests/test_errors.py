"""Errors: the rate ratio against R, teams and tools by hand, and designs from which nothing can be estimated."""

import json
import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.estimators.errors import dispersion, expected_errors, log_rate_ratio, team_log_ratios
from pipelines.estimators.house_interval import interval_of, jackknife
from pipelines.indicators import errors
from pipelines.indicators.base import Inputs
from pipelines.study.models import Calendar, Study

KNOWN = Path(__file__).parent / "known_answers_questionnaires"
KA2 = json.loads((KNOWN / "expected_R.json").read_text("utf-8"))["ka2"]
START = date(2026, 2, 2)
STUDY = Study(
    study="essai", title="Essai", organisation="Valombre",
    calendar=Calendar(measurement_start=START, measurement_end=date(2026, 6, 29), as_of=date(2026, 7, 3)),
)  # fmt: skip


def ka2() -> pl.DataFrame:
    return pl.read_csv(KNOWN / "ka2_errors.csv").with_columns(treated=pl.col("period") == 1)


def cells(rows: list[tuple]) -> pl.DataFrame:
    """Rows (team, person, process, treated, items, errors) of a literal design; one month."""
    schema = {"team": pl.String, "person": pl.String, "process": pl.String, "treated": pl.Boolean,
              "items": pl.Int64, "errors": pl.Int64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(month=pl.lit(START))


def test_rate_ratio_refits_and_interval_agree_with_r():
    refits = jackknife(ka2(), lambda kept: log_rate_ratio(kept, ("person", "process")))
    assert refits[0] == pytest.approx(KA2["beta"], abs=1e-8)
    assert list(refits[1].values()) == pytest.approx(KA2["jackknife"], abs=1e-8)
    interval = interval_of(refits)
    assert interval.se == pytest.approx(KA2["se_jackknife_house"], abs=1e-8)
    assert [math.exp(interval.low), math.exp(interval.high)] == pytest.approx(KA2["ci_rr_house"], abs=1e-7)


def test_the_order_of_the_rows_does_not_matter():
    whole = log_rate_ratio(ka2(), ("person", "process"))
    assert log_rate_ratio(ka2().sample(fraction=1.0, shuffle=True, seed=1), ("person", "process")) == whole


@pytest.mark.parametrize(
    "design",
    {
        "empty": [],
        "no error at all": [("E1", "p", "c", False, 50, 0), ("E1", "p", "c", True, 50, 0)],
        "an arm without errors": [("E1", "p", "c", False, 500, 40), ("E1", "p", "c", True, 500, 0)],
        "an arm missing": [("E1", "p", "c", False, 500, 40)],
        "treatment is the person": [("E1", "p", "c", False, 500, 40), ("E1", "q", "c", True, 500, 40)],
        "no items": [("E1", "p", "c", False, 0, 0), ("E1", "p", "c", True, 0, 0)],
        "errors only where nothing compares": [
            ("E1", "p", "c", False, 500, 40), ("E1", "p", "c", True, 500, 0),
            ("E1", "q", "c", True, 500, 40),
        ],
    }.items(),
    ids=lambda d: d[0],
)  # fmt: skip
def test_a_design_that_says_nothing_gives_none_and_does_not_kill_the_process(design: tuple[str, list[tuple]]):
    assert log_rate_ratio(cells(design[1]), ("person", "process")) is None


def test_expected_errors_of_a_team_by_hand():
    # One process: the untreated rate of the team is 10/100, so 50 treated items expect 5 errors.
    rows = [("E1", "p", "c", False, 100, 10), ("E1", "p", "c", True, 50, 3), ("E1", "q", "z", True, 50, 3)]
    treated = expected_errors(cells(rows))
    assert treated["expected"].to_list() == [pytest.approx(5.0)]  # process z was never seen untreated


def test_rates_are_those_of_team_plus_process():
    # A design that is exactly multiplicative, rate = team x process, on unequal numbers of items.
    rows = []
    for team, a, weight in (("E1", 0.02, 4), ("E2", 0.06, 1)):
        for process, b in (("c", 1.0), ("d", 2.0)):
            items = 1000 * (weight if process == "c" else 3)
            rows.append((team, team, process, False, items, round(items * a * b)))
            rows.append((team, team, process, True, 100, 0))
    got = expected_errors(cells(rows)).sort("team", "process")["expected"].to_list()
    assert got == pytest.approx([2.0, 4.0, 6.0, 12.0])


def test_team_log_ratio_and_variance_by_hand():
    rows = [("E1", "p", "c", False, 100, 10), ("E1", "p", "c", True, 50, 3), ("E2", "q", "c", False, 100, 20),
            ("E2", "q", "c", True, 100, 20)]  # fmt: skip
    got = team_log_ratios(cells(rows))
    assert got["y"].to_list() == pytest.approx([math.log(3.5 / 5.5), 0.0])
    # two cells and two parameters leave no freedom: the dispersion is 1
    assert dispersion(cells(rows)) == 1.0
    assert got["v"].to_list() == pytest.approx([1 / 3.5 + 1 / 10.5, 2 / 20.5])


def test_dispersion_by_hand():
    # One team, one process, rate 20/200: two people with 10 expected errors each, 4 and 16 seen -> 7.2 / 1
    rows = [("E1", "p", "c", False, 100, 4), ("E1", "q", "c", False, 100, 16)]
    assert dispersion(cells(rows)) == pytest.approx(7.2)


def panel(
    rate_ratio: float, *, errors_per_item: float = 0.06, season: float = 0.0, seed: int = 7
) -> dict[str, pl.DataFrame]:
    """10 teams of 6, two starts, three tools, a witness process; Poisson errors with the planted ratio.

    `season`: what every rate gains from one week to the next, as a log.
    """
    rng = np.random.default_rng(seed)
    rows, deployments = [], []
    for j in range(10):
        team, tool = f"E{j}", "abc"[j % 3]
        start = START + timedelta(weeks=4 if j < 5 else 13)
        deployments.append({"team": team, "process": "courriels", "tool": f"outil{tool}", "go_live": start})
        rates = errors_per_item * rng.lognormal(0, 0.2, 6)
        for week in range(21):
            monday = START + timedelta(weeks=week)
            for i in range(6):
                for process in ("courriels", "temoin"):
                    treated = process == "courriels" and monday >= start
                    items = 12
                    mean = items * rates[i] * (rate_ratio if treated else 1.0) * math.exp(season * week)
                    rows.append({
                        "person_time": f"{team}p{i}", "team": team, "process": process, "week": monday,
                        "month": monday.replace(day=1), "tool": None, "witness": process == "temoin",
                        "treated": treated, "phase": "regime" if treated else "avant",
                        "deployed_tool": f"outil{tool}" if treated else None, "n_entries": 4, "occurrences": 4,
                        "minutes": 60.0, "log_minutes": 1.0, "items": items, "severe_errors": 0,
                        "errors": int(min(rng.poisson(mean), items)), "n_entries_without_items": 1,
                    })  # fmt: skip
    teams = [{"team": f"E{j}", "label": "x", "service": "x", "family": "x", "headcount": 6} for j in range(10)]
    return {
        "model.time_cells": table("model.time_cells").conform(pl.DataFrame(rows)),
        "clean.deployments": table("clean.deployments").conform(pl.DataFrame(deployments)),
        "clean.teams": table("clean.teams").conform(pl.DataFrame(teams)),
    }


def ratios(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows of the two statements; the counts beside them have a test file of their own."""
    return errors.compute(Inputs(STUDY, tables)).filter(pl.col("estimand").str.starts_with("rate_ratio"))


def test_a_planted_ratio_is_found_at_every_level():
    got = ratios(panel(0.70))
    whole = got.filter(pl.col("scope") == "programme").sort("estimand").to_dicts()
    assert [r["estimand"] for r in whole] == ["rate_ratio", "rate_ratio_guardrail"]
    assert [r["threshold"] for r in whole] == [0.90, 1.15]
    assert whole[0]["estimate"] == whole[1]["estimate"]
    assert abs(math.log(whole[0]["estimate"]) - math.log(0.70)) < 3 * whole[0]["se"]
    assert whole[0]["ci_low"] < 0.70 < whole[0]["ci_high"] < 0.90
    assert (whole[0]["G"], whole[0]["n_persons"], whole[0]["model_id"]) == (10, 60, "poisson_mois_jackknife")
    # 2,520 cells of 4 lines, one of each without items
    assert (whole[0]["n_obs_read"], whole[0]["n_obs"]) == (10080, 7560)
    assert 0 < whole[0]["top1_share"] < whole[0]["top2_share"] < 0.2

    teams = got.filter(pl.col("scope") == "team")
    assert teams["scope_key"].to_list() == [f"E{j}" for j in range(10)]
    assert teams["n_persons"].to_list() == [6] * 10 and teams["estimand"].unique().to_list() == ["rate_ratio"]
    assert ((teams["ci_low"] < 0.70) & (teams["ci_high"] > 0.70)).all()
    tools = got.filter((pl.col("scope") == "tool") & (pl.col("estimand") == "rate_ratio"))
    assert tools["scope_key"].to_list() == ["outila", "outilb", "outilc"]
    assert tools["G"].to_list() == [10, 10, 10]
    assert ((tools["ci_low"] < 0.70) & (tools["ci_high"] > 0.70)).all()


def test_the_calendar_is_not_taken_for_the_tool():
    # Every rate doubles over the study: without month effects the ratio would read over 1.
    whole = ratios(panel(0.70, season=math.log(2) / 20)).row(0, named=True)
    assert whole["scope"] == "programme"
    assert abs(math.log(whole["estimate"]) - math.log(0.70)) < 3 * whole["se"] < 0.3


def test_supervisors_do_not_count_toward_the_threshold():
    tables = panel(0.8)
    everyone = tables["model.time_cells"].select("person_time", "team").unique()
    role = pl.when(pl.col("person_time").str.ends_with("p0")).then(pl.lit("encadrant")).otherwise(pl.lit("agent"))
    tables["clean.people_time"] = everyone.with_columns(role.alias("role"))
    got = ratios(tables)
    assert got.filter(pl.col("scope") == "team")["n_persons"].to_list() == [5] * 10


def test_two_tools_are_not_pooled_but_have_their_own_interval():
    tables = panel(0.80)
    merged = pl.col("deployed_tool").replace("outilc", "outilb")
    tables["model.time_cells"] = tables["model.time_cells"].with_columns(merged)
    tools = errors.compute(Inputs(STUDY, tables)).filter(
        (pl.col("scope") == "tool") & (pl.col("estimand") == "rate_ratio")
    )
    assert tools["G"].to_list() == [4, 6]
    assert (tools["ci_low"] < tools["estimate"]).all() and (tools["estimate"] < tools["ci_high"]).all()


@pytest.mark.parametrize(
    ("tables", "reason"),
    [({}, "sans_equipe"), (panel(1.0, errors_per_item=0.0), "trop_peu_d_erreurs"),
     ({k: v for k, v in panel(1.0).items() if k == "clean.teams"}, "non_estimable")],
    ids=["no data", "no error", "no time log"],
)  # fmt: skip
def test_a_programme_row_is_always_there_with_its_reason(tables: dict[str, pl.DataFrame], reason: str):
    rows = ratios(tables).filter(pl.col("scope") == "programme")
    assert rows.height == 2
    assert rows["estimate"].is_null().all() and rows["ci_low"].is_null().all()
    assert rows["reason"].to_list() == [reason, reason]


def test_dominance_is_that_of_the_heaviest_arm():
    # E0 untreated: one person alone made every error there.
    tables = panel(0.8)
    alone = (pl.col("team") != "E0") | pl.col("treated") | (pl.col("person_time") == "E0p0")
    tables["model.time_cells"] = tables["model.time_cells"].with_columns(
        pl.when(alone).then("errors").otherwise(0).alias("errors")
    )
    row = ratios(tables).filter((pl.col("scope") == "team") & (pl.col("scope_key") == "E0"))
    assert row["top1_share"].item() == 1.0 and row["p_ratio"].item() == 0.0

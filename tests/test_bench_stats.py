"""The bench of coverage and the planted truths: the committed figures are whole, and can be made again."""

import math

import numpy as np
import polars as pl
import pytest

from tests import bench_stats, truths
from tests.bench_stats import SCENARIOS, measure, read_figures, replicate
from tests.bench_worlds import TimeDesign, satisfaction_world, survey_world, team_shifts, time_world


def test_the_committed_figures_are_those_of_every_scenario():
    figures = read_figures()
    assert set(figures["scenario"]) == set(SCENARIOS)
    wanted = {(n, i, s) for n, sc in SCENARIOS.items() for i in sc.indicators for s in sc.scopes if s != "staggered"}
    found = set(figures.filter(pl.col("scope") != "staggered").select("scenario", "indicator", "scope").iter_rows())
    assert found <= wanted and {(n, "programme") for n in SCENARIOS} <= {(n, s) for n, _, s in found}
    assert (figures["replicates"] == bench_stats.REPLICATES).all() and (figures["intervals"] > 0).all()
    for column in ("coverage", "false_reached", "naive_coverage", "plain_coverage"):
        assert figures[column].drop_nulls().is_between(0, 1).all()
    assert figures.filter(pl.col("scope") == "programme")["naive_coverage"].null_count() == 0
    # A team has no verdict, hence no false one.
    assert figures.filter(pl.col("scope") == "team")["false_reached"].null_count() == figures.filter(
        pl.col("scope") == "team").height  # fmt: skip


def test_the_status_follows_from_the_figures():
    for r in read_figures().iter_rows(named=True):
        allowed = r["false_bar"] if r["false_bar"] is not None else 1.0
        least = math.sqrt(0.95 * 0.05 / r["intervals"])
        error = max(r["coverage_error"], least)
        # The figures are rounded: what stands on the edge may fall on either side.
        if all(abs(abs(r["coverage"] - edge) - 2 * error) > 1e-3 for edge in (r["bar_low"], r["bar_high"])):
            assert r["status"] == bench_stats._status(
                r["coverage"], error, r["bar_high"], r["false_reached"], allowed), r  # fmt: skip


@pytest.mark.parametrize(
    ("values", "status"),
    [((0.95, 0.01, 0.97, 0.02, 0.05), "held"), ((0.95, 0.01, 0.97, 0.06, 0.05), "false_reached"),
     ((0.92, 0.01, 0.97, None, 0.05), "within_error"), ((0.90, 0.01, 0.97, None, 0.05), "too_narrow"),
     ((0.995, 0.005, 0.97, 0.0, 0.05), "too_wide"), ((None, 0.0, 0.97, None, 0.05), "no_interval")],
)  # fmt: skip
def test_a_bar_is_held_missed_or_within_error(values: tuple, status: str):
    assert bench_stats._status(*values) == status


@pytest.mark.parametrize("scenario", ["satisfaction_unequal", "a2_equal"])
def test_a_tiny_run_gives_the_same_row_again_whatever_ran_before(scenario: str):
    first = measure(scenario, 2)
    replicate("c_mar", 5)
    assert measure(scenario, 2).equals(first)
    assert replicate(scenario, 0) != replicate(scenario, 1)
    assert first["replicates"].to_list() == [2] * first.height and (first["without_interval"] == 0).all()


def test_a_replicate_is_judged_with_its_truth_on_the_threshold():
    (row,) = (f for f in replicate("a2_equal", 0) if f["scope"] == "programme")
    assert row["truth"] == pytest.approx(-10.0) == row["threshold"]
    assert row["verdict"] in ("atteint", "non_atteint", "non_concluant")
    assert bench_stats._is_worse(row)
    assert not bench_stats._is_worse({**row, "truth": -10.5})
    assert bench_stats._reached(row, (-20.0, -10.1)) and not bench_stats._reached(row, (-20.0, -9.9))


def test_the_worlds_hold_the_effect_they_say():
    # The mean over teams of exp(shift) is 1, skewed or not.
    for skewed in (False, True):
        shifts = team_shifts(np.random.default_rng(1), 200_000, 0.2, skewed)
        assert np.exp(shifts).mean() == pytest.approx(1.0, abs=0.005)
    # Without spread nor season, minutes per task fall by the effect, in all and for the only tool.
    flat = TimeDesign(
        starts=(5,) * 3 + (11,) * 3, sizes=(60,) * 6, between=0.0, season=0.0, shock=0.0, spread=(0.2, 0.1)
    )
    world = time_world(np.random.default_rng(2), flat)
    assert world.truth["programme", "programme"] == pytest.approx(-10) == world.truth["tool", "tool0"]
    cells = world.inputs.table("model.time_cells").filter(pl.col("process") == "mail")
    each = {
        phase: rows["minutes"].sum() / rows["occurrences"].sum() for (phase,), rows in cells.group_by("phase")
    }
    assert each["regime"] / each["avant"] == pytest.approx(0.90, abs=0.02)
    rng = np.random.default_rng(3)
    scores = survey_world(rng, sizes=(500,) * 10, between=0.0).inputs.table("model.scores")
    means = dict(scores.group_by("wave").agg(pl.col("score").mean()).iter_rows())
    assert means["T1"] - means["T0"] == pytest.approx(-5, abs=3)
    answers = satisfaction_world(rng, sizes=(500,) * 10, between=0.0).inputs.table("model.scores")
    assert 100 * (answers["score"] >= 4).mean() == pytest.approx(60, abs=3)


def test_one_seed_of_the_demonstration_gives_what_was_planted():
    found = truths.one_seed(3)
    assert found["gain_on_one_process"]["ci_high"] < 0
    assert {name: found[name]["found"] for name in truths.FACTS} == dict.fromkeys(truths.FACTS, True)
    line = truths.summary([found]).row(by_predicate=pl.col("planted") == "gain_on_one_process", named=True)
    assert (line["truth"], line["seeds"], line["found"], line["covered"]) == (-30.0, 1, 1, 1)


@pytest.mark.parametrize(
    ("counts", "status"),
    [((18, 17, 1, 20), "held"), ((17, 17, 0, 20), "not_found"), ((20, 16, 0, 20), "not_covered"),
     ((20, 20, 2, 20), "false_success"), ((None, 20, None, 20), "held")],
)  # fmt: skip
def test_eighteen_found_seventeen_covered_of_twenty(counts: tuple, status: str):
    assert truths._status(*counts) == status


def test_the_committed_truths_are_those_of_twenty_seeds():
    figures = truths.read_truths()
    assert figures["planted"].to_list() == list(truths.NAMES)
    assert (figures["seeds"] == truths.SEEDS).all()
    for r in figures.iter_rows(named=True):
        assert r["status"] == truths._status(r["found"], r["covered"], r["false_success"], r["seeds"]), r

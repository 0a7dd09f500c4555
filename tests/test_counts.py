"""Intervals of counts against R and published tables, power against R, and what a study's variances give."""

import json
import math
from pathlib import Path

import polars as pl
import pytest

from pipelines.estimators.counts import exact_ratio, garwood, mantel_haenszel, mid_p_ratio, newcombe
from pipelines.estimators.power import icc, power, smallest_detectable, standard_error

FOLDER = Path(__file__).parent
KA2 = json.loads((FOLDER / "known_answers_questionnaires" / "expected_R.json").read_text("utf-8"))["ka2"]
KA7 = json.loads((FOLDER / "known_answers" / "expected_R.json").read_text("utf-8"))["ka7"]


@pytest.mark.parametrize("cell", KA2["cells"])
def test_the_interval_of_one_rate_is_that_of_r(cell: dict):
    found = [100 * bound for bound in garwood(cell["x"], cell["n"])]
    assert found == pytest.approx(cell["garwood_per100"], abs=1e-8)


@pytest.mark.parametrize("cell", KA2["rr_cells"])
def test_the_intervals_of_a_ratio_are_those_of_r(cell: dict):
    counts = (cell["x1"], cell["n1"], cell["x0"], cell["n0"])
    assert exact_ratio(*counts) == pytest.approx(cell["exact_ci"], abs=1e-8)
    assert mid_p_ratio(*counts) == pytest.approx(cell["midp_ci"], abs=1e-8)


def test_the_pooled_rates_and_their_ratio_are_those_of_r():
    pooled = KA2["pooled"]
    (x0, x1), (n0, n1) = pooled["errors"], pooled["items"]
    assert [100 * x0 / n0, 100 * x1 / n1] == pytest.approx(pooled["rate_per_100"])
    assert (x1 / n1) / (x0 / n0) == pytest.approx(pooled["rr"])
    assert exact_ratio(x1, n1, x0, n0) == pytest.approx(pooled["exact_ci"], abs=1e-8)
    assert mid_p_ratio(x1, n1, x0, n0) == pytest.approx(pooled["midp_ci"], abs=1e-8)


def test_a_ratio_to_nothing_is_unbounded():
    for interval in (exact_ratio, mid_p_ratio):
        assert interval(0, 100, 0, 100) == (0.0, math.inf)
        low, high = interval(4, 100, 0, 100)
        assert 0 < low < math.inf and high == math.inf


@pytest.mark.parametrize(
    ("counts", "expected"),
    # Newcombe 1998, Statistics in Medicine 17, table II, method 10.
    [((56, 70, 48, 80), (0.0524, 0.3339)), ((9, 10, 3, 10), (0.1705, 0.8090)), ((10, 10, 0, 10), (0.6075, 1.0)),
     ((0, 10, 0, 10), (-0.2775, 0.2775))],
)  # fmt: skip
def test_the_difference_of_two_shares_has_newcombe_s_interval(counts: tuple[int, ...], expected: tuple[float, ...]):
    assert newcombe(*counts) == pytest.approx(expected, abs=5e-5)


def test_shares_are_compared_within_strata():
    # Pooled, 11/110 - 20/110 = -8.2 points; within: (10/100 - 1/10) and (1/10 - 19/100), weights 100 x 10 / 110.
    assert mantel_haenszel([(10, 100, 1, 10), (1, 10, 19, 100)]) == pytest.approx((0.0 - 0.09) / 2)
    assert mantel_haenszel([(1, 10, 2, 10), (3, 10, 0, 0)]) == pytest.approx(-0.1)
    assert mantel_haenszel([(1, 10, 0, 0)]) is None and mantel_haenszel([]) is None


@pytest.mark.parametrize("design", KA7)
def test_the_smallest_detectable_effect_is_that_of_r(design: dict):
    se = standard_error(1.0, design["m"], design["icc"], design["G"])
    assert smallest_detectable(se, design["G"], house=False) == pytest.approx(design["mde"], abs=1e-9)


@pytest.mark.parametrize(("teams", "expected"), [(5, 0.94), (10, 0.50), (15, 0.38), (20, 0.32), (30, 0.25)])
def test_the_house_interval_needs_more(teams: int, expected: float):
    # methods.md, section 7: share between teams .05, six people per team, teams of 4 to 15.
    found = smallest_detectable(standard_error(1.0, 6, 0.05, teams, cv=0.33), teams)
    assert found == pytest.approx(expected, abs=0.006)
    assert power(found, standard_error(1.0, 6, 0.05, teams, cv=0.33), teams) == pytest.approx(0.80, abs=1e-9)


def test_an_enormous_effect_is_found_although_scipy_gives_up():
    assert power(1e4, 1.0, 10) == 1.0
    assert power(0.0, 1.0, 10, house=False) == pytest.approx(0.05)


def test_nothing_to_detect_with():
    assert smallest_detectable(1.0, 1) is None
    assert smallest_detectable(0.0, 10) is None
    assert smallest_detectable(1.0, 2) is None  # two teams: beyond six standard errors


def test_the_share_of_variance_between_teams_by_hand():
    # Means 1 and 5; within: 2 x 2 / 2 = 2; between: 2 x (4 + 4) = 16; (16 - 2) / (16 + 2) = 7/9.
    people = pl.DataFrame({"team": list("aabb"), "value": [0.0, 2.0, 4.0, 6.0]})
    assert icc(people) == pytest.approx(7 / 9)
    alike = pl.DataFrame({"team": list("aabb"), "value": [0.0, 2.0, 0.0, 2.0]})
    assert icc(alike) == 0.0
    assert icc(people.filter(pl.col("team") == "a")) is None
    assert icc(people.unique("team")) is None
    assert icc(people.with_columns(value=1.0)) is None

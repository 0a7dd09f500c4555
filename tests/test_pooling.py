"""Partial pooling against R, the variance it is given, and rule T."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.estimators.pooling import group_variances, pool
from pipelines.estimators.tools_rule import tool_variances
from pipelines.indicators.scopes import pooled_tools, team_records

FOLDER = Path(__file__).parent / "known_answers"
R = json.loads((FOLDER / "expected_R.json").read_text(encoding="utf-8"))["ka4"]
TEAMS = pl.read_csv(FOLDER / "ka4_team_estimates.csv")
SCHOOLS = R["eight_schools"]
CASES = {
    "teams": (TEAMS["est"].to_list(), TEAMS["var"].to_list(), 0.15, R["team"]["hb_halfnormal_0.15"]),
    "schools": (SCHOOLS["y"], [s**2 for s in SCHOOLS["se"]], 10.0, SCHOOLS["hb_halfnormal_10"]),
}


@pytest.mark.parametrize("case", CASES)
def test_posterior_known_answer(case: str):
    y, v, scale, expected = CASES[case]
    found = pool(y, v, A=scale)
    assert found.overall_mean == pytest.approx(expected["mu"], abs=1e-8 * scale)
    assert found.between_sd == pytest.approx(expected["tau"], abs=5e-6 * scale)  # the grid is even, its mass is not
    for name, column in (("mean", found.mean), ("sd", found.sd)):
        assert column == pytest.approx([unit[name] for unit in expected["team"]], abs=1e-8 * scale)
    for name, column in (("lo", found.low), ("hi", found.high)):
        assert column == pytest.approx([unit[name] for unit in expected["team"]], abs=1e-6 * scale)


def test_posterior_follows_its_units_when_they_change_place():
    y, v, scale, _ = CASES["teams"]
    back = pool(y[::-1], v[::-1], A=scale)
    assert back.high[::-1] == pytest.approx(pool(y, v, A=scale).high, abs=1e-12)


def test_one_unit_keeps_its_estimate_and_a_lower_level_narrows():
    alone = pool([0.3], [0.01], A=0.15)
    assert alone.mean[0] == pytest.approx(0.3)
    assert alone.high[0] - 0.3 == pytest.approx(1.959964 * 0.1, rel=1e-6)  # mu flat: nothing to borrow
    assert pool([0.3], [0.01], A=0.15, level=0.9).high[0] == pytest.approx(0.3 + 1.644854 * 0.1, rel=1e-6)


@pytest.mark.parametrize(("y", "v"), [([], []), ([1.0], [0.0]), ([np.nan], [1.0]), ([1.0], [np.inf])])
def test_what_cannot_be_pooled_is_refused(y: list[float], v: list[float]):
    with pytest.raises(ValueError, match="positive variances"):
        pool(y, v, A=1)


def _persons(*rows: tuple[str, float, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"group": pl.String, "value": pl.Float64, "weight": pl.Float64}, orient="row")


def test_variance_with_equal_weights_is_the_pooled_one_over_n():
    # a: 1, 3 (squares 2); b: 0, 3, 6 (squares 18); c borrows. s2 = 20 / 3.
    found = group_variances(_persons(("b", 0, 1), ("a", 1, 1), ("a", 3, 1), ("b", 3, 1), ("b", 6, 1), ("c", 9, 1)))
    assert found["group"].to_list() == ["a", "b", "c"]
    assert found["n_persons"].to_list() == [2, 3, 1]
    assert found["v"].to_list() == pytest.approx([20 / 6, 20 / 9, 20 / 3])


def test_variance_with_weights_by_hand():
    # Weights 1, 3; values 0, 4; mean 3. Squares 1x9 + 3x1 = 12; freedom 4 - 10/4 = 1.5; s2 = 8; v = 8 x 10/16.
    assert group_variances(_persons(("a", 0, 1), ("a", 4, 3)))["v"].to_list() == pytest.approx([5.0])


def test_variance_ignores_what_is_not_a_number_and_people_without_weight():
    rows = [("a", 0.0, 1.0), ("a", 4.0, 3.0), ("a", float("nan"), 1.0), ("a", 9.0, 0.0)]
    assert group_variances(_persons(*rows))["v"].to_list() == pytest.approx([5.0])


@pytest.mark.parametrize("rows", [[("a", 1.0, 1.0), ("b", 2.0, 1.0)], [("a", 1.0, 1.0), ("a", 1.0, 1.0)], []])
def test_no_variance_is_null(rows: list[tuple[str, float, float]]):
    assert group_variances(_persons(*rows))["v"].null_count() == len({r[0] for r in rows})


def _values(*rows: tuple[str, str, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"tool": pl.String, "team": pl.String, "value": pl.Float64}, orient="row")


THREE_TOOLS = _values(("y", "t3", 5), ("x", "t1", 1), ("x", "t2", 3), ("z", "t1", 0), ("z", "t2", 4), ("z", "t3", 2))


def test_rule_t_by_hand():
    # Squares: x 2, y 0, z 8; freedom 1 + 0 + 2; s2 = 10/3.
    found = tool_variances(THREE_TOOLS)
    assert found["tool"].to_list() == ["x", "y", "z"]
    assert found["G"].to_list() == [2, 1, 3]
    assert found["v"].to_list() == pytest.approx([10 / 6, 10 / 3, 10 / 9])


@pytest.mark.parametrize("rows", [[("x", "t1", 1.0), ("y", "t2", 5.0)], [("x", "t1", 1.0), ("x", "t2", 1.0)]])
def test_rule_t_without_anything_that_varies(rows: list[tuple[str, str, float]]):
    assert tool_variances(_values(*rows))["v"].null_count() == len({r[0] for r in rows})


def test_three_tools_are_pooled_and_two_are_not():
    points = {"x": 2.0, "y": 5.0, "z": 2.0}
    found = pooled_tools(points, THREE_TOOLS, A=10)
    expected = pool([2.0, 5.0, 2.0], [10 / 6, 10 / 3, 10 / 9], A=10)
    assert [found[t]["estimate"] for t in "xyz"] == pytest.approx(list(expected.mean))
    assert found["y"]["ci_low"] == pytest.approx(expected.low[1])
    assert {r["G"] for r in found.values()} == {3}  # teams of the model, not of the tool
    assert pooled_tools(points, THREE_TOOLS.filter(pl.col("tool") != "y"), A=10) == {}
    assert pooled_tools({"x": 2.0, "z": 2.0}, THREE_TOOLS, A=10) == {}


def test_five_teams_are_pooled_and_four_have_no_estimate():
    units = pl.DataFrame({"key": list("abcde"), "y": [0.1, 0.2, 0.3, 0.4, 0.5], "v": [0.01] * 5})
    found = team_records(units, A=0.15, scale=lambda x: 100 * x)
    assert found["c"]["estimate"] == pytest.approx(30.0)  # the middle one shrinks towards itself
    assert 10 < found["a"]["estimate"] < 30
    assert found["a"]["se"] < 0.1  # on the scale of y
    few = team_records(units.head(4), A=0.15)
    assert few == {k: {"reason": "moins_de_5_equipes", "G": 4} for k in "abcd"}
    flat = team_records(units.with_columns(v=pl.lit(None, pl.Float64)), A=0.15)
    assert {r["reason"] for r in flat.values()} == {"variance_nulle"}

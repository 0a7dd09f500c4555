"""Linear models with fixed effects: values of R, pyfixest's, one published result, and designs that say nothing."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.estimators.house_interval import interval_of
from pipelines.estimators.linear import Products, products

KNOWN = Path(__file__).parent / "known_answers"
R = json.loads((KNOWN / "expected_R.json").read_text("utf-8"))


def ka1() -> pl.DataFrame:
    return pl.read_csv(KNOWN / "ka1_time.csv").with_columns(log_minutes=pl.col("minutes").log())


@pytest.mark.parametrize(("x", "effects"), [("team_live", ["process", "month"]), ("tool", ["process"])])
def test_log_minutes_on_going_live_and_on_use_are_those_of_r(x: str, effects: list[str]):
    expected = R["ka1"][x]
    refits = products(ka1(), unit="person", effects=effects, variables=[x, "log_minutes"]).slope("log_minutes", x)
    assert refits[0] == pytest.approx(expected["beta"], abs=1e-9)
    assert 100 * math.expm1(refits[0]) == pytest.approx(expected["pct_change"], abs=1e-7)
    assert list(refits[1].values()) == pytest.approx(expected["jackknife"], abs=1e-9)
    found = interval_of(refits)
    assert found.se == pytest.approx(expected["se_jackknife_house"], abs=1e-9)
    assert (found.low, found.high) == pytest.approx(expected["ci_house"], abs=1e-8)


def test_use_instrumented_by_going_live_is_that_of_r():
    cells = products(ka1(), unit="person", effects=["process", "month"], variables=["team_live", "tool", "log_minutes"])
    refits = cells.slope("log_minutes", "tool", instrument="team_live")
    assert refits[0] == pytest.approx(R["ka1b"]["iv_beta"], abs=1e-9)
    assert list(refits[1].values()) == pytest.approx(R["ka1b"]["iv_jackknife"], abs=1e-9)
    assert interval_of(refits).se == pytest.approx(R["ka1b"]["iv_se_house"], abs=1e-8)


def test_the_slowdown_published_by_metr_2025_is_found_again():
    metr = json.loads((KNOWN / "metr_products.json").read_text("utf-8"))
    upper = np.zeros((len(metr["upper_triangles"]), 4, 4))
    upper[:, *np.triu_indices(4)] = metr["upper_triangles"]
    matrices = upper + np.triu(upper, 1).transpose(0, 2, 1)
    developers = tuple(f"d{i:02}" for i in range(len(matrices)))
    slope = Products(developers, matrices, ("ai_treatment", "log_total")).slope("log_total", "ai_treatment")[0]
    assert 100 * math.expm1(slope) == pytest.approx(metr["published_percent"], abs=0.005)
    # Their interval, clustered by developer: scores of the same cross-products, CRV1, normal quantile.
    whole, n, g = matrices.sum(axis=0), metr["n"], len(developers)
    beta = np.linalg.solve(whole[:3, :3], whole[:3, 3])
    bread = np.linalg.inv(whole[:3, :3])
    scores = matrices[:, :3, 3] - matrices[:, :3, :3] @ beta
    variance = (bread @ scores.T @ scores @ bread)[2, 2] * g / (g - 1) * (n - 1) / (n - 3)
    bounds = [100 * math.expm1(slope + side * 1.959963984540054 * math.sqrt(variance)) for side in (-1, 1)]
    assert bounds == pytest.approx(metr["published_interval_percent"], abs=0.005)
    assert (g, n) == (16, 246)


@pytest.mark.filterwarnings("ignore::Warning:pyfixest")
def test_weighted_cells_are_those_of_pyfixest():
    import pyfixest

    cells = ka1().with_columns(weight=pl.col("week") % 3 + 1)
    refits = products(
        cells, unit="person", effects=["process", "month"], variables=["tool", "log_minutes"], weight="weight"
    ).slope("log_minutes", "tool")
    fit = pyfixest.feols(
        "log_minutes ~ tool | person + process + month", cells.to_pandas(), weights="weight", vcov="iid"
    )
    assert refits[0] == pytest.approx(float(fit.coef()["tool"]), abs=1e-10)


def test_a_total_with_its_count_weighs_like_its_lines():
    lines = ka1().with_columns(weight=pl.lit(1))
    keys = ["team", "person", "process", "month", "team_live"]
    cells = lines.group_by(keys).agg(pl.col("log_minutes").mean(), pl.len().alias("weight"))
    of = [
        products(
            frame, unit="person", effects=["process", "month"], variables=["team_live", "log_minutes"], weight="weight"
        ).slope("log_minutes", "team_live")
        for frame in (lines, cells)
    ]
    assert of[0][0] == pytest.approx(of[1][0], abs=1e-12)
    assert list(of[0][1].values()) == pytest.approx(list(of[1][1].values()), abs=1e-12)


def _rows(rows: list[tuple[str, str, str, bool, float]]) -> pl.DataFrame:
    schema = {"team": pl.String, "person": pl.String, "month": pl.String, "treated": pl.Boolean, "y": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    "rows",
    {
        "empty": [],
        "never treated": [("a", "p", "1", False, 1.0), ("a", "p", "2", False, 2.0)],
        "treatment is the month": [
            (t, t, m, m == "2", v) for t, m, v in (("a", "1", 1.0), ("a", "2", 2.0), ("b", "1", 1.5), ("b", "2", 2.2))
        ],
        "treatment is the person": [("a", "p", "1", False, 1.0), ("a", "q", "1", True, 2.0)],
    }.items(),
    ids=lambda case: case[0],
)
def test_a_design_that_says_nothing_gives_none(rows: tuple[str, list[tuple[str, str, str, bool, float]]]):
    found = products(_rows(rows[1]), unit="person", effects=["month"], variables=["treated", "y"])
    refits = found.slope("y", "treated")
    assert refits[0] is None and set(refits[1].values()) <= {None}


def test_a_refit_that_loses_the_comparison_is_none_and_the_interval_says_so():
    # a is treated from the second month, b never: without b the month says all of it; without a nothing is treated.
    rows = [(t, f"{t}{p}", str(m), t == "a" and m == 2, m + p * 0.5 + (t == "a")) for t in "ab" for p in (1, 2)
            for m in (1, 2)]  # fmt: skip
    refits = products(_rows(rows), unit="person", effects=["month"], variables=["treated", "y"]).slope("y", "treated")
    assert refits == (pytest.approx(0.0, abs=1e-12), {"a": None, "b": None})
    assert interval_of(refits).reason == "non_identifie_sans_equipe"


def test_people_of_two_teams_are_two_people():
    # p is slower in team b: taken for one person, the difference between the teams would be the treatment's.
    rows = [("a", "p", "1", False, 1.0), ("a", "p", "2", False, 1.2), ("b", "p", "1", False, 5.0),
            ("b", "p", "2", True, 5.0)]  # fmt: skip
    found = products(_rows(rows), unit="person", effects=["month"], variables=["treated", "y"]).slope("y", "treated")
    assert found[0] == pytest.approx(-0.2)


def test_bits_do_not_depend_on_the_order_of_rows():
    one, other = (
        products(frame, unit="person", effects=["process", "month"], variables=["tool", "log_minutes"])
        for frame in (ka1(), ka1().sample(fraction=1.0, shuffle=True, seed=3))
    )
    assert one.slope("log_minutes", "tool") == other.slope("log_minutes", "tool")

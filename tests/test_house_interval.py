"""The house interval against values computed in R, by hand, and in the cases where there must be none."""

import json
import math
from pathlib import Path

import polars as pl
import pytest
from scipy import stats

from pipelines.contracts.indicators import RECORD
from pipelines.estimators.house_interval import house_interval, interval_of, jackknife
from pipelines.estimators.record import RECORD_SCHEMA, record

FOLDER = Path(__file__).parent / "known_answers"
R = json.loads((FOLDER / "expected_R.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("coefficient", ["tool", "team_live"])
def test_known_answer_on_minutes(coefficient: str):
    expected = R["ka1"][coefficient]
    found = house_interval(expected["beta"], expected["jackknife"])
    assert (found.low, found.high) == pytest.approx(expected["ci_house"], abs=1e-9)
    assert found.se == pytest.approx(expected["se_jackknife_house"], abs=1e-12)
    assert (found.G, found.df, found.reason) == (6, 5.0, None)


def test_known_answer_on_net_hours():
    expected = R["ka1b"]
    found = house_interval(expected["net_hours_per_agent_week"], expected["net_hours_jackknife"])
    assert (found.low, found.high) == pytest.approx(expected["net_hours_ci_house"], abs=1e-9)


def test_jackknife_known_answer_on_paired_change():
    expected = R["ka3"]
    scored = pl.read_csv(FOLDER / "ka3_questionnaire.csv").with_columns(
        n=pl.sum_horizontal(pl.col("^w[1-5]$").is_not_null()), score=20 * pl.mean_horizontal(pl.col("^w[1-5]$"))
    )
    paired = (
        scored.filter(pl.col("n") >= 3)
        .pivot("wave", index=["person", "team"], values="score")
        .select("team", change=pl.col("1") - pl.col("0"))
        .drop_nulls()
    )
    assert paired.height == expected["n_paired"]
    refits = jackknife(paired, lambda rows: rows["change"].mean())
    assert refits[0] == pytest.approx(expected["mean_change"], abs=1e-9)
    assert list(refits[1].values()) == pytest.approx(expected["jackknife"], abs=1e-9)
    found = interval_of(refits)
    assert (found.low, found.high) == pytest.approx(expected["ci_house"], abs=1e-8)


def test_two_teams_by_hand():
    # Mean of 1 and 3; refits 3 and 1. SE = sqrt(1/2 x 2) x 2 = 2; the t quantile with 1 df is tan(.475 pi).
    found = house_interval(2.0, [3.0, 1.0])
    assert found.se == pytest.approx(2.0)
    assert found.high == pytest.approx(2 + 2 * math.tan(0.475 * math.pi))


def test_level_changes_the_quantile_only():
    wide, narrow = house_interval(0.0, [1.0, -1.0, 0.5]), house_interval(0.0, [1.0, -1.0, 0.5], level=0.90)
    assert narrow.se == wide.se
    assert narrow.high / wide.high == pytest.approx(stats.t.ppf(0.95, 2) / stats.t.ppf(0.975, 2))


@pytest.mark.parametrize(
    ("estimate", "deleted", "reason"),
    [
        (None, [1.0, 2.0], "non_estimable"),
        (math.nan, [1.0, 2.0], "non_estimable"),
        (1.0, [], "non_estimable"),
        (1.0, [None], "une_seule_equipe"),
        (1.0, [1.1, None, 0.9], "non_identifie_sans_equipe"),
        (1.0, [1.1, math.nan, 0.9], "non_identifie_sans_equipe"),
        (1.0, [1.1, math.inf, 0.9], "non_identifie_sans_equipe"),
        (1.0, [1.0, 1.0, 1.0], "variance_nulle"),
        (1.0, [1.2, 1.2, 1.2], "variance_nulle"),
        (1.0, [1.0, 1.0 + 1e-13, 1.0], "variance_nulle"),
    ],
)
def test_no_interval_and_its_reason(estimate: float | None, deleted: list[float | None], reason: str):
    found = house_interval(estimate, deleted)
    assert (found.low, found.high, found.se, found.reason) == (None, None, None, reason)
    assert len(deleted) == found.G
    values = found.record_values()
    assert (values["ci_low"], values["ci_high"], values["reason"]) == (None, None, reason)


def test_record_values_scale_the_bounds_and_nothing_else():
    found = house_interval(0.0, [0.1, -0.1])
    values = found.record_values(math.exp)
    assert values["ci_low"] == pytest.approx(1 / values["ci_high"])
    assert values["se"] == found.se
    assert found.record_values(lambda x: math.inf)["ci_high"] is None  # never an infinite bound


def test_jackknife_leaves_each_team_out_in_the_order_of_their_names():
    frame = pl.DataFrame({"team": ["b", "a", "b", None], "x": [1.0, 10.0, 3.0, 100.0]})
    whole, deleted = jackknife(frame, lambda rows: rows["x"].sum())
    assert whole == 114.0
    assert list(deleted.items()) == [("a", 104.0), ("b", 110.0)]


def test_jackknife_never_calls_the_statistic_on_nothing():
    calls = []

    def statistic(rows: pl.DataFrame) -> float | None:
        calls.append(rows.height)
        return math.nan if rows.height == 1 else 1.0

    assert jackknife(pl.DataFrame({"team": ["a", "a"]}), statistic) == (1.0, {"a": None})
    assert calls == [2]
    assert jackknife(pl.DataFrame({"team": ["a", "b"]}), statistic) == (1.0, {"a": None, "b": None})
    assert jackknife(pl.DataFrame({"team": []}, schema={"team": pl.String}), statistic) == (None, {})


def test_record_has_the_columns_of_the_contract():
    found = record(estimate=1.0, model_id="x")
    assert list(found) == [c.name for c in RECORD] == list(RECORD_SCHEMA)
    assert found["estimate"] == 1.0
    assert found["ci_low"] is None
    with pytest.raises(KeyError, match="ci_lo"):
        record(ci_lo=1.0)

"""Gain per process and tool: the pool of methods 4 on known pairs, what is measured too little, the planted truth."""

import math

import polars as pl
import pytest

from pipelines.estimators.imputation import log_ratio, reference
from pipelines.estimators.pooling import group_variances, pool
from pipelines.indicators.base import Inputs
from pipelines.indicators.process_tool_gain import compute
from tests.time_panel import STUDY, panel


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    """Two tools in ten teams, on two processes: four pairs, of five teams each."""
    return panel(3, n_tools=2)


def rows(inputs: Inputs, estimand: str = "gain_90") -> dict[str, dict[str, object]]:
    found = compute(inputs).filter(pl.col("estimand") == estimand)
    return {row["scope_key"]: row for row in found.iter_rows(named=True)}


def without(inputs: Inputs, condition: pl.Expr) -> Inputs:
    tables = dict(inputs.tables)
    return Inputs(STUDY, tables | {"model.time_cells": tables["model.time_cells"].filter(~condition)})


def test_the_planted_gain_is_found_in_every_pair_at_both_levels(inputs: Inputs):
    narrow, wide = rows(inputs), rows(inputs, "gain")
    assert list(narrow) == list(wide) == ["mail:tool0", "mail:tool1", "notes:tool0", "notes:tool1"]
    for key, row in narrow.items():
        assert row["ci_low"] < 30 < row["ci_high"] and row["estimate"] == pytest.approx(30, abs=6)
        assert wide[key]["estimate"] == row["estimate"]
        assert wide[key]["ci_low"] < row["ci_low"] and row["ci_high"] < wide[key]["ci_high"]
        assert (row["level"], wide[key]["level"], row["G"], row["n_persons"]) == (0.90, 0.95, 10, 40)
        assert (row["scope"], row["unit"], row["direction"], row["threshold"]) == ("process_tool", "%", "higher", None)


def test_pairs_are_pooled_as_teams_are(inputs: Inputs):
    """The posterior quantiles of methods 4 on the log ratios, variance from people, turned into a gain."""
    used = reference(inputs.table("model.time_cells")).identified.filter(pl.col("phase") == "regime")
    persons = used.group_by("process", "deployed_tool", "person_time").agg(pl.col("minutes", "mu0").sum()).select(
        group=pl.concat_str("process", "deployed_tool", separator=":"),
        value=(pl.col("minutes") / pl.col("mu0")).log(), weight="mu0",
    )  # fmt: skip
    spread = group_variances(persons)
    y = [log_ratio(used.filter(pl.col("process") == p, pl.col("deployed_tool") == t))
         for p, t in (key.split(":") for key in spread["group"])]  # fmt: skip
    fit = pool(y, spread["v"].to_list(), A=0.15, level=0.90)
    for i, (key, row) in enumerate(rows(inputs).items()):
        assert key == spread["group"][i]
        assert row["estimate"] == pytest.approx(100 * (1 - math.exp(fit.mean[i])), abs=1e-9)
        assert row["ci_low"] == pytest.approx(100 * (1 - math.exp(fit.high[i])), abs=1e-9)
        assert row["ci_high"] == pytest.approx(100 * (1 - math.exp(fit.low[i])), abs=1e-9)


def test_a_pair_measured_too_little_has_an_estimate_and_no_interval(inputs: Inputs):
    of_pair = (pl.col("process") == "mail") & (pl.col("deployed_tool") == "tool0")
    live = of_pair & (pl.col("phase") == "regime")
    few_people = without(inputs, live & ~pl.col("person_time").is_in(["t00p0", "t00p1", "t02p0", "t02p1"]))
    row = rows(few_people)["mail:tool0"]
    assert (row["reason"], row["ci_low"], row["ci_high"], row["n_persons"]) == ("moins_de_5_personnes", None, None, 4)
    assert row["estimate"] is not None and rows(few_people)["mail:tool1"]["ci_low"] is not None
    # Kept: twenty lines of one time each, of that pair.
    cells = inputs.table("model.time_cells").with_columns(n=pl.when(live).then(live.cum_sum()).fill_null(0))
    kept = cells.filter(pl.col("n") <= 20).with_columns(occurrences=pl.when(live).then(1).otherwise("occurrences"))
    few_times = rows(Inputs(STUDY, dict(inputs.tables) | {"model.time_cells": kept.drop("n")}))
    assert few_times["mail:tool0"]["reason"] == "moins_de_30_fois_par_phase"


def test_what_is_shared_or_never_used_still_has_its_row(inputs: Inputs):
    shared = (pl.col("process") == "notes") & (pl.col("deployed_tool") == "tool1")
    cells = inputs.table("model.time_cells").with_columns(
        deployed_tool=pl.when(shared).then(pl.lit("plusieurs")).otherwise("deployed_tool")
    )
    found = rows(Inputs(STUDY, dict(inputs.tables) | {"model.time_cells": cells}))
    assert list(found) == ["mail:tool0", "mail:tool1", "notes:tool0", "notes:tool1"]
    assert found["notes:tool1"]["estimate"] is None and found["notes:tool1"]["reason"]
    nothing = rows(Inputs(STUDY, dict(inputs.tables) | {"model.time_cells": cells.clear()}))
    assert [row["estimate"] for row in nothing.values()] == [None] * 4
    assert all(row["reason"] for row in nothing.values())


def test_fewer_than_three_pairs_have_their_own_house_interval():
    one = panel(3, n_tools=1)
    mail = rows(one)["mail:tool0"]
    ref = reference(one.table("model.time_cells"))
    own = pl.col("process") == "mail"
    regime = pl.col("phase") == "regime"
    b = log_ratio(ref.identified.filter(regime, own))
    deleted = [log_ratio(cells.filter(regime, own)) for cells in ref.without.values()]
    se = math.sqrt(9 / 10 * sum((d - b) ** 2 for d in deleted)) * 10 / 9
    t_90 = 1.8331129326562374  # qt(0.95, 9)
    assert mail["estimate"] == pytest.approx(100 * (1 - math.exp(b)))
    assert mail["ci_low"] == pytest.approx(100 * (1 - math.exp(b + t_90 * se)))
    assert mail["ci_high"] == pytest.approx(100 * (1 - math.exp(b - t_90 * se)))
    assert mail["model_id"] == "imputation_jackknife"

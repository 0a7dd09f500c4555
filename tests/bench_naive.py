"""What an analyst would do otherwise, on the same simulated tables: the pooled comparison and the plain standard error.

Belongs here: intervals that ignore teams, persons or the calendar. Nothing here is the product's, except where it says
that its point estimate is taken with another standard error.
"""

import math
from collections.abc import Callable

import numpy as np
import polars as pl
from scipy import stats

from pipelines.estimators.errors import log_rate_ratio
from pipelines.estimators.linear import products
from pipelines.indicators.base import Inputs
from pipelines.indicators.surveys import agent_scores, two_waves

Bounds = tuple[float, float]
Z = 1.959963984540054


def _percent(middle: float, half: float) -> Bounds:
    return 100 * math.expm1(middle - half), 100 * math.expm1(middle + half)


def pooled_minutes(inputs: Inputs) -> Bounds:
    """Welch's t-test on the log minutes of one occurrence, cells with the tool against cells without."""
    cells = inputs.table("model.time_cells").filter(~pl.col("witness"))
    logs = cells.with_columns((pl.col("minutes") / pl.col("occurrences")).log().alias("y"))
    arms = [logs.filter(pl.col("treated") == arm)["y"].to_numpy() for arm in (True, False)]
    found = stats.ttest_ind(*arms, equal_var=False).confidence_interval(0.95)
    middle = (found.low + found.high) / 2
    return _percent(middle, found.high - middle)


def plain_minutes(inputs: Inputs) -> Bounds:
    """Two-way fixed effects on log minutes, standard error of independent cells."""
    cells = inputs.table("model.time_cells").with_columns((pl.col("log_minutes") / pl.col("occurrences")).alias("y"))
    months = ["month"] if cells.filter(~pl.col("treated"))["month"].n_unique() > 1 else []
    if cells.filter("treated").join(cells.filter(~pl.col("treated")), on="month", how="semi").is_empty():
        months = []
    made = products(cells, unit="person_time", effects=["process", *months], variables=["treated", "y"],
                    weight="occurrences")  # fmt: skip
    left = made._partial()[0][0]
    beta = left[1, 0] / left[0, 0]
    freedom = cells.height - cells["person_time"].n_unique() - made.matrices.shape[1]
    se = math.sqrt((left[1, 1] - beta * left[1, 0]) / freedom / left[0, 0])
    return _percent(beta, Z * se)


def hours_before_after(inputs: Inputs) -> Bounds:
    """t-test over people: weekly hours on the equipped processes, before less after. Nothing is deducted."""
    cells = inputs.table("model.time_cells").filter(~pl.col("witness"))
    weeks = inputs.table("model.agent_weeks").group_by("person_time", "treated").len()
    hours = cells.group_by("person_time", "treated").agg(pl.col("minutes").sum() / 60)
    each = hours.join(weeks, on=["person_time", "treated"]).with_columns(pl.col("minutes") / pl.col("len"))
    arms = [each.filter(pl.col("treated") == arm).sort("person_time")["minutes"].to_numpy() for arm in (False, True)]
    found = stats.ttest_rel(*arms).confidence_interval(0.95)
    return float(found.low), float(found.high)


def pooled_rates(inputs: Inputs) -> Bounds:
    """Ratio of the two rates of errors, errors counted as independent."""
    cells = inputs.table("model.time_cells").filter(~pl.col("witness"), pl.col("items") > 0)
    x1, n1, x0, n0 = (cells.filter(pl.col("treated") == arm)[c].sum() for arm in (True, False) for c in
                      ("errors", "items"))  # fmt: skip
    return _around(math.log((x1 / n1) / (x0 / n0)), x1, x0)


def plain_rates(inputs: Inputs) -> Bounds | None:
    """The product's ratio with fixed effects, errors counted as independent (Poisson)."""
    cells = inputs.table("model.time_cells").filter(pl.col("items") > 0).with_columns(person=pl.col("person_time"))
    beta = log_rate_ratio(cells, ("person", "process", "month"))
    x1, x0 = (cells.filter(pl.col("treated") == arm)["errors"].sum() for arm in (True, False))
    return None if beta is None else _around(beta, x1, x0)


def _around(log_ratio: float, x1: int, x0: int) -> Bounds:
    half = Z * math.sqrt(1 / x1 + 1 / x0)
    return math.exp(log_ratio - half), math.exp(log_ratio + half)


def two_means(inputs: Inputs) -> Bounds:
    """Welch's t-test: everyone of the end wave against everyone of the first."""
    waves = [agent_scores(inputs, "wellbeing", wave)["score"].to_numpy() for wave in ("T1", "T0")]
    found = stats.ttest_ind(*waves, equal_var=False).confidence_interval(0.95)
    return float(found.low), float(found.high)


def paired_t(inputs: Inputs) -> Bounds:
    """Paired t-test of those who answered both."""
    pairs = two_waves(inputs, "wellbeing").drop_nulls("after")
    found = stats.ttest_rel(pairs["after"].to_numpy(), pairs["before"].to_numpy()).confidence_interval(0.95)
    return float(found.low), float(found.high)


def wald(inputs: Inputs) -> Bounds:
    """Share of the answers that are satisfied, people counted as independent."""
    p = float(np.mean(agent_scores(inputs, "SO1", "T1")["score"].to_numpy() >= 4))
    n = agent_scores(inputs, "SO1", "T1").height
    half = Z * math.sqrt(p * (1 - p) / n)
    return 100 * (p - half), 100 * (p + half)


# Indicator -> (pooled comparison, plain standard error).
ANALYSES: dict[str, tuple[Callable[[Inputs], Bounds | None] | None, ...]] = {
    "time_per_task": (pooled_minutes, plain_minutes),
    "net_hours": (hours_before_after, None),
    "errors": (pooled_rates, plain_rates),
    "wellbeing": (two_means, paired_t),
    "satisfaction": (wald, None),
}

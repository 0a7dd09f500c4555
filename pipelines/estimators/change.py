"""Change between two waves of a questionnaire, corrected for who did not answer the second (methods.md, 3.2).

Every function reads one row per person who answered the first wave: `before` (never null), `after` (null = did not
answer again), and the unit the person belongs to. A scale asked for each process gives one row per process.
"""

import math

import polars as pl

from pipelines.estimators.logit import probabilities
from pipelines.estimators.pooling import group_variances

MIN_PAIRED = 2  # a slope needs two points
MIN_EFFECT = 3  # under three pairs Hedges' correction is null
MOST_WEIGHT = 5.0  # of one person in the weighted change
ROUNDING = 1e-9  # two scores closer than this are the same answers, added in another order


def slope(people: pl.DataFrame) -> float | None:
    """Least-squares slope of `after` on `before` among the paired; None when `before` does not vary."""
    pair = _paired(people)
    if pair.height < MIN_PAIRED:
        return None
    covariance, variance = pair.select(pl.cov("before", "after").alias("c"), pl.col("before").var().alias("v")).row(0)
    return covariance / variance if variance and variance > 0 else None


def adjusted_change(people: pl.DataFrame, fixed_slope: float | None = None) -> float | None:
    """mean_p(after) + slope x (mean_o(before) - mean_p(before)) - mean_o(before), in the unit of the scores.

    p = the paired, o = everyone in the first wave; the slope is theirs unless given. None when it cannot be computed.
    """
    b = slope(people) if fixed_slope is None else fixed_slope
    pair = _paired(people)
    if b is None or pair.is_empty():
        return None
    mean_o = _mean(people["before"])
    return _mean(pair["after"]) + b * (mean_o - _mean(pair["before"])) - mean_o


def changes_by(people: pl.DataFrame, unit: str, fixed_slope: float) -> pl.DataFrame:
    """[unit, y, v], one row per unit with a paired person, sorted by unit.

    y = `adjusted_change` of the unit with the slope of the whole; v = s2 / paired people, s2 the variance of the
    paired changes within units (`group_variances`).
    """
    known = people.filter(pl.col(unit).is_not_null()).sort(unit, "before", "after")
    after, paired_before = pl.col("after").mean(), pl.col("before").filter(pl.col("after").is_not_null()).mean()
    change = after + fixed_slope * (pl.col("before").mean() - paired_before) - pl.col("before").mean()
    spread = group_variances(
        _paired(known).select(group=unit, value=pl.col("after") - pl.col("before"), weight=pl.lit(1.0))
    )
    y = known.group_by(pl.col(unit).alias("group")).agg(change.alias("y"))
    return spread.join(y, on="group", maintain_order="left").select(pl.col("group").alias(unit), "y", "v")


def paired_change(people: pl.DataFrame) -> float | None:
    """Mean of `after` - `before` among the paired; None without a pair."""
    pair = _paired(people)
    return _mean(pair["after"] - pair["before"]) if pair.height else None


def weighted_change(people: pl.DataFrame) -> float | None:
    """Mean change of the paired, each weighted by min(mean(r) / p, 5): those who resemble the missing count for more.

    r = answered again, p = chance of it given `before`, by a logit fitted on `people` (`logit.py`). None without a
    pair, or when `before` separates those who answered again from the others.
    """
    ordered = people.sort("before", "after")
    pair = ordered.filter(pl.col("after").is_not_null())
    answered = ordered["after"].is_not_null()
    chance = probabilities(ordered["before"].to_numpy(), answered.to_numpy()) if pair.height else None
    if chance is None:
        return None
    share = pair.height / ordered.height
    weights = [min(share / p, MOST_WEIGHT) for p in chance[answered.to_numpy()].tolist()]
    changes = (pair["after"] - pair["before"]).to_list()
    return math.fsum(w * d for w, d in zip(weights, changes, strict=True)) / math.fsum(weights)


def tipping_point(low: float, threshold: float, n_first: int, n_missing: int) -> float:
    """How many points lower those who did not answer again must be, on average, for `low` to reach the threshold.

    (low - threshold) x n_first / n_missing. Negative: the bound is beyond the threshold already, and they would have
    to be that much higher.
    """
    return (low - threshold) * n_first / n_missing


def spread_of_scores(people: pl.DataFrame) -> float | None:
    """What turns a mean change into a size of effect: root of the mean of the two variances, over Hedges' J.

    J = 1 - 3 / (4 (n - 1) - 1), n the paired: change / spread = d_av x J. None under three pairs, or when nothing
    varies.
    """
    pair = _paired(people)
    if pair.height < MIN_EFFECT:
        return None
    before, after = pair.select(pl.col("before").var().alias("b"), pl.col("after").var().alias("a")).row(0)
    hedges = 1 - 3 / (4 * (pair.height - 1) - 1)
    spread = math.sqrt((before + after) / 2) / hedges
    return spread if spread > ROUNDING else None


def net_share_up(people: pl.DataFrame) -> float | None:
    """Share of the pairs that went up less the share that went down, in % (« part en hausse moins part en baisse »)."""
    pair = _paired(people)
    steps = (pair["after"] - pair["before"]).to_list()
    up, down = sum(d > ROUNDING for d in steps), sum(d < -ROUNDING for d in steps)
    return 100.0 * (up - down) / pair.height if pair.height else None


def _paired(people: pl.DataFrame) -> pl.DataFrame:
    return people.filter(pl.col("after").is_not_null()).sort("before", "after")


def _mean(values: pl.Series) -> float:
    return float(values.sort().sum()) / len(values)

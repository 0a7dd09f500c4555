"""Change between two waves of a questionnaire, corrected for who did not answer the second (methods.md, 3.2).

Every function reads one row per person who answered the first wave: `before` (never null), `after` (null = did not
answer again), and the unit the person belongs to.
"""

import polars as pl

from pipelines.estimators.pooling import group_variances

MIN_PAIRED = 2  # a slope needs two points


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


def _paired(people: pl.DataFrame) -> pl.DataFrame:
    return people.filter(pl.col("after").is_not_null()).sort("before", "after")


def _mean(values: pl.Series) -> float:
    return float(values.sort().sum()) / len(values)

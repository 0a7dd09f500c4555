"""Share of people who are satisfied: a mean of values between 0 and 1, one per person (indicators.md, 2.5)."""

import math

import polars as pl


def person_values(answers: pl.DataFrame, by: list[str], satisfied_from: float) -> pl.DataFrame:
    """[*by, value]: the share of a person's answers at or over `satisfied_from`. `score` null = no answer.

    `by` names the columns that stay constant for a person (person and team...). Sorted by `by`.
    """
    answered = answers.filter(pl.col("score").is_not_null())
    return answered.group_by(by).agg((pl.col("score") >= satisfied_from).mean().alias("value")).sort(by)


def mean(values: pl.DataFrame) -> float | None:
    """Mean of `value`; None without values."""
    return float(values["value"].sort().sum()) / values.height if values.height else None


def percent(values: pl.DataFrame) -> float | None:
    """100 x the mean of `value`; None without values."""
    share = mean(values)
    return None if share is None else 100.0 * share


def shares_by(values: pl.DataFrame, unit: str, overall_percent: float) -> pl.DataFrame:
    """[unit, y, n_persons, v], one row per unit, sorted: y in %, v = 1e4 p (1 - p) / n with the overall p.

    v is null when everyone, or nobody, is satisfied: then nothing varies.
    """
    p = overall_percent / 100.0
    s2 = 1e4 * p * (1 - p)
    v = pl.lit(s2) / pl.col("n_persons") if s2 > 0 else pl.lit(None, pl.Float64)
    return (
        values.filter(pl.col(unit).is_not_null()).sort(unit, "value").group_by(unit, maintain_order=True)
        .agg((100.0 * pl.col("value").mean()).alias("y"), pl.len().cast(pl.Int64).alias("n_persons"))
        .select(unit, "y", "n_persons", v.alias("v"))
    )  # fmt: skip


def wilson(share: float, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share (0 to 1) of n people, for display: it counts people and knows nothing of teams."""
    from scipy.special import ndtri

    z2 = float(ndtri((1 + level) / 2)) ** 2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half_width = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return max(middle - half_width, 0.0), min(middle + half_width, 1.0)

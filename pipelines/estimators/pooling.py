"""Partial pooling of teams or tools: each estimate borrows from the others (methods.md, section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
N_GRID = 2001
GRID_END = 6  # in units of the prior's scale: the half-normal has no mass beyond
N_BISECTIONS = 80


@dataclass(frozen=True)
class Pooled:
    """Posterior of each unit, in the order given: mean, sd, bounds; and of what they share: mean, sd between units.

    Of several sets at once, each has one more dimension in front.
    """

    mean: Floats
    sd: Floats
    low: Floats
    high: Floats
    level: float
    overall_mean: Floats
    between_sd: Floats


def pool(
    y: Sequence[float] | Floats, v: Sequence[float] | Floats, *, A: float, level: float = 0.95, n_grid: int = N_GRID
) -> Pooled:
    """Normal-normal model: y_j ~ N(th_j, v_j), th_j ~ N(mu, tau^2), mu flat, tau half-normal(A).

    The posterior is a mixture over a fixed grid of tau: deterministic, no seed. `y`, `v` and `A` share one scale
    (`v` its square); the last dimension holds the units, others hold sets of units, pooled apart (simulations, with a
    coarser `n_grid`). Raises ValueError unless there is at least one unit and every v is positive and finite.
    """
    from scipy.special import ndtr

    values, variances = np.asarray(y, float), np.asarray(v, float)
    if not values.size or not (np.isfinite(values).all() and np.isfinite(variances).all() and (variances > 0).all()):
        raise ValueError("pooling needs at least one unit, finite values and positive variances")
    tau = A * np.linspace(0.0, GRID_END, n_grid)
    values, variances = values[..., None], variances[..., None]
    weight = 1.0 / (variances + tau**2)
    var_mu = 1.0 / weight.sum(axis=-2, keepdims=True)
    mu = var_mu * (weight * values).sum(axis=-2, keepdims=True)
    log_q = (
        -0.5 * (tau / A) ** 2
        + 0.5 * np.log(var_mu)
        + 0.5 * np.log(weight).sum(axis=-2, keepdims=True)
        - 0.5 * (weight * (values - mu) ** 2).sum(axis=-2, keepdims=True)
    )
    q = np.exp(log_q - log_q.max(axis=-1, keepdims=True))
    q[..., [0, -1]] /= 2  # trapezoid rule on an even grid
    q /= q.sum(axis=-1, keepdims=True)

    shrink = variances * weight
    means = (1 - shrink) * values + shrink * mu
    spread = (1 - shrink) * variances + shrink**2 * var_mu
    mean = (means * q).sum(axis=-1)
    sd = np.sqrt((q * (spread + (means - mean[..., None]) ** 2)).sum(axis=-1))
    roots = np.sqrt(spread)

    def quantile(probability: float) -> Floats:
        low = (means - 12 * roots).min(axis=-1)
        high = (means + 12 * roots).max(axis=-1)
        for _ in range(N_BISECTIONS):
            middle = (low + high) / 2
            below = (q * ndtr((middle[..., None] - means) / roots)).sum(axis=-1) < probability
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    tail = (1 - level) / 2
    return Pooled(
        mean, sd, quantile(tail), quantile(1 - tail), level, (q * mu).sum(axis=(-2, -1)), (q * tau).sum(axis=(-2, -1))
    )  # fmt: skip


def group_variances(persons: pl.DataFrame) -> pl.DataFrame:
    """[group, value, weight], one row per person -> [group, n_persons, v], sorted by group.

    One variance within groups for all: s2 = weighted squared distances to each group's weighted mean, over the sum
    of (W - sum(w2)/W); v = s2 * sum(w2) / W2. With equal weights v = s2 / n. A group of one borrows s2; `v` is null
    when no group has two persons, or nothing varies.
    """
    known = persons.filter(pl.col("value").is_finite(), pl.col("weight") > 0).sort("group", "value", "weight")
    w, x = pl.col("weight"), pl.col("value")
    groups = known.group_by("group", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("n_persons"),
        (w * (x - (w * x).sum() / w.sum()) ** 2).sum().alias("squares"),
        (w.sum() - (w**2).sum() / w.sum()).alias("freedom"),
        ((w**2).sum() / w.sum() ** 2).alias("share"),
    )
    freedom = float(groups.filter(pl.col("n_persons") > 1)["freedom"].sum() or 0.0)
    s2 = float(groups["squares"].sum() or 0.0) / freedom if freedom > 0 else 0.0
    v = pl.lit(s2) * pl.col("share") if s2 > 0 else pl.lit(None, pl.Float64)
    return groups.select("group", "n_persons", v.alias("v"))

"""Ratio of treated to untreated work with fixed effects, Poisson: the two-way form (methods.md, sections 1.3, 2.2).

Right when an effect is the same from the first day on; where it grows, treated work is compared with work that was
treated earlier, and the ratio is drawn toward one. So it is a sensitivity for time, never the headline.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipelines.estimators.house_interval import Refits, jackknife
from pipelines.estimators.poisson import BLIND, codes, columns_of, fit

RUNAWAY = 10.0  # a log ratio beyond this is a fit that separated, not a finding


def log_ratio(
    rows: pl.DataFrame, *, y: str, exposure: str, effects: Sequence[str], treatment: str = "treated"
) -> float | None:
    """Log of the ratio of `y` per `exposure`, treated over not: y ~ treatment | effects, offset log(exposure).

    `treatment`: a column of booleans. None when it cannot be estimated: an arm without any y, or treatment told apart
    from the effects by nothing.
    """
    # Same likelihood on sums, and far fewer rows.
    sums = (
        rows.filter(pl.col(exposure) > 0)
        .group_by([*effects, treatment]).agg(pl.col(y, exposure).sort().sum())
        .sort([*effects, treatment])
    )  # fmt: skip
    sums = _without_empty_levels(sums, y, effects)
    if any(sums.filter(pl.col(treatment) == arm)[y].sum() <= 0 for arm in (False, True)):
        return None
    unit, others = effects[0], [*effects[1:], treatment]
    levels = {name: sums[name].unique().sort() for name in (unit, *others)}
    n_columns = sum(len(levels[name]) for name in others)
    amounts, exposures = (sums[name].to_numpy().astype(float) for name in (y, exposure))
    unit_codes, columns = codes(sums, unit, levels), columns_of(sums, others, levels)
    found = fit(unit_codes, columns, amounts, exposures, len(levels[unit]), n_columns)
    if found is None or np.abs(found.blind[-1] - found.blind[-2]).max(initial=0.0) > BLIND:
        return None
    beta = float(found.effect[-1] - found.effect[-2])  # the columns of the treatment come last, False before True
    return beta if abs(beta) < RUNAWAY else None


def refits(
    cells: pl.DataFrame, *, y: str, exposure: str, effects: Sequence[str], treatment: str = "treated"
) -> Refits:
    """`log_ratio` of the cells and without each `team`."""
    sums = cells.group_by("team", *effects, treatment).agg(pl.col(y, exposure).sort().sum())
    return jackknife(
        sums, lambda kept: log_ratio(kept, y=y, exposure=exposure, effects=effects, treatment=treatment)
    )


def _without_empty_levels(sums: pl.DataFrame, y: str, effects: Sequence[str]) -> pl.DataFrame:
    """Rows whose every level has some y: the others carry no information and break the fit."""
    while True:
        kept = sums.filter(pl.all_horizontal(pl.col(y).sum().over(name) > 0 for name in effects))
        if kept.height == sums.height:
            return kept
        sums = kept

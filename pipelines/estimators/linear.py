"""Linear models with fixed effects, and each of their refits without a team, from the cross-products of every team.

Effects of a unit (a person) are taken out by its own mean, so that a team's cross-products do not depend on the other
teams: the sums without a team are the sum less that team, and a refit is one small system. Values and instruments of
methods.md, section 1.3, come from the same sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.estimators.house_interval import Refits
from pipelines.estimators.poisson import NULL_DIRECTION, codes, columns_of

Floats = NDArray[np.float64]
NO_VARIATION = 1e-9  # part of a variable that is left once the effects are out: under it they say it all


@dataclass(frozen=True)
class Products:
    """Weighted cross-products of [controls, variables], unit means taken out: one matrix per team, in their order."""

    teams: tuple[str, ...]
    matrices: Floats  # team x column x column
    variables: tuple[str, ...]

    def slope(self, y: str, x: str, *, instrument: str | None = None) -> Refits:
        """Coefficient of `x` on `y`, of the whole and without each team; `x` instrumented by `instrument` if given.

        None where the effects say all of `x`, or of its instrument, or where the instrument does not move `x`.
        """
        outcome, regressor, by = (self.variables.index(name) for name in (y, x, instrument or x))
        left, own = self._partial()
        sums = left[:, by, :]
        moved = np.abs(sums[:, regressor]) > NO_VARIATION * np.sqrt(own[:, regressor] * own[:, by])
        with np.errstate(divide="ignore", invalid="ignore"):
            found = sums[:, outcome] / sums[:, regressor]
        known = np.isfinite(found) & moved & (own[:, regressor] > 0) & (own[:, by] > 0)
        values = [float(v) if ok else None for v, ok in zip(found, known, strict=True)]
        return values[0], dict(zip(self.teams, values[1:], strict=True))

    def _partial(self) -> tuple[Floats, Floats]:
        """Cross-products of the variables once the controls are out, of the whole and without each team; and what is
        left of each variable, 0 where it is rounding."""
        whole = self.matrices.sum(axis=0)
        kept = np.concatenate([whole[None], whole[None] - self.matrices])
        n = kept.shape[1] - len(self.variables)
        inverse = np.linalg.pinv(kept[:, :n, :n], rcond=NULL_DIRECTION, hermitian=True)
        found = kept[:, n:, n:] - kept[:, n:, :n] @ inverse @ kept[:, :n, n:]
        own, before = np.einsum("tii->ti", found), np.einsum("tii->ti", kept[:, n:, n:])
        return found, np.where(own > NO_VARIATION * before, own, 0.0)


def products(
    cells: pl.DataFrame, *, unit: str, effects: Sequence[str], variables: Sequence[str], weight: str | None = None
) -> Products:
    """The cross-products of `cells` [team, unit, effects, variables, weight]: the outcome is one of the variables.

    `variables` are numbers or booleans; `weight` null counts every row once. A unit belongs to one team: in another
    one it is someone else.
    """
    rows = cells.sort("team", unit, *effects, *variables, *([weight] if weight else []), nulls_last=True)
    teams = rows["team"].unique().sort()
    design = np.hstack([dummies(rows, effects), rows.select(pl.col(variables).cast(pl.Float64)).to_numpy()])
    weights = rows[weight].cast(pl.Float64).to_numpy() if weight else np.ones(rows.height)
    who = units(rows, unit)
    weighted = design * weights[:, None]
    means = sums_by(who, weighted) / np.maximum(np.bincount(who, weights), np.finfo(float).tiny)[:, None]
    centred = design - means[who]
    team = codes(rows, "team", {"team": teams})
    crossed = [(centred[team == t] * weights[team == t][:, None]).T @ centred[team == t] for t in range(len(teams))]
    shape = (len(teams), design.shape[1], design.shape[1])
    return Products(tuple(teams.to_list()), np.array(crossed).reshape(shape), tuple(variables))


def dummies(rows: pl.DataFrame, effects: Sequence[str]) -> Floats:
    """One column per value of each effect, 1 in the rows that have it."""
    levels = {name: rows[name].unique().sort() for name in effects}
    design = np.zeros((rows.height, sum(len(level) for level in levels.values())))
    if effects:
        on = columns_of(rows, list(effects), levels)
        for k in range(on.shape[1]):
            design[np.arange(rows.height), on[:, k]] = 1.0
    return design


def units(rows: pl.DataFrame, unit: str) -> NDArray[np.int64]:
    """Position of the unit of each row, a unit in two teams being two."""
    own = pl.struct(pl.col("team"), pl.col(unit).alias("unit"))
    return rows.select(own.rank("dense")).to_series().to_numpy().astype(np.int64) - 1


def sums_by(group: NDArray[np.int64], rows: Floats) -> Floats:
    """Sums of `rows` by `group` (0, 1, 2...), one line per group."""
    n = int(group.max(initial=-1)) + 1
    return np.stack([np.bincount(group, column, n) for column in rows.T], axis=1)

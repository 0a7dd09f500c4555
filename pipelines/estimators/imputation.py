"""What the work would have taken without the tool: a Poisson model of the untreated cells (indicators.md, 2.1).

Written here because pyfixest 0.60 gives no usable prediction out of sample for a Poisson model that has fixed effects
and no covariate (its `fixef` mixes the two scales), and does not say which cells the untreated ones identify. A test
holds the fitted values to pyfixest's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MAX_STEPS = 60
CONVERGED = 1e-10  # largest change of a log effect
NULL_DIRECTION = 1e-10  # of the largest eigenvalue: under it the untreated cells say nothing
SORTED = ("team", "person_time", "process", "month", "week", "tool", "minutes")


@dataclass(frozen=True)
class Reference:
    """Treated cells with `mu0`, the minutes expected without the tool.

    `read`: every treated cell, mu0 null where the untreated cells do not identify it. `identified`: the others.
    `without[g]`: `identified` less team g, mu0 estimated again without that team (null where it can no longer be).
    `months`: whether the calendar could be separated from the tool. `before_after`: `read` with no month effect.
    """

    read: pl.DataFrame
    identified: pl.DataFrame
    without: Mapping[str, pl.DataFrame]
    before_after: pl.DataFrame
    months: bool


def reference(cells: pl.DataFrame) -> Reference:
    """Fit, predict, and fit again without each team.

    `cells`: model.time_cells, or at least person_time, team, process, month, week, tool, phase, treated, occurrences,
    minutes. Month effects need untreated cells once the first cell is treated; without them, or when they leave no
    cell from week 4 on, every change over time is read as the tool's (before-after).
    """
    ordered = cells.filter(pl.col("minutes") > 0).sort(SORTED, nulls_last=True)
    before_after = impute(ordered, months=False)
    read, months = before_after, False
    if has_comparison(ordered):
        with_months = impute(ordered, months=True)
        months = not with_months.filter(pl.col("mu0").is_not_null(), pl.col("phase") == "regime").is_empty()
        read = with_months if months else before_after
    known = pl.col("mu0").is_not_null()
    without = {}
    for team in ordered["team"].unique().sort().to_list():
        others = pl.col("team") != team
        again = impute(ordered.filter(others), months=months)
        without[team] = again.filter(read.filter(others)["mu0"].is_not_null())
    return Reference(read, read.filter(known), without, before_after, months)


def has_comparison(cells: pl.DataFrame) -> bool:
    """Some cell is untreated when another already is treated: the calendar can be told from the tool."""
    first = cells.filter("treated")["week"].min()
    return first is not None and not cells.filter(~pl.col("treated"), pl.col("week") >= first).is_empty()


def impute(cells: pl.DataFrame, *, months: bool) -> pl.DataFrame:
    """The treated cells, in the order given, with `mu0` [minutes]; null where it is not identified.

    minutes ~ person + process (+ month), Poisson, offset log(occurrences), fitted on the untreated cells. A cell is
    identified when its person, process and month all have untreated cells that connect them.
    """
    effects = ["process", "month"] if months else ["process"]
    treated = cells.filter("treated")
    untreated = (
        cells.filter(~pl.col("treated"))
        .group_by("person_time", *effects)
        .agg(pl.col("minutes").sort().sum(), pl.col("occurrences").sum())
        .sort("person_time", *effects)
    )
    unknown = treated.with_columns(pl.lit(None, pl.Float64).alias("mu0"))
    if treated.is_empty() or untreated.is_empty():
        return unknown
    levels = {name: untreated[name].unique().sort() for name in ("person_time", *effects)}
    person = _codes(untreated, "person_time", levels)
    columns = _columns(untreated, effects, levels)
    n_columns = sum(len(levels[name]) for name in effects)
    minutes, exposure = untreated["minutes"].to_numpy(), untreated["occurrences"].to_numpy().astype(float)
    fit = _fit(person, columns, minutes, exposure, len(levels["person_time"]), n_columns)
    if fit is None:
        return unknown
    person_rate, effect, blind, means = fit

    new_person, new_columns = _codes(treated, "person_time", levels), _columns(treated, effects, levels)
    seen = (new_person >= 0) & (new_columns >= 0).all(axis=1)
    i, c = new_person[seen], new_columns[seen]
    contrast = blind[c].sum(axis=1) - (means @ blind)[i]
    identified = np.abs(contrast).max(axis=1, initial=0.0) < 1e-6
    expected = np.full(treated.height, np.nan)
    predicted = treated["occurrences"].to_numpy()[seen] * person_rate[i] * np.exp(effect[c].sum(axis=1))
    expected[seen] = np.where(identified, predicted, np.nan)
    return treated.with_columns(pl.Series("mu0", expected, pl.Float64).fill_nan(None))


def _codes(frame: pl.DataFrame, name: str, levels: Mapping[str, pl.Series]) -> NDArray[np.int64]:
    """Position of each value among the levels, -1 when it is not one of them."""
    index = pl.DataFrame({name: levels[name]}).with_row_index("code")
    joined = frame.select(name).join(index, on=name, how="left", maintain_order="left")
    return joined["code"].cast(pl.Int64).fill_null(-1).to_numpy()


def _columns(frame: pl.DataFrame, effects: list[str], levels: Mapping[str, pl.Series]) -> NDArray[np.int64]:
    """Column of the design that each effect of each row switches on, -1 when the design has none."""
    start, found = 0, []
    for name in effects:
        codes = _codes(frame, name, levels)
        found.append(np.where(codes < 0, -1, codes + start))
        start += len(levels[name])
    return np.stack(found, axis=1)


def _fit(
    person: NDArray[np.int64], columns: NDArray[np.int64], y: Floats, exposure: Floats, n_persons: int, n_columns: int
) -> tuple[Floats, Floats, Floats, Floats] | None:
    """Newton steps on the process and month effects, person effects solved out; None if they do not settle.

    Returns the rate of each person, the effects, the directions of the effects that the data leave free (one per
    column), and the mean of the design over each person's cells.
    """
    rows = np.arange(len(y))
    design = np.zeros((len(y), n_columns))
    for k in range(columns.shape[1]):
        design[rows, columns[:, k]] = 1.0
    total = np.bincount(person, y, n_persons)

    def by_person(weights: Floats) -> Floats:
        cell = person[:, None] * n_columns + columns
        each = np.repeat(weights, columns.shape[1])
        sums = np.bincount(cell.ravel(), each, n_persons * n_columns).astype(float)
        return sums.reshape(n_persons, n_columns)

    means = by_person(np.ones_like(y)) / np.bincount(person, minlength=n_persons)[:, None]
    centred = design - means[person]
    size, vectors = np.linalg.eigh(centred.T @ centred)
    free = size <= NULL_DIRECTION * max(float(size[-1]), 1.0)
    blind, basis = vectors[:, free], vectors[:, ~free]

    def expected(effect: Floats) -> tuple[Floats, float]:
        """Minutes expected, and the log-likelihood, both with the best person effects."""
        raw = exposure * np.exp(design @ effect)
        sums = np.bincount(person, raw, n_persons)
        return raw * (total / sums)[person], float(y @ (design @ effect) - total @ np.log(sums))

    effect = np.zeros(n_columns)
    mu, likelihood = expected(effect)
    for _ in range(MAX_STEPS):
        sums = by_person(mu)
        information = design.T @ (design * mu[:, None]) - sums.T @ (sums / total[:, None])
        gradient = basis.T @ (design.T @ (y - mu))
        step = basis @ np.linalg.lstsq(basis.T @ information @ basis, gradient, rcond=None)[0]
        moved, gained = expected(effect + step)
        while not gained >= likelihood - 1e-9 * abs(likelihood) and np.abs(step).max() > CONVERGED:
            step = step / 2
            moved, gained = expected(effect + step)
        effect, mu, likelihood = effect + step, moved, gained
        if np.abs(step).max(initial=0.0) < CONVERGED:
            rate = total / np.bincount(person, exposure * np.exp(design @ effect), n_persons)
            return rate, effect, blind, means
    return None

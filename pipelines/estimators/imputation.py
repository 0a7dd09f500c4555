"""What the work would have taken without the tool: a Poisson model of the untreated cells (indicators.md, 2.1)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.estimators.poisson import BLIND, codes, columns_of, fit

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


def log_ratio(cells: pl.DataFrame) -> float | None:
    """log(sum of minutes / sum of expected minutes); None without cells, or when one has no expected minutes."""
    if cells.is_empty() or cells["mu0"].null_count():
        return None
    return math.log(math.fsum(cells["minutes"]) / math.fsum(cells["mu0"]))


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
    person = codes(untreated, "person_time", levels)
    columns = columns_of(untreated, effects, levels)
    n_columns = sum(len(levels[name]) for name in effects)
    minutes, exposure = untreated["minutes"].to_numpy(), untreated["occurrences"].to_numpy().astype(float)
    found = fit(person, columns, minutes, exposure, len(levels["person_time"]), n_columns)
    if found is None:
        return unknown

    new_person, new_columns = codes(treated, "person_time", levels), columns_of(treated, effects, levels)
    seen = (new_person >= 0) & (new_columns >= 0).all(axis=1)
    i, c = new_person[seen], new_columns[seen]
    contrast = found.blind[c].sum(axis=1) - (found.means @ found.blind)[i]
    identified = np.abs(contrast).max(axis=1, initial=0.0) < BLIND
    expected = np.full(treated.height, np.nan)
    predicted = treated["occurrences"].to_numpy()[seen] * found.unit_rate[i] * np.exp(found.effect[c].sum(axis=1))
    expected[seen] = np.where(identified, predicted, np.nan)
    return treated.with_columns(pl.Series("mu0", expected, pl.Float64).fill_nan(None))

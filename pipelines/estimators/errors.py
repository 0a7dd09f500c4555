"""Errors per item: rate ratio with fixed effects, and what untreated work predicts for one team or tool.

Every function reads cells with: team, person, process, month, treated (bool), items, errors.
Formulas: methods.md, sections 2.2 and 4; indicators.md, 2.3.
"""

import numpy as np
import polars as pl

from pipelines.estimators.two_way import log_ratio

MIN_ERRORS = 20  # under this the Poisson fit is not attempted
MAX_ROUNDS = 5000
PRECISION = 1e-13


def log_rate_ratio(cells: pl.DataFrame, fixed_effects: tuple[str, ...]) -> float | None:
    """Log of the ratio of error rates, treated over untreated: errors ~ treated | fixed effects, offset log(items)."""
    return log_ratio(cells, y="errors", exposure="items", effects=fixed_effects)


def expected_errors(cells: pl.DataFrame) -> pl.DataFrame:
    """The treated cells with `expected`: the errors of the same items at the rates of untreated work.

    Rates are those of errors ~ 1 | team + process, offset log(items), on untreated cells. Treated cells of a team and
    process never seen untreated are left out.
    """
    seen = cells.filter(pl.col("items") > 0)
    rates = _untreated_rates(seen.filter(~pl.col("treated")))
    return (
        seen.filter(pl.col("treated")).join(rates, on=["team", "process"], how="inner")
        .with_columns((pl.col("items") * pl.col("rate")).alias("expected")).drop("rate")
    )  # fmt: skip


def dispersion(cells: pl.DataFrame) -> float:
    """Pearson dispersion of untreated person x process cells around those rates; at least 1 (methods.md, 4)."""
    untreated = cells.filter(~pl.col("treated") & (pl.col("items") > 0))
    people = (
        untreated.group_by("team", "person", "process").agg(pl.col("items").sum(), pl.col("errors").sum())
        .join(_untreated_rates(untreated), on=["team", "process"])
        .with_columns((pl.col("items") * pl.col("rate")).alias("mu"))
        .filter(pl.col("mu") > 0)
    )  # fmt: skip
    freedom = people.height - people["team"].n_unique() - people["process"].n_unique() + 1
    if freedom < 1:
        return 1.0
    terms = people.select((pl.col("errors") - pl.col("mu")) ** 2 / pl.col("mu")).to_series().sort()
    return max(1.0, float(terms.sum()) / freedom)


def _untreated_rates(untreated: pl.DataFrame) -> pl.DataFrame:
    """[team, process, rate] of the team x process pairs that hold items, by iterative proportional fitting."""
    pairs = (
        untreated.group_by("team", "process").agg(pl.col("items").sum(), pl.col("errors").sum())
        .sort("team", "process")
    )  # fmt: skip
    team = pairs["team"].rank("dense").to_numpy().astype(int) - 1
    process = pairs["process"].rank("dense").to_numpy().astype(int) - 1
    items, errors = pairs["items"].to_numpy().astype(float), pairs["errors"].to_numpy().astype(float)
    a, b = np.ones(team.max(initial=-1) + 1), np.ones(process.max(initial=-1) + 1)
    by_team, by_process = np.bincount(team, errors, len(a)), np.bincount(process, errors, len(b))
    for _ in range(MAX_ROUNDS):
        before = a * 1.0
        b = by_process / np.maximum(np.bincount(process, items * a[team], len(b)), np.finfo(float).tiny)
        a = by_team / np.maximum(np.bincount(team, items * b[process], len(a)), np.finfo(float).tiny)
        if np.allclose(a, before, rtol=PRECISION, atol=0):
            break
    return pairs.select("team", "process").with_columns(pl.Series("rate", a[team] * b[process], dtype=pl.Float64))


def log_ratios_by(treated: pl.DataFrame, unit: str | list[str]) -> pl.DataFrame:
    """[*unit, y, x1]: log((errors + .5) / (expected + .5)) and the errors, one row per unit, sorted by unit."""
    keys = [unit] if isinstance(unit, str) else unit
    sums = (
        treated.sort([*keys, "expected"]).group_by(keys, maintain_order=True)
        .agg(pl.col("errors").sum().alias("x1"), pl.col("expected").sum().alias("mu0"))
    )  # fmt: skip
    return sums.select(*keys, ((pl.col("x1") + 0.5) / (pl.col("mu0") + 0.5)).log().alias("y"), "x1")


def team_log_ratios(cells: pl.DataFrame) -> pl.DataFrame:
    """[team, y, v]: log ratio of each team with treated cells, and v = phi x (1/(x1+.5) + 1/(x0+.5)).

    x1 = errors of the treated cells, x0 = errors of the team's untreated cells, phi = `dispersion`.
    """
    untreated = cells.filter(~pl.col("treated") & (pl.col("items") > 0))
    x0 = untreated.group_by("team").agg(pl.col("errors").sum().alias("x0"))
    counts = 1 / (pl.col("x1") + 0.5) + 1 / (pl.col("x0") + 0.5)
    return (
        log_ratios_by(expected_errors(cells), "team").join(x0, on="team", how="left").sort("team")
        .select("team", "y", (dispersion(cells) * counts).alias("v"))
    )  # fmt: skip

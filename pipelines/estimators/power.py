"""What a number of teams can detect, from the variances of a study at hand (methods.md, section 7)."""

import math

import polars as pl

LEAST_ICC = 0.05  # ten teams estimate the share of variance between teams badly: never plan with less
POWER = 0.80
SEARCHED = 6.0  # standard errors within which the smallest detectable effect is looked for


def standard_error(sd: float, persons: float, icc: float, n_teams: int, *, cv: float = 0.0) -> float:
    """Of a mean over `n_teams` teams of `persons` people on average, `cv` the variation of their number.

    sd: between people; icc: the share of their variance that is between teams.
    """
    inflation = 1 + ((1 + cv**2) * persons - 1) * icc
    return math.sqrt(sd**2 * inflation / (n_teams * persons))


def power(effect: float, se: float, n_teams: int, *, house: bool = True) -> float:
    """Chance that the interval at 95 % excludes zero when the effect is `effect`; `se` without the house factor.

    `house`: of the house interval, G/(G-1) wider than the usual one.
    """
    from scipy.special import stdtrit
    from scipy.stats import nct

    df = n_teams - 1
    limit = float(stdtrit(df, 0.975)) * (n_teams / df if house else 1.0)
    found = float(nct.sf(limit, df, effect / se) + nct.cdf(-limit, df, effect / se))
    return 1.0 if math.isnan(found) else found  # scipy gives up where the effect is far beyond the limit


def smallest_detectable(se: float, n_teams: int, *, house: bool = True) -> float | None:
    """Effect detected four times out of five, in the unit of `se`; None if it is beyond six standard errors."""
    from scipy.optimize import brentq

    if n_teams < 2 or not se > 0:
        return None
    if power(SEARCHED * se, se, n_teams, house=house) < POWER:
        return None
    found = brentq(lambda d: power(d * se, se, n_teams, house=house) - POWER, 0.0, SEARCHED, xtol=1e-13, rtol=1e-13)
    return float(found) * se


def icc(people: pl.DataFrame) -> float | None:
    """Share of the variance of `value` that is between teams (one-way analysis of variance), at least 0.

    `people`: [team, value], one row per person. None when no team has two people, or nothing varies.
    """
    teams = people.sort("team", "value").group_by("team", maintain_order=True).agg(
        pl.len().alias("n"), pl.col("value").mean().alias("mean"),
        ((pl.col("value") - pl.col("value").mean()) ** 2).sum().alias("squares"),
    )  # fmt: skip
    n, g = int(teams["n"].sum() or 0), teams.height
    if g < 2 or n <= g:
        return None
    overall = float((teams["n"] * teams["mean"]).sum()) / n
    between = float((teams["n"] * (teams["mean"] - overall) ** 2).sum()) / (g - 1)
    within = float(teams["squares"].sum()) / (n - g)
    size = (n - float((teams["n"] ** 2).sum()) / n) / (g - 1)
    total = between + (size - 1) * within
    return max(0.0, (between - within) / total) if total > 0 else None

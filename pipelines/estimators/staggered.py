"""Staggered starts: what the teams that start later say of those that started (methods.md, section 5).

Imputation in two stages (Borusyak, Jaravel and Spiess; Gardner): fixed effects from untreated work, then the mean of
what is left on treated work, in all and by time since the start. Only before the last start group begins: afterwards
nobody is untreated. Numbers are those of pyfixest's `did2s`, refits without each team included.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.estimators.house_interval import Refits
from pipelines.estimators.linear import Floats, dummies, sums_by, units
from pipelines.estimators.poisson import BLIND, NULL_DIRECTION, codes

MIN_GROUPS, MIN_TEAMS = 2, 3  # start groups, teams in each
MIN_GAP = timedelta(weeks=4)  # between the first group and the last
BEFORE = timedelta(weeks=4)  # two periods of two weeks, measured before a group begins


def start_groups(starts: pl.DataFrame, measured_from: date) -> list[date]:
    """Go-lives that at least three teams share, with two periods measured before; `starts`: [team, go_live]."""
    shared = starts.group_by("go_live").len().filter(pl.col("len") >= MIN_TEAMS)["go_live"].sort().to_list()
    return [day for day in shared if day - measured_from >= BEFORE]


def are_apart(groups: Sequence[date]) -> bool:
    """Two start groups or more, four weeks at least from the first to the last: a comparison is identified."""
    return len(groups) >= MIN_GROUPS and groups[-1] - groups[0] >= MIN_GAP


def imputed(
    rows: pl.DataFrame, *, unit: str, effects: Sequence[str], y: str, groups: Mapping[str, pl.Expr],
    weight: str | None = None, treated: str = "treated",
) -> dict[str, Refits]:  # fmt: skip
    """Mean over each of `groups` of y less what untreated work predicts, of the whole and without each team.

    `rows`: [team, unit, effects, y, weight, treated] of the identified window. y ~ unit + effects is fitted on
    untreated rows, weighted. Rows that these do not identify are left out of the groups; a mean that they no longer
    identify once a team is out is None.
    """
    ordered = rows.sort("team", unit, *effects, y, *([weight] if weight else []), nulls_last=True)
    w = ordered[weight].cast(pl.Float64).to_numpy() if weight else np.ones(ordered.height)
    teams = ordered["team"].unique().sort()
    team = codes(ordered, "team", {"team": teams})
    design, values = _within(ordered, unit, effects, y, w, treated)
    fitted = (~ordered[treated]).to_numpy()
    known = ~np.isnan(values)
    n = design.shape[1]
    each = np.zeros((len(teams), n, n)), np.zeros((len(teams), n))
    for t in range(len(teams)):
        own = (team == t) & fitted & known
        weighted = design[own] * w[own, None]
        each[0][t], each[1][t] = weighted.T @ design[own], weighted.T @ values[own]
    crossed, moments = (np.concatenate([a.sum(0)[None], a.sum(0)[None] - a]) for a in each)
    inverse = np.linalg.pinv(crossed, rcond=NULL_DIRECTION, hermitian=True)
    effect = np.einsum("tij,tj->ti", inverse, moments)
    free = np.eye(n) - inverse @ crossed  # what each set of untreated rows leaves undecided
    seen = known & (np.abs(design @ free[0]).max(axis=1, initial=0.0) < BLIND)
    found = {}
    for name, condition in groups.items():
        held = ordered.select(condition.fill_null(False)).to_series().to_numpy() & seen
        sums = np.column_stack([design, np.where(held, values, 0.0), np.ones(len(w))]) * (w * held)[:, None]
        by_team = sums_by(team, sums)
        left = np.concatenate([by_team.sum(0)[None], by_team.sum(0)[None] - by_team])
        found[name] = _means(left, effect, free, teams.to_list())
    return found


def _within(
    rows: pl.DataFrame, unit: str, effects: Sequence[str], y: str, w: Floats, treated: str
) -> tuple[Floats, Floats]:
    """Dummies of the effects and y, each less its unit's mean over untreated rows; y nan where there is none."""
    who = units(rows, unit)
    weights = np.where(rows[treated].to_numpy(), 0.0, w)
    stacked = np.column_stack([dummies(rows, effects), rows[y].to_numpy()])
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums_by(who, stacked * weights[:, None]) / sums_by(who, weights[:, None])
    centred = stacked - means[who]
    alone = np.isnan(centred[:, -1])
    return np.where(alone[:, None], 0.0, centred[:, :-1]), centred[:, -1]


def _means(sums: Floats, effect: Floats, free: Floats, teams: list[str]) -> Refits:
    """Sums of (design, y, weight) of the whole and without each team -> mean of y less its prediction."""
    design, total, weight = sums[:, :-2], sums[:, -2], sums[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (total - np.einsum("ti,ti->t", design, effect)) / weight
        undecided = np.abs(np.einsum("ti,tij->tj", design, free)).max(axis=1, initial=0.0) / weight
    ok = (weight > 0) & (undecided < BLIND)
    values = [float(m) if k else None for m, k in zip(mean, ok, strict=True)]
    return values[0], dict(zip(teams, values[1:], strict=True))

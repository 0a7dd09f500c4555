"""What 10, 15, 20 or 30 teams can detect on each primary indicator, from the variances of this study; no estimate."""

import math
from dataclasses import dataclass

import polars as pl

from pipelines.estimators.imputation import reference
from pipelines.estimators.power import LEAST_ICC, icc, smallest_detectable, standard_error
from pipelines.estimators.share import person_values
from pipelines.indicators import errors, net_hours, satisfaction, wellbeing
from pipelines.indicators.base import Inputs
from pipelines.indicators.scopes import PROGRAMME
from pipelines.indicators.surveys import agent_scores, level_wave, two_waves

TEAMS = (10, 15, 20, 30)
WHOLE = 100.0  # no share is beyond it
INPUTS = tuple(dict.fromkeys(
    name for module in (net_hours, errors, wellbeing, satisfaction) for name in module.INDICATOR.inputs))
SCHEMA: dict[str, pl.DataType] = {
    "indicator": pl.String(), "unit": pl.String(), "n_teams": pl.Int64(), "teams": pl.Int64(), "persons": pl.Float64(),
    "cv": pl.Float64(), "sd": pl.Float64(), "icc": pl.Float64(), "icc_levels": pl.Float64(),
    "icc_planned": pl.Float64(), "se": pl.Float64(), "detectable": pl.Float64(), "to_reach": pl.Float64(),
    "method": pl.String(), "reason": pl.String(),
}  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """What is known of the variances of one indicator.

    `people`: [team, value], one row per person. `observed`: the standard error of the programme, without the house
    factor, and its teams. `levels`: [team, value] before, for the share of variance between teams only.
    """

    indicator: str
    unit: str
    threshold: float
    people: pl.DataFrame
    observed: tuple[float, int] | None = None
    levels: pl.DataFrame | None = None


def detectable(inputs: Inputs) -> pl.DataFrame:
    """SCHEMA, one row per primary indicator and number of teams, in the order they are printed.

    teams, persons, cv: teams measured, people in each on average, variation of that number. sd, icc: spread of people
    and part of it between teams; icc_planned is never under 0.05. se: standard error with `n_teams`, house factor not
    in it, log scale for errors. detectable: smallest effect found four times out of five, in `unit`; to_reach: true
    value from which the objective would be declared reached as often, null where no value can. method: formula (spread
    of people), or jackknife (the standard error of this study, less as teams are added), the more prudent of the two.
    """
    return pl.DataFrame([row for spread in _spreads(inputs) for row in _rows(spread)], schema=SCHEMA, orient="row")


def _spreads(inputs: Inputs) -> list[Spread]:
    limits, study = inputs.study.thresholds, inputs.study
    ref = reference(inputs.table("model.time_cells"))
    whole = net_hours.account(ref, inputs.table("model.overhead_cells"), inputs.table("model.agent_weeks"))
    hours = whole.ledger().group_by("team", "person_time").agg(pl.col("hours", "weeks").sort().sum())
    rates = hours.filter(pl.col("weeks") > 0).select("team", value=pl.col("hours") / pl.col("weeks"))
    people = two_waves(inputs, "wellbeing").filter(pl.col("team").is_not_null())
    changes = people.filter(pl.col("after").is_not_null()).select("team", value=pl.col("after") - pl.col("before"))
    answers = agent_scores(inputs, study.satisfaction.item, level_wave(study, "end"))
    satisfied = person_values(answers, ["person_survey", "team"], study.satisfaction.satisfied_from)
    shares = satisfied.filter(pl.col("team").is_not_null()).select("team", value=100 * pl.col("value"))
    nobody = rates.clear()
    return [
        Spread("net_hours", "h", limits.net_hours, rates, _observed(net_hours.compute(inputs), "net_hours")),
        Spread("errors", "%", limits.errors, nobody, _observed(errors.compute(inputs), "rate_ratio")),
        Spread("wellbeing", "points", limits.wellbeing, changes, None, people.select("team", value="before")),
        Spread("satisfaction", "%", limits.satisfaction, shares),
    ]


def _observed(rows: pl.DataFrame, estimand: str) -> tuple[float, int] | None:
    """Standard error of the programme less the house factor, and its teams; None without interval."""
    programme = (pl.col("scope") == PROGRAMME) & (pl.col("estimand") == estimand)
    se, n = rows.filter(programme).select("se", "G").row(0)
    return (se * (n - 1) / n, n) if se else None


def _rows(spread: Spread) -> list[dict[str, object]]:
    sizes = spread.people.group_by("team").len().sort("team")["len"].cast(pl.Float64)
    persons, deviation = (float(v) if isinstance(v, int | float) else 0.0 for v in (sizes.mean(), sizes.std()))
    found, sd = icc(spread.people), spread.people["value"].std()
    between = max(LEAST_ICC, found or 0.0)
    known: dict[str, object] = {
        "indicator": spread.indicator, "unit": spread.unit, "teams": sizes.len() or (spread.observed or (0, None))[1],
        "persons": persons or None, "cv": deviation / persons if persons else None, "sd": sd, "icc": found,
        "icc_levels": None if spread.levels is None else icc(spread.levels),
        "icc_planned": between if persons else None,
    }  # fmt: skip
    rows = []
    for n_teams in TEAMS:
        candidates: dict[str, float] = {}
        if isinstance(sd, float) and sd > 0 and found is not None:
            candidates["formula"] = standard_error(sd, persons, between, n_teams, cv=deviation / persons)
        if spread.observed is not None:
            candidates["jackknife"] = spread.observed[0] * math.sqrt(spread.observed[1] / n_teams)
        method = max(candidates, key=lambda name: candidates[name]) if candidates else None
        row = known | {"n_teams": n_teams, "method": method, "reason": None if method else "non_estimable"}
        if method:
            se = candidates[method]
            row |= {"se": se, **_effect(spread, smallest_detectable(se, n_teams))}
        rows.append(row)
    return rows


def _effect(spread: Spread, smallest: float | None) -> dict[str, object]:
    """The effect in the unit printed: a log ratio becomes a fall in %."""
    if smallest is None:
        return {"reason": "non_estimable"}
    if spread.indicator == "errors":
        fall = math.exp(-smallest)
        return {"detectable": 100 * (1 - fall), "to_reach": 100 * (spread.threshold * fall - 1)}
    needed = spread.threshold + smallest
    beyond = spread.unit == "%" and needed > WHOLE
    return {"detectable": smallest, "to_reach": None if beyond else needed}

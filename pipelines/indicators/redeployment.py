"""« Réemploi du temps »: where people say the freed time went, and the hours gained that serve the work itself.

Every destination is useful, recovery included, but « davantage de demandes » and « pas de temps libéré ». The shares
come from the questionnaires, the hours from the time log: only the programme's totals meet.
"""

import math

import polars as pl

from pipelines.estimators.house_interval import Refits, jackknife
from pipelines.estimators.imputation import reference
from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.levels import clamp
from pipelines.indicators.net_hours import account
from pipelines.indicators.scopes import PROGRAMME, Record, count_agents, house
from pipelines.indicators.surveys import level_wave, over_teams, waves_window

INDICATOR = Indicator(
    "redeployment",
    ("clean.responses", "model.time_cells", "model.agent_weeks", "model.overhead_cells", "clean.teams",
     "clean.people_time"),
    "Share of the freed time per destination (100 points of TR1), in %, and useful hours per agent and week.",
)  # fmt: skip
ITEM = "TR1"  # one item per destination: TR1_usagers, TR1_attente...
DESTINATIONS = ("usagers", "attente", "qualite", "formation", "entraide", "rythme", "demandes", "aucun")
NOT_USEFUL = ("demandes", "aucun")
USEFUL = "useful"
WITHIN = clamp((0.0, 100.0))


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme: the share of every destination, of the useful ones together, and useful hours."""
    people = shares(inputs)
    return estimates([*(_share(inputs, people, name) for name in (*DESTINATIONS, USEFUL)), _hours(inputs, people)])


def shares(inputs: Inputs) -> pl.DataFrame:
    """[person_survey, team, one column per destination, useful]: parts of the points an agent shared out, in %.

    Points that do not add up to 100 are brought to it; an agent who gave none did not answer.
    """
    study = inputs.study
    wave = level_wave(study, "end")
    given = inputs.table("clean.responses").filter(
        (pl.col("wave") == pl.lit(wave, pl.String)) & (pl.col("role") == "agent") & pl.col("value_number").is_not_null()
        & pl.col("item").is_in([f"{ITEM}_{name}" for name in DESTINATIONS])
    )  # fmt: skip
    who = ["person_survey", "team"]
    points = [
        pl.col("value_number").filter(pl.col("item") == f"{ITEM}_{name}").sum().alias(name) for name in DESTINATIONS
    ]
    whole = pl.sum_horizontal(DESTINATIONS)
    people = given.group_by(who).agg(points).filter(whole > 0)
    parts = people.with_columns(pl.col(DESTINATIONS) / whole * 100)
    useful = 100 - pl.sum_horizontal(NOT_USEFUL)
    return parts.with_columns(useful.alias(USEFUL)).sort("team", *DESTINATIONS, nulls_last=True)


def _mean(people: pl.DataFrame, name: str) -> float | None:
    return math.fsum(people[name]) / people.height if people.height else None


def _share(inputs: Inputs, people: pl.DataFrame, name: str) -> Record:
    """One share, and how many gave it something, or not everything, whichever are fewer: a few of them would show."""
    values = over_teams(inputs, people, lambda kept: _mean(kept, name), WITHIN)
    rarer = min(int((people[name] > 0).sum()), int((people[name] < 100).sum()))
    return _row(
        inputs, people, f"share_{name}", "%",
        {**values, "n_minority": rarer, "unanimous": people[name].n_unique() == 1},
    )  # fmt: skip


def _hours(inputs: Inputs, people: pl.DataFrame) -> Record:
    """Net hours times the useful share: a team left out leaves both."""
    ref = reference(inputs.table("model.time_cells"))
    whole = account(ref, inputs.table("model.overhead_cells"), inputs.table("model.agent_weeks"))
    useful, rate = jackknife(people, lambda kept: _mean(kept, USEFUL)), whole.rate()
    rates = {team: whole.without(team, ref).rate() for team in ref.without}
    refits: Refits = (
        _product(rate, useful[0]),
        {t: _product(rates.get(t, rate), useful[1].get(t, useful[0])) for t in sorted({*rates, *useful[1]})},
    )
    no_gain = rate is not None and rate <= 0
    values: Record = {"reason": "sans_gain"} if no_gain else house(refits)
    agents = count_agents(whole.weeks["person_time"], inputs)
    return _row(
        inputs, people, "useful_hours", "h/agent/week", {**values, "n_persons": min(people.height, agents)}
    )  # fmt: skip


def _product(rate: float | None, useful: float | None) -> float | None:
    return None if rate is None or useful is None else rate * useful / 100


def _row(inputs: Inputs, people: pl.DataFrame, estimand: str, unit: str, values: Record) -> Record:
    n = people.height
    counted = {"n_persons": n, "n_obs": n, "n_obs_read": n, **values}
    if people.is_empty():
        counted |= {"reason": "non_mesure"}
    return estimate_row(
        indicator=INDICATOR.id, estimand=estimand, unit=unit, scope=PROGRAMME, scope_key=PROGRAMME,
        population="agents_repondants", window=waves_window(inputs.study, "end", "single"), threshold=None,
        direction="higher", model_id="part_declaree_jackknife", **counted,
    )  # fmt: skip

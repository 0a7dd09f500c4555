"""« Semaines d'amortissement »: weeks of regular use that give back what starting took."""

import math

import polars as pl

from pipelines.estimators.house_interval import Refits, interval_of
from pipelines.estimators.imputation import reference
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.net_hours import Account, account
from pipelines.indicators.scopes import REGIME, Companion, Record, count_agents, house, model_of

INDICATOR = Indicator(
    "payback_weeks",
    ("model.time_cells", "model.agent_weeks", "model.overhead_cells", "clean.teams", "clean.people_time"),
    "Hours spent on training, support, measurement and the learning weeks, over hours gained per week from then on.",
)
WEEKS = Companion("payback_weeks", "payback_weeks", "weeks", "lower")
LEARNING_DAYS = 21


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, in weeks per agent. Without a gain there is nothing to pay back with: the row says so."""
    ref = reference(inputs.table("model.time_cells"))
    weeks = inputs.table("model.agent_weeks")
    whole = account(ref, inputs.table("model.overhead_cells"), weeks)
    starts = weeks.filter("treated").group_by("team").agg(pl.col("week").min().alias("start"))
    deleted = {team: whole.without(team, ref) for team in sorted(ref.without)}
    gain = gained(whole, starts), {team: gained(one, starts) for team, one in deleted.items()}
    spent = invested(whole), {team: invested(one) for team, one in deleted.items()}
    values = {"model_id": f"{model_of(ref)}_jackknife", **_paid_back(spent, gain)}
    people = {"n_persons": count_agents(whole.weeks["person_time"], inputs)}
    return estimates([WEEKS.row(inputs, whole.cells, ref.read.height, {**values, **people})])


def invested(scope: Account) -> float | None:
    """Hours per agent spent beside the tasks, and lost on them in the learning weeks (gained = less)."""
    people = scope.weeks["person_time"].n_unique()
    learning = scope.cells.filter(~REGIME)
    if not people or learning["mu0"].null_count():
        return None
    lost = math.fsum(learning["minutes"]) - math.fsum(learning["mu0"])
    return (math.fsum(scope.spent["minutes"]) + lost) / 60 / people


def gained(scope: Account, starts: pl.DataFrame) -> float | None:
    """Hours per agent and week gained on the tasks from the fourth week on; `starts`: [team, start]."""
    regular = scope.cells.filter(REGIME)
    since = pl.col("week") - pl.col("start") >= pl.duration(days=LEARNING_DAYS)
    n = scope.weeks.join(starts, on="team").filter(since).height
    if regular.is_empty() or not n or regular["mu0"].null_count():
        return None
    return (math.fsum(regular["mu0"]) - math.fsum(regular["minutes"])) / 60 / n


def _paid_back(spent: Refits, gain: Refits) -> Record:
    """Weeks and their house interval, where the gain itself is established: a ratio to what may be nothing has none."""
    if spent[0] is None or gain[0] is None:
        return {}
    if gain[0] <= 0:
        return {"reason": "sans_gain"}
    found: Refits = _weeks(spent[0], gain[0]), {t: _weeks(spent[1][t], g) for t, g in gain[1].items()}
    of_gain = interval_of(gain)
    if of_gain.low is not None and of_gain.low <= 0:
        return {"estimate": _at_least_none(found[0]), "G": of_gain.G, "reason": "gain_incertain"}
    return house(found, _at_least_none)


def _weeks(spent: float | None, gain: float | None) -> float | None:
    return None if spent is None or gain is None or gain <= 0 else spent / gain


def _at_least_none(weeks: float | None) -> float:
    """Learning weeks may have paid for everything: then nothing is left to pay back."""
    return max(weeks or 0.0, 0.0)

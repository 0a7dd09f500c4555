"""« Temps gagné net, d'après l'usage »: hours by comparing tasks done with the tool to tasks done without.

As treated, no effect: agents choose what they give to the tool. Beside it, the hours logged on all followed work,
which fall only if time was freed and not spent on more of the same.
"""

import math

import polars as pl

from pipelines.estimators.as_treated import gross_minutes, log_ratio, net_hours
from pipelines.estimators.house_interval import Refits
from pipelines.estimators.imputation import reference
from pipelines.estimators.linear import products
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.net_hours import Account, account
from pipelines.indicators.scopes import Companion, Record, count_agents, dominance, house
from pipelines.indicators.time_with_tool import EFFECTS, MIN_USES

INDICATOR = Indicator(
    "net_hours_as_treated",
    ("model.time_cells", "model.agent_weeks", "model.overhead_cells", "clean.teams", "clean.people_time"),
    "Hours gained per agent and week if tasks done without the tool say what the others would have taken.",
)
NET = Companion("net_hours_as_treated", "net_hours_as_treated", "h/agent/week", "higher")
LOGGED = Companion("net_hours_as_treated", "logged_hours", "h/agent/week", "lower")


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, in hours per agent and week: the same agents, weeks and expenses as net_hours, then the check."""
    cells = inputs.table("model.time_cells").filter(pl.col("minutes") > 0)
    weeks = inputs.table("model.agent_weeks")
    whole = account(reference(cells), inputs.table("model.overhead_cells"), weeks)
    used = whole.cells.filter(pl.col("tool").is_not_null())
    values: Record = {"model_id": "usage_heures_jackknife"}
    if used["occurrences"].sum() < MIN_USES:
        values |= {"reason": "moins_de_30_usages"}
    else:
        theta = log_ratio(cells.with_columns(pl.col("tool").is_not_null().alias("used")), EFFECTS)
        values |= house(hours(theta, whole))
    people = {"n_persons": count_agents(whole.weeks["person_time"], inputs)}
    return estimates([
        NET.row(inputs, used, whole.cells.height, {**values, **people}),
        _logged(inputs, cells, weeks),
    ])  # fmt: skip


def hours(theta: Refits, whole: Account) -> Refits:
    """Hours per agent and week, of the whole and without each team, from the log ratio refitted alike."""

    def rate(ratio: float | None, kept: pl.Expr) -> float | None:
        if ratio is None:
            return None
        used = whole.cells.filter(kept, pl.col("tool").is_not_null())
        gross = gross_minutes(math.fsum(used["minutes"]), ratio)
        return net_hours(gross, math.fsum(whole.spent.filter(kept)["minutes"]), whole.weeks.filter(kept).height)

    return rate(theta[0], pl.lit(True)), {t: rate(r, pl.col("team") != t) for t, r in theta[1].items()}


def _logged(inputs: Inputs, cells: pl.DataFrame, weeks: pl.DataFrame) -> Record:
    """Change of the hours logged per agent and week once live: hours ~ treated | person + month, two-way, a check."""
    spent = cells.group_by("person_time", "week").agg((pl.col("minutes").sort().sum() / 60).alias("hours"))
    panel = (
        weeks.filter("logged").join(spent, on=["person_time", "week"], how="left")
        .with_columns(pl.col("hours").fill_null(0.0), pl.col("week").dt.truncate("1mo").alias("month"))
    )  # fmt: skip
    treated = panel.filter("treated")
    months = ["month"] if treated.group_by("team").agg(pl.col("week").min())["week"].n_unique() > 1 else []
    found = products(panel, unit="person_time", effects=months, variables=["treated", "hours"])
    model = "lineaire_mois_jackknife" if months else "lineaire_jackknife"
    values = {"model_id": model, **house(found.slope("hours", "treated")), **dominance(treated, inputs, "hours")}
    return LOGGED.row(inputs, treated.with_columns(minutes="hours"), treated.height, values)

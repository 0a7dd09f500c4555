"""« Adoption »: how many equipped agents use a tool, how often, for how much of the work. No success by itself."""

import math

import polars as pl

from pipelines.estimators.house_interval import jackknife
from pipelines.indicators import usage
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import Companion, Record, house

INDICATOR = Indicator(
    "adoption", usage.TABLES,
    "Agents with equipped work who used a tool, in %: at least once, in a week; share of tasks done with it.",
)  # fmt: skip
EVER = Companion("adoption", "adoption", "%", "higher")
WEEKLY = Companion("adoption", "weekly_users", "%", "higher")
TASKS = Companion("adoption", "share_of_tasks", "%", "higher")


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme and every tool: users among the agents, users in a week among the agents of that week, tasks."""
    rows = []
    for scope, key, work in usage.scopes_of(inputs, usage.equipped_work(inputs)):
        who = ["team", "person_time"]
        weeks = work.group_by(*who, "week").agg(pl.col("used").any())
        people = weeks.group_by(who).agg(pl.col("used").any().cast(pl.Float64).alias("value")).sort("team", "value")
        rows += [
            usage.share_row(inputs, EVER, people, work, scope, key),
            _part(inputs, WEEKLY, weeks.with_columns(occurrences=1), people, work, scope, key),
            _part(inputs, TASKS, work, people, work, scope, key),
        ]
    return estimates(rows)


def _part(
    inputs: Inputs, what: Companion, parts: pl.DataFrame, people: pl.DataFrame, work: pl.DataFrame, scope: str, key: str
) -> Record:  # fmt: skip
    """Share of the `occurrences` of `parts` that are `used`, in %. Who uses at all stands beside it: same counts."""
    found = house(jackknife(parts, _percent), usage.WITHIN)
    values = {"model_id": usage.MODEL, **found, **usage.counts_of(people)}
    return what.row(inputs, work, work.height, values, scope=scope, key=key)


def _percent(parts: pl.DataFrame) -> float | None:
    whole = math.fsum(parts["occurrences"])
    return 100 * math.fsum(parts.filter("used")["occurrences"]) / whole if whole else None

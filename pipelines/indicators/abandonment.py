"""« Abandon »: agents who used a tool and no longer do in their last four weeks of work it is deployed for."""

import polars as pl

from pipelines.indicators import usage
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import Companion

INDICATOR = Indicator(
    "abandonment", usage.TABLES,
    "Among agents who used a tool before their last four weeks of equipped work, those who do not in these, in %.",
)  # fmt: skip
GONE = Companion("abandonment", "abandonment", "%", "lower", "agents_utilisateurs")


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, every tool, and every process x tool deployed (`process:tool`), which proposals read."""
    scopes = usage.scopes_of(inputs, usage.equipped_work(inputs), pairs=True)
    return estimates([usage.share_row(inputs, GONE, gone(work), work, scope, key) for scope, key, work in scopes])


def gone(work: pl.DataFrame) -> pl.DataFrame:
    """[team, person_time, value]: 1.0 where a user of before has stopped, else 0.0."""
    last = pl.col("left") < usage.SOME_WEEKS
    people = work.group_by("team", "person_time").agg(
        (pl.col("used") & ~last).any().alias("before"), (pl.col("used") & last).any().alias("still")
    )
    return people.filter("before").select(
        "team", "person_time", (~pl.col("still")).cast(pl.Float64).alias("value")
    ).sort("team", "value")  # fmt: skip

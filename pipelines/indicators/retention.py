"""« Fidélité »: agents who used a tool in their first four weeks of equipped work and still do in the last four."""

import polars as pl

from pipelines.indicators import usage
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import Companion

INDICATOR = Indicator(
    "retention", usage.TABLES,
    "Among agents who used a tool in their first four weeks of equipped work, those who do in the last four, in %.",
)  # fmt: skip
STILL = Companion("retention", "retention", "%", "higher", "agents_utilisateurs")


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme and every tool. With fewer than eight such weeks, the first and the last are the same: left out."""
    scopes = usage.scopes_of(inputs, usage.equipped_work(inputs))
    return estimates([usage.share_row(inputs, STILL, still(work), work, scope, key) for scope, key, work in scopes])


def still(work: pl.DataFrame) -> pl.DataFrame:
    """[team, person_time, value]: 1.0 where an early user still uses, else 0.0."""
    used, n = pl.col("used"), usage.SOME_WEEKS
    people = work.group_by("team", "person_time").agg(
        (used & (pl.col("turn") <= n)).any().alias("early"), (used & (pl.col("left") < n)).any().alias("late"),
        pl.col("turn").max().alias("weeks"),
    )  # fmt: skip
    kept = people.filter("early", pl.col("weeks") >= 2 * n)
    return kept.select("team", "person_time", pl.col("late").cast(pl.Float64).alias("value")).sort("team", "value")

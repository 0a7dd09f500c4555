"""How the answers to one item are spread, wave by wave, over the whole programme; supervisors left out."""

import polars as pl

from pipelines.contracts import table
from pipelines.indicators.base import Inputs
from pipelines.indicators.scopes import PROGRAMME
from pipelines.study.instruments import Item

TABLE = "indicators.distributions"
INPUTS = ("clean.responses",)


def compute(inputs: Inputs) -> pl.DataFrame:
    """indicators.distributions: every possible answer to every item of `study.distributions`, in every wave asked.

    A person asked about several tools or processes weighs as much as any other: `share` is the mean over people of
    the part of their answers, `n_persons` the people who gave that answer at least once.
    """
    parts = [_of_item(inputs, code) for code in dict.fromkeys(inputs.study.distributions)]
    return table(TABLE).conform(pl.concat([table(TABLE).empty(), *parts], how="diagonal"))


def _of_item(inputs: Inputs, code: str) -> pl.DataFrame:
    answers = inputs.table("clean.responses").filter(
        (pl.col("item") == code) & (pl.col("role") == "agent") & (pl.col("complete") | pl.col("team").is_not_null())
    )
    possible = _possible(inputs.study.instruments.item(code), answers)
    person = ["wave", "person_survey"]
    parts = (
        answers.group_by([*person, "value_code"]).len("times")
        .with_columns((pl.col("times") / pl.col("times").sum().over(person)).alias("part"))
        .sort([*person, "value_code"])
    )  # fmt: skip
    counted = parts.group_by("wave", "value_code").agg(
        pl.len().cast(pl.Int64).alias("n_persons"), pl.col("part").sort().sum().alias("weight")
    )
    waves = parts.group_by("wave").agg(pl.col("person_survey").n_unique().cast(pl.Int64).alias("n_total"))
    return waves.join(possible, how="cross").join(counted, on=["wave", "value_code"], how="left").select(
        pl.lit(code).alias("item"), "wave", pl.lit(PROGRAMME).alias("scope"), pl.lit(PROGRAMME).alias("scope_key"),
        "value_code", "rank", "label", pl.col("n_persons").fill_null(0), "n_total",
        (pl.col("weight").fill_null(0.0) / pl.col("n_total")).clip(0.0, 1.0).alias("share"),
    )  # fmt: skip


def _possible(item: Item | None, answers: pl.DataFrame) -> pl.DataFrame:
    """[value_code, rank, label] of the item's answers, as in the instrument; those given, for a number."""
    listed = item.answers if item else ()
    if listed:
        rows = [(a.code, rank, a.label) for rank, a in enumerate(listed)]
    else:
        given = answers.select("value_number", "value_code").unique().sort("value_number", "value_code")["value_code"]
        rows = [(value, rank, value) for rank, value in enumerate(given.unique(maintain_order=True))]
    return pl.DataFrame(rows, schema={"value_code": pl.String, "rank": pl.Int64, "label": pl.String}, orient="row")

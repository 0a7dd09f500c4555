"""Scales made of several items: their items side by side, and whether they hold together well enough to be printed."""

import polars as pl

from pipelines.estimators.reliability import cronbach_alpha
from pipelines.indicators.base import Inputs
from pipelines.indicators.scopes import Record

TABLES = ("clean.responses", "clean.scale_items")  # what every composite indicator reads beside the scores
MIN_PERSONS = 30  # fewer people say too little of a scale (methods.md, 3.1)
LEAST, WATCHED = 0.60, 0.70  # reliability: under the first not published, under the second to be read with care
WHO = ["person_survey", "process", "tool"]


def first_wave(inputs: Inputs, scale: str) -> str | None:
    """The wave where reliability is read: the first of baseline, end and single in which agents answered the items."""
    answered = set(_answers(inputs, scale)["wave"])
    waves = (inputs.study.wave_of_role(role) for role in ("baseline", "end", "single"))
    return next((wave for wave in waves if wave in answered), None)


def items_of(inputs: Inputs, scale: str) -> pl.DataFrame:
    """[person_survey, process, tool, one column per item]: answers of agents in `first_wave`, brought to 0-1 as they
    are scored, reversed items turned round; null = not answered."""
    wave = first_wave(inputs, scale)
    known = inputs.table("clean.scale_items").filter(pl.col("scale") == scale)["item"].sort()
    answers = _answers(inputs, scale).filter(pl.col("wave") == pl.lit(wave, pl.String))
    wide = answers.pivot("item", on_columns=known, index=WHO, values="value", maintain_order=True)
    return wide.select(*WHO, *known)


def alpha_of(inputs: Inputs, scale: str) -> float | None:
    """Cronbach's alpha of the scale; None when fewer than 30 people answered every item, or it cannot be computed."""
    complete = items_of(inputs, scale).drop_nulls(pl.selectors.exclude(WHO))
    return None if complete["person_survey"].n_unique() < MIN_PERSONS else cronbach_alpha(complete.drop(WHO))


def withheld(inputs: Inputs, scale: str, rows: list[Record]) -> list[Record]:
    """`rows` as they are, or without any figure when the items of the scale do not hold together (alpha under 0.60).

    An alpha that cannot be told hides nothing.
    """
    alpha = alpha_of(inputs, scale)
    if alpha is None or alpha >= LEAST:
        return rows
    figures = ("estimate", "ci_low", "ci_high", "level", "se", "df")
    return [row | dict.fromkeys(figures) | {"reason": "fidelite_insuffisante"} for row in rows]


def _answers(inputs: Inputs, scale: str) -> pl.DataFrame:
    """[wave, *WHO, item, value]: every answer of an agent that has a value, among those that are scored."""
    key = inputs.table("clean.scale_items").filter(pl.col("scale") == scale)
    span, value = pl.col("maximum") - pl.col("minimum"), pl.col("value_number")
    turned = pl.when("reversed").then(pl.col("maximum") - value).otherwise(value - pl.col("minimum"))
    return (
        inputs.table("clean.responses")
        .filter(pl.col("role") == "agent", pl.col("complete") | pl.col("team").is_not_null(), value.is_not_null())
        .join(key, on="item").filter(span > 0)
        .select("wave", *WHO, "item", (turned / span).alias("value"))
        .sort("wave", "item", "value", *WHO)
    )  # fmt: skip

"""« Vérification »: share of agents who check what the tool produces most of the time, or always; no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.levels import share_rows
from pipelines.indicators.surveys import agent_scores, level_wave

INDICATOR = Indicator(
    "verification",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments", "clean.processes", "clean.scale_items"),
    "Share of agents who check what the tool produces before using it, most of the time or always, in %.",
    scale="VE1",
    level="end",
)
ONE_ANSWER = 1  # between two answers: never, sometimes, most of the time, always


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme (and every tool, where it is asked for each); estimand share_checking.

    Few people who do not check, or few who do, are not shown: the answer is sensitive.
    """
    answers = agent_scores(inputs, INDICATOR.scale, level_wave(inputs.study, INDICATOR.level))
    always = inputs.table("clean.scale_items").filter(pl.col("scale") == INDICATOR.scale)["maximum"].max()
    chosen = pl.col("score") >= pl.lit(always, pl.Float64) - ONE_ANSWER
    return estimates(share_rows(inputs, INDICATOR, "share_checking", answers, chosen, hide_few=True))

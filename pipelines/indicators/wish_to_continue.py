"""« Souhait de continuer »: share of agents who want to go on with the tools after the experiment; no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.levels import share_rows
from pipelines.indicators.surveys import agent_answers, level_wave

INDICATOR = Indicator(
    "wish_to_continue",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments", "clean.processes"),
    "Share of agents who wish to continue, in %: mean over people of the mean over their tools; no opinion = no wish.",
    scale="SO3",
    level="end",
)
STOP, ON_CONDITION = 1, 2  # values of the answers: 1 stop, 2 continue on condition, 3 continue, none = no opinion


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme and every tool; estimands share_continue (on condition or not), share_continue_unconditional."""
    answers = agent_answers(inputs, INDICATOR.scale, level_wave(inputs.study, INDICATOR.level))
    wished = {"share_continue": STOP, "share_continue_unconditional": ON_CONDITION}
    return estimates([
        row for estimand, least in wished.items()
        for row in share_rows(inputs, INDICATOR, estimand, answers, pl.col("score") > least)
    ])  # fmt: skip

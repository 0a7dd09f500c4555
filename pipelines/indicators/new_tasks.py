"""« Tâches nouvelles »: share of agents who did, thanks to the tool, tasks they did not do before; no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.levels import share_rows
from pipelines.indicators.surveys import agent_scores, level_wave

INDICATOR = Indicator(
    "new_tasks",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments", "clean.processes"),
    "Share of agents who did tasks they did not do before, in %, and share who found them useful.",
    scale="TN1",
    level="end",
)
NONE, NOT_USEFUL = 0, 1  # values of the answers: 0 no, 1 yes but not really useful, 2 yes and useful


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme (and every tool, where it is asked for each); estimands share_new, share_new_useful."""
    answers = agent_scores(inputs, INDICATOR.scale, level_wave(inputs.study, INDICATOR.level))
    did = {"share_new": NONE, "share_new_useful": NOT_USEFUL}
    return estimates([
        row for estimand, least in did.items()
        for row in share_rows(inputs, INDICATOR, estimand, answers, pl.col("score") > least)
    ])  # fmt: skip

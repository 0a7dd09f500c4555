"""« Recommandation »: would agents recommend the tool to a team like theirs, 0 to 10; its distribution is elsewhere."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.levels import mean_rows

INDICATOR = Indicator(
    "recommendation",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments", "clean.processes", "clean.scale_items"),
    "Mean recommendation of the tools, 0 to 10: mean over people of the mean over their tools.",
    scale="SO2",
    level="end",
)


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme and every tool; estimand mean (points)."""
    return estimates(mean_rows(inputs, INDICATOR))

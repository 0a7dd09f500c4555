"""« Attentes »: what agents expected of AI before it came, from -3 (losing time) to +3 (gaining time); no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.levels import mean_rows

INDICATOR = Indicator(
    "expectation",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments", "clean.processes", "clean.scale_items"),
    "Time agents expect AI to make them lose or gain, from -3 to +3, before the experiment.",
    scale="AT1",
    level="baseline",
)


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme, and each process where it is asked for each; estimand mean (points)."""
    return estimates(mean_rows(inputs, INDICATOR))

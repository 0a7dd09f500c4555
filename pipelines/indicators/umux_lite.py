"""« Facilité d'usage »: UMUX-Lite of the tools, 0 to 100, at the end (or only) wave; a companion, no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.composites import TABLES, withheld
from pipelines.indicators.levels import mean_rows

INDICATOR = Indicator(
    "umux_lite",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments", "clean.processes", *TABLES),
    "Mean UMUX-Lite of the tools, 0 to 100: mean over people of the mean over their tools.",
    scale="umux_lite",
    level="end",
)


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme and every tool; estimand mean (points)."""
    return estimates(withheld(inputs, INDICATOR.scale, mean_rows(inputs, INDICATOR)))

"""« Qualité de vie et conditions de travail »: change of the mean of QV1 to QV4, in points of 100; no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.changes import change_rows
from pipelines.indicators.composites import TABLES, withheld

INDICATOR = Indicator(
    "qvct",
    ("model.scores", "clean.teams", "clean.processes", *TABLES),
    "Change of quality of working life, in points of 100, corrected like well-being.",
    scale="qvct",
)


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme; estimands change (points) and net_up (%)."""
    return estimates(withheld(inputs, INDICATOR.scale, change_rows(inputs, INDICATOR, direction="higher")))

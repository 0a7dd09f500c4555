"""« Irritation »: change of how irritating a process is, 0 to 10, between the two questionnaires; no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.changes import change_rows

INDICATOR = Indicator(
    "irritation",
    ("model.scores", "clean.teams", "clean.processes"),
    "Change of how irritating a process is, in points of 10, corrected like well-being. One answer per process.",
    scale="IR1",
)


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme (every answer about a process counts once) and each process; change (points), net_up (%)."""
    return estimates(change_rows(inputs, INDICATOR, direction="lower"))

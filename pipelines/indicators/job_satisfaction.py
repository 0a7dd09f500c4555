"""« Satisfaction au travail »: change of the 0-10 answer between the two questionnaires; a companion, no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.changes import change_rows

INDICATOR = Indicator(
    "job_satisfaction",
    ("model.scores", "clean.teams", "clean.processes"),
    "Change of overall job satisfaction, 0 to 10, corrected like well-being.",
    scale="job_satisfaction",
)


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme; estimands change (points) and net_up (%)."""
    return estimates(change_rows(inputs, INDICATOR, direction="higher"))

"""« Charge »: change of the raw TLX (CM1 to CM4), in points of 100, process by process; optional, no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.changes import change_rows
from pipelines.indicators.composites import TABLES, withheld

INDICATOR = Indicator(
    "workload",
    ("model.scores", "clean.teams", "clean.processes", *TABLES),
    "Change of the mean of mental demand, temporal demand, effort and frustration, in points of 100.",
    scale="workload",
)


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme and, where it is asked process by process, each process; change (points), net_up (%)."""
    return estimates(withheld(inputs, INDICATOR.scale, change_rows(inputs, INDICATOR, direction="lower")))

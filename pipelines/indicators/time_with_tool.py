"""« Avec l'outil, sans l'outil »: minutes per task of the same people, on tasks they chose to give to the tool or not.

« Les agents choisissent les tâches confiées à l'outil : ce chiffre n'est pas un effet causal. »
"""

import polars as pl

from pipelines.estimators.as_treated import log_ratio, with_both_arms
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import PROGRAMME, Companion, Record, house, percent_change

INDICATOR = Indicator(
    "time_with_tool",
    ("model.time_cells", "clean.teams", "clean.tools", "clean.deployments", "clean.people_time"),
    "Minutes per task with the tool against without, same person, process and month, in %: as treated, no effect.",
)
WITH_TOOL = Companion("time_with_tool", "time_with_tool", "%", "lower", "usages")
EFFECTS = ("person_time", "process", "month")
MIN_USES = 30  # occurrences done with the tool


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme and every tool, in % (`se` on the log scale), from the fourth week on.

    Of a tool: the processes and teams it is deployed in, done with it or without any. People seen on one side only
    enter the other effects and are not counted.
    """
    cells = inputs.table("model.time_cells").filter(pl.col("minutes") > 0, pl.col("phase") != "apprentissage")
    cells = cells.with_columns(pl.col("tool").is_not_null().alias("used"))
    rows = [_row(inputs, cells, PROGRAMME, PROGRAMME)]
    deployed = inputs.table("clean.deployments").select("team", "process", "tool").unique()
    for tool in inputs.table("clean.tools")["tool"].sort() if not cells.is_empty() else []:
        own = cells.join(deployed.filter(pl.col("tool") == tool), on=["team", "process"], how="semi")
        rows.append(_row(inputs, own.filter((pl.col("tool") == tool) | ~pl.col("used")), "tool", tool))
    return estimates(rows)


def _row(inputs: Inputs, cells: pl.DataFrame, scope: str, key: str) -> Record:
    values: Record = {"model_id": "usage_poisson_mois_jackknife"}
    if cells.filter("used")["occurrences"].sum() < MIN_USES:
        values |= {"reason": "moins_de_30_usages"}
    else:
        values |= house(log_ratio(cells, EFFECTS), percent_change)
    both = with_both_arms(with_both_arms(cells, "process"), "person_time")
    return WITH_TOOL.row(inputs, both, cells.height, values, scope=scope, key=key)

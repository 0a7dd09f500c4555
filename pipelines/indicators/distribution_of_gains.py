"""« Répartition des gains »: agents for whom the followed work takes more time than it would have, programme only."""

import polars as pl

from pipelines.estimators.imputation import reference
from pipelines.estimators.share import percent
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import REGIME, Companion, house, model_of, supervisors
from pipelines.indicators.usage import WITHIN, counts_of

INDICATOR = Indicator(
    "distribution_of_gains",
    ("model.time_cells", "clean.teams", "clean.people_time"),
    "Share of agents whose work takes more time from the fourth week on than expected without the tool, in %.",
)
SLOWER = Companion("distribution_of_gains", "share_slower", "%", "lower")


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, in %; never by team, which would point at people."""
    ref = reference(inputs.table("model.time_cells"))
    agents = ~pl.col("person_time").is_in(supervisors(inputs).implode())
    cells = ref.identified.filter(REGIME, agents)
    people = slower(cells)
    refits = _share(cells), {team: _share(rows.filter(REGIME, agents)) for team, rows in ref.without.items()}
    found = {"model_id": f"{model_of(ref)}_jackknife", **house(refits, WITHIN), **counts_of(people)}
    return estimates([SLOWER.row(inputs, cells, ref.read.filter(REGIME, agents).height, found)])


def slower(cells: pl.DataFrame) -> pl.DataFrame:
    """[team, person_time, value]: 1.0 where the work of a person took longer than expected in all, else 0.0."""
    totals = cells.group_by("team", "person_time").agg(pl.col("minutes", "mu0").sort().sum())
    longer = (pl.col("minutes") > pl.col("mu0")).cast(pl.Float64)
    return totals.select("team", "person_time", longer.alias("value")).sort("team", "value")


def _share(cells: pl.DataFrame) -> float | None:
    """In %; None when a cell has no expected minutes."""
    return None if cells["mu0"].null_count() else percent(slower(cells))

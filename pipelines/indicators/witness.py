"""« Processus témoins »: the same change on processes never equipped, in teams that use a tool for something else.

Close to zero if the season and the measurement say all of it: the headline rests on that.
"""

import polars as pl

from pipelines.estimators.imputation import SORTED, reference
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import ALL, PROGRAMME, REGIME, Companion, imputed_change
from pipelines.indicators.surveys import live_deployments

INDICATOR = Indicator(
    "witness",
    ("model.time_cells", "clean.teams", "clean.processes", "clean.deployments", "clean.people_time"),
    "Change in minutes per task of processes never equipped, from the fourth week of their team, in %.",
)
WITNESS = Companion("witness", "witness", "%", "lower")
LEARNING_WEEKS = 3


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme and every witness process, in % (`se` on the log scale)."""
    ref = reference(as_if_equipped(inputs))
    read = ref.read.filter(REGIME)
    known = inputs.table("clean.processes").filter("witness")["process"].sort().to_list()
    absent = {"reason": "sans_temoin"} if not known else {}
    scopes = [(PROGRAMME, PROGRAMME, ALL)] + [("process", p, pl.col("process") == p) for p in known]
    rows = []
    for scope, key, condition in scopes:
        own = read.filter(condition)
        values = {**imputed_change(ref, condition), **absent}
        used = own.filter(pl.col("mu0").is_not_null())
        rows.append(WITNESS.row(inputs, used, own.height, values, scope=scope, key=key))
    return estimates(rows)


def as_if_equipped(inputs: Inputs) -> pl.DataFrame:
    """The untreated cells, those of a witness process called treated once their team is live on anything.

    The rest, and the witnesses of teams not yet live, tell the season.
    """
    starts = live_deployments(inputs).group_by("team").agg(pl.col("go_live").min())
    since = (pl.col("week") - pl.col("go_live")).dt.total_days().floordiv(7)
    placed = (pl.col("witness") & (since >= 0)).fill_null(False)
    phase = pl.when(~placed).then(pl.lit("avant")).when(since < LEARNING_WEEKS).then(pl.lit("apprentissage"))
    return (
        inputs.table("model.time_cells").filter(~pl.col("treated"))
        .join(starts, on="team", how="left", maintain_order="left")
        .with_columns(placed.alias("treated"), phase.otherwise(pl.lit("regime")).alias("phase"))
        .drop("go_live").sort(SORTED, nulls_last=True)
    )  # fmt: skip

"""« Temps par tâche, à usage effectif »: the effect of going live over the share of work that went through the tool.

An instrumental variable: going live is assumed to act only through use, with nothing left for work done without it.
"""

import polars as pl

from pipelines.estimators.house_interval import Refits, interval_of
from pipelines.estimators.imputation import has_comparison
from pipelines.estimators.linear import products
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import Companion, Record, house, percent_change
from pipelines.indicators.time_sensitivities import with_log_minutes

INDICATOR = Indicator(
    "time_for_users",
    ("model.time_cells", "clean.teams", "clean.people_time"),
    "Change in minutes per task done with the tool, going live as the instrument, from the fourth week on, in %.",
)
EFFECT = Companion("time_for_users", "time_for_users", "%", "lower", "usages")
SHARE = Companion("time_for_users", "share_of_use", "%", "higher")
LEAST_SHARE = 10.0  # % of work through the tool: under it the effect of use cannot be told from going live


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme: the effect of use in % (`se` on the log scale), and the share of use that going live brought."""
    cells = inputs.table("model.time_cells").filter(pl.col("minutes") > 0, pl.col("phase") != "apprentissage")
    months = ["month"] if has_comparison(cells) else []
    suffix = "_mois_jackknife" if months else "_jackknife"
    used = pl.col("tool").is_not_null().cast(pl.Float64).alias("used")
    found = products(
        with_log_minutes(cells).with_columns(used, (100.0 * used).alias("percent")), unit="person_time",
        effects=["process", *months], variables=["treated", "used", "percent", "mean_log"], weight="occurrences",
    )  # fmt: skip
    share = found.slope("percent", "treated")
    effect = _if_strong(share, house(found.slope("mean_log", "used", instrument="treated"), percent_change))
    treated = cells.filter("treated")
    return estimates([
        EFFECT.row(inputs, treated, treated.height, {"model_id": f"instrument{suffix}", **effect}),
        SHARE.row(inputs, treated, treated.height, {"model_id": f"lineaire{suffix}", **house(share)}),
    ])  # fmt: skip


def _if_strong(share: Refits, effect: Record) -> Record:
    """The effect, where the interval of the share of use is above a tenth; else the reason alone."""
    interval = interval_of(share)
    if interval.low is not None and interval.low > LEAST_SHARE:
        return effect
    rare = share[0] is not None and share[0] <= LEAST_SHARE
    return {"G": interval.G, "reason": "usage_trop_faible" if rare else interval.reason or "usage_trop_faible"}

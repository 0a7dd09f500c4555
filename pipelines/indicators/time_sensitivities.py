"""Time per task by other models: what the headline becomes under other assumptions. Programme only, no verdict.

two_way: effects the same from the first day. log_two_way: ratio of geometric means. staggered: before the last start
only, and event_<k>: the same by periods of four weeks since the start, negative ones before it. trimmed: without the
shortest and the longest work of each process.
"""

from datetime import date
from functools import partial

import polars as pl

from pipelines.estimators import two_way
from pipelines.estimators.imputation import SORTED, Reference, log_ratio, reference
from pipelines.estimators.linear import products
from pipelines.estimators.staggered import are_apart, imputed, start_groups
from pipelines.indicators.base import Inputs
from pipelines.indicators.scopes import REGIME, Companion, Record, house, imputed_change, percent_change

PERIOD = 28  # days
TOO_FAR = 0.20  # the two-way form is refused beyond this part of the headline (methods.md, 1.3)
TRIMMED = (0.005, 0.995)  # quantiles of minutes per occurrence, in each process


def sensitivities(inputs: Inputs, ref: Reference) -> list[Record]:
    """One row per model, and one per period since the start where staggered starts are identified."""
    cells = inputs.table("model.time_cells").filter(pl.col("minutes") > 0).sort(SORTED, nulls_last=True)
    months = ["month"] if ref.months else []
    suffix = "_mois_jackknife" if ref.months else "_jackknife"
    # The cells of the headline, so that only the model differs.
    used = ref.identified.filter(REGIME).drop("mu0")
    settled = with_log_minutes(pl.concat([cells.filter(~pl.col("treated")), used]))
    row = partial(_row, inputs, used, ref.read.filter(REGIME).height)
    poisson = two_way.refits(
        settled, y="minutes", exposure="occurrences", effects=("person_time", "process", *months)
    )  # fmt: skip
    found = {"model_id": f"poisson{suffix}", **house(poisson, percent_change)}
    log_form = products(
        settled, unit="person_time", effects=["process", *months], variables=["treated", "mean_log"],
        weight="occurrences",
    ).slope("mean_log", "treated")  # fmt: skip
    return [
        row("two_way", _refused(found, poisson[0], log_ratio(ref.identified.filter(REGIME)))),
        row("log_two_way", {"model_id": f"log{suffix}", **house(log_form, percent_change)}),
        *_staggered(inputs, cells),
        _trimmed(inputs, cells),
    ]


def with_log_minutes(cells: pl.DataFrame) -> pl.DataFrame:
    """`cells` with `mean_log`, the mean log of the minutes of one occurrence."""
    return cells.with_columns((pl.col("log_minutes") / pl.col("occurrences")).alias("mean_log"))


def _row(inputs: Inputs, used: pl.DataFrame, n_read: int, estimand: str, values: Record) -> Record:
    return Companion("time_per_task", estimand, "%", "lower").row(inputs, used, n_read, values)


def _refused(values: Record, two_way: float | None, headline: float | None) -> Record:
    """`values`, or the reason alone where the two-way form is too far from the headline: then effects grew."""
    if two_way is None or headline is None or abs(two_way - headline) <= TOO_FAR * abs(headline):
        return values
    return {"model_id": values["model_id"], "reason": "ecart_avec_imputation"}


def _staggered(inputs: Inputs, cells: pl.DataFrame) -> list[Record]:
    """Log minutes against what later teams say, in the window where someone is still untreated."""
    starts = inputs.table("clean.deployments").group_by("team").agg(pl.col("go_live").min())
    groups = start_groups(starts, inputs.study.calendar.measurement_start)
    model: Record = {"model_id": "decale_log_jackknife"}
    if not are_apart(groups):
        common = starts["go_live"].n_unique() < 2
        reason = "depart_commun" if common else "vagues_trop_petites_ou_trop_proches"
        return [_row(inputs, cells.clear(), 0, "staggered", {**model, "reason": reason})]
    rows = _since_start(cells, starts, groups[-1])
    periods = rows.filter(pl.col("period").is_not_null())["period"].unique().sort().to_list()
    conditions = {"staggered": pl.col("treated") & REGIME} | {f"event_{k}": pl.col("period") == k for k in periods}
    found = imputed(
        rows, unit="person_time", effects=["process", "month"], y="mean_log", groups=conditions, weight="occurrences"
    )
    made = []
    for estimand, refits in found.items():
        used = rows.filter(conditions[estimand])
        made.append(_row(inputs, used, used.height, estimand, {**model, **house(refits, percent_change)}))
    return made


def _since_start(cells: pl.DataFrame, starts: pl.DataFrame, last: date) -> pl.DataFrame:
    """Cells of processes that may be equipped before the last group starts; `period` = periods of four weeks since the
    start of the team, null for those of the last group, for the period before, and for processes not yet equipped."""
    rows = cells.filter(~pl.col("witness"), pl.col("week") < last).join(
        starts, on="team", how="left", maintain_order="left"
    )
    since = (pl.col("week") - pl.col("go_live")).dt.total_days().floordiv(PERIOD)
    seen = (pl.col("go_live") < last) & (since != -1) & (pl.col("treated") == (since >= 0))
    return with_log_minutes(rows).with_columns(pl.when(seen).then(since).alias("period"))


def _trimmed(inputs: Inputs, cells: pl.DataFrame) -> Record:
    each = pl.col("minutes") / pl.col("occurrences")
    low, high = (each.quantile(q, "linear").over("process") for q in TRIMMED)
    ref = reference(cells.filter(each >= low, each <= high))
    used = ref.identified.filter(REGIME)
    return _row(inputs, used, cells.filter(REGIME).height, "trimmed", imputed_change(ref))

"""« Minutes par tâche »: from the gross to the net gain of one tool on one process, per time the task is done."""

import math

import polars as pl

from pipelines.contracts.proposals import PAIR
from pipelines.estimators.imputation import reference
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.process_tool_gain import KEY
from pipelines.indicators.scopes import Companion, Record, model_of

INDICATOR = Indicator(
    "minutes_per_task",
    ("model.time_cells", "clean.teams", "clean.people_time", "clean.deployments"),
    "Minutes per time a task is done with one tool on one process, learning weeks included: expected without the tool,"
    " gross gain, its parts taken back, net gain.",
)
PARTS = ("prompt", "verification", "rework", "failed")


def compute(inputs: Inputs) -> pl.DataFrame:
    """Every process x tool deployed (`process:tool`): expected - gross + parts = minutes spent, per time, exactly.

    Means, not totals: totals of pairs would give a hidden pair by difference from the programme's. A part that no
    cell of the pair measured is null (`non_mesure`) and weighs nothing in the gross, as in the waterfall of hours.
    Training and support are of no pair and stay out. No interval: process_tool_gain has it.
    """
    ref = reference(inputs.table("model.time_cells"))
    cells = ref.identified.with_columns(KEY)
    deployed = inputs.table("clean.deployments").select("process", "tool").unique().sort("process", "tool")
    rows = []
    for process, tool in deployed.iter_rows():
        key = f"{process}{PAIR}{tool}"
        own = cells.filter(pl.col("key") == key)
        for estimand, values in _means(own).items():
            used = own if estimand not in PARTS else own.filter(pl.col(f"{estimand}_minutes").is_not_null())
            direction = "higher" if estimand in ("gross", "net") else "lower"
            what = Companion("minutes_per_task", estimand, "min", direction)
            rows.append(what.row(inputs, used, own.height, {"model_id": model_of(ref), **values},
                                 scope="process_tool", key=key))  # fmt: skip
    return estimates(rows)


def _means(own: pl.DataFrame) -> dict[str, Record]:
    """Minutes per time, by estimand."""
    times = int(own["occurrences"].sum())

    def mean(minutes: float | None, reason: str = "descriptif") -> Record:
        return {"estimate": minutes / times, "reason": reason} if times and minutes is not None else {"reason": "non_estimable"}

    parts = {part: own[f"{part}_minutes"].drop_nulls() for part in PARTS}
    expected, spent = (math.fsum(own[column]) for column in ("mu0", "minutes"))
    taken = math.fsum(math.fsum(values) for values in parts.values())
    return {
        "expected": mean(expected), "gross": mean(expected - spent + taken),
        **{part: mean(math.fsum(values)) if len(values) else {"reason": "non_mesure"} for part, values in parts.items()},
        "net": mean(expected - spent),
    }  # fmt: skip

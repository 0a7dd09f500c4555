"""« Minutes par tâche »: from the gross to the net gain of one tool on one process, per time the task is done."""

import math

import polars as pl

from pipelines.contracts.proposals import PAIR
from pipelines.estimators.imputation import reference
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.process_tool_gain import KEY
from pipelines.indicators.scopes import Companion, Record, dominance, model_of

INDICATOR = Indicator(
    "minutes_per_task",
    ("model.time_cells", "clean.teams", "clean.people_time", "clean.deployments"),
    "Minutes per time a task is done with one tool on one process, learning weeks included: gross gain, what writing"
    " requests and checking take back, net gain.",
)
PARTS = {
    "prompt": ("prompt_minutes",),
    "checking": ("verification_minutes", "rework_minutes", "failed_minutes"),
}


def compute(inputs: Inputs) -> pl.DataFrame:
    """Every process x tool deployed (`process:tool`): gross - prompt - checking = net, per time, exactly.

    Means, not totals: totals of pairs would give a hidden pair by difference from the programme's. Each step is the
    difference of the others, so all but the net carry the weakest count and the strongest contributor of any of them:
    disclosure hides them together. A pair where nobody measured a part has a net only. Training and support are of no
    pair and stay out. No interval: process_tool_gain has it.
    """
    ref = reference(inputs.table("model.time_cells"))
    sums = {name: pl.sum_horizontal(parts) for name, parts in PARTS.items()}
    known = {name: pl.any_horizontal(pl.col(parts).is_not_null()) for name, parts in PARTS.items()}
    cells = ref.identified.with_columns(KEY, *(pl.when(known[n]).then(s).alias(n) for n, s in sums.items()))
    deployed = inputs.table("clean.deployments").select("process", "tool").unique().sort("process", "tool")
    rows = []
    for process, tool in deployed.iter_rows():
        key = f"{process}{PAIR}{tool}"
        own = cells.filter(pl.col("key") == key)
        for estimand, values in _means(inputs, own).items():
            what = Companion("minutes_per_task", estimand, "min", "lower" if estimand in PARTS else "higher")
            record = {"model_id": model_of(ref), **values}
            rows.append(what.row(inputs, own, own.height, record, scope="process_tool", key=key))
    return estimates(rows)


def _means(inputs: Inputs, own: pl.DataFrame) -> dict[str, Record]:
    """Minutes per time, by estimand."""
    times = int(own["occurrences"].sum())
    net = math.fsum(own["mu0"]) - math.fsum(own["minutes"])
    taken = {part: math.fsum(own[part].drop_nulls()) for part in PARTS if own[part].count()}
    found: dict[str, Record] = {"net": _mean(net, times)}
    if len(taken) < len(PARTS):
        return found | {name: {"reason": "non_mesure"} for name in ("gross", *PARTS)}
    weakest = _weakest([dominance(own, inputs, part) for part in PARTS])
    steps = {"gross": net + math.fsum(taken.values()), **taken}
    return found | {name: _mean(value, times) | weakest for name, value in steps.items()}


def _mean(minutes: float, times: int) -> Record:
    return {"estimate": minutes / times, "reason": "descriptif"} if times else {"reason": "non_estimable"}


def _weakest(found: list[dict[str, object]]) -> Record:
    """Of several weighings, the fewest people and the heaviest contributors."""
    worst: Record = {}
    for name, pick in (("n_persons", min), ("top1_share", max), ("top2_share", max), ("p_ratio", min)):
        known = [value for one in found if isinstance(value := one.get(name), int | float)]
        if known:
            worst[name] = pick(known)
    return worst

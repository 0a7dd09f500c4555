"""What the indicators of use share: the weeks in which each equipped agent could use a tool, and did or not.

Use comes from the time log. « Never a success by themselves »: a tool can be used a lot and gain nothing.
"""

import math

import polars as pl

from pipelines.contracts.proposals import PAIR
from pipelines.estimators.house_interval import jackknife
from pipelines.estimators.share import percent
from pipelines.indicators.base import Inputs
from pipelines.indicators.levels import clamp
from pipelines.indicators.scopes import PROGRAMME, Companion, Record, house, supervisors

TABLES = ("model.time_cells", "clean.teams", "clean.tools", "clean.deployments", "clean.people_time")
SOME_WEEKS = 4  # first and last weeks of equipped work that are compared
MODEL = "part_usage_jackknife"
WITHIN = clamp((0.0, 100.0))


def equipped_work(inputs: Inputs) -> pl.DataFrame:
    """model.time_cells of agents while a tool is deployed for the work, with `used`, `turn` (first, second... week in
    which the person did such work) and `left`, how many such weeks follow. Supervisors are left out."""
    cells = inputs.table("model.time_cells").filter("treated")
    cells = cells.filter(~pl.col("person_time").is_in(supervisors(inputs).implode()))
    live = _while_deployed(cells, inputs.table("clean.deployments"))
    kept = cells.join(live, on=["team", "process", "week"], how="semi")
    return in_turn(kept.with_columns(pl.col("tool").is_not_null().alias("used")))


def _while_deployed(cells: pl.DataFrame, deployments: pl.DataFrame) -> pl.DataFrame:
    """`cells` once for each deployment that is live that week."""
    return cells.join(deployments.drop("tool"), on=["team", "process"], how="inner", maintain_order="left").filter(
        pl.col("week") >= pl.col("go_live"), (pl.col("week") <= pl.col("end_date")).fill_null(True)
    )


def in_turn(cells: pl.DataFrame) -> pl.DataFrame:
    """`cells` with `turn` and `left`, counted over the weeks they hold."""
    turn = pl.col("week").rank("dense").over("person_time").cast(pl.Int64)
    rows = cells.with_columns(turn.alias("turn"))
    return rows.with_columns((pl.col("turn").max().over("person_time") - pl.col("turn")).alias("left"))


def of_tool(inputs: Inputs, work: pl.DataFrame, tool: str, process: str | None = None) -> pl.DataFrame:
    """The equipped work that a tool is deployed for, `used` meaning that tool; of one process if given."""
    deployed = inputs.table("clean.deployments").filter(pl.col("tool") == tool)
    own = _while_deployed(work if process is None else work.filter(pl.col("process") == process), deployed)
    return in_turn(own.with_columns((pl.col("tool") == tool).fill_null(False).alias("used")))


def scopes_of(inputs: Inputs, work: pl.DataFrame, *, pairs: bool = False) -> list[tuple[str, str, pl.DataFrame]]:
    """(scope, key, equipped work) of the programme and every tool; with `pairs`, of every process x tool deployed."""
    found = [(PROGRAMME, PROGRAMME, work)]
    if work.is_empty():
        return found
    found += [("tool", tool, of_tool(inputs, work, tool)) for tool in inputs.table("clean.tools")["tool"].sort()]
    deployed = inputs.table("clean.deployments").select("process", "tool").unique().sort("process", "tool")
    return found + [
        ("process_tool", f"{process}{PAIR}{tool}", of_tool(inputs, work, tool, process))
        for process, tool in deployed.iter_rows() if pairs
    ]  # fmt: skip


def share_row(
    inputs: Inputs, what: Companion, people: pl.DataFrame, work: pl.DataFrame, scope: str, key: str
) -> Record:  # fmt: skip
    """Share of `people` [team, person_time, value] in %, its house interval; `work` is what it was read from."""
    own = work.join(people, on="person_time", how="semi")
    values: Record = {"model_id": MODEL, **house(jackknife(people, percent), WITHIN)}
    if people.is_empty() and not work.is_empty():
        values["reason"] = "trop_peu_de_semaines"
    return what.row(inputs, own, work.height, {**values, **counts_of(people)}, scope=scope, key=key)


def counts_of(people: pl.DataFrame) -> Record:
    """n_persons, and how many are on the smaller side of a yes or no: what disclosure control judges a share on."""
    n, some = people.height, math.fsum(people["value"])
    return {
        "n_persons": n, "n_minority": int(min(some, n - some)), "unanimous": n > 0 and some in (0, n),
        "top1_share": None, "top2_share": None, "p_ratio": None,
    }  # fmt: skip


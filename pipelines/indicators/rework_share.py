"""« Part reprise »: what checking, redoing and failed attempts take back of the gross gain, in %."""

import math

import polars as pl

from pipelines.estimators.imputation import Reference, reference
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import ALL, PROGRAMME, Companion, Record, house, model_of, tool_keys

INDICATOR = Indicator(
    "rework_share",
    ("model.time_cells", "clean.teams", "clean.tools", "clean.people_time"),
    "(checking + rework + failed attempts) / gross gain, in %, in the teams that measured them.",
)
SHARE = Companion("rework_share", "rework_share", "%", "lower")
TAKEN_BACK = ("verification_minutes", "rework_minutes", "failed_minutes")
NO_GAIN = "sans_gain_brut"


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme and every tool, learning weeks included; without a gross gain the row says so."""
    cells = inputs.table("model.time_cells")
    ref = reference(cells)
    scopes = [(PROGRAMME, PROGRAMME, ALL)]
    scopes += [("tool", key, pl.col("deployed_tool") == key) for key in tool_keys(inputs, cells)]
    return estimates([_row(inputs, ref, *scope) for scope in scopes])


def _row(inputs: Inputs, ref: Reference, scope: str, key: str, condition: pl.Expr) -> Record:
    own = ref.identified.filter(condition)
    measured = _measuring(own)
    teams = measured["team"].unique().sort().to_list()
    deleted = {team: _measuring(ref.without[team].filter(condition)) for team in teams}
    refits = _share(measured), {team: _share(rows) for team, rows in deleted.items()}
    values = {"model_id": f"{model_of(ref)}_jackknife", **house(refits)}
    if refits[0] is None and not own.is_empty():
        values["reason"] = "non_mesure" if measured.is_empty() else NO_GAIN
    return SHARE.row(inputs, measured, own.height, values, scope=scope, key=key)


def _measuring(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells of the teams that measured something of what is taken back: elsewhere it is unknown, not zero."""
    known = pl.any_horizontal(pl.col(TAKEN_BACK).is_not_null())
    return cells.filter(known.any().over("team")) if cells.height else cells


def _share(cells: pl.DataFrame) -> float | None:
    """Minutes taken back over the gross gain, in %; None without gain, or when a cell has no expected minutes."""
    if cells.is_empty() or cells["mu0"].null_count():
        return None
    back = math.fsum(cells.select(pl.sum_horizontal(TAKEN_BACK)).to_series())
    prompt = math.fsum(cells["prompt_minutes"].drop_nulls())
    gross = math.fsum(cells["mu0"]) - math.fsum(cells["minutes"]) + prompt + back
    return 100 * back / gross if gross > 0 else None

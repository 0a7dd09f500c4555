"""« Temps par tâche »: minutes per task from the fourth week with the tool, against what they would have been."""

import polars as pl

from pipelines.estimators.imputation import Reference, log_ratio, reference
from pipelines.estimators.pooling import group_variances
from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.scopes import (
    ALL,
    POPULATION,
    PROGRAMME,
    REGIME,
    VALUES,
    Record,
    dominance,
    imputed_change,
    model_of,
    nothing,
    percent_change,
    pooled_tools,
    team_keys,
    team_records,
    tool_keys,
    window,
    with_estimates,
)
from pipelines.indicators.time_sensitivities import sensitivities

INDICATOR = Indicator(
    "time_per_task",
    ("model.time_cells", "clean.teams", "clean.tools", "clean.processes", "clean.people_time", "clean.deployments"),
    "Change in minutes per task with the tool, calendar and persons held equal, in %.",
)
SCALE_OF_TEAMS = 0.15  # half-normal prior of the spread between teams, log ratio
BEFORE_AFTER = "avant_apres"


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, teams, tools and processes, in % (`se` on the log scale), then the programme by other models.

    indicators.md, section 2.1.
    """
    cells = inputs.table("model.time_cells")
    ref = reference(cells)
    records: list[tuple[str, str, pl.Expr, Record]] = [(PROGRAMME, PROGRAMME, ALL, imputed_change(ref, ALL))]
    records += [("team", key, pl.col("team") == key, r) for key, r in _teams(ref, team_keys(inputs, cells)).items()]
    tools = tool_keys(inputs, cells)
    records += [("tool", key, pl.col("deployed_tool") == key, r) for key, r in _tools(ref, tools).items()]
    processes = inputs.table("clean.processes").filter(~pl.col("witness"))["process"].sort().to_list()
    for key in processes if not cells.is_empty() else []:
        records.append(("process", key, pl.col("process") == key, imputed_change(ref, pl.col("process") == key)))
    rows = [_row(inputs, ref, *one) for one in records]
    return estimates(rows + sensitivities(inputs, ref))


def _teams(ref: Reference, keys: list[str]) -> dict[str, Record]:
    """Pooled team rows; a team whose months nothing identifies is compared with itself before, without interval.

    The variance of a team comes from its people: it leaves out the error of the month effects, shared by all teams.
    """
    cells = ref.identified.filter(REGIME)
    persons = cells.group_by("team", "person_time").agg(pl.col("minutes", "mu0").sort().sum())
    values = (pl.col("minutes") / pl.col("mu0")).log()
    spread = group_variances(persons.select(group="team", value=values, weight="mu0"))
    units = with_estimates(spread.rename({"group": "key"}), _thetas(cells, "team"))
    pooled = team_records(units, A=SCALE_OF_TEAMS, scale=percent_change)
    found: dict[str, Record] = {}
    for key in keys:
        own = pl.col("mu0").is_not_null() & (pl.col("team") == key)
        alone = log_ratio(ref.before_after.filter(REGIME, own))
        if key in pooled:
            found[key] = {"model_id": f"{model_of(ref)}_pooling", **pooled[key]}
        elif alone is not None:
            why = "mois_sans_comparaison"
            found[key] = {"estimate": percent_change(alone), "model_id": BEFORE_AFTER, "reason": why}
        else:
            found[key] = {"model_id": f"{model_of(ref)}_pooling", "reason": "non_estimable"}
    return found


def _tools(ref: Reference, keys: list[str]) -> dict[str, Record]:
    """Cells where the tool is the only one deployed: rule T from three tools on, else each its own interval."""
    cells = ref.identified.filter(REGIME)
    by_team = [(tool, team, log_ratio(part)) for (tool, team), part in cells.group_by("deployed_tool", "team")]
    values = pl.DataFrame(by_team, schema=VALUES, orient="row")
    points = _thetas(cells, "deployed_tool")
    pooled = pooled_tools(points, values, A=SCALE_OF_TEAMS, scale=percent_change)
    return {
        key: {"model_id": f"{model_of(ref)}_pooling", **pooled[key]}
        if key in pooled
        else imputed_change(ref, pl.col("deployed_tool") == key)
        for key in keys
    }


def _thetas(cells: pl.DataFrame, by: str) -> dict[str, float]:
    thetas = {str(key): log_ratio(part) for (key,), part in cells.group_by(by)}
    return {key: found for key, found in thetas.items() if found is not None}


def _row(inputs: Inputs, ref: Reference, scope: str, key: str, condition: pl.Expr, values: Record) -> Record:
    """The record with its identity, counts and weights, all taken from the cells the estimate used."""
    source = ref.before_after if values["model_id"] == BEFORE_AFTER else ref.read
    read = source.filter(REGIME, condition)
    used = read.filter(pl.col("mu0").is_not_null())
    if scope == PROGRAMME and used.is_empty():
        values = {**values, "reason": nothing(inputs)}
    return estimate_row(
        indicator=INDICATOR.id, estimand="time_per_task", unit="%", scope=scope, scope_key=key,
        population=POPULATION, window=window(used["week"]), threshold=inputs.study.thresholds.time_per_task,
        direction="lower", n_obs=used.height, n_obs_read=read.height, **dominance(used, inputs), **values,
    )  # fmt: skip

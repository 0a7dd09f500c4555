"""« Gain par processus et par outil »: time per task saved where one tool serves one process (indicators.md, 10)."""

import polars as pl

from pipelines.contracts.proposals import PAIR
from pipelines.estimators.house_interval import house_interval
from pipelines.estimators.imputation import Reference, log_ratio, reference
from pipelines.estimators.pooling import group_variances, pool
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import (
    MIN_TEAMS,
    REGIME,
    Companion,
    Record,
    count_agents,
    model_of,
    percent_change,
    with_estimates,
)
from pipelines.indicators.time_per_task import SCALE_OF_TEAMS

INDICATOR = Indicator(
    "process_tool_gain",
    ("model.time_cells", "clean.teams", "clean.people_time", "clean.deployments"),
    "Minutes per task saved with one tool on one process, from the fourth week on, in %: what proposals rest on.",
)
LEVELS = {"gain": 0.95, "gain_90": 0.90}  # estimand -> level of its interval; one estimate
MIN_TIMES, MIN_PERSONS = 30, 5  # in each phase
MIN_POOLED = 3  # process x tool pairs; fewer get their own house intervals, as tools do
KEY = pl.concat_str("process", "deployed_tool", separator=PAIR).alias("key")


def compute(inputs: Inputs) -> pl.DataFrame:
    """Every process x tool deployed (`process:tool`), in % saved, `se` on the log scale: estimands gain, with its 95 %
    interval, and gain_90, the same with the 5 % and 95 % quantiles.

    Cells where the tool is the only one deployed. Pooled over the pairs that are measured enough, as teams are: the
    variance comes from people, and leaves out the error of the month effects.
    """
    cells = inputs.table("model.time_cells")
    ref = reference(cells)
    read = ref.read.filter(REGIME).with_columns(KEY)
    deployed = inputs.table("clean.deployments").select("process", "tool").unique().sort("process", "tool")
    keys = [f"{process}{PAIR}{tool}" for process, tool in deployed.iter_rows()]
    lacking = {key: why for key in keys if (why := _lacking(inputs, cells, read.filter(pl.col("key") == key)))}
    records = _records(ref, read.filter(pl.col("mu0").is_not_null()), lacking)
    nothing: Record = {"model_id": model_of(ref)}
    rows = []
    for estimand in LEVELS:
        what = Companion("process_tool_gain", estimand, "%", "higher")
        for key in keys:
            own = read.filter(pl.col("key") == key)
            used = own.filter(pl.col("mu0").is_not_null())
            values = records.get((estimand, key), nothing | {"reason": lacking.get(key, "non_estimable")})
            rows.append(what.row(inputs, used, own.height, values, scope="process_tool", key=key))
    return estimates(rows)


def _lacking(inputs: Inputs, cells: pl.DataFrame, read: pl.DataFrame) -> str | None:
    """Why the pair is measured too little for an interval; None when it is enough.

    Before: untreated cells of the teams and the process that the tool was deployed for.
    """
    used = read.filter(pl.col("mu0").is_not_null())
    before = cells.filter(~pl.col("treated")).join(
        used.select("team", "process").unique(), on=["team", "process"], how="semi"
    )
    if min(part["occurrences"].sum() for part in (before, used)) < MIN_TIMES:
        return "moins_de_30_fois_par_phase"
    persons = min(count_agents(part["person_time"], inputs) for part in (before, used))
    return "moins_de_5_personnes" if persons < MIN_PERSONS else None


def _records(ref: Reference, used: pl.DataFrame, lacking: dict[str, str]) -> dict[tuple[str, str], Record]:
    """(estimand, key) -> record of every pair with an estimate; no interval where something is `lacking`."""
    points = {str(key): theta for (key,), own in used.group_by("key") if (theta := log_ratio(own)) is not None}
    enough = {key: theta for key, theta in points.items() if key not in lacking}
    if len(enough) >= MIN_POOLED:
        found = _pooled(ref, used, enough)
    else:
        found = {(estimand, key): _alone(ref, key, theta, level)
                 for estimand, level in LEVELS.items() for key, theta in enough.items()}  # fmt: skip
    for estimand in LEVELS:
        for key in points.keys() - enough.keys():
            values: Record = {"estimate": _saved(points[key]), "reason": lacking[key]}
            found[estimand, key] = {"model_id": model_of(ref), **values}
    return found


def _pooled(ref: Reference, used: pl.DataFrame, enough: dict[str, float]) -> dict[tuple[str, str], Record]:
    own = used.filter(pl.col("key").is_in(sorted(enough)))
    persons = own.group_by("key", "person_time").agg(pl.col("minutes", "mu0").sort().sum())
    ratios = (pl.col("minutes") / pl.col("mu0")).log()
    spread = group_variances(persons.select(group="key", value=ratios, weight="mu0")).rename({"group": "key"})
    units = with_estimates(spread, enough).sort("key")
    n_teams, model = own["team"].n_unique(), f"{model_of(ref)}_pooling"
    reason = "variance_nulle" if units["v"].null_count() else "moins_de_5_equipes" if n_teams < MIN_TEAMS else None
    found: dict[tuple[str, str], Record] = {}
    for estimand, level in LEVELS.items():
        if reason is not None:
            for key, theta in enough.items():
                values: Record = {"estimate": _saved(theta), "G": n_teams, "reason": reason}
                found[estimand, key] = {"model_id": model, **values}
            continue
        fit = pool(units["y"].to_list(), units["v"].to_list(), A=SCALE_OF_TEAMS, level=level)
        for i, key in enumerate(units["key"]):
            found[estimand, key] = {
                "estimate": _saved(fit.mean[i]), "ci_low": _saved(fit.high[i]), "ci_high": _saved(fit.low[i]),
                "level": level, "se": float(fit.sd[i]), "tau": float(fit.between_sd),
                "G": n_teams, "model_id": model,
            }  # fmt: skip
    return found


def _alone(ref: Reference, key: str, theta: float, level: float) -> Record:
    """The house interval of one pair, the fit made again without each of its teams."""
    own = [cells.filter(REGIME, key == KEY) for cells in (ref.identified, *ref.without.values())]
    teams = own[0]["team"].unique()
    refits = [log_ratio(cells) for team, cells in zip(ref.without, own[1:], strict=True) if team in teams]
    found = house_interval(theta, refits, level=level).record_values(_saved)
    turned = {"ci_low": found["ci_high"], "ci_high": found["ci_low"]}  # less time is more gain
    return {"model_id": f"{model_of(ref)}_jackknife", "estimate": _saved(theta), **found, **turned}


def _saved(log_ratio: float) -> float:
    """A log ratio of minutes as the part saved, in %."""
    return -percent_change(float(log_ratio))

"""« Erreurs »: rate of items that had to be redone, treated work over untreated work (indicators.md, 2.3)."""

import math

import polars as pl

from pipelines.estimators.errors import (
    MIN_ERRORS,
    expected_errors,
    log_rate_ratio,
    log_ratios_by,
    team_log_ratios,
)
from pipelines.estimators.house_interval import house_interval, interval_of, jackknife
from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.error_counts import POPULATION, checked, counts
from pipelines.indicators.scopes import (
    PROGRAMME,
    Record,
    count_agents,
    dominance,
    nothing,
    pooled_tools,
    team_keys,
    team_records,
    tool_keys,
    window,
)

INDICATOR = Indicator(
    "errors",
    ("model.time_cells", "clean.teams", "clean.tools", "clean.deployments", "clean.people_time",
     "clean.checked_samples"),
    "Ratio of the rate of items redone, with the tool over without, persons and processes held equal.",
)
SCALE_OF_TEAMS = 0.30  # half-normal prior of the spread between teams, or tools, log ratio
NOT_ESTIMATED: Record = {"reason": "non_estimable"}


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme and tools with both statements, every team with one; unit ratio, `se` on the log scale.

    rate_ratio is read against the success threshold, rate_ratio_guardrail against the guard-rail: one interval. Beside
    them, without verdict: the counts of each, and the sample checked blind.
    """
    read = inputs.table("model.time_cells")
    cells = read.filter(pl.col("items") > 0).with_columns(pl.col("person_time").alias("person"))
    everything, everyone = pl.lit(True), _programme(inputs, cells)
    rows = _rows(inputs, read, PROGRAMME, PROGRAMME, everything, everyone)

    teams = team_records(team_log_ratios(cells).rename({"team": "key"}), A=SCALE_OF_TEAMS, scale=math.exp)
    for team in team_keys(inputs, read):
        values = {"model_id": "taux_pooling", **teams.get(team, NOT_ESTIMATED)}
        rows += _rows(inputs, read, "team", team, pl.col("team") == team, values, guardrail=False)

    tools = _tools(cells)
    for tool in tool_keys(inputs, read):
        values = {"model_id": "taux_regle_t", **tools.get(tool, NOT_ESTIMATED)}
        rows += _rows(inputs, read, "tool", tool, pl.col("deployed_tool") == tool, values)
    return estimates(rows + checked(inputs))


def _programme(inputs: Inputs, cells: pl.DataFrame) -> Record:
    """Poisson fit with person and process effects, and month effects where something untreated identifies them."""
    starts = inputs.table("clean.deployments").group_by("team").agg(pl.col("go_live").min())["go_live"].n_unique()
    months = starts > 1 or bool(cells["witness"].any())
    effects = ("person", "process", "month") if months else ("person", "process")
    enough = int(cells["errors"].sum()) >= MIN_ERRORS  # in total: a team deleted may leave fewer
    refits = jackknife(cells, lambda kept: log_rate_ratio(kept, effects) if enough else None)
    estimate, interval = refits[0], interval_of(refits).record_values(math.exp)
    if estimate is None:
        interval["reason"] = _why_not(inputs, cells)
    return {
        "estimate": None if estimate is None else math.exp(estimate),
        "model_id": "poisson_mois_jackknife" if months else "poisson_jackknife", **interval,
    }  # fmt: skip


def _why_not(inputs: Inputs, cells: pl.DataFrame) -> str:
    if cells.is_empty():
        return nothing(inputs)
    by_arm = [cells.filter(pl.col("treated") == arm) for arm in (False, True)]
    if any(arm.is_empty() for arm in by_arm):
        return "non_estimable"
    return "trop_peu_d_erreurs" if cells["errors"].sum() < MIN_ERRORS else "non_estimable"


def _tools(cells: pl.DataFrame) -> dict[str, Record]:
    """Cells where the tool is the only one deployed: rule T from three tools on, else each its own interval."""
    treated = expected_errors(cells)
    points = dict(log_ratios_by(treated, "deployed_tool").select("deployed_tool", "y").iter_rows())
    by_team = log_ratios_by(treated, ["deployed_tool", "team"]).select("team", tool="deployed_tool", value="y")
    pooled = pooled_tools(points, by_team, A=SCALE_OF_TEAMS, scale=math.exp)

    def alone(tool: str) -> Record:
        def refit(team: str) -> float | None:
            kept = log_ratios_by(expected_errors(cells.filter(pl.col("team") != team)), "deployed_tool")
            y = kept.filter(pl.col("deployed_tool") == tool)["y"]
            return y.item() if len(y) else None

        teams = by_team.filter(pl.col("tool") == tool)["team"].sort()
        interval = house_interval(points[tool], [refit(team) for team in teams])
        return {"estimate": math.exp(points[tool]), **interval.record_values(math.exp)}

    return {tool: pooled.get(tool) or alone(tool) for tool in sorted(points)}


def _weights(inputs: Inputs, cells: pl.DataFrame) -> Record:
    """Agents of the treated cells, and the strongest dominance of any arm in items or errors: a ratio shows both."""
    arms = [cells.filter(pl.col("treated") == arm) for arm in (True, False)]
    found = [dominance(arm, inputs, value) for value in ("items", "errors") for arm in arms]
    worst: Record = {"n_persons": count_agents(cells.filter("treated")["person_time"], inputs)}
    for name, extreme in (("top1_share", max), ("top2_share", max), ("p_ratio", min)):
        known = [f[name] for f in found if name in f]
        worst[name] = extreme(known) if known else None  # type: ignore[type-var]
    return worst


def _rows(
    inputs: Inputs, read: pl.DataFrame, scope: str, key: str, condition: pl.Expr, values: Record, *,
    guardrail: bool = True,
) -> list[Record]:  # fmt: skip
    """One statement of one scope, or both. n_obs = lines that count errors, n_obs_read = lines read."""
    treated = read.filter(pl.col("treated") & condition)
    # What the treated work of a tool is compared with is the untreated work of the same teams and processes.
    beside = read.filter(~pl.col("treated"))
    if scope != PROGRAMME:
        beside = beside.join(treated.select("team", "process").unique(), on=["team", "process"], how="semi")
    scoped = pl.concat([treated, beside])
    used = scoped.filter(pl.col("items") > 0)
    lines = int(scoped["n_entries"].sum())
    limits = inputs.study.thresholds
    statements = {"rate_ratio": limits.errors}
    if guardrail:
        statements["rate_ratio_guardrail"] = limits.errors_guardrail
    weights = _weights(inputs, used)
    n_counted = lines - int(scoped["n_entries_without_items"].sum())
    return [
        *(estimate_row(
            indicator=INDICATOR.id, estimand=estimand, unit="ratio", scope=scope, scope_key=key,
            population=POPULATION, window=window(used["week"]), threshold=threshold, direction="lower",
            n_obs=n_counted, n_obs_read=lines, **weights, **values,
        ) for estimand, threshold in statements.items()),
        *(what.row(inputs, used, used.height, {**one, **weights}, scope=scope, key=key) for what, one in counts(used)),
    ]  # fmt: skip

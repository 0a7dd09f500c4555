"""« Temps gagné net »: hours per agent and week once checking, support and training are paid for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.estimators.house_interval import house_interval
from pipelines.estimators.imputation import Reference, reference
from pipelines.estimators.pooling import group_variances
from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.scopes import (
    POPULATION,
    PROGRAMME,
    VALUES,
    Companion,
    Record,
    count_agents,
    dominance,
    model_of,
    nothing,
    pooled_tools,
    team_keys,
    team_records,
    tool_keys,
    window,
    with_estimates,
)

INDICATOR = Indicator(
    "net_hours",
    ("model.time_cells", "model.agent_weeks", "model.overhead_cells", "clean.teams", "clean.tools",
     "clean.people_time"),
    "Hours gained per agent and week, learning weeks, support, measurement and training paid for.",
)
SCALE_OF_TEAMS = 1.0  # half-normal prior of the spread between teams, hours per agent and week
AMORTISED_OVER = 26  # weeks that a training is spread over, in the second figure (methods.md, 1.3)
AMORTISED = Companion("net_hours", "net_hours_amortised", "h/agent/week", "higher")
PARTS = ("prompt", "verification", "rework", "failed")  # the cells hold <part>_minutes


@dataclass(frozen=True)
class Account:
    """What a rate is made of: treated cells with `mu0`, time spent beside them, weeks logged once live."""

    cells: pl.DataFrame
    spent: pl.DataFrame
    weeks: pl.DataFrame

    def ledger(self) -> pl.DataFrame:
        """[team, person_time, hours, weeks]: each gain, expense and week on its own line."""
        who = ["team", "person_time"]
        return pl.concat([
            self.cells.select(*who, hours=(pl.col("mu0") - pl.col("minutes")) / 60, weeks=pl.lit(0.0)),
            self.spent.select(*who, hours=-pl.col("minutes") / 60, weeks=pl.lit(0.0)),
            self.weeks.select(*who, hours=pl.lit(0.0), weeks=pl.lit(1.0)),
        ])  # fmt: skip

    def rate(self) -> float | None:
        """Hours per agent and week; None without cells or weeks, or when a cell has no expected minutes."""
        if self.cells.is_empty() or self.weeks.is_empty() or self.cells["mu0"].null_count():
            return None
        return math.fsum(self.ledger()["hours"]) / self.weeks.height

    def of_team(self, team: str) -> "Account":
        """The rows of one team."""
        own = pl.col("team") == team
        return Account(self.cells.filter(own), self.spent.filter(own), self.weeks.filter(own))

    def without(self, team: str, ref: Reference) -> "Account":
        """The rows of the other teams, their expected minutes estimated again."""
        others = pl.col("team") != team
        return Account(ref.without[team], self.spent.filter(others), self.weeks.filter(others))

    def of_tool(self, tool: str) -> "Account":
        """Cells where it is the only tool deployed, time tagged to it, weeks of the teams that have it."""
        cells = self.cells.filter(pl.col("deployed_tool") == tool)
        having = pl.col("team").is_in(cells["team"].unique().implode())
        return Account(cells, self.spent.filter(pl.col("tool") == tool), self.weeks.filter(having))

    def amortised(self) -> "Account":
        """The same with training spread over half a year: each team bears the part of its weeks that were measured."""
        part = (pl.col("week").n_unique() / AMORTISED_OVER).clip(upper_bound=1.0)
        live = self.weeks.group_by("team").agg(part.alias("part"))
        borne = pl.when(pl.col("kind") == "training").then(pl.col("part").fill_null(0.0)).otherwise(1.0)
        spent = self.spent.join(live, on="team", how="left", maintain_order="left")
        return Account(self.cells, spent.with_columns(pl.col("minutes") * borne).drop("part"), self.weeks)


def account(ref: Reference, overheads: pl.DataFrame, agent_weeks: pl.DataFrame) -> Account:
    """The programme's account.

    Teams without an identified cell are left out, and so are people and months whose treated cells are all
    unidentified: cells, time spent and weeks alike. People who logged weeks and no cell stay: a true zero.
    Training counts whenever it took place, the rest once the team is live.
    """
    month = pl.col("week").dt.truncate("1mo")
    equipped = pl.col("team").is_in(ref.identified["team"].unique().implode())
    unknown_person = pl.col("person_time").is_in(_never_identified(ref, "person_time").implode())
    unknown_month = month.is_in(_never_identified(ref, "month").implode())
    live = pl.col("treated") & ~unknown_month
    in_account = equipped & ~unknown_person
    return Account(
        ref.identified,
        overheads.filter(in_account, live | (pl.col("kind") == "training")),
        agent_weeks.filter(in_account, live, "logged"),
    )


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, teams, tools in hours per agent and week, the programme with training amortised, and the waterfall
    in hours; indicators.md, section 2.2."""
    cells = inputs.table("model.time_cells")
    ref = reference(cells)
    whole = account(ref, inputs.table("model.overhead_cells"), inputs.table("model.agent_weeks"))
    rows = [_row(inputs, ref, whole, PROGRAMME, PROGRAMME, _programme(inputs, ref, whole))]
    for key, values in _teams(ref, whole, team_keys(inputs, cells)).items():
        rows.append(_row(inputs, ref, whole.of_team(key), "team", key, values))
    for key, values in _tools(ref, whole, tool_keys(inputs, cells)).items():
        rows.append(_row(inputs, ref, whole.of_tool(key), "tool", key, values))
    return estimates([*rows, _amortised(inputs, ref, whole), *waterfall(inputs, ref, whole)])


def waterfall(inputs: Inputs, ref: Reference, whole: Account) -> list[Record]:
    """Hours of the programme: gross, less each part, overheads and training, is the net to the minute.

    A part that no cell measured is null (`non_mesure`) and weighs nothing in the gross.
    """
    cells = whole.cells
    spent = {part: cells.select("team", "person_time", "week", minutes=f"{part}_minutes") for part in PARTS}
    training = pl.col("kind") == "training"
    beside = {"overheads": whole.spent.filter(~training), "training": whole.spent.filter(training)}
    every_part = pl.sum_horizontal(f"{part}_minutes" for part in PARTS)
    gross = cells.with_columns((pl.col("mu0") - pl.col("minutes") + every_part).alias("gain"))
    return [
        _total(inputs, ref, "gross", "higher", gross.select("team", "person_time", "week", minutes="gain"), cells),
        *(_total(inputs, ref, part, "lower", rows, rows, measured="non_mesure") for part, rows in spent.items()),
        *(_total(inputs, ref, part, "lower", rows, rows) for part, rows in beside.items()),
    ]


def _never_identified(ref: Reference, column: str) -> pl.Series:
    """Values of `column` that have treated cells, none of them identified."""
    return ref.read.join(ref.identified.select(column).unique(), on=column, how="anti")[column].unique()


def _programme(inputs: Inputs, ref: Reference, whole: Account) -> Record:
    values = _alone(ref, whole, {team: whole.without(team, ref) for team in sorted(ref.without)})
    return {**values, "reason": nothing(inputs)} if values["estimate"] is None else values


def _amortised(inputs: Inputs, ref: Reference, whole: Account) -> Record:
    deleted = {team: whole.without(team, ref).amortised() for team in sorted(ref.without)}
    people = {"n_persons": count_agents(whole.weeks["person_time"], inputs)}
    return AMORTISED.row(inputs, whole.cells, ref.read.height, {**_alone(ref, whole.amortised(), deleted), **people})


def _teams(ref: Reference, whole: Account, keys: list[str]) -> dict[str, Record]:
    """Pooled rates; the variance comes from hours per week of each person, weighted by their weeks."""
    persons = whole.ledger().group_by("team", "person_time").agg(pl.col("hours", "weeks").sort().sum())
    values = pl.col("hours") / pl.col("weeks")
    spread = group_variances(persons.select(group="team", value=values, weight="weeks"))
    rates = _rates({key: whole.of_team(key) for key in keys})
    pooled = team_records(with_estimates(spread.rename({"group": "key"}), rates), A=SCALE_OF_TEAMS)
    missing: Record = {"reason": "non_estimable"}
    return {key: {"model_id": f"{model_of(ref)}_pooling", **pooled.get(key, missing)} for key in keys}


def _tools(ref: Reference, whole: Account, keys: list[str]) -> dict[str, Record]:
    """Rule T from three tools on, else each its own interval over the teams that have it."""
    tools = {key: whole.of_tool(key) for key in keys}
    teams = {key: tool.cells["team"].unique().sort().to_list() for key, tool in tools.items()}
    by_team = [
        (key, team, rate)
        for key, tool in tools.items()
        for team, rate in _rates({team: tool.of_team(team) for team in teams[key]}).items()
    ]
    values = pl.DataFrame(by_team, schema=VALUES, orient="row")
    pooled = pooled_tools(_rates(tools), values, A=SCALE_OF_TEAMS)
    return {
        key: {"model_id": f"{model_of(ref)}_pooling", **pooled[key]}
        if key in pooled
        else _alone(ref, tool, {team: whole.without(team, ref).of_tool(key) for team in teams[key]})
        for key, tool in tools.items()
    }


def _alone(ref: Reference, scope: Account, deleted: Mapping[str, Account]) -> Record:
    """One scope with its house interval, from the same account without each team."""
    rate = scope.rate()
    interval = house_interval(rate, [one.rate() for one in deleted.values()])
    return {"estimate": rate, "model_id": f"{model_of(ref)}_jackknife", **interval.record_values()}


def _rates(accounts: dict[str, Account]) -> dict[str, float]:
    rates = {key: one.rate() for key, one in accounts.items()}
    return {key: rate for key, rate in rates.items() if rate is not None}


def _row(inputs: Inputs, ref: Reference, scope: Account, level: str, key: str, values: Record) -> Record:
    """The record with its identity; people are those with weeks, weights their minutes in the treated cells."""
    where = {PROGRAMME: pl.lit(True), "team": pl.col("team") == key, "tool": pl.col("deployed_tool") == key}[level]
    counted = {**dominance(scope.cells, inputs), "n_persons": count_agents(scope.weeks["person_time"], inputs)}
    return estimate_row(
        indicator=INDICATOR.id, estimand="net_hours", unit="h/agent/week", scope=level, scope_key=key,
        population=POPULATION, window=window(scope.weeks["week"]), threshold=inputs.study.thresholds.net_hours,
        direction="higher", n_obs=scope.cells.height, n_obs_read=ref.read.filter(where).height, **counted, **values,
    )  # fmt: skip


def _total(
    inputs: Inputs,
    ref: Reference,
    estimand: str,
    direction: str,
    rows: pl.DataFrame,
    weights: pl.DataFrame,
    measured: str | None = None,
) -> Record:
    """One step of the waterfall: hours over `rows` [person_time, week, minutes]; a description, without interval."""
    known = rows.filter(pl.col("minutes").is_not_null())
    if ref.identified.is_empty():
        estimate, reason = None, "non_estimable"
    elif measured and known.is_empty():
        estimate, reason = None, measured
    else:
        estimate, reason = math.fsum(known["minutes"]) / 60, "descriptif"
    return estimate_row(
        indicator=INDICATOR.id, estimand=estimand, unit="h", scope=PROGRAMME, scope_key=PROGRAMME,
        population=POPULATION, window=window(known["week"]), threshold=None, direction=direction, estimate=estimate,
        reason=reason, n_obs=known.height, n_obs_read=rows.height, model_id=model_of(ref), **dominance(weights, inputs),
    )  # fmt: skip

"""What the time indicators share: which cells a scope holds, when, and how much each person weighs in it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.estimators.house_interval import Refits, interval_of
from pipelines.estimators.imputation import Reference, log_ratio
from pipelines.estimators.pooling import pool
from pipelines.estimators.tools_rule import MIN_TOOLS, tool_variances
from pipelines.indicators.base import Inputs, estimate_row

Record = dict[str, object]

PROGRAMME = "programme"
SEVERAL = "plusieurs"  # as in pipelines/sql/time_cells.sql
MIN_TEAMS = 5  # fewer teams: no pooling, no estimate per team
POPULATION = "agents_equipes"  # people of a team with a live deployment, users or not
REGIME = pl.col("phase") == "regime"  # from the fourth week on
ALL: pl.Expr = pl.lit(True)
VALUES: dict[str, pl.DataType] = {"tool": pl.String(), "team": pl.String(), "value": pl.Float64()}


@dataclass(frozen=True)
class Companion:
    """Identity of a figure that stands beside the primary ones: it has no threshold, hence no verdict."""

    indicator: str
    estimand: str
    unit: str
    direction: str
    population: str = POPULATION

    def row(
        self, inputs: Inputs, used: pl.DataFrame, n_read: int, values: Record, *, scope: str = PROGRAMME,
        key: str = PROGRAMME,
    ) -> Record:  # fmt: skip
        """The record with its identity; window, people and weights are those of `used`, a frame of cells.

        `values` may hold any of them instead. Without estimate nor reason, the row says why in general.
        """
        if values.get("estimate") is None and values.get("reason") in (None, "non_estimable"):
            values = {**values, "reason": nothing(inputs) if scope == PROGRAMME else "non_estimable"}
        counted = {"n_obs": used.height, "n_obs_read": n_read, **dominance(used, inputs), **values}
        return estimate_row(
            indicator=self.indicator, estimand=self.estimand, unit=self.unit, scope=scope, scope_key=key,
            population=self.population, window=window(used["week"]), threshold=None, direction=self.direction,
            **counted,
        )  # fmt: skip


def house(refits: Refits, scale: Callable[[float], float] = float) -> Record:
    """Estimate and house interval of the refits, both through `scale`."""
    estimate = None if refits[0] is None else scale(refits[0])
    return {"estimate": estimate, **interval_of(refits).record_values(scale)}


def imputed_change(ref: Reference, scope: pl.Expr = ALL) -> Record:
    """Change in minutes of one scope from the fourth week on, in %, with its house interval.

    The whole fit is made again without each team that has cells in the scope; the whole rests on every team, equipped
    or not.
    """
    own = ref.identified.filter(REGIME, scope)["team"].unique().sort()
    teams = sorted(ref.without) if scope is ALL else own
    deleted = {team: log_ratio(ref.without[team].filter(REGIME, scope)) for team in teams}
    found = house((log_ratio(ref.identified.filter(REGIME, scope)), deleted), percent_change)
    return {"model_id": f"{model_of(ref)}_jackknife", **found}


def percent_change(log_ratio: float) -> float:
    """A log ratio as a change in %."""
    return 100 * math.expm1(min(log_ratio, 700.0))


def window(weeks: pl.Series) -> tuple[date, date] | None:
    """First Monday, and the Monday after the last one (half-open, like the study's calendar); None without weeks."""
    first, last = weeks.min(), weeks.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return None
    return first, last + timedelta(days=7)


def supervisors(inputs: Inputs) -> pl.Series:
    """person_time of the supervisors: they do not count toward the thresholds."""
    return inputs.table("clean.people_time").filter(pl.col("role") == "encadrant")["person_time"]


def count_agents(people: pl.Series, inputs: Inputs) -> int:
    """Distinct people, supervisors left out."""
    return people.filter(~people.is_in(supervisors(inputs).implode())).n_unique()


def dominance(cells: pl.DataFrame, inputs: Inputs, value: str = "minutes") -> dict[str, object]:
    """n_persons, agents with a non-null `value`; share of the largest and of the two largest contributors, and p_ratio
    of their totals, supervisors included as they weigh in the sum."""
    totals = (
        cells.filter(pl.col(value).is_not_null())
        .group_by("person_time")
        .agg(pl.col(value).sort().sum())
        .sort(value, descending=True)[value]
    )
    whole = math.fsum(totals)
    n_persons = count_agents(cells.filter(pl.col(value).is_not_null())["person_time"], inputs)
    first, second = (*totals.head(2), 0.0, 0.0)[:2]
    if first <= 0:
        return {"n_persons": n_persons}
    return {
        "n_persons": n_persons, "top1_share": min(first / whole, 1.0),
        "top2_share": min((first + second) / whole, 1.0), "p_ratio": max(whole - first - second, 0.0) / first,
    }  # fmt: skip


def team_keys(inputs: Inputs, cells: pl.DataFrame) -> list[str]:
    """Every team of the register or of the cells."""
    return _keys(inputs.table("clean.teams")["team"], cells["team"])


def tool_keys(inputs: Inputs, cells: pl.DataFrame) -> list[str]:
    """Every tool of the register, and what the treated cells are attributed to (« plusieurs » where it occurs)."""
    return _keys(inputs.table("clean.tools")["tool"], cells.filter("treated")["deployed_tool"])


def nothing(inputs: Inputs) -> str:
    """Why the whole programme has no estimate."""
    return "sans_equipe" if inputs.table("clean.teams").is_empty() else "non_estimable"


def model_of(ref: Reference) -> str:
    """How the expected minutes were computed, for model_id: with or without month effects."""
    return "imputation" if ref.months else "imputation_sans_mois"


def with_estimates(units: pl.DataFrame, estimates: Mapping[str, float]) -> pl.DataFrame:
    """[key, ...] with `y`, the estimate of each key; keys without one leave."""
    known = {"key": list(estimates.keys()), "y": list(estimates.values())}
    return units.join(pl.DataFrame(known, schema={"key": pl.String, "y": pl.Float64}), on="key", how="inner")


def team_records(units: pl.DataFrame, *, A: float, scale: Callable[[float], float] = float) -> dict[str, Record]:
    """[key, y, v] of the teams -> pooled records, `scale` turning y into the printed unit.

    Fewer than five teams, or no variance to pool with: a reason and no estimate.
    """
    known = units.filter(pl.col("y").is_finite())
    if known.height < MIN_TEAMS:
        return {key: {"reason": "moins_de_5_equipes", "G": known.height} for key in known["key"]}
    if not (known["v"] > 0).fill_null(False).all():
        return {key: {"reason": "variance_nulle", "G": known.height} for key in known["key"]}
    return _pooled(known, A=A, n_teams=known.height, scale=scale)


def pooled_tools(
    estimates: Mapping[str, float], values: pl.DataFrame, *, A: float, scale: Callable[[float], float] = float
) -> dict[str, Record]:
    """Rule T: pooled records of the tools, from their estimates and the [tool, team, value] behind them.

    Empty when there are fewer than three tools, or no tool with two teams: the caller gives each its own interval, as
    it does to « plusieurs », a mixture.
    """
    own = values.filter(pl.col("tool").is_in(list(estimates)), pl.col("tool") != SEVERAL)
    variances = tool_variances(own)
    if variances.height < MIN_TOOLS or variances["v"].null_count():
        return {}
    units = with_estimates(variances.rename({"tool": "key"}), estimates)
    return _pooled(units, A=A, n_teams=own["team"].n_unique(), scale=scale)


def _pooled(units: pl.DataFrame, *, A: float, n_teams: int, scale: Callable[[float], float]) -> dict[str, Record]:
    """[key, y, v] -> posterior mean and bounds through `scale`, posterior sd on the scale of y; G = `n_teams`."""
    ordered = units.sort("key")
    fit = pool(ordered["y"].to_list(), ordered["v"].to_list(), A=A)
    return {
        key: {
            "estimate": scale(float(fit.mean[i])), "ci_low": scale(float(fit.low[i])),
            "ci_high": scale(float(fit.high[i])), "level": fit.level, "se": float(fit.sd[i]),
            "tau": float(fit.between_sd), "G": n_teams,
        }
        for i, key in enumerate(ordered["key"])
    }  # fmt: skip


def _keys(*codes: pl.Series) -> list[str]:
    return sorted({str(code) for series in codes for code in series.drop_nulls()})

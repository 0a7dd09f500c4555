"""« Bien-être »: change of the WHO-5 index between the two questionnaires, in points of 100 (indicators.md, 2.4)."""

import polars as pl

from pipelines.estimators.change import (
    adjusted_change,
    changes_by,
    paired_change,
    slope,
    spread_of_scores,
    tipping_point,
    weighted_change,
)
from pipelines.estimators.house_interval import house_interval
from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.changes import change_counts, change_row, net_up_row, of_pairs, why_none
from pipelines.indicators.composites import TABLES, withheld
from pipelines.indicators.scopes import PROGRAMME, VALUES, Record, pooled_tools, team_records
from pipelines.indicators.surveys import (
    NOT_ESTIMATED,
    codes,
    live_deployments,
    over_teams,
    two_waves,
    waves_window,
)

INDICATOR = Indicator(
    "wellbeing",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments", *TABLES),
    "Change of WHO-5, in points of 100, corrected for the starting level of those who did not answer again.",
    scale="wellbeing",
)
SCALE_OF_TEAMS = 5.0  # half-normal prior of the spread between teams, or tools, in points
USE_ITEM = "PU1"  # how often a tool was used, asked every week


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, declared families, every team, every tool; estimand change, unit points. Then the companions."""
    people = two_waves(inputs, INDICATOR.scale)
    b = slope(people)
    whole = over_teams(inputs, people, adjusted_change)
    if whole["estimate"] is None:
        whole["reason"] = why_none(inputs, INDICATOR.scale, people, whole["reason"])
    rows = [_row(inputs, PROGRAMME, PROGRAMME, people, "ajuste_t0_jackknife", whole)]

    changes = changes_by(people, "team", b or 0.0).rename({"team": "key"})
    teams = team_records(changes, A=SCALE_OF_TEAMS) if b is not None else {}
    for team in codes(inputs, "clean.teams", "team"):
        mine = people.filter(pl.col("team") == team)
        rows.append(_row(inputs, "team", team, mine, "ajuste_t0_pooling", teams.get(team, NOT_ESTIMATED)))

    with_family = people.join(inputs.table("clean.teams").select("team", "family"), on="team")
    for family in codes(inputs, "clean.teams", "family"):
        mine = with_family.filter(pl.col("family") == family)
        rows.append(_row(inputs, "family", family, mine, "ajuste_t0_jackknife", _alone(people, mine)))

    with_tool = people.join(main_tools(inputs), on="person_survey")
    tools = _tools(people, with_tool, b) if b is not None else {}
    for tool in codes(inputs, "clean.tools", "tool"):
        mine = with_tool.filter(pl.col("tool") == tool)
        rows.append(_row(inputs, "tool", tool, mine, "ajuste_t0_regle_t", tools.get(tool, NOT_ESTIMATED)))
    return estimates(withheld(inputs, INDICATOR.scale, rows + companions(inputs, people, whole)))


def companions(inputs: Inputs, people: pl.DataFrame, whole: Record) -> list[Record]:
    """Rows of the programme beside `whole`, the adjusted change; none has a threshold.

    change_paired and change_weighted [points]: the same change without, and with another, correction for those who did
    not answer again. tipping_point [points]: how much lower these must be for the lower bound to reach the threshold.
    effect_size [standard deviations]: d_av x J. net_up [%]: part in rise less part in fall.
    """
    spread = spread_of_scores(people)

    def size(rows: pl.DataFrame) -> float | None:
        change = paired_change(rows)
        return None if change is None or spread is None else change / spread

    def row(estimand: str, model_id: str, values: Record, unit: str = "points") -> Record:
        return change_row(
            inputs, INDICATOR, estimand, people, values, model_id=model_id, unit=unit, direction="higher"
        )

    return [
        row("change_paired", "apparie_jackknife", of_pairs(inputs, people, paired_change)),
        row("change_weighted", "pondere_jackknife", over_teams(inputs, people, weighted_change)),
        row("tipping_point", "bascule", _tipping(inputs, people, whole)),
        row("effect_size", "taille_effet_jackknife", of_pairs(inputs, people, size), unit="sd"),
        net_up_row(inputs, INDICATOR, people, direction="higher"),
    ]


def _tipping(inputs: Inputs, people: pl.DataFrame, whole: Record) -> Record:
    """A description, without interval. It tells the number of the missing: hidden when they are few."""
    missing = int(people["after"].null_count())
    low = whole.get("ci_low")
    if not isinstance(low, float):
        return {"reason": whole.get("reason")}
    if not missing:
        return {"reason": "tous_ont_repondu"}
    delta = tipping_point(low, inputs.study.thresholds.wellbeing, people.height, missing)
    return {"estimate": delta, "reason": "descriptif", "n_minority": missing}


def main_tools(inputs: Inputs) -> pl.DataFrame:
    """[person_survey, tool]: the tool of their team an agent used most; between equals, the most widely deployed.

    Agents for whom that leaves several tools have no main tool.
    """
    scores = inputs.table("model.scores").filter(pl.col("role") == "agent")
    widely = live_deployments(inputs).group_by("team", "tool").agg(pl.col("process").n_unique().alias("processes"))
    used = (
        scores.filter(pl.col("scale") == USE_ITEM).group_by("person_survey", "tool")
        .agg(pl.col("score").sum().alias("uses"))
    )  # fmt: skip
    offered = (
        scores.select("person_survey", "team").unique().join(widely, on="team")
        .join(used, on=["person_survey", "tool"], how="left")
        .with_columns(pl.col("uses").fill_null(0.0))
        .filter(pl.col("uses") == pl.col("uses").max().over("person_survey"))
        .filter(pl.col("processes") == pl.col("processes").max().over("person_survey"))
    )  # fmt: skip
    return offered.filter(pl.len().over("person_survey") == 1).select("person_survey", "tool").sort("person_survey")


def _alone(people: pl.DataFrame, part: pl.DataFrame) -> Record:
    """Change of `part` and its house interval; the slope is that of the whole, refitted without each team."""

    def value(kept: pl.Expr) -> float | None:
        b = slope(people.filter(kept))
        return None if b is None else adjusted_change(part.filter(kept), b)

    estimate = value(pl.lit(True))
    teams = part.filter(pl.col("after").is_not_null())["team"].drop_nulls().unique().sort()
    interval = house_interval(estimate, [value(pl.col("team").ne_missing(pl.lit(team))) for team in teams])
    return {"estimate": estimate, **interval.record_values()}


def _tools(people: pl.DataFrame, with_tool: pl.DataFrame, b: float) -> dict[str, Record]:
    """Rule T from three tools on, else each its own interval over the teams that have it."""
    by_team = [(*key, adjusted_change(rows, b)) for key, rows in with_tool.group_by("tool", "team")]
    values = pl.DataFrame(by_team, schema=VALUES, orient="row").filter(pl.col("value").is_not_null())
    teams = dict(values.group_by("tool").len().iter_rows())
    parts = {str(tool): rows for (tool,), rows in with_tool.group_by("tool")}
    # A tool seen in one team would be that team's well-being under another name.
    points = {t: y for t, rows in parts.items() if teams.get(t, 0) > 1 and (y := adjusted_change(rows, b)) is not None}
    pooled = pooled_tools(points, values, A=SCALE_OF_TEAMS)
    single: dict[str, Record] = {tool: {"G": 1, "reason": "une_seule_equipe"} for tool, n in teams.items() if n == 1}
    return single | {tool: pooled.get(tool) or _alone(people, parts[tool]) for tool in points}


def _row(inputs: Inputs, scope: str, key: str, people: pl.DataFrame, model_id: str, values: Record) -> Record:
    return estimate_row(
        indicator=INDICATOR.id, estimand="change", unit="points", scope=scope, scope_key=key,
        population="agents_apparies", window=waves_window(inputs.study, "baseline", "end"),
        threshold=inputs.study.thresholds.wellbeing, direction="higher", model_id=model_id,
        **change_counts(people), **values,
    )  # fmt: skip

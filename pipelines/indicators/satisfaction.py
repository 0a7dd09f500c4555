"""« Satisfaction »: share of people satisfied with the tools of their team, in % (indicators.md, 2.5)."""

import polars as pl

from pipelines.estimators.house_interval import interval_of, jackknife
from pipelines.estimators.share import percent, person_values, shares_by
from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.scopes import PROGRAMME, VALUES, Record, nothing, pooled_tools, team_records
from pipelines.indicators.surveys import NOT_ESTIMATED, agent_scores, codes, live_deployments, waves_window

INDICATOR = Indicator(
    "satisfaction",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments"),
    "Share of people satisfied at the end (or only) wave, in %: mean over people of the mean over their tools.",
)
SCALE_OF_TEAMS = 10.0  # half-normal prior of the spread between teams, or tools, in %


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, every team, every tool; estimand share_satisfied, unit %."""
    study = inputs.study
    wave = study.wave_of_role("end") or study.wave_of_role("single")
    answers = agent_scores(inputs, study.satisfaction.item, wave)
    values = person_values(answers, ["person_survey", "team"], study.satisfaction.satisfied_from)

    rows = [_row(inputs, PROGRAMME, PROGRAMME, values, "part_jackknife", _programme(inputs, values))]
    overall = percent(values)
    shares = shares_by(values, "team", overall or 0.0).rename({"team": "key"})
    teams = team_records(shares, A=SCALE_OF_TEAMS, scale=_within)
    for team in codes(inputs, "clean.teams", "team"):
        mine = values.filter(pl.col("team") == team)
        rows.append(_row(inputs, "team", team, mine, "part_pooling", teams.get(team, NOT_ESTIMATED)))

    by_tool = _of_deployed_tools(inputs, answers)
    tools = _tools(by_tool)
    for tool in codes(inputs, "clean.tools", "tool"):
        mine = by_tool.filter(pl.col("tool") == tool)
        rows.append(_row(inputs, "tool", tool, mine, "part_regle_t", tools.get(tool, NOT_ESTIMATED)))
    return estimates(rows)


def _within(share: float) -> float:
    """A share has ends; an interval made on teams knows nothing of them."""
    return min(max(share, 0.0), 100.0)


def _programme(inputs: Inputs, values: pl.DataFrame) -> Record:
    if values["team"].null_count() == values.height:
        return {"estimate": percent(values), "reason": nothing(inputs)}
    return _alone(values)


def _alone(values: pl.DataFrame) -> Record:
    """Share of these people and its house interval over their teams."""
    refits = jackknife(values, percent)
    return {"estimate": refits[0], **interval_of(refits).record_values(_within)}


def _of_deployed_tools(inputs: Inputs, answers: pl.DataFrame) -> pl.DataFrame:
    """[person_survey, team, tool, value] of the answers about a tool deployed in the respondent's team."""
    deployed = live_deployments(inputs).select("team", "tool").unique()
    return person_values(
        answers.join(deployed, on=["team", "tool"], how="semi"),
        ["person_survey", "team", "tool"],
        inputs.study.satisfaction.satisfied_from,
    )


def _tools(by_tool: pl.DataFrame) -> dict[str, Record]:
    """Rule T from three tools on, else each its own interval over the teams that have it."""
    people = {str(tool): rows for (tool,), rows in by_tool.group_by("tool")}
    points = {tool: y for tool, rows in people.items() if (y := percent(rows)) is not None}
    by_team = [(tool, team, percent(rows)) for (tool, team), rows in by_tool.group_by("tool", "team")]
    pooled = pooled_tools(points, pl.DataFrame(by_team, schema=VALUES, orient="row"), A=SCALE_OF_TEAMS, scale=_within)
    return {tool: pooled.get(tool) or _alone(people[tool]) for tool in points}


def _row(inputs: Inputs, scope: str, key: str, people: pl.DataFrame, model_id: str, values: Record) -> Record:
    n = people["person_survey"].n_unique()
    unanimous = percent(people) in (0.0, 100.0)
    return estimate_row(
        indicator=INDICATOR.id, estimand="share_satisfied", unit="%", scope=scope, scope_key=key,
        population="agents_repondants", window=waves_window(inputs.study, "end", "single"),
        threshold=inputs.study.thresholds.satisfaction, direction="higher", model_id=model_id,
        n_persons=n, n_obs=n, n_obs_read=n, unanimous=unanimous, **values,
    )  # fmt: skip

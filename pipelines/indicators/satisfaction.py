"""« Satisfaction »: share of people satisfied with the tools of their team, in % (indicators.md, 2.5)."""

import polars as pl

from pipelines.estimators.share import percent, person_values, shares_by, wilson
from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.levels import PERSON, clamp, of_deployed_tools, tool_records
from pipelines.indicators.scopes import PROGRAMME, Record, team_records
from pipelines.indicators.surveys import (
    NOT_ESTIMATED,
    agent_scores,
    codes,
    level_wave,
    over_teams,
    waves_window,
)

INDICATOR = Indicator(
    "satisfaction",
    ("model.scores", "clean.teams", "clean.tools", "clean.deployments"),
    "Share of people satisfied at the end (or only) wave, in %: mean over people of the mean over their tools.",
    level="end",
)
SCALE_OF_TEAMS = 10.0  # half-normal prior of the spread between teams, or tools, in %
_within = clamp((0.0, 100.0))


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme, every team, every tool; estimand share_satisfied, unit %. The programme has share_satisfied_counted
    too: the same share with Wilson's interval, which counts people and knows nothing of teams."""
    item, satisfied_from = inputs.study.satisfaction.item, inputs.study.satisfaction.satisfied_from
    answers = agent_scores(inputs, item, level_wave(inputs.study, "end"))
    values = person_values(answers, PERSON, satisfied_from)

    rows = [_row(inputs, PROGRAMME, PROGRAMME, values, "part_jackknife", over_teams(inputs, values, percent, _within))]
    overall = percent(values)
    rows.append(_counted(inputs, values, overall))
    shares = shares_by(values, "team", overall or 0.0).rename({"team": "key"})
    teams = team_records(shares, A=SCALE_OF_TEAMS, scale=_within)
    for team in codes(inputs, "clean.teams", "team"):
        mine = values.filter(pl.col("team") == team)
        rows.append(_row(inputs, "team", team, mine, "part_pooling", teams.get(team, NOT_ESTIMATED)))

    satisfied = answers.with_columns(value=pl.when(pl.col("score") >= satisfied_from).then(100.0).otherwise(0.0))
    by_tool = of_deployed_tools(inputs, satisfied)
    tools = tool_records(inputs, by_tool, A=SCALE_OF_TEAMS, scale=_within)
    for tool in codes(inputs, "clean.tools", "tool"):
        mine = by_tool.filter(pl.col("tool") == tool).with_columns(pl.col("value") / 100)
        rows.append(_row(inputs, "tool", tool, mine, "part_regle_t", tools.get(tool, NOT_ESTIMATED)))
    return estimates(rows)


def _counted(inputs: Inputs, values: pl.DataFrame, overall: float | None) -> Record:
    """The programme's share with the interval of a count: for display, and for a study without teams."""
    record = NOT_ESTIMATED
    if overall is not None:
        low, high = (100 * bound for bound in wilson(overall / 100, values.height))
        record = {"estimate": overall, "ci_low": low, "ci_high": high, "level": 0.95}
        record["reason"] = "intervalle_de_comptage"
    row = _row(inputs, PROGRAMME, PROGRAMME, values, "part_wilson", record)
    return row | {"estimand": "share_satisfied_counted", "threshold": None}


def _row(inputs: Inputs, scope: str, key: str, people: pl.DataFrame, model_id: str, values: Record) -> Record:
    n = people["person_survey"].n_unique()
    unanimous = percent(people) in (0.0, 100.0)
    return estimate_row(
        indicator=INDICATOR.id, estimand="share_satisfied", unit="%", scope=scope, scope_key=key,
        population="agents_repondants", window=waves_window(inputs.study, "end", "single"),
        threshold=inputs.study.thresholds.satisfaction, direction="higher", model_id=model_id,
        n_persons=n, n_obs=n, n_obs_read=n, unanimous=unanimous, **values,
    )  # fmt: skip

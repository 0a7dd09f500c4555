"""What the indicators of a level asked once share: their rows, for the programme, each tool, each process."""

import math
from collections.abc import Callable

import polars as pl

from pipelines.estimators.share import mean
from pipelines.indicators.base import Indicator, Inputs, estimate_row
from pipelines.indicators.scopes import PROGRAMME, VALUES, Record, pooled_tools
from pipelines.indicators.surveys import (
    NOT_ESTIMATED,
    agent_scores,
    codes,
    level_wave,
    live_deployments,
    over_teams,
    processes_asked,
    waves_window,
)

PERSON = ["person_survey", "team"]
# Half-normal prior of the spread between tools: in %, and for a mean as part of the range of its scale.
SCALE_OF_SHARES, SHARE_OF_RANGE = 10.0, 0.05


def level_rows(
    inputs: Inputs,
    indicator: Indicator,
    estimand: str,
    answers: pl.DataFrame,
    *,
    unit: str,
    bounds: tuple[float, float],
    A: float,
    model: str,
    hide_few: bool = False,
) -> list[Record]:
    """Mean over people of the mean of their answers: the programme; each tool and each process asked about.

    `answers`: [person_survey, team, process, tool, value], value in `unit`. `bounds`: ends of the scale, where an
    interval stops. `A`: prior of the spread between tools. `hide_few`: the values are 0 or 100, and neither must show
    when too few people gave it.
    """
    within = clamp(bounds)

    def row(scope: str, key: str, people: pl.DataFrame, suffix: str, values: Record) -> Record:
        n = people["person_survey"].n_unique()
        if values.get("estimate") is None:
            values = values | {"reason": "non_mesure"}
        rarer = min((people["value"] > 0).sum(), (people["value"] < 100).sum()) if hide_few else None
        return estimate_row(
            indicator=indicator.id, estimand=estimand, unit=unit, scope=scope, scope_key=key,
            population="agents_repondants", window=waves_window(inputs.study, indicator.level, "single"),
            threshold=None, direction="higher", model_id=f"{model}_{suffix}", n_persons=n, n_obs=n, n_obs_read=n,
            unanimous=people["value"].n_unique() == 1, n_minority=rarer, **values,
        )  # fmt: skip

    people = per_person(answers)
    rows = [row(PROGRAMME, PROGRAMME, people, "jackknife", over_teams(inputs, people, mean, within))]
    if answers["tool"].count():
        by_tool = of_deployed_tools(inputs, answers)
        tools = tool_records(inputs, by_tool, A=A, scale=within)
        for tool in codes(inputs, "clean.tools", "tool"):
            mine = by_tool.filter(pl.col("tool") == tool)
            rows.append(row("tool", tool, mine, "regle_t", tools.get(tool, NOT_ESTIMATED)))
    for process in processes_asked(inputs, answers["process"]):
        mine = per_person(answers.filter(pl.col("process") == process))
        rows.append(row("process", process, mine, "jackknife", over_teams(inputs, mine, mean, within)))
    return rows


def mean_rows(inputs: Inputs, indicator: Indicator) -> list[Record]:
    """Rows of estimand mean [points]: the score of the indicator's scale, as asked once."""
    values = agent_scores(inputs, indicator.scale, level_wave(inputs.study, indicator.level)).rename({"score": "value"})
    ends = inputs.table("clean.scale_items").filter(pl.col("scale") == indicator.scale)
    low, high = next(ends.select("out_minimum", "out_maximum").iter_rows(), (-math.inf, math.inf))
    spread = SHARE_OF_RANGE * (high - low)
    return level_rows(inputs, indicator, "mean", values, unit="points", bounds=(low, high), A=spread, model="moyenne")


def share_rows(
    inputs: Inputs, indicator: Indicator, estimand: str, answers: pl.DataFrame, chosen: pl.Expr, *,
    hide_few: bool = False,
) -> list[Record]:  # fmt: skip
    """Rows of one share [%]: `chosen` says of each answer whether it counts; an answer without value does not."""
    values = answers.with_columns(value=pl.when(chosen.fill_null(False)).then(100.0).otherwise(0.0))
    return level_rows(
        inputs, indicator, estimand, values, unit="%", bounds=(0.0, 100.0), A=SCALE_OF_SHARES, model="part",
        hide_few=hide_few,
    )  # fmt: skip


def clamp(bounds: tuple[float, float]) -> Callable[[float], float]:
    """A scale has ends; an interval made on teams knows nothing of them."""
    return lambda value: min(max(value, bounds[0]), bounds[1])


def per_person(answers: pl.DataFrame, *also: str) -> pl.DataFrame:
    """[person_survey, team, *also, value]: mean of a person's answers, sorted."""
    keys = [*PERSON, *also]
    return answers.group_by(keys).agg(pl.col("value").sort().mean()).sort(keys)


def of_deployed_tools(inputs: Inputs, answers: pl.DataFrame) -> pl.DataFrame:
    """[person_survey, team, tool, value] of the answers about a tool deployed in the respondent's team."""
    deployed = live_deployments(inputs).select("team", "tool").unique()
    return per_person(answers.join(deployed, on=["team", "tool"], how="semi"), "tool")


def tool_records(
    inputs: Inputs, by_tool: pl.DataFrame, *, A: float, scale: Callable[[float], float]
) -> dict[str, Record]:
    """Rule T from three tools on, else each its own interval over the teams that have it."""
    people = {str(tool): rows for (tool,), rows in by_tool.group_by("tool")}
    points = {tool: y for tool, rows in people.items() if (y := mean(rows)) is not None}
    by_team = [(tool, team, mean(rows)) for (tool, team), rows in by_tool.group_by("tool", "team")]
    pooled = pooled_tools(points, pl.DataFrame(by_team, schema=VALUES, orient="row"), A=A, scale=scale)
    return {tool: pooled.get(tool) or over_teams(inputs, people[tool], mean, scale) for tool in points}

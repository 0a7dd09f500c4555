"""What the indicators of the questionnaires share: who answered, in which wave, and the interval over their teams."""

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from pipelines.estimators.house_interval import interval_of, jackknife
from pipelines.indicators.base import Inputs
from pipelines.indicators.scopes import Record, nothing
from pipelines.study.models import Study

NOT_ESTIMATED: Record = {"reason": "non_estimable"}


def agent_answers(inputs: Inputs, scale: str, wave: str | None) -> pl.DataFrame:
    """Rows of model.scores of one scale and wave, supervisors left out (indicators.md, section 11).

    `score` is null under the half rule, and for an answer without a value (« sans avis »).
    """
    return inputs.table("model.scores").filter(
        (pl.col("scale") == scale) & (pl.col("wave") == pl.lit(wave, pl.String)) & (pl.col("role") == "agent")
    )


def agent_scores(inputs: Inputs, scale: str, wave: str | None) -> pl.DataFrame:
    """`agent_answers` that have a score."""
    return agent_answers(inputs, scale, wave).filter(pl.col("score").is_not_null())


def two_waves(inputs: Inputs, scale: str) -> pl.DataFrame:
    """[person_survey, team, process, before, after]: agents scored in the baseline wave, once per process (or tool)
    where the scale is asked for each; `after` null = not scored in the end wave."""
    study, about = inputs.study, ["person_survey", "process", "tool"]
    first = agent_scores(inputs, scale, study.wave_of_role("baseline")).select(*about, "team", before="score")
    last = agent_scores(inputs, scale, study.wave_of_role("end")).select(*about, after="score")
    both = first.join(last, on=about, how="left", nulls_equal=True, maintain_order="left")
    return both.select("person_survey", "team", "process", "before", "after")


def over_teams(
    inputs: Inputs,
    rows: pl.DataFrame,
    statistic: Callable[[pl.DataFrame], float | None],
    scale: Callable[[float], float] = float,
) -> Record:
    """`statistic` of the rows and its house interval over their teams, the bounds passed through `scale`.

    No interval in a study without teams. The statistic never sees an empty frame.
    """
    if rows["team"].null_count() == rows.height:
        return {"estimate": None if rows.is_empty() else statistic(rows), "reason": nothing(inputs)}
    refits = jackknife(rows, statistic)
    return {"estimate": refits[0], **interval_of(refits).record_values(scale)}


def level_wave(study: Study, role: str) -> str | None:
    """The wave of that role, or the only one of a study that has a single wave."""
    return study.wave_of_role(role) or study.wave_of_role("single")


def processes_asked(inputs: Inputs, answered: pl.Series) -> list[str]:
    """Processes whose rows exist: those `answered` names, and every one of the register that may be equipped.

    None when `answered` names none: nobody was asked process by process.
    """
    seen = set(answered.drop_nulls())
    known = inputs.table("clean.processes").filter(~pl.col("witness"))["process"]
    return sorted(seen | set(known)) if seen else []


def waves_window(study: Study, *roles: str) -> tuple[date, date] | None:
    """From the opening of the first of these waves to the day after the closing of the last; None without waves."""
    waves = [w for w in study.waves if w.role in roles]
    return (min(w.opens for w in waves), max(w.closes for w in waves) + timedelta(days=1)) if waves else None


def live_deployments(inputs: Inputs) -> pl.DataFrame:
    """Rows of clean.deployments gone live by the day the data are read."""
    return inputs.table("clean.deployments").filter(pl.col("go_live") <= inputs.study.calendar.as_of)


def codes(inputs: Inputs, qualified_name: str, column: str) -> list[str]:
    """Distinct codes of a register, sorted."""
    return inputs.table(qualified_name)[column].drop_nulls().unique().sort().to_list()

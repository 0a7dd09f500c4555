"""What the indicators of the questionnaires share: who answered, the dates of the waves, the rows of a change."""

from datetime import date, timedelta

import polars as pl

from pipelines.estimators.change import adjusted_change
from pipelines.estimators.house_interval import interval_of, jackknife
from pipelines.indicators.base import Inputs
from pipelines.indicators.scopes import Record, nothing
from pipelines.study.models import Study

NOT_ESTIMATED: Record = {"reason": "non_estimable"}


def agent_scores(inputs: Inputs, scale: str, wave: str | None) -> pl.DataFrame:
    """Rows of model.scores of one scale and wave with a score, supervisors left out (indicators.md, section 11)."""
    return inputs.table("model.scores").filter(
        (pl.col("scale") == scale) & (pl.col("wave") == pl.lit(wave, pl.String)) & (pl.col("role") == "agent")
        & pl.col("score").is_not_null()
    )  # fmt: skip


def two_waves(inputs: Inputs, scale: str) -> pl.DataFrame:
    """[person_survey, team, before, after]: agents scored in the baseline wave; `after` null = not in the end wave."""
    study = inputs.study
    first = agent_scores(inputs, scale, study.wave_of_role("baseline"))
    last = agent_scores(inputs, scale, study.wave_of_role("end"))
    return first.select("person_survey", "team", pl.col("score").alias("before")).join(
        last.select("person_survey", pl.col("score").alias("after")), on="person_survey", how="left"
    )


def programme_change(inputs: Inputs, people: pl.DataFrame) -> Record:
    """Record values of the whole: adjusted change, house interval; no interval in a study without teams."""
    if people["team"].null_count() == people.height:
        return {"estimate": adjusted_change(people), "reason": nothing(inputs)}
    refits = jackknife(people, adjusted_change)
    return {"estimate": refits[0], **interval_of(refits).record_values()}


def change_counts(people: pl.DataFrame) -> Record:
    """n_persons and n_obs = people with both waves; n_obs_read = people scored in the first."""
    paired = people["after"].count()
    return {"n_persons": paired, "n_obs": paired, "n_obs_read": people.height}


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

"""What the indicators of a change between two questionnaires share: their rows, for the programme and each process."""

from collections.abc import Callable

import polars as pl

from pipelines.estimators.change import adjusted_change, net_share_up
from pipelines.indicators.base import Indicator, Inputs, estimate_row
from pipelines.indicators.scopes import PROGRAMME, Record
from pipelines.indicators.surveys import agent_scores, over_teams, processes_asked, two_waves, waves_window


def change_rows(inputs: Inputs, indicator: Indicator, *, direction: str) -> list[Record]:
    """Rows of the programme, and of each process where the scale is asked for each.

    change [points]: corrected for the starting level of those who did not answer again. net_up [%]: part of the people
    who went up less part who went down.
    """
    people = two_waves(inputs, indicator.scale)
    parts = [(PROGRAMME, PROGRAMME, people)]
    parts += [
        ("process", process, people.filter(pl.col("process") == process))
        for process in processes_asked(inputs, people["process"])
    ]
    return [
        row
        for scope, key, part in parts
        for row in (
            change_row(
                inputs, indicator, "change", part, over_teams(inputs, part, adjusted_change), direction=direction,
                model_id="ajuste_t0_jackknife", scope=scope, scope_key=key,
            ),
            net_up_row(inputs, indicator, part, direction=direction, scope=scope, scope_key=key),
        )
    ]  # fmt: skip


def net_up_row(
    inputs: Inputs,
    indicator: Indicator,
    people: pl.DataFrame,
    *,
    direction: str,
    scope: str = PROGRAMME,
    scope_key: str = PROGRAMME,
) -> Record:
    """Part in rise less part in fall among the paired, in %."""
    values = of_pairs(inputs, people, net_share_up, lambda share: min(max(share, -100.0), 100.0))
    unanimous = values["estimate"] in (-100.0, 100.0)
    return change_row(
        inputs, indicator, "net_up", people, values | {"unanimous": unanimous}, unit="%", direction=direction,
        model_id="hausse_moins_baisse_jackknife", scope=scope, scope_key=scope_key,
    )  # fmt: skip


def of_pairs(
    inputs: Inputs,
    people: pl.DataFrame,
    statistic: Callable[[pl.DataFrame], float | None],
    scale: Callable[[float], float] = float,
) -> Record:
    """`over_teams` of those who answered both: teams without a pair do not count."""
    return over_teams(inputs, people.filter(pl.col("after").is_not_null()), statistic, scale)


def change_row(
    inputs: Inputs,
    indicator: Indicator,
    estimand: str,
    people: pl.DataFrame,
    values: Record,
    *,
    direction: str,
    model_id: str,
    unit: str = "points",
    scope: str = PROGRAMME,
    scope_key: str = PROGRAMME,
) -> Record:
    """One row about `people` [person_survey, team, process, before, after]; without estimate, why there is none."""
    if values.get("estimate") is None:
        values = values | {"reason": why_none(inputs, indicator.scale, people, values.get("reason"))}
    return estimate_row(
        indicator=indicator.id, estimand=estimand, unit=unit, scope=scope, scope_key=scope_key,
        population="agents_apparies", window=waves_window(inputs.study, "baseline", "end"), threshold=None,
        direction=direction, model_id=model_id, **change_counts(people), **values,
    )  # fmt: skip


def change_counts(people: pl.DataFrame) -> Record:
    """n_persons = people with both waves, n_obs = their answers; n_obs_read = answers scored in the first."""
    paired = people.filter(pl.col("after").is_not_null())
    return {
        "n_persons": paired["person_survey"].n_unique(), "n_obs": paired.height, "n_obs_read": people.height
    }  # fmt: skip


def why_none(inputs: Inputs, scale: str, people: pl.DataFrame, otherwise: object) -> object:
    """Why there is no change: not asked in one of the waves, asked in both without a link, or what the estimator said.
    """
    if people["after"].count():
        return otherwise
    asked_again = not agent_scores(inputs, scale, inputs.study.wave_of_role("end")).is_empty()
    return "non_apparie" if asked_again and not people.is_empty() else "non_mesure"

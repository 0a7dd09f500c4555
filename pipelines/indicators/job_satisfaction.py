"""« Satisfaction au travail »: change of the 0-10 answer between the two questionnaires; a companion, no verdict."""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.scopes import PROGRAMME
from pipelines.indicators.surveys import change_counts, programme_change, two_waves, waves_window

INDICATOR = Indicator(
    "job_satisfaction",
    ("model.scores", "clean.teams"),
    "Change of overall job satisfaction, 0 to 10, corrected like well-being.",
)


def compute(inputs: Inputs) -> pl.DataFrame:
    """One row for the programme, estimand change, unit points; none when the item was not asked in both waves."""
    people = two_waves(inputs, INDICATOR.id)
    if not people["after"].count():
        return estimates([])
    row = estimate_row(
        indicator=INDICATOR.id, estimand="change", unit="points", scope=PROGRAMME, scope_key=PROGRAMME,
        population="agents_apparies", window=waves_window(inputs.study, "baseline", "end"), threshold=None,
        direction="higher", model_id="ajuste_t0_jackknife", **change_counts(people), **programme_change(inputs, people),
    )  # fmt: skip
    return estimates([row])

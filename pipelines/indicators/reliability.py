"""How well each scale made of several items measures: alpha, omega, and scores stuck at either end of the scale.

The rows go under the scale's own name: its sensitivity is theirs.
"""

import polars as pl

from pipelines.estimators.reliability import MIN_OMEGA, cronbach_alpha, omega_total, share_at
from pipelines.estimators.share import wilson
from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.composites import LEAST, MIN_PERSONS, TABLES, WATCHED, WHO, first_wave, items_of
from pipelines.indicators.scopes import PROGRAMME, Record
from pipelines.indicators.surveys import agent_scores, waves_window
from pipelines.study.instruments import Scale

INDICATOR = Indicator(
    "reliability",
    ("model.scores", *TABLES),
    "Cronbach's alpha and omega total of each scale, and shares of scores at its two ends, in the first wave asked.",
)
STUCK = 15.0  # % of scores at one end beyond which a change that way cannot be seen (Terwee 2007)
ENDS = {"floor": "effet_plancher", "ceiling": "effet_plafond"}


def compute(inputs: Inputs) -> pl.DataFrame:
    """Per scale, the programme: alpha, omega (coefficient), floor, ceiling (%). Nothing under 30 people."""
    scales = [s for s in inputs.study.instruments.scales if len(s.items) > 1]
    return estimates([row for scale in scales for row in (*_coefficients(inputs, scale), *_ends(inputs, scale))])


def _coefficients(inputs: Inputs, scale: Scale) -> list[Record]:
    items = items_of(inputs, scale.scale)
    complete = items.drop_nulls(pl.selectors.exclude(WHO))
    n = complete["person_survey"].n_unique()
    values, few = complete.drop(WHO), n < MIN_PERSONS
    alpha = None if few else cronbach_alpha(values)
    omega = None if few else omega_total(values)
    no_omega = "moins_de_3_items" if values.width < MIN_OMEGA else "non_estimable"
    read = {"n_persons": n, "n_obs": complete.height, "n_obs_read": items.height}
    return [
        _row(inputs, scale, name, "coefficient", model, read | _said(value, items, few, otherwise))
        for name, model, value, otherwise in (
            ("alpha", "alpha_cronbach", alpha, "item_sans_variance"), ("omega", "omega_total", omega, no_omega)
        )
    ]  # fmt: skip


def _said(value: float | None, items: pl.DataFrame, few: bool, otherwise: str) -> Record:
    """A coefficient with what must be said of it; a description, without interval."""
    if value is None:
        return {"reason": "non_mesure" if items.is_empty() else "moins_de_30_repondants" if few else otherwise}
    alert = "fidelite_insuffisante" if value < LEAST else "fidelite_a_surveiller" if value < WATCHED else None
    return {"estimate": value, "reason": ", ".join(filter(None, ("descriptif", alert)))}


def _ends(inputs: Inputs, scale: Scale) -> list[Record]:
    """Share of scores at the lowest, and at the highest, value of the scale. Few people there are not shown."""
    scored = agent_scores(inputs, scale.scale, first_wave(inputs, scale.scale))
    n = scored["person_survey"].n_unique()
    rows = []
    for name, end in (("floor", scale.out_minimum), ("ceiling", scale.out_maximum)):
        share = share_at(scored["score"], end)
        values: Record = {"reason": "moins_de_30_repondants" if n else "non_mesure"}
        if share is not None and n >= MIN_PERSONS:
            there = scored.filter(pl.col("score") == end)["person_survey"].n_unique()
            elsewhere = scored.filter(pl.col("score") != end)["person_survey"].n_unique()
            low, high = wilson(share, scored.height)
            stuck = ENDS[name] if 100 * share > STUCK else None
            values = {
                "estimate": 100 * share, "ci_low": 100 * low, "ci_high": 100 * high, "level": 0.95,
                "n_minority": min(there, elsewhere),
                "reason": ", ".join(filter(None, ("intervalle_de_comptage", stuck))),
            }  # fmt: skip
        read = {"n_persons": n, "n_obs": scored.height, "n_obs_read": scored.height}
        rows.append(_row(inputs, scale, name, "%", "part_wilson", read | values))
    return rows


def _row(inputs: Inputs, scale: Scale, estimand: str, unit: str, model_id: str, values: Record) -> Record:
    wave = first_wave(inputs, scale.scale)
    role = next((w.role for w in inputs.study.waves if w.wave == wave), "baseline")
    return estimate_row(
        indicator=scale.scale, estimand=estimand, unit=unit, scope=PROGRAMME, scope_key=PROGRAMME,
        population="agents_repondants", window=waves_window(inputs.study, role), threshold=None,
        direction="higher" if unit == "coefficient" else "lower", model_id=model_id, **values,
    )  # fmt: skip

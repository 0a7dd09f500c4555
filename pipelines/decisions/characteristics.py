"""Operating characteristics of the rule in force: how often it proposes what, for a true gain, by simulation."""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl

from pipelines.contracts import table
from pipelines.contracts.proposals import INPUTS, PROPOSALS
from pipelines.decisions.proposals import decide_lines
from pipelines.estimators.pooling import pool
from pipelines.indicators.time_per_task import SCALE_OF_TEAMS
from pipelines.study.proposals import Proposals

GAINS = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0)  # %
PERSONS = (8, 15, 25)  # people of a process x tool pair
PERSONS_PER_TEAM = 8
# Of one person's log ratio (0.13 to 0.16 in the demonstration study); of what a team adds to it, which the variance of
# a pair leaves out (judgement).
SD_PERSONS, SD_TEAMS = 0.15, 0.05
N_GRID = 41  # the house's 2001 gives the same proposals
SEED = 20260713
# All else as good as the rule asks, irritation unchanged: what is told is what the gain does.
ELSE_MET: dict[str, object] = {
    "evidence": "A", "irritation": 0.0, "umux_lite": 100.0, "wish_to_continue": 100.0, "abandonment": 0.0,
    "errors": 1.0, "errors_low": 0.9, "not_compliant": 0, "not_assessed": 0, "human_incidents": 0, "escaped_errors": 0,
}  # fmt: skip


@cache
def of_rule(rule: Proposals) -> pl.DataFrame:
    """published.characteristics of a rule, simulated once for each rule."""
    return table("published.characteristics").conform(operating_characteristics(rule))


def operating_characteristics(
    rule: Proposals,
    *,
    gains: Sequence[float] = GAINS,
    persons: Sequence[int] = PERSONS,
    sd_persons: float = SD_PERSONS,
    sd_teams: float = SD_TEAMS,
    n_draws: int = 500,
) -> pl.DataFrame:
    """[persons, gain_true [%], proposal, probability, mc_se], every proposal for every true gain and size.

    One draw is a study with one pair of each true gain, pooled together as process_tool_gain pools them: log ratio =
    truth + mean deviation of its teams + error of its people. Deterministic: fixed seed.
    """
    rng = np.random.default_rng(SEED)
    truth = np.log1p(-np.asarray(gains, float) / 100)
    parts = []
    for n in persons:
        variance, n_teams = sd_persons**2 / n, math.ceil(n / PERSONS_PER_TEAM)
        sd = math.sqrt(variance + sd_teams**2 / n_teams)
        y = truth + sd * rng.standard_normal((n_draws, len(truth)))
        fit = pool(y, np.full_like(y, variance), A=SCALE_OF_TEAMS, level=0.90, n_grid=N_GRID)
        saved = {"gain": fit.mean, "gain_low": fit.high, "gain_high": fit.low}
        drawn = pl.DataFrame({"gain_true": np.tile(np.asarray(gains, float), n_draws)}).with_columns(
            *(pl.Series(name, -100 * np.expm1(values.ravel())) for name, values in saved.items()),
            *(pl.lit(value, dtype).alias(name) for name, (value, dtype) in _else_met().items()),
        ).with_columns(process=pl.lit("p"), tool=pl.lit("t"))  # fmt: skip
        decided = decide_lines(drawn, rule, table("published.actions").empty())
        parts.append(_shares(decided, n, n_draws))
    return pl.concat(parts)


def _else_met() -> dict[str, tuple[object, pl.DataType]]:
    types = {column.name: column.dtype for column in INPUTS}
    return {name: (value, types[name]) for name, value in ELSE_MET.items()}


def _shares(decided: pl.DataFrame, persons: int, n_draws: int) -> pl.DataFrame:
    """Share of each proposal, those never made included, in the order of gains and proposals."""
    gains = decided.select(pl.col("gain_true").unique(maintain_order=True))
    every = gains.join(pl.DataFrame({"proposal": PROPOSALS}), how="cross")
    counts = decided.group_by("gain_true", "proposal").agg(pl.len().alias("n"))
    p = pl.col("n").fill_null(0) / n_draws
    return every.join(counts, on=["gain_true", "proposal"], how="left", maintain_order="left").select(
        pl.lit(persons, pl.Int64).alias("persons"), "gain_true", "proposal", p.alias("probability"),
        (p * (1 - p) / n_draws).sqrt().alias("mc_se"),
    )  # fmt: skip

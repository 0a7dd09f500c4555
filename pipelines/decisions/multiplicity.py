"""Several statements read together: how likely each would be reached by luck, alone and among the others.

The four objectives of the programme are separate claims, fixed in advance: no correction of each verdict. That at least
one is reached needs Holm's; that all are needs none. Everything else is exploratory: Benjamini and Hochberg at 10 %
(methods.md, section 6).
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.indicators import LOG_OF_PERCENT, PRIMARY
from pipelines.estimators.multiplicity import benjamini_hochberg, holm

STEP = 1000  # probabilities are kept to three decimals, rounded up: more would give the exact standard error away


def with_probabilities(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` of decided estimates with p_value and q_value, null where the row has no verdict or may not have one.

    p_value: one-sided, that the estimate passes its threshold this far when the truth is on it; Student with G-1
    degrees of freedom, normal for what is pooled. q_value: Holm over the four objectives of the programme, one that
    cannot be judged counted as not reached; Benjamini-Hochberg over all other rows together.
    """
    decided = pl.col("verdict").is_not_null() & pl.col("verdict_reason").is_null()
    asked = rows.select(decided.alias("decided"), "indicator", "unit", "direction", "estimate", "se", "df", "threshold")
    p = [_one_sided(r) if r["decided"] else None for r in asked.iter_rows(named=True)]
    claims = rows.select(_is_primary()).to_series()
    objectives = [i for i, claim in enumerate(claims) if claim]
    explored = [i for i, value in enumerate(p) if value is not None and not claims[i]]
    q: dict[int, float] = dict(zip(objectives, holm([_or_one(p[i]) for i in objectives]), strict=True))
    q |= dict(zip(explored, benjamini_hochberg([_or_one(p[i]) for i in explored]), strict=True))
    adjusted = [None if value is None else _up(q[i]) for i, value in enumerate(p)]
    return rows.with_columns(
        pl.Series("p_value", [None if value is None else _up(value) for value in p], pl.Float64),
        pl.Series("q_value", adjusted, pl.Float64),
    )


def _is_primary() -> pl.Expr:
    named = pl.any_horizontal((pl.col("indicator") == i) & (pl.col("estimand") == e) for i, e in PRIMARY.items())
    return (pl.col("scope") == "programme") & named


def _one_sided(row: Mapping[str, Any]) -> float | None:
    from scipy.special import ndtr, stdtr

    estimate, threshold = (_on_scale(row, float(row[name])) for name in ("estimate", "threshold"))
    if estimate is None or threshold is None or not row["se"]:
        return None
    beyond = (estimate - threshold) / row["se"] * (-1 if row["direction"] == "lower" else 1)
    return float(ndtr(-beyond) if row["df"] is None else stdtr(row["df"], -beyond))


def _on_scale(row: Mapping[str, Any], value: float) -> float | None:
    """`value` on the scale of the standard error; None where it has no logarithm."""
    if row["unit"] == "ratio":
        return math.log(value) if value > 0 else None
    if row["indicator"] in LOG_OF_PERCENT:
        return math.log1p(value / 100) if value > -100 else None
    return value


def _or_one(p: float | None) -> float:
    return 1.0 if p is None else p


def _up(p: float) -> float:
    return math.ceil(p * STEP) / STEP

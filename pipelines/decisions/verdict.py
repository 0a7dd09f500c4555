"""The verdict: the whole interval against the threshold (indicators.md, section 8; methods.md, section 6)."""

import polars as pl

from pipelines.contracts import table
from pipelines.decisions.detectable import with_detectable
from pipelines.decisions.evidence import with_evidence
from pipelines.decisions.multiplicity import with_probabilities
from pipelines.indicators.base import Inputs

MIN_TEAMS = 5
# Rows that compare teams with one another never carry a verdict.
WITHOUT_VERDICT = ("team", "team_tool")


def decide(estimates: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """indicators.estimates -> indicators.decisions: evidence, probabilities, verdict, and the reason of each, as codes.

    No verdict before the end wave, on team rows, or on rows without threshold.
    """
    rows = with_evidence(estimates, inputs)
    wanted = pl.lit(inputs.study.is_over) & pl.col("threshold").is_not_null() & ~pl.col("scope").is_in(WITHOUT_VERDICT)
    cannot = _why_not()
    verdict = pl.when(cannot.is_null()).then(_from_interval()).otherwise(pl.lit("non_concluant"))
    decided = with_probabilities(rows.with_columns(
        pl.when(wanted).then(verdict).alias("verdict"), pl.when(wanted).then(cannot).alias("verdict_reason")
    ))  # fmt: skip
    undecided = (pl.col("verdict") == "non_concluant") & pl.col("verdict_reason").is_null()
    return table("indicators.decisions").conform(
        with_detectable(decided.with_columns(
            pl.when(undecided).then(pl.lit("seuil_dans_intervalle")).otherwise("verdict_reason").alias("verdict_reason")
        ))
    )  # fmt: skip


def _why_not() -> pl.Expr:
    """Code of the first reason that forbids a conclusion; null when none does."""
    no_interval = pl.any_horizontal(pl.col("ci_low", "ci_high").is_null() | pl.col("ci_low", "ci_high").is_nan())
    return (
        pl.when(no_interval).then(pl.coalesce("reason", pl.lit("sans_intervalle")))
        .when(pl.col("G").fill_null(0) < MIN_TEAMS).then(pl.lit("moins_de_5_equipes"))
        .when(pl.col("evidence") == "C").then(pl.lit("preuve_c"))
        .when(~pl.col("evidence").is_in(["A", "A-", "B"]).fill_null(False)).then(pl.lit("preuve_d"))
    )  # fmt: skip


def _from_interval() -> pl.Expr:
    """atteint, non_atteint or non_concluant, whichever way is favourable."""
    lower = pl.col("direction") == "lower"
    low, high, threshold = pl.col("ci_low"), pl.col("ci_high"), pl.col("threshold")
    reached = pl.when(lower).then(high <= threshold).otherwise(low >= threshold)
    missed = pl.when(lower).then(low > threshold).otherwise(high < threshold)
    return (
        pl.when(reached).then(pl.lit("atteint")).when(missed).then(pl.lit("non_atteint"))
        .otherwise(pl.lit("non_concluant"))
    )  # fmt: skip

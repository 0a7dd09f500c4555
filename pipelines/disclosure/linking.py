"""How many responses were given their author: told in full, in part or not at all, so that no few can be counted."""

import polars as pl

from pipelines.contracts import table
from pipelines.study.models import Study


def disclose_linking(linking: pl.DataFrame, study: Study) -> pl.DataFrame:
    """clean.linking -> published.linking.

    A wave is told by what became of each response; where one of these counts is between 1 and the threshold, only by
    how many were linked; where that or its complement is too, only by the number of responses, and whether they are all
    linked but a few. Fewer responses than the threshold: nothing. The share of pairs is told where neither they, nor
    what they lack of those who answered this wave or the baseline one, are a few people.
    """
    least = study.privacy.min_persons
    linked = pl.col("exact") + pl.col("mistyped")
    rest = pl.col("responses") - linked
    details = ("exact", "mistyped", "ambiguous", rest - pl.col("ambiguous"))
    in_full = ~pl.any_horizontal(_few(p, least) for p in details)
    in_part = ~_few(linked, least) & ~_few(rest, least)
    shown = pl.col("responses") >= least
    pairs = ("paired", pl.col("baseline") - pl.col("paired"), pl.col("answered") - pl.col("paired"))
    of_two = pl.col("paired").is_not_null() & ~pl.any_horizontal(_few(p, least) for p in pairs)
    rows = linking.with_columns(
        pl.when(shown).then("responses").alias("responses"),
        pl.when(shown & (in_full | in_part)).then(linked).alias("linked"),
        pl.when(shown & in_full).then("mistyped").alias("mistyped"),
        pl.when(shown & in_full).then("ambiguous").alias("ambiguous"),
        pl.when(shown & ~in_full & ~in_part).then(_few(rest, least)).alias("all_but_few"),
        pl.when(of_two).then(pl.col("paired") / pl.col("baseline")).alias("paired_share"),
        pl.when(shown | of_two).then(pl.lit("published")).otherwise(pl.lit("suppressed")).alias("disclosure_status"),
    )
    contract = table("published.linking")
    return contract.conform(rows.select(c.name for c in contract.columns))


def _few(count: str | pl.Expr, least: int) -> pl.Expr:
    value = pl.col(count) if isinstance(count, str) else count
    return value.is_between(1, least - 1)

"""Responses that several exports of one survey hold: which of them counts.

Belongs here: what makes two rows one response. What becomes of rows met again is decided in repeats.py.
"""

import polars as pl

from pipelines.clean.repeats import FOUND, OF_REFUSED, ROWS, Repeats, find_repeats

RESPONSE_ID = "id"
_NOT_SAID = ("source_file", "source_row")  # where a row stands is no part of what it says


def exported_again(rows: pl.DataFrame, raw: pl.DataFrame, codes: pl.DataFrame) -> Repeats:
    """Which of `rows` (judged: source, source_file, source_row, rule, submitted_at, `at` its row in `raw` and in
    `codes`) stand in a later export of their source too, or no longer do.

    Two rows are one response when they have one number (`id`); `codes` are their answers, so that an export of labels
    says the same as one of codes. Without numbers, equal rows of one file are two respondents, and files are versions
    of one another when they share half of the smaller one.
    """
    nothing = pl.Series([None] * raw.height, dtype=pl.String)
    numbers = raw[RESPONSE_ID] if RESPONSE_ID in raw.columns else nothing
    found = rows.sort("source", "source_file", "source_row")
    found = found.with_columns(numbers.gather(found["at"]).alias("number"))
    # Most surveys are one file, in which each number stands once: nothing to compare.
    several = (pl.col("source_file").n_unique() > 1) | pl.col("number").drop_nulls().is_duplicated().any()
    found = found.filter(several.over("source"))
    if found.is_empty():
        return Repeats(pl.DataFrame(schema=FOUND), [])
    at = found["at"]
    refused = pl.col("rule").is_not_null()
    own = raw[at]
    cells = pl.struct(c for c in sorted(raw.columns) if c not in _NOT_SAID).hash()
    answers = codes[at].select(pl.struct(pl.all()).hash()).to_series() if codes.width else None
    found = found.with_columns(
        own.select(cells).to_series().alias("cells"), own["person_survey"].alias("code"),
        pl.lit(answers, pl.UInt64).alias("answers"),
    )
    said = pl.struct("number", "code", "submitted_at", "answers").hash()
    content = pl.when(refused).then("cells").otherwise(said)
    found = found.with_columns(
        content.alias("content"),
        pl.when(pl.col("number").is_not_null()).then(pl.struct("source", "number").hash()).otherwise(content)
        .alias("row_key"),
        pl.lit(None, pl.String).alias("person"),
        pl.col("submitted_at").dt.date().alias("day"),
        refused.alias("refused"),
    )
    by_number = pl.col("number").is_not_null().all().over("source")
    parts = [
        find_repeats(found.filter(chosen).select(*ROWS), equal_lines_differ=differ)
        for chosen, differ in ((by_number, False), (~by_number, True))
    ]
    met = pl.concat([p.found for p in parts]).join(
        found.select("source_file", "source_row", "refused"), on=["source_file", "source_row"], maintain_order="left")
    kept = met.filter(~pl.col("refused") | pl.col("rule").is_in(OF_REFUSED)).drop("refused")
    return Repeats(kept, [problem for p in parts for problem in p.problems])

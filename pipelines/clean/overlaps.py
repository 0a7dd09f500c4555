"""Entries of one person that overlap in time, whatever file or tracker they come from."""

import polars as pl

PLACE = ("source_file", "source_row")


def overlapping(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of [source_file, source_row, person_time, started_at, ended_at] that share time with another row of the
    same person: [source_file, source_row], in the order received.

    Intervals are half-open: one that starts when another ends does not overlap it. Rows without a person or a moment,
    or that end before they start, overlap nothing.
    """
    started, ended = pl.col("started_at").dt.epoch("ms"), pl.col("ended_at").dt.epoch("ms")
    # A category of its own per call: people are numbered from 0.
    person = rows["person_time"].cast(pl.Categorical(pl.Categories.random())).to_physical().cast(pl.Int64)
    timed = rows.select(
        pl.lit(person).alias("person"), started.alias("from"), ended.alias("to"), pl.int_range(pl.len()).alias("place")
    ).filter(pl.col("person").is_not_null() & (pl.col("to") > pl.col("from")))
    if timed.is_empty():
        return rows.select(PLACE).clear()
    # One line of time, everybody's stretch of it after the last person's: nobody meets anybody else, and one sort of
    # whole numbers serves all.
    first = timed["from"].min()
    stretch = timed.select(pl.col("to").max() - first + 1).item()
    shift = pl.col("person") * stretch - first
    line = timed.select("place", pl.col("from") + shift, pl.col("to") + shift).sort("from")
    # Sorted by start, a row meets an earlier one if any ends after it starts, and a later one if the next starts
    # before it ends.
    before = pl.col("to").cum_max().shift(1) > pl.col("from")
    after = pl.col("from").shift(-1) < pl.col("to")
    found = line.filter(before.fill_null(False) | after.fill_null(False))["place"].sort()
    return rows.select(PLACE)[found]

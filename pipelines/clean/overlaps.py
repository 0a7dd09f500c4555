"""Entries of one person that overlap in time, whatever file or tracker they come from."""

import polars as pl

PLACE = ("source_file", "source_row")


def overlapping(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of [source_file, source_row, person_time, started_at, ended_at] that share time with another row of the
    same person: [source_file, source_row].

    Intervals are half-open: one that starts when another ends does not overlap it. Rows without a person or a moment,
    or that end before they start, overlap nothing.
    """
    timed = rows.filter(pl.col("person_time").is_not_null() & (pl.col("ended_at") > pl.col("started_at")))
    timed = timed.sort("person_time", "started_at", maintain_order=True)
    person, started, ended = pl.col("person_time"), pl.col("started_at"), pl.col("ended_at")
    # Sorted by start, a row meets an earlier one if any ends after it starts, and a later one if the next starts
    # before it ends.
    latest = ended.cum_max().over("person_time").shift(1)
    before = (person.shift(1) == person) & (latest > started)
    after = (person.shift(-1) == person) & (started.shift(-1) < ended)
    return timed.filter(before.fill_null(False) | after.fill_null(False)).select(PLACE)

"""Rows are accounted for: received = accepted + set aside + duplicates."""

import polars as pl

from pipelines.contracts import table


def build_accounts(received: pl.DataFrame, rejected: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """clean.accounts from `received` (raw.files), `rejected` (clean.rejected_*)
    and `accepted` [source, source_file, rows], the rows counted in the tables they went to."""
    key = ["source", "source_file"]
    counts = rejected.group_by(key).agg(
        (pl.col("status") == "set_aside").sum().cast(pl.Int64).alias("set_aside"),
        (pl.col("status") == "duplicate").sum().cast(pl.Int64).alias("duplicates"),
    )
    taken = accepted.group_by(key).agg(pl.col("rows").sum().cast(pl.Int64).alias("accepted"))
    files = received.drop("date_order", "duration_unit", strict=False)
    joined = files.join(taken, on=key, how="left").join(counts, on=key, how="left")
    filled = joined.with_columns(pl.col("accepted", "set_aside", "duplicates").fill_null(0))
    return table("clean.accounts").conform(filled)


def unbalanced(accounts: pl.DataFrame) -> pl.DataFrame:
    """Files of clean.accounts whose rows do not add up: must be empty."""
    return accounts.filter(pl.col("received") != pl.col("accepted") + pl.col("set_aside") + pl.col("duplicates"))

"""Rows are accounted for."""

import polars as pl

from pipelines.clean.accounts import build_accounts, unbalanced
from pipelines.contracts import table

RECEIVED = pl.DataFrame(
    {"source": ["k"], "source_file": ["a.csv"], "format": ["kimai"], "sha256": ["0"], "received": [5]}
)
REJECTED = pl.DataFrame(
    {
        "source": ["k"] * 2,
        "source_file": ["a.csv"] * 2,
        "source_row": [3, 7],
        "rule": ["zero_duration", "duplicate_row"],
        "column": ["Duration", None],
        "status": ["set_aside", "duplicate"],
    },
    schema=table("raw.rejected").polars_schema,
)


def test_accounts_add_up_or_are_shown():
    accepted = pl.DataFrame({"source": ["k"], "source_file": ["a.csv"], "rows": [3]})
    accounts = build_accounts(RECEIVED, REJECTED, accepted)
    assert accounts.select("received", "accepted", "set_aside", "duplicates").row(0) == (5, 3, 1, 1)
    assert unbalanced(accounts).is_empty()
    lost = build_accounts(RECEIVED, REJECTED, accepted.with_columns(rows=2))
    assert unbalanced(lost)["source_file"].to_list() == ["a.csv"]

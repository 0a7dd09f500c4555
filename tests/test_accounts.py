"""Rows are accounted for, and what is set aside needs consent."""

import polars as pl

from pipelines.clean.accounts import beyond_quarantine, build_accounts, row_problems, unbalanced
from pipelines.contracts import table
from pipelines.study.models import Study

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
    schema=table("clean.rejected_time").polars_schema,
)


def _study(quarantine: dict[str, int]) -> Study:
    return Study.model_validate(
        {
            "study": "essai",
            "title": "t",
            "organisation": "o",
            "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
            "quarantine": quarantine,
        }
    )


def test_accounts_add_up_or_are_shown():
    accepted = pl.DataFrame({"source": ["k"], "source_file": ["a.csv"], "rows": [3]})
    accounts = build_accounts(RECEIVED, REJECTED, accepted)
    assert accounts.select("received", "accepted", "set_aside", "duplicates").row(0) == (5, 3, 1, 1)
    assert unbalanced(accounts).is_empty()
    lost = build_accounts(RECEIVED, REJECTED, accepted.with_columns(rows=2))
    assert unbalanced(lost)["source_file"].to_list() == ["a.csv"]


def test_consent_is_per_rule_and_limited():
    assert not beyond_quarantine(REJECTED, _study({"zero_duration": 1, "duplicate_row": 1}))
    (problem,) = beyond_quarantine(REJECTED, _study({"duplicate_row": 1}))
    assert problem.rule == "zero_duration" and problem.file == "a.csv, line 3"
    assert "quarantine: {zero_duration: 1}" in problem.action


def test_each_row_is_shown_with_file_and_line():
    first, second = row_problems(REJECTED)
    assert str(first).startswith("a.csv, line 3, column 'Duration': The duration is zero")
    assert second.line == 7

"""Rows are accounted for: received = accepted + set aside + duplicates; what is set aside needs consent."""

import polars as pl

from pipelines.contracts import table
from pipelines.contracts.rules import RULES, Problem
from pipelines.study.models import Study

LINES_SHOWN = 5


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


def row_problems(rejected: pl.DataFrame) -> list[Problem]:
    """One problem per row set aside or repeated, in file and line order."""
    rows = rejected.sort("source_file", "source_row", "rule").select("rule", "source_file", "source_row", "column")
    return [
        Problem(rule, file, RULES[rule].message, RULES[rule].action, line, column)
        for rule, file, line, column in rows.iter_rows()
    ]


def beyond_quarantine(rejected: pl.DataFrame, study: Study) -> list[Problem]:
    """One problem per rule when more rows broke it, or repeat another one, than `quarantine:` of the study file allows:
    it says every place, as nobody can tell which of the rows is the one too many."""
    found = []
    for (rule,), rows in rejected.sort("source_file", "source_row").group_by("rule", maintain_order=True):
        known, total, allowed = RULES[str(rule)], rows.height, study.quarantine.get(str(rule), 0)
        if known.consent and total > allowed:
            places = [
                _place(str(file), own["source_row"].to_list())
                for (file,), own in rows.group_by("source_file", maintain_order=True)
            ]
            said = f"{total} row{'s' if total > 1 else ''}, {allowed} accepted in study.yaml. "
            consent = f"Or accept that: `quarantine: {{{rule}: {total}}}`."
            found.append(Problem(str(rule), "; ".join(places), said + known.message, f"{known.action} {consent}"))
    return sorted(found, key=lambda problem: problem.rule)


def _place(file: str, lines: list[int]) -> str:
    more = f" and {len(lines) - LINES_SHOWN} more" if len(lines) > LINES_SHOWN else ""
    return f"{file}, line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:LINES_SHOWN]))}{more}"

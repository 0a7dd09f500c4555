"""Sessions of one case -> one time the task was done (indicators.md section 1).

A tracker whose entries are sessions says so in the study file (`entry_is: session`), with the column of the case.
"""

from typing import NamedTuple

import polars as pl

_FIRST = ("source_file", "source_row", "date", "started_at", "natural_key", "row_key")
_SUMMED = ("minutes", "prompt_minutes", "verification_minutes", "failed_minutes", "items", "errors")
_HIGHEST = ("complexity", "severity", "failed_attempt", "new_task", "ended_at")


class Sessions(NamedTuple):
    """`rows`: one per case, the others as they were, in the order received. `merged`: [source, source_file, rows]
    summed into a row that stands for them: they are accepted too."""

    rows: pl.DataFrame
    merged: pl.DataFrame


def summed(rows: pl.DataFrame, process: str = "process_label") -> Sessions:
    """Rows of one source, person, `process` and case (`case_key`) summed into the first of them by day and hour.

    Rows without `case_key`, or that break a rule, are left alone. Minutes, items and errors are sums (null when no row
    has any); the highest complexity and severity, and one failed attempt or new task, hold for all; tools and flags are
    those of any; `occurrences` is 1. Columns beyond TIME_ROWS are those of the first row.
    """
    where = ["source", "source_file"]
    no_merge = pl.DataFrame(schema={**{c: rows.schema[c] for c in where}, "rows": pl.Int64})
    one = ["source", "person_time", process, "case_key"]
    rows = rows.with_row_index("place")
    together = rows.filter(pl.col("case_key").is_not_null() & pl.col("rule").is_null() & pl.struct(one).is_duplicated())
    if together.is_empty():
        return Sessions(rows.drop("place"), no_merge)
    together = together.sort("date", "started_at", "source_file", "source_row", nulls_last=True, maintain_order=True)
    cases = together.group_by(one, maintain_order=True).agg(
        pl.col("place").first(),
        *(pl.when(pl.col(c).count() > 0).then(pl.col(c).sum()).alias(c) for c in _SUMMED),
        *(pl.col(c).max() for c in _HIGHEST),
        *(pl.col(c).drop_nulls().unique(maintain_order=True).str.join(s).alias(c)
          for c, s in (("tool_label", ", "), ("flags", ","))),
        pl.lit(1, pl.Int64).alias("occurrences"),
    )  # fmt: skip
    cases = cases.with_columns(pl.when(pl.col(c) != "").then(c).alias(c) for c in ("tool_label", "flags"))
    first = together.join(cases.select("place"), on="place", how="semi")
    changed = ["tool_label", "flags", "occurrences", *_SUMMED, *_HIGHEST]
    first = first.drop(changed).join(cases.select("place", *changed), on="place", how="left")
    rest = rows.join(together.select("place"), on="place", how="anti")
    out = pl.concat([rest, first.select(rest.columns)]).sort("place").drop("place")
    merged = together.join(cases.select("place"), on="place", how="anti").group_by(where).agg(
        pl.len().cast(pl.Int64).alias("rows")).sort(where)  # fmt: skip
    return Sessions(out, merged)

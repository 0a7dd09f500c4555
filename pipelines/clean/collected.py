"""Rows of time, judged: where each goes, and what only shows when all of them are put side by side.

Belongs here: what is kept in memory while the files of a study go by, repeats, other versions of a row, overlaps,
sessions. Does not belong here: how one row is judged (time.py).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from types import ModuleType

import polars as pl

from pipelines.clean.ingest_time import part_key
from pipelines.clean.overlaps import overlapping
from pipelines.clean.repeats import OF_REFUSED, ROWS, find_repeats
from pipelines.contracts.rules import RULES, Problem
from pipelines.parts import Parts, as_texts
from pipelines.sources.sessions import summed

ENTRIES = "clean.time_entries"
ROW = ["source", "source_file", "source_row"]
_MET: dict[str, pl.DataType] = {
    **ROWS, "format": pl.String(), "started_at": pl.Datetime("us"), "ended_at": pl.Datetime("us"),
    "refused": pl.Boolean(),
}  # fmt: skip


@dataclass(frozen=True)
class Sorted:
    """Judged rows of one file, each where it goes. `met`: what tells whether they stand elsewhere too, empty when
    nothing can repeat them; `seen` [person_time, week]; `unknown`: rows with a label nobody knows."""

    rejected: pl.DataFrame
    flagged: pl.DataFrame
    unknown: pl.DataFrame
    met: pl.DataFrame
    seen: pl.DataFrame
    overheads: pl.DataFrame
    entries: pl.DataFrame


@dataclass
class Collected:
    """What is kept in memory while files go by: a few numbers a row at most, whole rows of the rare kinds only."""

    rejected: list[pl.DataFrame] = field(default_factory=list)
    flagged: list[pl.DataFrame] = field(default_factory=list)
    unknown: list[pl.DataFrame] = field(default_factory=list)
    met: list[pl.DataFrame] = field(default_factory=list)
    seen: list[pl.DataFrame] = field(default_factory=list)
    overheads: list[pl.DataFrame] = field(default_factory=list)
    counts: list[tuple[str, str, int]] = field(default_factory=list)
    teams: set[str] = field(default_factory=set)

    def take(self, rows: Sorted, parts: Parts) -> None:
        """Entries go to the parts of clean.time_entries, the rest stays here."""
        for kind in ("rejected", "flagged", "unknown", "met", "seen", "overheads"):
            if (frame := getattr(rows, kind)).height:
                getattr(self, kind).append(frame)
        if rows.entries.height:
            source, file = rows.entries.select("source", "source_file").row(0)
            self.counts.append((source, file, rows.entries.height))
            self.teams |= set(rows.entries["team"].unique())
            parts.append(ENTRIES, part_key(source, file), rows.entries)


def settle(
    parts: Parts, modules: dict[str, ModuleType], collected: Collected, kept: Collection[str]
) -> list[Problem]:
    """What only shows when rows are put side by side: repeats, other versions of a row, overlaps. Rows that count
    elsewhere, or that the study sets aside, leave entries and overheads."""
    met = pl.concat([pl.DataFrame(schema=_MET), *collected.met])
    if met.is_empty():
        return []
    found: list[pl.DataFrame] = []
    problems: list[Problem] = []
    for (fmt,), rows in met.group_by("format", maintain_order=True):
        repeats = find_repeats(rows.select(*ROWS), equal_lines_differ=lines_differ(modules[str(fmt)]))
        found.append(repeats.found)
        problems += repeats.problems
    left = met.join(pl.concat(found).filter(~pl.col("rule").is_in(kept)), on=ROW[1:], how="anti")
    overlaps = overlapping(left.filter(~pl.col("refused")).rename({"person": "person_time"}))
    found.append(overlaps.with_columns(pl.lit("overlap").alias("rule")))
    all_found = pl.concat(found).join(met.select(*ROW, "refused"), on=ROW[1:], maintain_order="left")
    all_found = all_found.filter(~pl.col("refused") | pl.col("rule").is_in(OF_REFUSED))
    stays = pl.col("rule").is_in(kept)
    collected.flagged.append(all_found.filter(stays).select(*ROW, "rule"))
    gone = all_found.filter(~stays).unique(ROW, keep="first", maintain_order=True)
    if not gone.is_empty():
        _take_out(parts, collected, gone)
    return problems


def _take_out(parts: Parts, collected: Collected, gone: pl.DataFrame) -> None:
    """Account for rows [source, source_file, source_row, rule] that were taken and do not count after all."""
    collected.rejected = [r.join(gone, on=ROW, how="anti", maintain_order="left") for r in collected.rejected]
    collected.rejected.append(as_rejected(gone.with_columns(pl.lit(None, pl.String).alias("column"))))
    collected.overheads = [o.join(gone, on=ROW, how="anti", maintain_order="left") for o in collected.overheads]
    collected.flagged = [f.join(gone, on=ROW, how="anti", maintain_order="left") for f in collected.flagged]
    for source, file in gone.select("source", "source_file").unique(maintain_order=True).iter_rows():
        for path, rows in parts.of_file(ENTRIES, part_key(source, file)):
            kept = as_texts(rows).join(gone, on=ROW, how="anti", maintain_order="left")
            if kept.height < rows.height:
                parts.rewrite(path, kept)
                collected.counts.append((source, file, kept.height - rows.height))


def with_cells(rows: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    """Judged rows with `cells`: of a refused row, a hash of its `raw` cells, as nobody could read them all; null of
    the others."""
    refused = rows.filter(pl.col("rule").is_not_null()).select("source_row")
    if refused.is_empty():
        return rows.with_columns(pl.lit(None, pl.UInt64).alias("cells"))
    said = as_texts(raw.join(refused, on="source_row", how="semi"))
    cells = pl.struct(c for c in sorted(raw.columns) if c not in ("source_file", "source_row"))
    return rows.join(said.select("source_row", cells=cells.hash()), on="source_row", how="left", maintain_order="left")


def met_rows(rows: pl.DataFrame, fmt: str) -> pl.DataFrame:
    """What tells whether the rows of a format stand elsewhere too, and overlap: ROWS, format, started_at, ended_at, and
    whether the row is refused."""
    return rows.select(
        *ROW, pl.coalesce("cells", "natural_key").alias("content"), pl.coalesce("row_key", "cells").alias("row_key"),
        pl.col("person_time").alias("person"), pl.col("date").alias("day"), pl.lit(fmt).alias("format"), "started_at",
        "ended_at", pl.col("rule").is_not_null().alias("refused"),
    ).select(*_MET)  # fmt: skip


def sessions(judged: list[pl.DataFrame], module: ModuleType, into: Collected) -> Iterator[pl.DataFrame]:
    """The rows of a source whose entries are sessions, one per case, file by file. A session exported twice is taken
    out first, or it would be summed twice."""
    if not judged:
        return
    rows = with_keys(module, pl.concat(judged))
    good = rows.filter(pl.col("rule").is_null())
    met = good.select(*ROW, content="natural_key", row_key="row_key", person="person_time", day="date")
    found = find_repeats(met, equal_lines_differ=lines_differ(module)).found
    found = found.filter(pl.col("rule") != "vanished_row").rename({"rule": "repeat"})
    rows = rows.join(found, on=ROW[1:], how="left", maintain_order="left")
    rows = rows.with_columns(pl.coalesce("rule", "repeat").alias("rule")).drop("repeat")
    sessions = summed(rows, "process")
    into.counts += list(sessions.merged.iter_rows())
    yield from sessions.rows.partition_by("source_file", maintain_order=True)


def lines_differ(module: ModuleType) -> bool:
    """Two equal lines of one file of that format are two things."""
    return bool(getattr(module, "EQUAL_LINES_ARE_WORK", False))


def with_keys(module: ModuleType, rows: pl.DataFrame) -> pl.DataFrame:
    """A format that may be large makes the keys only when they are needed."""
    return module.with_keys(rows) if hasattr(module, "with_keys") else rows


def as_rejected(rows: pl.DataFrame) -> pl.DataFrame:
    """clean.rejected_time from rows with their `rule` and `column`."""
    duplicate = pl.col("rule").is_in([name for name, rule in RULES.items() if rule.treatment == "duplicate"])
    status = pl.when(duplicate).then(pl.lit("duplicate")).otherwise(pl.lit("set_aside"))
    return rows.select(*ROW, "rule", "column", status.alias("status"))

"""Exports of time -> raw parts: read a block at a time, identifiers replaced, the way a file writes decided once."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import polars as pl

from pipelines.clean import corrections
from pipelines.clean.ingest import RawResult, files_of, formats, look_up, rejected_rows
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.contracts.rules import Problem
from pipelines.parts import Parts, ahead, compact
from pipelines.sources.base import SourceError
from pipelines.sources.layout import CASE
from pipelines.sources.text import SOURCE_ROW, Block, blocks
from pipelines.sources.values import Reading
from pipelines.study.corrections import Declared
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Source


def time_formats() -> dict[str, ModuleType]:
    """Format -> reader, of the formats that hold time."""
    return {fmt: module for fmt, module in formats().items() if module.DOMAIN == "time"}


def read_time(loaded: LoadedStudy, registers: Registers, parts: Parts) -> RawResult:
    """Read every file of the study's sources of time into the raw tables of `parts`.

    The result's `tables` is empty. File-level faults become problems, never exceptions.
    """
    received: list[dict[str, object]] = []
    rejected = [table("raw.rejected").empty()]
    problems: list[Problem] = []
    found = [(source, module) for fmt, module in time_formats().items()
             for source in loaded.study.sources if source.format == fmt]  # fmt: skip
    for name in (name for module in time_formats().values() for name in module.TABLES):
        parts.clear(f"raw.{name}")
    with ThreadPoolExecutor(1) as meanwhile:
        for source, module in found:
            files, missing = files_of(loaded, source)
            problems += missing
            for name, path in files:
                digest = meanwhile.submit(fingerprint, path)
                declared = loaded.corrections.of(name)
                try:
                    file = _read_file(path, name, module, source, registers, parts, declared)
                except SourceError as error:
                    problems.append(error.problem(name))
                    continue
                problems += file.problems
                rejected += file.rejected
                received.append({
                    "source": source.id, "source_file": name, "format": source.format, "sha256": digest.result(),
                    "received": file.received, "date_order": file.reading.date_order,
                    "duration_unit": file.reading.duration_unit,
                })  # fmt: skip
    files_read = pl.DataFrame(received, schema=table("raw.files").polars_schema)
    return RawResult({}, pl.concat(rejected), files_read, problems)


def part_key(source: str, file: str) -> str:
    """What the parts of one file go by: two sources (ids) may read one file."""
    return f"{source}: {file}"


def fingerprint(path: Path) -> str:
    """sha256 of a file's bytes."""
    now = path.stat()
    return _digest(path, now.st_size, now.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest(path: Path, _size: int, _changed: int) -> str:
    """Once for all who ask within a run."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class _File:
    """Rows received, rows that could not be read, how the file writes dates and durations, corrections that fail."""

    received: int
    rejected: list[pl.DataFrame]
    reading: Reading
    problems: list[Problem]


def _read_file(
    path: Path, name: str, module: ModuleType, source: Source, registers: Registers, parts: Parts,
    declared: Sequence[Declared],
) -> _File:  # fmt: skip
    received, rejected = 0, []
    outcomes: list[corrections.Outcome] = []
    barred = (*module.IDENTIFIERS, *module.FREE_TEXT, CASE)

    def read(block: Block) -> list[tuple[str, pl.DataFrame, pl.DataFrame, int, list[corrections.Outcome]]]:
        shift = pl.col(SOURCE_ROW) + block.shift
        where = {"source": source.id, "source_file": name}
        here = [pl.lit(text, pl.Enum([text])).alias(column) for column, text in where.items()]
        found = []
        for key, raw in module.read_tables(block.data, source=source).items():
            frame, done = corrections.apply(raw.frame.with_columns(shift), declared, names=raw.names, barred=barred)
            frame = _replace_people(frame, module, registers).with_columns(*here)
            kept = compact(table(f"raw.{key}").conform(frame)) if frame.height else frame
            found.append((key, kept, raw.rejected.with_columns(shift), raw.received, done))
        return found

    for tables in ahead(read, blocks(path)):
        for key, frame, refused, count, done in tables:
            received += count
            outcomes += done
            rejected.append(rejected_rows(refused, source.id, name))
            if frame.height:
                parts.append(f"raw.{key}", part_key(source.id, name), frame)
    if not received:
        raise SourceError("empty_file", "The file has no data row.", "Export it again.")
    rows = parts.scan_file(f"raw.{module.FORMAT}", part_key(source.id, name))
    reading = Reading() if rows is None else module.decide(rows, source=source)
    return _File(received, rejected, reading, corrections.problems(outcomes))


def _replace_people(frame: pl.DataFrame, module: ModuleType, registers: Registers) -> pl.DataFrame:
    """`frame` with the person's pseudonym instead of every identifying or free-text column."""
    known = registers.time_identities
    found = [look_up(frame[c], known, "person_time") for c in module.IDENTIFIERS if c in frame.columns]
    person = found[0] if len(found) == 1 else pl.Series([None] * frame.height, dtype=pl.String)
    if len(found) > 1:  # Enum of different columns cannot be put together
        person = pl.select(pl.coalesce(*(known_as.cast(pl.String) for known_as in found))).to_series()
    drop = [c for c in frame.columns if c.split("#")[0] in (*module.IDENTIFIERS, *module.FREE_TEXT)]
    return frame.drop(drop).with_columns(person.alias("person_time"))

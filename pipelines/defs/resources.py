"""The study at run time, where its files go, and how tables become assets."""

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.contracts import table
from pipelines.contracts.base import DUCKDB_TYPES, Column, Table
from pipelines.lake import ROOT, Lake, Places, content_hash, places
from pipelines.study.corrections import CORRECTIONS_FILE
from pipelines.study.load import STUDY_FILE, LoadedStudy, load_study

OWNERS = ["team:evaluation"]
DEFAULT_STUDY = "data/raw/demo"

# Where `bilan run` prints its steps; silent under the Dagster UI, which shows its own.
PROGRESS: ContextVar[Callable[[str], None]] = ContextVar("PROGRESS", default=lambda _: None)


class StudyResource(dg.ConfigurableResource):
    """Which study a run is about. `path`: its folder. `out`: where everything goes; empty = the project's folders."""

    path: str
    out: str = ""

    def load(self) -> LoadedStudy:
        """The parsed study file and the corrections beside it, read again whenever their bytes change."""
        files = [self.folder / name for name in (STUDY_FILE, CORRECTIONS_FILE)]
        return _load(self.folder, *(file.read_bytes() if file.is_file() else b"" for file in files))

    @property
    def folder(self) -> Path:
        """The study folder; relative to the project when it is not found from the working directory."""
        path = Path(self.path)
        return path if path.is_absolute() or path.exists() else ROOT / path

    @property
    def places(self) -> Places:
        """Where this study's files go."""
        return places(self.load().study.study, Path(self.out) if self.out else None)

    @property
    def lake(self) -> Lake:
        """The working lake."""
        return self.places.lake


@functools.lru_cache(maxsize=8)
def _load(folder: Path, *_: bytes) -> LoadedStudy:
    return load_study(folder)


def key_of(qualified_name: str) -> dg.AssetKey:
    """`clean.teams` -> clean/teams."""
    return dg.AssetKey(qualified_name.split("."))


def spec_of(contract: Table, deps: Sequence[str], *, kinds: set[str] | None = None) -> dg.AssetSpec:
    """The asset of a table: description, columns and key from its contract, lineage from `deps` (qualified names)."""
    lines = [contract.description]
    if contract.key:
        lines.append(f"One row per {' x '.join(contract.key)}.")
    return dg.AssetSpec(
        key_of(contract.qualified_name), deps=[key_of(d) for d in deps], description=" ".join(lines),
        group_name=contract.layer, owners=OWNERS, kinds=kinds or {"duckdb", "polars"},
        metadata={"dagster/column_schema": dg.TableSchema(columns=[_column(c, contract) for c in contract.columns])},
    )  # fmt: skip


def store(study: StudyResource, frames: Mapping[str, pl.DataFrame]) -> Iterator[dg.MaterializeResult]:
    """Write tables (qualified name -> frame) to the working lake in one transaction; one result each, in that order."""
    yield from store_as(study, [(table(name), frame) for name, frame in frames.items()])


def store_as(study: StudyResource, frames: Sequence[tuple[Table, pl.DataFrame]]) -> Iterator[dg.MaterializeResult]:
    """`store` for contracts that are made from another one."""
    counts = study.lake.write_each(frames)
    for contract, frame in frames:
        name = contract.qualified_name
        yield dg.MaterializeResult(
            asset_key=key_of(name), data_version=dg.DataVersion(content_hash(contract.conform(frame))),
            metadata={"dagster/row_count": counts[name], "study_sha256": study.load().sha256},
        )  # fmt: skip


def store_parts(study: StudyResource, contracts: Sequence[Table]) -> Iterator[dg.MaterializeResult]:
    """Show the tables that were written in parts in the working lake; one result each, in that order."""
    counts = study.lake.show_parts(contracts, study.places.parts)
    for contract in contracts:
        name = contract.qualified_name
        yield dg.MaterializeResult(
            asset_key=key_of(name), data_version=dg.DataVersion(study.places.parts.digest(name)),
            metadata={"dagster/row_count": counts[name], "study_sha256": study.load().sha256},
        )  # fmt: skip


def say(text: str) -> None:
    """Tell whoever waits at the console what was just done."""
    PROGRESS.get()(text)


def plural(count: object, noun: str) -> str:
    """`1 file`, `2 files`, `12 345 rows`."""
    return f"{count:,} {noun}".replace(",", " ") + ("" if count == 1 else "s")


def _column(column: Column, contract: Table) -> dg.TableColumn:
    rules = []
    if column.allowed:
        rules.append("one of " + ", ".join(column.allowed))
    if column.minimum is not None:
        rules.append(f">= {column.minimum:g}")
    if column.maximum is not None:
        rules.append(f"<= {column.maximum:g}")
    if column.references:
        rules.append(f"exists in {column.references}")
    text = column.description + (f" [{column.unit}]" if column.unit else "")
    constraints = dg.TableColumnConstraints(
        nullable=column.nullable, unique=contract.key == (column.name,), other=rules)  # fmt: skip
    return dg.TableColumn(column.name, DUCKDB_TYPES[column.dtype], description=text, constraints=constraints)


@dg.definitions
def defs() -> dg.Definitions:
    """The study of BILAN_STUDY, one process."""
    path = os.environ.get("BILAN_STUDY", DEFAULT_STUDY)
    return dg.Definitions(resources={"study": StudyResource(path=path)}, executor=dg.in_process_executor)

"""The DuckDB lake: the working file of a run, and the published files that readers open.

Belongs here: everything that talks to DuckDB, where the lake lies, hashes of tables. Connections are short: DuckDB
refuses a writer while anyone else holds the file. Does not belong here: what a table means (contracts/).
"""

import hashlib
import importlib.resources
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts import table
from pipelines.contracts.base import DUCKDB_TYPES, Table
from pipelines.contracts.rules import DataProblems, Problem
from pipelines.parts import Parts

ROOT = Path(__file__).parents[1]
CURRENT = "current.json"
_NAMED = {"teams": "team", "tools": "tool", "processes": "process"}  # published table -> its key, a scope
# duckdb-engine opens with this agent; two connections to one file in one process must agree on their settings.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}


@dataclass(frozen=True)
class Places:
    """Where a study's files go. `work` is rebuilt at will, `restricted` is the analyst's, `published` is for anyone."""

    work: Path
    restricted: Path
    published: Path
    site: Path

    @property
    def lake(self) -> "Lake":
        """The working lake."""
        return Lake(self.work / "lake.duckdb")

    @property
    def parts(self) -> Parts:
        """The tables of the working lake that are kept in parts."""
        return Parts(self.work / "parts")

    def keep_private(self) -> None:
        """Make the folders that hold pseudonymised people readable by their owner only."""
        _private(self.work)
        _private(self.restricted)


def _private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # means nothing on Windows, where a user's folders are private


def places(study: str, out: Path | None = None) -> Places:
    """The folders of a study: under `out`, or data/processed/<study> and reports/_site/<study> of the project."""
    base = out if out is not None else ROOT / "data" / "processed" / study
    site = out / "site" if out is not None else ROOT / "reports" / "_site" / study
    return Places(base / "work", base / "restricted", base / "published", site)


@dataclass(frozen=True)
class Lake:
    """One DuckDB file whose tables honour their contracts."""

    path: Path

    @contextmanager
    def _open(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            connection = duckdb.connect(str(self.path), read_only=read_only, config=_CONFIG)
        except duckdb.IOException:
            busy = Problem(
                "lake_busy", str(self.path), "Another program holds this file, or it is no lake.",
                "Close that program, or delete the file, and run again.")  # fmt: skip
            raise DataProblems([busy]) from None
        with connection:
            yield connection

    def write(self, contract: Table, frame: pl.DataFrame) -> int:
        """Replace the contract's table by `frame`, in one transaction, its dictionary as comments. Returns the rows."""
        return self.write_each([(contract, frame)])[contract.qualified_name]

    def write_all(self, frames: Mapping[str, pl.DataFrame]) -> dict[str, int]:
        """`write_each` for tables known by their qualified names."""
        return self.write_each([(table(name), frame) for name, frame in frames.items()])

    def write_each(self, frames: Sequence[tuple[Table, pl.DataFrame]]) -> dict[str, int]:
        """Replace several tables in one transaction: all of them or none. Qualified name -> rows."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        counts = {}
        with self._open() as connection:
            connection.begin()
            for contract, given in frames:
                frame = contract.conform(given)
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(contract.layer)}")
                columns = ", ".join(f"{_quoted(n)} {DUCKDB_TYPES[t]}" for n, t in frame.schema.items())
                connection.execute(f"CREATE OR REPLACE TABLE {_table(contract)} ({columns})")
                connection.register("incoming", frame.to_arrow())
                connection.execute(f"INSERT INTO {_table(contract)} SELECT * FROM incoming")
                connection.unregister("incoming")
                for statement in _comments(contract):
                    connection.execute(statement)
                counts[contract.qualified_name] = frame.height
            connection.commit()
        return counts

    def show_parts(self, contracts: Sequence[Table], parts: Parts) -> dict[str, int]:
        """Make each table kept in parts a view of this lake, its dictionary as comments. Qualified name -> rows."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        counts = {}
        with self._open() as connection:
            connection.begin()
            for contract in contracts:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(contract.layer)}")
                files = ", ".join(_literal(str(p)) for p in parts.paths(contract.qualified_name))
                rows = f"FROM read_parquet([{files}], union_by_name = true)"
                if not files:  # typed as the contract says, without a row
                    typed = (f"CAST(NULL AS {DUCKDB_TYPES[c.dtype]}) AS {_quoted(c.name)}" for c in contract.columns)
                    rows = f"SELECT {', '.join(typed)} WHERE false"
                connection.execute(f"CREATE OR REPLACE VIEW {_table(contract)} AS {rows}")
                for statement in _comments(contract, "VIEW"):
                    connection.execute(statement)
                counts[contract.qualified_name] = _count(connection, _table(contract))
            connection.commit()
        return counts

    def read(self, qualified_name: str) -> pl.DataFrame:
        """The whole table, in the order it was written."""
        return self.read_all([qualified_name])[qualified_name]

    def read_all(self, qualified_names: Iterable[str]) -> dict[str, pl.DataFrame]:
        """Several tables over one connection, by qualified name."""
        with self._open(read_only=True) as connection:
            return {
                name: connection.sql("FROM " + ".".join(_quoted(part) for part in name.split("."))).pl()
                for name in qualified_names
            }

    def count(self, qualified_name: str) -> int:
        """How many rows a table has."""
        with self._open(read_only=True) as connection:
            name = ".".join(_quoted(part) for part in qualified_name.split("."))
            return _count(connection, name)

    def tables(self) -> list[str]:
        """Qualified names of the tables, sorted, those kept in parts left out."""
        with self._open(read_only=True) as connection:
            rows = connection.sql("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        return sorted(r[0] for r in rows)

    def run_sql(self, name: str) -> pl.DataFrame:
        """The rows of the model table `name`, computed by pipelines/sql/<name>.sql, in an order that does not depend on
        parallel execution."""
        query = importlib.resources.files("pipelines.sql").joinpath(f"{name}.sql").read_text("utf-8")
        with self._open(read_only=True) as connection:
            frame = connection.sql(query.strip().rstrip(";")).pl()
        contract = table(f"model.{name}")
        columns = list(contract.polars_schema)
        return contract.conform(frame.select(columns).sort(columns, nulls_last=True))


@dataclass(frozen=True)
class Published:
    """The published tables of a study: disclosed, safe to show to anyone."""

    lake: Lake

    def read(self, name: str) -> pl.DataFrame:
        """One published table, for instance `estimates`."""
        return self.lake.read(f"published.{name}")

    def tables(self) -> list[str]:
        """Names of the published tables."""
        return [name.removeprefix("published.") for name in self.lake.tables()]

    def estimates(self, indicator: str | None = None, scope: str | None = None) -> pl.DataFrame:
        """Rows of `estimates`, of one indicator or one scope if asked, each with `label`, the name of what it is about.

        Columns: indicator, estimand, scope, scope_key, label, unit, estimate, ci_low, ci_high, threshold, evidence,
        verdict, reason, disclosure_status. A row that is not published stays, its values null.
        """
        tables = self.lake.read_all(f"published.{name}" for name in ("estimates", *_NAMED))
        asked = [pl.col(c) == v for c, v in (("indicator", indicator), ("scope", scope)) if v is not None]
        names = [tables[f"published.{t}"].select(scope=pl.lit(k), scope_key=k, name="label") for t, k in _NAMED.items()]
        label = pl.coalesce("name", "scope_key").alias("label")
        return (
            tables["published.estimates"].filter(asked)
            .join(pl.concat(names), on=["scope", "scope_key"], how="left", maintain_order="left")
            .select("indicator", "estimand", "scope", "scope_key", label, "unit", "estimate", "ci_low", "ci_high",
                    "threshold", "evidence", "verdict", "reason", "disclosure_status")
        )  # fmt: skip

    def describe(self, name: str) -> pl.DataFrame:
        """The dictionary of one table: column, type, unit, meaning."""
        columns = table(f"published.{name}").columns
        return pl.DataFrame(
            [(c.name, DUCKDB_TYPES[c.dtype], c.unit, c.description) for c in columns],
            schema=["column", "type", "unit", "description"], orient="row",
        )  # fmt: skip


def published(study: str = "demo") -> Published:
    """What a study last published. BILAN_LAKE, a `published` folder, wins over the study's name.

    Raises FileNotFoundError saying what to run when nothing was published.
    """
    return published_in(Path(os.environ["BILAN_LAKE"]) if "BILAN_LAKE" in os.environ else places(study).published)


def published_in(folder: Path) -> Published:
    """What was last published in a `published` folder. Raises FileNotFoundError like `published`."""
    pointer = folder / CURRENT
    if not pointer.is_file():
        raise FileNotFoundError(f"Nothing is published in {folder}. Run `make bilan` (or `bilan run`) first.")
    return Published(Lake(folder / json.loads(pointer.read_text("utf-8"))["lake"]))


def content_hash(frame: pl.DataFrame) -> str:
    """sha256 of a table's columns, types and values in order. Pseudonyms are left out: the key must not matter."""
    kept = frame.select(c for c in frame.columns if not c.startswith("person_"))
    digest = hashlib.sha256(repr(list(kept.schema.items())).encode())
    kept.write_csv(digest_file := _Digest(digest), null_value="\\N")  # type: ignore[call-overload]
    return digest_file.hexdigest()


class _Digest:
    """A file that only hashes what is written to it."""

    def __init__(self, digest: "hashlib._Hash") -> None:
        self._digest = digest

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def hexdigest(self) -> str:
        """The hash of all that was written."""
        return self._digest.hexdigest()


def publish_lake(folder: Path, frames: Mapping[str, pl.DataFrame], digest: str) -> Path:
    """Write published tables to `folder`/lake-<digest>.duckdb unless it is there; `point_to` makes it current."""
    final = folder / f"lake-{digest[:16]}.duckdb"
    if not final.is_file():
        half = Lake(folder / f".{final.name}.part")
        half.path.unlink(missing_ok=True)
        half.write_all(frames)
        half.path.replace(final)
    return final


def point_to(folder: Path, lake: Path, digest: str) -> None:
    """Replace `current.json`, then remove the older lakes nobody holds open."""
    half = folder / f".{CURRENT}.part"
    half.write_text(json.dumps({"lake": lake.name, "content": digest}, indent=1) + "\n", encoding="utf-8")
    half.replace(folder / CURRENT)
    for old in folder.glob("lake-*.duckdb"):
        if old != lake:
            try:
                old.unlink()
            except OSError:  # Windows: a notebook still reads it; the next run removes it
                continue


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(connection.sql(f"SELECT count(*) FROM {name}").fetchall()[0][0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _table(contract: Table) -> str:
    return f"{_quoted(contract.layer)}.{_quoted(contract.name)}"


def _comments(contract: Table, kind: str = "TABLE") -> Iterator[str]:
    yield f"COMMENT ON {kind} {_table(contract)} IS {_literal(contract.description)}"
    for column in contract.columns:
        text = column.description + (f" [{column.unit}]" if column.unit else "")
        yield f"COMMENT ON COLUMN {_table(contract)}.{_quoted(column.name)} IS {_literal(text)}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

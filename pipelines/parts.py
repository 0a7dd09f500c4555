"""Tables too large for memory: Parquet parts, a few per file of the study, in one folder a table.

Belongs here: where parts lie and in what order they are read. Does not belong here: DuckDB (lake.py shows these tables
as views), what a table means (contracts/).
"""

import hashlib
import json
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import polars as pl
import polars.selectors as cs

T = TypeVar("T")
U = TypeVar("U")
_AT_ONCE = 3  # one more than the cores it is tuned for: something is always ready
MOST_REPEATED = 20_000
_COMPRESSION: Literal["uncompressed"] = "uncompressed"  # these folders are rebuilt at will: speed comes first


@dataclass(frozen=True)
class Parts:
    """The parts under `root`: `<root>/<table>/<file number>/<part number>.parquet`.

    Files are numbered as they are first written to, so that a table is read in the order it was written.
    """

    root: Path

    def clear(self, table: str) -> None:
        """Forget a table: what is appended from now on replaces it."""
        shutil.rmtree(self.root / table, ignore_errors=True)
        (self.root / table).mkdir(parents=True)
        self._index(table).write_text("[]", encoding="utf-8")

    def files(self, table: str) -> list[str]:
        """The files of the study that gave rows to `table`, in order."""
        index = self._index(table)
        return json.loads(index.read_text("utf-8")) if index.is_file() else []

    def append(self, table: str, file: str, frame: pl.DataFrame) -> None:
        """Add rows that come from `file` (a relative path of the study) to `table`, which was cleared before."""
        files = self.files(table)
        if file not in files:
            files.append(file)
            self._index(table).write_text(json.dumps(files), encoding="utf-8")
        folder = self.root / table / f"{files.index(file) + 1:05}"
        folder.mkdir(exist_ok=True)
        _write(folder / f"{len(list(folder.iterdir())) + 1:05}.parquet", frame)

    def of_file(self, table: str, file: str) -> Iterator[tuple[Path, pl.DataFrame]]:
        """(path, rows) of each part of one file, in the order they were written; none when nothing was. Texts that
        repeat come as Enum."""
        for path in self._paths_of(table, file):
            yield path, pl.read_parquet(path, hive_partitioning=False)

    def scan_file(self, table: str, file: str) -> pl.LazyFrame | None:
        """The rows of one file, lazily; None when nothing of it was written."""
        paths = self._paths_of(table, file)
        if not paths:
            return None
        # Each part has an Enum of its own.
        parts = (pl.scan_parquet(path, hive_partitioning=False) for path in paths)
        return pl.concat([part.with_columns(cs.enum().cast(pl.String)) for part in parts], how="diagonal")

    def rewrite(self, path: Path, rows: pl.DataFrame) -> None:
        """Write other rows over one part."""
        _write(path, rows)

    def paths(self, table: str) -> list[Path]:
        """Every part of a table, in the order of its rows."""
        return sorted((self.root / table).glob("*/*.parquet"))

    def digest(self, table: str) -> str:
        """sha256 of the bytes of a table's parts."""
        digest = hashlib.sha256()
        for path in self.paths(table):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def _index(self, table: str) -> Path:
        return self.root / table / "files.json"

    def _paths_of(self, table: str, file: str) -> list[Path]:
        files = self.files(table)
        if file not in files:
            return []
        return sorted((self.root / table / f"{files.index(file) + 1:05}").glob("*.parquet"))


def _write(path: Path, rows: pl.DataFrame) -> None:
    compact(rows).write_parquet(path, compression=_COMPRESSION, statistics=False)


def compact(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with texts as positions among those that occur: written in a third of the time, and whoever reads them
    back need not look again which there are."""
    texts = [c for c, dtype in rows.schema.items() if dtype == pl.String]
    return rows.with_columns(repeated(rows[c]).alias(c) for c in texts)


def repeated(texts: pl.Series) -> pl.Series:
    """A column of texts as Enum of those that occur, in order of appearance; as it is when most occur once."""
    # A category of its own per call: positions then count from 0 in order of appearance.
    codes = texts.cast(pl.Categorical(pl.Categories.random())).to_physical()
    first = codes.arg_unique()
    if first.len() > MOST_REPEATED:
        return texts
    return codes.cat.to(pl.Enum(texts.gather(first).drop_nulls()))


def as_texts(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """`rows` with those columns, or all, as texts again: Enum of different parts cannot be compared or put together."""
    return rows.with_columns((pl.col(*columns) if columns else cs.enum()).cast(pl.String))


def ahead(work: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
    """`work` of each item, in order; the next few are worked on meanwhile, never more: memory stays that of a
    few parts. The first exception is raised where its result would have come."""
    waiting: deque[Future[U]] = deque()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > _AT_ONCE:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

"""Tables too large for memory: Parquet parts, a few per file of the study, in one folder a table.

Belongs here: where parts lie and in what order they are read. Does not belong here: DuckDB (lake.py shows these tables
as views), what a table means (contracts/).
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

_COMPRESSION = "lz4"  # these folders are rebuilt at will: speed comes first


@dataclass
class Parts:
    """The parts under `root`: `<root>/<table>/<file number>/<part number>.parquet`.

    Files are numbered as they are first written to, so that a table is read in the order it was written. Writing again
    starts with `clear`.
    """

    root: Path
    _files: dict[str, list[str]] = field(default_factory=dict)

    def clear(self, table: str) -> None:
        """Forget a table: what is appended from now on replaces it."""
        shutil.rmtree(self.root / table, ignore_errors=True)
        (self.root / table).mkdir(parents=True)
        self._files[table] = []

    def append(self, table: str, file: str, frame: pl.DataFrame) -> None:
        """Add rows that come from `file` (a relative path of the study) to `table`."""
        files = self._files[table]
        if file not in files:
            files.append(file)
            (self.root / table / f"{len(files):05}").mkdir()
        folder = self._folder(table, file)
        frame.write_parquet(folder / f"{len(list(folder.iterdir())) + 1:05}.parquet", compression=_COMPRESSION)

    def of_file(self, table: str, file: str) -> Iterator[pl.DataFrame]:
        """The parts of one file, in the order they were written; none when nothing was."""
        if file in self._files.get(table, []):
            for path in sorted(self._folder(table, file).iterdir()):
                yield pl.read_parquet(path, hive_partitioning=False)

    def scan_file(self, table: str, file: str) -> pl.LazyFrame:
        """The rows of one file, lazily. Raises KeyError when nothing of it was written."""
        if file not in self._files.get(table, []):
            raise KeyError(file)
        return pl.scan_parquet(sorted(self._folder(table, file).iterdir()), hive_partitioning=False)

    def replace(self, table: str, file: str, number: int, frame: pl.DataFrame) -> None:
        """Write another frame over the part `number` (from 1) of a file."""
        frame.write_parquet(self._folder(table, file) / f"{number:05}.parquet", compression=_COMPRESSION)

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

    def _folder(self, table: str, file: str) -> Path:
        return self.root / table / f"{self._files[table].index(file) + 1:05}"

"""A study's raw and clean tables, as a run makes them, with those kept in parts read back whole."""

import tempfile
from pathlib import Path

import polars as pl

from pipelines.clean.build import Tables, build_clean, build_raw
from pipelines.clean.registers import Registers
from pipelines.contracts import all_tables
from pipelines.parts import Parts, as_texts
from pipelines.study.load import LoadedStudy


def tables_of(loaded: LoadedStudy, registers: Registers) -> tuple[Tables, Tables]:
    """(raw, clean) with every table of their layer."""
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(Path(folder))
        raw = build_raw(loaded, registers, parts)
        clean = build_clean(loaded, registers, raw.tables, parts)
        for contract in (t for t in all_tables().values() if t.in_parts):
            name = contract.qualified_name
            frames = [as_texts(pl.read_parquet(p, hive_partitioning=False)) for p in parts.paths(name)]
            whole = pl.concat([contract.empty(), *frames], how="diagonal")
            (raw if contract.layer == "raw" else clean).tables[name] = whole
        return raw, clean

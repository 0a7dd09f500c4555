"""Validation in a process of its own.

Great Expectations takes seconds to import: they pass while the pipeline reads the exports, and Data Docs are written
while the page is made. Results come back before anything downstream starts.
"""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from pathlib import Path

from pipelines.contracts.base import Table
from pipelines.quality.validate import RuleResult, great_expectations, validate_tables, write_docs

_DOCS: list[Future[None]] = []


@cache
def _pool() -> ProcessPoolExecutor:
    # Spawned, not forked: polars and DuckDB hold threads.
    return ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))


def warm_up() -> None:
    """Start the process and its imports; returns at once."""
    _pool().submit(great_expectations)


def validate(lake: Path, contracts: Sequence[Table], docs: Path | None = None) -> list[RuleResult]:
    """One result per kind of rule of each contract (all of one layer), in the order given.

    `docs`: folder the Data Docs are written to by `close`. Raises RuntimeError when Great Expectations could not
    evaluate a rule: that is no result.
    """
    return _pool().submit(validate_tables, lake, tuple(contracts), docs).result()


def close() -> None:
    """Nothing more to validate: the process writes the Data Docs, then ends by itself. `finish` waits for it."""
    _DOCS.append(_pool().submit(write_docs))
    _pool().shutdown(wait=False)
    _pool.cache_clear()


def finish() -> None:
    """Wait for the Data Docs; raises what went wrong with them."""
    while _DOCS:
        _DOCS.pop(0).result()

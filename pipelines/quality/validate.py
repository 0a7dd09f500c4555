"""Validates the tables of one layer of a lake and writes its Data Docs."""

import logging
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pipelines.contracts.base import Table
from pipelines.quality.suites import expectations, kinds_of

# Counts only: no value of a failing row is fetched, printed or stored.
_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class RuleResult:
    """What became of one kind of rule on one table. `failures`: (column or rule, rows or groups that break it)."""

    table: str
    kind: str
    blocking: bool
    failures: tuple[tuple[str, int], ...]

    @property
    def passed(self) -> bool:
        """No row breaks the rule."""
        return not self.failures


_CONTEXTS: list[Any] = []  # validated, Data Docs still to write


def validate_tables(lake: Path, contracts: Sequence[Table], docs: Path | None) -> list[RuleResult]:
    """What `worker.validate` runs in its process; `write_docs` then writes the Data Docs to `docs`."""
    (layer,) = {c.layer for c in contracts}
    gx = great_expectations()
    from pipelines.quality.engine import DuckDBDatasource

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    if docs is not None:
        context.add_data_docs_site("restricted", {
            "class_name": "SiteBuilder", "show_how_to_buttons": False,
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        })  # fmt: skip
    source = context.data_sources.add_duckdb_lake(name=layer, connection_string=f"duckdb:///{lake}", layer=layer)
    assert isinstance(source, DuckDBDatasource)
    try:
        results = [r for contract in contracts for r in _validate_table(gx, context, source, contract)]
    finally:
        source.close()
    if docs is not None:
        _CONTEXTS.append(context)
    return results


def write_docs() -> None:
    """Write the Data Docs of what was validated: restricted, as they carry clock times."""
    while _CONTEXTS:
        _CONTEXTS.pop().build_data_docs(site_names=["restricted"])


def _validate_table(gx: ModuleType, context: Any, source: Any, contract: Table) -> list[RuleResult]:
    name = contract.qualified_name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a DuckDB file has no schema in its address
        asset = source.add_table_asset(name=name, table_name=contract.name, schema_name=contract.layer)
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations(contract)))
    definition = gx.ValidationDefinition(name=name, data=asset.add_batch_definition_whole_table("all"), suite=suite)
    run = context.validation_definitions.add(definition).run(result_format=_RESULT_FORMAT)
    failures: dict[str, list[tuple[str, int]]] = {kind: [] for kind in kinds_of(contract)}
    for result in run.results:
        config = result.expectation_config
        if any(i.get("raised_exception") for i in _exceptions(result.exception_info)):
            raise RuntimeError(f"{name}: {config.type} on {config.kwargs.get('column')} could not be evaluated")
        if not result.success and config.meta["kind"] == "not_null":
            failures["not_null"] += _empty_columns(source, contract, config.kwargs["unexpected_rows_query"])
        elif not result.success:
            what = config.kwargs.get("column") or config.description or config.type
            # A column missing from the table has no count of rows: it counts for one.
            rows = result.result.get("unexpected_count") or result.result.get("observed_value")
            failures[config.meta["kind"]].append((what, rows if isinstance(rows, int) else 1))
    blocking = contract.severity == "blocking"
    return [RuleResult(name, kind, blocking, tuple(found)) for kind, found in failures.items()]


def _empty_columns(source: Any, contract: Table, query: str) -> list[tuple[str, int]]:
    """(column, rows) of the failed query: names of columns and counts, no value."""
    import sqlalchemy

    asked = query.replace("{batch}", f'"{contract.layer}"."{contract.name}"')
    found = source.get_execution_engine().execute_query(sqlalchemy.text(asked)).fetchall()
    return [(str(column), int(rows)) for column, rows in found]


def _exceptions(info: dict[str, Any]) -> list[dict[str, Any]]:
    return [info] if "raised_exception" in info else [i for i in info.values() if isinstance(i, dict)]


def great_expectations() -> ModuleType:
    """The library, imported late (seconds), silent, without the grammar that only URI formats need."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
    return gx

"""Clean tables -> model tables, one SELECT each."""

import importlib.resources
import re
from collections.abc import Iterator

import dagster as dg

from pipelines.contracts import all_tables
from pipelines.contracts.base import Table
from pipelines.defs.resources import StudyResource, plural, say, spec_of, store

TABLES = [t for t in all_tables().values() if t.layer == "model"]


def _read_by(name: str) -> list[str]:
    """The clean tables a query reads."""
    query = importlib.resources.files("pipelines.sql").joinpath(f"{name}.sql").read_text("utf-8")
    return sorted(set(re.findall(r"\bclean\.\w+", query)))


def _asset(contract: Table) -> dg.AssetsDefinition:
    @dg.multi_asset(name=contract.name, specs=[spec_of(contract, _read_by(contract.name), kinds={"duckdb", "sql"})])
    def build(study: StudyResource) -> Iterator[dg.MaterializeResult]:
        frame = study.lake.run_sql(contract.name)
        yield from store(study, {contract.qualified_name: frame})
        say(f"Modelled   {contract.name}: {plural(frame.height, 'row')}")

    return build


@dg.definitions
def defs() -> dg.Definitions:
    """One asset per query of pipelines/sql."""
    return dg.Definitions(assets=[_asset(t) for t in TABLES])

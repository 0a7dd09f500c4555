"""Contracts: consistent among themselves, and no table joins the two domains of pseudonyms."""

import ast
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

import pipelines
from pipelines.contracts import all_tables, table
from pipelines.contracts.base import DUCKDB_TYPES


def test_references_and_keys_point_to_existing_columns():
    tables = all_tables()
    for contract in tables.values():
        names = [c.name for c in contract.columns]
        assert len(names) == len(set(names)), contract.qualified_name
        assert set(contract.key) | set(contract.order_by) <= set(names), contract.qualified_name
        for column in contract.columns:
            assert column.dtype in DUCKDB_TYPES
            if column.references:
                target, _, name = column.references.rpartition(".")
                assert name in [c.name for c in tables[target].columns]


def test_no_table_holds_both_pseudonyms():
    for contract in all_tables().values():
        assert not {"person_time", "person_survey"} <= set(contract.polars_schema)


HOUSE = Path(pipelines.__file__).parent
TIME = {"person_time", "people_time", "time_identities"}
SURVEY = {"person_survey", "people_survey", "survey_identities"}
# The only functions that name both: each handles one after the other, and joins no person.
NAME_BOTH = {
    "indicators/calibration.py: compute": "compares means of team x process; counts people of each on their own",
    "indicators/power.py: _spreads": "spreads of each domain, one list after the other",
    "clean/registers.py: read_registers": "reads one register after the other",
    "indicators/participation.py: _people": "counts agents of each on their own",
    "study/models.py: _consistent": "names two settings of the study file",
}


def _named(node: ast.AST) -> set[str]:
    """Names, attributes, arguments and texts (of a qualified name its last part) in a function."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.add(part.value.rpartition(".")[2])
        found |= {value for field in ("id", "attr", "arg") if isinstance(value := getattr(part, field, None), str)}
    return found


def test_no_function_and_no_query_holds_people_of_both_domains():
    both = set()
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                named = _named(node)
                if named & TIME and named & SURVEY:
                    both.add(f"{path.relative_to(HOUSE).as_posix()}: {getattr(node, 'name', 'lambda')}")
    assert both == set(NAME_BOTH)
    for path in (HOUSE / "sql").glob("*.sql"):
        text = path.read_text(encoding="utf-8")
        assert not (any(n in text for n in TIME) and any(n in text for n in SURVEY)), path.name


def test_no_published_table_holds_a_person():
    for contract in all_tables().values():
        if contract.layer in ("indicators", "published"):
            assert not {"person_time", "person_survey"} & set(contract.polars_schema)


def test_rows_are_never_ordered_by_a_pseudonym():
    for contract in all_tables().values():
        assert not {"person_time", "person_survey"} & set(contract.order_by), contract.qualified_name


def test_conform_orders_casts_and_refuses_the_unexpected():
    tools = table("clean.processes")
    frame = pl.DataFrame({"process": ["b", "a"], "label": ["B", "A"], "family": ["f", "f"], "witness": [False, True]})
    assert tools.conform(frame)["process"].to_list() == ["a", "b"]
    with pytest.raises(ValueError, match="unexpected columns"):
        tools.conform(frame.with_columns(pl.lit(1).alias("surprise")))
    with pytest.raises(ValueError, match="missing columns"):
        tools.conform(frame.drop("witness"))


def test_rows_in_order_stay_and_one_out_of_order_is_seen_whichever_column_tells():
    contract = replace(table("clean.processes"), order_by=("family", "process"))
    rows = [("a", "A", "f", False), ("b", "B", "f", True), ("a", "A", "g", False), ("b", "C", "g", False)]
    frame = pl.DataFrame(rows, schema=contract.polars_schema, orient="row")
    nulls = frame.with_columns(pl.when(pl.col("label") != "C").then("process").alias("process"))
    for order in permutations(range(4)):
        assert contract.conform(frame[list(order)]).rows() == rows
        assert contract.conform(nulls[list(order)])["process"].to_list() == ["a", "b", "a", None]
    assert contract.conform(frame.clear()).is_empty() and contract.conform(frame[:1]).rows() == rows[:1]

"""Contracts: consistent among themselves, and no table joins the two domains of pseudonyms."""

from dataclasses import replace
from itertools import permutations

import polars as pl
import pytest

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

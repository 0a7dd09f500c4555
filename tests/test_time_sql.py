"""The queries of the time side on a few literal rows, in memory."""

import importlib.resources
import math
from collections.abc import Callable
from datetime import date, timedelta

import duckdb
import polars as pl
import pytest

from pipelines.contracts import table

Query = Callable[..., pl.DataFrame]
MONDAY = date(2026, 3, 2)


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def clean(name: str, *rows: dict[str, object], **common: object) -> pl.DataFrame:
    """A clean table from the columns that matter; the others are null (no constraint in memory)."""
    contract = table(f"clean.{name}")
    return pl.DataFrame([{**common, **row} for row in rows], schema=contract.polars_schema)


@pytest.fixture
def query() -> Query:
    def run(name: str, **tables: pl.DataFrame) -> pl.DataFrame:
        con = duckdb.connect()
        con.execute("CREATE SCHEMA clean")
        for read in ("time_entries", "processes", "deployments", "presence", "overheads", "training"):
            con.register("given", tables.get(read, table(f"clean.{read}").empty()).to_arrow())
            con.execute(f"CREATE TABLE clean.{read} AS SELECT * FROM given")
            con.unregister("given")
        sql = importlib.resources.files("pipelines.sql").joinpath(f"{name}.sql").read_text("utf-8")
        return table(f"model.{name}").conform(con.sql(sql).pl())

    return run


PROCESSES = clean(
    "processes", {"process": "mail", "witness": False}, {"process": "notes", "witness": False},
    {"process": "filing", "witness": True}, label="x", family="x",
)  # fmt: skip
DEPLOYMENTS = clean(
    "deployments",
    {"team": "t1", "process": "mail", "tool": "a", "go_live": week(2)},
    {"team": "t1", "process": "mail", "tool": "b", "go_live": week(6)},
    {"team": "t2", "process": "mail", "tool": "a", "go_live": week(4), "end_date": week(8)},
)


def entry(number: int, **values: object) -> dict[str, object]:
    base = {"entry_id": f"e{number}", "person_time": "p1", "team": "t1", "process": "mail", "week": week(0),
            "occurrences": 1, "minutes": 10.0, "new_task": False}  # fmt: skip
    return {**base, **values}


def time_cells(query: Query, *entries: dict[str, object]) -> pl.DataFrame:
    lines = clean("time_entries", *entries)
    return query("time_cells", time_entries=lines, processes=PROCESSES, deployments=DEPLOYMENTS)


def test_a_cell_sums_its_lines(query: Query):
    found = time_cells(
        query,
        entry(1, minutes=30.0, occurrences=3, prompt_minutes=1.5, items=10, errors=2, severity=3),
        entry(2, minutes=20.01, items=5, severity=1),  # items without errors: out of the error indicator
        entry(3, minutes=8.0, prompt_minutes=2.0, items=4, errors=0, severity=3),
        entry(4, minutes=99.0, new_task=True),
        entry(5, minutes=5.0, items=0, errors=0),
    )
    assert found.height == 1
    cell = found.row(0, named=True)
    assert (cell["n_entries"], cell["occurrences"], cell["minutes"]) == (4, 6, 63.01)
    log_minutes = 3 * math.log(10) + math.log(20.01) + math.log(8) + math.log(5)
    assert cell["log_minutes"] == pytest.approx(log_minutes, abs=1e-9)
    assert (cell["prompt_minutes"], cell["verification_minutes"], cell["failed_minutes"]) == (3.5, None, None)
    assert (cell["items"], cell["errors"], cell["severe_errors"], cell["n_entries_without_items"]) == (14, 2, 2, 2)
    assert (cell["month"], cell["tool"], cell["deployed_tool"]) == (date(2026, 3, 1), None, None)


def test_tool_used_and_person_make_cells_apart(query: Query):
    found = time_cells(query, entry(1), entry(2, tool="a"), entry(3, person_time="p2"), entry(4, process="filing"))
    assert found.height == 4
    assert found.filter(pl.col("process") == "filing")["witness"].to_list() == [True]


def test_month_is_that_of_the_monday(query: Query):
    found = time_cells(query, entry(1, week=date(2026, 3, 30)), entry(2, week=date(2026, 4, 6)))
    assert found["month"].to_list() == [date(2026, 3, 1), date(2026, 4, 1)]


def test_phases_and_the_tool_deployed(query: Query):
    weeks = [1, 2, 4, 5, 6]
    found = time_cells(query, *(entry(i, week=week(i)) for i in weeks)).sort("week")
    assert found["treated"].to_list() == [False, True, True, True, True]
    assert found["phase"].to_list() == ["avant", "apprentissage", "apprentissage", "regime", "regime"]
    assert found["deployed_tool"].to_list() == [None, "a", "a", "a", "plusieurs"]


def test_never_deployed_is_never_treated(query: Query):
    found = time_cells(query, entry(1, process="notes", week=week(9)), entry(2, process="filing", week=week(9)))
    assert found["treated"].to_list() == [False, False]
    assert found["phase"].to_list() == ["avant", "avant"]


def test_a_deployment_that_ended_keeps_its_cells(query: Query):
    found = time_cells(query, *(entry(i, team="t2", week=week(i)) for i in (3, 4, 8, 9))).sort("week")
    assert found["treated"].to_list() == [False, True, True, True]
    assert found["deployed_tool"].to_list() == [None, "a", "a", "a"]


def test_sums_do_not_depend_on_the_order_of_lines(query: Query):
    lines = [entry(i, minutes=round(0.01 + 7.77 * i, 2), occurrences=1 + i % 3) for i in range(200)]
    assert time_cells(query, *lines).equals(time_cells(query, *lines[::-1]))


def test_agent_weeks(query: Query):
    presence = clean(
        "presence",
        {"person_time": "p1", "team": "t1", "week": week(1), "logged": True, "worked_hours": 35.0},
        {"person_time": "p1", "team": "t1", "week": week(2), "logged": False},
        {"person_time": "p3", "team": "t3", "week": week(9), "logged": True},
    )
    found = query("agent_weeks", presence=presence, deployments=DEPLOYMENTS)
    assert found.select("person_time", "logged", "worked_hours", "treated").rows() == [
        ("p1", True, 35.0, False), ("p1", False, None, True), ("p3", True, None, False),
    ]  # fmt: skip


def test_overhead_cells(query: Query):
    overheads = clean(
        "overheads",
        {"tool": "a", "week": week(2), "kind": "support", "minutes": 10.1},
        {"tool": "a", "week": week(2), "kind": "support", "minutes": 0.2},
        {"tool": None, "week": week(1), "kind": "measurement", "minutes": 5.0},
        person_time="p1", team="t1",
    )  # fmt: skip
    training = clean(
        "training",
        {"session": "s1", "week": week(1), "minutes": 60.0, "attended": True},
        {"session": "s2", "week": week(1), "minutes": 30.0, "attended": True},
        {"session": "s3", "week": week(1), "minutes": 90.0, "attended": False},
        person_time="p1", team="t1", tool="a",
    )  # fmt: skip
    found = query("overhead_cells", overheads=overheads, training=training, deployments=DEPLOYMENTS)
    assert found.select("week", "kind", "tool", "treated", "minutes").rows() == [
        (week(1), "measurement", None, False, 5.0), (week(1), "training", "a", False, 90.0),
        (week(2), "support", "a", True, 10.3),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["time_cells", "agent_weeks", "overhead_cells"])
def test_a_study_without_time_data_has_empty_tables(query: Query, name: str):
    assert query(name).is_empty()

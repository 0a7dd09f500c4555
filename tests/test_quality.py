"""Contracts become expectations that DuckDB evaluates, and every kind of broken rule is found."""

from pathlib import Path

import polars as pl

from pipelines.contracts import all_tables, table
from pipelines.lake import Lake
from pipelines.quality import RuleResult, close, finish, validate
from pipelines.quality.suites import kinds_of

TEAMS = pl.DataFrame({"team": ["a"], "label": ["A"], "service": ["s"], "family": ["f"], "headcount": [5]})


def _entries(**changes: list[object]) -> pl.DataFrame:
    good = {
        "person_time": ["p", "p"], "team": ["a", "a"], "process": ["courriels"] * 2,
        "date": ["2026-02-02"] * 2, "week": ["2026-02-02"] * 2, "occurrences": [1, 1], "minutes": [5.0, 6.0],
        "new_task": [False, False], "source": ["s", "s"], "source_file": ["f", "f"], "source_row": [2, 3],
    }  # fmt: skip
    return pl.DataFrame(good | changes).with_columns(pl.col("date", "week").str.to_date())


def _results(tmp_path: Path, entries: pl.DataFrame, docs: Path | None = None) -> dict[str, RuleResult]:
    lake = Lake(tmp_path / "lake.duckdb")
    processes = pl.DataFrame({"process": ["courriels"], "label": ["C"], "family": ["f"], "witness": [False]})
    tools = table("clean.tools").empty()
    lake.write_all({"clean.teams": TEAMS, "clean.processes": processes, "clean.tools": tools,
                    "clean.time_entries": entries})  # fmt: skip
    found = validate(lake.path, [table("clean.time_entries")], docs)
    lake.write(table("clean.teams"), TEAMS)  # the file is free again
    close()
    finish()
    return {r.kind: r for r in found}


def test_a_table_that_keeps_its_promises_passes(tmp_path: Path):
    results = _results(tmp_path, _entries(), tmp_path / "docs")
    assert set(results) == set(kinds_of(table("clean.time_entries")))
    assert all(r.passed and r.blocking for r in results.values())
    assert (tmp_path / "docs" / "index.html").is_file()


def test_each_kind_of_broken_rule_is_found_with_its_column_and_count(tmp_path: Path):
    broken = _entries(source_row=[2, 2], minutes=[0.0, 2000.0], team=["a", "zz"], new_task=[False, None])
    results = _results(tmp_path, broken)
    assert {k for k, r in results.items() if not r.passed} == {"not_null", "range", "key", "references"}
    assert results["not_null"].failures == (("new_task", 1),)
    assert results["range"].failures == (("minutes", 2),)
    assert results["references"].failures == (("team exists in clean.teams.team", 1),)
    assert results["key"].failures == (("source, source_file, source_row: unique", 1),)


def test_no_value_of_a_row_reaches_the_data_docs(tmp_path: Path):
    _results(tmp_path, _entries(team=["secretteam", "a"], minutes=[4321.5, 1.0]), tmp_path / "docs")
    pages = "".join(p.read_text("utf-8") for p in (tmp_path / "docs").rglob("*.html"))
    assert "minutes" in pages
    assert "secretteam" not in pages and "4321" not in pages


def test_every_contract_holds_rules():
    assert all("columns" in kinds_of(t) for t in all_tables().values())

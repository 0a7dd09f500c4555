"""Entries of one person that overlap, worked out by hand."""

from datetime import datetime

import polars as pl

from pipelines.clean.overlaps import overlapping


def rows_of(*entries: tuple[str | None, int | None, int | None]) -> pl.DataFrame:
    """Entries (person, start, end) in minutes of one morning, numbered from 1."""
    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else datetime(2026, 2, 3, 8 + minutes // 60, minutes % 60)

    return pl.DataFrame(
        [("f.csv", i, person, at(start), at(end)) for i, (person, start, end) in enumerate(entries, 1)],
        schema={"source_file": pl.String, "source_row": pl.Int64, "person_time": pl.String,
                "started_at": pl.Datetime("us"), "ended_at": pl.Datetime("us")}, orient="row",
    )  # fmt: skip


def found(*entries: tuple[str | None, int | None, int | None]) -> list[int]:
    return sorted(overlapping(rows_of(*entries))["source_row"])


def test_both_of_two_that_overlap():
    assert found(("a", 0, 30), ("a", 20, 40)) == [1, 2]
    assert found(("a", 20, 40), ("a", 0, 30)) == [1, 2]
    assert found(("a", 0, 30), ("a", 0, 30)) == [1, 2]


def test_touching_is_not_overlapping_and_people_do_not_meet():
    assert found(("a", 0, 30), ("a", 30, 40), ("b", 0, 40)) == []


def test_a_long_entry_over_several_that_touch():
    # 1 covers 2 and 4; 3 begins when 1 ends.
    assert found(("a", 0, 60), ("a", 10, 20), ("a", 60, 70), ("a", 20, 30)) == [1, 2, 4]


def test_an_entry_between_two_others_inside_a_long_one():
    # 4 overlaps the long one only, long after the one just before it ended.
    assert found(("a", 0, 100), ("a", 5, 6), ("b", 0, 5), ("a", 50, 51)) == [1, 2, 4]


def test_rows_that_overlap_nothing():
    assert found((None, 0, 30), (None, 0, 30), ("a", 0, None), ("a", None, 10), ("a", 5, 5), ("a", 9, 4)) == []
    assert overlapping(rows_of()).columns == ["source_file", "source_row"]

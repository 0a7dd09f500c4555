"""Re-exports: replaced, extended, contradicted, cut short, renamed; the same whatever the order and names of files."""

from datetime import date

import polars as pl
import pytest

from pipelines.clean.repeats import FOUND, ROWS, Repeats, find_repeats

DAYS = {"m": date(2026, 3, 2), "t": date(2026, 3, 3), "w": date(2026, 3, 4), "j": date(2026, 3, 5)}


def rows(source: str = "s", **files: str) -> pl.DataFrame:
    """Rows written `day person key value`, for instance `mA1x`: on lines 2, 3... of each file."""
    found = []
    for file, lines in files.items():
        for line, word in enumerate(lines.split(), start=2):
            day, person, key, value = word
            identity = ord(day) * 65_536 + ord(person) * 256 + ord(key)
            found.append((source, file, line, identity * 256 + ord(value), identity, person, DAYS[day]))
    return pl.DataFrame(found, schema=ROWS, orient="row")


def found(repeats: Repeats) -> list[tuple[object, ...]]:
    assert dict(repeats.found.schema) == FOUND
    assert repeats.found.select("source_file", "source_row").is_unique().all()
    return repeats.found.rows()


TRACKER = {
    "the same line twice in one file": ({"a": "mA1x mA1x"}, [("a", 3, "duplicate_row")]),
    "the same file under another name": (
        {"a": "mA1x tA1x", "b": "mA1x tA1x"}, [("a", 2, "reexported_row"), ("a", 3, "reexported_row")]),
    "a later export extends": ({"march": "mA1x tA1x", "april": "tA1x wA1x"}, [("march", 3, "reexported_row")]),
    "a later export changes a row": ({"old": "mA1x", "new": "mA1y tA1x"}, [("old", 2, "superseded_row")]),
    "a later export no longer has a row": ({"old": "mA1x tA1x", "new": "mA1x wA1x"},
        [("old", 2, "reexported_row"), ("old", 3, "vanished_row")]),
    "a shorter export deletes nothing before its first day": ({"old": "mA1x tA1x", "new": "tA1x wA1x"},
        [("old", 3, "reexported_row")]),
    "nor of people it does not hold": ({"old": "mA1x mB1x", "new": "mA1x wA1x"}, [("old", 2, "reexported_row")]),
    "a row that two older exports hold and the latest does not counts once": (
        {"a": "mA1x mA2x", "b": "mA1x mA2x tA1x", "c": "mA1x tA1x wA1x"},
        [("a", 2, "reexported_row"), ("a", 3, "reexported_row"), ("b", 2, "reexported_row"), ("b", 3, "vanished_row"),
         ("b", 4, "reexported_row")]),
    "two timers of one moment, one of them changed": ({"old": "mA1x mA1y", "new": "mA1x mA1z tA1x"},
        [("old", 2, "reexported_row"), ("old", 3, "superseded_row")]),
    "two timers of one moment, one of them gone": ({"old": "mA1x mA1y", "new": "mA1x tA1x"},
        [("old", 2, "reexported_row"), ("old", 3, "vanished_row")]),
}  # fmt: skip


@pytest.mark.parametrize("case", TRACKER)
def test_exports_of_a_tracker(case: str):
    files, expected = TRACKER[case]
    repeats = find_repeats(rows(**files), equal_lines_differ=False)
    assert found(repeats) == sorted(expected) and not repeats.problems


def test_the_order_in_which_files_come_changes_nothing():
    files, _ = TRACKER["a row that two older exports hold and the latest does not counts once"]
    once = find_repeats(rows(**files), equal_lines_differ=False).found
    other = find_repeats(rows(**dict(reversed(files.items()))), equal_lines_differ=False).found
    assert once.equals(other)


def test_two_exports_that_contradict_each_other_are_told_when_nothing_says_which_is_later():
    repeats = find_repeats(rows(a="mA1x tA1x", b="mA1y tA1x"), equal_lines_differ=False)
    (problem,) = repeats.problems
    assert (problem.rule, problem.file, problem.line) == ("contradicting_exports", "a", 2)
    assert "b" in problem.message and "Remove the older" in problem.action


def test_another_source_of_the_same_tracker_is_no_version_of_this_one():
    both = pl.concat([rows(source="one", a="mA1x tA1x"), rows(source="two", b="mA1x tA1y wA1x")])
    repeats = find_repeats(both, equal_lines_differ=False)
    assert found(repeats) == [("a", 2, "duplicate_row")]


def test_equal_lines_of_a_sheet_are_work_and_a_sheet_sent_again_is_known_by_what_it_shares():
    sent_again = rows(a="mA1x mA1x tA1x wA1x", b="mA1x mA1x tA1y jA1x")
    assert found(find_repeats(sent_again, equal_lines_differ=True)) == [
        ("a", 2, "reexported_row"), ("a", 3, "reexported_row"), ("a", 4, "superseded_row"), ("a", 5, "vanished_row"),
    ]  # fmt: skip
    # One line in common out of four: two sheets, one line copied from the other by mistake.
    by_chance = rows(a="mA1x tA1x wA1x jA1x", b="mA1x tA1y wA1y jA1y")
    assert found(find_repeats(by_chance, equal_lines_differ=True)) == [("a", 2, "duplicate_row")]


def test_nothing_read_nothing_repeated():
    assert found(find_repeats(pl.DataFrame(schema=ROWS), equal_lines_differ=True)) == []

"""Exports of one survey: extended, completed, corrected, cut short, under another name, as codes then as labels."""

from pipelines.clean.responses import ResponseTables
from tests.test_responses import build, rules

OLD, NEW = {"source_file": "a.csv"}, {"source_file": "b.csv"}
NEXT_DAY = {"submitdate": "2026-02-04 09:00:00"}


def kept(built: ResponseTables) -> list[tuple[object, ...]]:
    return built.responses.sort("source_row").select("source_file", "source_row", "value_number").rows()


def test_a_later_export_extends_completes_and_corrects():
    built = build(
        {**OLD, "id": "1", "BE1": "5"},
        {**OLD, "id": "2", "BE1": "4", "person_survey": "bob", "submitdate": ""},  # left unfinished
        {**NEW, "id": "1", "BE1": "Tout le temps"},
        {**NEW, "id": "2", "BE1": "3", "person_survey": "bob", **NEXT_DAY},
    )
    assert [(r[0], r[1]) for r in rules(built)] == [(2, "reexported_row"), (3, "superseded_row")]
    assert kept(built) == [("b.csv", 4, 5.0), ("b.csv", 5, 3.0)]


def test_a_shorter_export_deletes_nothing_and_says_so():
    built = build(
        {**OLD, "id": "1", "BE1": "5"}, {**OLD, "id": "2", "BE1": "4", "person_survey": "bob"},
        {**NEW, "id": "1", "BE1": "5"}, {**NEW, "id": "9", "BE1": "1", "person_survey": "eve", **NEXT_DAY},
    )  # fmt: skip
    assert built.flagged.select("source_file", "source_row", "rule").rows() == [("a.csv", 3, "vanished_row")]
    assert kept(built) == [("a.csv", 3, 4.0), ("b.csv", 4, 5.0), ("b.csv", 5, 1.0)]


def test_the_same_file_under_another_name_counts_once_with_and_without_numbers():
    for number in ({"id": "1"}, {}):
        built = build({**OLD, **number, "BE1": "5"}, {**NEW, **number, "BE1": "5"})
        assert [r[1] for r in rules(built)] == ["reexported_row"] and built.responses.height == 1
        assert built.accepted["rows"].sum() == 1


def test_two_exports_that_differ_and_nothing_says_which_is_later():
    built = build({**OLD, "id": "1", "BE1": "5"}, {**NEW, "id": "1", "BE1": "4"})
    (problem,) = [p for p in built.problems if p.rule == "contradicting_exports"]
    assert {problem.file, *(w for w in ("a.csv", "b.csv") if w in problem.message)} == {"a.csv", "b.csv"}


def test_a_number_met_twice_in_one_file_is_one_response_and_the_order_of_files_changes_nothing():
    built = build({"source": "t1", "id": "1", "BE1": "5", "submitdate": None, "person_survey": None},
                  {"source": "t1", "id": "1", "BE1": "5", "submitdate": None, "person_survey": None})  # fmt: skip
    assert [r[:2] for r in rules(built)] == [(3, "duplicate_row")]
    first = [{**OLD, "id": "1", "BE1": "5"}, {**OLD, "id": "2", "BE1": "4", "person_survey": "bob"}]
    later = [{**NEW, "id": "1", "BE1": "2"}, {**NEW, "id": "2", "BE1": "4", "person_survey": "bob", **NEXT_DAY}]
    values = [build(*rows).responses["value_number"].sort() for rows in ([*first, *later], [*later, *first])]
    assert values[0].equals(values[1]) and values[0].to_list() == [2.0, 4.0]


def test_a_row_refused_in_every_export_is_set_aside_once():
    nobody = {"id": "7", "BE1": "5", "person_survey": None, "code_given": "false", "link": "none"}
    built = build({**OLD, **nobody}, {**NEW, **nobody}, {**NEW, "id": "8", "BE1": "1", **NEXT_DAY})
    assert [(r[0], r[1]) for r in rules(built)] == [(2, "reexported_row"), (3, "no_code")]

"""Problems: one per fault, the worst first, what only follows from another one left out."""

from collections.abc import Sequence

import polars as pl
import pytest

from pipelines.clean.problems import all_problems, row_problems
from pipelines.contracts import table
from pipelines.contracts.rules import FILE_RULES, LEVELS, RULES, Problem
from pipelines.study.models import Study
from pipelines.wording.problems import HEADINGS, problem_lines, verdict

SCHEMA = table("raw.rejected").polars_schema
NOTHING = pl.DataFrame(schema=SCHEMA)
NO_FLAG = table("clean.flagged").empty()


def study(**quarantine: int) -> Study:
    return Study.model_validate({
        "study": "essai", "title": "t", "organisation": "o", "quarantine": quarantine,
        "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
    })  # fmt: skip


def rows(*lines: tuple[str, str, int, str, str | None]) -> pl.DataFrame:
    """(source, file, line, rule, column) as rows set aside."""
    return pl.DataFrame([(*line, "set_aside") for line in lines], schema=SCHEMA, orient="row")


def all_of(
    found: Sequence[Problem] = (), *, registers: pl.DataFrame = NOTHING, time: pl.DataFrame = NOTHING,
    responses: pl.DataFrame = NOTHING, flagged: pl.DataFrame = NO_FLAG, **quarantine: int,
) -> list[Problem]:  # fmt: skip
    rejected = {"registers": registers, "time": time, "responses": responses}
    return all_problems(found, rejected, flagged, study(**quarantine))


ZERO = rows(("k", "a.csv", 7, "zero_duration", "Duration"), ("k", "a.csv", 3, "zero_duration", "Duration"),
            ("t", "b.csv", 9, "zero_duration", None))  # fmt: skip


def test_rows_of_one_rule_are_one_problem_with_every_place():
    (problem,) = row_problems(ZERO, study(zero_duration=2))
    assert problem.where == "a.csv, lines 3, 7, column 'Duration'; b.csv, line 9"
    assert problem.message == "The duration is zero or negative (3 rows, 2 accepted in study.yaml)."
    assert problem.action.endswith("Or go on without them: `quarantine: {zero_duration: 3}` in study.yaml.")
    assert (problem.level, problem.stops, problem.rows) == ("beyond", True, 3)
    (accepted,) = row_problems(ZERO, study(zero_duration=3))
    assert (accepted.level, accepted.stops) == ("within", False) and "quarantine" not in accepted.action


def test_a_rule_that_needs_no_consent_stops_nothing():
    (problem,) = row_problems(rows(("k", "a.csv", 7, "reexported_row", None)), study())
    assert problem.level == "within"


def test_of_many_places_the_first_are_shown():
    many = rows(*(("k", f"{f}.csv", line, "zero_duration", None) for f in "abcdefg" for line in range(2, 9)))
    (problem,) = row_problems(many, study())
    assert problem.where.startswith("a.csv, lines 2, 3, 4, 5, 6 and 2 more; b.csv") and problem.rows == 49
    assert problem.where.endswith("e.csv, lines 2, 3, 4, 5, 6 and 2 more; and 2 more files")


def test_a_message_has_an_end_whatever_it_quotes():
    told = Problem("unmapped_tool", "f.csv", "x" * 100_000, "Write one of " + "code, " * 50_000)
    assert len(str(told)) < 1500 and told.message.endswith("...") and told.action.startswith("Write one of code")


def test_the_worst_comes_first():
    given = ("unmapped_label", "empty_wave", "unmapped_process", "missing_file")
    found = [Problem(rule, "f.csv", "m", "a") for rule in given]
    exports = rows(("k", "a.csv", 2, "bad_date", None), ("k", "a.csv", 3, "no_code", None),
                   ("k", "a.csv", 4, "no_code", None), ("k", "a.csv", 5, "zero_duration", None))  # fmt: skip
    flagged = pl.DataFrame([("k", "a.csv", 9, "overlap")], schema=NO_FLAG.schema, orient="row")
    told = all_of(found, time=exports, flagged=flagged, zero_duration=1)
    assert [p.rule for p in told] == ["missing_file", "empty_wave", "unmapped_process", "unmapped_label", "no_code",
                                      "bad_date", "zero_duration", "overlap"]  # fmt: skip
    assert [p.level for p in told] == ["file"] * 2 + ["label"] * 2 + ["beyond"] * 2 + ["within", "flag"]
    assert set(HEADINGS) == set(LEVELS)


# rows of registers, of time, of responses -> the rules told
LOST = {
    "a team lost in its register": (
        rows(("teams", "teams.csv", 2, "bad_number", "headcount"), ("people_time", "p.csv", 2, "unknown_team", "team"),
             ("people_time", "p.csv", 3, "unknown_team", "team")),
        rows(("k", "a.csv", 2, "unknown_person", None), ("k", "a.csv", 3, "bad_date", None)),
        rows(("q", "t0.csv", 2, "unknown_team", "Team")),
        ["bad_date", "bad_number"]),
    "a person lost in the register": (
        rows(("people_survey", "codes.csv", 4, "bad_value", "role")),
        rows(("k", "a.csv", 2, "unknown_person", None)),
        rows(("q", "t0.csv", 2, "unknown_person", None), ("q", "t0.csv", 3, "no_code", None)),
        ["bad_value", "no_code", "unknown_person"]),
    "a tool lost in its register": (
        rows(("tools", "tools.csv", 2, "bad_value", "hosting"), ("deployments", "d.csv", 2, "unknown_code", "tool")),
        rows(), rows(),
        ["bad_value"]),
    "nobody lost": (
        rows(("deployments", "d.csv", 2, "unknown_code", "tool")),
        rows(("k", "a.csv", 2, "unknown_person", None)), rows(),
        ["unknown_code", "unknown_person"]),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST)
def test_what_a_lost_row_makes_unknown_is_not_told_until_it_is_back(case: str):
    registers, time, responses, expected = LOST[case]
    assert [p.rule for p in all_of(registers=registers, time=time, responses=responses)] == expected


def test_a_row_lost_as_the_study_accepts_hides_nothing():
    registers, time, responses, _ = LOST["a person lost in the register"]
    told = all_of(registers=registers, time=time, responses=responses, bad_value=1)
    assert [(p.rule, p.level, p.rows) for p in told] == [
        ("unknown_person", "beyond", 2), ("no_code", "beyond", 1), ("bad_value", "within", 1)]  # fmt: skip


def test_the_rows_of_an_unknown_label_are_not_told_beside_it():
    label = Problem("unmapped_process", "a.csv", "m", "a", 2, "Activity")
    exports = rows(("k", "a.csv", 2, "unknown_code", "Activity"))
    registers = rows(("incidents", "i.csv", 2, "unknown_code", "tool"))
    told = all_of([label], registers=registers, time=exports)
    assert [p.where for p in told] == ["a.csv, line 2, column 'Activity'", "i.csv, line 2, column 'tool'"]


def test_printed_with_where_what_and_what_to_do():
    told = all_of([Problem("empty_file", "b.csv", "No row.", "Export it again.")], time=ZERO, zero_duration=3)
    assert problem_lines(told) == [
        "Stops the run: files and columns:",
        "- b.csv: No row.",
        "    Export it again.",
        "",
        "Left out or counted once, as study.yaml accepts:",
        "- a.csv, lines 3, 7, column 'Duration'; b.csv, line 9: The duration is zero or negative (3 rows).",
        "    Correct it in the tracker and export again.",
    ]


def test_the_last_line_says_what_a_run_would_do():
    flagged = pl.DataFrame([("k", "a.csv", 9, "overlap")], schema=NO_FLAG.schema, orient="row")
    assert verdict([]) == "A run would go through: no problem found."
    accepted = all_of(time=ZERO, flagged=flagged, zero_duration=3)
    left_out, used = "3 rows left out or counted once, as study.yaml accepts", "1 row used though a rule is broken"
    assert verdict(accepted) == f"A run would go through: {left_out}, {used}."
    assert verdict(all_of(time=ZERO)) == "1 problem stops the run."


def test_every_rule_says_what_happened_and_what_to_do():
    assert not set(RULES) & set(FILE_RULES)
    for name, rule in RULES.items():
        assert rule.message.endswith(".") and rule.action.endswith("."), name

"""A fixed few of the spoilt files: never a traceback, never a wrong number, every row accounted for; and real files."""

import pytest

from tests.fuzz.campaign import Case, campaign, judge
from tests.fuzz.outcomes import outcome, real_files

CASES = 160


def test_spoilt_files_are_read_right_or_refused():
    figures = campaign(count=CASES)
    assert [f"{v.case}: {v.faults[0]}" for v in figures.faults] == []
    # The campaign does bite: files are refused, let through with fewer rows, and read the same under another dress.
    assert figures.cases == CASES and min(figures.ends[end] for end in ("same", "through", "refused")) > 10


def test_a_case_is_the_same_each_time_and_has_a_name():
    case = Case("sheet", "temps/semaines_E03.csv", ("in_blocks", "encoding"), 169)
    assert Case.parse(str(case)) == case
    first, second = judge(case), judge(case)
    assert first is not None and second is not None
    assert (first.end, first.rules) == (second.end, second.rules) == ("same", ())


@pytest.mark.parametrize("path", real_files(), ids=lambda p: "/".join(p.parts[-2:]))
def test_a_real_file_is_read_or_refused_in_words(path):
    said = outcome(path)
    assert "rows received" in said or "columns" in said or said.startswith("refused (")

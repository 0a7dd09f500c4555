"""A fixed few of the spoilt files of tests/fuzz, and the outcomes of the real ones. More: `python -m tests.fuzz`."""

from collections import Counter
from itertools import islice
from unittest import mock

import polars as pl

from pipelines.sources import text
from tests.fuzz import readers, real_files
from tests.fuzz.campaign import Case, campaign, judge

STUDIES, PARTS = 160, 60


def test_whatever_is_done_to_the_files_of_a_study_it_says_why_not_or_tells_the_truth():
    figures = campaign(count=STUDIES)
    assert [f"{v.case}: {v.faults}" for v in figures.faults] == []
    assert min(figures.ends[end] for end in ("same", "refused", "through")) > STUDIES // 10


def test_a_case_is_the_same_each_time_and_has_a_name():
    case = Case("sheet", "temps/semaines_E03.csv", ("in_blocks", "encoding"), 169)
    assert Case.parse(str(case)) == case
    first, second = judge(case), judge(case)
    assert first is not None and second is not None
    assert (first.end, first.rules) == (second.end, second.rules) == ("same", ())


def test_every_reader_gives_rows_that_add_up_or_says_why_not():
    refusals: Counter[str] = Counter()
    faults = [
        (name, mutators, seed, fault)
        for name, mutators, seed in islice(readers.cases(1), PARTS)
        if (data := readers.spoilt(name, mutators, seed)) is not None
        for fault in readers.faults_of(data, refusals)
    ]
    assert faults == [] and refusals["read"] > PARTS and refusals["unrecognised_file"] > PARTS


def test_real_files_are_read_or_refused_with_a_reason():
    found = [*real_files.studies(), *(f for root in real_files.folders() for f in real_files.outcomes(root))]
    assert [f for f in found if f.wrong or (f.counts is None and not f.why)] == []
    assert sum(f.counts is not None for f in found) > 60


def test_a_row_that_is_lost_or_misread_is_found():
    case = Case("kimai", "temps/kimai.csv", ("quoting",), 3)
    assert judge(case).end == "same"  # type: ignore[union-attr]
    kept = text._without_blank
    with mock.patch.object(text, "_without_blank", lambda frame, columns: kept(frame, columns).slice(1)):
        assert "received" in str(judge(case).faults)  # type: ignore[union-attr]
    swapped = pl.col("Duration").str.replace("0:30", "0:31")
    with mock.patch.object(text, "_without_blank", lambda f, c: f.with_columns(swapped) if "Duration" in c else f):
        assert "other rows in clean.time_entries" in str(judge(case).faults)  # type: ignore[union-attr]

"""Rows: cells judged, repeats, links and overlaps beside a reference that looks at one row, or one pair, at a time."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import combinations

import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.clean.linking import link
from pipelines.clean.overlaps import overlapping
from pipelines.clean.repeats import ROWS, find_repeats
from pipelines.sources.fields import FLAG_SEPARATOR, Field, empty, lower, read_fields, same, unread, whole
from pipelines.sources.values import duration_minutes, number, text, to_date, yes_no
from pipelines.study.models import Linking
from tests.properties import bounded

# ------------------------------------------------------------------------------------------------------- cells judged
FIELDS = (
    Field("a", "figure", number, (("missing_value", empty), ("bad_number", unread),
                                  ("zero_duration", lambda _, v: v <= 0), ("over_12_hours", lambda _, v: v > 720))),
    Field("b", "day", lambda c: to_date(c, "dmy"), (("missing_value", empty), ("bad_date", unread))),
    Field("a", "said", same), Field("c", "yes", yes_no, (("bad_value", unread),)), Field("c", "low", lower),
    Field("d", "count", whole, (("bad_number", unread), ("bad_value", lambda _, v: v < 1))),
    Field("d", "minutes", lambda c: duration_minutes(c, "hours"), (("bad_duration", unread),)),
)  # fmt: skip
CELLS = {
    "a": st.sampled_from(["", " ", "-", "12", "1 200,5", "0", "-3", "721", "x", None]),
    "b": st.sampled_from(["02/03/2026", "", "31/02/2026", " 2 mars 2026", None]),
    "c": st.sampled_from(["oui", "Non ", "", "peut-être", None]),
    "d": st.sampled_from(["1", "2,0", "0", "1,5", "1:30", "", None]),
}
RULES = ["missing_value", "bad_number", "zero_duration", "over_12_hours", "bad_date", "bad_value", "bad_duration"]


@given(st.lists(st.fixed_dictionaries(CELLS), max_size=12), st.sets(st.sampled_from(RULES)),
       st.sampled_from(["String", "Enum"]))  # fmt: skip
@bounded(60)
def test_every_row_is_judged_as_if_it_were_alone(cells: list[dict[str, str | None]], kept: set[str], dtype: str):
    rows = pl.DataFrame(cells, schema=dict.fromkeys(CELLS, pl.String))
    if dtype == "Enum":  # as parts keep texts that repeat
        rows = rows.with_columns(
            pl.col(c).cast(pl.Enum(rows[c].drop_nulls().unique(maintain_order=True))) for c in CELLS
        )
    read = read_fields(rows, FIELDS, kept)
    assert read.height == len(cells)
    for one, found in zip(cells, read.rows(named=True), strict=True):
        rule, column, flags = None, None, []
        for field in FIELDS:
            alone = pl.DataFrame({"cell": [one[field.column]]}, schema={"cell": pl.String}).select(text("cell"))
            value = alone.select(field.value(pl.col("cell")).alias("value"))
            assert found[field.name] == value.item()
            both = alone.hstack(value)
            broken = [r for r, holds in field.rules if both.select(holds(pl.col("cell"), pl.col("value"))).item()]
            if rule is None and (first := next((r for r in broken if r not in kept), None)) is not None:
                rule, column = first, field.column
            flags += [r for r in broken if r in kept]
        assert (found["rule"], found["column"]) == (rule, column)
        assert Counter((found["flags"] or "").split(FLAG_SEPARATOR)) == Counter(flags or [""])


# ------------------------------------------------------------------------------------------------------------ repeats
@st.composite
def exports(draw: st.DrawFn) -> pl.DataFrame:
    """A few files, in file and line order: rows of one key may say two things."""
    found = []
    for file in draw(st.lists(st.sampled_from("abcd"), unique=True, min_size=1, max_size=4)):
        source = draw(st.sampled_from(["s", "s", "t"]))
        lines = draw(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["A", "A", "B", None]), st.integers(0, 1),
                                        st.integers(0, 1)), min_size=1, max_size=6))  # fmt: skip
        for line, (day, person, key, value) in enumerate(lines, 2):
            identity = (day * 10 + " AB".index(person or " ")) * 10 + key
            found.append((source, file, line, identity * 4 + value, identity, person, date(2026, 3, day)))
    return pl.DataFrame(sorted(found, key=lambda r: (r[1], r[2])), schema=ROWS, orient="row")


GONE = ("duplicate_row", "reexported_row", "superseded_row")


def left(rows: pl.DataFrame, *, sheets: bool) -> pl.DataFrame:
    """The rows that count."""
    found = find_repeats(rows, equal_lines_differ=sheets).found.filter(pl.col("rule").is_in(GONE))
    return rows.join(found, on=["source_file", "source_row"], how="anti")


@given(exports(), st.booleans())
@bounded(150)
def test_repeats_are_rows_of_the_files_told_once_and_never_the_last_of_their_kind(rows: pl.DataFrame, sheets: bool):
    found = find_repeats(rows, equal_lines_differ=sheets).found
    place = ["source_file", "source_row"]
    assert found.select(place).is_unique().all() and found.join(rows, on=place, how="anti").is_empty()
    counting = left(rows, sheets=sheets)
    assert counting.height + found.filter(pl.col("rule").is_in(GONE)).height == rows.height
    assert set(counting["row_key"]) == set(rows["row_key"])  # a row goes only where another says the same, or later
    repeated = rows.join(found.filter(pl.col("rule").is_in(GONE[:2])), on=place)
    for content in repeated["content"].unique():
        assert rows.filter(pl.col("content") == content).height > 1
    if rows["source_file"].n_unique() == 1:
        assert set(found["rule"]) <= {"duplicate_row"} and (not sheets or found.is_empty())


@given(exports(), st.booleans(), st.permutations("abcd"))
@bounded(80)
def test_the_order_of_files_changes_nothing(rows: pl.DataFrame, sheets: bool, order: list[str]):
    shuffled = pl.concat([rows.filter(pl.col("source_file") == file) for file in order])
    once, again = (find_repeats(r, equal_lines_differ=sheets) for r in (rows, shuffled))
    assert once.found.equals(again.found)
    assert sorted(map(str, once.problems)) == sorted(map(str, again.problems))


@given(exports(), st.booleans(), st.sampled_from("abcd"), st.sampled_from("0z"))
@bounded(120)
def test_a_file_received_twice_counts_once(rows: pl.DataFrame, sheets: bool, file: str, name: str):
    copy = rows.filter(pl.col("source_file") == file).with_columns(source_file=pl.lit(name))
    assume(copy.height)
    both = pl.concat([rows, copy]).sort("source_file", "source_row")
    columns = ["source", "content", "row_key", "person", "day"]
    once, twice = (Counter(left(r, sheets=sheets).select(columns).rows()) for r in (rows, both))
    assert once == twice


# ------------------------------------------------------------------------------------------------------------ linking
CODES = st.text("ab1", min_size=1, max_size=4)
SELF_MADE = st.builds("{}{}{}{}".format, st.sampled_from(["ma", "mo", "jo"]), st.sampled_from(["07", "08"]),
                      st.sampled_from("xy"), st.sampled_from(["12", "13"]))  # fmt: skip
TEAMS = st.sampled_from(["A", "B", None])


def near(code: str, other: str, linking: Linking) -> bool:
    """They differ by exactly one element."""
    if linking == "self_made":
        if len(code) != 7 or len(other) != 7:
            return False
        cut = [(c[:2], c[2:4], c[4], c[5:]) for c in (code, other)]
        return sum(a != b for a, b in zip(*cut, strict=True)) == 1
    return len(code) == len(other) and sum(a != b for a, b in zip(code, other, strict=True)) == 1


@given(st.sampled_from(["envelope", "token", "self_made"]), st.data(), st.booleans())
@bounded(150)
def test_who_answered_is_found_as_by_comparing_every_pair(linking: Linking, data: st.DataObject, whatever_team: bool):
    codes = SELF_MADE if linking == "self_made" else CODES
    whole_key = slice(1, 2) if whatever_team else slice(0, 2)
    known = data.draw(st.lists(st.tuples(TEAMS, codes), max_size=6, unique_by=lambda k: k[whole_key]))
    answers = data.draw(
        st.lists(st.tuples(st.sampled_from(["T0", "T1"]), TEAMS, st.one_of(codes, st.just(""))), max_size=8)
    )
    schema = {"wave": pl.String, "team": pl.String, "code": pl.String}
    found = link(pl.DataFrame(answers, schema=schema, orient="row"),
                 pl.DataFrame(known, schema={"team": pl.String, "code": pl.String}, orient="row"), linking,
                 whatever_team=whatever_team)  # fmt: skip

    def exact(team: str | None, code: str) -> bool:
        return code != "" and any(code == k and (whatever_team or team == t) for t, k in known)

    unknown = {a for a in answers if a[2] and not exact(a[1], a[2])}
    likely = {
        a: [k for t, k in dict.fromkeys(known) if t is not None and t == a[1] and near(a[2], k, linking)]
        for a in unknown
    }
    for (wave, team, code), said, meant in zip(answers, found["link"], found["meant"], strict=True):
        if not code:
            expected = ("none", None)
        elif exact(team, code):
            expected = ("exact", code)
        else:
            options = likely[wave, team, code]
            rivals = sum(options[:1] == [k] for a in unknown if a[:2] == (wave, team) for k in likely[a])
            answered = {(w, c) if whatever_team else (w, t, c) for w, t, c in answers if exact(t, c)}
            taken = bool(options) and ((wave, options[0]) if whatever_team else (wave, team, options[0])) in answered
            only = len(options) == 1 and rivals == 1 and not taken
            expected = ("mistyped", options[0]) if only else ("ambiguous" if options else "unknown", None)
        assert (said, meant) == expected


# ----------------------------------------------------------------------------------------------------------- overlaps
SPANS = st.tuples(st.sampled_from(["p", "q", None]), st.one_of(st.none(), st.integers(0, 6)), st.integers(-1, 3))


@given(st.lists(SPANS, max_size=10))
@bounded(80)
def test_overlaps_are_those_of_every_pair(rows: list[tuple[str | None, int | None, int]]):
    nine = datetime(2026, 3, 2, 9)
    spans = [
        (nine + timedelta(hours=s), nine + timedelta(hours=s + n)) if s is not None else (None, None)
        for _, s, n in rows
    ]
    frame = pl.DataFrame(
        [("f", i, person, *span) for i, ((person, _, _), span) in enumerate(zip(rows, spans, strict=True))],
        orient="row", schema={"source_file": pl.String, "source_row": pl.Int64, "person_time": pl.String,
                "started_at": pl.Datetime("us"), "ended_at": pl.Datetime("us")})  # fmt: skip
    timed = [i for i, (person, start, n) in enumerate(rows) if person and start is not None and n > 0]
    pairs = [(i, j) for i, j in combinations(timed, 2) if rows[i][0] == rows[j][0]
             and max(rows[i][1], rows[j][1]) < min(rows[i][1] + rows[i][2], rows[j][1] + rows[j][2])]  # fmt: skip
    assert sorted(overlapping(frame)["source_row"]) == sorted({i for pair in pairs for i in pair})

"""Spellings: what anyone writes reads back exactly; what means nothing gives nothing, never a wrong value."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.base import SourceError
from pipelines.sources.fields import whole
from pipelines.sources.moments import moment, time_of_day
from pipelines.sources.values import (
    DateOrder,
    date_order,
    duration_minutes,
    number,
    sheet_minutes,
    to_date,
    yes_no,
)
from tests.properties import DAYS, SPACES, bounded, read

FRENCH = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
ENGLISH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEK = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
ORDERS: st.SearchStrategy[DateOrder] = st.sampled_from(["ymd", "dmy", "mdy"])
PADDING = st.sampled_from(["", " ", "\u00a0", "\ufeff", "\t"])
# What hands and machines put in such cells by mistake.
NONSENSE = st.text(st.sampled_from("0123456789 .,:/-hmin'+eE%€xé\u00a0٣½²"), max_size=9)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, float]:
    value = draw(st.decimals(-(10**9), 10**9, places=draw(st.integers(0, 4))))
    sign, plain = ("-" if value.is_signed() else draw(st.sampled_from(["", "+"]))), f"{abs(value):f}"
    integer, _, decimals = plain.partition(".")
    style = draw(st.sampled_from(["plain", "spaces", "both marks"]))
    mark, thousands = draw(st.sampled_from([(",", "."), (".", ",")]))
    if style == "both marks" and decimals and len(integer) > 3:
        integer = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", thousands, integer)
    elif style == "spaces":
        integer = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", draw(SPACES), integer)
    return sign + integer + (mark + decimals if decimals else ""), float(value)


@given(st.lists(numbers(), min_size=1, max_size=20))
@bounded(60)
def test_a_number_in_any_spelling_reads_back_exactly(cases: list[tuple[str, float]]):
    assert read([written for written, _ in cases], number) == [value for _, value in cases]


@given(st.lists(NONSENSE, min_size=1, max_size=30))
@bounded(80)
def test_what_is_read_as_a_number_has_its_digits_and_no_other_sign(written: list[str]):
    for cell, value in zip(written, read(written, number), strict=True):
        if value is None:
            continue
        plain = " ".join(cell.split())
        assert re.fullmatch(r"[+-]?[0-9][0-9., ]*", plain), cell
        marks = re.findall(r"[.,]", plain)
        whole_part, _, decimals = (
            plain.replace(" ", "").rpartition(marks[-1]) if marks else (plain.replace(" ", ""), "", "")
        )
        assert value == float(re.sub(r"[.,]", "", whole_part) + "." + decimals + "0"), cell


@given(st.lists(NONSENSE, min_size=1, max_size=30))
@bounded(40)
def test_a_count_is_a_whole_number_or_nothing(written: list[str]):
    for value, figure in zip(read(written, whole), read(written, number), strict=True):
        assert value == (int(figure) if figure is not None and figure >= 0 and figure % 1 == 0 else None)


@st.composite
def written_days(draw: st.DrawFn, order: DateOrder) -> tuple[str, date]:
    day = draw(DAYS)
    first, second = (day.month, day.day) if order == "mdy" else (day.day, day.month)
    two = draw(st.booleans())
    sign = draw(st.sampled_from("/.-"))
    year = draw(st.sampled_from([f"{day:%Y}", f"{day:%y}"]))
    months = draw(st.sampled_from([FRENCH, ENGLISH]))
    month = months[day.month - 1]
    said = draw(st.sampled_from([month, month.upper(), month.title(), month.replace("é", "e").replace("û", "u")]))
    name = f"{WEEK[day.weekday()]} " if draw(st.booleans()) else ""
    number_of_day = "1er" if day.day == 1 and draw(st.booleans()) else str(day.day)
    spellings = [f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{name}{number_of_day} {said} {day.year}",
                 f"le {day.day:02} {said} {day.year}"]  # fmt: skip
    if order != "ymd":
        spellings.append(f"{first:02}{sign}{second:02}{sign}{year}" if two else f"{first}{sign}{second}{sign}{year}")
    written = draw(st.sampled_from(spellings))
    hour = draw(st.sampled_from(["", " 9:05", " 09:05:30", "T09:05:00Z", " à 9h05", " - 14:30", " 9:05:12 PM"]))
    return draw(PADDING) + written + hour + draw(PADDING), day


@given(st.data(), ORDERS)
@bounded(90)
def test_a_day_in_any_spelling_reads_back_exactly(data: st.DataObject, order: DateOrder):
    cases = data.draw(st.lists(written_days(order), min_size=1, max_size=12))
    assert read([w for w, _ in cases], lambda cell: to_date(cell, order)) == [day for _, day in cases]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15), st.integers(1900, 2100)), min_size=1, max_size=20),
       st.sampled_from(["dmy", "mdy"]))  # fmt: skip
@bounded(40)
def test_a_day_the_calendar_does_not_have_is_nothing(parts: list[tuple[int, int, int]], order: DateOrder):
    def real(day: int, month: int, year: int) -> date | None:
        try:
            return date(year, month, day)
        except ValueError:
            return None

    written = [f"{d}/{m}/{y}" if order == "dmy" else f"{m}/{d}/{y}" for d, m, y in parts]
    assert read(written, lambda cell: to_date(cell, order)) == [real(*p) for p in parts]


@given(st.lists(NONSENSE, min_size=1, max_size=30), ORDERS)
@bounded(60)
def test_what_is_read_as_a_day_is_written_there(written: list[str], order: DateOrder):
    for cell, day in zip(written, read(written, lambda c: to_date(c, order)), strict=True):
        if day is not None:
            assert isinstance(day, date)
            figures = {int(f) for f in re.findall(r"[0-9]+", cell)}
            assert day.day in figures and day.month in figures and (day.year in figures or day.year % 100 in figures)


@given(st.lists(DAYS, min_size=1, max_size=8), st.sampled_from(["dmy", "mdy"]), st.booleans())
@bounded(80)
def test_the_order_of_day_and_month_is_proven_or_refused(days: list[date], order: DateOrder, declared: bool):
    values = pl.Series([f"{d:%d/%m/%Y}" if order == "dmy" else f"{d:%m/%d/%Y}" for d in days])
    proven = any(d.day > 12 for d in days) or all(d.day == d.month for d in days)
    try:
        found = date_order(values, order if declared else None)
    except SourceError as error:
        assert error.rule == "ambiguous_dates" and not declared and not proven
    else:
        assert read(values.to_list(), lambda cell: to_date(cell, found)) == days


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 59), st.integers(0, 59)), min_size=1, max_size=20))
@bounded(40)
def test_a_duration_of_a_tracker_reads_back_exactly(parts: list[tuple[int, int, int]]):
    minutes = [h * 60 + m for h, m, _ in parts]
    assert read([f"{h}:{m:02}" for h, m, _ in parts], lambda c: duration_minutes(c, "clock")) == minutes
    seconds = [h * 3600 + m * 60 + s for h, m, s in parts]
    exact = [pytest.approx(s / 60, rel=1e-14) for s in seconds]  # the product with 1/60 may be off in the last place
    assert read([f"{h:02}:{m:02}:{s:02}" for h, m, s in parts], lambda c: duration_minutes(c, "hours")) == exact
    assert read([f"-{h}:{m:02}:{s:02}" for h, m, s in parts], lambda c: duration_minutes(c, "clock")) == [
        pytest.approx(-s / 60, rel=1e-14) for s in seconds
    ]
    assert read([str(s) for s in seconds], lambda c: duration_minutes(c, "seconds")) == exact
    hours = [Decimal(s).quantize(Decimal("0.01")) for s in seconds]
    assert read([str(h).replace(".", ",") for h in hours], lambda c: duration_minutes(c, "hours")) == [
        float(h) * 60 for h in hours]  # fmt: skip


@st.composite
def typed_minutes(draw: st.DrawFn) -> tuple[str, float]:
    minutes = draw(st.integers(0, 1440))
    hours, rest = divmod(minutes, 60)
    gap = draw(st.sampled_from(["", " ", "\u00a0"]))
    spellings = [f"{minutes}", f"{minutes}{gap}min", f"{minutes}{gap}minutes", f"{minutes}'", f"{minutes},0",
                 f"{hours}h{rest:02}", f"{hours}{gap}h{gap}{rest:02}", f"{hours}:{rest:02}", f"{hours}h{rest:02}min",
                 f"{hours} heures et {rest} minutes", f"{hours} H {rest} MIN", f"{minutes} mn."]  # fmt: skip
    if rest % 15 == 0:
        spellings += [f"{minutes / 60:g}{gap}h".replace(".", ","), f"{minutes / 60:g} heures"]
    return draw(PADDING) + draw(st.sampled_from(spellings)), float(minutes)


@given(st.lists(typed_minutes(), min_size=1, max_size=20))
@bounded(60)
def test_minutes_typed_by_hand_read_back_exactly(cases: list[tuple[str, float]]):
    assert read([w for w, _ in cases], sheet_minutes) == [minutes for _, minutes in cases]


@given(st.lists(NONSENSE, min_size=1, max_size=30))
@bounded(60)
def test_minutes_that_mean_nothing_are_nothing(written: list[str]):
    for cell, minutes in zip(written, read(written, sheet_minutes), strict=True):
        figures = [float(f.replace(",", ".")) for f in re.findall(r"[0-9]+(?:[.,][0-9]+)?", cell.replace(" ", ""))]
        if minutes is not None:
            assert figures and not set(cell) & set("+%€xéE/٣½²"), cell
            if len(figures) == 1 and not re.search(r"[h:]", cell):
                assert abs(float(str(minutes))) == figures[0], cell


@given(st.lists(st.times(), min_size=1, max_size=15))
@bounded(30)
def test_a_time_of_day_reads_back_exactly(times: list):
    seconds = [t.hour * 3600 + t.minute * 60 + t.second for t in times]
    for pattern in ("%H:%M:%S", "%I:%M:%S %p", "02/03/2026 %H:%M:%S", "2026-03-02T%H:%M:%S"):
        assert read([t.strftime(pattern) for t in times], time_of_day) == seconds
    short = [s - s % 60 for s in seconds]
    for pattern in ("%H:%M", "%Hh%M", "%H h %M", "%I:%M %p"):
        assert read([t.strftime(pattern) for t in times], time_of_day) == short


@given(st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), min_size=1, max_size=10),
       st.sampled_from(["Europe/Paris", "Indian/Reunion", "UTC"]), st.integers(-12, 14))  # fmt: skip
@bounded(30)
def test_a_moment_that_says_its_zone_is_local_time(moments: list[datetime], zone: str, offset: int):
    moments = [m.replace(microsecond=0) for m in moments]
    local = [m.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for m in moments]
    assert read([f"{m:%Y-%m-%dT%H:%M:%SZ}" for m in moments], lambda c: moment(c, "ymd", zone)) == local
    there = [f"{m + timedelta(hours=offset):%Y-%m-%d %H:%M:%S}{offset:+03}:00" for m in moments]
    assert read(there, lambda c: moment(c, "ymd", zone)) == local


@pytest.mark.parametrize(
    "words", [("oui", "non"), ("Yes", "NO"), ("VRAI", "faux"), ("x", "0"), ("✓", "☐"), ("ja", "nein")]
)
def test_yes_and_no_stay_what_they_are(words: tuple[str, str]):
    assert read([words[0], words[1], f" {words[0]}\u00a0", f"{words[0]}{words[1]}", "?"], yes_no) == [
        True, False, True, None, None]  # fmt: skip

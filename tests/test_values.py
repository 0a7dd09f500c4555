"""Spellings of French offices: what each means, and what is never guessed."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from pipelines.sources.values import DateOrder, DurationUnit, duration_minutes, number, text, to_date, yes_no


def read(written: str, value: Callable[[pl.Expr], pl.Expr]) -> object:
    return pl.DataFrame({"cell": [written]}).select(text("cell")).select(value(pl.col("cell"))).item()


@pytest.mark.parametrize(
    ("written", "figure"),
    [
        ("1234,5", 1234.5), ("1 234,5", 1234.5), ("1\u00a0234\u202f567", 1234567.0), ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("2.000,0", 2000.0), ("-3", -3.0), ("+0.5", 0.5), ("\ufeff7", 7.0), ("12 34", None), ("1 2", None),
        ("1.234.567", None), ("1,2,3", None), ("trois", None), ("", None), ("—", None),
    ],
)  # fmt: skip
def test_numbers(written: str, figure: float | None):
    assert read(written, number) == figure


DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("written", "order", "day"),
    [
        ("02/03/2026", "dmy", DAY), ("2/3/26", "dmy", DAY), ("03/02/2026", "mdy", DAY), ("02.03.2026", "dmy", DAY),
        ("2 mars 2026", "mdy", DAY), ("lundi 2 mars 2026", "ymd", DAY), ("Lun. 2 mars 2026", "dmy", DAY),
        ("le 2\u00a0mars 2026", "dmy", DAY), ("02-mars-26", "dmy", DAY), ("2 March 2026", "dmy", DAY),
        ("1er février 2026", "dmy", date(2026, 2, 1)), ("3 FÉVR. 2026", "dmy", date(2026, 2, 3)),
        ("31 décembre 2025", "dmy", date(2025, 12, 31)), ("2 aout 2026", "dmy", date(2026, 8, 2)),
        ("2026-03-02T09:00:00", "dmy", DAY), ("2026-03-02 09:00:00.123Z", "ymd", DAY), ("2026/03/02", "mdy", DAY),
        ("02/03/2026 - 14:30", "dmy", DAY), ("02/03/2026 à 9h12", "dmy", DAY),
        ("2026/03/02 9:12:45 AM UTC+1", "ymd", DAY),
        ("mardi 2 mars 2026", "dmy", None), ("2 truc 2026", "dmy", None), ("30/02/2026", "dmy", None),
        ("02/14/2026", "dmy", None),
        ("02/03/2026", "ymd", None), ("46083", "dmy", None), ("02/03/2026 ou 03/03/2026", "dmy", None),
        ("mars 2026", "dmy", None),
    ],
)  # fmt: skip
def test_dates(written: str, order: DateOrder, day: date | None):
    assert read(written, lambda cell: to_date(cell, order)) == day


@pytest.mark.parametrize("unit", ["clock", "hours", "seconds"])
def test_a_duration_is_the_same_number_alone_and_among_others(unit: DurationUnit):
    cell = "3619" if unit == "seconds" else "1:00:19"  # a ninth of all seconds were not
    alone, among = (
        pl.DataFrame({"cell": cells}).select(duration_minutes(pl.col("cell"), unit)).to_series()[0]
        for cells in ([cell], [cell, "2:00", "3:00"])
    )
    assert alone == among == pytest.approx(60 + 19 / 60, rel=1e-15)


def test_yes_and_no():
    said = {
        "Oui": True,
        "o": True,
        "VRAI": True,
        "X": True,
        "✓": True,
        "Non": False,
        "n": False,
        "Faux": False,
        "?": None,
    }
    assert {s: read(s, yes_no) for s in said} == said

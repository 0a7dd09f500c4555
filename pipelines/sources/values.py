"""Dates, durations and numbers as people and trackers write them: text -> typed polars expressions.

Belongs here: spelling only. What an unreadable value means for its row is the reader's business: it becomes null here.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.sources.base import SourceError

DateOrder = Literal["ymd", "dmy", "mdy"]
# What a plain number means; `clock`: nothing, durations are H:MM; `span`: no durations, the end minus the start counts.
DurationUnit = Literal["clock", "hours", "minutes", "seconds", "span"]


@dataclass(frozen=True)
class Reading:
    """How one file writes its dates and its plain durations: decided once, on the whole file."""

    date_order: DateOrder = "ymd"
    duration_unit: DurationUnit = "clock"


_SPACES = r"[\s\u{a0}\u{202f}]+"
_YEAR_LAST = r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?:[ T].*)?$"
_CLOCK = r"^(-)?(\d+):([0-5]\d)(?::([0-5]\d))?$"
# A spreadsheet hands a duration cell over as a moment counted from its day zero.
_SPREADSHEET_DURATION = r"^(1899-12-31|1900-\d\d-\d\d) \d\d:\d\d:\d\d$"
_YES, _NO = ["oui", "o", "yes", "y", "ja", "vrai", "true", "x", "1"], ["non", "n", "no", "nein", "faux", "false", "0"]
_NOTHING = ["", "-", "–", "—"]


def fold(heading: str) -> str:
    """A heading without case, accents and punctuation: « Durée (h) » -> `duree h`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", heading) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", plain.lower()).strip()


def normalise(values: pl.Series) -> pl.Series:
    """Identifiers in one spelling: NFC, no-break spaces as spaces, single spaces, lower case."""
    spaces = values.cast(pl.String).str.normalize("NFC").str.replace_all(r"[\s\u{a0}\u{202f}]+", " ")
    return spaces.str.strip_chars().str.to_lowercase()


def text(column: str) -> pl.Expr:
    """The column's text in single spaces; empty, or a lone dash, = null."""
    spaced = pl.col(column).str.replace_all(_SPACES, " ").str.strip_chars()
    return pl.when(~spaced.is_in(_NOTHING)).then(spaced)


def number(value: pl.Expr) -> pl.Expr:
    """Float64 from digits with a comma or a dot for decimals; null when unreadable."""
    return value.str.replace_all(" ", "").str.replace(",", ".", literal=True).str.extract(
        r"^([+-]?\d+(?:\.\d+)?)$").cast(pl.Float64)  # fmt: skip


def yes_no(value: pl.Expr) -> pl.Expr:
    """Boolean from oui/non, yes/no, vrai/faux, x; null when empty or unreadable."""
    low = value.str.to_lowercase()
    return pl.when(low.is_in(_YES)).then(True).when(low.is_in(_NO)).then(False)


def date_order(values: pl.Series, declared: DateOrder | None) -> DateOrder:
    """How the whole file writes its dates: as declared, or as the file proves it (a part above 12).

    Raises SourceError `ambiguous_dates` when nothing decides, or when the file contradicts the declaration:
    days and months that swap silently would move every entry to another week.
    """
    parts = values.str.strip_chars().str.extract_groups(_YEAR_LAST).struct.unnest()
    first, second = parts["1"].cast(pl.Int64), parts["2"].cast(pl.Int64)
    if not first.is_not_null().any():
        return declared or "ymd"
    if (first == second).fill_null(True).all():  # 01/01/1980, of a survey that records no date, reads one way only
        return declared or "dmy"
    day_first, month_first = ((first > 12) & (second <= 12)).any(), ((second > 12) & (first <= 12)).any()
    advice = "Declare `date_order: dmy` or `date_order: mdy` for this source in study.yaml."
    if declared is not None:
        if (declared == "dmy" and month_first) or (declared == "mdy" and day_first):
            raise SourceError(
                "ambiguous_dates", f"Read as study.yaml declares (`date_order: {declared}`), a month is above 12.",
                "Correct `date_order:`, or export again.")  # fmt: skip
        return declared
    if day_first and month_first:
        raise SourceError("ambiguous_dates", "Some dates are day first and some month first.", "Export it again: "
                          "a spreadsheet has probably changed part of the dates.")  # fmt: skip
    if day_first or values.drop_nulls().str.contains(r"^\d{1,2}\.\d{1,2}\.").any():
        return "dmy"
    if month_first:
        return "mdy"
    raise SourceError("ambiguous_dates", "No date of this file tells the day from the month.", advice)


def to_date(value: pl.Expr, order: DateOrder) -> pl.Expr:
    """Date from text. A date that starts with a four-digit year is read as such whatever the order."""
    day, month = ("$2", "$1") if order == "mdy" else ("$1", "$2")
    if order == "ymd":
        iso = value
    else:
        long_year = value.str.replace(r"^(\d{1,2}[/.\-]\d{1,2}[/.\-])(\d{2})((?:[ T].*)?)$", "${1}20$2$3")
        iso = long_year.str.replace(_YEAR_LAST, f"${{3}}-{month}-{day}")
    return iso.str.extract(r"^(\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2})(?:[ T].*)?$").str.replace_all(r"[/.]", "-").str.to_date(
        "%Y-%m-%d", strict=False)  # fmt: skip


def duration_unit(values: pl.Series) -> DurationUnit:
    """What a plain number means in this column of durations: `hours` as soon as one has decimals, `seconds` when all
    are whole numbers, nothing (`clock`) when the others are written H:MM."""
    if values.str.contains(r"^-?\d+[.,]\d+$").any():
        return "hours"
    if values.str.contains(_CLOCK).any() or not values.str.contains(r"^-?\d+$").any():
        return "clock"
    return "seconds"


def duration_minutes(value: pl.Expr, unit: DurationUnit) -> pl.Expr:
    """Minutes from `H:MM`, `H:MM:SS` (hours may pass 24, a minus may lead), and plain numbers in `unit`."""
    if unit not in ("hours", "minutes", "seconds"):
        return _clock_minutes(value)
    plain = number(value)
    plain = plain * 60 if unit == "hours" else plain / 60 if unit == "seconds" else plain
    return pl.coalesce(_clock_minutes(value), plain)


def sheet_minutes(value: pl.Expr) -> pl.Expr:
    """Minutes as typed in a sheet whose column is in minutes: `90`, `7,5`, `90 min`, `1h30`, `1,5 h`, `1:30`."""
    low = value.str.to_lowercase()
    tight = low.str.replace_all(" ", "").str.replace_all(",", ".", literal=True)
    minutes = tight.str.extract(r"^(-?\d+(?:\.\d+)?)(?:min|mn|minutes?|m|')?\.?$").cast(pl.Float64)
    hours = tight.str.extract(r"^(\d+(?:\.\d+)?)(?:h|heures?)$").cast(pl.Float64) * 60
    both = tight.str.extract_groups(r"^(\d+)(?:h|heures?)([0-5]?\d)(?:min|mn|minutes?|m)?$")
    mixed = both.struct.field("1").cast(pl.Float64) * 60 + both.struct.field("2").cast(pl.Float64)
    moment = pl.when(low.str.contains(_SPREADSHEET_DURATION)).then(low).str.to_datetime(
        "%Y-%m-%d %H:%M:%S", strict=False)  # fmt: skip
    cell = (moment - pl.datetime(1899, 12, 31)).dt.total_seconds() / 60
    return pl.coalesce(minutes, hours, mixed, _clock_minutes(tight), cell)


def _clock_minutes(value: pl.Expr) -> pl.Expr:
    parts = value.str.extract_groups(_CLOCK)
    hour, minute, second = (parts.struct.field(str(i)).cast(pl.Int64, strict=False) for i in (2, 3, 4))
    sign = pl.when(parts.struct.field("1").is_null()).then(1).otherwise(-1)
    return sign * (hour * 3600 + minute * 60 + second.fill_null(0)) / 60

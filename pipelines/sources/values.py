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


# Minutes in a second. Polars divides one row exactly and several by the reciprocal: the same seconds must be the same
# minutes whatever stands beside them, or two exports of an entry would differ.
SECOND = 1 / 60
_SPACES, _UNSEEN = r"\s+", r"[\u{200b}\u{feff}]"  # no-break and thin spaces are among \s
# The time that may follow a date: `T09:00:00Z`, ` - 09:12`, ` à 9h12`, ` 9:12:45 AM UTC+1`. The zone is not read.
_TIME = (
    r"(?:[ t,]+(?:[àa@-] ?)?(?:\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?|\d{1,2} ?h(?: ?\d{2})?)(?: ?[ap]\.?m\.?)?"
    r"(?: ?(?:z|utc|gmt|ces?t)?(?:[+-]\d{1,2}(?::?\d{2})?)?)?)?$"
)
_YEAR_FIRST = r"(?i)^(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})" + _TIME
_YEAR_LAST = r"(?i)^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})" + _TIME
_IN_WORDS = (  # lundi 2 mars 2026, le 1er mars 2026, 02-mars-26: day of the week, day, month, year
    r"^(?:(?:le )?([a-z]{3,9})[.,]* )?(?:le )?(\d{1,2})(?:er)?[ -]([a-z]{3,9})\.?[ -](\d{4}|\d{2})" + _TIME
)
_CLOCK = r"^(-)?(\d{1,6}):([0-5]\d)(?::([0-5]\d))?$"
_FIGURE = r"[+-]?(?:\d{1,3}(?: \d{3})+|\d+)(?:[.,]\d+)?"  # 1234,5 and 1 234.5
_YES = ["oui", "o", "yes", "y", "ja", "vrai", "true", "x", "✓", "✔", "☑", "☒", "1"]
_NO = ["non", "n", "no", "nein", "faux", "false", "☐", "0"]
_NOTHING = ["", "-", "–", "—"]
_MINUTES, _HOURS = r"(?:min(?:ute)?s?|mn|m|['’′])", r"(?:h|hrs?|heures?|hours?)"
_MONTHS = ("janvier january jan janv", "fevrier february feb fev fevr", "mars march mar", "avril april apr avr",
           "mai may", "juin june jun", "juillet july jul juil", "aout august aug", "septembre september sep sept",
           "octobre october oct", "novembre november nov", "decembre december dec")  # fmt: skip
_DAYS = ("lundi monday lun mon", "mardi tuesday tue", "mercredi wednesday mer wed", "jeudi thursday jeu thu",
         "vendredi friday ven fri", "samedi saturday sam sat", "dimanche sunday dim sun")  # fmt: skip
_MONTH = {name: i for i, names in enumerate(_MONTHS, 1) for name in names.split()}
_WEEKDAY = {name: i for i, names in enumerate(_DAYS, 1) for name in names.split()}


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
    spaced = pl.col(column).str.replace_all(_UNSEEN, "").str.replace_all(_SPACES, " ").str.strip_chars()
    return pl.when(~spaced.is_in(_NOTHING)).then(spaced)


def number(value: pl.Expr) -> pl.Expr:
    """Float64 from digits with a comma or a dot for decimals, and spaces between thousands; of both marks the last is
    the decimal one (`1.234,5`). Null when unreadable."""
    plain = value.str.extract(rf"^({_FIGURE})$").str.replace_all(" ", "").str.replace(",", ".", literal=True)
    comma_last = value.str.extract(r"^([+-]?\d{1,3}(?:\.\d{3})+,\d+)$").str.replace_all(".", "", literal=True)
    dot_last = value.str.extract(r"^([+-]?\d{1,3}(?:,\d{3})+\.\d+)$").str.replace_all(",", "", literal=True)
    return pl.coalesce(plain, comma_last.str.replace(",", ".", literal=True), dot_last).cast(pl.Float64, strict=False)


def yes_no(value: pl.Expr) -> pl.Expr:
    """Boolean from oui/non, yes/no, vrai/faux, a cross or a tick; null when empty or unreadable."""
    low = value.str.to_lowercase()
    return pl.when(low.is_in(_YES)).then(True).when(low.is_in(_NO)).then(False)


def date_order(values: pl.Series, declared: DateOrder | None) -> DateOrder:
    """How the whole file writes its dates: as declared, or as the file proves it (a part above 12).

    Raises SourceError `ambiguous_dates` when nothing decides, or when the file contradicts the declaration:
    days and months that swap silently would move every entry to another week.
    """
    parts = values.str.strip_chars().str.extract_groups(_YEAR_LAST).struct.unnest()
    first, second = (parts[i].cast(pl.Int64, strict=False) for i in ("1", "2"))
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
    """Date from text in single spaces, the time that follows left out. A date that starts with a four-digit year, or
    whose month is a word (French or English), is read as such whatever the order; a day of the week that is not that
    date's is unreadable."""
    year_first = _joined(value.str.extract_groups(_YEAR_FIRST), "1", "2", "3")
    if order == "ymd":
        return pl.coalesce(year_first, _in_words(value))
    day, month = ("2", "1") if order == "mdy" else ("1", "2")
    return pl.coalesce(year_first, _joined(value.str.extract_groups(_YEAR_LAST), "3", month, day), _in_words(value))


def _in_words(value: pl.Expr) -> pl.Expr:
    plain = value.str.to_lowercase().str.normalize("NFD").str.replace_all(r"\p{M}", "")
    parts = plain.str.extract_groups(_IN_WORDS)
    weekday, month = parts.struct.field("1"), parts.struct.field("3")
    number_of_month = month.replace_strict(_MONTH, default=None, return_dtype=pl.Int64).cast(pl.String)
    date = _joined(parts.struct.with_fields(number_of_month.alias("month")), "4", "month", "2")
    known = weekday.replace_strict(_WEEKDAY, default=0, return_dtype=pl.Int8)
    return pl.when(weekday.is_null() | (known == date.dt.weekday())).then(date)


def _joined(parts: pl.Expr, year: str, month: str, day: str) -> pl.Expr:
    written = parts.struct.field(year)
    full = pl.when(written.str.len_bytes() == 2).then("20" + written).otherwise(written)
    return pl.concat_str(full, parts.struct.field(month), parts.struct.field(day), separator="-").str.to_date(
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
    plain = plain * 60 if unit == "hours" else plain * SECOND if unit == "seconds" else plain
    return pl.coalesce(_clock_minutes(value), plain)


def sheet_minutes(value: pl.Expr) -> pl.Expr:
    """Minutes as typed in a sheet whose column is in minutes: `90`, `7,5`, `90 min`, `45'`, `1h30`, `1,5 h`, `1:30`."""
    low = value.str.to_lowercase()
    minutes = number(low.str.extract(rf"^(-?[\d., ]*\d) ?{_MINUTES}?\.?$"))
    hours = number(low.str.extract(rf"^([\d., ]*\d) ?{_HOURS}\.?$")) * 60
    both = low.str.extract_groups(rf"^(\d+) ?{_HOURS}(?: et)? ?([0-5]?\d) ?{_MINUTES}?\.?$")
    whole_hours, rest = (both.struct.field(i).cast(pl.Float64, strict=False) for i in ("1", "2"))
    return pl.coalesce(minutes, hours, whole_hours * 60 + rest, _clock_minutes(low.str.replace_all(" ?: ?", ":")))


def _clock_minutes(value: pl.Expr) -> pl.Expr:
    parts = value.str.extract_groups(_CLOCK)
    hour, minute, second = (parts.struct.field(str(i)).cast(pl.Int64, strict=False) for i in (2, 3, 4))
    sign = pl.when(parts.struct.field("1").is_null()).then(1).otherwise(-1)
    return sign * (hour * 3600 + minute * 60 + second.fill_null(0)) * SECOND

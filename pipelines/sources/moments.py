"""When work started and ended: text -> local time, in the time zone of the office.

Belongs here: times of day, moments with or without a zone, and what a change of the clocks does to the time between two
of them. How dates and durations are spelt is in values.py.
"""

import polars as pl

from pipelines.sources.values import SECOND, DateOrder, to_date

# After a date or alone: 9:05, 09:05:30, 9h05, 9 h, 09:05 PM.
_TIME = r"^(?:.*[ t])?(\d{1,2}) ?(?:h|[:h] ?(\d{2}))(?::(\d{2})(?:[.,]\d+)?)? ?(?:([ap])\.?m\.?)?$"
_ZONED = r"(?i)(\d:\d{2}(?::\d{2}(?:[.,]\d+)?)?) ?(z|utc|[+-]\d{2}(?::?\d{2})?)$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)$"
_END_OF_DAY = 86_400


def time_of_day(value: pl.Expr) -> pl.Expr:
    """Seconds since midnight, from a time of day or the end of a date and time; null when unreadable."""
    parts = value.str.to_lowercase().str.extract_groups(_TIME)
    hour, minute, second = (parts.struct.field(str(i)).cast(pl.Int64, strict=False).fill_null(0) for i in (1, 2, 3))
    half = parts.struct.field("4")
    hour = pl.when(half.is_null()).then(hour).otherwise(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
    seconds = hour * 3600 + minute * 60 + second
    real = (minute < 60) & (second < 60) & (seconds <= _END_OF_DAY)
    return pl.when(parts.struct.field("1").is_not_null() & real).then(seconds)


def moment(value: pl.Expr, order: DateOrder, zone: str) -> pl.Expr:
    """Local time (Datetime) from a date and a time in one cell. One that says its zone (Z, +01:00) is converted to
    `zone`, one that does not is local already. A date alone, or what cannot be read, is null."""
    here, offset = _parts(value, order)
    there = (here - offset).dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return pl.when(offset.is_null()).then(here).otherwise(there)


def instant(value: pl.Expr, order: DateOrder) -> pl.Expr:
    """The same in UTC; null unless the cell says its zone."""
    here, offset = _parts(value, order)
    return here - offset


def elapsed_minutes(started: pl.Expr, ended: pl.Expr, zone: str) -> pl.Expr:
    """Minutes between two local times by a clock nobody changes. A time the clocks show twice is the first one for a
    start, the second for an end; with one they skip, null."""
    first = started.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    last = ended.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
    return minutes_between(first, last)


def minutes_between(started: pl.Expr, ended: pl.Expr) -> pl.Expr:
    """Float64 minutes from one moment to another."""
    return (ended - started).dt.total_seconds() * SECOND


def _parts(value: pl.Expr, order: DateOrder) -> tuple[pl.Expr, pl.Expr]:
    """The date and time as written, and how far they are from UTC: null when the cell does not say."""
    spread = value.str.replace(_COMPACT, "${1}-${2}-${3}T${4}:${5}:${6}${7}")
    zone = spread.str.extract(_ZONED, 2).str.to_lowercase()
    plain = spread.str.replace(_ZONED, "${1}")
    at = to_date(plain, order).cast(pl.Datetime("us")) + pl.duration(seconds=time_of_day(plain))
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    parts = zone.str.extract_groups(r"^[+-](\d{2}):?(\d{2})?$").struct
    hours, minutes = (parts.field(str(i)).cast(pl.Int64, strict=False).fill_null(0) for i in (1, 2))
    return at, pl.when(zone.is_not_null()).then(pl.duration(minutes=sign * (hours * 60 + minutes)))

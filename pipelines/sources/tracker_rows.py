"""Raw rows of a tracker -> typed rows: when work started and ended, how long it took, which rules the row breaks.

Days are those of the start; an entry that ends past midnight belongs to the day it started. Minutes come from the
column of durations where there is one: start and end hide pauses, changes of the clocks, and the seconds cut off.
"""

from collections.abc import Collection

import polars as pl

from pipelines.sources.fields import Field, empty, judge, lower, read_fields, same, unread, whole
from pipelines.sources.layout import CASE, Layout
from pipelines.sources.moments import elapsed_minutes, instant, minutes_between, moment, time_of_day
from pipelines.sources.time_rows import TIME_ROWS, conform, hash_of
from pipelines.sources.values import DurationUnit, Reading, duration_minutes, sheet_minutes, to_date
from pipelines.study.models import Source

LONGEST_MINUTES = 12 * 60  # longer than a working day: a timer somebody forgot
# Start and end are cut to the minute, decimal hours are rounded to a hundredth: a gap below this is not one.
ROUNDING_MINUTES = 1.5
NOT_WORK = ("break", "pause", "holiday", "time off", "time_off", "sickness", "parental", "overtime")
COUNTS = {"Occurrences": "occurrences", "Items": "items", "Errors": "errors"}
_DAY_MINUTES = 1440
_LONGEST_SPAN_MINUTES = 1e7
_MOMENT = pl.Datetime("us")


def interpret(
    raw: pl.DataFrame, layout: Layout, source: Source, reading: Reading, kept: Collection[str]
) -> pl.DataFrame:
    """TIME_ROWS of raw rows of one file; rules of `kept` become flags."""
    process, tool = layout.label_columns(source)
    counts = {c: n for c, n in COUNTS.items() if c in layout.headings}
    rows = _with_columns(raw, process, tool, CASE, *counts, *filter(None, (
        layout.kind, layout.date, layout.start, layout.end, layout.end_date, layout.duration)))  # fmt: skip
    rows = read_fields(rows, [
        *([Field(layout.kind, "kind", same, (("not_work", _not_work),))] if layout.kind else []),
        Field(process, "process_label", same),
        Field(tool, "tool_label", _tags),
        Field(process, "process_key", lower),
        Field(tool, "tool_key", lower),
        *_moment_fields(layout, source, reading),
        Field(CASE, "case", same, (("missing_value", empty),) if source.case_column else ()),
    ], kept)  # fmt: skip
    if layout.end is not None:
        running = pl.col("end as written").is_null() & pl.col("end day as written").is_null()
        rows = judge(rows, [("running_entry", layout.end, running)], kept)
    rows = _with_minutes(_with_moments(rows, layout), layout, source, reading, kept)
    if counts:
        rows = read_fields(rows, [Field(c, n, whole, (("bad_number", unread), *_BOUNDS.get(n, ())))
                                  for c, n in counts.items()], kept)  # fmt: skip
    rows = _with_ends(rows)
    rows = judge(rows, _span_rules(rows, layout, source.time_zone), kept)
    if layout.sums:
        rows = judge(rows, [("summed_entries", None, pl.lit(True))], kept)
    return conform(_with_keys(rows, layout, counts), TIME_ROWS)


_BOUNDS = {"occurrences": (("bad_value", lambda _, value: value < 1),)}


def _moment_fields(layout: Layout, source: Source, reading: Reading) -> list[Field]:
    order, zone = reading.date_order, source.time_zone
    day_rules = (("missing_value", empty), ("bad_date", unread))
    ends = [Field(layout.end, "end as written", same)] if layout.end else []
    ends += [Field(layout.end_date or layout.end, "end day as written", same)] if layout.end else []
    if layout.whole_moments:
        fields = [
            Field(layout.date, "started_at", lambda cell: moment(cell, order, zone), day_rules),
            Field(layout.date, "started_utc", lambda cell: instant(cell, order)),
        ]
        if layout.end:
            fields += [
                Field(layout.end, "ended", lambda cell: moment(cell, order, zone), (("bad_date", unread),)),
                Field(layout.end, "ended_utc", lambda cell: instant(cell, order)),
            ]
        return [*fields, *ends]
    fields = [Field(layout.date, "date", lambda cell: to_date(cell, order), day_rules)]
    for column, name in ((layout.start, "start"), (layout.end, "end")):
        if column:
            fields.append(Field(column, name, time_of_day))
    if layout.start:
        fields.append(Field(layout.start, "start as written", same))
    if layout.end_date:
        fields.append(Field(layout.end_date, "end day", lambda cell: to_date(cell, order)))
    return [*fields, *ends]


def _with_moments(rows: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """`date`, `started_at`, `ended`. An end whose day the export does not give is put on the first day it can be, and
    `earliest` says by how many days it may move back; null elsewhere."""
    if layout.whole_moments:
        rows = rows.with_columns(pl.col("started_at").dt.date().alias("date"), pl.lit(None, pl.Int64).alias("earliest"))
        return _with_columns(rows, "ended", "ended_utc", dtype=_MOMENT)
    rows = _with_columns(rows, "started_utc", "ended_utc", dtype=_MOMENT)
    rows = _with_columns(rows, "start", "end", dtype=pl.Int64())
    rows = _with_columns(rows, "end day", dtype=pl.Date())
    past = pl.when(pl.col("end") < pl.col("start")).then(1).otherwise(0)
    end_day = pl.coalesce("end day", pl.col("date") + pl.duration(days=past))
    return rows.with_columns(
        (pl.col("date").cast(_MOMENT) + pl.duration(seconds="start")).alias("started_at"),
        (end_day.cast(_MOMENT) + pl.duration(seconds="end")).alias("ended"),
        pl.when(pl.col("end day").is_null()).then(-past).alias("earliest"),
    )


def _with_minutes(
    rows: pl.DataFrame, layout: Layout, source: Source, reading: Reading, kept: Collection[str]
) -> pl.DataFrame:
    """`minutes` and the rules about them: the column of durations, else the time between start and end."""
    if reading.duration_unit != "span" and layout.duration is not None:
        return read_fields(rows, [
            Field(layout.duration, "minutes", lambda cell: minutes_of(cell, reading.duration_unit), (
                ("missing_value", empty), ("bad_duration", unread),
                ("zero_duration", lambda _, value: value <= 0),
                ("over_12_hours", lambda _, value: value > LONGEST_MINUTES))),
        ], kept)  # fmt: skip
    started, ended, minutes = pl.col("started_at"), pl.col("ended"), pl.col("minutes")
    told = minutes_between(pl.col("started_utc"), pl.col("ended_utc"))
    local = elapsed_minutes(started, ended, source.time_zone)
    rows = rows.with_columns(pl.coalesce(told, local, minutes_between(started, ended)).alias("minutes"))
    return judge(rows, [
        ("bad_duration", layout.end, minutes.is_null()),
        ("zero_duration", layout.end, minutes <= 0),
        ("over_12_hours", layout.end, minutes > LONGEST_MINUTES),
    ], kept)  # fmt: skip


def minutes_of(cell: pl.Expr, unit: DurationUnit) -> pl.Expr:
    """Minutes from a cell of a column of durations: the tracker's own spelling, or one typed by hand with its unit
    (`1h30`, `90 min`)."""
    with_unit = pl.when(cell.str.contains(r"[A-Za-z'’]")).then(cell)
    return pl.coalesce(duration_minutes(cell, unit), sheet_minutes(with_unit))


def _with_ends(rows: pl.DataFrame) -> pl.DataFrame:
    """`ended` on its day, `wall_minutes` from the start to it as the clocks on the wall show them (null when one is
    unknown), and `ended_at`: that end, or the start and the duration when it is unknown or before the start."""
    started, ended, minutes = pl.col("started_at"), pl.col("ended"), pl.col("minutes")
    minutes = pl.when(minutes.abs() < _LONGEST_SPAN_MINUTES).then(minutes)  # no calendar holds what anyone may type
    # The day that comes closest to the duration: 25 hours end on the next day; 2:30 to 2:15 may be 45 minutes in the
    # night when the clocks show that hour twice.
    days = ((minutes - minutes_between(started, ended)) / _DAY_MINUTES).round().cast(pl.Int64)
    moved = pl.max_horizontal(days, "earliest")
    rows = rows.with_columns(
        pl.when(pl.col("earliest").is_not_null() & (moved != 0)).then(ended + pl.duration(days=moved)).otherwise(ended)
        .alias("ended"))  # fmt: skip
    last = pl.when(ended > started).then(ended).otherwise(started + pl.duration(seconds=minutes * 60))
    return rows.with_columns(minutes_between(started, ended).alias("wall_minutes"), last.alias("ended_at"))


def _span_rules(rows: pl.DataFrame, layout: Layout, zone: str) -> list[tuple[str, str | None, pl.Expr]]:
    """Rules on the time between start and end."""
    started, ended, minutes, wall = (pl.col(c) for c in ("started_at", "ended", "minutes", "wall_minutes"))
    # An entry that ends as the day does has not passed midnight.
    last_day = (pl.col("ended_at") - pl.duration(microseconds=1)).dt.date()
    rules: list[tuple[str, str | None, pl.Expr]] = [
        ("past_midnight", layout.end or layout.duration, (last_day > pl.col("date")) & (minutes > 0)),
    ]
    differs = rows.select(((minutes - wall).abs() > ROUNDING_MINUTES).fill_null(False)).to_series()
    if differs.any():
        # Few rows: only these are looked up in the calendar of clock changes.
        gap = (elapsed_minutes(started, ended, zone) - minutes).abs()
        clocks = rows.filter(differs).select((gap <= ROUNDING_MINUTES).fill_null(False)).to_series()
        changed = pl.Series([False]).new_from_index(0, rows.height).scatter(differs.arg_true(), clocks)
        rules += [
            ("clock_change", layout.end, pl.lit(changed)),
            ("duration_differs", layout.duration or layout.end, pl.lit(differs & ~changed)),
        ]
    return rules


def _with_keys(rows: pl.DataFrame, layout: Layout, counts: dict[str, str]) -> pl.DataFrame:
    """The columns every tracker has alike, and the two keys."""
    labels: list[str | pl.Expr] = ["process_key", "tool_key"]
    rows = rows.with_columns(
        # Null where the cell is empty, or where the row is set aside anyway.
        (pl.col("occurrences").fill_null(1) if "occurrences" in rows.columns else pl.lit(1)).alias("occurrences"),
        pl.lit(False).alias("new_task"),
        pl.when(pl.col("case").is_not_null()).then(hash_of("case")).alias("case_key"),
    )
    when: list[str | pl.Expr] = []
    if layout.whole_moments:
        started = pl.col("started_at").cast(pl.Int64).cast(pl.String)
        when = [pl.coalesce(started, pl.col(layout.date).cast(pl.String)), pl.col("ended")]
    elif layout.start is not None:
        # A time nobody can read is compared as text.
        when = [pl.coalesce(pl.col("start").cast(pl.String), "start as written"), pl.col("end").cast(pl.String)]
        if layout.end is not None:
            when[1] = pl.coalesce(pl.col("end").cast(pl.String), "end as written")
    natural, row = [*when, *labels, "minutes", *counts.values()], when[:1] or labels
    return rows.with_columns(hash_of("date", *natural).alias("natural_key"), hash_of("date", *row).alias("row_key"))


def _not_work(cell: pl.Expr, value: pl.Expr) -> pl.Expr:
    return cell.str.to_lowercase().is_in(NOT_WORK)


def _tags(cell: pl.Expr) -> pl.Expr:
    """The labels of a list written as JSON; any other text is left as it is."""
    listed = cell.str.starts_with("[") & cell.str.ends_with("]")
    bare = cell.str.replace_all(r'[\[\]"]', "").str.strip_chars()
    return pl.when(listed).then(pl.when(bare != "").then(bare)).otherwise(cell)


def _with_columns(rows: pl.DataFrame, *columns: str, dtype: pl.DataType = pl.String()) -> pl.DataFrame:  # noqa: B008
    """`rows` with the columns it lacks, null."""
    return rows.with_columns(pl.lit(None, dtype).alias(c) for c in dict.fromkeys(columns) if c not in rows.columns)

"""Person x week: was the log kept? Logged without an entry is a true zero, not logged is missing."""

from datetime import date, timedelta

import polars as pl

from pipelines.contracts import table
from pipelines.study.models import Calendar

_FRIDAY = timedelta(days=4)


def expected_weeks(calendar: Calendar) -> list[date]:
    """Mondays of the weeks when the log is expected, over by `as_of`, and not wholly closed."""
    end, monday = calendar.measurement_end, calendar.measurement_start
    every = [monday + timedelta(weeks=i) for i in range((end - monday).days // 7)]
    weeks = [w for w in every if not calendar.measured_weeks or w in calendar.measured_weeks]
    return [w for w in weeks if w + _FRIDAY <= calendar.as_of and not _closed(w, calendar)]


def build_presence(
    people: pl.DataFrame, teams: pl.DataFrame, declared: pl.DataFrame, entered: pl.DataFrame, calendar: Calendar
) -> pl.DataFrame:
    """clean.presence. A week is logged when the person says so in the weekly sheet (`declared` [person_time, week,
    logged, worked_hours]) or has an accepted row in it (`entered` [person_time, week]): hours that count in the
    numerator always have their week in the denominator. Expected weeks without either are not logged."""
    weeks = pl.DataFrame({"week": expected_weeks(calendar)}, schema={"week": pl.Date})
    roster = people.join(teams.select("team", "withdrawn_on"), on="team", how="left", maintain_order="left")
    on_roster = (
        (pl.col("from_date") <= pl.col("week") + _FRIDAY).fill_null(True)
        & (pl.col("to_date") >= pl.col("week")).fill_null(True)
        & (pl.col("withdrawn_on") >= pl.col("week")).fill_null(True)
    )
    expected = roster.join(weeks, how="cross", maintain_order="left_right").filter(on_roster)
    no_hours = pl.lit(None, pl.Float64).alias("worked_hours")
    said = pl.concat([
        expected.select("person_time", "week", pl.lit(False).alias("logged"), no_hours),
        declared.select("person_time", "week", "logged", "worked_hours"),
        entered.select("person_time", "week").unique(maintain_order=True).with_columns(
            pl.lit(True).alias("logged"), no_hours),
    ])  # fmt: skip
    kept = said.group_by("person_time", "week", maintain_order=True).agg(pl.col("logged").any(), pl.max("worked_hours"))
    team = people.select("person_time", "team")
    return table("clean.presence").conform(kept.join(team, on="person_time", how="left", maintain_order="left"))


def _closed(monday: date, calendar: Calendar) -> bool:
    days = [monday + timedelta(days=i) for i in range(5)]
    return all(any(c.first <= d <= c.last for c in calendar.closures) for d in days)

"""The work itself: what each person did each week, how long it took, and how long it would have taken without a tool.

One row per line of a sheet or tracker, whatever the format it is then written in. `counterfactual` never leaves this
package: the truths of the tests are computed from it.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from pipelines.demo import truths
from pipelines.demo.design import PROCESSES, START, WEEKS, Roster, open_days

SHORTEST, LONGEST = 1.0, 400.0  # minutes of one occurrence
SUPPORT_MINUTES, MEASUREMENT_MINUTES = 20, 15
LEAST_LINES = 20  # per person, whatever is asked: fewer leave nothing to plant defects in
SHEET_BUNDLE = 3  # most occurrences on one line of a sheet

# process and tool: codes; tool null = without AI. kind: null, support or measurement.
LINES_SCHEMA: dict[str, pl.DataType] = {
    "person": pl.Int64(), "team": pl.Int64(), "week": pl.Int64(), "date": pl.Date(), "process": pl.String(),
    "tool": pl.String(), "kind": pl.String(), "weeks_since": pl.Int64(), "occurrences": pl.Int64(),
    "minutes": pl.Int64(), "counterfactual": pl.Float64(), "prompt": pl.Int64(), "verification": pl.Int64(),
    "failed": pl.Int64(), "items": pl.Int64(), "errors": pl.Int64(), "severity": pl.Int64(), "complexity": pl.Int64(),
    "new_task": pl.Boolean(),
}  # fmt: skip


@dataclass(frozen=True)
class Work:
    """`lines` (LINES_SCHEMA), and `weeks`: person, team, week, open_days, status (noted, nothing, leave) of the
    weeks declared."""

    lines: pl.DataFrame
    weeks: pl.DataFrame


def simulate_work(rng: np.random.Generator, roster: Roster, entries: int | None) -> Work:
    """The work of the whole window. `entries`: about how many lines; null = as many as the processes give."""
    presence = _presence(rng, roster)
    plan = _plan(rng, roster, presence)
    if entries is not None:
        on_sheet = pl.col("on_sheet")
        entries = max(entries, LEAST_LINES * roster.people.height)
        # Lines of a sheet hold about one and a half occurrences.
        expected = pl.col("expected") / pl.when(on_sheet).then(1.5).otherwise(1.0)
        plan = plan.with_columns(pl.col("expected") * entries / expected.sum())
    done = _occurrences(rng, plan)
    lines = pl.concat([_tracked(done), _bundled(done), _overheads(rng, roster, presence)])
    lines = _severity_and_new_tasks(rng, lines.sort("team", "date", "person", "process", maintain_order=True), roster)
    # Cut once all is drawn: the team that withdraws changes nothing in the data of the others.
    lines = _until_withdrawal(lines, pl.col("date"), roster)
    presence = _until_withdrawal(presence, pl.lit(START) + pl.duration(weeks=pl.col("week")), roster)
    worked = lines.select("person", "week").unique().with_columns(pl.lit(True).alias("noted"))
    weeks = presence.filter(pl.col("status") != "forgotten").join(worked, on=["person", "week"], how="left")
    status = pl.when(pl.col("status") == "leave").then(pl.lit("leave")).when(pl.col("noted")).then(
        pl.lit("noted")).otherwise(pl.lit("nothing"))  # fmt: skip
    weeks = weeks.with_columns(status.alias("status")).drop("noted").sort("team", "week", "person")
    return Work(lines, weeks)


def _presence(rng: np.random.Generator, roster: Roster) -> pl.DataFrame:
    """person, team, week, open_days, status (present, leave, forgotten) of every week on the roster."""
    days = open_days()
    weeks = pl.DataFrame({
        "week": np.arange(WEEKS),
        "monday": [START + timedelta(weeks=w) for w in range(WEEKS)],
        "open_days": [len(d) for d in days],
    })  # fmt: skip
    people = roster.people.select("person", "team", "from_date", "to_date")
    grid = people.join(weeks, how="cross", maintain_order="left_right")
    drawn = rng.random(grid.height)
    status = pl.when(pl.col("u") < truths.LEAVE_RATE).then(pl.lit("leave")).when(
        pl.col("u") < truths.LEAVE_RATE + truths.FORGOTTEN_RATE).then(pl.lit("forgotten")).otherwise(
        pl.lit("present"))  # fmt: skip
    inside = (pl.col("from_date") <= pl.col("monday")).fill_null(True) & (
        pl.col("to_date") >= pl.col("monday") + timedelta(days=6)).fill_null(True)  # fmt: skip
    grid = grid.with_columns(pl.Series("u", drawn)).with_columns(status.alias("status"))
    return grid.filter(inside & (pl.col("open_days") > 0)).select("person", "team", "week", "open_days", "status")


def _until_withdrawal(rows: pl.DataFrame, day: pl.Expr, roster: Roster) -> pl.DataFrame:
    """The rows whose `day` is not after the withdrawal of their `team`."""
    withdrawn = roster.teams.select(pl.int_range(pl.len()).alias("team"), "withdrawn_on")
    rows = rows.join(withdrawn, on="team", how="left", maintain_order="left")
    return rows.filter((day <= pl.col("withdrawn_on")).fill_null(True)).drop("withdrawn_on")


def _plan(rng: np.random.Generator, roster: Roster, presence: pl.DataFrame) -> pl.DataFrame:
    """One row per person x process x week at work: expected occurrences, log of the usual minutes, deployment."""
    processes = pl.DataFrame(
        [(p.process, np.log(p.minutes), p.per_week) for p in PROCESSES],
        schema={"process": pl.String, "log_minutes": pl.Float64, "per_week": pl.Float64}, orient="row",
    )  # fmt: skip
    shift = rng.normal(0.0, truths.TEAM_EFFECT_SD, roster.deployments.height)
    effect = roster.deployments["process"].replace_strict(truths.TIME_EFFECT, return_dtype=pl.Float64)
    go_live = (pl.col("go_live") - pl.lit(START)).dt.total_days() // 7
    deployed = roster.deployments.with_columns(go_live.alias("go_live_week")).drop("go_live").with_columns(
        (effect + 1).log().alias("log_effect") + pl.Series(shift - shift.mean()))  # fmt: skip
    witness = roster.teams.select(pl.int_range(pl.len()).alias("team")).with_columns(pl.lit("temoin").alias("process"))
    followed = pl.concat([deployed, witness], how="diagonal").sort("team", "process")
    n = roster.people.height
    people = roster.people.select("person").with_columns(
        pl.Series("person_shift", rng.normal(0.0, truths.PERSON_SD, n)),
        pl.Series("workload", np.exp(rng.normal(0.0, 0.20, n))),
        pl.Series("error_shift", rng.normal(0.0, truths.ERROR_PERSON_SD, n)),
    )
    months = [(START + timedelta(weeks=w)).month for w in range(WEEKS)]
    season = pl.DataFrame({"week": np.arange(WEEKS), "season": [truths.MONTH_LOG_MINUTES[m] for m in months]})
    on_sheet = roster.teams.select(
        pl.int_range(pl.len()).alias("team"), pl.col("format").str.starts_with("sheet").alias("on_sheet")
    )
    plan = presence.filter(pl.col("status") == "present").join(followed, on="team").join(processes, on="process")
    plan = plan.join(people, on="person").join(season, on="week").join(on_sheet, on="team")
    return plan.sort("person", "process", "week").with_columns(
        (pl.col("per_week") * pl.col("workload") * pl.col("open_days") / 5).alias("expected"),
        (pl.col("log_minutes") + pl.col("person_shift") + pl.col("season")).alias("log_usual"),
        (pl.col("week") - pl.col("go_live_week")).alias("weeks_since"),
    )


def _occurrences(rng: np.random.Generator, plan: pl.DataFrame) -> pl.DataFrame:
    """One row per occurrence, with the columns of `plan`."""
    counts = rng.poisson(plan["expected"].to_numpy())
    done = plan[np.repeat(np.arange(plan.height), counts)]
    n = done.height
    since = done["weeks_since"].fill_null(-1).to_numpy()
    treated = since >= 0
    ramp = np.array([*truths.LEARNING, 1.0])[np.clip(since, 0, len(truths.LEARNING))]
    used = treated & (rng.random(n) < truths.ADOPTION)
    full = np.exp(done["log_effect"].fill_null(0.0).to_numpy()) - 1
    usual = np.exp(done["log_usual"].to_numpy() + rng.normal(0.0, truths.RESIDUAL_SD, n))
    usual = np.clip(usual, SHORTEST, LONGEST)
    minutes = np.maximum(1, np.rint(usual * np.where(used, 1 + full * ramp / truths.ADOPTION, 1.0))).astype(np.int64)
    prompt = np.where(used, np.floor(minutes * rng.uniform(0.05, 0.15, n)), 0).astype(np.int64)
    verification = np.where(used, np.floor(minutes * rng.uniform(0.08, 0.22, n)), 0).astype(np.int64)
    gave_up = used & (rng.random(n) < 0.06)
    failed = np.where(gave_up, np.maximum(1, np.floor(minutes * rng.uniform(0.10, 0.30, n))), 0).astype(np.int64)
    failed = np.minimum(failed, minutes - prompt - verification)
    items = 1 + rng.poisson(truths.ITEMS - 1, n)
    rate = truths.ERROR_RATE * np.exp(done["error_shift"].to_numpy()) * np.where(treated, truths.ERROR_RATIO, 1.0)
    drawn = rng.random(n)
    day = _days()[done["week"].to_numpy(), (drawn * done["open_days"].to_numpy()).astype(np.int64)]
    return done.with_columns(
        pl.Series("date", day.astype("datetime64[D]")),
        pl.Series("used", used), pl.Series("minutes", minutes), pl.Series("counterfactual", usual),
        pl.Series("prompt", prompt), pl.Series("verification", verification), pl.Series("failed", failed),
        pl.Series("items", items), pl.Series("errors", rng.binomial(items, np.minimum(rate, 0.9))),
        pl.Series("complexity", rng.choice(np.array([1, 2, 3]), n, p=[0.35, 0.45, 0.20])),
    ).with_columns(pl.when("used").then("tool").alias("tool"))  # fmt: skip


def _days() -> np.ndarray:
    """week x nth open day -> day; unused places repeat the first day of the week."""
    weeks = open_days()
    filled = [[*d, *([START] * (5 - len(d)))] for d in weeks]
    return np.array([[np.datetime64(d) for d in week] for week in filled], dtype="datetime64[D]")


def _tracked(done: pl.DataFrame) -> pl.DataFrame:
    return _lines(done.filter(~pl.col("on_sheet")).with_columns(pl.lit(1).alias("occurrences")))


def _bundled(done: pl.DataFrame) -> pl.DataFrame:
    """On a sheet, the times a task was done the same day with the same tool share lines."""
    key = ["person", "team", "week", "date", "process", "tool"]
    rows = done.filter(pl.col("on_sheet")).with_columns((pl.int_range(pl.len()).over(key) // SHEET_BUNDLE).alias("nth"))
    sums = ["minutes", "counterfactual", "prompt", "verification", "failed", "items", "errors"]
    return _lines(rows.group_by([*key, "nth"], maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("occurrences"), *(pl.col(c).sum() for c in sums),
        pl.col("weeks_since").first(), pl.col("complexity").max()))  # fmt: skip


def _lines(rows: pl.DataFrame) -> pl.DataFrame:
    have = set(rows.columns)
    return rows.select((pl.col(c) if c in have else pl.lit(None)).cast(t).alias(c) for c, t in LINES_SCHEMA.items())


def _overheads(rng: np.random.Generator, roster: Roster, presence: pl.DataFrame) -> pl.DataFrame:
    """Support in the second and the sixth week of use; filling in the log, every fourth week."""
    first = roster.deployments.unique("team", keep="first", maintain_order=True).select(
        "team", "tool", ((pl.col("go_live") - pl.lit(START)).dt.total_days() // 7).alias("go_live_week"))  # fmt: skip
    weeks = presence.filter(pl.col("status") == "present").join(first, on="team").sort("person", "week")
    since = pl.col("week") - pl.col("go_live_week")
    support = weeks.filter(since.is_in([1, 5])).with_columns(
        pl.lit("support").alias("kind"), pl.lit(SUPPORT_MINUTES).alias("minutes"))  # fmt: skip
    measurement = weeks.filter(pl.col("week") % 4 == 3).with_columns(
        pl.lit("measurement").alias("kind"), pl.lit(MEASUREMENT_MINUTES).alias("minutes"),
        pl.lit(None, pl.String).alias("tool"))  # fmt: skip
    rows = pl.concat([support, measurement]).with_columns(since.alias("weeks_since"), pl.lit(1).alias("occurrences"))
    day = _days()[rows["week"].to_numpy(), (rng.random(rows.height) * rows["open_days"].to_numpy()).astype(np.int64)]
    return _lines(rows.with_columns(pl.Series("date", day.astype("datetime64[D]"))))


def _severity_and_new_tasks(rng: np.random.Generator, lines: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """Rare severities where there are errors; a few tasks nobody did before, on the workbooks that ask."""
    n = lines.height
    draws = pl.DataFrame({"u": rng.random(n), "grade": rng.choice(np.array([1, 2, 3]), n, p=[0.80, 0.17, 0.03])})
    asks = roster.teams.select(pl.int_range(pl.len()).alias("team"), (pl.col("format") == "sheet_xlsx").alias("asks"))
    rows = pl.concat([lines.join(asks, on="team", how="left", maintain_order="left"), draws], how="horizontal")
    new = pl.col("asks") & pl.col("tool").is_not_null() & pl.col("kind").is_null() & (pl.col("u") < 0.01)
    return rows.with_columns(
        pl.when(pl.col("errors") > 0).then("grade").otherwise(pl.when(pl.col("errors") == 0).then(0)).alias("severity"),
        new.alias("new_task"),
    ).select(LINES_SCHEMA.keys())

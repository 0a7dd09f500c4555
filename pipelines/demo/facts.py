"""What the tests may know of a demonstration study: planted effects, and what they came to in the lines drawn."""

import math

import polars as pl

from pipelines.demo import truths
from pipelines.demo.design import JOINER_FROM, LEAVER_TO, PROCESSES, START, Roster
from pipelines.demo.work import Work

REGIME_WEEK = len(truths.LEARNING)  # weeks since go-live from which the effect is whole


def planted(roster: Roster) -> dict[str, object]:
    """The parameters of the simulation that an indicator estimates, and the day a team left."""
    withdrawn = roster.teams.filter(pl.col("withdrawn_on").is_not_null())
    return {
        "time_effect_percent": {k: 100 * v for k, v in truths.TIME_EFFECT.items()},
        "declared_effect_percent": {k: 100 * v for k, v in truths.DECLARED_EFFECT.items()},
        "error_ratio": truths.ERROR_RATIO,
        "wellbeing_points": truths.WELLBEING_CHANGE,
        "job_satisfaction_points": truths.JOB_SATISFACTION_CHANGE,
        "human_part_points": truths.HUMAN_PART_CHANGE,
        "satisfied_percent": {k: round(100 * sum(v[3:]), 1) for k, v in truths.SATISFACTION.items()},
        "withdrawn_on": {t: str(d) for t, d in withdrawn.select("team", "withdrawn_on").iter_rows()},
        "joiner_from": str(JOINER_FROM),
        "leaver_to": str(LEAVER_TO),
    }


def realised(work: Work, roster: Roster, training: pl.DataFrame) -> dict[str, object]:
    """The exact effect in the lines drawn, against the same lines without a tool.

    Time per task (%): treated weeks from the fourth on, by scope. Net hours: learning weeks included, overheads and
    training attended of treated weeks deducted, per person-week recorded. Calibration: minutes saved per task over
    minutes believed saved, summed over the teams and processes that answered at the end.
    """
    tools = roster.deployments.select("team", "process", pl.col("tool").alias("deployed"))
    done = work.lines.filter(pl.col("process").is_not_null() & ~pl.col("new_task")).join(tools, on=["team", "process"])
    done = done.filter(pl.col("weeks_since") >= 0)
    regime = done.filter(pl.col("weeks_since") >= REGIME_WEEK)
    gross = float(done["counterfactual"].sum()) - float(done["minutes"].sum())
    overheads = float(work.lines.filter(pl.col("kind").is_not_null() & (pl.col("weeks_since") >= 0))["minutes"].sum())
    trained = float(training.filter(pl.col("attended") == "oui")["minutes"].sum())
    weeks = _treated_weeks(work, roster)
    hours = (gross - overheads - trained) / 60
    return {
        "time_per_task_percent": {
            "programme": _percent(regime),
            **{f"process {k}": _percent(f) for (k,), f in sorted(regime.group_by("process"))},
            **{f"tool {k}": _percent(f) for (k,), f in sorted(regime.group_by("deployed"))},
        },
        "calibration": _calibration(regime, roster),
        "gross_hours": round(gross / 60, 2),
        "overheads_hours": round(overheads / 60, 2),
        "training_hours": round(trained / 60, 2),
        "person_weeks": weeks,
        "net_hours": round(hours / weeks, 4),
    }


def _percent(lines: pl.DataFrame) -> float:
    return round(100 * (float(lines["minutes"].sum()) / float(lines["counterfactual"].sum()) - 1), 3)


def _calibration(regime: pl.DataFrame, roster: Roster) -> float:
    here = roster.teams["withdrawn_on"].is_null()
    minutes = {p.process: p.minutes for p in PROCESSES}
    between = math.exp((truths.PERSON_SD**2 + truths.DECLARED_SD**2) / 2)  # mean of what people declare over its median
    pairs = regime.group_by("team", "process").agg(
        ((pl.col("counterfactual").sum() - pl.col("minutes").sum()) / pl.col("occurrences").sum()).alias("saved")
    ).filter(pl.col("team").is_in(here.arg_true().to_list())).sort("team", "process")  # fmt: skip
    believed = [-between * truths.mean_minutes(minutes[p]) * truths.DECLARED_EFFECT[p] for p in pairs["process"]]
    return round(float(pairs["saved"].sum()) / math.fsum(believed), 4)


def _treated_weeks(work: Work, roster: Roster) -> int:
    """Person-weeks recorded once the team was equipped: said on a sheet, or holding an entry."""
    first = roster.deployments.group_by("team").agg(pl.col("go_live").min())
    kinds = roster.teams.select(pl.int_range(pl.len()).alias("team"), "format")
    weeks = work.weeks.join(first, on="team").join(kinds, on="team")
    said = pl.col("format").str.starts_with("sheet") & (pl.col("status") == "nothing")
    live = (pl.lit(START) + pl.duration(weeks=pl.col("week"))) >= pl.col("go_live")
    return weeks.filter(live & (said | (pl.col("status") == "noted"))).height

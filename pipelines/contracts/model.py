"""Model tables: the sufficient statistics the estimators read, one SELECT each in pipelines/sql/."""

import polars as pl

from pipelines.contracts.base import Column, Table
from pipelines.contracts.clean import MAYBE_TEAM, PERSON_SURVEY, PERSON_TIME, PROCESS, ROLES, TEAM

S, I, F, B, D = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean(), pl.Date()
PHASES = ("avant", "apprentissage", "regime")
TOOL = Column("tool", S, "tool used; null = without AI", nullable=True, references="clean.tools.tool")
WEEK = Column("week", D, "Monday of the ISO week")
MONTH = Column("month", D, "first day of the month of that Monday")

TIME_CELLS = Table(
    "time_cells", "model",
    "Person x process x week x tool used: counts and sums of the accepted time entries, new tasks left out.",
    (
        PERSON_TIME, TEAM, PROCESS, WEEK, MONTH, TOOL,
        Column("witness", B, "the process is never equipped"),
        Column("treated", B, "week >= go-live of (team, process)"),
        Column("phase", S, "avant; apprentissage = weeks 1-3 after go-live; regime = week 4 on", allowed=PHASES),
        Column("deployed_tool", S, "only tool deployed on this (team, process) at that week; « plusieurs » if more; null if untreated", nullable=True),
        Column("n_entries", I, "lines", unit="lines", minimum=1),
        Column("occurrences", I, "times the task was done", unit="occurrences", minimum=1),
        Column("minutes", F, "total time, all-in", unit="minutes", minimum=0),
        Column("log_minutes", F, "sum over lines of occurrences x log(minutes / occurrences)", unit="log minutes"),
        Column("prompt_minutes", F, "sum; null when never measured", unit="minutes", nullable=True, minimum=0),
        Column("verification_minutes", F, "sum; null when never measured", unit="minutes", nullable=True, minimum=0),
        Column("rework_minutes", F, "sum; null when never measured", unit="minutes", nullable=True, minimum=0),
        Column("failed_minutes", F, "sum; null when never measured", unit="minutes", nullable=True, minimum=0),
        Column("items", I, "items handled in lines that count errors", unit="items", minimum=0),
        Column("errors", I, "items that had to be redone", unit="errors", minimum=0),
        Column("severe_errors", I, "lines whose worst error is severe (3)", unit="lines", minimum=0),
        Column("n_entries_without_items", I, "lines that count no items or errors: out of the error indicator", unit="lines", minimum=0),
    ),
    key=("person_time", "process", "week", "tool"),
    order_by=("team", "process", "week", "tool", "minutes", "occurrences"),
)  # fmt: skip

AGENT_WEEKS = Table(
    "agent_weeks", "model", "Person x week of measurement: logged or not, and whether the team was live.",
    (
        PERSON_TIME, TEAM, WEEK,
        Column("logged", B, "the person kept the log that week"),
        Column("worked_hours", F, "hours worked", unit="hours", nullable=True, minimum=0),
        Column("treated", B, "week >= first go-live of the team"),
    ),
    key=("person_time", "week"), order_by=("team", "week", "logged", "worked_hours"),
)  # fmt: skip

OVERHEAD_CELLS = Table(
    "overhead_cells", "model", "Person x week x tool x kind: support, measurement and training minutes.",
    (
        PERSON_TIME, TEAM, WEEK,
        Column("tool", S, "tool it is tagged to; null = common", nullable=True),
        Column("kind", S, "what the time went to", allowed=("support", "measurement", "training")),
        Column("treated", B, "week >= first go-live of the team; training counts in full whenever it took place"),
        Column("minutes", F, "time spent", unit="minutes", minimum=0),
    ),
    key=("person_time", "week", "tool", "kind"), order_by=("team", "week", "kind", "tool", "minutes"),
)  # fmt: skip

SCORES = Table(
    "scores", "model",
    "Person x wave x scale x process x tool: score by the half rule (score = rescaled mean if at least half of the items are answered).",
    (
        PERSON_SURVEY, MAYBE_TEAM,
        Column("role", S, "agent or supervisor (encadrant)", allowed=ROLES),
        Column("wave", S, "wave"),
        Column("scale", S, "scale or single item"),
        Column("process", S, "process the answer is about", nullable=True),
        Column("tool", S, "tool the answer is about", nullable=True),
        Column("n_answered", I, "items answered", unit="items", minimum=0),
        Column("score", F, "score on the scale's own range; null under the half rule", nullable=True),
        Column("complete", B, "the questionnaire was submitted"),
    ),
    key=("person_survey", "wave", "scale", "process", "tool"),
    order_by=("wave", "scale", "team", "process", "tool", "score", "n_answered"),
)  # fmt: skip

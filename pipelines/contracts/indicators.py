"""Indicator tables: one long table of estimates, and the counts printed beside it."""

import polars as pl

from pipelines.contracts.base import Column, Table

S, I, F, D = pl.String(), pl.Int64(), pl.Float64(), pl.Date()
SCOPES = ("programme", "family", "team", "tool", "process", "process_tool", "team_tool")
EVIDENCE = ("A", "A-", "B", "C", "D")
VERDICTS = ("atteint", "non_atteint", "non_concluant")
STATUS = ("published", "suppressed")

# The four objectives of the programme, in the order they are printed -> the estimand that is judged.
PRIMARY = {"net_hours": "net_hours", "errors": "rate_ratio", "wellbeing": "change", "satisfaction": "share_satisfied"}
LOG_OF_PERCENT = ("time_per_task",)  # in %, with a standard error on the log scale, like every ratio

# What an estimator returns for one estimate; it knows nothing of the indicator.
RECORD = (
    Column("estimate", F, "point estimate in `unit`", nullable=True),
    Column("ci_low", F, "lower bound", nullable=True),
    Column("ci_high", F, "upper bound", nullable=True),
    Column("level", F, "level of the interval", nullable=True, minimum=0.5, maximum=1),
    Column("se", F, "standard error, on the log scale for ratios", nullable=True, minimum=0),
    Column("df", F, "degrees of freedom", nullable=True, minimum=0),
    Column("tau", F, "spread between the units it is pooled with (teams, tools, pairs): posterior mean, on the scale of se", nullable=True, minimum=0),
    Column("G", I, "teams that contribute (teams of the pooling model where pooled)", unit="teams", nullable=True, minimum=0),
    Column("n_persons", I, "distinct persons with a non-null contribution", unit="people", nullable=True, minimum=0),
    Column("n_obs", I, "observations used", unit="observations", nullable=True, minimum=0),
    Column("n_obs_read", I, "observations read", unit="observations", nullable=True, minimum=0),
    Column("reason", S, "why there is no interval or no estimate", nullable=True),
    Column("model_id", S, "how it was computed (CONTRIBUTING.md lists them)"),
    Column("top1_share", F, "largest contributor's share of the total", nullable=True, minimum=0, maximum=1),
    Column("top2_share", F, "two largest contributors' share of the total", nullable=True, minimum=0, maximum=1),
    Column("unanimous", pl.Boolean(), "every contributor gave the same kind of answer, before any value is drawn toward others", nullable=True),
    Column("n_minority", I, "people in the smaller of the two groups the estimate would tell apart; null where it tells none apart", unit="people", nullable=True, minimum=0),
    Column("p_ratio", F, "(total - two largest) / largest contribution", nullable=True, minimum=0),
)  # fmt: skip

# What an indicator adds.
IDENTITY = (
    Column("indicator", S, "id of the indicator"),
    Column("estimand", S, "which quantity of that indicator"),
    Column("unit", S, "unit of the estimate"),
    Column("scope", S, "level", allowed=SCOPES),
    Column("scope_key", S, "code of the team, tool...; `programme` for the whole"),
    Column("population", S, "who it is about"),
    Column("window_start", D, "first day", nullable=True),
    Column("window_end", D, "last day", nullable=True),
    Column("threshold", F, "success threshold, in `unit`", nullable=True),
    Column("direction", S, "which way is favourable", allowed=("higher", "lower")),
)  # fmt: skip

DECIDED = (
    Column("evidence", S, "level of evidence of the design", nullable=True, allowed=EVIDENCE),
    Column("evidence_reason", S, "why that level", nullable=True),
    Column("p_value", F, "one-sided probability to pass the threshold this far when the truth is on it, rounded up at the third decimal; null without verdict", unit="probability", nullable=True, minimum=0, maximum=1),
    Column("q_value", F, "the same for several read together: Holm over the four objectives of the programme, Benjamini-Hochberg over all other rows (exploratory)", unit="probability", nullable=True, minimum=0, maximum=1),
    Column("verdict", S, "from the whole interval against the threshold; null before the end wave and on team rows", nullable=True, allowed=VERDICTS),
    Column("verdict_reason", S, "why no conclusion", nullable=True),
    Column("detectable", F, "programme rows without conclusion: smallest effect this study finds four times out of five, in `unit`, in % where the spread is on the log scale", nullable=True, minimum=0),
)  # fmt: skip

_KEY = ("indicator", "estimand", "scope", "scope_key")
ESTIMATES = Table(
    "estimates", "indicators", "One row per estimate, before decisions and disclosure control.",
    IDENTITY + RECORD, key=_KEY, order_by=_KEY,
)  # fmt: skip
DECISIONS = Table(
    "decisions", "indicators", "The estimates with evidence level and verdict, before disclosure control.",
    IDENTITY + RECORD + DECIDED, key=_KEY, order_by=_KEY,
)  # fmt: skip
DISTRIBUTIONS = Table(
    "distributions", "indicators", "Counts of answers to one item in one wave, before disclosure control.",
    (
        Column("item", S, "code of the item"),
        Column("wave", S, "wave"),
        Column("scope", S, "level", allowed=SCOPES),
        Column("scope_key", S, "code of the team, tool...; `programme` for the whole"),
        Column("value_code", S, "answer code"),
        Column("rank", I, "order of the answer on its scale"),
        Column("label", S, "answer as asked"),
        Column("n_persons", I, "people who gave this answer", unit="people", nullable=True, minimum=0),
        Column("n_total", I, "people who answered the item", unit="people", nullable=True, minimum=0),
        Column("share", F, "n_persons / n_total", nullable=True, minimum=0, maximum=1),
    ),
    key=("item", "wave", "scope", "scope_key", "value_code"),
    order_by=("item", "wave", "scope", "scope_key", "rank"),
)  # fmt: skip
PARTICIPATION = Table(
    "participation", "indicators", "The flow of people, from the roster to paired questionnaires, before disclosure control.",
    (
        Column("rank", I, "order of the step"),
        Column("step", S, "id of the step"),
        Column("scope", S, "level", allowed=SCOPES),
        Column("scope_key", S, "code of the team; `programme` for the whole"),
        Column("n_persons", I, "people", unit="people", nullable=True, minimum=0),
        Column("n_reference", I, "people of the step it is compared with", unit="people", nullable=True, minimum=0),
    ),
    key=("step", "scope", "scope_key"), order_by=("scope", "scope_key", "rank"),
)  # fmt: skip

"""Tables of the proposals per process and tool, of the actions that lift their gates, and of what people decided."""

from dataclasses import replace

import polars as pl

from pipelines.contracts.base import Column, Table

S, I, F, D = pl.String(), pl.Int64(), pl.Float64(), pl.Date()

PAIR = ":"  # process:tool, the id of a proposal and the key of a process_tool scope
PROPOSALS = ("generaliser", "ajuster", "ne_pas_poursuivre", "preuve_insuffisante")
LAST_LINE = "4"  # what no other line settles
BASES = ("met", "answered", "unmet", "unknown")

# What a rule may look at, each a column of published.proposals.
INPUTS = (
    Column("gain", F, "minutes per task saved from the fourth week on", unit="%", nullable=True),
    Column("gain_low", F, "5 % posterior quantile of the gain", unit="%", nullable=True),
    Column("gain_high", F, "95 % posterior quantile of the gain", unit="%", nullable=True),
    Column("evidence", S, "level of evidence of the gain", nullable=True),
    Column("irritation", F, "change of irritation of the process, 0 to 10", unit="points", nullable=True),
    Column("umux_lite", F, "UMUX-Lite of the tool", unit="points", nullable=True),
    Column("wish_to_continue", F, "agents who wish to continue with the tool", unit="%", nullable=True),
    Column("abandonment", F, "users of the tool for the process who stopped", unit="%", nullable=True),
    Column("errors", F, "rate ratio of errors of the tool", unit="ratio", nullable=True),
    Column("errors_low", F, "lower bound of that ratio", unit="ratio", nullable=True),
    Column("not_compliant", I, "blocking criteria that the tool fails", unit="criteria", nullable=True, minimum=0),
    Column("not_assessed", I, "blocking criteria nobody assessed", unit="criteria", nullable=True, minimum=0),
    Column("human_incidents", I, "confirmed incidents on the human part of work", unit="incidents", minimum=0),
    Column("escaped_errors", I, "confirmed severe errors due to the tool that left the service", unit="incidents", minimum=0),
)  # fmt: skip

_PAIR = (Column("process", S, "code of the process"), Column("tool", S, "code of the tool"))
PUBLISHED_PROPOSALS = Table(
    "proposals", "published", "What the rule of the study file proposes for each process and tool, from the published tables alone. The machine proposes, people decide.",
    (
        Column("proposal_id", S, "process:tool"), *_PAIR,
        Column("family", S, "family of processes, the widest a proposal may reach"),
        Column("proposal", S, "what is proposed; null before the end wave", nullable=True, allowed=PROPOSALS),
        Column("line", S, "line of the rule that fired", nullable=True),
        Column("basis", S, "how the reasons made it: met; met, and answered by an open action; unmet, so not generalised; unknown", nullable=True, allowed=BASES),
        Column("reasons", S, "the conditions it rests on, separated by ;", nullable=True),
        *INPUTS,
        Column("not_published", S, "inputs withheld to protect people, separated by ;", nullable=True),
        Column("not_measured", S, "inputs nobody measured, separated by ;", nullable=True),
    ),
    key=("proposal_id",), order_by=("process", "tool"),
)  # fmt: skip

ACTIONS = Table(
    "actions", "clean", "Actions that answer a gate of the rule: while one is open, the gate proposes to adjust.",
    (
        Column("action", S, "code of the action"),
        Column("line", S, "line of the rule it answers"),
        Column("process", S, "process concerned; null = every process of the tool", nullable=True, references="clean.processes.process"),
        Column("tool", S, "tool concerned", references="clean.tools.tool"),
        Column("what", S, "what is done"),
        Column("owner", S, "who is responsible (a function, not a person)"),
        Column("due", D, "by when"),
        Column("closed_on", D, "day it was closed; null if open", nullable=True),
    ),
    key=("action",), order_by=("action",),
)  # fmt: skip

DECISIONS = Table(
    "decisions", "clean", "What was decided on the proposals, filled in by people.",
    (
        Column("proposal_id", S, "process:tool, as the proposal"),
        Column("decision", S, "what was decided", allowed=PROPOSALS),
        Column("authority", S, "who decided (a function, not a person)"),
        Column("date", D, "day of the decision"),
        Column("reason", S, "why, where it differs from the proposal", nullable=True),
        Column("csa_information", D, "day the CSA was informed", nullable=True),
    ),
    key=("proposal_id",), order_by=("proposal_id",),
)  # fmt: skip
CHARACTERISTICS = Table(
    "characteristics", "published", "What the rule of the study file proposes for a true gain, by simulation, all else being as good as it asks. Nothing measured enters it.",
    (
        Column("persons", I, "people measured for one process and tool", unit="people", minimum=1),
        Column("gain_true", F, "minutes per task really saved", unit="%"),
        Column("proposal", S, "what is proposed", allowed=PROPOSALS),
        Column("probability", F, "part of the simulated studies", minimum=0, maximum=1),
        Column("mc_se", F, "Monte-Carlo error of that part", minimum=0, maximum=1),
    ),
    key=("persons", "gain_true", "proposal"), order_by=("persons", "gain_true", "proposal"),
)  # fmt: skip
PUBLISHED_ACTIONS = replace(ACTIONS, layer="published", columns=tuple(replace(c, references=None) for c in ACTIONS.columns))
PUBLISHED_DECISIONS = replace(DECISIONS, layer="published")

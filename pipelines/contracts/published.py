"""Published tables: disclosed, safe to hand to anyone. Reports, notebooks and open tables read only these."""

from dataclasses import replace

import polars as pl

from pipelines.contracts.base import Column, Table
from pipelines.contracts.clean import DEPLOYMENTS as CLEAN_DEPLOYMENTS
from pipelines.contracts.clean import PROCESSES as CLEAN_PROCESSES
from pipelines.contracts.clean import RECOMMENDATIONS as CLEAN_RECOMMENDATIONS
from pipelines.contracts.clean import TOOLS as CLEAN_TOOLS
from pipelines.contracts.indicators import DECIDED, IDENTITY, RECORD, STATUS
from pipelines.contracts.indicators import DISTRIBUTIONS as RAW_DISTRIBUTIONS
from pipelines.contracts.indicators import PARTICIPATION as RAW_PARTICIPATION

S, I, F, B, D = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean(), pl.Date()
_STATUS = Column("disclosure_status", S, "printed, or suppressed: then every value and count of the row is null", allowed=STATUS)
_INTERNAL = {"top1_share", "top2_share", "p_ratio", "unanimous", "n_minority"}
# Below the programme a size is printed as a class: exact sizes would give a hidden team by difference.
_CLASS = {"n_persons": "distinct agents with a non-null contribution; below the programme the lower bound of the class 5-9, 10-19, 20 and over"}
_RECORD = tuple(
    replace(c, nullable=True, description=_CLASS.get(c.name, c.description)) for c in RECORD if c.name not in _INTERNAL
)

ESTIMATES = Table(
    "estimates", "published", "One row per estimate, after disclosure control.",
    IDENTITY + _RECORD + DECIDED + (_STATUS,),
    key=("indicator", "estimand", "scope", "scope_key"), order_by=("indicator", "estimand", "scope", "scope_key"),
)  # fmt: skip
DISTRIBUTIONS = replace(RAW_DISTRIBUTIONS, layer="published", columns=(*RAW_DISTRIBUTIONS.columns, _STATUS),
    description="Counts of answers to one item in one wave, after disclosure control.")  # fmt: skip
PARTICIPATION = replace(RAW_PARTICIPATION, layer="published", columns=(*RAW_PARTICIPATION.columns, _STATUS),
    description="The flow of people, after disclosure control.")  # fmt: skip
TEAMS = Table(
    "teams", "published", "Teams: the label is the family when the study does not publish names.",
    (
        Column("team", S, "code of the team"),
        Column("label", S, "name to print"),
        Column("family", S, "family of jobs"),
        Column("start_group", I, "start group (« vague de démarrage »)", nullable=True),
        Column("go_live", D, "first go-live; null if never equipped", nullable=True),
    ),
    key=("team",), order_by=("team",),
)  # fmt: skip
TOOLS = replace(CLEAN_TOOLS, layer="published")
PROCESSES = replace(CLEAN_PROCESSES, layer="published")
DEPLOYMENTS = replace(CLEAN_DEPLOYMENTS, layer="published", columns=tuple(replace(c, references=None) for c in CLEAN_DEPLOYMENTS.columns))
RECOMMENDATIONS = replace(CLEAN_RECOMMENDATIONS, layer="published")
CODEBOOK = Table(
    "codebook", "published", "What each estimate is, from the indicators themselves: one row per indicator and estimand.",
    (
        Column("indicator", S, "id of the indicator"),
        Column("description", S, "what it measures; null for a scale that the study added", nullable=True),
        Column("estimand", S, "which quantity of that indicator; null when its rows stand under the scales they are about", nullable=True),
        Column("unit", S, "unit of the estimate", nullable=True),
        Column("direction", S, "which way is favourable", nullable=True, allowed=("higher", "lower")),
        Column("scopes", S, "levels it is estimated at", nullable=True),
        Column("models", S, "how it was computed: values of model_id", nullable=True),
    ),
    key=("indicator", "estimand", "unit"), order_by=("indicator", "estimand", "unit"),
)  # fmt: skip
ACCOUNTS = Table(
    "accounts", "published", "Rows received = accepted + set aside + duplicates, per source.",
    (
        Column("source", S, "id of the source, or register"),
        Column("format", S, "format recognised"),
        Column("files", I, "files", unit="files", minimum=1),
        Column("received", I, "rows received", unit="rows", minimum=0),
        Column("accepted", I, "rows accepted", unit="rows", minimum=0),
        Column("set_aside", I, "rows set aside", unit="rows", minimum=0),
        Column("duplicates", I, "rows that repeat another one", unit="rows", minimum=0),
    ),
    key=("source",), order_by=("source",),
)  # fmt: skip
SET_ASIDE = Table(
    "set_aside", "published", "Rules that rows break: why they were set aside, counted once, or used all the same.",
    (
        Column("source", S, "id of the source, or register"),
        Column("rule", S, "rule"),
        Column("status", S, "set aside, counted once, or used all the same", allowed=("set_aside", "duplicate", "kept")),
        Column("rows", I, "rows", unit="rows", minimum=1),
    ),
    key=("source", "rule", "status"), order_by=("source", "rule", "status"),
)  # fmt: skip
CORRECTIONS = Table(
    "corrections", "published", "Cells of the exports corrected by the analyst, with the reason; neither values nor lines.",
    (
        Column("source", S, "id of the source, or register"),
        Column("source_file", S, "file, relative path"),
        Column("column", S, "column corrected"),
        Column("reason", S, "why, in the analyst's words"),
        Column("date", D, "day of the correction"),
        Column("rows", I, "cells corrected", unit="rows", minimum=1),
    ),
    key=("source", "source_file", "column", "reason", "date"), order_by=("source", "source_file", "column", "date", "reason"),
)  # fmt: skip
LINKING = Table(
    "linking", "published", "How many responses of each wave were given their author, after disclosure control.",
    (
        Column("rank", I, "order of the wave in the study file", minimum=1),
        Column("wave", S, "wave of the study file"),
        Column("responses", I, "responses, each counted once however many exports hold it", unit="responses", nullable=True, minimum=1),
        Column("linked", I, "their code is known, or one element from a known one of the team", unit="responses", nullable=True, minimum=0),
        Column("mistyped", I, "those of them with one mistyped element", unit="responses", nullable=True, minimum=0),
        Column("ambiguous", I, "set aside: near a known code, but it cannot be told whose they are", unit="responses", nullable=True, minimum=0),
        Column("all_but_few", B, "all are linked but fewer than the threshold; null when `linked` is told", nullable=True),
        Column("paired_share", F, "agents of the baseline wave found again in this one", unit="share", nullable=True, minimum=0, maximum=1),
        _STATUS,
    ),
    key=("wave",), order_by=("rank",),
)  # fmt: skip
INCIDENTS = Table(
    "incidents", "published", "Incidents counted by tool, process and kind.",
    (
        Column("tool", S, "tool; null = none in particular", nullable=True),
        Column("process", S, "process; null = none in particular", nullable=True),
        Column("kind", S, "what it is about"),
        Column("severity", I, "0 benign to 3 severe"),
        Column("incidents", I, "declared", minimum=0),
        Column("confirmed", I, "confirmed", minimum=0),
        Column("open", I, "not closed", minimum=0),
        Column("left_service", I, "errors that left the service", minimum=0),
        Column("escaped", I, "confirmed errors that left the service", minimum=0),
    ),
    key=("tool", "process", "kind", "severity"), order_by=("tool", "process", "kind", "severity"),
)  # fmt: skip
ASKED = Table(
    "asked", "published", "Every question of the questionnaires, as asked.",
    (
        Column("rank", I, "order, over all questionnaires", minimum=1),
        Column("questionnaire", S, "questionnaire"),
        Column("title", S, "its title"),
        Column("page", S, "title of the page it stands on"),
        Column("item", S, "code of the question"),
        Column("text", S, "the question; [processus] and [outil] stand for what it is about"),
        Column("answers", S, "the answers offered, or how to answer", nullable=True),
    ),
    key=("rank",), order_by=("rank",),
)  # fmt: skip
STUDY = Table(
    "study", "published", "The settings of the study that the pages print, one per row.",
    (
        Column("setting", S, "path of the setting in the study file"),
        Column("value", S, "its value as text", nullable=True),
    ),
    key=("setting",), order_by=("setting",),
)  # fmt: skip
PROVENANCE = Table(
    "provenance", "published", "Fingerprints: every input file, the study file, the lock, the code.",
    (
        Column("kind", S, "what it is", allowed=("input", "study", "lock", "code", "python")),
        Column("name", S, "relative path, or name"),
        Column("fingerprint", S, "sha256, or version"),
    ),
    key=("kind", "name"), order_by=("kind", "name"),
)  # fmt: skip

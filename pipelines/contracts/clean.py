"""Canonical tables: what every indicator reads, whatever the office exported.

People appear only as keyed pseudonyms, in two domains that nothing joins: `person_time` (time sheets,
presence, training) and `person_survey` (questionnaires). No table carries both.
"""

import polars as pl

from pipelines.contracts.base import Column, Table

S, I, F, B, D, T = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean(), pl.Date(), pl.Datetime("us")

SOURCE_FILE = Column("source_file", S, "file of the study folder the row came from, relative path")
SOURCE_ROW = Column("source_row", I, "line of that file where the row starts (1 = first line)", unit="line", minimum=1)
PERSON_TIME = Column("person_time", S, "keyed pseudonym of a person in the time data")
PERSON_SURVEY = Column("person_survey", S, "keyed pseudonym of a respondent in the questionnaires")
TEAM = Column("team", S, "code of the team", references="clean.teams.team")
MAYBE_TEAM = Column("team", S, "code of the team; null in a study without teams", nullable=True, references="clean.teams.team")
PROCESS = Column("process", S, "code of the process", references="clean.processes.process")
MAYBE_TOOL = Column("tool", S, "code of the tool; null = without AI, or common to all tools", nullable=True, references="clean.tools.tool")
ROLES = ("agent", "encadrant")
COMPLIANCE = ("conforme", "reserve", "non_conforme", "non_evalue")

TEAMS = Table(
    "teams", "clean", "One row per team that takes part.",
    (
        Column("team", S, "code of the team"),
        Column("label", S, "name of the team, as printed when the study publishes names"),
        Column("service", S, "service the team belongs to"),
        Column("family", S, "declared family of jobs: small teams are merged inside it"),
        Column("headcount", I, "people in the team", unit="people", minimum=1),
        Column("start_group", I, "start group (« vague de démarrage »)", nullable=True, minimum=1),
        Column("withdrawn_on", D, "day the team left the study; null if it stayed", nullable=True),
    ),
    key=("team",), order_by=("team",),
)  # fmt: skip

PEOPLE_TIME = Table(
    "people_time", "clean", "One row per person expected to record time.",
    (
        PERSON_TIME, TEAM,
        Column("role", S, "agent or supervisor (encadrant)", allowed=ROLES),
        Column("weekly_hours", F, "contract hours per week", unit="hours", nullable=True, minimum=1, maximum=48),
        Column("from_date", D, "first day on the roster", nullable=True),
        Column("to_date", D, "last day on the roster; null if still there", nullable=True),
    ),
    key=("person_time",), order_by=("team", "role", "weekly_hours", "from_date"),
)  # fmt: skip

PEOPLE_SURVEY = Table(
    "people_survey", "clean", "One row per envelope code handed out for the questionnaires.",
    (
        PERSON_SURVEY, MAYBE_TEAM,
        Column("role", S, "agent or supervisor (encadrant)", allowed=ROLES),
        Column("from_date", D, "first day on the roster", nullable=True),
        Column("to_date", D, "last day on the roster; null if still there", nullable=True),
    ),
    key=("person_survey",), order_by=("team", "role", "from_date"),
)  # fmt: skip

TOOLS = Table(
    "tools", "clean", "One row per AI tool tried.",
    (
        Column("tool", S, "code of the tool"),
        Column("label", S, "name of the tool"),
        Column("provider", S, "who provides it", nullable=True),
        Column("model", S, "model and version", nullable=True),
        Column("hosting", S, "where it runs", nullable=True),
        Column("compliance_transfers", S, "transfers outside the EU", allowed=COMPLIANCE),
        Column("compliance_training", S, "reuse of inputs to train the model", allowed=COMPLIANCE),
        Column("compliance_processor", S, "processor's contract (art. 28)", allowed=COMPLIANCE),
        Column("compliance_sensitive", S, "sensitive data", allowed=COMPLIANCE),
    ),
    key=("tool",), order_by=("tool",),
)  # fmt: skip

PROCESSES = Table(
    "processes", "clean", "One row per process followed.",
    (
        Column("process", S, "code of the process"),
        Column("label", S, "name of the process"),
        Column("family", S, "family of processes"),
        Column("witness", B, "never equipped, used for comparison"),
    ),
    key=("process",), order_by=("process",),
)  # fmt: skip

DEPLOYMENTS = Table(
    "deployments", "clean", "One row per team x process x tool that went live. All that 'treated' means comes from here.",
    (
        TEAM, PROCESS,
        Column("tool", S, "code of the tool", references="clean.tools.tool"),
        Column("go_live", D, "first day in use, a Monday"),
        Column("end_date", D, "last day in use; null if still in use", nullable=True),
    ),
    key=("team", "process", "tool"), order_by=("team", "process", "tool"),
)  # fmt: skip

TIME_ENTRIES = Table(
    "time_entries", "clean", "One row per line of a time sheet or tracker: a task done, all-in minutes.",
    (
        PERSON_TIME, TEAM, PROCESS,
        Column("date", D, "day the work was done (local)"),
        Column("week", D, "Monday of its ISO week"),
        Column("tool", S, "AI tool used; null = without AI", nullable=True, references="clean.tools.tool"),
        Column("occurrences", I, "times the task was done in this line", unit="occurrences", minimum=1),
        Column("minutes", F, "total time, all-in: prompt, checking, rework and failed attempts included", unit="minutes", minimum=0.01, maximum=1440),
        Column("prompt_minutes", F, "part of minutes spent writing the prompt; null = not measured", unit="minutes", nullable=True, minimum=0),
        Column("verification_minutes", F, "part of minutes spent checking and redoing; null = not measured", unit="minutes", nullable=True, minimum=0),
        Column("rework_minutes", F, "part of minutes spent on rework when told apart from checking; null = not measured", unit="minutes", nullable=True, minimum=0),
        Column("failed_minutes", F, "part of minutes lost in failed attempts; null = not measured", unit="minutes", nullable=True, minimum=0),
        Column("failed_attempt", B, "a tool was tried, its output discarded, the task finished by hand", nullable=True),
        Column("new_task", B, "a task nobody did before the tool"),
        Column("complexity", I, "1 simple to 3 complex", nullable=True, minimum=1, maximum=3),
        Column("items", I, "items handled (files, letters, rows); null = not measured", unit="items", nullable=True, minimum=0),
        Column("errors", I, "items that had to be redone; null = not measured", unit="errors", nullable=True, minimum=0),
        Column("severity", I, "worst error of the line, 0 none to 3 severe", nullable=True, minimum=0, maximum=3),
        Column("source", S, "id of the source in the study file"),
        SOURCE_FILE, SOURCE_ROW,
    ),
    key=("source", "source_file", "source_row"), order_by=("source", "source_file", "source_row"), in_parts=True,
)  # fmt: skip

OVERHEADS = Table(
    "overheads", "clean", "Time not tied to an occurrence: support and measurement.",
    (
        PERSON_TIME, TEAM, MAYBE_TOOL,
        Column("date", D, "day (local)"),
        Column("week", D, "Monday of its ISO week"),
        Column("kind", S, "support or measurement", allowed=("support", "measurement")),
        Column("minutes", F, "time spent", unit="minutes", minimum=0.01, maximum=1440),
        Column("source", S, "id of the source in the study file"),
        SOURCE_FILE, SOURCE_ROW,
    ),
    key=("source_file", "source_row"), order_by=("team", "week", "source_file", "source_row"),
)  # fmt: skip

TRAINING = Table(
    "training", "clean", "One row per person x session. Training minutes come only from here.",
    (
        PERSON_TIME, TEAM, MAYBE_TOOL,
        Column("session", S, "code of the session"),
        Column("date", D, "day of the session"),
        Column("week", D, "Monday of its ISO week"),
        Column("minutes", F, "length of the session", unit="minutes", minimum=1, maximum=1440),
        Column("attended", B, "the person was there"),
        SOURCE_FILE, SOURCE_ROW,
    ),
    key=("person_time", "session"), order_by=("team", "date", "session", "source_file", "source_row"),
)  # fmt: skip

PRESENCE = Table(
    "presence", "clean", "One row per person x week of measurement. Logged without entry = a true zero; not logged = missing.",
    (
        PERSON_TIME, TEAM,
        Column("week", D, "Monday of the ISO week"),
        Column("logged", B, "the person kept the log that week"),
        Column("worked_hours", F, "hours worked that week; null = not known", unit="hours", nullable=True, minimum=0, maximum=60),
    ),
    key=("person_time", "week"), order_by=("team", "week", "logged", "worked_hours"),
)  # fmt: skip

RESPONSES = Table(
    "responses", "clean", "One row per answer to one item of a questionnaire.",
    (
        PERSON_SURVEY, MAYBE_TEAM,
        Column("role", S, "agent or supervisor (encadrant)", allowed=ROLES),
        Column("wave", S, "wave of the study file"),
        Column("item", S, "code of the item in the study's instruments"),
        Column("process", S, "process the item is about", nullable=True, references="clean.processes.process"),
        Column("tool", S, "tool the item is about", nullable=True, references="clean.tools.tool"),
        Column("value_code", S, "answer code of the instrument"),
        Column("value_number", F, "numeric value of the answer; null when it has none (don't know, prefer not to say)", nullable=True),
        Column("submitted_at", T, "time of submission; null when the survey does not record it", nullable=True),
        Column("complete", B, "the questionnaire was submitted"),
        SOURCE_FILE, SOURCE_ROW,
    ),
    key=("person_survey", "wave", "item", "process", "tool"),
    order_by=("wave", "team", "item", "source_file", "source_row", "process", "tool"),
)  # fmt: skip

SCALE_ITEMS = Table(
    "scale_items", "clean", "How items add up to scales: the scoring key of the study, as data.",
    (
        Column("scale", S, "scale or single item scored"),
        Column("item", S, "code of the item"),
        Column("minimum", F, "lowest value of the item"),
        Column("maximum", F, "highest value of the item"),
        Column("reversed", B, "the highest value is the least favourable"),
        Column("out_minimum", F, "lowest value of the score"),
        Column("out_maximum", F, "highest value of the score"),
        Column("n_items", I, "items of the scale", unit="items", minimum=1),
        Column("sensitive", B, "needs the higher threshold of contributors"),
    ),
    key=("scale", "item"), order_by=("scale", "item"),
)  # fmt: skip

CHECKED_SAMPLES = Table(
    "checked_samples", "clean", "One row per batch of items of a team and process, a sample of which was checked by someone who did not know how it was done. No person.",
    (
        TEAM, PROCESS,
        Column("date", D, "day the items were handled"),
        Column("handled", I, "items of the batch", unit="items", minimum=1),
        Column("checked", I, "items drawn and checked", unit="items", minimum=1),
        Column("wrong", I, "checked items that had to be redone", unit="items", minimum=0),
    ),
    key=("team", "process", "date"), order_by=("team", "process", "date"),
)  # fmt: skip

INCIDENTS = Table(
    "incidents", "clean", "One row per incident declared to the project team. No person, no free text.",
    (
        Column("incident", S, "code of the incident"),
        Column("date", D, "day it was opened"),
        Column("tool", S, "tool concerned", nullable=True, references="clean.tools.tool"),
        Column("process", S, "process concerned", nullable=True, references="clean.processes.process"),
        Column("kind", S, "what it is about", allowed=("donnees", "erreur", "souverainete", "part_humaine", "autre")),
        Column("severity", I, "0 benign to 3 severe", minimum=0, maximum=3),
        Column("confirmed", B, "confirmed by the project team"),
        Column("left_service", B, "the error left the service"),
        Column("closed_on", D, "day it was closed; null if open", nullable=True),
    ),
    key=("incident",), order_by=("incident",),
)  # fmt: skip

RECOMMENDATIONS = Table(
    "recommendations", "clean", "Recommendations written by hand, printed as they are.",
    (
        Column("recommendation", I, "number, in the order to print", minimum=1),
        Column("finding", S, "what was observed"),
        Column("action", S, "what is proposed"),
        Column("owner", S, "who is responsible (a function, not a person)"),
        Column("due", S, "by when, in words"),
        Column("indicator", S, "indicator the finding rests on", nullable=True),
        Column("scope", S, "level of the estimate it rests on; null = programme", nullable=True, allowed=("programme", "tool", "process")),
        Column("scope_key", S, "code of that tool or process; null for the programme", nullable=True),
    ),
    key=("recommendation",), order_by=("recommendation",),
)  # fmt: skip

REJECT_COLUMNS = (
    Column("source", S, "id of the source in the study file, or the register's name"),
    SOURCE_FILE, SOURCE_ROW,
    Column("rule", S, "rule that set the row aside (pipelines/contracts/rules.py)"),
    Column("column", S, "column at fault; null when it is the whole row", nullable=True),
    Column("status", S, "set aside, or counted as a duplicate", allowed=("set_aside", "duplicate")),
)  # fmt: skip

_REJECTED = (*REJECT_COLUMNS, Column("action", S, "what would put the row right"))
REJECTED_TIME = Table("rejected_time", "clean", "Rows of the time data that were not accepted. Never the row itself.",
    _REJECTED, order_by=("source_file", "source_row", "rule"))  # fmt: skip
REJECTED_RESPONSES = Table("rejected_responses", "clean", "Rows of the questionnaires that were not accepted. Never the row itself.",
    _REJECTED, order_by=("source_file", "source_row", "rule"))  # fmt: skip
REJECTED_REGISTERS = Table("rejected_registers", "clean", "Rows of the registers that were not accepted. Never the row itself.",
    _REJECTED, order_by=("source_file", "source_row", "rule"))  # fmt: skip

FLAGGED = Table(
    "flagged", "clean", "Rows accepted although they break a rule that the study keeps: one row per row and rule.",
    (
        Column("source", S, "id of the source in the study file"),
        SOURCE_FILE, SOURCE_ROW,
        Column("rule", S, "rule broken (pipelines/contracts/rules.py)"),
    ),
    key=("source", "source_file", "source_row", "rule"), order_by=("source_file", "source_row", "rule"),
)  # fmt: skip

ACCOUNTS = Table(
    "accounts", "clean", "Rows received = accepted + set aside + duplicates, for each file.",
    (
        Column("source", S, "id of the source in the study file, or the register's name"),
        SOURCE_FILE,
        Column("format", S, "format recognised"),
        Column("sha256", S, "fingerprint of the file as received"),
        Column("received", I, "rows in the file", unit="rows", minimum=0),
        Column("accepted", I, "rows accepted", unit="rows", minimum=0),
        Column("set_aside", I, "rows set aside, each with a reason", unit="rows", minimum=0),
        Column("duplicates", I, "rows that repeat another one", unit="rows", minimum=0),
    ),
    key=("source_file", "source"), order_by=("source", "source_file"),
)  # fmt: skip

CORRECTIONS = Table(
    "corrections", "clean", "Cells of the exports that the analyst corrected (corrections.yaml). Neither the values nor who corrected them.",
    (
        Column("source", S, "id of the source in the study file, or the register's name"),
        SOURCE_FILE,
        Column("source_row", I, "line of the file; null when the row is named by the number of the response", unit="line", nullable=True, minimum=1),
        Column("response", S, "number of the response; null when the row is named by its line", nullable=True),
        Column("column", S, "column corrected, as corrections.yaml calls it"),
        Column("reason", S, "why"),
        Column("date", D, "day of the correction"),
    ),
    order_by=("source_file", "source_row", "response", "column", "source"),
)  # fmt: skip

LINKING = Table(
    "linking", "clean", "How the responses of each wave were given their author; waves that link nobody have no row.",
    (
        Column("rank", I, "order of the wave in the study file", minimum=1),
        Column("wave", S, "wave of the study file"),
        Column("responses", I, "responses, each counted once however many exports hold it", unit="responses", minimum=1),
        Column("exact", I, "their code is known", unit="responses", minimum=0),
        Column("mistyped", I, "their code is one element from a known one of the team, and no other", unit="responses", minimum=0),
        Column("ambiguous", I, "their code is near a known one, but it cannot be told whose it is: set aside", unit="responses", minimum=0),
        Column("answered", I, "agents with an accepted response", unit="people", minimum=0),
        Column("paired", I, "those of them with an accepted response to the baseline wave; null for that wave", unit="people", nullable=True, minimum=0),
        Column("baseline", I, "agents with an accepted response to the baseline wave; null for that wave", unit="people", nullable=True, minimum=0),
    ),
    key=("wave",), order_by=("rank",),
)  # fmt: skip

"""The study.yaml of the demonstration study: the example an analyst copies."""

from collections.abc import Mapping

from pipelines.demo import sheets, trackers
from pipelines.demo.design import AS_OF, CLOSURES, END, START, WAVES
from pipelines.demo.questionnaires import t0_columns

_WORDS = {6: "six", 7: "sept", 8: "huit", 9: "neuf", 10: "dix"}

_TEXT = """\
# A demonstration study. Everything in it is invented: the university, the people, the tools, the figures.
# Copy this file to start your own study; every key you leave out takes the default of the house.

study: demo                       # short name, used for folders and keys
title: L'intelligence artificielle dans {teams} équipes administratives
organisation: Université de démonstration
organisation_unit: Direction générale des services
fictional: true                   # prints « fictif » on every page and chart; leave it out on real data
public_pseudonym_key: true        # demonstration data only: a real study draws secret keys
language: fr

# The window of measurement, from a Monday up to (not including) a Monday.
calendar:
  measurement_start: {start}
  measurement_end: {end}
  as_of: {as_of}               # the data are read as of this day: verdicts need the window to be over
  closures:                       # days without work: nobody is expected to record anything
{closures}

# Questionnaires. Roles: baseline (before), pulse (short, repeated), end (after), single (one survey only).
waves:
{waves}

# Who, what, where, since when. CSV with semicolons or XLSX, in the folder of this file.
registers:
  teams: registers/teams.csv
  people_time: registers/people_time.xlsx      # who records time; never joined to the next one
  people_survey: registers/people_survey.csv   # codes drawn from envelopes, for the questionnaires
  tools: registers/tools.csv
  processes: registers/processes.csv
  deployments: registers/deployments.csv
  training: registers/training.csv
  incidents: registers/incidents.csv
  recommendations: registers/recommendations.csv

# Files as they were exported. Labels that are not those of the registers are mapped here; anything unknown stops the
# run with its file and line.
sources:
  - id: feuilles_classeur
    format: time_sheet
    files: [temps/feuille_*.xlsx]
    overheads: &frais              # time of the project, not of a task (&frais names the block, *frais repeats it)
{sheet_overheads}
  - id: feuilles_csv
    format: time_sheet
    files: [temps/feuille_*.csv, temps/semaines_*.csv]
    overheads: *frais
  - id: kimai
    format: kimai
    files: [temps/kimai.csv]
    process_column: Activity
    processes:
{kimai_processes}
    tools: &etiquettes             # tags -> tools; null = a tag that names no tool
{tags}
    overheads: &suivi
{tracker_overheads}
  - id: toggl                      # its projects are called as in the register of processes: nothing to map
    format: toggl
    files: [temps/toggl.csv]
    tools: *etiquettes
    overheads: *suivi
  - id: clockify
    format: clockify
    files: [temps/clockify.csv]
    date_order: dmy                # its dates follow the profile of whoever exports
    process_column: Task
    processes:
{clockify_processes}
    tools: *etiquettes
    overheads: *suivi
  - id: t0
    format: limesurvey
    wave: T0
    files: [questionnaires/resultats_t0.csv]
    person: CODE                   # the column that links a person's answers over time
    ignore: [EQ]                   # the register of codes already gives the team
    columns:                       # headings of the export that are not codes of items
{columns}
  - id: t1
    format: limesurvey
    wave: T1
    files: [questionnaires/resultats_t1.csv]
    person: CODE
    ignore: [EQ, OV1]              # OV1 is free text: it never enters the lake
{pulses}

# How start dates were chosen decides the level of evidence.
start_groups_drawn_by_lot: true

# Rows that may be set aside or counted once, rule by rule. One more than said here stops the run.
quarantine:
{quarantine}

# Success thresholds, fixed before the end wave. These are the defaults of the house.
thresholds:
  net_hours: 0.5                  # hours per agent and week, at least
  errors: 0.90                    # rate ratio, at most
  errors_guardrail: 1.15          # rate ratio, at most
  wellbeing: -5.0                 # WHO-5 points, at least
  satisfaction: 60.0              # % satisfied, at least
  time_per_task: -10.0            # %, at most

privacy:
  publish_named: true             # teams are named; each read its own sheet before
  publish_team_wellbeing: false

# Dates of the steps that make the evaluation lawful. Left empty on a real study, every report carries a warning.
governance:
  dpo_opinion: 2026-01-12
  aipd: 2026-01-19
  csa_information: 2026-01-22
  notice_sent: 2026-01-26

satisfaction:
  item: SO1
  satisfied_from: 4               # « Satisfait » and « Très satisfait »

distributions: [SO1, SA1]         # items whose answers are published one by one
"""


def study_yaml(teams: int, quarantine: Mapping[str, int]) -> str:
    """The text of study.yaml; `quarantine`: rule -> rows that may be set aside or counted once."""
    closures = [f"    - {{first: {a}, last: {b}, label: {label}}}" for a, b, label in CLOSURES]
    waves = [
        f'  - {{wave: {w.wave}, label: "{w.label}", role: {w.role}, opens: {w.opens}, closes: {w.closes}}}'
        for w in WAVES
    ]
    pulses = [
        f"  - id: {w.wave.lower()}\n    format: limesurvey\n    wave: {w.wave}\n"
        f"    files: [questionnaires/point_{w.wave.lower()}.csv]\n    person: CODE\n    ignore: [EQ]"
        for w in WAVES
        if w.role == "pulse"
    ]
    tags: dict[str, str] = {tag: tool for tool, tag in trackers.TAGS.items()} | {trackers.REMOTE: "null"}
    return _TEXT.format(
        teams=_WORDS.get(teams, str(teams)), start=START, end=END, as_of=AS_OF,
        closures="\n".join(closures), waves="\n".join(waves), pulses="\n".join(pulses),
        sheet_overheads=_mapping({v: k for k, v in sheets.OVERHEAD_LABELS.items()}),
        tracker_overheads=_mapping({v: k for k, v in trackers.OVERHEAD_LABELS.items()}),
        kimai_processes=_mapping({v: k for k, v in trackers.LABELS["kimai"].items()}),
        clockify_processes=_mapping({v: k for k, v in trackers.LABELS["clockify"].items()}),
        tags=_mapping(tags), columns=_mapping(t0_columns()),
        quarantine=_mapping({k: str(v) for k, v in sorted(quarantine.items())}, indent=2),
    )  # fmt: skip


def _mapping(pairs: Mapping[str, str], indent: int = 6) -> str:
    return "\n".join(f'{" " * indent}{k if k.isidentifier() else _quoted(k)}: {v}' for k, v in pairs.items())


def _quoted(text: str) -> str:
    """`text` between double quotes."""
    return '"' + text.replace('"', '\\"') + '"'

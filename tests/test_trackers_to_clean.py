"""From files of several trackers to clean time entries: people found, rows accounted for, nothing personal kept."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.clean.accounts import unbalanced
from pipelines.clean.build import build_clean, build_raw
from pipelines.clean.pseudonyms import load_keys
from pipelines.clean.registers import read_registers
from pipelines.parts import Parts, as_texts
from pipelines.study.load import load_study

STUDY = """\
study: essai
title: Essai
organisation: Université de démonstration
fictional: true
public_pseudonym_key: true
calendar: {measurement_start: 2026-02-02, measurement_end: 2026-06-29, as_of: 2026-07-03}
registers: {teams: teams.csv, people_time: people.csv, processes: processes.csv, tools: tools.csv}
treatments: {summed_entries: keep}
sources:
  - {id: harvest, format: harvest, files: [harvest.csv]}
  - {id: solidtime, format: solidtime, files: [solidtime.csv], processes: {p-1: courriels}, tools: {t-1: assistanta}}
  - {id: resume, format: clockify, files: [resume.csv]}
  - id: autre
    format: tracker
    files: [autre.csv]
    columns: {Jour: date, Agent: person, Tâche: process, Durée: duration, Fois: occurrences}
    duration_unit: minutes
"""
PAID = ";".join(["conforme"] * 4)
FILES = {
    "study.yaml": STUDY,
    "teams.csv": "team;label;service;family;headcount\nE1;Équipe 1;s;f;9\n",
    "people.csv": "email;tracker_user;name;team;role\nada@example.org;u-1;Ada Lov;E1;agent\n",
    "processes.csv": "process;label;family;witness\ncourriels;Courriels récurrents;f;non\n",
    "tools.csv": "tool;label;compliance_transfers;compliance_training;compliance_processor;compliance_sensitive\n"
                 f"assistanta;Assistant A;{PAID}\n",
    "harvest.csv": "Date,Client,Project,Project Code,Task,Notes,Hours,First Name,Last Name\n"
                   '2026-02-03,C,P,,Courriels récurrents,secret,"0,25",Ada,Lov\n'
                   '2026-02-03,C,P,,Courriels récurrents,secret,"0,25",Ada,Lov\n'
                   '2026-02-03,C,P,,Courriels récurrents,secret,"0,50",Eve,Lov\n'
                   'Total,,,,,,"1,0",,\n',
    "solidtime.csv": "id,description,start,end,type,user_id,project_id,tags\n"
                     '1,secret,2026-02-03T08:00:00Z,2026-02-03T08:20:00Z,work,u-1,p-1,"[""t-1""]"\n'
                     "2,secret,2026-02-03T11:00:00Z,2026-02-03T12:00:00Z,break,u-1,,[]\n",
    "resume.csv": '"Date","User","Project","Time (h)","Time (decimal)"\n'
                  '"2026-02-03","Ada Lov","Courriels récurrents","01:30:00","1.5"\n',
    "autre.csv": "Jour;Agent;Tâche;Durée;Fois;Commentaire\n"
                 "13/02/2026;ADA@example.org;courriels;45,5;3;secret\n"
                 "14/02/2026;ADA@example.org;;45,5;3;secret\n",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_every_tracker_reaches_the_clean_entries(folder: Path):
    loaded = load_study(folder)
    registers = read_registers(loaded, load_keys(loaded))
    parts = Parts(folder / "parts")
    raw = build_raw(loaded, registers, parts)
    clean = build_clean(loaded, registers, raw.tables, parts)
    assert not raw.problems and not clean.problems
    found = [pl.read_parquet(p, hive_partitioning=False) for p in parts.paths("clean.time_entries")]
    entries = pl.concat([as_texts(f) for f in found]).sort("source", "source_row")
    assert entries.select("source", "source_row", "minutes", "occurrences", "tool").rows() == [
        ("autre", 2, 45.5, 3, None),
        ("harvest", 2, 15.0, 1, None),
        ("harvest", 3, 15.0, 1, None),
        ("resume", 2, 90.0, 1, None),
        ("solidtime", 2, 20.0, 1, "assistanta"),
    ]
    assert entries["person_time"].n_unique() == 1
    assert clean.tables["clean.rejected_time"].sort("source", "source_row").select("source", "rule").rows() == [
        ("autre", "missing_project"), ("harvest", "unknown_person"), ("harvest", "total_row"),
        ("solidtime", "not_work"),
    ]  # fmt: skip
    assert clean.tables["clean.flagged"].select("source", "rule").rows() == [("resume", "summed_entries")]
    accounts = clean.tables["clean.accounts"]
    assert unbalanced(accounts).is_empty()
    stored = "".join(pl.read_parquet(p, hive_partitioning=False).write_csv() for p in folder.rglob("*.parquet"))
    assert not [word for word in ("secret", "Lov", "ada@", "u-1") if word.lower() in stored.lower()]

"""The whole way from a study folder to the clean tables: what Dagster runs in steps and `bilan check` in one go."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import polars as pl

from pipelines.clean import corrections
from pipelines.clean.accounts import build_accounts
from pipelines.clean.ingest import files_of, formats, read_surveys
from pipelines.clean.ingest_time import read_time
from pipelines.clean.linking import linking_table
from pipelines.clean.problems import all_problems
from pipelines.clean.pseudonyms import Keys
from pipelines.clean.registers import Registers, read_registers
from pipelines.clean.responses import build_responses, scale_items
from pipelines.clean.time import build_time
from pipelines.contracts import table
from pipelines.contracts.rules import RULES, Problem
from pipelines.parts import Parts
from pipelines.study.load import STUDY_FILE, LoadedStudy
from pipelines.study.models import Study


@dataclass(frozen=True)
class Tables:
    """Tables by qualified name (those kept in parts are in `Parts`), and the faults that stop a run whatever the study
    accepts. `entries`: time entries accepted, of build_clean."""

    tables: dict[str, pl.DataFrame]
    problems: list[Problem]
    entries: int = 0


def build_raw(loaded: LoadedStudy, registers: Registers, parts: Parts) -> Tables:
    """Every raw table: the exports with pseudonyms for people, the files received, the rows that could not be read.
    Those of time go to `parts`. A register that cannot be read is told alone: everything else looks things up in it."""
    read = [read_surveys(loaded, registers), read_time(loaded, registers, parts)]
    tables = {f"raw.{name}": frame for r in read for name, frame in r.tables.items()}
    received = pl.concat([registers.received, *(r.received for r in read)], how="diagonal")
    rejected = table("raw.rejected").conform(pl.concat([r.rejected for r in read]))
    problems = [*registers.problems, *(p for r in read for p in r.problems), *corrections.unread(loaded)]
    problems = registers.problems if registers.unread else problems
    return Tables({**tables, "raw.files": table("raw.files").conform(received), "raw.rejected": rejected}, problems)


def build_clean(
    loaded: LoadedStudy, registers: Registers, raw: dict[str, pl.DataFrame], parts: Parts, *,
    faulty: Collection[str] = (),
) -> Tables:  # fmt: skip
    """Every clean table from the raw ones (qualified name -> frame) and from `parts`, where time entries go too.

    `faulty`: sources of which a file could not be read; what nobody said is then no problem of its own.
    """
    exports = {name.removeprefix("raw."): frame for name, frame in raw.items()}
    time = build_time(parts, exports["files"], registers, loaded)
    surveys = [exports[name] for module in formats().values() if module.DOMAIN == "survey" for name in module.TABLES]
    asked = pl.concat(surveys, how="diagonal")
    answers = build_responses(asked, registers, loaded, faulty=faulty)
    unread = exports["rejected"]
    of_surveys = pl.col("source").is_in([s.id for s in loaded.study.sources if s.is_survey])
    rejected = {
        "clean.rejected_time": pl.concat([unread.filter(~of_surveys), time.rejected]),
        "clean.rejected_responses": pl.concat([unread.filter(of_surveys), answers.rejected]),
        "clean.rejected_registers": registers.rejected,
    }
    action = pl.col("rule").replace_strict({name: rule.action for name, rule in RULES.items()}, return_dtype=pl.String)
    rejected = {name: table(name).conform(rows.with_columns(action.alias("action"))) for name, rows in rejected.items()}
    everything = pl.concat(rejected.values())
    accepted = pl.concat([registers.accepted, time.accepted, answers.accepted])
    tables = {
        **{f"clean.{name}": frame for name, frame in registers.tables.items()},
        "clean.overheads": time.overheads,
        "clean.presence": time.presence,
        "clean.responses": answers.responses,
        "clean.linking": linking_table(asked, answers.rejected, answers.responses, loaded.study),
        "clean.scale_items": scale_items(loaded.study),
        **rejected,
        "clean.flagged": pl.concat([time.flagged, answers.flagged]),
        "clean.accounts": build_accounts(exports["files"], everything, accepted),
        "clean.corrections": corrections.corrections_table(loaded, exports["files"]),
    }
    problems = [*time.problems, *answers.problems]
    if not any(s.id in faulty for s in loaded.study.sources if not s.is_survey):
        problems += _silent_teams(loaded.study, tables, time.heard)
    return Tables(tables, problems, time.entries)


def _silent_teams(study: Study, tables: dict[str, pl.DataFrame], entered: set[str]) -> list[Problem]:
    """Teams expected to record time whose files gave nothing: a file that is missing among others of its source."""
    heard = entered.union(tables["clean.overheads"]["team"], tables["clean.presence"].filter("logged")["team"])
    expected = tables["clean.people_time"]["team"].unique().sort()
    timed = any(not s.is_survey for s in study.sources)
    silent = [t for t in expected if t not in heard and t not in study.teams_without_time] if timed else []
    return [
        Problem("silent_team", study.registers.people_time or STUDY_FILE, f"Nothing was recorded by team {team}.",
                f"Put its export in the folder, or accept that: `teams_without_time: [{team}]` in study.yaml.")
        for team in silent
    ]  # fmt: skip


def problems_of(clean: Tables, study: Study) -> list[Problem]:
    """All that is wrong once everything is read, worst first."""
    rejected = {name: clean.tables[f"clean.rejected_{name}"] for name in ("registers", "time", "responses")}
    return all_problems(clean.problems, rejected, clean.tables["clean.flagged"], study)


def check(loaded: LoadedStudy, keys: Keys, parts: Parts) -> list[Problem]:
    """Everything wrong with the study's files, worst first, what the study accepts included. `parts` is where rows of
    time are kept meanwhile."""
    registers = read_registers(loaded, keys)
    raw = build_raw(loaded, registers, parts)
    if registers.unread:
        return raw.problems
    clean = build_clean(loaded, registers, raw.tables, parts, faulty=_faulty(loaded, raw.problems))
    clean = replace(clean, problems=[*raw.problems, *clean.problems])
    return problems_of(clean, loaded.study)


def _faulty(loaded: LoadedStudy, problems: list[Problem]) -> set[str]:
    """Sources of which a file is missing or could not be read."""
    files = {p.file for p in problems}
    named = {s.id: {*s.files, *(name for name, _ in files_of(loaded, s)[0])} for s in loaded.study.sources}
    return {source for source, names in named.items() if names & files}

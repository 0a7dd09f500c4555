"""The whole way from a study folder to the clean tables: what Dagster runs in steps and `bilan check` in one go."""

from dataclasses import dataclass

import polars as pl

from pipelines.clean.accounts import beyond_quarantine, build_accounts, row_problems
from pipelines.clean.ingest import formats, read_raw
from pipelines.clean.pseudonyms import Keys
from pipelines.clean.registers import Registers, read_registers
from pipelines.clean.responses import build_responses, scale_items
from pipelines.clean.time import build_time
from pipelines.contracts import table
from pipelines.contracts.rules import Problem
from pipelines.study.load import STUDY_FILE, LoadedStudy
from pipelines.study.models import Study


@dataclass(frozen=True)
class Tables:
    """Tables by qualified name, and the faults that stop a run whatever the study accepts."""

    tables: dict[str, pl.DataFrame]
    problems: list[Problem]


def build_raw(loaded: LoadedStudy, registers: Registers) -> Tables:
    """Every raw table: the exports with pseudonyms for people, the files received, the rows that could not be read."""
    read = [read_raw(loaded, fmt, registers) for fmt in formats()]
    tables = {f"raw.{name}": frame for r in read for name, frame in r.tables.items()}
    files = table("raw.files").conform(pl.concat([registers.received, *(r.received for r in read)]))
    rejected = table("raw.rejected").conform(pl.concat([r.rejected for r in read]))
    problems = registers.problems + [p for r in read for p in r.problems]
    return Tables({**tables, "raw.files": files, "raw.rejected": rejected}, problems)


def build_clean(loaded: LoadedStudy, registers: Registers, raw: dict[str, pl.DataFrame]) -> Tables:
    """Every clean table from the raw ones (qualified name -> frame)."""
    exports = {name.removeprefix("raw."): frame for name, frame in raw.items()}
    time = build_time(exports, registers, loaded)
    surveys = [exports[name] for module in formats().values() if module.DOMAIN == "survey" for name in module.TABLES]
    answers = build_responses(pl.concat(surveys, how="diagonal"), registers, loaded)
    unread = exports["rejected"]
    of_surveys = pl.col("source").is_in([s.id for s in loaded.study.sources if s.is_survey])
    rejected = {
        "clean.rejected_time": pl.concat([unread.filter(~of_surveys), time.rejected]),
        "clean.rejected_responses": pl.concat([unread.filter(of_surveys), answers.rejected]),
        "clean.rejected_registers": registers.rejected,
    }
    everything = pl.concat(rejected.values())
    accepted = pl.concat([registers.accepted, time.accepted, answers.accepted])
    tables = {
        **{f"clean.{name}": frame for name, frame in registers.tables.items()},
        "clean.time_entries": time.time_entries,
        "clean.overheads": time.overheads,
        "clean.presence": time.presence,
        "clean.responses": answers.responses,
        "clean.scale_items": scale_items(loaded.study),
        **rejected,
        "clean.accounts": build_accounts(exports["files"], everything, accepted),
    }
    problems = [*time.problems, *answers.problems, *_silent_teams(loaded.study, tables)]
    return Tables(tables, problems)


def _silent_teams(study: Study, tables: dict[str, pl.DataFrame]) -> list[Problem]:
    """Teams expected to record time whose files gave nothing: a file that is missing among others of its source."""
    heard = pl.concat([tables["clean.time_entries"]["team"], tables["clean.overheads"]["team"],
                       tables["clean.presence"].filter("logged")["team"]])  # fmt: skip
    expected = tables["clean.people_time"]["team"].unique().sort()
    timed = any(not s.is_survey for s in study.sources)
    silent = [t for t in expected if t not in set(heard) and t not in study.teams_without_time] if timed else []
    return [
        Problem("missing_file", study.registers.people_time or STUDY_FILE, f"Nothing was recorded by team {team}.",
                f"Put its export in the folder, or accept that: `teams_without_time: [{team}]` in study.yaml.")
        for team in silent
    ]  # fmt: skip


def rows_to_report(clean: Tables) -> pl.DataFrame:
    """Rows set aside or repeated, but for those whose label is unknown: the label itself is one of `clean.problems`."""
    rows = pl.concat([clean.tables[f"clean.rejected_{kind}"] for kind in ("registers", "time", "responses")])
    said = any(p.rule in ("unmapped_process", "unmapped_tool") for p in clean.problems)
    return rows.filter(pl.col("rule") != "unknown_code") if said else rows


def stops(clean: Tables, study: Study) -> list[Problem]:
    """What stops a run once everything is read: unknown labels, and more rows set aside than the study accepts.

    Registers first: a person or a team lost there is then unknown everywhere else.
    """
    if registers := beyond_quarantine(clean.tables["clean.rejected_registers"], study):
        return registers
    return [*clean.problems, *beyond_quarantine(rows_to_report(clean), study)]


def check(loaded: LoadedStudy, keys: Keys) -> list[Problem]:
    """Everything wrong with the study's files: faults that stop a run, then each row set aside or repeated."""
    registers = read_registers(loaded, keys)
    if registers.problems:  # without a register everybody is unknown everywhere else: said first, and alone
        return registers.problems
    raw = build_raw(loaded, registers)
    clean = build_clean(loaded, registers, raw.tables)
    return [*raw.problems, *clean.problems, *row_problems(rows_to_report(clean))]

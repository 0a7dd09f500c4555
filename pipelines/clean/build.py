"""The whole way from a study folder to the clean tables: what Dagster runs in steps and `bilan check` in one go."""

from dataclasses import dataclass

import polars as pl

from pipelines.clean.accounts import beyond_quarantine, build_accounts, row_problems
from pipelines.clean.ingest import formats, read_survey
from pipelines.clean.ingest_time import read_time
from pipelines.clean.pseudonyms import Keys
from pipelines.clean.registers import Registers, read_registers
from pipelines.clean.responses import build_responses, scale_items
from pipelines.clean.time import build_time
from pipelines.contracts import table
from pipelines.contracts.rules import Problem
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
    Those of time go to `parts`."""
    surveys = [fmt for fmt, module in formats().items() if module.DOMAIN == "survey"]
    read = [*(read_survey(loaded, fmt, registers) for fmt in surveys), read_time(loaded, registers, parts)]
    tables = {f"raw.{name}": frame for r in read for name, frame in r.tables.items()}
    received = pl.concat([registers.received, *(r.received for r in read)], how="diagonal")
    rejected = table("raw.rejected").conform(pl.concat([r.rejected for r in read]))
    problems = registers.problems + [p for r in read for p in r.problems]
    return Tables({**tables, "raw.files": table("raw.files").conform(received), "raw.rejected": rejected}, problems)


def build_clean(loaded: LoadedStudy, registers: Registers, raw: dict[str, pl.DataFrame], parts: Parts) -> Tables:
    """Every clean table from the raw ones (qualified name -> frame) and from `parts`, where time entries go too."""
    exports = {name.removeprefix("raw."): frame for name, frame in raw.items()}
    time = build_time(parts, exports["files"], registers, loaded)
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
        "clean.overheads": time.overheads,
        "clean.presence": time.presence,
        "clean.responses": answers.responses,
        "clean.scale_items": scale_items(loaded.study),
        **rejected,
        "clean.flagged": time.flagged,
        "clean.accounts": build_accounts(exports["files"], everything, accepted),
    }
    problems = [*time.problems, *answers.problems, *_silent_teams(loaded.study, tables, time.heard)]
    return Tables(tables, problems, time.entries)


def _silent_teams(study: Study, tables: dict[str, pl.DataFrame], entered: set[str]) -> list[Problem]:
    """Teams expected to record time whose files gave nothing: a file that is missing among others of its source."""
    heard = entered.union(tables["clean.overheads"]["team"], tables["clean.presence"].filter("logged")["team"])
    expected = tables["clean.people_time"]["team"].unique().sort()
    timed = any(not s.is_survey for s in study.sources)
    silent = [t for t in expected if t not in heard and t not in study.teams_without_time] if timed else []
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


def check(loaded: LoadedStudy, keys: Keys, parts: Parts) -> list[Problem]:
    """Everything wrong with the study's files: faults that stop a run, then each row set aside or repeated. `parts` is
    where rows of time are kept meanwhile."""
    registers = read_registers(loaded, keys)
    if registers.problems:  # without a register everybody is unknown everywhere else: said first, and alone
        return registers.problems
    raw = build_raw(loaded, registers, parts)
    clean = build_clean(loaded, registers, raw.tables, parts)
    return [*raw.problems, *clean.problems, *row_problems(rows_to_report(clean))]

"""Raw time rows of every format -> time entries, overheads and presence, each row accounted for.

Belongs here: what needs the registers and the study's calendar. How a format writes things is in pipelines/sources,
what becomes of a row met twice in repeats.py. Entries go from parts to parts, a block of a file at a time.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import polars as pl

from pipelines.clean.collected import (
    ENTRIES,
    ROW,
    Collected,
    Sorted,
    as_rejected,
    lines_differ,
    met_rows,
    sessions,
    settle,
    with_cells,
    with_keys,
)
from pipelines.clean.ingest_time import part_key, time_formats
from pipelines.clean.labels import label_problems, mapping_problems, process_codes, tool_codes
from pipelines.clean.presence import build_presence
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.contracts.rules import Problem
from pipelines.parts import Parts, ahead, as_texts, compact
from pipelines.sources.fields import FLAG_SEPARATOR, judge, look_up
from pipelines.sources.time_rows import WEEK_ROWS, Rules
from pipelines.sources.values import Reading
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Calendar, Source

T = TypeVar("T")
_ROUNDING_MINUTES = 1e-6  # parts and total are typed apart: only the sum of binary fractions may differ
_PARTS = ("prompt_minutes", "verification_minutes", "failed_minutes")
_UNKNOWN = [*ROW, "process_label", "process", "kind", "unknown_tools"]


@dataclass(frozen=True)
class TimeTables:
    """`overheads`, `presence`, `rejected` (raw.rejected) and `flagged` honour clean.<name>; the entries are in
    the parts of clean.time_entries.

    `accepted`: [source, source_file, rows] kept as entries, overheads or weekly lines; `entries`: how many entries;
    `heard`: teams with an entry. `problems`: labels and codes the study does not know, exports that contradict each
    other; each stops the run.
    """

    overheads: pl.DataFrame
    presence: pl.DataFrame
    rejected: pl.DataFrame
    flagged: pl.DataFrame
    accepted: pl.DataFrame
    entries: int
    heard: set[str]
    problems: list[Problem]


@dataclass(frozen=True)
class _Known:
    """What rows are judged by. `roster`: people_time with the day their team left the study."""

    roster: pl.DataFrame
    processes: pl.DataFrame
    tools: pl.DataFrame
    calendar: Calendar
    kept: frozenset[str]


def build_time(parts: Parts, files: pl.DataFrame, registers: Registers, loaded: LoadedStudy) -> TimeTables:
    """The clean time tables from the raw ones in `parts`; `files` is raw.files.

    Rules apply in this order, the first one broken is the one kept: those of the reader (dates, open timers,
    durations, numbers), unknown_person, missing_project, outside_study, outside_roster, unknown_code, bad_value,
    errors_over_items, parts_over_total. Then rows that break none are compared with each other (repeats.py).
    """
    study = loaded.study
    modules = time_formats()
    sources = [s for fmt in modules for s in study.sources if s.format == fmt]
    people, teams = _register(registers, "people_time"), _register(registers, "teams")
    roster = people.select("person_time", "team", "from_date", "to_date").join(
        teams.select("team", "withdrawn_on"), on="team", how="left", maintain_order="left")  # fmt: skip
    known = _Known(roster, _register(registers, "processes"), _register(registers, "tools"), study.calendar,
                   study.kept())  # fmt: skip
    collected = Collected()
    parts.clear(ENTRIES)
    for source in sources:
        module = modules[source.format]
        read = files.filter(pl.col("source") == source.id).sort("source_file")
        # A format whose files cannot repeat one another keeps no trace of its rows.
        trace = not (lines_differ(module) and files.filter(pl.col("format") == source.format).height == 1)
        sort = partial(_sort, source=source, module=module, trace=trace and source.entry_is != "session")
        ready: Iterable[Sorted]
        if source.entry_is == "session":
            every = list(_judged(parts, read, source, module, known, as_texts))
            ready = map(sort, sessions(every, module, collected))
        else:
            ready = _judged(parts, read, source, module, known, sort)
        for rows in ready:
            collected.take(rows, parts)
    problems = mapping_problems(sources, known.processes, known.tools)
    problems += _unmapped(collected, sources, modules, known)
    weeks = _weeks(parts, files, modules, sources, known)
    problems += settle(parts, modules, collected, known.kept)

    overheads = _concat(collected.overheads, "clean.overheads")
    kept_weeks = weeks.filter(pl.col("rule").is_null())
    entered = pl.concat([*collected.seen, overheads.select("person_time", "week")]) if collected.seen else (
        overheads.select("person_time", "week"))  # fmt: skip
    entries = pl.DataFrame(collected.counts, schema={"source": pl.String, "source_file": pl.String, "rows": pl.Int64},
                           orient="row")  # fmt: skip
    where = ["source", "source_file"]
    others = pl.concat([overheads.select(where), kept_weeks.select(where)])
    accepted = pl.concat([entries, others.with_columns(pl.lit(1, pl.Int64).alias("rows"))])
    return TimeTables(
        overheads=overheads,
        presence=build_presence(people, teams, kept_weeks, entered, study.calendar),
        rejected=_concat([*collected.rejected, _rejected(weeks)], "raw.rejected"),
        flagged=_concat(collected.flagged, "clean.flagged"),
        accepted=accepted.group_by(where).agg(pl.col("rows").sum()).filter(pl.col("rows") > 0).sort(where),
        entries=sum(entries["rows"]),
        heard=collected.teams,
        problems=problems,
    )


def _judged(
    parts: Parts, files: pl.DataFrame, source: Source, module: ModuleType, known: _Known,
    then: Callable[[pl.DataFrame], T],
) -> Iterator[T]:  # fmt: skip
    """`then` of the rows of a source, judged, part by part."""
    for file, order, unit in files.select("source_file", "date_order", "duration_unit").iter_rows():
        reading = Reading(order or "ymd", unit or "clock")

        def work(part: tuple[Path, pl.DataFrame], reading: Reading = reading) -> T:
            rows = module.interpret(part[1], source=source, reading=reading, kept=known.kept)
            return then(with_cells(judge_rows(rows, source, module, known), part[1]))

        yield from ahead(work, parts.of_file(f"raw.{source.format}", part_key(source.id, file)))


def _sort(rows: pl.DataFrame, *, source: Source, module: ModuleType, trace: bool) -> Sorted:
    """Judged rows of one file, each where it goes."""
    good = rows.filter(pl.col("rule").is_null())
    overhead = pl.col("kind").is_not_null()
    entries = good.filter(~overhead) if good["kind"].count() else good
    return Sorted(
        rejected=as_texts(_rejected(rows)),
        flagged=as_texts(_flags(good)),
        unknown=as_texts(rows.filter(pl.col("rule") == "unknown_code").select(_UNKNOWN)),
        met=as_texts(met_rows(with_keys(module, rows), source.format)) if trace else pl.DataFrame(),
        seen=as_texts(good.select("person_time", "week").unique(maintain_order=True)),
        overheads=as_texts(_select(good.filter(overhead), "clean.overheads")),
        entries=compact(table(ENTRIES).conform(_select(entries, ENTRIES))),
    )


def judge_rows(rows: pl.DataFrame, source: Source, module: ModuleType, known: _Known) -> pl.DataFrame:
    """TIME_ROWS of one source with person, codes and week, judged by the registers and the calendar."""
    process_column, tool_column = module.label_columns(source)
    rows = look_up(rows, "person_time", known.roster)
    labels = process_codes(rows, [source], known.processes).drop("source")
    rows = look_up(rows, "process_label", labels)
    tags = tool_codes(rows, [source], known.tools).drop("source")
    rows = look_up(rows, "tool_label", tags)
    rows = judge(rows, [
        ("unknown_person", None, pl.col("team").is_null()),
        ("missing_project", process_column, pl.col("process_label").is_null()),
        *_calendar_rules(pl.col("date"), pl.col("date"), known.calendar),
        ("unknown_code", process_column, pl.col("process").is_null() & pl.col("kind").is_null()),
        ("unknown_code", tool_column, pl.col("unknown_tools").list.len() > 0),
        ("bad_value", tool_column, pl.col("several_tools")),
        ("errors_over_items", "Errors", pl.col("errors") > pl.col("items")),
        ("parts_over_total", "Minutes", pl.sum_horizontal(_PARTS) > pl.col("minutes") + _ROUNDING_MINUTES),
    ], known.kept)  # fmt: skip
    return rows.with_columns(
        pl.col("date").dt.truncate("1w").alias("week"),
        pl.lit(None, pl.Float64).alias("rework_minutes"),
    )


def _weeks(
    parts: Parts, files: pl.DataFrame, modules: dict[str, ModuleType], sources: list[Source], known: _Known
) -> pl.DataFrame:
    """The weekly lines, judged. Of two lines about one person's week the one that says "logged" counts."""
    found = [pl.DataFrame(schema=WEEK_ROWS)]
    for source in sources:
        module = modules[source.format]
        if (name := getattr(module, "WEEKS_TABLE", None)) is not None:
            own = files.filter(pl.col("source") == source.id).sort("source_file")
            for file in own["source_file"]:
                for _, raw in parts.of_file(f"raw.{name}", part_key(source.id, file)):
                    found.append(module.interpret_weeks(as_texts(raw), source=source))
    weeks = pl.concat(found).join(known.roster, on="person_time", how="left", maintain_order="left")
    weeks = judge(weeks, [
        ("unknown_person", None, pl.col("team").is_null()),
        *_calendar_rules(pl.col("week"), pl.col("week") + pl.duration(days=4), known.calendar),
    ], ())  # fmt: skip
    weeks = weeks.sort("logged", descending=True, nulls_last=True, maintain_order=True)
    good = pl.col("rule").is_null()
    again = good & ~pl.struct("person_time", "week").is_first_distinct().over(good)
    said = ["logged", "worked_hours"]
    elsewhere = pl.col("source_file") != pl.col("source_file").first().over("person_time", "week", good)
    same = pl.struct(said).eq_missing(pl.struct(said).first().over("person_time", "week", good))
    repeat = pl.when(elsewhere & same).then(pl.lit("reexported_row")).otherwise(pl.lit("duplicate_row"))
    return weeks.with_columns(pl.when(again).then(repeat).otherwise("rule").alias("rule"))


def _register(registers: Registers, name: str) -> pl.DataFrame:
    return registers.tables.get(name, table(f"clean.{name}").empty())


def _calendar_rules(first: pl.Expr, last: pl.Expr, calendar: Calendar) -> Rules:
    """What the calendar and the roster say of days `first` to `last`: in the window, not after the day the data are
    read as of, and at least one of them on the roster of a team that is still in the study."""
    inside = (first >= calendar.measurement_start) & (first < calendar.measurement_end) & (first <= calendar.as_of)
    gone = (first > pl.col("to_date")) | (first > pl.col("withdrawn_on")).fill_null(False)
    return [
        ("outside_study", None, ~inside),
        ("outside_roster", None, (last < pl.col("from_date")).fill_null(False) | gone.fill_null(False)),
    ]


def _flags(rows: pl.DataFrame) -> pl.DataFrame:
    """[source, source_file, source_row, rule], one row per flag."""
    return rows.filter(pl.col("flags").is_not_null()).select(
        *ROW, pl.col("flags").str.split(FLAG_SEPARATOR).alias("rule")).explode("rule")  # fmt: skip


def _rejected(rows: pl.DataFrame) -> pl.DataFrame:
    return as_rejected(rows.filter(pl.col("rule").is_not_null()))


def _unmapped(
    collected: Collected, sources: list[Source], modules: dict[str, ModuleType], known: _Known
) -> list[Problem]:
    """One problem per label no code is known for, among the rows that would otherwise count."""
    problems = []
    unknown = pl.concat(collected.unknown) if collected.unknown else pl.DataFrame(schema={"source": pl.String})
    for source in sources:
        own = unknown.filter(pl.col("source") == source.id)
        if own.is_empty():
            continue
        process_column, tool_column = (pl.lit(c).alias("column") for c in modules[source.format].label_columns(source))
        place = ["source_file", "source_row"]
        nameless = own.filter(pl.col("process").is_null() & pl.col("kind").is_null())
        labels = nameless.select(*place, process_column, label="process_label")
        problems += label_problems(labels, "process", source, known.processes)
        tags = own.filter(pl.col("unknown_tools").list.len() > 0).explode("unknown_tools")
        labels = tags.select(*place, tool_column, label="unknown_tools")
        problems += label_problems(labels, "tool", source, known.tools)
    return problems


def _select(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.select(*table(name).polars_schema)


def _concat(frames: list[pl.DataFrame], name: str) -> pl.DataFrame:
    contract = table(name)
    return contract.conform(pl.concat([contract.empty(), *frames])) if frames else contract.empty()

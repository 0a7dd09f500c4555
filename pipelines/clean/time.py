"""Raw time rows of every format -> time entries, overheads and presence, each row accounted for.

Belongs here: what needs the registers and the study's calendar. How a format writes things is in pipelines/sources,
what becomes of a row met twice in repeats.py. Entries go from parts to parts, a block of a file at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import polars as pl

from pipelines.clean.ingest_time import part_key, time_formats
from pipelines.clean.labels import label_problems, mapping_problems, process_codes, tool_codes
from pipelines.clean.overlaps import overlapping
from pipelines.clean.presence import build_presence
from pipelines.clean.registers import Registers
from pipelines.clean.repeats import ROWS, find_repeats
from pipelines.contracts import table
from pipelines.contracts.rules import RULES, Problem
from pipelines.parts import Parts, ahead, as_texts, compact
from pipelines.sources.fields import FLAG_SEPARATOR, judge, look_up
from pipelines.sources.sessions import summed
from pipelines.sources.time_rows import WEEK_ROWS, Rules
from pipelines.sources.values import Reading
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Calendar, Source

T = TypeVar("T")
ENTRIES = "clean.time_entries"
_ROUNDING_MINUTES = 1e-6  # parts and total are typed apart: only the sum of binary fractions may differ
_PARTS = ("prompt_minutes", "verification_minutes", "failed_minutes")
_ROW = ["source", "source_file", "source_row"]
_UNKNOWN = [*_ROW, "process_label", "process", "kind", "unknown_tools"]
_MET: dict[str, pl.DataType] = {
    **ROWS, "format": pl.String(), "started_at": pl.Datetime("us"), "ended_at": pl.Datetime("us"),
}  # fmt: skip


@dataclass(frozen=True)
class TimeTables:
    """`overheads`, `presence`, `rejected` (clean.rejected_time) and `flagged` honour clean.<name>; the entries are in
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
class _Sorted:
    """Judged rows of one file, each where it goes. `met`: what tells whether they stand elsewhere too, empty when
    nothing can repeat them; `seen` [person_time, week]; `unknown`: rows with a label nobody knows."""

    rejected: pl.DataFrame
    flagged: pl.DataFrame
    unknown: pl.DataFrame
    met: pl.DataFrame
    seen: pl.DataFrame
    overheads: pl.DataFrame
    entries: pl.DataFrame


@dataclass
class _Collected:
    """What is kept in memory while files go by: a few numbers a row at most, whole rows of the rare kinds only."""

    rejected: list[pl.DataFrame] = field(default_factory=list)
    flagged: list[pl.DataFrame] = field(default_factory=list)
    unknown: list[pl.DataFrame] = field(default_factory=list)
    met: list[pl.DataFrame] = field(default_factory=list)
    seen: list[pl.DataFrame] = field(default_factory=list)
    overheads: list[pl.DataFrame] = field(default_factory=list)
    counts: list[tuple[str, str, int]] = field(default_factory=list)
    teams: set[str] = field(default_factory=set)

    def take(self, rows: _Sorted, parts: Parts) -> None:
        """Entries go to the parts of clean.time_entries, the rest stays here."""
        for kind in ("rejected", "flagged", "unknown", "met", "seen", "overheads"):
            if (frame := getattr(rows, kind)).height:
                getattr(self, kind).append(frame)
        if rows.entries.height:
            source, file = rows.entries.select("source", "source_file").row(0)
            self.counts.append((source, file, rows.entries.height))
            self.teams |= set(rows.entries["team"].unique())
            parts.append(ENTRIES, part_key(source, file), rows.entries)


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
    collected = _Collected()
    parts.clear(ENTRIES)
    for source in sources:
        module = modules[source.format]
        read = files.filter(pl.col("source") == source.id).sort("source_file")
        # A format whose files cannot repeat one another keeps no trace of its rows.
        trace = not (_equal_lines_differ(module) and files.filter(pl.col("format") == source.format).height == 1)
        if source.entry_is == "session":
            every = list(_judged(parts, read, source, module, known, lambda rows: rows))
            for rows in _sessions(every, module, collected):
                collected.take(_sort(rows, source, module, trace=False), parts)
            continue
        for ready in _judged(parts, read, source, module, known, lambda rows: _sort(rows, source, module, trace=trace)):
            collected.take(ready, parts)
    problems = mapping_problems(sources, known.processes, known.tools)
    problems += _unmapped(collected, sources, modules, known)
    weeks = _weeks(parts, files, modules, sources, known)
    problems += _settle(parts, modules, collected, known)

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
        rejected=_concat([*collected.rejected, _rejected(weeks)], "clean.rejected_time"),
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
            raw = as_texts(part[1], "source", "source_file", "person_time")
            rows = module.interpret(raw, source=source, reading=reading, kept=known.kept)
            return then(judge_rows(rows, source, module, known))

        yield from ahead(work, parts.of_file(f"raw.{source.format}", part_key(source.id, file)))


def _sort(rows: pl.DataFrame, source: Source, module: ModuleType, *, trace: bool) -> _Sorted:
    """Judged rows of one file, each where it goes."""
    good = rows.filter(pl.col("rule").is_null())
    overhead = pl.col("kind").is_not_null()
    entries = good.filter(~overhead) if good["kind"].count() else good
    return _Sorted(
        rejected=_rejected(rows),
        flagged=_flags(good),
        unknown=rows.filter(pl.col("rule") == "unknown_code").select(_UNKNOWN),
        met=_met(_with_keys(module, good), source) if trace else pl.DataFrame(),
        seen=good.select("person_time", "week").unique(maintain_order=True),
        overheads=_select(good.filter(overhead), "clean.overheads"),
        entries=compact(table(ENTRIES).conform(_select(entries, ENTRIES))),
    )


def _met(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    return rows.select(
        *_ROW, pl.col("natural_key").alias("content"), "row_key", pl.col("person_time").alias("person"),
        pl.col("date").alias("day"), pl.lit(source.format).alias("format"), "started_at", "ended_at",
    ).select(*_MET)  # fmt: skip


def _sessions(judged: list[pl.DataFrame], module: ModuleType, into: _Collected) -> Iterator[pl.DataFrame]:
    """The rows of a source whose entries are sessions, one per case, file by file. A session exported twice is taken
    out first, or it would be summed twice."""
    if not judged:
        return
    rows = _with_keys(module, pl.concat(judged))
    good = rows.filter(pl.col("rule").is_null())
    met = good.select(*_ROW, content="natural_key", row_key="row_key", person="person_time", day="date")
    found = find_repeats(met, equal_lines_differ=_equal_lines_differ(module)).found
    found = found.filter(pl.col("rule") != "vanished_row").rename({"rule": "repeat"})
    rows = rows.join(found, on=_ROW[1:], how="left", maintain_order="left")
    rows = rows.with_columns(pl.coalesce("rule", "repeat").alias("rule")).drop("repeat")
    sessions = summed(rows, "process")
    into.counts += list(sessions.merged.iter_rows())
    yield from sessions.rows.partition_by("source_file", maintain_order=True)


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


def _settle(parts: Parts, modules: dict[str, ModuleType], collected: _Collected, known: _Known) -> list[Problem]:
    """What only shows when rows are put side by side: repeats, other versions of a row, overlaps. Rows that count
    elsewhere, or that the study sets aside, leave entries and overheads."""
    met = pl.concat([pl.DataFrame(schema=_MET), *collected.met])
    if met.is_empty():
        return []
    found: list[pl.DataFrame] = []
    problems: list[Problem] = []
    for (fmt,), rows in met.group_by("format", maintain_order=True):
        repeats = find_repeats(rows.select(*ROWS), equal_lines_differ=_equal_lines_differ(modules[str(fmt)]))
        found.append(repeats.found)
        problems += repeats.problems
    left = met.join(pl.concat(found).filter(~pl.col("rule").is_in(known.kept)), on=_ROW[1:], how="anti")
    overlaps = overlapping(left.rename({"person": "person_time"}))
    found.append(overlaps.with_columns(pl.lit("overlap").alias("rule")))
    all_found = pl.concat(found).join(met.select(_ROW), on=_ROW[1:], maintain_order="left")
    kept = pl.col("rule").is_in(known.kept)
    collected.flagged.append(all_found.filter(kept).select(*_ROW, "rule"))
    gone = all_found.filter(~kept).unique(_ROW, keep="first", maintain_order=True)
    if not gone.is_empty():
        _take_out(parts, collected, gone)
    return problems


def _take_out(parts: Parts, collected: _Collected, gone: pl.DataFrame) -> None:
    """Account for rows [source, source_file, source_row, rule] that were taken and do not count after all."""
    collected.rejected.append(_as_rejected(gone.with_columns(pl.lit(None, pl.String).alias("column"))))
    collected.overheads = [o.join(gone, on=_ROW, how="anti", maintain_order="left") for o in collected.overheads]
    collected.flagged = [f.join(gone, on=_ROW, how="anti", maintain_order="left") for f in collected.flagged]
    for source, file in gone.select("source", "source_file").unique(maintain_order=True).iter_rows():
        for path, rows in parts.of_file(ENTRIES, part_key(source, file)):
            kept = as_texts(rows).join(gone, on=_ROW, how="anti", maintain_order="left")
            if kept.height < rows.height:
                parts.rewrite(path, kept)
                collected.counts.append((source, file, kept.height - rows.height))


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
    return weeks.with_columns(pl.when(again).then(pl.lit("duplicate_row")).otherwise("rule").alias("rule"))


def _equal_lines_differ(module: ModuleType) -> bool:
    return bool(getattr(module, "EQUAL_LINES_ARE_WORK", False))


def _with_keys(module: ModuleType, rows: pl.DataFrame) -> pl.DataFrame:
    """A format that may be large makes the keys only when they are needed."""
    return module.with_keys(rows) if hasattr(module, "with_keys") else rows


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
        *_ROW, pl.col("flags").str.split(FLAG_SEPARATOR).alias("rule")).explode("rule")  # fmt: skip


def _rejected(rows: pl.DataFrame) -> pl.DataFrame:
    return _as_rejected(rows.filter(pl.col("rule").is_not_null()))


def _as_rejected(rows: pl.DataFrame) -> pl.DataFrame:
    duplicate = pl.col("rule").is_in([name for name, rule in RULES.items() if rule.treatment == "duplicate"])
    status = pl.when(duplicate).then(pl.lit("duplicate")).otherwise(pl.lit("set_aside"))
    return rows.select(*_ROW, "rule", "column", status.alias("status"))


def _unmapped(
    collected: _Collected, sources: list[Source], modules: dict[str, ModuleType], known: _Known
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

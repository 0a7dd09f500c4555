"""Raw time rows of every format -> time entries, overheads and presence, each row accounted for.

Belongs here: what needs the registers and the study's calendar. How a format writes things is in pipelines/sources,
what becomes of a row met twice in repeats.py. Entries go from parts to parts, a block of a file at a time.
"""

from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import polars as pl

from pipelines.clean.ingest_time import part_key, time_formats
from pipelines.clean.labels import label_problems, mapping_problems, process_codes, tool_codes
from pipelines.clean.presence import build_presence
from pipelines.clean.registers import Registers
from pipelines.clean.repeats import ROWS, find_repeats
from pipelines.contracts import table
from pipelines.contracts.rules import RULES, Problem
from pipelines.parts import Parts, ahead, as_texts
from pipelines.sources.fields import FLAG_SEPARATOR, judge, look_up
from pipelines.sources.time_rows import WEEK_ROWS, Rules
from pipelines.sources.values import Reading
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Calendar, Source

ENTRIES = "clean.time_entries"
_ROUNDING_MINUTES = 1e-6  # parts and total are typed apart: only the sum of binary fractions may differ
_PARTS = ("prompt_minutes", "verification_minutes", "failed_minutes")
_ROW = ["source", "source_file", "source_row"]
_UNKNOWN = [*_ROW, "process_label", "process", "kind", "unknown_tools"]
_MET: dict[str, pl.DataType] = {**ROWS, "format": pl.String()}


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


@dataclass
class _Collected:
    """What is kept in memory while files go by: a few numbers a row at most, whole rows of the rare kinds only."""

    rejected: list[pl.DataFrame] = field(default_factory=list)
    flagged: list[pl.DataFrame] = field(default_factory=list)
    overheads: list[pl.DataFrame] = field(default_factory=list)
    unknown: list[pl.DataFrame] = field(default_factory=list)
    weeks_seen: list[pl.DataFrame] = field(default_factory=list)
    met: list[pl.DataFrame] = field(default_factory=list)
    counts: list[tuple[str, str, int]] = field(default_factory=list)
    teams: set[str] = field(default_factory=set)


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
        own = files.filter(pl.col("source") == source.id).sort("source_file")
        for file, order, unit in own.select("source_file", "date_order", "duration_unit").iter_rows():
            # A format whose files cannot repeat one another keeps no trace of its rows.
            alone = _equal_lines_differ(modules[source.format]) and _files(files, source.format) == 1
            reading = Reading(order or "ymd", unit or "clock")
            _take_file(parts, file, source, modules[source.format], reading, known, collected, trace=not alone)
    problems = [*mapping_problems(sources, known.processes, known.tools), *_unmapped(collected, sources, modules, known)]
    weeks = _weeks(parts, files, modules, sources, known)
    problems += _settle_repeats(parts, modules, collected, known)

    overheads = _concat(collected.overheads, "clean.overheads")
    kept_weeks = weeks.filter(pl.col("rule").is_null())
    entered = pl.concat([*collected.weeks_seen, overheads.select("person_time", "week")]) if collected.weeks_seen else (
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
        entries=entries["rows"].sum(),
        heard=collected.teams,
        problems=problems,
    )


def _take_file(
    parts: Parts, file: str, source: Source, module: ModuleType, reading: Reading, known: _Known, into: _Collected,
    *, trace: bool,
) -> None:  # fmt: skip
    """Judge the rows of one file; entries go to the parts of clean.time_entries, the rest is collected."""
    contract = table(ENTRIES)

    def judged(part: tuple[Path, pl.DataFrame]) -> pl.DataFrame:
        raw = as_texts(part[1], "source", "source_file", "person_time")
        rows = module.interpret(raw, source=source, reading=reading, kept=known.kept)
        return judge_rows(rows, source, module, known)

    for rows in ahead(judged, parts.of_file(f"raw.{source.format}", part_key(source.id, file))):
        into.rejected.append(_rejected(rows))
        into.unknown.append(rows.filter(pl.col("rule") == "unknown_code").select(_UNKNOWN))
        rows = rows.filter(pl.col("rule").is_null())
        into.flagged.append(_flags(rows))
        if trace:
            into.met.append(rows.select(
                *_ROW, pl.col("natural_key").alias("content"), "row_key", pl.col("person_time").alias("person"),
                pl.col("date").alias("day"), pl.lit(source.format).alias("format")).select(*_MET))  # fmt: skip
        into.weeks_seen.append(rows.select("person_time", "week").unique(maintain_order=True))
        overhead = pl.col("kind").is_not_null()
        into.overheads.append(_select(rows.filter(overhead), "clean.overheads"))
        entries = rows.filter(~overhead) if rows["kind"].count() else rows
        into.counts.append((source.id, file, entries.height))
        into.teams |= set(entries["team"].unique())
        if entries.height:
            parts.append(ENTRIES, part_key(source.id, file), contract.conform(entries.select(*contract.polars_schema)))


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


def _settle_repeats(
    parts: Parts, modules: dict[str, ModuleType], collected: _Collected, known: _Known
) -> list[Problem]:
    """Take the rows that count elsewhere out of entries and overheads, and account for them."""
    problems: list[Problem] = []
    by_format: dict[str, list[pl.DataFrame]] = {}
    for met in collected.met:
        if met.height:
            by_format.setdefault(met["format"][0], []).append(met.drop("format"))
    for fmt, met_rows in by_format.items():
        met = pl.concat(met_rows)
        repeats = find_repeats(met, equal_lines_differ=_equal_lines_differ(modules[fmt]))
        problems += repeats.problems
        found = repeats.found.join(met.select(_ROW), on=_ROW[1:], maintain_order="left")
        flagged = found.filter(pl.col("rule").is_in(known.kept))
        collected.flagged.append(flagged.select(*_ROW, "rule"))
        gone = found.filter(~pl.col("rule").is_in(known.kept))
        if gone.is_empty():
            continue
        collected.rejected.append(_as_rejected(gone.with_columns(pl.lit(None, pl.String).alias("column"))))
        collected.overheads = [o.join(gone, on=_ROW, how="anti", maintain_order="left") for o in collected.overheads]
        collected.flagged = [f.join(gone, on=_ROW, how="anti", maintain_order="left") for f in collected.flagged]
        for source, file in gone.select("source", "source_file").unique(maintain_order=True).iter_rows():
            for path, rows in parts.of_file(ENTRIES, part_key(source, file)):
                kept = as_texts(rows).join(gone, on=_ROW, how="anti", maintain_order="left")
                if kept.height < rows.height:
                    parts.rewrite(path, kept)
                    collected.counts.append((source, file, kept.height - rows.height))
    return problems


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


def _files(files: pl.DataFrame, fmt: str) -> int:
    return files.filter(pl.col("format") == fmt).height


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

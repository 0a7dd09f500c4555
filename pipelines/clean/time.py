"""Raw time rows of every format -> time entries, overheads and presence, each row accounted for.

Belongs here: what needs the registers and the study's calendar. How a format writes things is in pipelines/sources.
"""

from dataclasses import dataclass
from types import ModuleType

import polars as pl

from pipelines.clean.ingest import formats
from pipelines.clean.labels import label_problems, mapping_problems, process_codes, tool_codes
from pipelines.clean.presence import build_presence
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.contracts.rules import Problem
from pipelines.sources.time_rows import TIME_ROWS, WEEK_ROWS, Rules, first_rule
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Calendar, Source

_ROUNDING_MINUTES = 1e-6  # parts and total are typed apart: only the sum of binary fractions may differ
_PARTS = ("prompt_minutes", "verification_minutes", "failed_minutes")


@dataclass(frozen=True)
class TimeTables:
    """`time_entries`, `overheads`, `presence`, `rejected` honour clean.<name> (rejected: clean.rejected_time).

    `accepted`: [source, source_file, rows] kept as entries, overheads or weekly lines.
    `problems`: labels and codes the study does not know; each stops the run.
    """

    time_entries: pl.DataFrame
    overheads: pl.DataFrame
    presence: pl.DataFrame
    rejected: pl.DataFrame
    accepted: pl.DataFrame
    problems: list[Problem]


def build_time(raw: dict[str, pl.DataFrame], registers: Registers, loaded: LoadedStudy) -> TimeTables:
    """The clean time tables from the raw ones ({"kimai": frame, ..., "time_sheet_weeks": frame}).

    Rules apply in this order, the first one broken is the one kept: those of the reader (dates, open timers,
    durations, numbers), unknown_person, missing_project, outside_study, outside_roster, unknown_code, bad_value,
    errors_over_items, parts_over_total; a row that breaks none and says what an earlier one said is a duplicate.
    """
    study = loaded.study
    modules = {fmt: module for fmt, module in formats().items() if module.DOMAIN == "time"}
    sources = [s for fmt in modules for s in study.sources if s.format == fmt]
    people, teams = _register(registers, "people_time"), _register(registers, "teams")
    processes, tools = _register(registers, "processes"), _register(registers, "tools")

    rows = _with_person(_interpret(raw, modules, sources), people, teams)
    rows = rows.join(process_codes(rows, sources, processes), on=["source", "process_label"], how="left",
                     maintain_order="left")  # fmt: skip
    rows = rows.join(tool_codes(rows, sources, tools), on=["source", "tool_label"], how="left", maintain_order="left")
    rows = _judged(rows, [
        ("unknown_person", None, pl.col("team").is_null()),
        ("missing_project", pl.col("process_column"), pl.col("process_label").is_null()),
        *_calendar_rules(pl.col("date"), pl.col("date"), study.calendar),
        ("unknown_code", pl.col("process_column"), pl.col("process").is_null() & pl.col("kind").is_null()),
        ("unknown_code", pl.col("tool_column"), pl.col("unknown_tools").list.len() > 0),
        ("bad_value", pl.col("tool_column"), pl.col("several_tools")),
        ("errors_over_items", "Errors", pl.col("errors") > pl.col("items")),
        ("parts_over_total", "Minutes", pl.sum_horizontal(_PARTS) > pl.col("minutes") + _ROUNDING_MINUTES),
    ])  # fmt: skip
    rows = _repeats(rows, ["natural_key"])
    weeks = _weeks(raw, modules, sources, people, teams, study.calendar)

    kept = rows.filter(pl.col("rule").is_null()).with_columns(
        pl.concat_str("source", "source_file", "source_row", separator=":").alias("entry_id"),
        pl.col("date").dt.truncate("1w").alias("week"),
        pl.lit(None, pl.Float64).alias("rework_minutes"),
    )
    entries, overheads = kept.filter(pl.col("kind").is_null()), kept.filter(pl.col("kind").is_not_null())
    kept_weeks = weeks.filter(pl.col("rule").is_null())
    where = ["source", "source_file"]
    accepted = pl.concat([kept.select(where), kept_weeks.select(where)]).group_by(where).agg(
        pl.len().cast(pl.Int64).alias("rows")).sort(where)  # fmt: skip
    rejected = pl.concat([_rejected(rows), _rejected(weeks)])
    return TimeTables(
        time_entries=_select(entries, "clean.time_entries"),
        overheads=_select(overheads, "clean.overheads"),
        presence=build_presence(people, teams, kept_weeks, kept, study.calendar),
        rejected=table("clean.rejected_time").conform(rejected),
        accepted=accepted,
        problems=[*mapping_problems(sources, processes, tools), *_unmapped(rows, sources, processes, tools)],
    )


def _interpret(raw: dict[str, pl.DataFrame], modules: dict[str, ModuleType], sources: list[Source]) -> pl.DataFrame:
    """Every source's typed rows, in the order of formats, sources, files and lines."""
    text = {c: pl.String() for c in ("process_column", "tool_column")}
    parts = [pl.DataFrame(schema={**TIME_ROWS, **text})]
    for source in sources:
        module = modules[source.format]
        process, tool = module.label_columns(source)
        part = _of_source(raw, source.format, source)
        if not part.is_empty():
            typed = module.interpret(part, source=source)
            parts.append(typed.with_columns(
                # The same line exported twice counts once even when two sources hold it; formats never meet.
                pl.concat_str(pl.lit(source.format), "natural_key", separator="\x1f").alias("natural_key"),
                pl.lit(process).alias("process_column"), pl.lit(tool).alias("tool_column")))  # fmt: skip
    return pl.concat(parts)


def _weeks(
    raw: dict[str, pl.DataFrame], modules: dict[str, ModuleType], sources: list[Source], people: pl.DataFrame,
    teams: pl.DataFrame, calendar: Calendar,
) -> pl.DataFrame:  # fmt: skip
    """The weekly lines, judged. Of two lines about one person's week the one that says "logged" counts."""
    parts = [pl.DataFrame(schema=WEEK_ROWS)]
    for source in sources:
        module = modules[source.format]
        if (name := getattr(module, "WEEKS_TABLE", None)) is not None:
            parts.append(module.interpret_weeks(_of_source(raw, name, source), source=source))
    weeks = _with_person(pl.concat(parts), people, teams)
    weeks = _judged(weeks, [
        ("unknown_person", None, pl.col("team").is_null()),
        *_calendar_rules(pl.col("week"), pl.col("week") + pl.duration(days=4), calendar),
    ])  # fmt: skip
    weeks = weeks.sort("logged", descending=True, nulls_last=True, maintain_order=True)
    return _repeats(weeks, ["person_time", "week"])


def _of_source(raw: dict[str, pl.DataFrame], name: str, source: Source) -> pl.DataFrame:
    frame = raw.get(name, table(f"raw.{name}").empty())
    return frame.filter(pl.col("source") == source.id).sort("source_file", "source_row")


def _register(registers: Registers, name: str) -> pl.DataFrame:
    return registers.tables.get(name, table(f"clean.{name}").empty())


def _with_person(rows: pl.DataFrame, people: pl.DataFrame, teams: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the team, the days on the roster, and the day the team left the study."""
    roster = people.select("person_time", "team", "from_date", "to_date").join(
        teams.select("team", "withdrawn_on"), on="team", how="left", maintain_order="left")  # fmt: skip
    return rows.join(roster, on="person_time", how="left", maintain_order="left")


def _calendar_rules(first: pl.Expr, last: pl.Expr, calendar: Calendar) -> Rules:
    """What the calendar and the roster say of days `first` to `last`: in the window, not after the day the data are
    read as of, and at least one of them on the roster of a team that is still in the study."""
    inside = (first >= calendar.measurement_start) & (first < calendar.measurement_end) & (first <= calendar.as_of)
    gone = (first > pl.col("to_date")) | (first > pl.col("withdrawn_on")).fill_null(False)
    return [
        ("outside_study", None, ~inside),
        ("outside_roster", None, (last < pl.col("from_date")).fill_null(False) | gone.fill_null(False)),
    ]


def _judged(rows: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """`rows` with the first rule broken; one the reader found already stays."""
    rule, column = first_rule(rules)
    known = pl.col("rule").is_not_null()
    return rows.with_columns(
        pl.when(known).then("rule").otherwise(rule).alias("rule"),
        pl.when(known).then("column").otherwise(column).alias("column"),
    )


def _repeats(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """`rows` with `duplicate_row` on those that break no rule and repeat an earlier one's key."""
    good = rows["rule"].is_null()
    later = ~rows.filter(good).select(pl.struct(key).is_first_distinct()).to_series()
    repeated = pl.Series([False]).new_from_index(0, rows.height).scatter(good.arg_true(), later)
    return rows.with_columns(pl.when(repeated).then(pl.lit("duplicate_row")).otherwise("rule").alias("rule"))


def _rejected(rows: pl.DataFrame) -> pl.DataFrame:
    duplicate = pl.col("rule") == "duplicate_row"
    status = pl.when(duplicate).then(pl.lit("duplicate")).otherwise(pl.lit("set_aside"))
    return rows.filter(pl.col("rule").is_not_null()).select(
        "source", "source_file", "source_row", "rule", "column", status.alias("status")
    )


def _unmapped(
    rows: pl.DataFrame, sources: list[Source], processes: pl.DataFrame, tools: pl.DataFrame
) -> list[Problem]:
    """One problem per label no code is known for, among the rows that would otherwise count."""
    problems = []
    unknown = rows.filter(pl.col("rule") == "unknown_code")
    place = ["source_file", "source_row"]
    for source in sources:
        own = unknown.filter(pl.col("source") == source.id)
        nameless = own.filter(pl.col("process").is_null() & pl.col("kind").is_null())
        labels = nameless.select(*place, label="process_label", column="process_column")
        problems += label_problems(labels, "process", source, processes)
        tags = own.filter(pl.col("unknown_tools").list.len() > 0).explode("unknown_tools")
        labels = tags.select(*place, label="unknown_tools", column="tool_column")
        problems += label_problems(labels, "tool", source, tools)
    return problems


def _select(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    contract = table(name)
    return contract.conform(rows.select(c.name for c in contract.columns))

"""Raw responses to questionnaires -> one row per answer, scored from the study's instruments, each row accounted for.

A response (one row of the file) is accepted or refused as a whole. An answer nobody foresaw is a problem, never a
silent null: dropping unknown labels shifts every mean. Nothing is done per answer before the last step: a large survey
has ten million of them, in a few hundred spellings.
"""

import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

import numpy as np
import polars as pl

from pipelines.clean.answered_again import exported_again
from pipelines.clean.answers import ROW, Column, answer_problems, headings, mostly_text, read_column
from pipelines.clean.ingest import questionnaire
from pipelines.clean.labels import team_codes
from pipelines.clean.pseudonyms import normalise
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.contracts.rules import RULES, Problem
from pipelines.sources.base import SourceError
from pipelines.sources.choices import NOT_GIVEN
from pipelines.sources.moments import time_of_day
from pipelines.sources.survey import SUBMITTED, TEAM, Target, mapping_problems
from pipelines.sources.time_rows import Rules, first_rule
from pipelines.sources.values import date_order, text, to_date
from pipelines.study.instruments import Item
from pipelines.study.load import STUDY_FILE, LoadedStudy
from pipelines.study.models import Source, Study

NO_DATE = pl.date(1980, 1, 1)  # what LimeSurvey writes where an anonymous survey records none


@dataclass(frozen=True)
class ResponseTables:
    """`responses` honours clean.responses, `rejected` raw.rejected, `flagged` clean.flagged.

    `accepted`: [source, source_file, rows], in responses (rows of the file), not in answers.
    `problems`: unknown labels, waves nobody answered, dates that read two ways, faults of `columns:`; each stops the
    run.
    """

    responses: pl.DataFrame
    rejected: pl.DataFrame
    flagged: pl.DataFrame
    accepted: pl.DataFrame
    problems: list[Problem]


def build_responses(
    raw: pl.DataFrame, registers: Registers, loaded: LoadedStudy, *, faulty: Collection[str] = ()
) -> ResponseTables:
    """The clean responses from the raw tables of questionnaires, whatever their format, one under the other. `faulty`:
    sources of which a file could not be read; their waves are not said to be empty.

    Rules in this order, the first broken is kept: no_code, ambiguous_code, unknown_person, unknown_team, bad_date,
    outside_study, bad_number and bad_value (answers that are numbers). Of several exports of one survey the latest
    counts (answered_again.py). Of several responses of one person to one wave
    the last complete one counts, by date then by line; the others are `duplicate_response`. Where a source has no
    column that links a person's waves, every row is a respondent of its own, named by a hash of source and file, and by
    its line.
    """
    study = loaded.study
    sources = [s for s in study.sources if s.is_survey]
    known = questionnaire(study, registers)
    targets = [t for c in raw.columns if (t := known.declared(c)) is not None]
    targets.sort(key=lambda t: t.column)
    with ThreadPoolExecutor() as pool:  # polars works outside the interpreter's lock
        columns = list(pool.map(read_column, (raw[t.column] for t in targets), targets))
    headed = headings(targets, sources)
    problems = [p for c in columns for p in answer_problems(raw, c, headed, registers.shown)]
    rows, doubts = _respondents(raw, study, registers)
    rows = _judged(rows, _faults(raw, columns, headed), study)
    codes = pl.DataFrame([c.of("value_code").alias(c.target.column) for c in columns])
    again = exported_again(rows, raw, codes)
    rows, flagged = _one_response_per_person(rows, again.found, study)
    kept = rows.filter(pl.col("rule").is_null())
    once = [name for name, rule in RULES.items() if rule.treatment == "duplicate"]
    status = pl.when(pl.col("rule").is_in(once)).then(pl.lit("duplicate")).otherwise(pl.lit("set_aside"))
    rejected = rows.filter(pl.col("rule").is_not_null()).select(*ROW, "rule", "column", status.alias("status"))
    where = ["source", "source_file"]
    return ResponseTables(
        responses=_one_row_per_answer(kept, columns),
        rejected=table("raw.rejected").conform(rejected),
        flagged=flagged,
        accepted=kept.group_by(where).agg(pl.len().cast(pl.Int64).alias("rows")).sort(where),
        problems=[
            *(p for s in sources for p in mapping_problems(s, known)),
            *sorted(problems, key=lambda p: (p.file, p.column or "", p.line or 0)),
            *doubts,
            *again.problems,
            *_empty_waves(study, {*kept["wave"].unique(), *(s.wave for s in sources if s.id in faulty)}),
        ],
    )


def scale_items(study: Study) -> pl.DataFrame:
    """clean.scale_items: the scales of the study, and each scored item as a scale of its own on its own range."""
    rows: list[dict[str, object]] = []
    scales = [(s.scale, s.items, s.out_minimum, s.out_maximum, s.sensitive) for s in study.instruments.scales]
    for scale, codes, out_minimum, out_maximum, sensitive in scales:
        for item in (study.instruments.item(c) for c in codes):
            if item is not None and (bounds := item_range(item)) is not None:
                rows.append(_scale_row(scale, item, bounds, (out_minimum, out_maximum), len(codes), sensitive))
    named = {s.scale for s in study.instruments.scales}
    for item in study.instruments.items:
        bounds = item_range(item)
        if bounds is not None and item.item not in named:
            rows.append(_scale_row(item.item, item, bounds, bounds, 1, item.sensitive))
    contract = table("clean.scale_items")
    return contract.conform(pl.DataFrame(rows, schema=contract.polars_schema))


def item_range(item: Item) -> tuple[float, float] | None:
    """Lowest and highest value of a scored item; None for free text, codes and items without numeric answers."""
    if item.kind == "choice":
        values = [a.value for a in item.answers if a.value is not None]
        return (min(values), max(values)) if values else None
    if item.kind == "number" and item.minimum is not None and item.maximum is not None:
        return item.minimum, item.maximum
    return None


def _scale_row(
    scale: str, item: Item, bounds: tuple[float, float], out: tuple[float, float], n_items: int, sensitive: bool
) -> dict[str, object]:
    return {
        "scale": scale, "item": item.item, "minimum": bounds[0], "maximum": bounds[1], "reversed": item.reversed,
        "out_minimum": out[0], "out_maximum": out[1], "n_items": n_items, "sensitive": sensitive or item.sensitive,
    }  # fmt: skip


def _respondents(
    raw: pl.DataFrame, study: Study, registers: Registers
) -> tuple[pl.DataFrame, list[Problem]]:
    """One row per response, `at` its row in `raw`: wave, person_survey, team, role, complete, submitted_at. Also the
    files whose dates read two ways."""
    sources = [s for s in study.sources if s.is_survey]
    registered = study.registers.people_survey is not None
    settings = pl.DataFrame(
        [{"source": s.id, "wave": s.wave, "linked": s.person is not None} for s in sources],
        schema={"source": pl.String, "wave": pl.String, "linked": pl.Boolean},
    )
    absent = [c for c in (SUBMITTED, TEAM, "link") if c not in raw.columns]
    rows = raw.with_columns(pl.lit(None, pl.String).alias(c) for c in absent).with_row_index("at")
    rows = rows.select(*ROW, "at", "person_survey", SUBMITTED, TEAM, "link").join(settings, on="source")
    people = registers.tables["people_survey"].select("person_survey", "role", pl.col("team").alias("register_team"))
    rows = rows.with_columns(
        team_codes(rows[TEAM], registers.tables["teams"]).alias("team"),
        normalise(rows[TEAM]).fill_null("").alias("key"), _said(SUBMITTED).alias("submitted"))  # fmt: skip
    rows = rows.join(people, on="person_survey", how="left").sort(ROW)
    rows, doubts = _dated(rows, sources)
    return rows.with_columns(
        pl.when("linked").then("person_survey").otherwise(_alone(rows)).alias("person_survey"),
        pl.coalesce("register_team", "team").alias("team"),
        # Without a register nobody says who supervises.
        pl.when(pl.col("linked") & registered).then("role").otherwise(pl.lit("agent")).alias("role"),
        # Null = the file has no such column: whoever exported it chose the responses that count.
        (pl.col(SUBMITTED).is_null() | pl.col("submitted").is_not_null()).alias("complete"),
    ), doubts


def _said(column: str) -> pl.Expr:
    said = text(column)
    return pl.when(~said.str.to_lowercase().is_in(NOT_GIVEN)).then(said)


def _alone(rows: pl.DataFrame) -> pl.Series:
    """A name for each row of its own. Nothing of the person goes into it, so that no key is needed."""
    files = rows.select("source", "source_file").unique(maintain_order=True)
    named = [hashlib.sha256("\x1f".join(file).encode()).hexdigest()[:10] for file in files.iter_rows()]
    files = files.with_columns(pl.Series("file", named, dtype=pl.String))
    line = pl.col("source_row").cast(pl.String).str.zfill(6)
    return rows.select("source", "source_file", "source_row").join(
        files, on=["source", "source_file"], how="left", maintain_order="left"
    ).select(pl.col("file") + line).to_series()  # fmt: skip


def _dated(rows: pl.DataFrame, sources: list[Source]) -> tuple[pl.DataFrame, list[Problem]]:
    """`rows` with `submitted_at`: as LimeSurvey writes it, else as each file proves, or its source declares, that a
    spreadsheet has written it."""
    iso = pl.col("submitted").str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    rows = rows.with_columns(iso.alias("submitted_at"))
    other = rows.filter(pl.col("submitted").is_not_null() & pl.col("submitted_at").is_null())
    if other.is_empty():
        return rows, []
    declared = {s.id: s.date_order for s in sources}
    found, problems = [], []
    for (source, file), own in other.group_by("source", "source_file", maintain_order=True):
        try:
            order = date_order(own["submitted"], declared[str(source)])
        except SourceError as error:
            problems.append(SourceError(error.rule, error.message, error.action, column=SUBMITTED).problem(str(file)))
            continue
        written = pl.col("submitted")
        clock = time_of_day(written.str.extract(r"[ T](\d{1,2}:\d{2}.*)$"))
        found.append(own.select("at", moment=to_date(written, order).cast(pl.Datetime("us")) + pl.duration(
            seconds=clock.fill_null(0))))  # fmt: skip
    if not found:
        return rows, problems
    rows = rows.join(pl.concat(found), on="at", how="left", maintain_order="left")
    return rows.with_columns(pl.coalesce("submitted_at", "moment").alias("submitted_at")).drop("moment"), problems


def _faults(raw: pl.DataFrame, columns: list[Column], headed: dict[tuple[str, str], str]) -> pl.DataFrame:
    """[at, fault, heading] of each row with an answer that is no number, or out of bounds: its first one. Of a column
    that holds something else than numbers the whole column is told, not its rows."""
    found = []
    for column in (c for c in columns if c.meanings["fault"].count()):
        rows = raw.select("source").with_columns(fault=column.of("fault"), given=column.of("value_code").is_not_null())
        something_else = mostly_text(pl.col("fault") == "bad_number", pl.col("given")).over("source")
        rows = rows.with_row_index("at").filter(pl.col("fault").is_not_null(), ~something_else)
        name = column.target.column
        heading = [headed.get((source, name), name) for source in rows["source"]]
        found.append(rows.select("at", "fault", heading=pl.Series(heading, dtype=pl.String)))
    schema = {"at": pl.get_index_type(), "fault": pl.String, "heading": pl.String}
    return pl.concat([pl.DataFrame(schema=schema), *found]).unique("at", keep="first", maintain_order=True)


def _judged(rows: pl.DataFrame, faults: pl.DataFrame, study: Study) -> pl.DataFrame:
    """`rows` with `rule` and `column`, in the order of sources, files and lines."""
    waves = pl.DataFrame(
        [{"wave": w.wave, "opens": w.opens, "closes": w.closes} for w in study.waves],
        schema={"wave": pl.String, "opens": pl.Date, "closes": pl.Date},
    )
    rows = rows.join(faults, on="at", how="left").join(waves, on="wave", how="left")
    day, calendar = pl.col("submitted_at").dt.date(), study.calendar
    first = pl.min_horizontal("opens", pl.lit(calendar.measurement_start))
    last = pl.max_horizontal("closes", pl.lit(calendar.measurement_end))
    linked, no_date = pl.col("linked"), (day == NO_DATE).fill_null(False)
    rules: Rules = [
        ("no_code", None, linked & (pl.col("link") == "none")),
        ("ambiguous_code", None, linked & (pl.col("link") == "ambiguous")),
        ("unknown_person", None, linked & pl.col("role").is_null()),
        ("unknown_team", TEAM, ~pl.col("key").is_in(NOT_GIVEN) & pl.col("team").is_null()),
        ("bad_date", SUBMITTED, pl.col("submitted").is_not_null() & pl.col("submitted_at").is_null()),
        ("outside_study", SUBMITTED, ~no_date & ~day.is_between(first, last)),
        *((rule, pl.col("heading"), pl.col("fault") == rule) for rule in ("bad_number", "bad_value")),
    ]
    rows = rows.with_columns(*first_rule(rules), pl.when(~no_date).then("submitted_at").alias("submitted_at"))
    return rows.sort(ROW)


def _one_response_per_person(
    rows: pl.DataFrame, again: pl.DataFrame, study: Study
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`rows` with the rule of those that a later export replaces, then of those that a later response of the person
    does; and clean.flagged of those that count although a later export no longer holds them."""
    where = ["source_file", "source_row"]
    rows = rows.join(again.rename({"rule": "again"}), on=where, how="left", maintain_order="left")
    kept = pl.col("again").is_in(study.kept())
    flagged = rows.filter(kept).select(*ROW, pl.col("again").alias("rule"))
    gone = pl.col("again").is_not_null() & ~kept
    rows = rows.with_columns(
        pl.when(gone).then("again").otherwise("rule").alias("rule"), pl.when(~gone).then("column").alias("column"))
    rows = rows.sort("complete", "submitted_at", *ROW, nulls_last=False)
    good = pl.col("rule").is_null()
    repeat = good & ~pl.struct("person_survey", "wave").is_last_distinct().over(good)
    rule = pl.when(repeat).then(pl.lit("duplicate_response")).otherwise("rule")
    return rows.with_columns(rule.alias("rule")).drop("again").sort(ROW), table("clean.flagged").conform(flagged)


def _one_row_per_answer(kept: pl.DataFrame, columns: list[Column]) -> pl.DataFrame:
    """clean.responses. Answers are numbered (0 = none) and put in the contract's order as numbers; the columns of text
    are looked up once, at the end."""
    contract = table("clean.responses")
    if kept.is_empty() or not columns:
        return contract.empty()
    columns = sorted(columns, key=lambda c: _in_order(c.target))
    kept = kept.sort("wave", "team", "source_file", "source_row", nulls_last=True, maintain_order=True)
    at = kept["at"].to_numpy()
    numbers = np.zeros((kept.height, len(columns)), dtype=np.uint32, order="F")
    answers: list[pl.DataFrame] = []
    accepted = pl.col("value_code").is_not_null() & ~pl.col("unknown") & pl.col("fault").is_null()
    for j, column in enumerate(columns):
        first = 1 + sum(a.height for a in answers)
        good = column.meanings.select(accepted).to_series().to_numpy()
        number = np.where(good, np.arange(first, first + good.size), 0).astype(np.uint32)
        numbers[:, j] = number[column.rows.to_numpy()[at]]
        about = {"item": column.target.item.item, "process": column.target.process, "tool": column.target.tool}
        said = [pl.lit(value, pl.String).alias(name) for name, value in about.items()]
        answers.append(column.meanings.select(*said, "value_code", "value_number"))
    groups = kept.select(pl.struct("wave", "team").rle_id()).to_series()
    starts = [*np.flatnonzero(np.diff(groups.to_numpy().astype(np.int64), prepend=-1)), kept.height]
    items = [len(list(same)) for _, same in groupby(columns, key=lambda c: c.target.item.item)]
    blocks = [(a, b, j, k) for a, b in pairwise(starts) for j, k in pairwise(accumulate(items, initial=0))]
    number = np.concatenate([numbers[a:b, j:k].ravel() for a, b, j, k in blocks])
    row = np.concatenate([np.repeat(np.arange(a, b, dtype=np.uint32), k - j) for a, b, j, k in blocks])
    answered = number > 0
    row, number = row[answered], number[answered] - 1
    said_by = [c.name for c in contract.columns if c.name not in answers[0].columns]
    long = kept.select(said_by)[row].hstack(pl.concat(answers)[number])
    return long.select(c.name for c in contract.columns)


def _in_order(target: Target) -> tuple[str, bool, str, bool, str]:
    """The contract's order: by item, process and tool, those without one last."""
    process, tool = target.process, target.tool
    return target.item.item, process is None, process or "", tool is None, tool or ""


def _empty_waves(study: Study, answered: set[str | None]) -> list[Problem]:
    """A problem per wave that is closed on the day the data are read as of and that nobody answered."""
    return [
        Problem("empty_wave", STUDY_FILE, f"Nobody answered the wave {wave.wave} ({wave.opens} to {wave.closes}).",
                "Add its export under `sources:`, or take the wave out of `waves:`.")
        for wave in study.waves if wave.closes <= study.calendar.as_of and wave.wave not in answered
    ]  # fmt: skip

"""Raw responses to questionnaires -> one row per answer, scored from the study's instruments, each row accounted for.

A response (one row of the file) is accepted or refused as a whole. An answer nobody foresaw is a problem, never a
silent null: dropping unknown labels shifts every mean.
"""

import difflib
import html
from dataclasses import dataclass

import polars as pl

from pipelines.clean.ingest import questionnaire
from pipelines.clean.pseudonyms import normalise, pseudonymise
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.contracts.rules import Problem
from pipelines.sources.survey import SUBMITTED, TEAM, Target, mapping_problems
from pipelines.sources.time_rows import Rules, first_rule
from pipelines.sources.values import number, text
from pipelines.study.load import STUDY_FILE, LoadedStudy
from pipelines.study.models import Item, Source, Study

SHOWN_CHARACTERS = 60
SHOWN_LABELS = 12  # more unknown answers than that in one column: another question, or free text nobody may quote
# LimeSurvey writes N/A where a question was not shown, and this date where an anonymous survey records none.
NOT_ASKED = ("", "n/a")
NO_DATE = "1980-01-01"
# Nothing of the person goes into these identifiers (source, file, line), so the key protects nothing.
_ANONYMOUS = b"one respondent per row"
_ROW = ["source", "source_file", "source_row"]


@dataclass(frozen=True)
class ResponseTables:
    """`responses` honours clean.responses, `rejected` clean.rejected_responses.

    `accepted`: [source, source_file, rows], in responses (rows of the file), not in answers.
    `problems`: unknown labels, waves nobody answered, faults of `columns:`; each stops the run.
    """

    responses: pl.DataFrame
    rejected: pl.DataFrame
    accepted: pl.DataFrame
    problems: list[Problem]


def build_responses(raw: pl.DataFrame, registers: Registers, loaded: LoadedStudy) -> ResponseTables:
    """The clean responses from the raw tables of questionnaires, whatever their format, one under the other.

    Rules in this order, the first broken is kept: no_code, unknown_person, unknown_team, bad_date, outside_study,
    bad_number and bad_value (answers that are numbers). Of several responses of one person to one wave the last
    complete one counts, by date then by line; the others are `duplicate_response`. Where a source has no column that
    links a person's waves, every row is a respondent of its own, named by a hash of source, file and line.
    """
    study = loaded.study
    sources = [s for s in study.sources if s.is_survey]
    known = questionnaire(study, registers)
    targets = {t.column: t for c in raw.columns if (t := known.declared(c)) is not None}
    answers, problems = _answers(raw, targets, sources)
    rows = _judged(_respondents(raw, sources, registers), answers, study)
    kept = rows.filter(pl.col("rule").is_null())
    responses = kept.select(*_ROW, "person_survey", "team", "role", "wave", "submitted_at", "complete").join(
        answers.filter(pl.col("fault").is_null()), on=_ROW, how="inner", maintain_order="left_right")  # fmt: skip
    contract = table("clean.responses")
    status = pl.when(pl.col("rule") == "duplicate_response").then(pl.lit("duplicate")).otherwise(pl.lit("set_aside"))
    rejected = rows.filter(pl.col("rule").is_not_null()).select(*_ROW, "rule", "column", status.alias("status"))
    where = ["source", "source_file"]
    return ResponseTables(
        responses=contract.conform(responses.select(c.name for c in contract.columns)),
        rejected=table("clean.rejected_responses").conform(rejected),
        accepted=kept.group_by(where).agg(pl.len().cast(pl.Int64).alias("rows")).sort(where),
        problems=[
            *(p for s in sources for p in mapping_problems(s, known)),
            *problems,
            *_empty_waves(study, set(kept["wave"])),
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


def _respondents(raw: pl.DataFrame, sources: list[Source], registers: Registers) -> pl.DataFrame:
    """One row per response: wave, person_survey, team, role, complete, submitted_at."""
    settings = pl.DataFrame(
        [{"source": s.id, "wave": s.wave, "linked": s.person is not None} for s in sources],
        schema={"source": pl.String, "wave": pl.String, "linked": pl.Boolean},
    )
    absent = [c for c in (SUBMITTED, TEAM, "code_given") if c not in raw.columns]
    rows = raw.with_columns(pl.lit(None, pl.String).alias(c) for c in absent)
    rows = rows.select(*_ROW, "person_survey", SUBMITTED, TEAM, "code_given").join(settings, on="source")
    people = registers.tables["people_survey"].select("person_survey", "role", pl.col("team").alias("register_team"))
    teams = registers.tables["teams"]
    labels = pl.concat([teams.select("team", key="team"), teams.select("team", key="label")])
    labels = labels.with_columns(normalise(labels["key"])).unique("key", keep="first", maintain_order=True)
    rows = rows.with_columns(normalise(rows[TEAM]).fill_null("").alias("key"), text(SUBMITTED).alias("submitted"))
    rows = rows.join(people, on="person_survey", how="left").join(labels, on="key", how="left").sort(_ROW)
    alone = pseudonymise(rows.select(pl.concat_str(_ROW, separator="\x1f")).to_series(), _ANONYMOUS)
    moment = pl.col("submitted").str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    day = pl.col("submitted").str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    return rows.with_columns(
        pl.when("linked").then("person_survey").otherwise(alone).alias("person_survey"),
        pl.coalesce("register_team", "team").alias("team"),
        pl.when("linked").then("role").otherwise(pl.lit("agent")).alias("role"),
        # Null = the file has no such column: whoever exported it chose the responses that count.
        (pl.col(SUBMITTED).is_null() | pl.col("submitted").is_not_null()).alias("complete"),
        pl.coalesce(moment, day).alias("submitted_at"),
    )


def _judged(rows: pl.DataFrame, answers: pl.DataFrame, study: Study) -> pl.DataFrame:
    """`rows` with `rule` and `column`, in the order of sources, files and lines."""
    faults = answers.filter(pl.col("fault").is_not_null()).group_by(_ROW, maintain_order=True).agg(
        pl.col("fault", "heading").first())  # fmt: skip
    waves = pl.DataFrame(
        [{"wave": w.wave, "opens": w.opens, "closes": w.closes} for w in study.waves],
        schema={"wave": pl.String, "opens": pl.Date, "closes": pl.Date},
    )
    rows = rows.join(faults, on=_ROW, how="left").join(waves, on="wave", how="left")
    day, calendar = pl.col("submitted_at").dt.date(), study.calendar
    first = pl.min_horizontal("opens", pl.lit(calendar.measurement_start))
    last = pl.max_horizontal("closes", pl.lit(calendar.measurement_end))
    linked, no_date = pl.col("linked"), pl.col("submitted").str.starts_with(NO_DATE).fill_null(False)
    rules: Rules = [
        ("no_code", None, linked & (pl.col("code_given") != "true")),
        ("unknown_person", None, linked & pl.col("role").is_null()),
        ("unknown_team", TEAM, ~pl.col("key").is_in(NOT_ASKED) & pl.col("team").is_null()),
        ("bad_date", SUBMITTED, pl.col("submitted").is_not_null() & pl.col("submitted_at").is_null()),
        ("outside_study", SUBMITTED, ~no_date & ~day.is_between(first, last)),
        *((rule, pl.col("heading"), pl.col("fault") == rule) for rule in ("bad_number", "bad_value")),
    ]
    rows = rows.with_columns(*first_rule(rules), pl.when(~no_date).then("submitted_at").alias("submitted_at"))
    rows = rows.sort("complete", "submitted_at", *_ROW, nulls_last=False)
    good = pl.col("rule").is_null()
    repeat = good & ~pl.struct("person_survey", "wave").is_last_distinct().over(good)
    rule = pl.when(repeat).then(pl.lit("duplicate_response")).otherwise("rule")
    return rows.with_columns(rule.alias("rule")).sort(_ROW)


def _answers(
    raw: pl.DataFrame, targets: dict[str, Target], sources: list[Source]
) -> tuple[pl.DataFrame, list[Problem]]:
    """[source, source_file, source_row, heading, item, process, tool, value_code, value_number, fault] of every answer
    given, and a problem per label no instrument knows."""
    asked = pl.DataFrame(
        [{"target": c, "item": t.item.item, "process": t.process, "tool": t.tool, "numeric": t.item.kind == "number",
          "minimum": t.item.minimum, "maximum": t.item.maximum} for c, t in targets.items()],
        schema={"target": pl.String, "item": pl.String, "process": pl.String, "tool": pl.String, "numeric": pl.Boolean,
                "minimum": pl.Float64, "maximum": pl.Float64},
    )  # fmt: skip
    cells = raw.unpivot(list(targets), index=_ROW, variable_name="target", value_name="answer") if targets else None
    if cells is None:
        cells = pl.DataFrame(schema={**{c: raw.schema[c] for c in _ROW}, "target": pl.String, "answer": pl.String})
    cells = cells.with_columns(_spelling(cells["answer"]).alias("key")).filter(pl.col("key").fill_null("") != "")
    cells = cells.join(asked, on="target").join(_headings(targets, sources), on=["source", "target"], how="left")
    cells = cells.join(_options(targets), on=["target", "key"], how="left").sort(*_ROW, "target")
    figure, numeric = number(pl.col("key")), pl.col("numeric")
    cells = cells.filter(pl.col("value_code").is_not_null() | (pl.col("key") != "n/a")).with_columns(
        pl.when(numeric).then(figure).otherwise("value_number").alias("value_number"),
        pl.when(numeric).then(figure.cast(pl.String).str.strip_suffix(".0")).otherwise("value_code").alias("value_code"),
        pl.when(numeric & figure.is_null()).then(pl.lit("bad_number"))
        .when(numeric & ((figure < pl.col("minimum")) | (figure > pl.col("maximum")))).then(pl.lit("bad_value"))
        .alias("fault"),
        pl.coalesce("heading", "target").alias("heading"),
    )  # fmt: skip
    unknown = ~numeric & pl.col("value_code").is_null()
    return cells.filter(~unknown), _label_problems(cells.filter(unknown), targets)


def _options(targets: dict[str, Target]) -> pl.DataFrame:
    """[target, key, value_code, value_number]: every spelling of every answer. One that means two is dropped."""
    rows = [
        (column, spelling, answer.code, answer.value)
        for column, target in targets.items() for answer in target.item.answers
        for spelling in (answer.code, answer.label, *answer.aliases)
    ]  # fmt: skip
    schema = {"target": pl.String, "key": pl.String, "value_code": pl.String, "value_number": pl.Float64}
    options = pl.DataFrame(rows, schema=schema, orient="row")
    options = options.with_columns(_spelling(options["key"]).alias("key")).unique(maintain_order=True)
    return options.filter(pl.col("value_code").n_unique().over("target", "key") == 1)


def _headings(targets: dict[str, Target], sources: list[Source]) -> pl.DataFrame:
    """[source, target, heading]: the heading study.yaml gives for a column, where it gives one."""
    rows = [(s.id, t.strip(), h) for s in sources for h, t in s.columns.items() if t.strip() in targets]
    frame = pl.DataFrame(rows, schema={"source": pl.String, "target": pl.String, "heading": pl.String}, orient="row")
    return frame.unique(["source", "target"], keep="first", maintain_order=True)


def _label_problems(unknown: pl.DataFrame, targets: dict[str, Target]) -> list[Problem]:
    """One problem per column and label: where it is first met, how often, and the nearest label known. Of a column
    that holds something else altogether nothing is quoted."""
    counts = unknown.group_by("source", "target", "key", "heading", maintain_order=True).agg(
        pl.len(), pl.first("answer", "source_file", "source_row"))  # fmt: skip
    many = pl.len().over("source", "target") > SHOWN_LABELS
    other = counts.filter(many).unique(["source", "target"], keep="first", maintain_order=True)
    problems = [
        Problem("unmapped_label", file, f"More than {SHOWN_LABELS} different answers are unknown to {target} in this "
                "column.", "Check that `columns:` in study.yaml gives it to the right item.", line, heading)
        for target, heading, file, line in other.select("target", "heading", "source_file", "source_row").iter_rows()
    ]  # fmt: skip
    for source, target, key, heading, count, label, file, line in counts.filter(~many).iter_rows():
        item = targets[target].item
        known = {k: a.label for a in item.answers for k in _spelling(pl.Series([a.label, *a.aliases, a.code]))}
        near = difflib.get_close_matches(key, list(known), n=1)
        hint = f" Nearest known: {known[near[0]]!r}." if near else ""
        problems.append(Problem(
            "unmapped_label", file,
            f"{label[:SHOWN_CHARACTERS]!r} is no answer to {item.item} ({count} row{'s' if count > 1 else ''}, source "
            f"{source}).{hint}",
            f"Add it to the `aliases:` of an answer of {item.item} under `instruments:` in study.yaml, or correct it.",
            line, heading))  # fmt: skip
    return problems


def _empty_waves(study: Study, answered: set[str]) -> list[Problem]:
    """A problem per wave that is closed on the day the data are read as of and that nobody answered."""
    return [
        Problem("empty_wave", STUDY_FILE, f"Nobody answered the wave {wave.wave} ({wave.opens} to {wave.closes}).",
                "Add its export under `sources:`, or take the wave out of `waves:`.")
        for wave in study.waves if wave.closes <= study.calendar.as_of and wave.wave not in answered
    ]  # fmt: skip


def _spelling(labels: pl.Series) -> pl.Series:
    """Answers in one spelling: no mark of byte order, no HTML entity, whole numbers without `.0`, then normalised."""
    distinct = labels.drop_nulls().unique(maintain_order=True)
    plain = pl.Series([html.unescape(v).replace("\ufeff", "") for v in distinct], dtype=pl.String)
    keys = normalise(plain).str.replace(r"^(-?\d+)\.0+$", "$1")
    return labels.replace_strict(distinct, keys, default=None, return_dtype=pl.String)

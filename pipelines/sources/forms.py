"""Questionnaires of other form tools: Google Forms, Microsoft Forms, Drupal's webform (Framaforms) and Qualtrics, told
apart by the columns each adds to the questions; any other tool once study.yaml says what its columns are.

Quirks: names, addresses and places stand beside the answers and go no further than this. Qualtrics writes two or three
header rows, webform a title and the questions of grids above its headings; Microsoft ends several answers by `;`;
Qualtrics may export numbers nobody saw instead of the answers.
"""

import re
from dataclasses import dataclass, replace

import polars as pl

from pipelines.sources.base import SourceError
from pipelines.sources.moments import moment
from pipelines.sources.survey import SUBMITTED, Heading, SurveyTable, code_part, heading_key
from pipelines.sources.text import SOURCE_ROW, TextTable
from pipelines.sources.values import date_order, fold, text, to_date, yes_no
from pipelines.sources.workbook import read_table, with_dates
from pipelines.study.models import Source

FORMAT, DOMAIN, TABLES = "form", "survey", ("form",)
# Left in the file, unless one of them is the column that links a person's waves.
IDENTIFIERS: tuple[str, ...] = ()  # known tool by tool: every column of Product.columns that is not kept
FREE_TEXT: tuple[str, ...] = ()  # known item by item: keep_items() leaves out whatever is not a closed question

ID, LANGUAGE, FINISHED, DRAFT, TEST, LEFT_OUT = "id", "startlanguage", "finished", "draft", "test", "left out"


@dataclass(frozen=True)
class Product:
    """A form tool: the columns it adds to the questions, by what they say, as folded headings. `signs`: by what it is
    told from the others. A response is complete when `finished` says so, or `draft` does not."""

    name: str
    columns: dict[str, tuple[str, ...]]
    signs: tuple[tuple[str, ...], ...]  # one heading of each group

    def says(self, *headings: str) -> str | None:
        """What a column called like that says of the response."""
        folded = {fold(h) for h in headings}
        return next((what for what, known in self.columns.items() if not folded.isdisjoint(known)), None)

    def wrote(self, header: list[str]) -> bool:
        """The header is one of this tool's."""
        have = {fold(h) for h in header}
        return all(not have.isdisjoint(group) for group in self.signs)


QUALTRICS = Product(
    "Qualtrics",
    {
        SUBMITTED: ("enddate",), ID: ("responseid",), FINISHED: ("finished",), TEST: ("status",),
        LANGUAGE: ("userlanguage",),
        LEFT_OUT: ("startdate", "recordeddate", "progress", "duration in seconds", "ipaddress", "recipientlastname",
                   "recipientfirstname", "recipientemail", "externalreference", "externaldatareference",
                   "locationlatitude", "locationlongitude", "locationaccuracy", "distributionchannel", "responseset",
                   "name", "emailaddress"),
    },
    (("responseid", "v1"), ("enddate", "v9"), ("finished", "v10")),
)  # fmt: skip
MICROSOFT = Product(
    "Microsoft Forms",
    {
        SUBMITTED: ("heure de fin", "completion time", "fertigstellungszeit"), ID: ("id",),
        LEFT_OUT: ("heure de debut", "start time", "startzeit", "adresse de messagerie", "email", "e mail", "nom",
                   "name", "heure de la derniere modification", "last modified time", "total points", "quiz feedback"),
    },
    (("id",), ("heure de debut", "start time", "startzeit"),
     ("heure de fin", "completion time", "fertigstellungszeit")),
)  # fmt: skip
WEBFORM = Product(
    "Drupal webform (Framaforms)",
    {
        SUBMITTED: ("completed time", "webform completed time", "completed", "submitted time", "webform time", "time",
                    "heure de soumission", "date de soumission", "heure", "created"),
        ID: ("sid", "webform sid", "submission id"),
        DRAFT: ("draft", "brouillon", "webform draft", "is draft", "in draft"), LANGUAGE: ("language", "langcode"),
        LEFT_OUT: ("serial", "webform serial", "numero de serie", "serial number", "submission uuid", "uuid",
                   "submission uri", "uri", "modified time", "webform modified time", "changed", "current page",
                   "ip address", "adresse ip", "webform ip address", "remote ip address", "remote addr", "uid",
                   "webform uid", "username", "nom d utilisateur", "webform username", "submitted by id",
                   "submitted by title", "submitted by url", "submitted to entity type", "submitted to entity id",
                   "submitted to entity title", "submitted to entity url", "entity type", "entity id", "locked",
                   "sticky", "notes"),
    },
    (("sid", "webform sid", "submission id"),
     ("uid", "webform uid", "ip address", "adresse ip", "webform ip address", "remote ip address", "remote addr",
      "submitted by id", "serial", "webform serial", "numero de serie", "serial number")),
)  # fmt: skip
GOOGLE = Product(
    "Google Forms",
    {
        SUBMITTED: ("horodateur", "timestamp", "zeitstempel"),
        LEFT_OUT: ("adresse e mail", "email address", "e mail adresse", "nom d utilisateur", "username", "score"),
    },
    (("horodateur", "timestamp", "zeitstempel"),),
)  # fmt: skip
PRODUCTS = (QUALTRICS, MICROSOFT, WEBFORM, GOOGLE)
OTHER = Product("another tool", {}, ())
_SUB = re.compile(r"\[([^\[\]]+)\]\s*$")
_GOOGLE_ZONE = r"(?i) ?(?:utc|gmt)[+-]\d{1,2}(?::\d{2})?$"  # the hour beside it is the author's own
_TEST_STATUS = r"^(?:1|2|9|17|.*(?:preview|test|aper[cç]u|vorschau).*)$"


def recognises(header: list[str]) -> bool:
    """The header is one of a known form tool's."""
    return any(product.wrote(header) for product in PRODUCTS)


def read_tables(data: bytes, *, source: Source) -> dict[str, SurveyTable]:
    """The responses as received, without the columns that are no question; the moment of submission as YYYY-MM-DD
    HH:MM:SS where it can be read, empty where the questionnaire was left unfinished; Qualtrics' -99 empty.

    Raises SourceError: a file that cannot be read, a moment nobody wrote or whose day and month cannot be told apart,
    numbers that may not be the instrument's codes.
    """
    told = [h for h in (source.person, source.team, source.submitted, *source.columns) if h]
    table = read_table(data, lambda header: recognises(header) or _has(header, told))
    product = next((p for p in PRODUCTS if p.wrote(table.header)), OTHER)
    table, names = _headers(table, product)
    columns = [c for c in table.frame.columns if c != SOURCE_ROW]
    says = _said(names, product, {heading_key(h) for h in told})
    when = _moment(names, says, source, product)
    of = {what: columns[i] for i, what in enumerate(says) if what in (FINISHED, DRAFT, TEST)}
    questions = [c for c, what in zip(columns, says, strict=True) if what is None]
    if product is QUALTRICS:
        _refuse_numbers(table.frame, of, source)
    rejected = table.rejected
    if TEST in of:
        tried = text(of[TEST]).str.to_lowercase().str.contains(_TEST_STATUS).fill_null(False)
        aside = [pl.lit("test_response").alias("rule"), pl.lit(None, pl.String).alias("column")]
        rejected = pl.concat([rejected, table.frame.filter(tried).select(SOURCE_ROW, *aside)])
        table = replace(table, frame=table.frame.filter(~tried))
    frame = table.frame.with_columns(_answers(product, c) for c in questions)
    if when is not None:
        dated = with_dates(replace(table, frame=frame), [columns[when]]).frame
        moments = [columns[i] for i, what in enumerate(says) if what == SUBMITTED or i == when]
        frame = _submitted(dated, columns[when], moments, of, source)
    headings = tuple(
        Heading(column, called, SUBMITTED if i == when else what)
        for i, (column, called, what) in enumerate(zip(columns, names, says, strict=True))
        if i == when or what in (None, ID, LANGUAGE)
    )
    kept = frame.select(*(h.column for h in headings), SOURCE_ROW)
    return {FORMAT: SurveyTable(kept, rejected, table.received, headings)}


def _has(header: list[str], told: list[str]) -> bool:
    have = {heading_key(h) for h in header}
    return bool(told) and have.issuperset(map(heading_key, told))


def _headers(table: TextTable, product: Product) -> tuple[TextTable, list[tuple[str, ...]]]:
    """The table below its last header row, and the names of each column, the surest first."""
    columns = [c for c in table.frame.columns if c != SOURCE_ROW]
    if product is QUALTRICS:  # codes, then wordings, then {"ImportId": ...}: no date in the column of dates
        at = next(i for i, h in enumerate(table.header) if fold(h) in ("enddate", "v9"))
        head = table.frame.head(2).with_columns(pl.col(columns[at]).fill_null("0").alias("dated"))
        more = head.filter(pl.col("dated").str.contains("ImportId") | ~pl.col("dated").str.contains(r"\d")).height
        below = table.frame.head(min(more, 1)).select(columns).rows()
        wordings = [[cell or "" for cell in row] for row in below]
        names = [_names(*called) for called in zip(table.header, *wordings, strict=True)]
        return replace(table, frame=table.frame.slice(more), received=table.received - more), names
    if product is WEBFORM and table.above:  # the question of a grid stands above the first of its rows
        question, names = "", []
        for i, heading in enumerate(table.header):
            question = (table.above[-1][i] if 0 < i < len(table.above[-1]) else "") or question
            names.append(_names(heading, f"{question} [{heading}]" if question else ""))
        return table, names
    return table, [_names(h) for h in table.header]


def _names(*headings: str) -> tuple[str, ...]:
    """A heading by its code, as received, and, in a grid, by its row."""
    found = [n for h in headings for n in (code_part(h), h.strip(), *_SUB.findall(h)) if n]
    return tuple(dict.fromkeys(found)) or ("",)


def _said(names: list[tuple[str, ...]], product: Product, told: set[str]) -> list[str | None]:
    """What each column says of the response; None for a question. What study.yaml names is a question, and so is a
    second column of the same name."""
    found: list[str | None] = []
    wordings = {n[0] for n in names}
    for i, called in enumerate(names):
        what = None if told.intersection(map(heading_key, called)) else product.says(*called)
        if called in names[:i]:
            what = None
        scored = re.match(r"(?:Points|Feedback) - (.+)$", called[-1], re.DOTALL) if product is MICROSOFT else None
        found.append(LEFT_OUT if scored and scored.group(1).strip() in wordings else what)
    return found


def _moment(names: list[tuple[str, ...]], says: list[str | None], source: Source, product: Product) -> int | None:
    """Position of the column that says when a response was submitted; None where nobody says so."""
    if source.submitted is not None:
        key = heading_key(source.submitted)
        named = next((i for i, called in enumerate(names) if key in map(heading_key, called)), None)
        if named is None:
            raise SourceError("missing_column", f"There is no column {source.submitted!r}.",
                              "Export it, or correct `submitted:` in study.yaml.", column=source.submitted)  # fmt: skip
        return named
    order = product.columns.get(SUBMITTED, ())
    found = [i for i, what in enumerate(says) if what == SUBMITTED]
    if product is not OTHER and not found:
        raise SourceError("missing_column", f"No column of this export of {product.name} says when it was submitted.",
                          "Export it, or name it under `submitted:` of this source in study.yaml.")  # fmt: skip
    ranks = {i: min(order.index(f) for n in names[i] if (f := fold(n)) in order) for i in found}
    return min(found, key=lambda i: ranks[i], default=None)


def _answers(product: Product, column: str) -> pl.Expr:
    cell = pl.col(column)
    if product is QUALTRICS:  # a question that was shown and not answered
        return pl.when(cell.str.strip_chars() != "-99").then(cell).alias(column)
    return cell.str.strip_suffix(";") if product is MICROSOFT else cell


def _submitted(
    frame: pl.DataFrame, column: str, moments: list[str], of: dict[str, str], source: Source
) -> pl.DataFrame:
    """`frame` with the moment of submission in `column`; the other columns of moments may prove how it is written."""
    written = text(column)
    said = pl.concat([frame.select(text(m).alias("moment")) for m in moments]).to_series()
    order = date_order(said, source.date_order)
    local = written.str.replace(_GOOGLE_ZONE, "")
    at = pl.coalesce(moment(local, order, source.time_zone), to_date(local, order).cast(pl.Datetime("us")))
    finished: list[pl.Expr] = []
    for what, column_of in of.items():
        if what == TEST:
            continue
        answer = yes_no(text(column_of))
        unread = frame.filter(text(column_of).is_not_null() & answer.is_null())
        if unread.height:
            raise SourceError("unrecognised_file", f"Column {column_of!r} holds something else than yes and no.",
                              "Export it again in French or English.", column=column_of)  # fmt: skip
        finished.append(answer.fill_null(False) if what == FINISHED else ~answer.fill_null(False))
    complete = pl.all_horizontal(*finished) if finished else pl.lit(True)
    cell = pl.coalesce(at.dt.strftime("%Y-%m-%d %H:%M:%S"), written)
    return frame.with_columns(pl.when(complete).then(cell).fill_null("").alias(column))


def _refuse_numbers(frame: pl.DataFrame, of: dict[str, str], source: Source) -> None:
    """Qualtrics numbers answers in its own way unless its author chose the numbers: 1 may be the instrument's 0."""
    if source.answers == "codes" or not {FINISHED, TEST} <= set(of) or frame.is_empty():
        return
    if frame.select(pl.all_horizontal(text(of[w]).str.contains(r"^\d+$").all() for w in (FINISHED, TEST))).item():
        raise SourceError("unrecognised_file", "The answers are numbers of Qualtrics, not what people read.",
                          "Export with « Use choice text »; or, if the numbers are the codes of the instruments, write "
                          "`answers: codes` for this source in study.yaml.")  # fmt: skip

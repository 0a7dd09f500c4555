"""Cells of questionnaires -> answers to items, each distinct spelling read once; a problem per answer nobody foresaw.

Belongs here: what a cell means to an item. Which rows count, and whose they are, is in responses.py.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipelines.contracts.rules import Problem
from pipelines.sources.choices import NOT_GIVEN, spelling
from pipelines.sources.fields import distinct_of
from pipelines.sources.survey import Target
from pipelines.sources.values import number
from pipelines.study.instruments import Item
from pipelines.study.models import Source

SHOWN_LABELS = 12  # more unknown answers than that in one column: another question, or free text nobody may quote
MOSTLY, FEW = 0.5, 5  # a column of numbers, more than half of at least so many unreadable, holds something else
ROW = ["source", "source_file", "source_row"]
# A range as a spreadsheet dates it: `6-25` -> 25-Jun, 25/06/2026, 2026-06-25 00:00:00.
_RANGE = re.compile(r"^(\d{1,2})\s*[-–/]\s*(\d{1,2})$")
_DAY_MONTH = re.compile(r"^(\d{1,2})[- ./]([a-zéûä]{3,5})\.?(?:[- ./]\d{2,4})?$")
_MONTH_FIRST = re.compile(r"^([a-zéûä]{3,5})\.?[- ./](\d{1,2})$")
_NUMERIC_DATE = re.compile(r"^(?:(\d{1,2})[/.](\d{1,2})[/.]\d{2,4}|\d{4}-(\d{2})-(\d{2}))(?: 0+:00(?::00)?)?$")
_MONTHS = (
    "jan janv", "feb fev fév févr fevr", "mar mars mär mrz", "apr avr avril", "may mai", "jun juin juni",
    "jul juil juli", "aug aou aoû août aout", "sep sept", "oct okt", "nov", "dec déc dez",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of the raw table as answers to its target.

    `meanings`: per distinct cell [cell, key, value_code, value_number, fault, unknown]; `value_code` is null where
    nothing was answered. `rows`: for each row of the raw table the position of its cell there.
    """

    target: Target
    rows: pl.Series
    meanings: pl.DataFrame

    def of(self, name: str) -> pl.Series:
        """A column of `meanings`, row by row."""
        return self.meanings[name].gather(self.rows)


def read_column(cells: pl.Series, target: Target) -> Column:
    """The answers of one column: codes, labels and aliases of a choice, or numbers within the item's bounds."""
    rows, distinct = distinct_of(cells)
    keys = spelling(distinct["cell"])
    read = distinct.with_columns(key=keys)
    given = pl.col("key").fill_null("") != ""
    if target.item.kind == "number":
        figure = number(pl.col("key"))
        outside = (figure < target.item.minimum) | (figure > target.item.maximum)
        answered = given & ~(figure.is_null() & pl.col("key").is_in(NOT_GIVEN))
        meanings = read.select(
            "cell", "key",
            pl.when(answered).then(figure.cast(pl.String).str.strip_suffix(".0").fill_null("")).alias("value_code"),
            figure.alias("value_number"),
            pl.when(answered & figure.is_null()).then(pl.lit("bad_number"))
            .when(answered & outside).then(pl.lit("bad_value")).alias("fault"),
            pl.lit(False).alias("unknown"),
        )  # fmt: skip
    else:
        known = options(target.item).filter(~pl.col("twofold"))
        read = read.join(known.drop("twofold"), on="key", how="left", maintain_order="left")
        answered = given & ~(pl.col("value_code").is_null() & pl.col("key").is_in(NOT_GIVEN))
        meanings = read.select(
            "cell", "key", pl.when(answered).then(pl.col("value_code").fill_null("")).alias("value_code"),
            "value_number", pl.lit(None, pl.String).alias("fault"),
            (answered & pl.col("value_code").is_null()).alias("unknown"),
        )  # fmt: skip
    return Column(target, rows, meanings)


def options(item: Item) -> pl.DataFrame:
    """[key, value_code, value_number, twofold]: every spelling of every answer; `twofold` means two of them."""
    spellings = [(s, a.code, a.value) for a in item.answers for s in (a.code, a.label, *a.aliases) if s]
    schema = {"key": pl.String, "value_code": pl.String, "value_number": pl.Float64}
    known = pl.DataFrame(spellings, schema=schema, orient="row")
    known = known.with_columns(key=spelling(known["key"])).unique(maintain_order=True)
    twofold = pl.col("value_code").n_unique().over("key") > 1
    return known.with_columns(twofold=twofold).unique("key", keep="first", maintain_order=True)


def mostly_text(wrong: pl.Expr, given: pl.Expr) -> pl.Expr:
    """A column of numbers holds something else: most of what is given is no number."""
    return (given.sum() >= FEW) & (wrong.sum() > MOSTLY * given.sum())


def headings(targets: list[Target], sources: list[Source]) -> dict[tuple[str, str], str]:
    """(source, column of the raw table) -> the heading study.yaml gives for it, where it gives one."""
    columns = {t.column for t in targets}
    named = [(s.id, t.strip(), h) for s in sources for h, t in reversed(s.columns.items())]
    return {(source, column): heading for source, column, heading in named if column in columns}


def answer_problems(
    raw: pl.DataFrame, column: Column, headed: dict[tuple[str, str], str], shown: Callable[[str], str]
) -> list[Problem]:
    """What is wrong with a column in each source: answers unknown to its item, or text where numbers are asked.
    `shown`: how an answer may be quoted."""
    found = column.meanings
    if not (found["unknown"].any() or (found["fault"] == "bad_number").any()):
        return []
    wrong = (pl.col("unknown") | (pl.col("fault") == "bad_number")).fill_null(False)
    cells = found.select("key", "cell", wrong=pl.when(pl.col("value_code").is_not_null()).then(wrong))
    given = raw.select(ROW).with_columns(cells[c].gather(column.rows) for c in cells.columns).drop_nulls("wrong")
    item, name = column.target.item, column.target.column
    problems = []
    for (source,), own in given.sort(ROW).group_by("source", maintain_order=True):
        heading, unread = headed.get((str(source), name), name), own.filter("wrong")
        if unread.is_empty():
            continue
        first = unread.group_by("key", maintain_order=True).agg(pl.len(), pl.first("cell", "source_file", "source_row"))
        other = None
        if item.kind == "number":
            if own.select(mostly_text(pl.col("wrong"), pl.col("wrong").is_not_null())).item():
                other = f"{unread.height} of the {own.height} answers in this column are no number, as {name} asks for."
        elif first.height > SHOWN_LABELS:
            other = f"More than {SHOWN_LABELS} different answers are unknown to {name} in this column."
        else:
            problems += [_label_problem(item, str(source), heading, shown, *label) for label in first.iter_rows()]
        if other is not None:
            file, line = unread.select("source_file", "source_row").row(0)
            action = "Check that `columns:` in study.yaml gives it to the right item."
            problems.append(Problem("unmapped_label", file, other, action, line, heading))
    return problems


def _label_problem(
    item: Item, source: str, heading: str, quoted: Callable[[str], str], key: str, count: int, label: str, file: str,
    line: int,
) -> Problem:  # fmt: skip
    known = options(item)
    two = known.filter(pl.col("twofold"))["key"].to_list()
    where = f"({count} row{'s' if count > 1 else ''}, source {source})"
    shown = quoted(label)
    advice = f"Add it to the `aliases:` of an answer of {item.item} under `instruments:` in study.yaml, or correct it."
    if key in two:
        message = f"{shown} is a spelling of two answers to {item.item} {where}."
        advice = f"Keep it for one of them under `instruments:` in study.yaml ({item.item})."
    elif (dated := _dated(key, item)) is not None:
        message = f"{shown} is no answer to {item.item} {where}: a spreadsheet has turned {dated!r} into a date."
        advice = "Export again and let no spreadsheet save the file, or add it to the `aliases:` of that answer."
    else:
        labels = {k: a.label for a in item.answers for k in spelling(pl.Series([a.label, *a.aliases, a.code]))}
        near = difflib.get_close_matches(key, list(labels), n=1)
        hint = f" Nearest known: {labels[near[0]]!r}." if near else ""
        message = f"{shown} is no answer to {item.item} {where}.{hint}"
    return Problem("unmapped_label", file, message, advice, line, heading)


def _dated(key: str, item: Item) -> str | None:
    """The answer (`6-25`) that a spreadsheet has turned into this date, or None."""
    date = _day_and_month(key)
    if date is None:
        return None
    written = [s for a in item.answers for s in (a.label, a.code, *a.aliases)]
    ranges = [(s, (int(m[1]), int(m[2]))) for s in written if (m := _RANGE.match(s.strip()))]
    return next((s for s, parts in ranges if date in (parts, parts[::-1])), None)


def _day_and_month(key: str) -> tuple[int, int] | None:
    months = {word: i + 1 for i, names in enumerate(_MONTHS) for word in names.split()}
    if found := _NUMERIC_DATE.match(key):
        a, b = (found[1], found[2]) if found[1] else (found[4], found[3])
        return int(a), int(b)
    if (found := _DAY_MONTH.match(key)) and found[2] in months:
        return int(found[1]), months[found[2]]
    if (found := _MONTH_FIRST.match(key)) and found[1] in months:
        return int(found[2]), months[found[1]]
    return None

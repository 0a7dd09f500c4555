"""Cells -> typed columns and the rules they break, each distinct spelling read once however many rows repeat it.

Belongs here: how rows are judged while they are read. What a spelling means is in values.py, what a format asks is in
its own file. Ten million durations hold a few hundred spellings: reading those and looking the rest up is what keeps a
large export cheap.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.sources.time_rows import Rules, first_rule
from pipelines.sources.values import number, text

JUDGED: dict[str, pl.DataType] = {"rule": pl.String(), "column": pl.String(), "flags": pl.String()}
FLAG_SEPARATOR = ","
_CELL, _VALUE = pl.col("cell"), pl.col("value")


@dataclass(frozen=True)
class Field:
    """One raw column, read into the typed column `name`.

    `value`: text in single spaces (null when empty) -> typed, null when unreadable. `rules`: (rule, condition on the
    text and the value), the first one broken is kept.
    """

    column: str
    name: str
    value: Callable[[pl.Expr], pl.Expr]
    rules: tuple[tuple[str, Callable[[pl.Expr, pl.Expr], pl.Expr]], ...] = ()


def read_fields(rows: pl.DataFrame, fields: Sequence[Field], kept: Collection[str]) -> pl.DataFrame:
    """`rows` with the typed column of each field, and `rule`, `column`, `flags`.

    `rule` and `column`: the first rule broken, one found before stays. `flags`: the rules of `kept` that the row
    breaks, separated by commas: it is accepted all the same. Null = none.
    """
    rows = _with_judgement(rows)
    known: dict[str, tuple[pl.Series, pl.DataFrame]] = {}
    for field in fields:
        if field.column not in known:
            known[field.column] = distinct_of(rows[field.column])
        codes, distinct = known[field.column]
        read = distinct.select(text("cell").alias("cell")).with_columns(field.value(_CELL).alias("value"))
        rules = [(rule, None, broken(_CELL, _VALUE)) for rule, broken in field.rules]
        read = judge(read, rules, kept)
        rows = rows.with_columns(read["value"].gather(codes).alias(field.name))
        if read["rule"].count():
            found = read["rule"].gather(codes)
            at = pl.when(found.is_not_null()).then(pl.lit(field.column))
            first = pl.col("rule").is_null()
            rows = rows.with_columns(
                pl.when(first).then(found).otherwise("rule").alias("rule"),
                pl.when(first).then(at).otherwise("column").alias("column"),
            )
        if read["flags"].count():
            rows = rows.with_columns(_joined(pl.col("flags"), pl.lit(read["flags"].gather(codes))))
    return rows


def judge(rows: pl.DataFrame, rules: Rules, kept: Collection[str]) -> pl.DataFrame:
    """`rows` with `rule`, `column` and `flags` once these rules about whole rows are applied too."""
    rows = _with_judgement(rows)
    if not rules:
        return rows
    broken = rows.select(condition.any().alias(str(i)) for i, (_, _, condition) in enumerate(rules)).row(0)
    rules = [r for r, some in zip(rules, broken, strict=True) if some]  # most rules are broken by no row of a part
    if refusing := [r for r in rules if r[0] not in kept]:
        rule, column = first_rule(refusing)
        known = pl.col("rule").is_not_null()
        rows = rows.with_columns(
            pl.when(known).then("rule").otherwise(rule).alias("rule"),
            pl.when(known).then("column").otherwise(column).alias("column"),
        )
    told = [pl.when(broken.fill_null(False)).then(pl.lit(rule)) for rule, _, broken in rules if rule in kept]
    return rows.with_columns(_joined(pl.col("flags"), *told)) if told else rows


def look_up(rows: pl.DataFrame, column: str, found: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the other columns of `found`, in which `column` is unique, texts as Enum; null where it has no such
    value."""
    codes, distinct = distinct_of(rows[column])
    texts = {c: pl.Enum(found[c].drop_nulls().unique().sort()) for c in found.columns if found[c].dtype == pl.String}
    values = distinct.rename({"cell": column}).join(found, on=column, how="left", maintain_order="left")
    values = values.with_columns(pl.col(c).cast(t) for c, t in texts.items() if c != column)
    return rows.with_columns(values[c].gather(codes) for c in values.columns if c != column)


def same(cell: pl.Expr) -> pl.Expr:
    """The text itself."""
    return cell


def lower(cell: pl.Expr) -> pl.Expr:
    """The text in lower case."""
    return cell.str.to_lowercase()


def whole(cell: pl.Expr) -> pl.Expr:
    """Int64 of a whole number from zero up; null otherwise."""
    figure = number(cell)
    return pl.when((figure % 1 == 0) & (figure >= 0)).then(figure).cast(pl.Int64, strict=False)


def empty(cell: pl.Expr, value: pl.Expr) -> pl.Expr:
    """Nothing is written."""
    return cell.is_null()


def unread(cell: pl.Expr, value: pl.Expr) -> pl.Expr:
    """Something is written that could not be read."""
    return cell.is_not_null() & value.is_null()


def _with_judgement(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit(None, t).alias(c) for c, t in JUDGED.items() if c not in rows.columns)


def _joined(*flags: pl.Expr) -> pl.Expr:
    joined = pl.concat_str(flags, separator=FLAG_SEPARATOR, ignore_nulls=True)
    return pl.when(joined != "").then(joined).alias("flags")


def distinct_of(cells: pl.Series) -> tuple[pl.Series, pl.DataFrame]:
    """For each row the position of its cell among the distinct ones, and those: [cell], in order of appearance."""
    if cells.null_count() == cells.len():
        none = pl.DataFrame({"cell": [None]}, schema={"cell": pl.String})
        return pl.zeros(cells.len(), pl.UInt32, eager=True), none
    if isinstance(cells.dtype, pl.Enum):
        codes, distinct = cells.to_physical().cast(pl.UInt32), cells.dtype.categories
    else:
        # A category of its own per call: positions then count from 0 in order of appearance.
        codes = cells.cast(pl.Categorical(pl.Categories.random())).to_physical()
        distinct = cells.gather(codes.arg_unique()).drop_nulls()
    if codes.null_count():
        codes = codes.fill_null(distinct.len())
        distinct = distinct.append(pl.Series([None], dtype=pl.String))
    return codes, distinct.rename("cell").to_frame()

"""Rows of an export that hold no data: headings repeated where files were pasted together, totals at the bottom."""

from collections.abc import Sequence

import polars as pl

from pipelines.sources.base import REJECTED_SCHEMA
from pipelines.sources.text import SOURCE_ROW
from pipelines.sources.values import fold

_TOTALS = r"^(?:sous total|total|totaux|somme|sum|summe|gesamt|gesamtsumme|totale)\b"


def without_clutter(
    frame: pl.DataFrame, date: str, heading: str, names: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`frame` without its clutter, and the rows taken out [source_row, rule, column].

    `date`: the column of days, called `heading` in the file: a row that holds that word instead of a day repeats the
    headings. `names`: the columns of the person and the process. A total says so in the place of the day, or has no day
    and says so in theirs, or leaves all of them empty.
    """
    # A cheap test first: of ten million rows nearly all begin with a figure.
    odd = frame.filter(~pl.col(date).is_between(pl.lit("0"), pl.lit(":"), closed="left").fill_null(False))
    if odd.is_empty():
        return frame, pl.DataFrame(schema=REJECTED_SCHEMA)
    said = [_words(odd[c]) for c in dict.fromkeys((date, *names)) if c in odd.columns]
    total = [s.str.contains(_TOTALS) for s in said]
    nothing = [s == "" for s in said]
    elsewhere = pl.any_horizontal(*total[1:], pl.all_horizontal(*nothing[1:]))
    rule = (
        pl.when(pl.lit(said[0]) == fold(heading)).then(pl.lit("repeated_header"))
        .when(pl.lit(total[0]) | (pl.lit(nothing[0]) & elsewhere)).then(pl.lit("total_row"))
    )  # fmt: skip
    found = odd.select(SOURCE_ROW, rule.alias("rule"), pl.lit(None, pl.String).alias("column")).drop_nulls("rule")
    found = found.cast(pl.Schema(REJECTED_SCHEMA))
    return frame.join(found, on=SOURCE_ROW, how="anti", maintain_order="left") if found.height else frame, found


def _words(cells: pl.Series) -> pl.Series:
    """What the cells say, folded; '' when they are empty."""
    folded = {c: fold(c) or c.strip() for c in cells.unique().drop_nulls()}
    return cells.replace_strict(folded, default=None, return_dtype=pl.String).fill_null("")

"""Rows of an export that hold no data: headings repeated where files were pasted together, totals at the bottom."""

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines.sources.base import REJECTED_SCHEMA
from pipelines.sources.text import SOURCE_ROW
from pipelines.sources.values import fold

_TOTALS = r"^(?:sous total|total|totaux|somme|sum|summe|gesamt|gesamtsumme|totale)\b"
_TOTAL_LETTERS = list("TtSsGg")


def without_clutter(
    frame: pl.DataFrame, headings: Mapping[str, str], date: str, names: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`frame` without its clutter, and the rows taken out [source_row, rule, column].

    `headings`: column -> its heading in the file. `date`: the column of days; `names`: those of the person and the
    process. A total is a row without a day, a person or a process, or that says « Total » in their place.
    """
    day = pl.col(date)
    # Cheap tests first: ten million rows, nearly all with a date.
    odd = frame.filter(
        day.is_null() | (day.str.strip_chars() == "") | (day == headings[date])
        | day.str.slice(0, 1).is_in(_TOTAL_LETTERS)
    )  # fmt: skip
    if odd.is_empty():
        return frame, pl.DataFrame(schema=REJECTED_SCHEMA)
    headed = pl.all_horizontal((pl.col(c) == h).fill_null(False) for c, h in headings.items())
    spoken = [_nobody(odd[c]).alias(c) for c in dict.fromkeys((date, *names)) if c in odd.columns]
    total = pl.all_horizontal(pl.lit(s) for s in spoken)
    rule = pl.when(headed).then(pl.lit("repeated_header")).when(total).then(pl.lit("total_row"))
    found = odd.select(SOURCE_ROW, rule.alias("rule"), pl.lit(None, pl.String).alias("column")).drop_nulls("rule")
    found = found.cast(pl.Schema(REJECTED_SCHEMA))
    return frame.join(found, on=SOURCE_ROW, how="anti", maintain_order="left") if found.height else frame, found


def _nobody(cells: pl.Series) -> pl.Series:
    """The cell is empty, or says « Total »."""
    words = {c: fold(c) for c in cells.unique().drop_nulls()}
    said = cells.replace_strict(words, default=None, return_dtype=pl.String).fill_null("")
    return (cells.fill_null("").str.strip_chars() == "") | said.str.contains(_TOTALS)

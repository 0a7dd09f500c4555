"""The registers an office keeps by hand: one table per file, CSV or a sheet of a workbook, every cell as text.

Belongs here: how the file is written. What the columns mean is in the contracts (pipelines/contracts/clean.py).
"""

from collections.abc import Callable, Collection

import polars as pl

from pipelines.sources.base import SourceError
from pipelines.sources.text import SOURCE_ROW, TextTable
from pipelines.sources.values import fold
from pipelines.sources.workbook import read_table, with_dates


def read_register(data: bytes, recognises: Callable[[set[str]], bool], dates: Collection[str] = ()) -> TextTable:
    """The table of a register. Headings become `from_date`-like names; `encoding` is `xlsx` for a workbook.

    `recognises`: the names are this register's, by which its header is found below a title, and its sheet among others.
    `dates`: names of the columns that hold dates. `source_row` is the line of the text file, or the row of the sheet.
    Raises SourceError when the file cannot be read or has no row.
    """
    table = read_table(data, lambda header: recognises({_name(h) for h in header}))
    if not table.received:
        raise SourceError("empty_file", "The file has no data row.", "Fill it in, or take it out of `registers:`.")
    names = [_name(h) for h in table.header]
    columns = [n if n not in names[:i] else f"{n}#{names[:i].count(n) + 1}" for i, n in enumerate(names)]
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    frame = table.frame.select(*(pl.col(c).alias(n) for c, n in zip(received, columns, strict=True)), SOURCE_ROW)
    named = TextTable(columns, frame, table.rejected, table.received, table.separator, table.encoding)
    return with_dates(named, [c for c in columns if c in dates])


def _name(heading: str) -> str:
    return fold(heading).replace(" ", "_")

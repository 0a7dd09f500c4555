"""The registers an office keeps by hand: one table per file, CSV or the first sheet of a workbook, every cell as text.

Belongs here: how the file is written. What the columns mean is in the contracts (pipelines/contracts/clean.py).
"""

import polars as pl

from pipelines.sources.base import SourceError, no_rejects
from pipelines.sources.text import SOURCE_ROW, TextTable, read_delimited
from pipelines.sources.values import fold

_BLANK = pl.selectors.string().str.strip_chars().fill_null("") == ""


def read_register(data: bytes) -> TextTable:
    """The table of a register. Headings become `from_date`-like names; `encoding` is `xlsx` for a workbook.

    `source_row` is the line of the text file, or the row of the sheet. Columns with neither heading nor value are
    left out. Raises SourceError when the file cannot be read or has no row.
    """
    table = first_sheet(data) if data.startswith(b"PK") else read_delimited(data)
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    empty = table.frame.select(_BLANK.all()) if table.frame.height else pl.DataFrame()
    kept: list[pl.Expr] = []
    names: list[str] = []
    for heading, column in zip(table.header, received, strict=True):
        name = fold(heading).replace(" ", "_")
        if name or not (column in empty.columns and empty[column].item()):
            kept.append(pl.col(column).alias(name if name not in names else f"{name}#{names.count(name) + 1}"))
            names.append(name)
    if not table.received:
        raise SourceError("empty_file", "The file has no data row.", "Fill it in, or take it out of `registers:`.")
    return TextTable(names, table.frame.select(*kept, SOURCE_ROW), table.rejected, table.received, table.separator,
                     table.encoding)  # fmt: skip


def first_sheet(data: bytes) -> TextTable:
    """The first sheet of a workbook, every cell as text, blank rows left out; the first row that is not blank is the
    header. Raises SourceError when it cannot be opened or is empty."""
    import fastexcel

    try:
        book = fastexcel.read_excel(data)
    except fastexcel.FastExcelError:
        raise SourceError("unrecognised_file", "The workbook cannot be opened.",
                          "Save it again as .xlsx, without a password.") from None  # fmt: skip
    # skip_rows=0 keeps the blank rows at the top, so that row numbers are those of the sheet.
    grid = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()
    columns = grid.columns
    rows = grid.with_row_index(SOURCE_ROW, offset=1).with_columns(pl.col(SOURCE_ROW).cast(pl.Int64))
    rows = rows.filter(~pl.all_horizontal(_BLANK)) if columns else rows
    if rows.is_empty():
        raise SourceError("empty_file", "The first sheet is empty.", "Put the register on the first sheet.")
    header = [h or "" for h in rows.select(columns).row(0)]
    rows = rows.slice(1).select(*columns, SOURCE_ROW)
    return TextTable(header, rows, no_rejects(), rows.height, "", "xlsx")

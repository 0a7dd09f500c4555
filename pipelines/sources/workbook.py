"""What a spreadsheet saved: workbooks (.xlsx), and text files with a title above their headings.

Belongs here: opening the file, finding the table in it, every cell as text beside its row in the sheet. What the
headings mean is each format's business: it says which header it recognises.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import polars as pl

from pipelines.sources.base import SourceError, no_rejects
from pipelines.sources.text import (
    HEADER_WITHIN_ROWS,
    SOURCE_ROW,
    TextTable,
    decode,
    first_below_titles,
    read_delimited,
    unique_headings,
)

Recognises = Callable[[list[str]], bool]

_ZIP, _ZIP_END, _XLSX_PART, _ODS = b"PK", b"PK\x05\x06", b"xl/workbook.xml", b"opendocument.spreadsheet"
_OLD_OFFICE, _ENCRYPTED = b"\xd0\xcf\x11\xe0", "EncryptedPackage".encode("utf-16-le")
_FIRST_BYTES = 200
_ERRORS = {"Div0": "#DIV/0!", "NA": "#N/A", "Name": "#NAME?", "Null": "#NULL!", "Num": "#NUM!", "Ref": "#REF!",
           "Value": "#VALUE!"}  # fmt: skip
_HEAD_CHARACTERS, _LINES_TO_JUDGE = 1 << 16, 1000
_DECIMAL = re.compile(rb"\d,\d")
_YEAR_2000, _YEAR_2100 = 36_526, 73_051  # as a spreadsheet counts days


def read_table(data: bytes, recognises: Recognises) -> TextTable:
    """The one table of a file, however an office saved it. `encoding` is `xlsx` for a workbook; columns without heading
    and value are left out.

    A workbook is searched for the sheet whose header is recognised, visible or hidden; where none is, its only table
    is taken: the caller says what it lacks. Raises SourceError: the file cannot be opened, is empty, or two sheets
    could be meant.
    """
    if not _is_workbook(data):
        return _without_empty_columns(_read_text(data, recognises))
    sheets = _sheets(data)
    found = {name: table for name, grid in sheets if (table := _table(grid, recognises, guess=False)) is not None}
    if len(found) > 1:
        raise SourceError("unrecognised_file", f"Sheets {_listed(found)} have the same headings.",
                          "Put the rows in one sheet, or in two files.")  # fmt: skip
    if not found:
        found = {name: table for name, grid in sheets if (table := _table(grid, recognises, guess=True)) is not None}
    if len(found) > 1:
        raise SourceError("unrecognised_file", f"None of the sheets {_listed(found)} has the headings expected.",
                          "Keep the one that counts, or head it as expected.")  # fmt: skip
    if not found:
        raise SourceError("empty_file", "No sheet of the workbook holds a table.", "Export it again.")
    return _without_empty_columns(next(iter(found.values())))


def read_sheets(data: bytes, recognises: Recognises) -> dict[str, TextTable]:
    """Every table of a file whose header is recognised, by the name of its sheet; a text file is one table, '',
    recognised or not. Raises SourceError when the file cannot be opened."""
    if not _is_workbook(data):
        return {"": _read_text(data, recognises)}
    tables = {name: _table(grid, recognises, guess=False) for name, grid in _sheets(data)}
    return {name: table for name, table in tables.items() if table is not None}


def with_dates(table: TextTable, columns: list[str]) -> TextTable:
    """`table` with these columns' bare numbers as the dates they are in a workbook (46083 -> 2026-03-02): a cell that
    lost its format. In a text file a bare number is no date."""
    if table.encoding != "xlsx":
        return table
    return replace(table, frame=table.frame.with_columns(_dated(pl.col(c)).alias(c) for c in columns))


def _dated(cell: pl.Expr) -> pl.Expr:
    days = cell.str.extract(r"^(\d{5}(?:\.\d+)?)$").cast(pl.Float64)
    moment = pl.datetime(1899, 12, 30) + pl.duration(seconds=(days * 86_400).round())
    written = moment.dt.strftime("%Y-%m-%d %H:%M:%S").str.strip_suffix(" 00:00:00")
    return pl.when(days.is_between(_YEAR_2000, _YEAR_2100, closed="left")).then(written).otherwise(cell)


def _is_workbook(data: bytes) -> bool:
    return data.startswith((_ZIP, _OLD_OFFICE))


def _sheets(data: bytes) -> list[tuple[str, pl.DataFrame]]:
    """(name, cells as text with SOURCE_ROW, blank rows left out) of the sheets that hold something. The name of a
    hidden one says so."""
    import fastexcel

    _refuse_what_is_no_workbook(data)
    grids = []
    try:
        book = fastexcel.read_excel(data)
        for name in book.sheet_names:
            try:
                # skip_rows=0 keeps the blank rows at the top, so that row numbers are those of the sheet.
                sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
            except fastexcel.FastExcelError as error:
                if "not a valid worksheet" in str(error):  # a sheet that is one chart
                    continue
                raise
            if not sheet.width:
                continue
            cells, errors = sheet.to_arrow_with_errors()
            grid = _grid(pl.DataFrame(pl.from_arrow(cells)), errors.errors if errors else [])
            if grid.height:
                grids.append((name if sheet.visible == "visible" else f"{name} (hidden)", grid))
    except fastexcel.FastExcelError:
        raise SourceError("unrecognised_file", "The workbook cannot be opened: it is damaged or cut short.",
                          "Export it again, or save it again as .xlsx.") from None  # fmt: skip
    return grids


def _refuse_what_is_no_workbook(data: bytes) -> None:
    if data.startswith(_OLD_OFFICE):
        what = "is protected by a password" if _ENCRYPTED in data else "is in the old .xls format"
        raise SourceError("unrecognised_file", f"The workbook {what}.", "Save it again as .xlsx, without a password.")
    if _ZIP_END in data and _XLSX_PART not in data:  # an archive lists its files in plain text at its end
        what = "a workbook in the .ods format" if _ODS in data[:_FIRST_BYTES] else "an archive, not a workbook"
        raise SourceError("unrecognised_file", f"The file is {what}.", "Save it as .xlsx, or as CSV.")


def _grid(cells: pl.DataFrame, errors: list) -> pl.DataFrame:
    """The cells in the words a person would use: days without midnight, durations as H:MM:SS, `#N/A` where a formula
    failed (never empty: the value is wrong, not absent)."""
    columns = cells.columns
    for column in {e.position[1] for e in errors}:
        at = [(e.position[0], next((t for k, t in _ERRORS.items() if f"({k})" in e.detail), "#ERROR!"))
              for e in errors if e.position[1] == column]  # fmt: skip
        cells = cells.with_columns(cells[columns[column]].scatter([i for i, _ in at], [t for _, t in at]))
    cells = cells.with_columns(_plain(pl.col(c)).alias(c) for c in columns)
    rows = cells.with_row_index(SOURCE_ROW, offset=1).with_columns(pl.col(SOURCE_ROW).cast(pl.Int64))
    return rows.filter(~pl.all_horizontal(_is_blank(c) for c in columns)).select(*columns, SOURCE_ROW)


def _plain(cell: pl.Expr) -> pl.Expr:
    """A duration is handed over as a moment counted from the workbook's day zero."""
    moment = cell.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False)
    zero = pl.when(moment.dt.year() == 1904).then(pl.datetime(1904, 1, 1)).otherwise(pl.datetime(1899, 12, 31))
    seconds = ((moment - zero).dt.total_milliseconds() / 1000).round().cast(pl.Int64)
    clock = pl.format(
        "{}{}:{}:{}", pl.when(seconds < 0).then(pl.lit("-")).otherwise(pl.lit("")), seconds.abs() // 3600,
        (seconds.abs() // 60 % 60).cast(pl.String).str.zfill(2), (seconds.abs() % 60).cast(pl.String).str.zfill(2),
    )  # fmt: skip
    return pl.when(moment.dt.year().is_in([1899, 1900, 1904])).then(clock).otherwise(cell.str.strip_suffix(" 00:00:00"))


def _table(grid: pl.DataFrame, recognises: Recognises, *, guess: bool) -> TextTable | None:
    """The table under the first row that is recognised as a header, or, to `guess`, that is no title."""
    cells = grid.drop(SOURCE_ROW)
    heads = [[h or "" for h in row] for row in cells.head(HEADER_WITHIN_ROWS).iter_rows()]
    at = next((i for i, head in enumerate(heads) if recognises(head)), None)
    if at is None and guess:
        at = _first_below_titles(heads)
    if at is None:
        return None
    names = unique_headings(heads[at])
    rows = grid.slice(at + 1).rename(dict(zip(cells.columns, names, strict=True)))
    above = tuple(tuple(head) for head in heads[:at])
    return TextTable(heads[at], rows, no_rejects(), rows.height, "", "xlsx", above)


def _first_below_titles(heads: list[list[str]]) -> int | None:
    return first_below_titles([sum(bool(h.strip()) for h in head) for head in heads])


def _is_title(header: list[str]) -> bool:
    return len(header) > 2 and sum(bool(h.strip()) for h in header) == 1


def _read_text(data: bytes, recognises: Recognises) -> TextTable:
    """Delimited text whose header may stand below a title."""
    table, refusal = None, None
    try:
        table = read_delimited(data)
    except SourceError as error:
        refusal = error
    if table is None or not recognises(table.header):
        table = _below_a_title(data, recognises, table)
    if table is None:
        raise refusal or AssertionError
    if table.separator == "," and table.rejected.height > table.frame.height:
        _refuse_two_meanings_of_commas(table, data)
    return table


def _below_a_title(data: bytes, recognises: Recognises, table: TextTable | None) -> TextTable | None:
    """The table under the first line that is recognised as a header, else that is no title; else `table`, as read from
    the first line."""
    text, encoding = decode(data)
    text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    heads = {separator: list(_first_records(text, separator)) for separator in ",;\t"}
    found = [(s, i) for s, records in heads.items() for i, (_, head) in enumerate(records) if recognises(head)]
    if not found and table is not None and _is_title(table.header):
        guess = _first_below_titles([head for _, head in heads[table.separator]])
        found = [(table.separator, guess)] if guess else []
    if not found:
        return table
    separator, at = found[0]
    lines, above = heads[separator][at][0], tuple(tuple(head) for _, head in heads[separator][:at])
    # Line breaks instead of what stands above: line numbers stay those of the file.
    below = read_delimited(b"\n" * lines + text.split(b"\n", lines)[lines], separators=separator)
    return replace(below, encoding=encoding, above=above)


def _first_records(text: bytes, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(lines above it, cells) of the first records that are not blank."""
    lines, records = 0, csv.reader(io.StringIO(text[:_HEAD_CHARACTERS].decode(errors="ignore")), delimiter=separator)
    try:
        for record in islice(records, HEADER_WITHIN_ROWS):
            if any(cell.strip() for cell in record):
                yield lines, record
            lines = records.line_num
    except csv.Error:
        return


def _refuse_two_meanings_of_commas(table: TextTable, data: bytes) -> None:
    """Raises SourceError when most rows are longer than the header and hold commas between digits."""
    lines = decode(data)[0].splitlines()
    refused = [lines[row - 1] for row in table.rejected[SOURCE_ROW].head(_LINES_TO_JUDGE)]
    longer = sum(line.count(b",") >= len(table.header) and bool(_DECIMAL.search(line)) for line in refused)
    if longer * 2 > len(refused):
        raise SourceError(
            "wrong_delimiter",
            f"Commas stand both between the columns and in the decimals: {table.rejected.height} of {table.received} "
            "rows have more columns than the header.", "Export with semicolons between the columns.")  # fmt: skip


def _without_empty_columns(table: TextTable) -> TextTable:
    columns = [c for c in table.frame.columns if c != SOURCE_ROW]
    unnamed = [c for h, c in zip(table.header, columns, strict=True) if not h.strip()]
    if not unnamed:
        return table
    empty = table.frame.select(_is_blank(c).all() for c in unnamed).row(0, named=True)
    kept = [i for i, c in enumerate(columns) if not empty.get(c, False)]
    frame = table.frame.select(*(columns[i] for i in kept), SOURCE_ROW)
    above = tuple(tuple(row[i] for i in kept if i < len(row)) for row in table.above)
    return replace(table, header=[table.header[i] for i in kept], frame=frame, above=above)


def _is_blank(column: str) -> pl.Expr:
    return pl.col(column).is_null() | (pl.col(column).str.strip_chars() == "")


def _listed(sheets: dict[str, TextTable]) -> str:
    return " and ".join(f"« {name} »" for name in sheets)

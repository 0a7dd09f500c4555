"""Frames -> bytes of delimited text and of workbooks, the same bytes each time."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

Quoting = Literal["all", "needed", "spaces"]  # spaces: as needed, and around a field that holds a space
_EPOCH = (1980, 1, 1, 0, 0, 0)


def delimited(
    frame: pl.DataFrame, separator: str, *, header: Sequence[str] | None = None, quoting: Quoting = "needed",
    newline: str = "\n", encoding: str = "utf-8",
) -> bytes:  # fmt: skip
    """Every cell as text; null = an unquoted empty cell. `encoding` utf-8-sig writes a byte order mark."""
    cells = [_quoted(pl.col(c).cast(pl.String), separator, quoting) for c in frame.columns]
    lines = frame.select(pl.concat_str(cells, separator=separator)).to_series().to_list()
    names = pl.DataFrame([list(header or frame.columns)], schema=["heading"], orient="col")
    head = separator.join(names.select(_quoted(pl.col("heading"), separator, quoting)).to_series().to_list())
    return (newline.join([head, *lines]) + newline).encode(encoding)


def register(frame: pl.DataFrame) -> bytes:
    """A register as an office saves it: semicolons, byte order mark, CRLF."""
    return delimited(frame, ";", newline="\r\n", encoding="utf-8-sig")


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook: lines above the headings, then a frame (dates become date cells)."""

    name: str
    frame: pl.DataFrame
    header: Sequence[str] | None = None
    above: Sequence[str] = ()


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """An XLSX file. Members are stored, not deflated: zlib builds do not all give the same bytes."""
    import xlsxwriter

    buffer = io.BytesIO()
    # Text that is a number becomes a number cell, so that one column may hold 65 and « 1h05 ».
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": True}
    book = xlsxwriter.Workbook(buffer, settings)
    book.set_properties({"created": datetime(2026, 1, 5)})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for i, line in enumerate(sheet.above):
            page.write_string(i, 0, line)
        top = len(sheet.above)
        page.write_row(top, 0, list(sheet.header or sheet.frame.columns))
        for i, column in enumerate(sheet.frame.iter_columns()):
            page.write_column(top + 1, i, column.to_list(), day if column.dtype == pl.Date else None)
    book.close()
    return _stored(buffer.getvalue())


def _stored(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as deflated, zipfile.ZipFile(out, "w") as stored:
        for name in deflated.namelist():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system = 3
            stored.writestr(member, deflated.read(name))
    return out.getvalue()


def _quoted(cell: pl.Expr, separator: str, quoting: Quoting) -> pl.Expr:
    inside = pl.concat_str(pl.lit('"'), cell.str.replace_all('"', '""', literal=True), pl.lit('"'))
    if quoting != "all":
        special = '["\n\r' + separator + (" ]" if quoting == "spaces" else "]")
        inside = pl.when(cell.str.contains(special)).then(inside).otherwise(cell)
    return inside.fill_null("")

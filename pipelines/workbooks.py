"""Frames -> XLSX workbooks, the same bytes each time on any machine.

Belongs here: how a workbook is written. Does not belong here: what its sheets mean.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CREATED = datetime(2026, 1, 5)  # a workbook must name a day: always this one
_WIDEST = 60  # characters of a column


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook: lines above the headings, then a frame (dates become date cells).

    `for_reading`: headings in bold and frozen, columns as wide as what they hold, filters.
    """

    name: str
    frame: pl.DataFrame
    header: Sequence[str] | None = None
    above: Sequence[str] = ()
    for_reading: bool = False


def workbook(sheets: Sequence[Sheet], *, text_to_numbers: bool = False) -> bytes:
    """An XLSX file in which no text is ever a formula or a link.

    `text_to_numbers`: text that is a number becomes a number cell, so that one column may hold 65 and « 1h05 ».
    """
    import xlsxwriter

    buffer = io.BytesIO()
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                "strings_to_numbers": text_to_numbers}  # fmt: skip
    book = xlsxwriter.Workbook(buffer, settings)
    book.set_properties({"created": _CREATED})
    day, bold = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"bold": True, "text_wrap": True})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for i, line in enumerate(sheet.above):
            page.write_string(i, 0, line)
        top, header = len(sheet.above), list(sheet.header or sheet.frame.columns)
        page.write_row(top, 0, header, bold if sheet.for_reading else None)
        for i, column in enumerate(sheet.frame.iter_columns()):
            page.write_column(top + 1, i, column.to_list(), day if column.dtype == pl.Date else None)
            if sheet.for_reading:
                longest = max([len(header[i]), *column.cast(pl.String).str.len_chars().drop_nulls()])
                page.set_column(i, i, min(_WIDEST, longest + 2))
        if sheet.for_reading:
            page.freeze_panes(top + 1, 0)
            if sheet.frame.width:
                page.autofilter(top, 0, top + sheet.frame.height, sheet.frame.width - 1)
    book.close()
    return _stored(buffer.getvalue())


def _stored(data: bytes) -> bytes:
    """Members stored, not deflated: zlib builds do not all give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as deflated, zipfile.ZipFile(out, "w") as stored:
        for name in deflated.namelist():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system = 3
            stored.writestr(member, deflated.read(name))
    return out.getvalue()

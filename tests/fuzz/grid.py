"""Delimited text as records of cells, read and written without the pipeline: what it reads is held to this."""

import io
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import xlsxwriter

SEPARATORS = ",;\t"
_LONG_AGO = datetime(2026, 1, 1)


class Cell(NamedTuple):
    """`quoted`: it was between quotation marks, which tells '' from nothing at all."""

    text: str
    quoted: bool = False


Record = tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A file of text: its records (the header first, blank lines left out) and how it writes them.

    `quoting`: `received`; `all` (but what is nothing at all); `needed`, by signs or to tell '' from nothing. `book`:
    the sheets of the workbook it is saved as, itself the first.
    """

    records: tuple[Record, ...]
    separator: str
    encoding: str = "utf-8"
    newline: str = "\n"
    quoting: str = "received"
    book: str = ""

    @property
    def header(self) -> list[str]:
        """Headings as received."""
        return [cell.text for cell in self.records[0]]

    def with_records(self, *records: Record) -> "Grid":
        """The same file with other records."""
        return replace(self, records=records)

    def lines(self) -> list[bytes]:
        """Each record as it is written, its line break included."""
        text = [self.separator.join(map(self._written, record)) + self.newline for record in self.records]
        if self.encoding not in ("utf-8-sig", "utf-16"):
            return [line.encode(self.encoding) for line in text]
        mark, plain = "\ufeff", self.encoding.replace("utf-8-sig", "utf-8").replace("utf-16", "utf-16-le")
        return [(line if i else mark + line).encode(plain) for i, line in enumerate(text)]

    def bytes(self) -> bytes:
        """The whole file."""
        if self.book:
            rows: list[list[object]] = [[c.text or None for c in record] for record in self.records]
            first, *others = self.book.split(", ")
            return workbook({first: rows, **{name: [["Ne rien écrire ici"]] for name in others}})
        return b"".join(self.lines())

    def _written(self, cell: Cell) -> str:
        text = cell.text.replace("\n", "\r") if self.newline == "\r" else cell.text  # no line feed in such a file
        needed = any(sign in text for sign in (self.separator, '"', "\n", "\r")) or (cell.quoted and not text)
        kept = {"received": cell.quoted, "all": cell.quoted or bool(text), "needed": False}[self.quoting]
        return '"' + text.replace('"', '""') + '"' if needed or kept else text


def parse(data: bytes) -> Grid:
    """The records of a well-formed file."""
    encoding = encoding_of(data)
    text = data.decode(encoding)
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    separator = max(SEPARATORS, key="".join(text.split("\n")[0].split('"')[::2]).count)
    records: list[Record] = []
    record: list[Cell] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] == '"':
            close = at + 1
            while not (text[close] == '"' and text[close + 1 : close + 2] != '"'):
                close += 2 if text[close] == '"' else 1
            cell, at = Cell(text[at + 1 : close].replace('""', '"'), True), close + 1
        else:
            stop = min((found for s in (separator, "\n") if (found := text.find(s, at)) >= 0), default=end)
            cell, at = Cell(text[at:stop]), stop
        record.append(cell)
        if text[at : at + 1] == separator:
            at += 1
            if at < end and text[at] != "\n":
                continue
            record.append(Cell(""))
        at += 1
        if record != [Cell("")]:
            records.append(tuple(record))
        record = []
    return Grid(tuple(records), separator, encoding, newline)


def encoding_of(data: bytes) -> str:
    """As Python names it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"


def workbook(sheets: dict[str, list[list[object]]], **options: object) -> bytes:
    """A workbook of these sheets, cells as they are typed; the same bytes each time."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        book.set_properties({"created": _LONG_AGO})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(i, j, value)
                    elif isinstance(value, datetime):
                        sheet.write_datetime(i, j, value, day)
                    elif value is not None:
                        sheet.write(i, j, value)
    return buffer.getvalue()

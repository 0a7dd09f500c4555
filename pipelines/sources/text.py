"""Delimited text as offices send it: encoding, separator, record boundaries, physical line numbers.

Records are delimited by vectorised quote parity, so a malformed record is set aside with its line instead of
being repaired, merged or silently dropped by a lenient parser.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.sources.base import REJECTED_SCHEMA, SourceError, no_rejects

SOURCE_ROW = "source_row"
HEADER_WITHIN_ROWS = 30  # a title and a notice may stand above the headings
BLOCK_BYTES = 24 << 20  # what is read at a time: the memory of a large export does not grow with its size
_QUOTE, _LF, _CR = ord('"'), ord("\n"), ord("\r")
_BOM = b"\xef\xbb\xbf"
_AS_WIDE_AS_A_ROW = 6  # columns from which as many separators as a row has do not stand in a cell by chance
_WHOLE = (b"PK", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")  # workbooks and UTF-16 are read in one piece
# A spreadsheet's note to itself.
_FIRST_BYTES, _FIRST_RECORDS, _PIECE = 1 << 16, 50, 1 << 18
_SEPARATOR_LINE = re.compile(rb'\A(?:\xef\xbb\xbf)?"?sep=.?"?[ \t;,]*(?=[\r\n])', re.IGNORECASE)
# Codes Windows-1252 does not define, and signs or capitals it never has inside a word: there they are the é, è, ê and à
# of Mac OS Roman or DOS.
_UNDEFINED, _NEVER_INSIDE = (0x81, 0x8D, 0x8F, 0x90, 0x9D), (0x82, 0x88, 0x8A, 0x8E)


@dataclass(frozen=True)
class TextTable:
    """A delimited file. `header`: headings as received. `frame`: one String column per heading (a repeated heading
    gets `#2`, `#3`...; unquoted empty = null, quoted empty = '') plus `source_row`. Blank lines are not received.
    `above`: the rows between the top of the file and the header."""

    header: list[str]
    frame: pl.DataFrame
    rejected: pl.DataFrame
    received: int
    separator: str
    encoding: str
    above: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Block:
    """A part of a file that can be read like a file: whole records under the file's header. `shift`: what to add to
    its line numbers to have the file's."""

    data: bytes
    shift: int


def blocks(path: Path, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """The file in parts of about `size` bytes, cut between records, each below the header and the titles above it; a
    smaller file, or one that is not delimited text, is one part."""
    with path.open("rb") as file:
        rest = file.read(size)
        head = _head_end(rest)
        if len(rest) < size or rest.startswith(_WHOLE) or head == len(rest):
            yield Block(rest + file.read(), 0)
            return
        header, rest, shift = rest[:head], rest[head:], 0
        while more := file.read(size):
            if cut := _last_record_end(rest):
                yield Block(b"".join((header, memoryview(rest)[:cut])), shift)
                shift += _lines_in(np.frombuffer(rest, dtype=np.uint8, count=cut))
            rest = rest[cut:] + more
        yield Block(header + rest, shift)


def _lines_in(data: np.ndarray) -> int:
    """Line breaks: LF, CR LF, or a CR alone."""
    feeds, returns = data == _LF, data == _CR
    return int(np.count_nonzero(feeds) + np.count_nonzero(returns[:-1] & ~feeds[1:]))


def _head_end(data: bytes) -> int:
    """Where the header ends, its line break included: the first record that is no title; the end when there is none."""
    ends: list[int] = []
    filled: list[int] = []
    start, end, odd = 0, 0, 0
    while len(ends) < HEADER_WITHIN_ROWS and (newline := data.find(b"\n", end)) >= 0:
        odd ^= data.count(b'"', end, newline) & 1
        end = newline + 1
        record = _below_separator_line(data[start:end].removeprefix(_BOM)) if not odd else b""
        if record.strip():
            ends.append(end)
            filled.append(_filled_cells(record))
        start = start if odd else end
    below = first_below_titles(filled)
    return len(data) if below is None else ends[below]


def _filled_cells(record: bytes) -> int:
    outside = _outside_quotes(record)
    separator = max(",;\t", key=lambda s: outside.count(s.encode()))
    try:
        cells = next(csv.reader(io.StringIO(record.decode(errors="replace"), newline=""), delimiter=separator), [])
    except csv.Error:  # a cell longer than any heading
        return 1
    return sum(bool(cell.strip()) for cell in cells)


def first_below_titles(filled: Sequence[int]) -> int | None:
    """The first of these rows (how many cells each fills) that is no title: a title or a notice fills one cell, or two
    of many."""
    return next((i for i, n in enumerate(filled) if n > 2 or (n == 2 and max(filled) < 4)), None)


def _last_record_end(data: bytes) -> int:
    """Where the last whole record ends; 0 when none does."""
    cut = data.rfind(b"\n") + 1
    if data.count(b'"', 0, cut) % 2:  # that line break stands in a quoted cell
        codes = np.frombuffer(data, dtype=np.uint8)
        outside = (np.cumsum(codes == _QUOTE, dtype=np.uint8) & 1) == 0
        ends = np.flatnonzero((codes == _LF) & outside)
        return int(ends[-1]) + 1 if ends.size else 0
    return cut


def decode(data: bytes) -> tuple[bytes, str]:
    """The text as UTF-8 without BOM, and the encoding it was in: UTF-8, UTF-16 with BOM, else Windows-1252. A first
    line `sep=;` becomes a blank one.

    Raises SourceError `unrecognised_file` when it is no text, and rather than read letters wrong: another encoding, or
    a mix of two.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, encoding = data.decode("utf-16", errors="replace").encode(), "utf-16"
    else:
        text, encoding = data.removeprefix(_BOM), "utf-8"
        if b"\0" in data:
            raise SourceError("unrecognised_file", "The file is not text.", "Export it again as CSV.")
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            text, encoding = _from_windows_1252(data, error.start), "windows-1252"
    return _below_separator_line(text), encoding


def _below_separator_line(text: bytes) -> bytes:
    found = _SEPARATOR_LINE.match(text)
    return text[found.end() :] if found else text


def _from_windows_1252(data: bytes, at: int) -> bytes:
    """Text that is not UTF-8 from position `at` on, as UTF-8."""
    if b"\xc3" in data and re.search(rb"\xc3[\x80-\xbf]", data):
        raise SourceError(
            "unrecognised_file", "The file mixes two encodings: part of it is UTF-8, but not this line.",
            "Export it again as UTF-8; a file cut short or glued to another looks like this.",
            line=data.count(b"\n", 0, at) + 1)  # fmt: skip
    codes = np.frombuffer(data, dtype=np.uint8)
    at_signs = np.flatnonzero(codes.view(np.int8) < -0x60)  # 0x80 to 0x9F
    # Latin-1 is the same but for these 32 codes, and many times faster to decode.
    if not at_signs.size:
        return data.decode("latin-1").encode()
    before, signs, after = (codes.take(at_signs + shift, mode="clip") for shift in (-1, 0, 1))
    inside = _is_letter(before) & _is_letter(after) & ((before | after) >= ord("a"))  # not a word in capitals
    strange = np.isin(signs, _UNDEFINED) | (np.isin(signs, _NEVER_INSIDE) & inside)
    if strange.any():
        raise SourceError(
            "unrecognised_file", "Letters with accents cannot be read: the file is neither UTF-8 nor Windows-1252.",
            "Export it again as « CSV UTF-8 ».",
            line=data.count(b"\n", 0, int(at_signs[strange][0])) + 1)  # fmt: skip
    return data.decode("cp1252").encode()


def _is_letter(codes: np.ndarray) -> np.ndarray:
    small = codes | 0x20
    return (small >= ord("a")) & (small <= ord("z"))


def read_delimited(data: bytes, *, separators: str = ",;\t") -> TextTable:
    """Read `data` as delimited text; the separator is the candidate that splits the first records as it splits the
    header, of several the one that splits it most.

    A record whose number of fields differs from the header's, or whose quotes are not those of whole cells, is set
    aside (`malformed_row`): of the latter each line, as nobody can tell how many rows they were. Raises SourceError:
    `empty_file`, `unrecognised_file`, `wrong_delimiter`.
    """
    as_it_is = not data.startswith(_WHOLE) and _SEPARATOR_LINE.match(data[:_FIRST_BYTES]) is None
    if as_it_is and (plain := _read_plain(data, separators, "utf-8")) is not None:
        return plain
    raw, encoding = decode(data)
    if not raw or raw.isspace():
        raise SourceError("empty_file", "The file is empty.", "Export it again.")
    if encoding != "utf-8" and (plain := _read_plain(raw, separators, encoding)) is not None:
        return plain
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    raw = raw if raw.endswith(b"\n") else raw + b"\n"

    buffer = np.frombuffer(raw, dtype=np.uint8)
    outside = (np.cumsum(buffer == _QUOTE, dtype=np.uint8) & 1) == 0
    newlines = np.flatnonzero(buffer == _LF)
    ends = newlines[outside[newlines]]
    if ends.size == 0 or ends[-1] != buffer.size - 1:  # the last record leaves a quote open
        ends = np.append(ends, buffer.size - 1)
    starts = np.concatenate(([0], ends[:-1] + 1))
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]

    first = [raw[a:b] for a, b in zip(starts[:_FIRST_RECORDS], ends[:_FIRST_RECORDS], strict=True)]
    separator = _separator(first, separators)
    if separator is None:
        raise SourceError(
            "wrong_delimiter", "The header is a single column.",
            "Export with a comma, a semicolon or a tab between columns.", line=1)  # fmt: skip
    marks = np.flatnonzero((buffer == ord(separator)) & outside)
    fields = np.searchsorted(marks, ends) - np.searchsorted(marks, starts) + 1
    lines = np.searchsorted(newlines, starts) + 1
    torn = _torn(buffer, outside, starts, ends, marks, separator, int(fields[0]))
    if torn[0]:
        raise _stray_quote(int(lines[0]))
    header = [h or "" for h in _parse(raw[starts[0] : ends[0] + 1], separator, int(fields[0])).row(0)]
    good = (fields == fields[0]) & ~torn
    good[0] = False
    bad = ~good
    bad[0] = False
    body = _join(raw, starts, ends, good)
    columns = unique_headings(header)
    frame = _parse(body, separator, len(columns)).rename(dict(zip(_numbered(len(columns)), columns, strict=True)))
    frame = frame.with_columns(pl.Series(SOURCE_ROW, lines[good], dtype=pl.Int64))
    frame = _without_blank(frame, columns)
    rejected = no_rejects()
    if bad.any():
        refused = np.concatenate((lines[bad & ~torn], _lines_of(starts[torn], ends[torn], newlines)))
        refused.sort()
        rejected = pl.DataFrame(
            {"source_row": refused, "rule": ["malformed_row"] * refused.size, "column": [None] * refused.size},
            schema=REJECTED_SCHEMA,
        )
    return TextTable(header, frame, rejected, frame.height + rejected.height, separator, encoding)


def _read_plain(data: bytes, separators: str, encoding: str) -> TextTable | None:
    """The table of a UTF-8 text without blank lines whose records are all one line and have the header's number of
    fields; None when it is not such a text, or when a cell holds a quotation mark.

    The parser refuses bytes that are not UTF-8, and longer records. The bytes of the cells, of their quotes and of the
    separators that the records need add up to the text only if no record is shorter and no quote stands in a cell.
    """
    if not data.endswith(b"\n") or data.endswith((b"\n\n", b"\n\r\n")):
        data = data.rstrip(b"\r\n") + b"\n"
    start = data.find(b"\n") + 1
    head = data[:start].removeprefix(_BOM).rstrip(b"\r\n")
    try:
        head.decode()
    except UnicodeDecodeError:  # no use parsing the rest
        return None
    outside = b"".join(head.split(b'"')[::2])
    separator = max(separators, key=lambda s: outside.count(s.encode()))
    fields = outside.count(separator.encode()) + 1
    if fields == 1 or head.count(b'"') % 2 or b"\r" in head or b"\0" in data or _SEPARATOR_LINE.match(data):
        return None
    body = np.frombuffer(data, dtype=np.uint8, offset=start)
    records, returns, before_break, quotes = _signs(body)
    if returns != before_break or (quotes and not _quotes_whole_cells(body, ord(separator), quotes)):
        return None
    try:
        header = [h or "" for h in _parse(head + b"\n", separator, fields).row(0)]
        frame = _parse(data, separator, fields, skip=1)
    except SourceError:
        return None
    cells = frame.select(pl.sum_horizontal(pl.all().str.len_bytes().sum())).item() if frame.height else 0
    if frame.height != records or cells + quotes + returns + records * fields != len(data) - start:
        return None
    columns = unique_headings(header)
    frame = frame.rename(dict(zip(_numbered(fields), columns, strict=True)))
    frame = _without_blank(frame.with_columns(pl.int_range(2, records + 2, dtype=pl.Int64).alias(SOURCE_ROW)), columns)
    return TextTable(header, frame, no_rejects(), frame.height, separator, encoding)


def _signs(text: np.ndarray) -> tuple[int, ...]:
    """How many line feeds, carriage returns, carriage returns before a line feed, and quotes. In pieces that the cache
    holds: several times faster than at once."""
    found = np.zeros(4, dtype=np.int64)
    for at in range(0, text.size, _PIECE):
        piece, after = text[at : at + _PIECE], text[at + 1 : at + 1 + _PIECE]
        returns = piece == _CR
        signs = (piece == _LF, returns, returns[: after.size] & (after == _LF), piece == _QUOTE)
        found += [np.count_nonzero(sign) for sign in signs]
    return tuple(found.tolist())


def _separator(records: list[bytes], separators: str) -> str | None:
    """The separator of these records, the header first; None when it has none. A wording may hold more commas than the
    header has columns: the rows then have fewer."""
    head, *rows = map(_outside_quotes, records)
    counts = {s: head.count(s.encode()) for s in separators}
    alike = {s: sum(row.count(s.encode()) == n for row in rows) for s, n in counts.items()}
    return max((s for s, n in counts.items() if n), key=lambda s: (alike[s], counts[s]), default=None)


def _outside_quotes(record: bytes) -> bytes:
    return b"".join(record.split(b'"')[::2])


def _quotes_whole_cells(body: np.ndarray, separator: int, quotes: int) -> bool:
    """As many cells open with a quote as close with one, and no other quote stands anywhere. Piece by piece, like
    _signs."""
    opened, closed = int(body[0] == _QUOTE), 0
    for at in range(0, body.size - 1, _PIECE):
        piece, after = body[at : at + _PIECE], body[at + 1 : at + 1 + _PIECE]
        piece = piece[: after.size]
        opened += int(np.count_nonzero(((piece == separator) | (piece == _LF)) & (after == _QUOTE)))
        closed += int(np.count_nonzero((piece == _QUOTE) & ((after == separator) | (after == _LF) | (after == _CR))))
    return 2 * opened == 2 * closed == quotes


def _without_blank(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    blank = [pl.col(c).is_null() | (pl.col(c) == "") for c in columns]
    if not frame.select(blank[0].any()).item():  # nearly always: the other columns need no look
        return frame
    return frame.filter(~pl.all_horizontal(blank))


def _numbered(n: int) -> list[str]:
    return [f"column_{i + 1}" for i in range(n)]


def _parse(body: bytes, separator: str, width: int, *, skip: int = 0) -> pl.DataFrame:
    schema = dict.fromkeys(_numbered(width), pl.String)
    if not body:
        return pl.DataFrame(schema=schema)
    try:
        return pl.read_csv(
            io.BytesIO(body), has_header=False, schema=schema, separator=separator, quote_char='"', skip_lines=skip
        )
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
        raise _stray_quote() from None


def _stray_quote(line: int | None = None) -> SourceError:
    return SourceError(
        "unrecognised_file", "A quotation mark stands inside an unquoted cell.",
        "Export again with every field quoted, or remove that quotation mark.", line=line)  # fmt: skip


def _torn(
    buffer: np.ndarray, outside: np.ndarray, starts: np.ndarray, ends: np.ndarray, marks: np.ndarray, separator: str,
    width: int,
) -> np.ndarray:  # fmt: skip
    """Which records leave a quote open, have one where no cell starts or ends (as letters of an unquoted cell two do no
    harm), or hold other rows between two of them: in a file of many columns, a cell with as many separators as its
    lines would need as rows has swallowed them. `marks`: the separators outside quotes."""
    torn = ~outside[ends]
    quotes = np.flatnonzero(buffer == _QUOTE)
    if not quotes.size:
        return torn
    closing = quotes[1::2]
    opening = quotes[::2][: closing.size]
    edges = (ord(separator), _LF)
    before = np.where(opening > 0, buffer[opening - 1], _LF)
    ends_well = np.isin(buffer[closing + 1], (*edges, _QUOTE))
    doubtful = ~(np.isin(before, edges) & ends_well)
    opening, closing, doubled = opening[doubtful], closing[doubtful], (ends_well & (before == _QUOTE))[doubtful]
    record = np.searchsorted(starts, opening, side="right") - 1
    marks = np.concatenate(([-1], marks))
    cell = np.maximum(starts[record], marks[np.searchsorted(marks, opening) - 1] + 1)
    signs, breaks = (np.flatnonzero((buffer == sign) & ~outside) for sign in edges)
    held = sum(np.searchsorted(at, closing) - np.searchsorted(at, opening) for at in (signs, breaks))
    torn[record[~np.where(buffer[cell] == _QUOTE, doubled, held == 0)]] = True
    if width >= _AS_WIDE_AS_A_ROW:
        columns, lines = (np.searchsorted(at, ends) - np.searchsorted(at, starts) for at in (signs, breaks))
        torn |= (lines > 0) & (columns >= lines * (width - 1))
    return torn


def _lines_of(starts: np.ndarray, ends: np.ndarray, newlines: np.ndarray) -> np.ndarray:
    """Every line of these records that is not blank."""
    first, last = np.searchsorted(newlines, starts), np.searchsorted(newlines, ends)
    each = [np.arange(a, b + 1) for a, b in zip(first, last, strict=True)]
    at = np.concatenate([np.zeros(0, dtype=np.int64), *each])
    begin = np.where(at > 0, newlines[at - 1] + 1, 0)
    return at[newlines[at] > begin] + 1


def _join(raw: bytes, starts: np.ndarray, ends: np.ndarray, keep: np.ndarray) -> bytes:
    """The kept records. Runs of consecutive records are copied as one slice."""
    gap = starts[1:] != ends[:-1] + 1  # a blank line stood between
    first = np.flatnonzero(keep & np.concatenate(([True], ~keep[:-1] | gap)))
    last = np.flatnonzero(keep & np.concatenate((~keep[1:] | gap, [True])))
    return b"".join(raw[starts[a] : ends[b] + 1] for a, b in zip(first, last, strict=True))


def unique_headings(header: list[str]) -> list[str]:
    """The headings; one met again gets `#2`, `#3`..."""
    seen: dict[str, int] = {SOURCE_ROW: 1}
    out = []
    for heading in header:
        seen[heading] = seen.get(heading, 0) + 1
        out.append(heading if seen[heading] == 1 else f"{heading}#{seen[heading]}")
    return out

"""Delimited text as offices send it: encoding, separator, record boundaries, physical line numbers.

Records are delimited by vectorised quote parity, so a malformed record is set aside with its line instead of
being repaired, merged or silently dropped by a lenient parser.
"""

import io
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.sources.base import REJECTED_SCHEMA, SourceError, no_rejects

SOURCE_ROW = "source_row"
_QUOTE, _LF = ord('"'), ord("\n")


@dataclass(frozen=True)
class TextTable:
    """A delimited file. `header`: headings as received. `frame`: one String column per heading (a repeated heading
    gets `#2`, `#3`...; unquoted empty = null, quoted empty = '') plus `source_row`. Blank lines are not received."""

    header: list[str]
    frame: pl.DataFrame
    rejected: pl.DataFrame
    received: int
    separator: str
    encoding: str


def decode(data: bytes) -> tuple[str, str]:
    """Text and encoding: UTF-8 (BOM or not), UTF-16 with BOM, else Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16"), "utf-16"
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "windows-1252"


def read_delimited(data: bytes, *, separators: str = ",;\t") -> TextTable:
    """Read `data` as delimited text; the separator is the candidate that splits the header most.

    A record whose number of fields differs from the header's, or that leaves a quote open, is set aside
    (`malformed_row`). Raises SourceError: `empty_file`, `unrecognised_file`, `wrong_delimiter`.
    """
    text, encoding = decode(data)
    if not text.strip():
        raise SourceError("empty_file", "The file is empty.", "Export it again.")
    if "\0" in text:
        raise SourceError("unrecognised_file", "The file is not text.", "Export it again as CSV.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    raw = text.encode("utf-8")
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

    head = slice(starts[0], ends[0])
    candidates = {s: int(((buffer[head] == ord(s)) & outside[head]).sum()) for s in separators}
    separator = max(candidates, key=lambda s: candidates[s])
    if candidates[separator] == 0:
        raise SourceError(
            "wrong_delimiter", "The header is a single column.",
            "Export with a comma, a semicolon or a tab between columns.", line=1)  # fmt: skip
    marks = np.flatnonzero((buffer == ord(separator)) & outside)
    fields = np.searchsorted(marks, ends) - np.searchsorted(marks, starts) + 1
    lines = np.searchsorted(newlines, starts) + 1
    header = [h or "" for h in _parse(raw[starts[0] : ends[0] + 1], separator, int(fields[0])).row(0)]

    closed = outside[ends]
    good = (fields == fields[0]) & closed
    good[0] = False
    bad = ~good
    bad[0] = False
    body = _join(raw, starts, ends, good)
    columns = unique_headings(header)
    frame = _parse(body, separator, len(columns)).rename(dict(zip(_numbered(len(columns)), columns, strict=True)))
    frame = frame.with_columns(pl.Series(SOURCE_ROW, lines[good], dtype=pl.Int64))
    blank = pl.all_horizontal((pl.col(c).is_null() | (pl.col(c) == "")) for c in columns)
    frame = frame.filter(~blank)
    rejected = no_rejects()
    if bad.any():
        rejected = pl.DataFrame(
            {"source_row": lines[bad], "rule": ["malformed_row"] * int(bad.sum()), "column": [None] * int(bad.sum())},
            schema=REJECTED_SCHEMA,
        )
    return TextTable(header, frame, rejected, frame.height + rejected.height, separator, encoding)


def _numbered(n: int) -> list[str]:
    return [f"column_{i + 1}" for i in range(n)]


def _parse(body: bytes, separator: str, width: int) -> pl.DataFrame:
    schema = dict.fromkeys(_numbered(width), pl.String)
    if not body:
        return pl.DataFrame(schema=schema)
    try:
        return pl.read_csv(io.BytesIO(body), has_header=False, schema=schema, separator=separator, quote_char='"')
    except pl.exceptions.ComputeError:
        raise SourceError(
            "unrecognised_file", "A quotation mark stands inside an unquoted cell.",
            "Export again with every field quoted, or remove that quotation mark.") from None  # fmt: skip


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

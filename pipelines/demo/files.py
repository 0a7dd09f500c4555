"""Frames -> bytes of delimited text, the same bytes each time."""

from collections.abc import Sequence
from typing import Literal

import polars as pl

Quoting = Literal["all", "needed", "spaces"]  # spaces: as needed, and around a field that holds a space


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


def _quoted(cell: pl.Expr, separator: str, quoting: Quoting) -> pl.Expr:
    inside = pl.concat_str(pl.lit('"'), cell.str.replace_all('"', '""', literal=True), pl.lit('"'))
    if quoting != "all":
        special = '["\n\r' + separator + (" ]" if quoting == "spaces" else "]")
        inside = pl.when(cell.str.contains(special)).then(inside).otherwise(cell)
    return inside.fill_null("")

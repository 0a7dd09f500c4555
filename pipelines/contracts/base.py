"""The vocabulary of a contract."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

Layer = Literal["raw", "clean", "model", "indicators", "published"]

# Polars type -> DuckDB type, for every type a contract may use.
DUCKDB_TYPES: dict[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Int64(): "BIGINT",
    pl.Float64(): "DOUBLE",
    pl.Boolean(): "BOOLEAN",
    pl.Date(): "DATE",
    pl.Datetime("us"): "TIMESTAMP",
}


@dataclass(frozen=True)
class Column:
    """One column: its meaning, type, unit and the rules every value obeys."""

    name: str
    dtype: pl.DataType
    description: str
    unit: str | None = None
    nullable: bool = False
    allowed: tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    references: str | None = None  # "table.column" of the same lake: every non-null value exists there


@dataclass(frozen=True)
class Table:
    """One table: name, layer, columns, key, and the fixed order its rows are written in.

    `order_by` never contains a pseudonym, so that published bytes do not depend on the key.
    `open_columns` lets a table carry further columns than the declared ones (raw tables keep what the export had).
    `in_parts`: too large for memory, kept as Parquet parts in the order of files and lines, a view in the lake.
    """

    name: str
    layer: Layer
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    severity: Literal["blocking", "warning"] = "blocking"
    open_columns: bool = False
    in_parts: bool = False

    @property
    def qualified_name(self) -> str:
        """`layer.name`, the name of the table in the lake."""
        return f"{self.layer}.{self.name}"

    @property
    def polars_schema(self) -> dict[str, pl.DataType]:
        """Column name -> polars type, in contract order."""
        return {c.name: c.dtype for c in self.columns}

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if the contract has none."""
        return {c.name: c for c in self.columns}[name]

    def empty(self) -> pl.DataFrame:
        """A frame without rows that honours the contract."""
        return pl.DataFrame(schema=self.polars_schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with exactly the contract's columns, types and row order.

        Columns absent from `frame` are added as null when nullable. Raises ValueError naming the
        missing or unexpected columns otherwise: a mistake of ours, not of the data.
        """
        have, want = set(frame.columns), set(self.polars_schema)
        missing = [c.name for c in self.columns if c.name not in have and not c.nullable]
        extra = sorted(have - want)
        if missing or (extra and not self.open_columns):
            raise ValueError(f"{self.qualified_name}: missing columns {missing}, unexpected columns {extra}")
        # Parts keep texts that repeat as Enum (parts.py).
        enums = {n for n, dtype in frame.schema.items() if self.in_parts and isinstance(dtype, pl.Enum)}
        declared = [
            pl.col(c.name) if c.name in enums and c.dtype == pl.String
            else (pl.col(c.name) if c.name in have else pl.lit(None)).cast(c.dtype).alias(c.name)
            for c in self.columns
        ]  # fmt: skip
        others = [pl.col(name) for name in frame.columns if name not in want] if self.open_columns else []
        out = frame.select(declared + others)
        if self.in_parts or _in_order(out, self.order_by):
            return out
        return out.sort(self.order_by, nulls_last=True, maintain_order=True)


def _in_order(frame: pl.DataFrame, keys: tuple[str, ...]) -> bool:
    """The rows are sorted by these columns already, nulls last: telling costs a fraction of sorting again."""
    tied = pl.Series([True]).new_from_index(0, max(frame.height - 1, 0))
    for key in keys:
        before, after = frame[key][:-1], frame[key][1:]
        wrong = (after < before) | (before.is_null() & after.is_not_null())
        if (tied & wrong.fill_null(False)).any():
            return False
        tied &= before.eq_missing(after)
        if not tied.any():
            return True
    return True

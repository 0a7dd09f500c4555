"""What every reader returns, and how it refuses a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from pipelines.contracts.rules import FILE_RULES, Problem

REJECTED_SCHEMA: dict[str, pl.DataType] = {"source_row": pl.Int64(), "rule": pl.String(), "column": pl.String()}


@dataclass(frozen=True)
class RawTable:
    """One file as read.

    `frame`: every received column as String, plus `source_row` (Int64, physical line where the record starts,
    header = line 1). `rejected`: rows set aside on reading [source_row, rule, column].
    `received` = frame.height + rejected.height. `names`: the headings a column of `frame` has in the file, where it is
    called otherwise here.
    """

    frame: pl.DataFrame
    rejected: pl.DataFrame
    received: int
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True)


class SourceError(Exception):
    """A file that cannot be read at all: `rule`, what is wrong, what to do. The caller adds the file's name."""

    def __init__(
        self, rule: str, message: str, action: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(message)
        self.rule, self.message, self.action, self.line, self.column = rule, message, action, line, column

    def problem(self, file: str) -> Problem:
        """The problem to show, once the file's name is known."""
        if self.rule not in FILE_RULES:
            raise ValueError(f"{self.rule} is not a rule about files")
        return Problem(self.rule, file, self.message, self.action, self.line, self.column)


def no_rejects() -> pl.DataFrame:
    """An empty frame of rejected rows."""
    return pl.DataFrame(schema=REJECTED_SCHEMA)

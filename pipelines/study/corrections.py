"""Frozen models of `corrections.yaml`: cells of the exports that the analyst corrects, each with a reason.

The exports stay as received. A correction says what it expects to find (`from:`), so that it fails once the source is
put right. Applying them is clean/corrections.py's business.
"""

import datetime
from dataclasses import dataclass

from pydantic import Field, model_validator

from pipelines.study.base import Frozen, InsidePath

CORRECTIONS_FILE = "corrections.yaml"


class Correction(Frozen):
    """One cell of one file. `line`: as counted in the file, 1 = its first line; `id`: the number of a response."""

    file: InsidePath
    line: int | None = Field(None, ge=1)
    id: str | None = Field(None, min_length=1)
    column: str = Field(min_length=1)  # its heading, or the name that `bilan check` gives it
    found: str = Field(alias="from")  # '' = an empty cell
    written: str = Field(alias="to")
    reason: str = Field(min_length=1)  # printed in the bilan: names nobody
    who: str = Field(min_length=1)  # stays in this file
    date: datetime.date

    @model_validator(mode="after")
    def _complete(self) -> "Correction":
        if (self.line is None) == (self.id is None):
            raise ValueError("give either `line:` (the line of the file) or `id:` (the number of the response)")
        if self.found == self.written:
            raise ValueError("`from:` and `to:` are the same: remove this correction")
        return self

    @property
    def row(self) -> str:
        """The row in words."""
        return f"line {self.line}" if self.id is None else f"response {self.id}"


@dataclass(frozen=True)
class Declared:
    """A correction, and the line of corrections.yaml where it starts."""

    correction: Correction
    line: int


@dataclass(frozen=True)
class Corrections:
    """Every correction of a study, in the order they are written. `sha256`: of the file; null when there is none."""

    declared: tuple[Declared, ...] = ()
    sha256: str | None = None

    def of(self, file: str) -> tuple[Declared, ...]:
        """Those of one file of the study folder."""
        return tuple(d for d in self.declared if d.correction.file == file)

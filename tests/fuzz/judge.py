"""What a spoilt study may give, and what it may never give.

Belongs here: running a subject, and the invariants. How files are spoilt is in mutators.py.
"""

import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from unittest import mock

import polars as pl

from pipelines.clean import ingest_time
from pipelines.clean.accounts import unbalanced
from pipelines.clean.build import problems_of
from pipelines.clean.pseudonyms import load_keys
from pipelines.clean.registers import Registers, read_registers
from pipelines.contracts import all_tables
from pipelines.contracts.base import Table
from pipelines.contracts.rules import FILE_RULES, RULES, DataProblems, Problem
from pipelines.sources.base import SourceError
from pipelines.sources.text import blocks
from pipelines.study.load import LoadedStudy, StudyError
from pipelines.wording.problems import problem_lines, verdict
from tests.fuzz.subjects import Subject
from tests.tables import tables_of

ALLOWED = (SourceError, StudyError, DataProblems)
FREE_TEXT = "secret"  # stands in every cell of free text
LONGEST_MESSAGE = 1500
SLOW_SECONDS = 20.0
# What says where a row came from: a mutation may move it.
PLACE = ("source_row",)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Tables whose rows say how files were received, not what people did.
_ABOUT_FILES = ("clean.accounts",)


@dataclass(frozen=True)
class Outcome:
    """What a run gave. `faults`: what breaks an invariant that holds whatever was done to the files."""

    tables: dict[str, pl.DataFrame]
    problems: list[Problem]
    seconds: float
    faults: list[str] = field(default_factory=list)

    @property
    def stopping(self) -> list[Problem]:
        """Problems that keep a run from publishing."""
        return [p for p in self.problems if p.stops]

    def rows(self, name: str, *, without: tuple[str, ...] = ()) -> Counter[tuple[object, ...]]:
        """The rows of a clean table, each with how often it occurs."""
        return Counter(self.tables[name].drop(without, strict=False).rows())


def run(subject: Subject, changes: dict[str, bytes] | None = None, *, block: int | None = None) -> Outcome:
    """The way from the files to the clean tables, as tests/tables.py goes it, and what is wrong with what came out."""
    changes = changes or {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for file, data in {**subject.files, **changes}.items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        started = time.perf_counter()
        loaded = LoadedStudy(subject.study, root, "0")
        try:
            with read_in_blocks(block):
                registers = _registers(loaded, subject, changes)
                raw, clean = tables_of(loaded, registers)
                if registers.unread:
                    problems = raw.problems
                else:
                    problems = problems_of(replace(clean, problems=[*raw.problems, *clean.problems]), subject.study)
        except BaseException as error:  # a library written in another language may panic
            if isinstance(error, KeyboardInterrupt):
                raise
            return Outcome({}, [], time.perf_counter() - started, [traceback_of(error)])
        outcome = Outcome(clean.tables, problems, time.perf_counter() - started)
        return replace(outcome, faults=list(_faults(outcome, subject, raw.tables["raw.files"])))


_READ: dict[str, Registers] = {}


def _registers(loaded: LoadedStudy, subject: Subject, changes: dict[str, bytes]) -> Registers:
    """The registers, read once for all the cases that leave them as they are."""
    keys = load_keys(loaded, create=False)
    if set(changes) & {file for _, file in subject.study.registers}:
        return read_registers(loaded, keys)
    if subject.name not in _READ:
        _READ[subject.name] = read_registers(loaded, keys)
    return _READ[subject.name]


def traceback_of(error: BaseException) -> str:
    """What it is and where, in the product."""
    import traceback

    frames = [f for f in traceback.extract_tb(error.__traceback__) if "pipelines" in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else "?"
    return f"traceback: {type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else ''} ({where})"


@contextmanager
def read_in_blocks(size: int | None) -> Iterator[None]:
    """Exports of time read that many bytes at a time."""
    if size is None:
        yield
        return
    with mock.patch.object(ingest_time, "blocks", partial(blocks, size=size)):
        yield


# --------------------------------------------------------------------------------------------------- always
def _faults(outcome: Outcome, subject: Subject, files: pl.DataFrame) -> Iterator[str]:
    lost = unbalanced(outcome.tables["clean.accounts"])
    for row in lost.iter_rows(named=True):
        counts = {k: row[k] for k in ("received", "accepted", "set_aside", "duplicates")}
        yield f"unbalanced: {row['source_file']} {counts}"
    if not outcome.stopping:
        unread = set(subject.spoilt) - set(files["source_file"])
        yield from (f"silent: {file} is not accounted for and nothing is said" for file in sorted(unread))
        yield from (f for t in all_tables().values() if t.layer == "clean" for f in contract_faults(outcome.tables, t))
    yield from message_faults(outcome.problems, subject.secrets)
    for name, frame in outcome.tables.items():
        said = "\n".join({cell.lower() for row in frame.rows() for cell in row if isinstance(cell, str)})
        if leaks := [s for s in subject.secrets if s in said]:
            yield f"identity in {name}: {len(leaks)} of them"
    if outcome.seconds > SLOW_SECONDS:
        yield f"slow: {outcome.seconds:.0f} s"


def contract_faults(tables: dict[str, pl.DataFrame], contract: Table) -> Iterator[str]:
    """Rules of a contract that the table breaks: Great Expectations would stop the run there."""
    frame, name = tables[contract.qualified_name], contract.qualified_name
    if dict(frame.schema) != contract.polars_schema:
        yield f"contract: schema of {name}"
        return
    if frame.is_empty():
        return
    wrong = {"the key repeats": pl.struct(contract.key).is_duplicated()} if contract.key else {}
    for c in contract.columns:
        cell = pl.col(c.name)
        if not c.nullable:
            wrong[f"{c.name} is null"] = cell.is_null()
        if c.allowed:
            wrong[f"{c.name} holds another value"] = ~cell.is_in(list(c.allowed))
        if c.minimum is not None:
            wrong[f"{c.name} is below its minimum"] = cell < c.minimum
        if c.maximum is not None:
            wrong[f"{c.name} is above its maximum"] = cell > c.maximum
        if c.references:
            known, column = c.references.rsplit(".", 1)
            wrong[f"{c.name} is not in {c.references}"] = ~cell.is_in(tables[known][column].to_list())
        if c.dtype == pl.Float64:
            wrong[f"{c.name} is not finite"] = ~cell.is_finite()
    found = frame.select((e.any() & e.is_not_null().any()).alias(k) for k, e in wrong.items()).row(0, named=True)
    yield from (f"contract: {name}, {what}" for what, broken in found.items() if broken)


def message_faults(problems: list[Problem], secrets: tuple[str, ...]) -> Iterator[str]:
    """Messages nobody could act on, or that say who somebody is."""
    printed = "\n".join([*problem_lines(problems), verdict(problems)])
    for p in problems:
        said = f"{p} {p.column or ''}"
        # A label nobody knows is quoted: nothing tells one word of free text from it.
        if [s for s in secrets if s in said.lower() and (s != FREE_TEXT or p.level != "label")]:
            yield f"identity in a message: {p.rule} {p.message[:60]!r}"
        if not (p.message.strip() and p.action.strip()) or p.rule not in {**FILE_RULES, **RULES}:
            yield f"empty message: {p.rule}"
        if len(str(p)) > LONGEST_MESSAGE:
            yield f"endless message: {p.rule}, {len(str(p))} characters"
        if _CONTROL.search(str(p)):
            yield f"control characters in a message: {p.rule}"
    if "Traceback" in printed:
        yield "traceback in a message"


# ------------------------------------------------------------------------------------- beside the files as they were
@cache
def prepared(name: str) -> tuple[Subject, Outcome]:
    """A subject that consents to exactly the rows it sets aside, and what its files give as they are."""
    from tests.fuzz.subjects import subjects

    subject = subjects()[name]
    before = run(subject)
    counts = {p.rule: p.rows for p in before.problems if p.level in ("beyond", "within")}
    if before.faults or [p for p in before.stopping if p.level != "beyond"]:
        raise ValueError(f"{name} would not go through as it is: {[*before.faults, *map(str, before.stopping)]}")
    return replace(subject, study=subject.study.model_copy(update={"quarantine": counts})), before


def differences(outcome: Outcome, before: Outcome, *, moved: bool, alone: bool, added: bool) -> list[str]:
    """Clean tables that differ from those of the files as they were. `moved`: lines are elsewhere, rows in another
    order; `alone`: respondents are named by their line; `added`: more rows were received, which only repeat others."""
    without = (*PLACE, *(("person_survey",) if alone else ())) if moved else ()
    found = []
    for name in before.tables:
        if name in _ABOUT_FILES or (added and ("rejected" in name or name in ("clean.flagged", "clean.linking"))):
            continue
        ours, theirs = outcome.rows(name, without=without), before.rows(name, without=without)
        if ours != theirs:
            found.append(f"other rows in {name}: {len(list((ours - theirs).elements()))} new, "
                         f"{len(list((theirs - ours).elements()))} gone")  # fmt: skip
    return found


def strangers(outcome: Outcome, before: Outcome, *, alone: bool) -> int:
    """Rows of time and answers that the files as they were did not give: at most what was touched."""
    count = 0
    for name in ("clean.time_entries", "clean.overheads"):
        count += (outcome.rows(name, without=PLACE) - before.rows(name, without=PLACE)).total()
    without = (*PLACE, *(("person_survey",) if alone else ()))
    new = outcome.rows("clean.responses", without=without) - before.rows("clean.responses", without=without)
    at = outcome.tables["clean.responses"].columns.index("person_survey")
    return count + (new.total() if alone else len({row[at] for row in new}))


def received_by(outcome: Outcome, file: str) -> int | None:
    """Rows received from a file; None when it was refused."""
    rows = outcome.tables["clean.accounts"].filter(pl.col("source_file") == file)
    return None if rows.is_empty() else int(rows["received"].sum())

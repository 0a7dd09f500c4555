"""Every reader on any bytes: it gives rows that add up, or says why not; nothing else.

Belongs here: readers one by one, whatever a study is. Whole studies are judged in judge.py.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np
import polars as pl

from pipelines.clean.ingest import formats
from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.lime_structure import Structure, read_structure
from pipelines.sources.registers import read_register
from pipelines.sources.survey import Questionnaire, keep_items
from pipelines.sources.text import SOURCE_ROW, TextTable, blocks, read_delimited
from pipelines.sources.workbook import read_sheets, read_table
from pipelines.study.load import house_instruments
from pipelines.study.models import Source, Study
from tests.fuzz import real_files
from tests.fuzz.judge import traceback_of
from tests.fuzz.mutators import BOOKS, BYTES, LINES, TABLES, WRITING, spoil
from tests.fuzz.subjects import DEMO, PUBLIC, TESTS, Subject
from tests.tracker_fixture import HOUSE_KEEPS

_FIRST_BYTES = 20_000  # of a file: the rest is more of the same
_DECLARED = {"Date": "date", "User": "person", "Project": "process", "Duration": "duration"}
_PLAIN = {"title": "t", "organisation": "o", "calendar": {
    "measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"}}  # fmt: skip


@cache
def corpus() -> dict[str, bytes]:
    """Every real file, its first part; workbooks and structures whole. Also those of BILAN_CORPUS."""
    found: dict[str, bytes] = {}
    for root in (*real_files.folders(), DEMO, PUBLIC):
        for path in sorted(p for p in root.rglob("*") if p.is_file() and p.suffix in (*real_files.READ, ".yaml")):
            data = path.read_bytes()
            whole = data.startswith((b"PK", b"<")) and len(data) < 20 * _FIRST_BYTES
            found[f"{root.name}/{path.relative_to(root).as_posix()}"] = data if whole else data[:_FIRST_BYTES]
    return found


@cache
def readers() -> dict[str, Callable[[bytes], int]]:
    """Name -> what reads bytes and gives the number of rows, or raises SourceError. One that loses rows raises
    AssertionError."""
    found: dict[str, Callable[[bytes], int]] = {}
    for fmt, module in formats().items():
        found[fmt] = partial(_time if module.DOMAIN == "time" else _survey, module)
    found["limesurvey beside its structure"] = partial(_survey, formats()["limesurvey"], structure=_structure())
    found |= {
        "text": _text, "blocks": _blocks, "workbook": _workbook,
        "structure": lambda d: len(read_structure(d).columns()),
        "register": lambda d: _counted(read_register(d, lambda names: {"team", "label"} <= names, ["withdrawn_on"])),
    }  # fmt: skip
    return found


@cache
def _structure() -> Structure:
    return read_structure((TESTS / "lime_exports" / "rse_nl_structure.txt").read_bytes())


def _counted(table: TextTable | RawTable) -> int:
    lines = pl.concat([table.frame[SOURCE_ROW], table.rejected["source_row"]])
    assert table.received == lines.len(), f"{table.received} received, {lines.len()} given"
    assert lines.is_empty() or (lines.min() >= 1 and lines.is_unique().all()), "a line is given twice"  # type: ignore[operator]
    return table.received


def _time(module: ModuleType, data: bytes) -> int:
    columns = {"columns": _DECLARED, "duration_unit": "hours"} if module.FORMAT == "tracker" else {}
    source = Source.model_validate({"id": "s", "format": module.FORMAT, "files": ["x"], **columns})
    tables = module.read_tables(data, source=source)
    for name, raw in tables.items():
        _counted(raw)
        hidden = [c for c in raw.frame.columns if c.split("#")[0] in (*module.IDENTIFIERS, *module.FREE_TEXT)]
        frame = raw.frame.drop(hidden).with_columns(
            source=pl.lit("s"), source_file=pl.lit("x"), person_time=pl.lit("p")
        )
        if name == module.FORMAT and frame.height:
            reading = module.decide(frame.lazy(), source=source)
            rows = module.interpret(frame, source=source, reading=reading, kept=HOUSE_KEEPS)
            good = rows.filter(pl.col("rule").is_null())
            assert rows.height == frame.height, "rows are lost on being read"
            assert good["date"].null_count() == 0 and (good["minutes"] > 0).all(), "a row without day or minutes"
        elif frame.height:
            assert module.interpret_weeks(frame, source=source).height == frame.height, "weeks are lost on being read"
    return sum(raw.received for raw in tables.values())


def _survey(module: ModuleType, data: bytes, **settings: object) -> int:
    source = Source.model_validate({"id": "s", "format": module.FORMAT, "files": ["x"], "wave": "T0"})
    known = Questionnaire(house_instruments(), {"courriels": "Courriels"}, {"assistanta": "Assistant A"})
    rows = 0
    for table in module.read_tables(data, source=source, **settings).values():
        rows += _counted(table)
        kept, _ = keep_items(table, source=source, questionnaire=known)
        assert kept.frame.height == table.frame.height, "rows are lost with their columns"
    return rows


def _text(data: bytes) -> int:
    return _counted(read_delimited(data))


def _blocks(data: bytes) -> int:
    """The parts of a file, cut small, hold what the file holds."""
    whole = _counted(table := read_delimited(data))
    with TemporaryDirectory() as name:
        path = Path(name) / "x"
        path.write_bytes(data)
        parts = [(read_delimited(b.data), b.shift) for b in blocks(path, 3000)]
    lines = [line + shift for part, shift in parts for line in part.frame[SOURCE_ROW]]
    assert lines == table.frame[SOURCE_ROW].to_list(), "blocks do not give the rows of the file"
    return whole


def _workbook(data: bytes) -> int:
    _counted(read_table(data, lambda header: "Date" in header))
    return sum(_counted(t) for t in read_sheets(data, lambda header: "Date" in header).values())


def faults_of(data: bytes, refusals: Counter[str]) -> Iterator[str]:
    """What is wrong with how each reader takes these bytes; `refusals` counts those that say why not."""
    for name, read in readers().items():
        try:
            read(data)
            refusals["read"] += 1
        except SourceError as error:
            refusals[error.rule] += 1
            problem = error.problem("x")
            if not (error.message.strip() and error.action.strip()) or len(str(problem)) > 1500:
                yield f"{name}: a refusal nobody could act on ({error.rule})"
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            yield f"{name}: {traceback_of(error)}"


def cases(seed: int) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """(file of the corpus, mutators, seed) without end."""
    rng = np.random.default_rng(seed)
    names = [n for n, data in corpus().items() if data]
    text = [n for stage in (TABLES, LINES, WRITING, BYTES) for n in stage if n not in ("in_blocks", "rows_repeated")]
    number = 0
    while True:
        for name in map(str, rng.permutation(names)):
            number += 1
            if corpus()[name].startswith(b"PK"):
                yield name, (str(rng.choice([n for n in BOOKS if n != "sheets_changed"])),), number
            else:
                yield name, tuple(map(str, rng.choice(text, int(rng.integers(1, 3)), replace=False))), number


@cache
def _nobody() -> Subject:
    """A subject that says nothing of its file."""
    study = Study.model_validate({"study": "essai", **_PLAIN})
    return Subject("nobody", study, {}, ())


def spoilt(name: str, mutators: tuple[str, ...], seed: int) -> bytes | None:
    """The bytes of one case; None where a mutator has nothing to work on."""
    try:
        done = spoil(mutators, seed, corpus()[name], _nobody())
    except (IndexError, ValueError):  # no table, or none without a stray mark: only its bytes can be spoilt
        done = spoil(("cut",), seed, corpus()[name], _nobody())
    return None if done is None else done[0]

"""What becomes of every real file: read as what, with which accounts, or refused, for which reason.

Belongs here: real files as they are. A file is declared as the format that its path names, as study.yaml would; any
other is a table of text. Each study takes its items, its people and its processes from the file itself, so that only
the reading is put to the test. BILAN_CORPUS may name a folder of more files, which no test needs.
"""

import csv
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.clean.ingest import formats
from pipelines.contracts.rules import RULES
from pipelines.sources.base import SourceError
from pipelines.sources.lime_structure import read_structure
from pipelines.sources.text import SOURCE_ROW, read_delimited
from pipelines.sources.workbook import read_table
from pipelines.study.models import Study
from tests.fuzz.grid import Grid, encoding_of, parse
from tests.fuzz.judge import run
from tests.fuzz.subjects import DEMO, PUBLIC, TESTS, Subject, survey_of, whole_demo

FOLDER = "BILAN_CORPUS"
READ = (".csv", ".tsv", ".txt", ".xlsx", ".lss", ".lsg", ".lsq", ".gz")
_TIME = ("kimai", "toggl", "clockify", "harvest", "solidtime")
_NAMES = {"limesurvey": "limesurvey", "lime_": "limesurvey", "qualtrics": "form", **{f: f for f in _TIME}}


@dataclass(frozen=True)
class RealFile:
    """One line of the table. `counts`: received, accepted, set aside, duplicates; null when it is refused or holds no
    rows. `why`: the refusal, or what it is. `wrong`: what does not add up."""

    name: str
    read_as: str
    counts: tuple[int, int, int, int] | None
    why: str = ""
    wrong: str = ""


def folders() -> list[Path]:
    """Where real files are: with the tests, and where the environment says."""
    own = [TESTS / f for f in ("lime_exports", "lime_structures", "messy_csv", "qualtrics", "clockify")]
    more = Path(os.environ.get(FOLDER, ""))
    return [*own, *([more] if os.environ.get(FOLDER) and more.is_dir() else [])]


def outcomes(root: Path) -> Iterator[RealFile]:
    """One line per file below `root`."""
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        if path.suffix in READ and not re.match(r"(?i)licen[cs]e|provenance", path.name):
            name = f"{root.name}/{path.relative_to(root).as_posix()}"
            yield _outcome(path.read_bytes(), name)


def studies() -> Iterator[RealFile]:
    """One line per file of the two studies of this repository."""
    public = {p.relative_to(PUBLIC).as_posix(): p.read_bytes() for p in sorted(PUBLIC.rglob("*.csv"))}
    from pipelines.study.load import load_study

    for subject in (whole_demo(), Subject("public", load_study(PUBLIC).study, public, tuple(public))):
        outcome = run(subject)
        said = {p.file: p.message for p in outcome.stopping}
        for row in outcome.tables["clean.accounts"].iter_rows(named=True):
            counts = tuple(int(row[c]) for c in ("received", "accepted", "set_aside", "duplicates"))
            wrong = "; ".join(outcome.faults) or said.get(row["source_file"], "")
            yield RealFile(f"{subject.name}/{row['source_file']}", row["format"], counts, wrong=wrong)  # type: ignore[arg-type]


def _outcome(data: bytes, name: str) -> RealFile:
    declared = next((f for n, f in _NAMES.items() if n in name.lower()), None)
    if data.lstrip().startswith(b"<") or b"type/scale" in data[:400]:
        return _structure(data, name)
    try:
        if declared in ("limesurvey", "form"):
            return _survey(data, name, declared)
        if declared in _TIME:
            return _time(data, name, declared)
        return _text(data, name)
    except SourceError as error:
        return RealFile(name, declared or "text", None, f"{error.rule}: {error.message}")


def _structure(data: bytes, name: str) -> RealFile:
    try:
        found = read_structure(data)
    except SourceError as error:
        return RealFile(name, "structure", None, f"{error.rule}: {error.message}")
    columns = found.columns().height
    return RealFile(name, "structure", None, f"{len(found.questions)} questions, {columns} columns, "
                    f"{', '.join(found.languages)}")  # fmt: skip


def _text(data: bytes, name: str) -> RealFile:
    table = read_delimited(data)
    known = [f for f, module in formats().items() if module.recognises(table.header)]
    read_as = f"text {table.separator!r} {table.encoding}{''.join(f', looks like {f}' for f in known)}"
    counts = (table.received, table.frame.height, table.rejected.height, 0)
    text = data.decode("utf-16" if table.encoding == "utf-16" else encoding_of(data))
    rows = [r for r in csv.reader(io.StringIO(text, newline=""), delimiter=table.separator) if r]
    as_read = [[c or "" for c in row] for row in table.frame.drop(SOURCE_ROW).rows()]
    plain = [[c.replace("\r\n", "\n").replace("\r", "\n") for c in row] for row in rows[1:]]
    wrong = "" if all(row in plain for row in as_read) else "a row the csv module does not read"
    return RealFile(name, read_as, counts, wrong=wrong)


def _grid(data: bytes) -> Grid:
    if not data.startswith(b"PK"):
        return parse(data)
    sheets = pl.read_excel(data, sheet_id=0, has_header=False, infer_schema_length=0)
    sheet = max(sheets.values(), key=lambda s: s.height * s.width)
    text = sheet.write_csv(include_header=False, separator=";")
    return parse(text.encode())


def _survey(data: bytes, name: str, fmt: str) -> RealFile:
    grid = _grid(data)
    file = "export.xlsx" if data.startswith(b"PK") else "export.csv"
    below = int(any(not h.strip() for h in grid.header[1:-1])) if fmt == "limesurvey" else 1
    below += fmt == "form" and any("ImportId" in c.text for c in grid.records[2])
    study = survey_of("real", grid, file, below=below, fixed=int(grid.header[0].strip() == ""), fmt=fmt)
    return _run(Subject("real", study, {file: data}, (file,)), file, name, fmt, len(grid.records) - 1 - below)


def _time(data: bytes, name: str, fmt: str) -> RealFile:
    """A study whose people and processes are those the file names."""
    module = formats()[fmt]
    source = Study.model_validate({**_PLAIN, "sources": [{"id": "s", "format": fmt, "files": ["export.csv"]}]}).sources[
        0
    ]
    raw = module.read_tables(data, source=source)[fmt]
    who = next(c for c in module.IDENTIFIERS if c in raw.frame.columns)
    process, _ = module.label_columns(source)
    people, work = (raw.frame[c].drop_nulls().unique().sort() for c in (who, process))
    registers = {
        "teams.csv": "team;label;service;family;headcount\nE1;Équipe;s;f;9\n",
        "people.csv": "name;team;role\n" + "".join(f'"{p}";E1;agent\n' for p in people if p),
        "processes.csv": "process;label;family;witness\n" + "".join(
            f'p{i};"{w}";f;non\n' for i, w in enumerate(work) if w),
    }  # fmt: skip
    study = Study.model_validate({
        **_PLAIN, "registers": {"teams": "teams.csv", "people_time": "people.csv", "processes": "processes.csv"},
        "sources": [source.model_dump(exclude_unset=True)]})  # fmt: skip
    files = {**{f: t.encode() for f, t in registers.items()}, "export.csv": data}
    table = read_table(data, lambda _: True)
    return _run(Subject("real", study, files, ("export.csv",)), "export.csv", name, fmt, table.received)


_PLAIN = {
    "study": "real", "title": "t", "organisation": "o", "fictional": True, "public_pseudonym_key": True,
    "calendar": {"measurement_start": "2015-01-05", "measurement_end": "2030-01-07", "as_of": "2030-01-07"},
}  # fmt: skip


def _run(subject: Subject, file: str, name: str, fmt: str, records: int) -> RealFile:
    outcome = run(subject)
    faults = list(outcome.faults)
    accounts = outcome.tables.get("clean.accounts", pl.DataFrame(schema={"source_file": pl.String}))
    own = accounts.filter(pl.col("source_file") == file)
    hard = [p for p in outcome.stopping if p.level in ("file", "label") and p.rule not in ("silent_team", "empty_wave")]
    if own.is_empty():
        why = f"{hard[0].rule}: {hard[0].message}" if hard else ""
        return RealFile(name, fmt, None, why, "; ".join(faults) or ("" if hard else "refused without a reason"))
    row = own.row(0, named=True)
    counts = tuple(int(row[c]) for c in ("received", "accepted", "set_aside", "duplicates"))
    if counts[0] != records:
        faults.append(f"{counts[0]} rows received, the csv module reads {records}")
    tables = [outcome.tables[f"clean.rejected_{t}"] for t in ("time", "responses")]
    rules = pl.concat(t.filter(pl.col("source_file") == file).select("rule") for t in tables)["rule"].value_counts()
    aside = [f"{n} {RULES[str(rule)].message.rstrip('.').lower()}" for rule, n in rules.sort("rule").rows()]
    why = "; ".join([*(f"{p.rule}: {p.message}" for p in hard[:2]), *aside])
    return RealFile(name, fmt, counts, why, "; ".join(faults))  # type: ignore[arg-type]


def lines(found: list[RealFile]) -> list[str]:
    """The table, printed."""
    out = [f"{'file':<72} {'read as':<26}{'received':>9}{'accepted':>9}{'aside':>7}{'repeats':>8}  why"]
    for f in found:
        counts = f.counts or ("", "", "", "")
        numbers = "".join(f"{c:>{w}}" for c, w in zip(counts, (9, 9, 7, 8), strict=True))
        wrong = f"WRONG: {f.wrong} " if f.wrong else ""
        out.append(f"{f.name:<72} {f.read_as:<26}{numbers}  {wrong}{f.why}"[:260].rstrip())
    return out


__all__ = ["DEMO", "FOLDER", "READ", "RealFile", "folders", "lines", "outcomes", "studies"]

"""Files of questionnaires -> one raw table per format: found, read, fingerprinted, codes replaced, free text dropped.

Belongs here: what reading any file of a study takes, and questionnaires. Time, which may be large: ingest_time.py.
"""

import hashlib
import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import polars as pl

from pipelines.clean import corrections
from pipelines.clean.linking import CODE, link_respondents
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.contracts.rules import Problem
from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.fields import distinct_of
from pipelines.sources.survey import Questionnaire, SurveyTable, keep_items
from pipelines.sources.text import SOURCE_ROW
from pipelines.sources.values import normalise
from pipelines.study.corrections import Declared
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Source, Study


@dataclass(frozen=True)
class RawResult:
    """Files as read.

    `tables`: raw table name -> frame honouring raw.<name>. `rejected`: raw.rejected, rows set aside on reading.
    `received`: raw.files.
    """

    tables: dict[str, pl.DataFrame]
    rejected: pl.DataFrame
    received: pl.DataFrame
    problems: list[Problem]


def formats() -> dict[str, ModuleType]:
    """Format -> reader, for every module of pipelines/sources that declares FORMAT."""
    import pipelines.sources as package

    modules = [importlib.import_module(f"{package.__name__}.{i.name}") for i in pkgutil.iter_modules(package.__path__)]
    return {m.FORMAT: m for m in sorted(modules, key=lambda m: m.__name__) if hasattr(m, "FORMAT")}


def files_of(loaded: LoadedStudy, source: Source) -> tuple[list[tuple[str, Path]], list[Problem]]:
    """(path relative to the study, path) of each file of a source, sorted within each pattern; a problem per pattern
    that matches none."""
    found: dict[str, Path] = {}
    problems = []
    for pattern in source.files:
        paths = sorted(p for p in loaded.root.glob(pattern) if p.is_file())
        if not paths:
            problems.append(Problem("missing_file", pattern, f"No file matches (source {source.id}).",
                                    "Put the export there, or correct `files:` in study.yaml."))  # fmt: skip
        found |= {p.relative_to(loaded.root).as_posix(): p for p in paths}
    return list(found.items()), problems


def read_surveys(loaded: LoadedStudy, registers: Registers) -> RawResult:
    """Read every file of the study's questionnaires. File-level faults become problems, never exceptions.

    Who answered is known once every file is read: a mistyped code is held against those that answered the same wave.
    """
    modules = {fmt: module for fmt, module in formats().items() if module.DOMAIN == "survey"}
    frames: dict[str, list[pl.DataFrame]] = {name: [] for module in modules.values() for name in module.TABLES}
    rejected = [table("raw.rejected").empty()]
    received: list[dict[str, object]] = []
    problems: list[Problem] = []
    for fmt, source in ((fmt, s) for fmt in modules for s in loaded.study.sources if s.format == fmt):
        settings, faults = _structure(source, modules[fmt], loaded, received)
        if faults:
            problems += faults
            continue
        files, missing = files_of(loaded, source)
        problems += missing
        for name, path in files:
            data = path.read_bytes()
            try:
                tables = modules[fmt].read_tables(data, source=source, **settings)
                if not sum(t.received for t in tables.values()):
                    raise SourceError("empty_file", "The file has no data row.", "Export it again.")
                kept, wrong = _closed_questions(tables, source, loaded, registers)
            except SourceError as error:
                wrong = [error]
            if not wrong and (declared := loaded.corrections.of(name)):
                tables, failed = _corrected(tables, kept, source, declared)
                problems += failed
                kept, wrong = _closed_questions(tables, source, loaded, registers)
            if wrong:
                problems += [fault.problem(name) for fault in wrong]
                continue
            for kind, raw in kept.items():
                frames[kind].append(_with_code(raw.frame, source).with_columns(
                    pl.lit(source.id).alias("source"), pl.lit(name).alias("source_file")))  # fmt: skip
                rejected.append(rejected_rows(raw.rejected, source.id, name))
            received.append({
                "source": source.id, "source_file": name, "format": fmt,
                "sha256": hashlib.sha256(data).hexdigest(), "received": sum(t.received for t in tables.values()),
            })  # fmt: skip
    read = {kind: pl.concat(parts, how="diagonal") for kind, parts in frames.items() if parts}
    out = {kind: table(f"raw.{kind}").empty() for kind in frames}
    for kind, rows in link_respondents(read, loaded.study, registers).items():
        out[kind] = table(f"raw.{kind}").conform(rows)
    files_read = pl.DataFrame(received, schema=table("raw.files").polars_schema)
    return RawResult(out, pl.concat(rejected), files_read, problems)


def _corrected(
    tables: dict[str, SurveyTable], kept: dict[str, RawTable], source: Source, declared: Sequence[Declared]
) -> tuple[dict[str, SurveyTable], list[Problem]]:
    """The tables of a file with what the analyst corrects in the columns that are `kept`, and what cannot be."""
    outcomes = []
    for kind, raw in tables.items():
        names = {column: (name, *others) for name, (column, *others) in kept[kind].names.items()}
        person = [column for column, called in names.items() if called[0] == source.person]
        frame, done = corrections.apply(raw.frame.select(*names, SOURCE_ROW), declared, names=names, barred=person)
        tables[kind] = replace(raw, frame=raw.frame.with_columns(frame.get_columns()))
        outcomes += done
    return tables, corrections.problems(outcomes)


def _with_code(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """`frame` with the personal code under one name, whatever the source calls it."""
    if source.person is None or source.person not in frame.columns:
        return frame.with_columns(pl.lit(None, pl.String).alias(CODE))
    return frame.rename({source.person: CODE})


def _structure(
    source: Source, module: ModuleType, loaded: LoadedStudy, received: list[dict[str, object]]
) -> tuple[dict[str, object], list[Problem]]:
    """What the reader is given beside each file: the survey's structure, when the study has it. A file of its own among
    those received, without rows."""
    if source.structure is None:
        return {}, []
    path = loaded.root / source.structure
    if not path.is_file():
        return {}, [Problem("missing_file", source.structure, f"No such file (structure of source {source.id}).",
                            "Put the structure there, or correct `structure:` in study.yaml.")]  # fmt: skip
    data = path.read_bytes()
    try:
        structure = module.read_structure(data)
    except SourceError as error:
        return {}, [error.problem(source.structure)]
    received.append({"source": source.id, "source_file": source.structure, "format": source.format,
                     "sha256": hashlib.sha256(data).hexdigest(), "received": 0})  # fmt: skip
    return {"structure": structure}, []


def _closed_questions(
    tables: dict[str, SurveyTable], source: Source, loaded: LoadedStudy, registers: Registers
) -> tuple[dict[str, RawTable], list[SourceError]]:
    """Questionnaires keep only the closed questions of the study's items: free text goes no further than this."""
    known = questionnaire(loaded.study, registers)
    kept = {key: keep_items(raw, source=source, questionnaire=known) for key, raw in tables.items()}
    return {key: raw for key, (raw, _) in kept.items()}, [fault for _, faults in kept.values() for fault in faults]


def questionnaire(study: Study, registers: Registers) -> Questionnaire:
    """What the headings of a questionnaire may mean in this study."""
    processes, tools = (
        dict(registers.tables[name].select(code, "label").iter_rows())
        for name, code in (("processes", "process"), ("tools", "tool"))
    )
    return Questionnaire(study.instruments, processes, tools)


def look_up(identifiers: pl.Series, known: pl.DataFrame, person: str) -> pl.Series:
    """The pseudonym of each identifier, from `known` [identifier, `person`], as Enum; null when it is not known."""
    codes, distinct = distinct_of(identifiers)
    found = normalise(distinct["cell"]).replace_strict(
        known["identifier"], known[person], default=None, return_dtype=pl.String
    )
    return found.cast(pl.Enum(found.drop_nulls().unique().sort())).gather(codes)


def rejected_rows(rejected: pl.DataFrame, source: str, file: str) -> pl.DataFrame:
    """Rows a reader set aside, as raw.rejected."""
    return rejected.select(
        pl.lit(source).alias("source"), pl.lit(file).alias("source_file"), "source_row", "rule", "column",
        pl.lit("set_aside").alias("status"),
    )  # fmt: skip

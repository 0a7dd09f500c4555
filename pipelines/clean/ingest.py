"""Files of one survey format -> one raw table: found, read, fingerprinted, identifiers replaced, free text dropped.

Belongs here: what reading any file of a study takes, and questionnaires. Time, which may be large: ingest_time.py.
"""

import hashlib
import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import polars as pl

from pipelines.clean.pseudonyms import normalise
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.contracts.rules import Problem
from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.choices import NOT_GIVEN
from pipelines.sources.fields import distinct_of
from pipelines.sources.survey import Questionnaire, SurveyTable, keep_items
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


def read_survey(loaded: LoadedStudy, fmt: str, registers: Registers) -> RawResult:
    """Read every file of the study's sources of that survey format. File-level faults become problems, never
    exceptions."""
    module = formats()[fmt]
    frames: dict[str, list[pl.DataFrame]] = {name: [] for name in module.TABLES}
    rejected: list[pl.DataFrame] = []
    received: list[dict[str, object]] = []
    problems: list[Problem] = []
    for source in (s for s in loaded.study.sources if s.format == fmt):
        settings, faults = _structure(source, module, loaded, received)
        if faults:
            problems += faults
            continue
        files, missing = files_of(loaded, source)
        problems += missing
        for name, path in files:
            data = path.read_bytes()
            try:
                tables = module.read_tables(data, source=source, **settings)
                if not sum(t.received for t in tables.values()):
                    raise SourceError("empty_file", "The file has no data row.", "Export it again.")
                tables, wrong = _closed_questions(tables, source, loaded, registers)
            except SourceError as error:
                wrong = [error]
            if wrong:
                problems += [fault.problem(name) for fault in wrong]
                continue
            for key, raw in tables.items():
                frames[key].append(_replace_respondents(raw.frame, source, registers).with_columns(
                    pl.lit(source.id).alias("source"), pl.lit(name).alias("source_file")))  # fmt: skip
                rejected.append(rejected_rows(raw.rejected, source.id, name))
            received.append({
                "source": source.id, "source_file": name, "format": fmt,
                "sha256": hashlib.sha256(data).hexdigest(), "received": sum(t.received for t in tables.values()),
            })  # fmt: skip
    out = {}
    for key, parts in frames.items():
        contract = table(f"raw.{key}")
        out[key] = contract.conform(pl.concat(parts, how="diagonal")) if parts else contract.empty()
    files_read = pl.DataFrame(received, schema=table("raw.files").polars_schema)
    return RawResult(out, pl.concat([table("raw.rejected").empty(), *rejected]), files_read, problems)


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
    received.append({"source": source.id, "source_file": source.structure, "format": f"{source.format}_structure",
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


def _replace_respondents(frame: pl.DataFrame, source: Source, registers: Registers) -> pl.DataFrame:
    if source.person is None or source.person not in frame.columns:
        return frame.with_columns(pl.lit(None, pl.String).alias("person_survey"), pl.lit("false").alias("code_given"))
    person = look_up(frame[source.person], registers.survey_identities, "person_survey")
    given = (~normalise(frame[source.person]).fill_null("").is_in(NOT_GIVEN)).cast(pl.String)
    return frame.drop(source.person).with_columns(person.alias("person_survey"), given.alias("code_given"))


def look_up(identifiers: pl.Series, known: pl.DataFrame, person: str) -> pl.Series:
    """The pseudonym of each identifier, from `known` [identifier, `person`]; null when it is not known."""
    codes, distinct = distinct_of(identifiers)
    found = normalise(distinct["cell"]).replace_strict(
        known["identifier"], known[person], default=None, return_dtype=pl.String
    )
    return found.gather(codes)


def rejected_rows(rejected: pl.DataFrame, source: str, file: str) -> pl.DataFrame:
    """Rows a reader set aside, as raw.rejected."""
    return rejected.select(
        pl.lit(source).alias("source"), pl.lit(file).alias("source_file"), "source_row", "rule", "column",
        pl.lit("set_aside").alias("status"),
    )  # fmt: skip

"""`bilan run` and `bilan check`: the same assets as Dagster's, run in this process; `bilan questionnaires`."""

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import polars as pl

from pipelines import quality
from pipelines.clean.build import check
from pipelines.clean.problems import row_problems
from pipelines.clean.pseudonyms import load_keys
from pipelines.clean.registers import read_registers
from pipelines.contracts.rules import DataProblems, Problem
from pipelines.lake import places
from pipelines.parts import Parts
from pipelines.questionnaires import Lists, Survey, as_html, as_lss, as_tsv, build
from pipelines.study.load import load_study
from pipelines.wording.display import PRIMARY


@dataclass(frozen=True)
class Summary:
    """What a run did. `indicators`: the programme rows of the published estimates that have a threshold."""

    received: int
    accepted: int
    set_aside: int
    duplicates: int
    indicators: pl.DataFrame
    page: Path
    published: Path


def check_study(study_dir: Path) -> list[Problem]:
    """Everything wrong with a study's files; reads only. Raises StudyError when the study file itself is wrong."""
    loaded = load_study(study_dir)
    with tempfile.TemporaryDirectory() as folder:
        return check(loaded, load_keys(loaded, create=False), Parts(Path(folder)))


def write_questionnaires(study_dir: Path, out: Path | None = None) -> tuple[Path, list[Survey]]:
    """Write each questionnaire of the study as `<CODE>.txt`, `.lss` and `.html`; returns their folder and themselves.

    Raises StudyError, or DataProblems: a register it lists from cannot be used, or LimeSurvey would refuse a code.
    """
    loaded = load_study(study_dir)
    registers = read_registers(loaded, load_keys(loaded, create=False))
    listed = [field.name for field in fields(Lists)]
    files = [getattr(loaded.study.registers, name) for name in listed]
    lost = row_problems(registers.rejected.filter(pl.col("source").is_in(listed)), loaded.study)
    if faults := [*(p for p in registers.problems if p.file in files), *(p for p in lost if p.stops)]:
        raise DataProblems(faults)
    lists = Lists(**{name: registers.tables[name] for name in listed})
    surveys, refused = build(loaded.study.instruments, lists, organisation=loaded.study.organisation)
    if refused:
        raise DataProblems(refused)
    folder = places(loaded.study.study, out).work.parent / "questionnaires"
    folder.mkdir(parents=True, exist_ok=True)
    for rank, survey in enumerate(surveys):
        written = {"txt": as_tsv(survey, rank), "lss": as_lss(survey, rank), "html": as_html(survey)}
        for ending, data in written.items():
            (folder / f"{survey.form.questionnaire}.{ending}").write_bytes(data)
    return folder, surveys


def run_study(study_dir: Path, out: Path | None = None, *, progress: Callable[[str], None]) -> Summary:
    """Materialise every asset of the study and run every check.

    Raises StudyError or DataProblems when the input cannot be used, RenderError when the page cannot be made; then the
    last published state is untouched.
    """
    loaded = load_study(study_dir)  # before anything heavy is imported: a typo is told at once
    progress(f"Study      {loaded.study.title}")
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    quality.warm_up()  # its process imports while this one does
    import dagster as dg
    from dagster._core.errors import DagsterAssetCheckFailedError

    from pipelines.definitions import defs
    from pipelines.defs.resources import PROGRESS, StudyResource

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    where = places(loaded.study.study, out)
    resource = StudyResource(path=str(study_dir.resolve()), out=str(out.resolve()) if out else "")
    found = defs()
    token = PROGRESS.set(progress)
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            dg.materialize(
                [*(found.assets or ()), *(found.asset_checks or ())],  # type: ignore[list-item]
                resources={"study": resource}, instance=instance,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )  # fmt: skip
    except DagsterAssetCheckFailedError as error:
        broken = [line.strip() for line in str(error).splitlines()[1:] if line.strip()]
        docs = where.restricted / "data_docs"
        raise DataProblems([
            Problem("contract", rule, "the table breaks this rule of its contract (columns are named above).",
                    f"See {docs}, then correct the files or the contract.") for rule in broken]) from None  # fmt: skip
    finally:
        PROGRESS.reset(token)
    quality.finish()
    tables = where.published / "tables"
    accounts = pl.read_parquet(tables / "accounts.parquet").sum()
    estimates = pl.read_parquet(tables / "estimates.parquet")
    shown = estimates.filter((pl.col("scope") == "programme") & pl.col("threshold").is_not_null())
    primary_first = pl.col("indicator").replace_strict(list(PRIMARY), range(len(PRIMARY)), default=len(PRIMARY))
    shown = shown.sort(primary_first, maintain_order=True)
    counts = {c: accounts[c].item() for c in ("received", "accepted", "set_aside", "duplicates")}
    return Summary(**counts, indicators=shown, page=where.site / "bilan.html", published=where.published)


"""`bilan power`: what a number of teams can detect, from the tables of the last run; a table and a chart beside it."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.contracts.rules import DataProblems, Problem
from pipelines.indicators.base import Inputs
from pipelines.indicators.power import INPUTS, detectable
from pipelines.lake import places
from pipelines.study.load import load_study
from pipelines.wording import Words
from pipelines.wording.power import advice, console, described


@dataclass(frozen=True)
class Detectable:
    """`lines` of the console, `advice` in the language of the study, and the files written."""

    lines: list[str]
    advice: str
    table: Path
    chart: Path


def power_of_study(study_dir: Path, out: Path | None = None) -> Detectable:
    """The table, its CSV and its chart, in the restricted folder: spreads of people are the analyst's.

    Raises StudyError when the study file is wrong, DataProblems when no run has made its tables.
    """
    study = load_study(study_dir).study
    where = places(study.study, out)
    if not where.lake.path.is_file() or not set(INPUTS) <= set(where.lake.tables()):
        raise DataProblems([Problem(
            "missing_file", str(where.lake.path), "No run has made the tables that this needs.",
            f"Run `bilan run {study_dir}` first, with the same --out if you gave one.")])  # fmt: skip
    frame = detectable(Inputs(study, where.lake.read_all(INPUTS)))
    from pipelines.charts.base import Frame
    from pipelines.charts.power import as_file, power_chart

    words, rows = Words(study.language), frame.to_dicts()
    mark = words.text("demo.short") if study.fictional else ""
    drawing = power_chart(rows, Frame(words, "power", words.text("power.title"), described(rows, words), mark))
    where.keep_private()
    table, chart = where.restricted / "power.csv", where.restricted / "power.svg"
    frame.write_csv(table)
    chart.write_text(as_file(drawing), encoding="utf-8")
    return Detectable(console(rows), advice(rows, words), table, chart)

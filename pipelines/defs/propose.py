"""`bilan propose`: the proposals made again from what a study last published, held against what it published."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.contracts.rules import DataProblems, Problem
from pipelines.decisions.proposals import READS, RULE, propose, told
from pipelines.lake import places, published_in
from pipelines.study.load import load_study
from pipelines.study.proposals import Proposals
from pipelines.wording import Words
from pipelines.wording.proposals import condition, console

MARKS = {True: "met", False: "not met", None: "not known"}


@dataclass(frozen=True)
class Replayed:
    """`lines` per proposal for the console; `different`: ids whose published proposal is not what the rule gives."""

    lines: list[str]
    different: list[str]


def propose_again(study_dir: Path, out: Path | None = None, *, explain: bool = False) -> Replayed:
    """Apply the published rule to the published tables again; nothing else is read but the name of the study.

    Raises StudyError when the study file is wrong, DataProblems when nothing was published.
    """
    study = load_study(study_dir).study
    folder = places(study.study, out).published
    try:
        lake = published_in(folder)
        tables = {name: lake.read(name) for name in (*READS, "proposals")} if "proposals" in lake.tables() else {}
    except FileNotFoundError:
        tables = {}
    if not tables:
        raise DataProblems([Problem(
            "missing_file", str(folder), "No run has published proposals there.",
            f"Run `bilan run {study_dir}` first, with the same --out if you gave one.")])  # fmt: skip
    again, before = propose(tables), tables["proposals"]
    rule = Proposals.model_validate_json(dict(tables["study"].select("setting", "value").iter_rows())[RULE])
    lines = [line for row in again.iter_rows(named=True) for line in _lines(row, rule, explain=explain)]
    return Replayed(lines, _different(again, before))


def _different(again: pl.DataFrame, before: pl.DataFrame) -> list[str]:
    """Ids whose row is not the same in both, or is in one only."""
    rows = [{row["proposal_id"]: row for row in frame.iter_rows(named=True)} for frame in (again, before)]
    return [key for key in sorted({*rows[0], *rows[1]}) if rows[0].get(key) != rows[1].get(key)]


def _lines(row: dict[str, object], rule: Proposals, *, explain: bool) -> Iterator[str]:
    words = Words("en")
    yield console(row, words)
    for line, alternatives in told(row, rule) if explain else ():
        for rank, conditions in enumerate(alternatives):
            start = f"  line {line.line}, or" if rank else f"  line {line.line}"
            yield f"{start}: " + "; ".join(f"{condition(row, c.text, words)} {MARKS[met]}" for c, met in conditions)

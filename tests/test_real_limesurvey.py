"""Real LimeSurvey exports: every closed question gives the counts that the csv module finds in the same file."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from pipelines.clean.ingest import read_surveys
from pipelines.clean.pseudonyms import Keys
from pipelines.clean.registers import read_registers
from pipelines.clean.responses import build_responses
from pipelines.sources.lime_headings import headings
from pipelines.sources.lime_structure import read_structure
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Study

FILES = Path(__file__).parent / "lime_exports"
CLOSED = 12  # different answers at most


@dataclass(frozen=True)
class Real:
    """A file, what it holds, and how many of its columns are closed questions."""

    file: str
    responses: int
    closed: int
    structure: str | None = None
    header_rows: int = 1
    index: bool = False


REAL = [
    Real("twins_german.csv", 96, 304),
    Real("twins_german.csv", 96, 304, structure="twins.lss"),
    Real("models_german.csv", 45, 37, header_rows=2),
    Real("models_english.csv", 45, 37, header_rows=2),
    Real("rse_can.csv", 110, 49, index=True),
    Real("rse_nl.csv", 77, 127, index=True),
    Real("rse_nl.csv", 77, 127, structure="rse_nl_structure.txt", index=True),
    Real("rse_zaf.csv", 22, 273, index=True),
]


def columns(real: Real) -> dict[str, list[str]]:
    """Heading (numbered when it is repeated) -> cells, without the pipeline."""
    text = (FILES / real.file).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="," if real.index else ";"))
    header = rows[0]
    if real.header_rows == 2:
        question = ""
        for i, (first, second) in enumerate(zip(rows[0], rows[1], strict=True)):
            question = first or question
            header[i] = f"{question} [{second}]"
    named = [h if header.count(h) == 1 else f"{h}#{header[: i + 1].count(h)}" for i, h in enumerate(header)]
    cells = zip(*rows[real.header_rows :], strict=True)
    return dict(zip(named[real.index :], [list(c) for c in cells][real.index :], strict=True))


@pytest.mark.parametrize("real", REAL, ids=lambda r: f"{r.file}{' + structure' if r.structure else ''}")
def test_every_closed_question_is_counted_as_by_hand(tmp_path: Path, real: Real):
    cells = columns(real)
    closed = {h: sorted({c for c in values if c}) for h, values in cells.items()}
    closed = {
        h: answers for h, answers in closed.items()
        if h != "Antwort ID" and 1 <= len(answers) <= CLOSED and len({a.lower() for a in answers}) == len(answers)
    }  # fmt: skip
    assert len(closed) == real.closed
    codes = {h: f"I{i}" for i, h in enumerate(closed)}
    items = [
        {"item": codes[h], "text": codes[h],
         "answers": [{"code": f"a{k}", "label": label, "value": k} for k, label in enumerate(answers)]}
        for h, answers in closed.items()
    ]  # fmt: skip
    ignored = [h for h in cells if h not in closed and h != "Antwort ID"]
    source = {"id": "q", "format": "limesurvey", "files": [real.file], "wave": "T0", "columns": codes,
              "ignore": ignored, "structure": real.structure}  # fmt: skip
    study = Study.model_validate({
        "study": "reel", "title": "t", "organisation": "o", "sources": [source], "instruments": {"items": items},
        "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
        "waves": [{"wave": "T0", "label": "T0", "role": "single", "opens": "2026-02-02", "closes": "2026-02-15"}],
    })  # fmt: skip
    for name in filter(None, (real.file, real.structure)):
        (tmp_path / name).write_bytes((FILES / name).read_bytes())
    loaded = LoadedStudy(study, tmp_path, "0")
    registers = read_registers(loaded, Keys(b"t" * 32, b"s" * 32))
    raw = read_surveys(loaded, registers)
    assert raw.problems == [] and raw.received["received"].sum() == real.responses and raw.rejected.is_empty()
    built = build_responses(raw.tables["limesurvey"], registers, loaded)
    assert built.problems == [] and built.rejected.is_empty()
    read = dict(built.responses.group_by("item", "value_code").len().select(
        pl.concat_str("item", "value_code", separator=" "), "len").iter_rows())  # fmt: skip
    counted = {
        f"{codes[h]} a{k}": n
        for h, answers in closed.items() for k, label in enumerate(answers) if (n := Counter(cells[h])[label])
    }  # fmt: skip
    assert read == counted


def test_headings_without_their_codes_find_them_again_in_the_structure():
    structure = read_structure((FILES / "rse_nl_structure.txt").read_bytes())
    known = set(structure.columns()["column"])
    cut = [h.split(". ", 1) for h in columns(Real("rse_nl.csv", 77, 127, index=True))]
    cut = [(code, text) for code, text in cut if code in known]
    found = headings([text for _, text in cut], [code for code, _ in cut], structure)
    # LimeSurvey exported one heading from a later wording than that of the structure.
    assert [h.column for h in found if h.names[0] != h.column] == ["currentEmp11"] and len(found) == 57


def test_every_column_of_a_full_text_export_is_placed_in_its_structure():
    structure = read_structure((FILES / "twins.lss").read_bytes())
    header = [h.split("#")[0] for h in columns(Real("twins_german.csv", 96, 304))]
    found = headings(header, header, structure)
    known = structure.columns()["column"].to_list()
    places = [known.index(h.names[0]) for h in found[1:]]
    assert places == sorted(set(places)) and len(places) == 316 and not any(h.doubt for h in found)

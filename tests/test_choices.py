"""What a cell means when only the survey's structure knows: codes of its own, other languages, boxes left empty."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.sources.base import SourceError
from pipelines.sources.choices import Choice, spelling, translated
from pipelines.study.instruments import Item
from tests.test_lime_dialects import bom, read, text
from tests.test_lime_structure import as_lss

ITEM = Item.model_validate({"item": "X", "text": "x", "answers": [
    {"code": "1", "label": "Jamais", "value": 1},
    {"code": "2", "label": "Parfois", "value": 2, "aliases": ["Des fois"]},
    {"code": "3", "label": "Toujours", "value": 3}]})  # fmt: skip


def asked(*choices: tuple[str, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(code, tuple(labels)) for code, *labels in choices)


@pytest.mark.parametrize(
    ("choices", "cells", "meant"),
    [
        # Codes of the survey's own, labels in another language, an alias.
        (asked(("A1", "Jamais", "Never"), ("A2", "Des fois", "Sometimes")),
         ["A1", "never", "A2", "Sometimes ", None, "autre"], ["1", "1", "2", "2", None, "autre"]),
        # The survey numbers the same labels the other way round: the label decides.
        (asked(("1", "Toujours"), ("2", "Parfois"), ("3", "Jamais")), ["1", "3", "Jamais"], ["3", "1", "1"]),
        # Labels the item does not know: the code decides; one that neither knows stays as received, to be told.
        (asked(("1", "Nie"), ("9", "Weiss nicht")), ["Nie", "1", "Weiss nicht"], ["1", "1", "Weiss nicht"]),
    ],
)  # fmt: skip
def test_an_answer_is_known_by_its_label_then_by_its_code(
    choices: tuple[Choice, ...], cells: list[str | None], meant: list[str | None]
):
    assert translated(pl.Series(cells), ITEM, choices).to_list() == meant


def test_codes_that_are_also_labels_are_read_as_the_whole_column_is():
    choices = asked(("1", "Toujours"), ("2", "1"), ("3", "Parfois"))
    never = ITEM.answers[0].model_copy(update={"aliases": ("1",)})
    item = ITEM.model_copy(update={"answers": (*ITEM.answers[1:], never)})
    assert translated(pl.Series(["1", "2", "3"]), item, choices).to_list() == ["3", "1", "2"]  # every cell is a code
    assert translated(pl.Series(["1", "Toujours"]), item, choices).to_list() == ["1", "3"]  # every cell is a label
    with pytest.raises(SourceError, match=r"'1' may be one answer's code or another's label"):
        translated(pl.Series(["1", "2", "Toujours"]), item, choices)


def test_one_spelling():
    written = ["\ufeff5 ", "5.0", "5.00", "<b>Oui</b>", "Peut-&ecirc;tre", "A\u00a0 B", "'=2", "'ici", "-1.0", "1.5",
               None]  # fmt: skip
    assert spelling(pl.Series(written)).to_list() == [
        "5", "5", "5", "oui", "peut-être", "a b", "=2", "'ici", "-1", "1.5", None]  # fmt: skip


# ------------------------------------------------------------------------------------ through a study with a structure
YES_NO = [{"code": "oui", "label": "Oui", "value": 1}, {"code": "non", "label": "Non", "value": 0}]
LIKES = [{"code": "a", "label": "Beaucoup", "value": 2}, {"code": "b", "label": "Peu", "value": 1}]
INSTRUMENTS = {"items": [
    {"item": "tri", "text": "t", "answers": YES_NO}, {"item": "content", "text": "c", "answers": YES_NO},
    {"item": "plait", "text": "p", "answers": LIKES}, {"item": "avant", "text": "a", "answers": LIKES},
    {"item": "combien", "text": "n", "kind": "number", "minimum": 0, "maximum": 9}]}  # fmt: skip
COLUMNS = {"Q2[SQ001]": "tri", "Q7": "content", "Q3[SQ001]": "plait", "Q4[SQ001][1]": "avant", "Q9": "combien"}
HEADER = ["id", "submitdate", "CODE", *COLUMNS]
DAY = "2026-02-03 10:00:00"
PEOPLE = ("MA07X12", "JO21E45", "ZO11A11")
ANSWERS = {"tri": [1, 0, None], "content": [1, 0, None], "plait": [1, 2, None], "avant": [1, None, 2],
           "combien": [3, None, None]}  # fmt: skip


def export(header: list[str], *rows: tuple[str | None, ...], days: tuple[str | None, ...] = (DAY, DAY, DAY)) -> bytes:
    full = [[str(i + 1), days[i], PEOPLE[i], *row] for i, row in enumerate(rows)]
    return bom(text(header, full))


def outcome(folder: Path, data: bytes, **settings: object) -> dict[str, list[float | None]]:
    (folder / "survey.lss").write_bytes(as_lss(641))
    raw, built = read(folder, data, structure="survey.lss", instruments=INSTRUMENTS, columns=COLUMNS, **settings)
    assert raw.problems == [] and built.problems == [] and built.rejected.is_empty()
    assert raw.received.select("source_file", "received").rows()[0] == ("survey.lss", 0)
    rows = raw.tables["limesurvey"].select("source_row").sort("source_row")["source_row"].to_list()
    given = {(i, r): v for i, r, v in built.responses.select("item", "source_row", "value_number").iter_rows()}
    return {item: [given.get((item, r)) for r in rows] for item in ANSWERS}


FULL = ["Antwort ID", "Datum Abgeschickt", "CODE", "Vos tâches [Le tri]", "Content ?", "L'outil vous plaît ? [Le tri]",
        "Avant, après [Le tri][Échelle 1]", "Combien ?"]  # fmt: skip
ENGLISH = ["Response ID", "Date submitted", "CODE", "Your tasks [Sorting]", "Happy?", "Do you like it? [Sorting]",
           "Before, after [Sorting][Scale 1]", "How many?"]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        export(HEADER, ("Y", "Y", "1", "1", "3"), ("", "N", "2", None, None), (None, "", "", "2", "")),
        export(FULL, ("Oui", "Oui", "Peu", "Peu", "3"), ("Non", "Non", "Beaucoup", "", ""),
               ("N/A", "N/A", "", "Beaucoup", "")),
        export(ENGLISH, ("Yes", "Yes", "Little", "Little", "3.0"), ("No", "No", "A lot", "", ""),
               ("N/A", "N/A", "", "A lot", "")),
        # Y and N converted to 1 and 2; labels and codes in one column.
        export(HEADER, ("1", "1", "1", "Peu", "3"), ("2", "2", "A lot", None, None), (None, None, "", "2", "")),
    ],
    ids=["codes", "French labels", "English labels", "Y and N converted"],
)  # fmt: skip
def test_the_structure_explains_codes_labels_languages_and_boxes(tmp_path: Path, data: bytes):
    assert outcome(tmp_path, data) == ANSWERS


def test_an_empty_box_of_an_unfinished_questionnaire_says_nothing_when_the_file_has_no_null(tmp_path: Path):
    rows = [("Y", "", "", "", ""), ("", "Y", "", "", ""), ("", "", "", "", "")]
    found = outcome(tmp_path, export(HEADER, *rows, days=(DAY, DAY, "")))
    assert found["tri"] == [1, 0, None]


@pytest.mark.parametrize(
    ("ticks", "lost"),
    [
        (["Y", "", "Y"], True),
        (["Oui", "", "Non"], False),  # who says no in words leaves nothing to guess: the empty one did not answer
        (["Y"] * 30 + ["", "N"], True),  # one « no » typed by hand tells nothing of the others
    ],
)
def test_a_file_that_lost_empty_against_not_shown_is_refused(tmp_path: Path, ticks: list[str], lost: bool):
    rows = [(str(i + 1), DAY, PEOPLE[i % 3], tick, "Y", "1", "1", "3") for i, tick in enumerate(ticks)]
    lines = [";".join(row) for row in (HEADER, *rows)]
    (tmp_path / "survey.lss").write_bytes(as_lss(365))
    data = "\n".join(lines).encode()
    raw, built = read(tmp_path, data, structure="survey.lss", instruments=INSTRUMENTS, columns=COLUMNS)
    if lost:
        (problem,) = raw.problems
        assert problem.column == "Q2[SQ001]" and "An empty cell may be a box left empty" in problem.message
    else:
        ticked = built.responses.filter(pl.col("item") == "tri").sort("source_row")["value_number"].to_list()
        assert raw.problems == [] and ticked == [1, 0]


def test_a_structure_that_is_missing_damaged_or_ambiguous_is_told(tmp_path: Path):
    data = export(HEADER, ("Y", "Y", "1", "1", "3"))
    raw, _ = read(tmp_path, data, structure="none.lss", columns=COLUMNS, instruments=INSTRUMENTS)
    assert [(p.rule, p.file) for p in raw.problems] == [("missing_file", "none.lss")]
    (tmp_path / "cut.lss").write_bytes(as_lss(641)[:3000])
    raw, _ = read(tmp_path, data, structure="cut.lss", columns=COLUMNS, instruments=INSTRUMENTS)
    assert [(p.rule, p.file) for p in raw.problems] == [("unrecognised_file", "cut.lss")]


def test_a_box_may_be_declared_by_an_empty_alias(tmp_path: Path):
    answers = [{**YES_NO[0], "aliases": ["Y"]}, {**YES_NO[1], "aliases": [""]}]
    boxes = {"items": [{"item": "tri", "text": "t", "answers": answers}]}
    lines = [["1", DAY, PEOPLE[0], "Y"], ["2", DAY, PEOPLE[1], ""], ["3", DAY, PEOPLE[2], None]]
    data = bom(text(HEADER[:4], lines))
    raw, built = read(tmp_path, data, columns={"Q2[SQ001]": "tri"}, instruments=boxes)
    assert raw.problems == [] and built.responses.sort("source_row")["value_number"].to_list() == [1, 0]

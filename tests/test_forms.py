"""Exports of other form tools: told apart by what they hold, header rows, moments, what is left out. Qualtrics on its
real files (tests/qualtrics); the others on literals in the shape their own code writes."""

import io
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from pipelines.clean.ingest import read_surveys
from pipelines.clean.pseudonyms import Keys
from pipelines.clean.registers import read_registers
from pipelines.clean.responses import build_responses
from pipelines.sources import forms
from pipelines.sources.base import SourceError
from pipelines.sources.survey import Questionnaire, keep_items
from pipelines.study.load import LoadedStudy, house_instruments
from pipelines.study.models import Source, Study

KNOWN = Questionnaire(house_instruments(), {"courriels": "Courriels"}, {"assistanta": "Assistant A"})
QUALTRICS = Path(__file__).parent / "qualtrics"
SATISFACTION = "Tout bien considéré, quelle est votre satisfaction à l'égard de votre travail ?"  # SA1, word for word


def source(**settings: object) -> Source:
    return Source.model_validate({"id": "q", "format": "form", "files": ["x"], "wave": "T0", **settings})


def read(data: bytes | str, **settings: object) -> tuple[pl.DataFrame, pl.DataFrame, list[SourceError]]:
    """The closed questions kept, the rows set aside, what is wrong."""
    declared = source(**settings)
    table = forms.read_tables(data.encode() if isinstance(data, str) else data, source=declared)["form"]
    assert table.received == table.frame.height + table.rejected.height
    kept, faults = keep_items(table, source=declared, questionnaire=KNOWN)
    return kept.frame, kept.rejected, faults


def refused(data: bytes | str, **settings: object) -> SourceError:
    with pytest.raises(SourceError) as found:
        read(data, **settings)
    assert found.value.action
    return found.value


GOOGLE = f"""\
Horodateur,Adresse e-mail,Votre code,"{SATISFACTION}",Quels outils ?,Que pensez-vous de... [Assistant A],Remarques
02/03/2026 09:12:45,ada@example.org,MA07X12,7,"Courriel, Agenda",Satisfait,merci Ada
13/03/2026 18:00:01,bob@example.org,JO21E45,8,Agenda,Peu satisfait,
"""
GOOGLE_SETTINGS = {
    "person": "Votre code", "columns": {"Que pensez-vous de... [Assistant A]": "SO1:assistanta"},
    "ignore": ["Remarques", "Quels outils*"],
}  # fmt: skip


def test_google_forms():
    frame, _, faults = read(GOOGLE, **GOOGLE_SETTINGS)
    assert faults == []
    assert frame.rows(named=True) == [
        {"submitdate": "2026-03-02 09:12:45", "Votre code": "MA07X12", "SA1": "7", "SO1:assistanta": "Satisfait",
         "source_row": 2},
        {"submitdate": "2026-03-13 18:00:01", "Votre code": "JO21E45", "SA1": "8", "SO1:assistanta": "Peu satisfait",
         "source_row": 3},
    ]  # fmt: skip
    # The form's own download writes the day another way.
    downloaded = GOOGLE.replace("02/03/2026 09:12:45", "2026/03/02 9:12:45 PM UTC+1").replace(
        "13/03/2026 18:00:01", "nulle part"
    )
    assert read(downloaded, **GOOGLE_SETTINGS)[0]["submitdate"].to_list() == ["2026-03-02 21:12:45", "nulle part"]


def test_an_ambiguous_moment_is_declared_never_guessed():
    ambiguous = GOOGLE.replace("13/03/2026", "04/03/2026")
    assert refused(ambiguous, **GOOGLE_SETTINGS).rule == "ambiguous_dates"
    frame = read(ambiguous, **GOOGLE_SETTINGS, date_order="mdy")[0]
    assert frame["submitdate"].to_list() == ["2026-02-03 09:12:45", "2026-04-03 18:00:01"]


def microsoft() -> bytes:
    """Microsoft Forms' workbook in French: dates as cells, a question repeated, points of a quiz."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet, day = book.add_worksheet("Sheet1"), book.add_format({"num_format": "m/d/yy h:mm:ss"})
        sheet.write_row(0, 0, [
            "ID", "Heure de début", "Heure de fin", "Adresse de messagerie", "Nom", "Heure de la dernière modification",
            "Votre\u00a0code", SATISFACTION, f"Points - {SATISFACTION}", f"Feedback - {SATISFACTION}", "Nom2",
            "BE1. Énoncé",
        ])  # fmt: skip
        for row, (end, code, answer) in enumerate(
            [(datetime(2026, 2, 3, 10, 5, 9), "MA07X12", "5"), (None, "JO21E45", "4;")], 1
        ):
            sheet.write_row(
                row, 0, [row, 46056.4, None, "anonymous", "Ada Essai", None, code, 7, 1, None, "Ada", answer]
            )
            if end is not None:
                sheet.write_datetime(row, 2, end, day)
    return buffer.getvalue()


def test_microsoft_forms_in_a_workbook():
    frame, _, faults = read(microsoft(), person="Votre code", ignore=["Nom2"])
    assert faults == []
    assert frame.rows(named=True) == [
        {
            "id": "1",
            "submitdate": "2026-02-03 10:05:09",
            "Votre code": "MA07X12",
            "SA1": "7",
            "BE1": "5",
            "source_row": 2,
        },
        {"id": "2", "submitdate": "", "Votre code": "JO21E45", "SA1": "7", "BE1": "4", "source_row": 3},
    ]
    english = (
        "ID,Start time,Completion time,Email,Name,BE1\n1,2/13/26 9:00:00,2/13/26 9:05:00,anonymous,,Tout le temps\n"
    )
    assert read(english)[0].row(0) == ("1", "2026-02-13 09:05:00", "Tout le temps", 2)


FRAMAFORMS = [
    ["Baromètre", "", "", "", "", "", "", "", "", "", "", "", "", ""],
    ["Submission Details", "", "", "", "", "", "", "", "", "", "Votre avis sur...", "", "Quels outils ?", ""],
    ["Serial", "SID", "Submitted Time", "Completed Time", "Modified Time", "Draft", "IP Address", "UID", "Username",
     "Votre code", "Assistant A", "Assistant B", "Courriel", "Agenda"],
    ["1", "901", "02/03/2026 - 09:00", "02/03/2026 - 09:05", "x", "0", "192.0.2.1", "0", "", "MA07X12", "Satisfait", "",
     "X", ""],
    ["2", "902", "13/03/2026 - 10:00", "", "x", "1", "192.0.2.2", "0", "", "JO21E45", "", "", "", "X"],
]  # fmt: skip
FRAMAFORMS_SETTINGS = {
    "person": "Votre code", "columns": {"Votre avis sur... [Assistant A]": "SO1:assistanta"},
    "ignore": ["Assistant B", "Courriel", "Agenda"],
}  # fmt: skip


@pytest.mark.parametrize(("separator", "encoding"), [("\t", "utf-16"), (";", "utf-8"), (",", "utf-8")])
def test_framaforms_with_its_three_header_rows(separator: str, encoding: str):
    text = "".join(separator.join(f'"{cell}"' for cell in row) + "\n" for row in FRAMAFORMS)
    frame, _, faults = read(text.encode(encoding), **FRAMAFORMS_SETTINGS)
    assert faults == []
    assert frame.rows(named=True) == [
        {
            "id": "901",
            "submitdate": "2026-03-02 09:05:00",
            "Votre code": "MA07X12",
            "SO1:assistanta": "Satisfait",
            "source_row": 4,
        },
        {"id": "902", "submitdate": "", "Votre code": "JO21E45", "SO1:assistanta": "", "source_row": 5},
    ]


def test_framaforms_in_another_language_is_told_when_it_was_sent():
    french = {"Submitted Time": "Envoyé", "Completed Time": "Terminé", "Modified Time": "Modifié", "Draft": "Brouillon",
              "IP Address": "Adresse IP", "Serial": "N°"}  # fmt: skip
    text = "".join("\t".join(f'"{french.get(cell, cell)}"' for cell in row) + "\n" for row in FRAMAFORMS)
    assert "says when it was submitted" in refused(text, **FRAMAFORMS_SETTINGS).message
    ignore = [*FRAMAFORMS_SETTINGS["ignore"], "N°", "Terminé", "Modifié"]
    frame, _, faults = read(text, **{**FRAMAFORMS_SETTINGS, "submitted": "Envoyé", "ignore": ignore})
    assert faults == [] and frame["submitdate"].to_list() == ["2026-03-02 09:00:00", ""]  # the second is a draft
    assert refused(text, **FRAMAFORMS_SETTINGS, submitted="Expédié").column == "Expédié"


@pytest.mark.parametrize(("name", "header_rows"), [("sample.csv", 3), ("sample_legacy.csv", 2)])
def test_qualtrics_real_files(name: str, header_rows: int):
    data = (QUALTRICS / name).read_bytes()
    assert "numbers of Qualtrics" in refused(data, columns={"Q1": "QV1"}).message
    frame, _, faults = read(
        data, answers="codes", columns={"This is a multiple choice question.": "QV1"}, ignore=["Q2*"]
    )
    assert faults == []
    assert frame.drop("startlanguage", strict=False).rows(named=True) == [
        {"submitdate": "2017-07-18 08:28:48", "id": "R_2YPOQ602ER1jkf1", "QV1": "2", "source_row": header_rows + 1}
    ]
    raw = forms.read_tables(data, source=source(answers="codes"))["form"].frame.write_csv()
    assert not [said for said in ("130.92", "47.11", "7.23", "Anonym") if said in raw]


LABELS = """\
StartDate,EndDate,Status,Progress,Finished,ResponseId,RecipientEmail,Q1,Q2
Date de début,Date de fin,Type de réponse,Progression,Terminé,ID de réponse,E-mail du destinataire,Énoncé,Assistant A
2026-02-03 09:00:00,2026-02-03 09:05:00,IP Address,100,True,R_1,ada@example.org,Tout le temps,-99
2026-02-03 09:00:00,2026-02-03 09:01:00,IP Address,40,False,R_2,,Jamais,Satisfait
2026-02-02 09:00:00,2026-02-02 09:01:00,Survey Preview,100,True,R_3,,Jamais,Satisfait
"""


def test_qualtrics_labels_unfinished_tests_and_unanswered():
    frame, aside, faults = read(LABELS, columns={"Q1": "BE1", "Assistant A": "SO1:assistanta"})
    assert faults == []
    assert frame.rows(named=True) == [
        {
            "submitdate": "2026-02-03 09:05:00",
            "id": "R_1",
            "BE1": "Tout le temps",
            "SO1:assistanta": None,
            "source_row": 3,
        },
        {"submitdate": "", "id": "R_2", "BE1": "Jamais", "SO1:assistanta": "Satisfait", "source_row": 4},
    ]
    assert aside.rows() == [(5, "test_response", None)]
    assert refused(LABELS.replace("False", "peut-être")).column == "Finished"


def test_any_other_tool_once_its_columns_are_declared():
    text = "Enquête 2026;;;\n\nReçu le;Code;Équipe;Bien-être\n"
    text += "02/03/2026 à 9h05;MA07X12;T1;Jamais\n14/03/2026;JO21E45;T2;\n"
    settings = {"person": "Code", "team": "Équipe", "columns": {"Bien-être": "BE1"}}
    frame, _, faults = read(text, **settings, submitted="Reçu le")
    assert faults == []
    assert frame.rows(named=True) == [
        {"submitdate": "2026-03-02 09:05:00", "Code": "MA07X12", "Team": "T1", "BE1": "Jamais", "source_row": 4},
        {"submitdate": "2026-03-14 00:00:00", "Code": "JO21E45", "Team": "T2", "BE1": None, "source_row": 5},
    ]
    _, _, faults = read(text, **settings)
    assert [(f.rule, f.column) for f in faults] == [("unmapped_column", "Reçu le")]


def test_a_column_that_identifies_is_read_only_when_it_links_the_waves():
    assert "Adresse e-mail" not in forms.read_tables(GOOGLE.encode(), source=source())["form"].frame.columns
    frame = read(
        GOOGLE, **{**GOOGLE_SETTINGS, "person": "Adresse e-mail", "ignore": ["Remarques", "Quels*", "Votre code"]}
    )[0]
    assert frame["Adresse e-mail"].to_list() == ["ada@example.org", "bob@example.org"]


def test_nothing_that_identifies_is_stored_and_answers_are_scored(tmp_path: Path):
    (tmp_path / "t0.csv").write_text(LABELS, encoding="utf-8")
    study = Study.model_validate({
        "study": "essai", "title": "t", "organisation": "o",
        "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-02-10"},
        "waves": [{"wave": "T0", "label": "T0", "role": "baseline", "opens": "2026-02-02", "closes": "2026-02-15"}],
        "sources": [{"id": "q", "format": "form", "files": ["t0.csv"], "wave": "T0", "ignore": ["Q2"],
                     "columns": {"Q1": "BE1"}}],
    })  # fmt: skip
    loaded = LoadedStudy(study.model_copy(update={"instruments": house_instruments()}), tmp_path, "0")
    registers = read_registers(loaded, Keys(b"t" * 32, b"s" * 32))
    raw = read_surveys(loaded, registers)
    assert not raw.problems and "example.org" not in raw.tables["form"].write_csv()
    assert raw.received.select("format", "received").rows() == [("form", 3)]
    assert raw.rejected.select("source_row", "rule").rows() == [(5, "test_response")]
    answers = build_responses(raw.tables["form"], registers, loaded)
    assert not answers.problems and answers.accepted["rows"].to_list() == [2]
    assert answers.responses.select("item", "value_number", "submitted_at", "complete").rows() == [
        ("BE1", 5, datetime(2026, 2, 3, 9, 5), True), ("BE1", 0, None, False),
    ]  # fmt: skip


def test_tools_are_recognised_and_other_files_are_not():
    assert forms.recognises(["Timestamp", "Q"]) and forms.recognises(["ID", "Start time", "Completion time", "Q"])
    assert forms.recognises(FRAMAFORMS[2]) and forms.recognises(["StartDate", "EndDate", "Finished", "ResponseId"])
    assert forms.recognises(
        ["Serial number", "Submission ID", "Submission URI", "Created", "Completed", "Is draft", "Remote IP address"]
    )
    assert not forms.recognises(["id", "submitdate", "BE1"]) and not forms.recognises(["Date", "From", "To", "User"])


def test_settings_of_forms_are_refused_elsewhere():
    with pytest.raises(ValueError, match="are for `format: form`; limesurvey says it itself"):
        Source.model_validate({"id": "q", "format": "limesurvey", "files": ["x"], "wave": "T0", "answers": "codes"})

"""LimeSurvey exports: headings in every style, only closed questions kept, nothing that identifies a respondent."""

import io
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
import xlsxwriter

from pipelines.clean.ingest import formats, read_surveys
from pipelines.clean.pseudonyms import Keys
from pipelines.clean.registers import read_registers
from pipelines.sources.base import SourceError
from pipelines.sources.limesurvey import read_tables, recognises
from pipelines.sources.survey import Questionnaire, code_part, keep_items, mapping_problems
from pipelines.study.load import LoadedStudy, house_instruments
from pipelines.study.models import Source, Study, SurveyFormat, TimeFormat

KNOWN = Questionnaire(
    house_instruments(), {"courriels": "Courriels", "extraction": "Extraction de données"},
    {"assistanta": "Assistant A", "assistantb": "Assistant B"},
)  # fmt: skip
CODES = b"""\
\xef\xbb\xbf"id","submitdate","lastpage","startlanguage","seed","token","ipaddr","refurl","CODE","BE1","SO1[assistanta]","IR1[extraction]","OV1","interviewtime","BE1Time"\r
"1","2026-02-03 10:00:00","4","fr","12","jeton","192.0.2.1","https://example.org","MA07X12","3","4","7","Du texte
sur deux lignes","61.5","3.2"\r
"2","","2","fr","13","jeton2","192.0.2.2","","","99","","","","",""\r
"""
CODE_TEXT = """\
id. ID de la réponse;submitdate. Date de soumission;CODE. Code personnel;BE1. OMS-5. Premier énoncé;\
SO1[assistanta]. Satisfaction [Assistant A];QB[BE2]. Énoncés [Le deuxième]
1;2026-02-03 10:00:00;MA07X12;Tout le temps;Satisfait;Jamais
"""
FULL_FRENCH = """\
"ID de la réponse","Date de soumission","Dernière page","Langue de départ","Tête de série","Adresse IP",\
"URL référente","Temps total :","Votre code ?","L'outil vous plaît-il ?","L'outil vous plaît-il ?",\
"Tout bien considéré, quelle est votre satisfaction à l'égard de votre travail ?"
"7","2026-02-03 10:00:00","3","fr","1","192.0.2.7","","12","JO21E45","Satisfait","Peu satisfait","8"
"""


def source(**settings: object) -> Source:
    return Source.model_validate({"id": "q", "format": "limesurvey", "files": ["*.csv"], "wave": "T0", **settings})


def kept(data: bytes | str, **settings: object) -> pl.DataFrame:
    raw, faults = read(data, **settings)
    assert faults == []
    return raw


def read(data: bytes | str, **settings: object) -> tuple[pl.DataFrame, list[SourceError]]:
    declared = source(**settings)
    content = data if isinstance(data, bytes) else data.encode("utf-8")
    raw, faults = keep_items(read_tables(content, source=declared)["limesurvey"], source=declared, questionnaire=KNOWN)
    return raw.frame, faults


def said(faults: list[SourceError]) -> list[tuple[str, str | None]]:
    return [(f.rule, f.column) for f in faults]


def test_the_code_part_of_a_heading():
    assert code_part("G1Q1[SQ001]. How? Say. [Sub]") == "G1Q1[SQ001]"
    assert code_part("BE1._.OMS-5") == "BE1"
    assert code_part("G1[SQ001][1]") == "G1[SQ001][1]"
    assert code_part("\ufeffid") == "id"
    # A wording is not cut at its first full stop.
    assert code_part("Your work. What do you like?") == "Your work. What do you like?"


def test_it_is_recognised_in_code_and_in_full_text():
    assert recognises(["id", "submitdate", "BE1"]) and recognises(["Response ID", "Date submitted"])
    assert recognises(["ID de la réponse", "Date de soumission"]) and recognises(["Antwort ID", "Datum Abgeschickt"])
    assert not recognises(["Date", "From", "To"])


def test_a_heading_that_is_a_wording_names_its_item():
    satisfied = next(i for i in KNOWN.instruments.items if i.item == "SA1").text
    tool = next(i for i in KNOWN.instruments.items if i.item == "SO1").text
    for heading, column in (
        (satisfied, "SA1"), (f"<p>{satisfied.replace(' ?', '&nbsp;?')}</p>", "SA1"), (f"Énoncés [{satisfied}]", "SA1"),
        (f"Q7. {satisfied}", "SA1"), (satisfied.replace(" ", "_"), "SA1"), (f"{tool} [Assistant B]", "SO1:assistantb"),
        (tool.replace("[outil]", "Assistant B"), "SO1:assistantb"),
        ("SO1.assistanta.", "SO1:assistanta"), ("TP1_extraction", "TP1:extraction"), ("QB_BE2", "BE2"),
    ):  # fmt: skip
        assert kept(f'id;"{heading}"\n1;5\n').columns == ["id", column, "source_row"]
    # Neither a tool nobody knows nor the number of a repeat is guessed.
    assert said(read(f'id;BE1;"{tool} [Assistant C]";SO1[x][1];TP1;TP1\n1;5;4;4;1;2\n')[1]) == [
        ("unmapped_column", f"{tool} [Assistant C]"[:60]), ("unmapped_column", "SO1[x][1]"),
        ("unmapped_column", "TP1#2")]  # fmt: skip


def test_codes_as_headings_keep_the_closed_questions_and_the_code_only():
    frame = kept(CODES, person="CODE")
    assert frame.columns == ["id", "submitdate", "lastpage", "startlanguage", "CODE", "BE1", "SO1:assistanta",
                             "IR1:extraction", "source_row"]  # fmt: skip
    assert frame["source_row"].to_list() == [2, 4]
    assert frame["submitdate"].to_list() == ["2026-02-03 10:00:00", ""] and frame["BE1"].to_list() == ["3", "99"]


def test_code_and_text_and_an_item_as_subquestion():
    frame = kept(CODE_TEXT, person="CODE")
    assert frame.select("BE1", "SO1:assistanta", "BE2").row(0) == ("Tout le temps", "Satisfait", "Jamais")
    assert "id" in frame.columns and "submitdate" in frame.columns


def test_full_text_in_french_needs_a_mapping_for_headings_that_are_not_the_wording():
    frame, faults = read(FULL_FRENCH, person="Votre code ?", columns={"L'outil vous plaît-il ?": "SO1:assistanta"})
    assert said(faults) == [("unmapped_column", "L'outil vous plaît-il ?")] and "heads 2 columns" in faults[0].message
    numbered = {"L'outil vous plaît-il ?#1": "SO1:assistanta", "L'outil vous plaît-il ?#2": "SO1:assistantb"}
    frame = kept(FULL_FRENCH, person="Votre code ?", columns=numbered)
    assert frame["SA1"].to_list() == ["8"]
    assert frame.select("SO1:assistanta", "SO1:assistantb").row(0) == ("Satisfait", "Peu satisfait")
    assert not {"seed", "ipaddr"} & set(frame.columns)


def test_the_column_that_links_waves_may_be_the_token():
    frame = kept(CODES, person="token", ignore=["CODE"])
    assert frame["token"].to_list() == ["jeton", "jeton2"] and "CODE" not in frame.columns
    assert kept("id,EQ,BE1\n1,T1,5\n", team="EQ. Votre équipe")["Team"].to_list() == ["T1"]


def test_an_index_column_without_heading_is_left_out_and_a_workbook_is_read():
    assert kept(",BE1\n0,5\n1,4\n").columns == ["BE1", "source_row"]
    book = io.BytesIO()
    pl.DataFrame({"id": [1], "submitdate": ["2026-02-03 10:00:00"], "BE1": [5]}).write_excel(book)
    assert kept(book.getvalue()).select("BE1", "source_row").row(0) == ("5", 2)


def test_the_sheet_of_a_workbook_is_the_one_that_asks_what_the_study_names():
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as file:
        for name, rows in (("Nettoyage", [["Texte", "Remplacé par"], ["Meetings", "Réunions"]]),
                           ("Data", [["Vos outils ?", "", ""], ["Tri", "Envoi", "Autre"], ["Oui", "Non", "x"]])):
            sheet = file.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    data = book.getvalue()
    frame = kept(data, columns={"Vos outils ? [Tri]": "BE1"}, ignore=["Vos outils ? [Envoi]", "Vos outils ? [Autre]"])
    assert frame.rows() == [("Oui", 3)]


def test_what_nobody_declared_what_is_missing_and_what_is_declared_wrong():
    text = "id,BE1,Q9[other],extra1,extra2\n1,5,du texte libre,a,b\n"
    _, faults = read(text, ignore=["extra*"], columns={"BE9": "BE2"}, person="CODE")
    assert said(faults) == [("missing_column", "CODE"), ("missing_column", "BE9"), ("unmapped_column", "Q9[other]")]
    assert "du texte libre" not in "".join(f.message for f in faults)
    wrong = source(columns={"A": "BE99", "B": "SO1:inconnu", "C": "BE1:courriels", "D": "IR1:courriels"})
    assert [p.message.split("'")[1] for p in mapping_problems(wrong, KNOWN)] == ["A", "B", "C"]
    # A number sign belongs to the heading.
    assert said(read("id,BE1,Langage C#1\n1,5,x\n")[1]) == [("unmapped_column", "Langage C#1")]
    # Free text is never kept, whether it is known, declared or ignored.
    assert kept("id,BE1,OV1,Q9[other]\n1,5,x,y\n", columns={"Q9[other]": "OV1"}).columns == ["id", "BE1", "source_row"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"columns": {"BE1": "BE1", "BE1. Énoncé": "BE2"}}, "one column twice: 'BE1' and 'BE1. Énoncé'"),
        ({"columns": {"BE1": "BE1", "Q2": "BE2"}, "team": "BE1"}, "one column twice: 'BE1' and 'BE1'"),
        ({"columns": {"Q2": "BE1"}, "ignore": ["Q3*"]}, "'Q2' is the second column for the same item, after 'BE1'"),
        ({"columns": {"Q2": "BE2", "Q3[a b]": "BE2"}}, "'Q3[a b]' is the second column for the same item, after 'Q2'"),
    ],
)  # fmt: skip
def test_a_column_claimed_twice_is_told_with_both_claims(settings: dict[str, object], told: str):
    _, faults = read("id,BE1. Énoncé,Q2. Oui ?,Q3[a b]. Non ?\n1,5,4,3\n", **{"ignore": ["Q2", "Q3[a b]"], **settings})
    assert told in faults[0].message and len(faults) == 1


def test_what_is_ignored():
    text = "id,BE1,Q1[other],Q2[SQ001],Q22,Quelle heure ?,ether\n1,5,a,b,c,d,e\n"
    assert said(read(text, ignore=["*[other]", "Q2[*]", "Quelle heure ?"])[1]) == [
        ("unmapped_column", "Q22"), ("unmapped_column", "ether")]  # fmt: skip
    assert kept(text, ignore=["Q*", "E*"]).columns == ["id", "BE1", "source_row"]


def test_timings_are_left_out_in_every_language_and_nothing_like_them():
    timings = [
        "interviewtime", "groupTime308. Gruppenzeit: Textes", "BE1Time", "BE1Time. Question time: BE1", "Total time",
        "Group time: Textes", "Question time: BE1", "Temps total :", "Durée pour le groupe : Textes", "Gesamtzeit",
        "Durée pour la question: BE1", "Gruppenzeit: Textes", "Fragenzeit: BE1", "Temps.total..", "Temps_total_:",
    ]  # fmt: skip
    for heading in timings:
        assert kept(f'id;BE1;"{heading}"\n1;5;3.2\n').columns == ["id", "BE1", "source_row"], heading
    for heading in ("Group time management", "Total time spent?", "Durée pour le groupe, en minutes", "LunchTime"):
        assert said(read(f'id;BE1;"{heading}"\n1;5;3.2\n')[1]) == [("unmapped_column", heading)]


def test_what_is_written_beside_an_answer_is_free_text_and_is_not_stored():
    header = "id,SO1[assistanta],SO3[other],BE1[comment],PU7[autre],PU7[other],Q9[other]"
    text = f"{header}\n1,4,du texte,du texte,Y,du texte,x\n"
    raw, faults = read(text)
    assert said(faults) == [("unmapped_column", "Q9[other]")]
    assert raw.columns == ["id", "SO1:assistanta", "PU7_autre", "source_row"]


def test_columns_without_a_heading_are_told_and_only_a_counter_is_an_index():
    assert said(read("id,BE1,\n1,5,note\n2,4,\n")[1]) == [("unmapped_column", "column 3, which has no heading")]
    assert said(read(",BE1\n7,5\n7,4\n")[1]) == [("unmapped_column", "column 1, which has no heading")]
    assert kept("X,BE1\n3,5\n9,4\n").columns == ["BE1", "source_row"]


def test_a_row_of_answers_is_no_second_header():
    raw = read_tables(b"id,BE1,,\n1,5,a,a\n2,4,b,c\n", source=source())["limesurvey"]
    assert raw.received == 2
    raw = read_tables(b"id;Vos outils ?;;\n;Tri;Envoi;Autre\n1;Oui;Non;x\n", source=source())["limesurvey"]
    assert [h.names[0] for h in raw.headings] == ["id", *(f"Vos outils ? [{s}]" for s in ("Tri", "Envoi", "Autre"))]
    assert raw.received == 1 and raw.frame["source_row"].to_list() == [3]


@pytest.mark.parametrize("text", ["Date;Project\n2026-02-03;Rapport\n", "Ada Essai;a@example.org\nBob;b@example.org\n"])
def test_a_file_without_any_item_is_refused_without_quoting_it(text: str):
    _, faults = read(text)
    assert said(faults) == [("unrecognised_file", None)] and "Essai" not in faults[0].message


def test_nothing_personal_reaches_the_raw_table(tmp_path: Path):
    (tmp_path / "t0.csv").write_bytes(CODES)
    (tmp_path / "bad.csv").write_text("id,BE1,ZZ\n1,5,x\n", encoding="utf-8")
    (tmp_path / "codes.csv").write_text("code;team;role\nMA07X12;;agent\n", encoding="utf-8")
    study = Study.model_validate({
        "study": "essai", "title": "t", "organisation": "o", "registers": {"people_survey": "codes.csv"},
        "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
        "waves": [{"wave": "T0", "label": "T0", "role": "baseline", "opens": "2026-02-02", "closes": "2026-02-15"}],
        "sources": [{"id": "q", "format": "limesurvey", "files": ["t0.csv"], "wave": "T0", "person": "CODE",
                     "ignore": ["SO1*", "IR1*"]},
                    {"id": "r", "format": "limesurvey", "files": ["bad.csv", "none.csv"], "wave": "T0"}],
    })  # fmt: skip
    loaded = LoadedStudy(study.model_copy(update={"instruments": house_instruments()}), tmp_path, "0")
    registers = read_registers(loaded, Keys(b"t" * 32, b"s" * 32))
    found = read_surveys(loaded, registers)
    raw = found.tables["limesurvey"]
    assert raw["person_survey"].to_list() == [registers.survey_identities["person_survey"].item(), None]
    assert raw["link"].to_list() == ["exact", "none"]
    stored = raw.write_csv().lower()
    assert not [w for w in ("ma07x12", "192.0.2", "jeton", "du texte", "example.org") if w in stored]
    assert [(p.rule, p.file, p.column) for p in found.problems] == [
        ("missing_file", "none.csv", None), ("unmapped_column", "bad.csv", "ZZ")]  # fmt: skip
    assert found.received.select("source", "received").rows() == [("q", 2)]


def test_the_study_file_and_the_readers_agree_on_what_is_a_questionnaire():
    assert {f for f, m in formats().items() if m.DOMAIN == "survey"} == set(get_args(SurveyFormat))
    assert {f for f, m in formats().items() if m.DOMAIN == "time"} == set(get_args(TimeFormat))

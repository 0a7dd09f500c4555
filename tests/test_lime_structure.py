"""LimeSurvey structures: one survey written in every form is read as one and the same; real files; refusals."""

from pathlib import Path

import pytest

from pipelines.sources.base import SourceError
from pipelines.sources.lime_structure import Structure, flat, heading_key, read_structure

REAL = Path(__file__).parent / "lime_structures"
Rows = list[dict[str, object]]

# A survey of every kind of question, in French and English: (code, type, other, mandatory, French, English,
# subquestions, answers); subquestions and answers are (scale, code, French, English).
LIKES = [(0, "1", "Peu", "Little"), (0, "2", "Beaucoup", "A lot")]
ROWS = [(0, "SQ001", "Le tri", "Sorting"), (0, "SQ002", "L'envoi", "Sending")]
SURVEY: list[list[tuple]] = [
    [
        ("Q1", "L", "Y", "Y", "Votre outil&nbsp;?", "Your tool?", [], LIKES),
        ("Q2", "P", "Y", "N", "<p>Vos <b>tâches</b></p>", "<p>Your <b>tasks</b></p>", ROWS[:1], []),
        ("Q3", "F", "N", "N", "L'outil\nvous plaît ?", "Do you\nlike it?", ROWS, LIKES),
    ],
    [
        ("Q4", "1", "N", "N", "Avant, après", "Before, after", ROWS[:1], [*LIKES, (1, "9", "Rien", "None")]),
        ("Q5", ":", "N", "N", "Minutes", "Minutes", [*ROWS[:1], (1, "J1", "Lundi", "Monday")], []),
        ("Q6", "R", "N", "N", "Classez", "Rank them", [], LIKES),
        ("Q7", "Y", "N", "N", "Content ?", "Happy?", [], []),
        ("Q8", "O", "N", "N", "Pourquoi ?", "Why?", [], LIKES[:1]),
        ("Q9", "N", "N", "N", "Combien ?", "How many?", [], []),
    ],
]
GROUPS = [("Premiers pas", "First steps"), ("Détails", "Details")]
LANGUAGES = ("fr", "en")


def xml(version: int, tables: dict[str, Rows], doctype: str = "Survey") -> bytes:
    def cell(name: str, value: object) -> str:
        return f"<{name}><![CDATA[{value}]]></{name}>"

    body = "".join(
        f"<{table}><rows>" + "".join(f"<row>{''.join(cell(k, v) for k, v in row.items())}</row>" for row in rows)
        + f"</rows></{table}>" for table, rows in tables.items()
    )  # fmt: skip
    languages = "".join(f"<language>{lang}</language>" for lang in reversed(LANGUAGES))
    head = f"<LimeSurveyDocType>{doctype}</LimeSurveyDocType><DBVersion>{version}</DBVersion>"
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<document>{head}<languages>{languages}</languages>{body}'
            "</document>").encode()  # fmt: skip


def as_lss(version: int) -> bytes:
    """The survey as LimeSurvey 3 (version 365) or 6 (version 641) writes it; rows in no order but that they declare."""
    old = version < 400
    tables: dict[str, Rows] = {t: [] for t in ("answers", "answer_l10ns", "groups", "group_l10ns", "questions",
                                               "subquestions", "question_l10ns", "question_attributes")}  # fmt: skip
    tables["surveys"] = [{"sid": 1, "language": "fr", "additional_languages": "en"}]

    def add(table: str, key: str, row: dict[str, object], translations: str, column: str, texts: tuple[str, str]):
        said = [{column: text, "language": lang} for lang, text in zip(LANGUAGES, texts, strict=True)]
        tables[table] += [row | s for s in said] if old else [row]
        tables[translations] += [] if old else [{key: row[key], **s} for s in said]

    number = 100
    for g, questions in enumerate(SURVEY):
        gid = 20 - g  # the order is group_order's, not that of the numbers
        add("groups", "gid", {"gid": gid, "group_order": g + 1}, "group_l10ns", "group_name", GROUPS[g])
        for order, (code, kind, other, mandatory, fr, en, subquestions, answers) in enumerate(questions):
            number += 1
            qid = 1000 - number
            row = {"qid": qid, "parent_qid": 0, "gid": gid, "type": kind, "title": code, "other": other,
                   "mandatory": mandatory, "question_order": order, "scale_id": 0}  # fmt: skip
            add("questions", "qid", row, "question_l10ns", "question", (fr, en))
            for position, (scale, sub, *texts) in enumerate(subquestions):
                number += 1
                row = {"qid": number, "parent_qid": qid, "title": sub, "question_order": position, "scale_id": scale}
                add("subquestions", "qid", row, "question_l10ns", "question", tuple(texts))
            for position, (scale, answer, *texts) in enumerate(answers):
                number += 1
                row = {"qid": qid, "code": answer, "sortorder": position, "scale_id": scale}
                row |= {} if old else {"aid": number}
                add("answers", "aid", row, "answer_l10ns", "answer", tuple(texts))
    for rows in tables.values():
        rows.reverse()
    return xml(version, {name: rows for name, rows in tables.items() if rows})


def as_tsv() -> bytes:
    lines = ["class\ttype/scale\tname\trelevance\ttext\thelp\tlanguage\tmandatory\tother", "S\t\tlanguage\t\tfr"]

    def line(*cells: object) -> None:
        lines.append("\t".join('"' + str(c).replace('"', '""') + '"' if "\n" in str(c) else str(c) for c in cells))

    for i, lang in enumerate(LANGUAGES):
        line("SL", "", "surveyls_title", "", "Essai\n\"essai\"", "", lang)
        for g, questions in enumerate(SURVEY):
            line("G", "", GROUPS[g][i], 1, "", "", lang)
            for code, kind, other, mandatory, *texts, subquestions, answers in questions:
                line("Q", kind, code, 1, texts[i], "", lang, mandatory, other)
                for scale, sub, *said in subquestions:
                    line("SQ", scale, sub, 1, said[i], "", lang)
                for scale, answer, *said in answers:
                    line("A", scale, answer, "", said[i], "", lang)
    width = lines[0].count("\t")
    return ("\ufeff" + "\r\n".join(text + "\t" * (width - text.count("\t")) for text in lines) + "\r\n").encode()


COLUMNS = [
    ("Q1", None, "Votre outil ?"), ("Q1[other]", "other", "Votre outil ? [Autre]"),
    ("Q2[SQ001]", "SQ001", "Vos tâches [Le tri]"),
    ("Q2[SQ001comment]", "SQ001comment", "Vos tâches [Le tri][Commentaire]"),
    ("Q2[other]", "other", "Vos tâches [Autre]"),
    ("Q2[othercomment]", "othercomment", "Vos tâches [Autre][Commentaire]"),
    ("Q3[SQ001]", "SQ001", "L'outil vous plaît ? [Le tri]"), ("Q3[SQ002]", "SQ002", "L'outil vous plaît ? [L'envoi]"),
    ("Q4[SQ001][1]", "SQ001", "Avant, après [Le tri][Échelle 1]"),
    ("Q4[SQ001][2]", "SQ001", "Avant, après [Le tri][Échelle 2]"),
    ("Q5[SQ001_J1]", "SQ001_J1", "Minutes [Le tri][Lundi]"),
    ("Q6[1]", "1", "Classez [Rang 1]"), ("Q6[2]", "2", "Classez [Rang 2]"), ("Q7", None, "Content ?"),
    ("Q8", None, "Pourquoi ?"), ("Q8[comment]", "comment", "Pourquoi ? [Commentaire]"), ("Q9", None, "Combien ?"),
]  # fmt: skip


@pytest.mark.parametrize("data", [as_lss(365), as_lss(641), as_tsv()], ids=["LimeSurvey 3", "LimeSurvey 6", "tsv"])
def test_one_survey_in_every_form(data: bytes):
    found = read_structure(data)
    assert found.languages == ("fr", "en")
    assert [g["fr"] for g in found.groups] == ["Premiers pas", "Détails"]
    assert [(q.group, q.mandatory, q.other) for q in found.questions[:3]] == [(0, True, True), (0, False, True),
                                                                             (0, False, False)]  # fmt: skip
    assert found.columns().select("column", "subquestion", "text").rows() == COLUMNS
    assert found.columns("en")["text"][:2].to_list() == ["Your tool?", "Your tool? [Other]"]
    assert found.questions[1].texts == {"fr": "<p>Vos <b>tâches</b></p>", "en": "<p>Your <b>tasks</b></p>"}
    said = {}
    for column, code, label in found.answers().iter_rows():
        said.setdefault(column, {})[code] = label
    likes = {"1": "Peu", "2": "Beaucoup"}
    assert said == {
        "Q1": {**likes, "-oth-": "Autre"}, "Q2[SQ001]": {"Y": "Oui", "N": "Non"},
        "Q3[SQ001]": likes, "Q3[SQ002]": likes,
        "Q4[SQ001][1]": likes, "Q4[SQ001][2]": {"9": "Rien"}, "Q6[1]": likes, "Q6[2]": likes,
        "Q7": {"Y": "Oui", "N": "Non"}, "Q8": {"1": "Peu"},
    }  # fmt: skip


def real(name: str) -> Structure:
    return read_structure((REAL / name).read_bytes())


def test_structures_that_limesurvey_wrote():
    answers = real("citric_answers.lss")
    names = [f"Q01[SQ00{i}]" for i in (1, 2, 3)] + [f"Q02[SQ00{i}]" for i in range(1, 6)]
    assert answers.columns()["column"].to_list() == names
    assert answers.columns()["text"][3] == "This is the second question [Color]"
    of_color = answers.answers().filter(column="Q02[SQ001]").select("answer_code", "label").rows()
    assert of_color[0] == ("AO01", "Too much") and of_color[-1] == ("AO05", "Too little") and len(of_color) == 5
    both = real("imex_two_languages.lss")
    assert both.languages == ("en", "et") and set(both.questions[0].texts) == {"en", "et"}


def test_a_group_or_a_question_alone_is_a_structure():
    row = {"qid": 1, "parent_qid": 0, "gid": 7, "type": "5", "title": "Q1", "other": "N", "mandatory": "N"}
    found = read_structure(xml(447, {"questions": [row]}, "Question"))
    assert found.groups == () and found.answers()["answer_code"].to_list() == list("12345")


def test_a_ranking_may_have_fewer_columns_than_answers():
    question = {"qid": 1, "parent_qid": 0, "gid": 7, "type": "R", "title": "Q1"}
    answers: Rows = [{"qid": 1, "aid": i, "code": f"A{i}", "sortorder": i, "scale_id": 0} for i in range(5)]
    ranks = {"qid": 1, "attribute": "max_subquestions", "value": 3}
    tables = {"questions": [question], "answers": answers, "question_attributes": [ranks]}
    assert read_structure(xml(641, tables)).columns()["column"].to_list() == ["Q1[1]", "Q1[2]", "Q1[3]"]


def test_headings_are_compared_without_what_tools_move():
    assert heading_key("Aimez-vous [ l'outil ] ?\r\n(oui)") == heading_key("aimez-vous <b>[l'outil]</b>&nbsp;? (oui)")


ENTITY = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa">]><document>&a;</document>'
ONE = {"questions": [{"qid": 1, "parent_qid": 0, "type": "N", "title": "Q1"}]}
TSV = "class\ttype/scale\tname\ttext\tlanguage\n"


@pytest.mark.parametrize(
    ("data", "words", "line"),
    [
        (b"id,submitdate,Q1\n1,2026-02-03,4\n", "neither XML nor columns headed", 1),
        (b"Bonjour\n", "neither XML nor columns headed", 1),
        (b"PK\x03\x04", "archive or a workbook", None),
        (ENTITY, "declares a document type", None),
        (as_lss(641)[:3000], "XML is damaged", 2),
        (xml(641, ONE, "Label set"), "no survey structure ('Label set')", None),
        (b"<html><body>404</body></html>", "no survey structure ('html')", None),
        (xml(641, {"questions": [*ONE["questions"], {"qid": 2, "parent_qid": 0, "type": "N", "title": "Q1"}]}),
         "Two questions have the code Q1", None),
        ((TSV + "Q\tN\tQ1\tCombien\tfr\nQ\tN\tQ1\tEncore\tfr\n").encode(), "Two questions have the code Q1", 3),
        ((TSV + "SQ\t0\tSQ1\tLe tri\tfr\n").encode(), "comes before its question", 2),
        ((TSV + "Q\tN\tQ1\tCombien\n").encode(), "does not have the columns of the header", 2),
        ((TSV + "S\t\tlanguage\tfr\t\n").encode(), "asks no question", None),
        (b"", "neither XML nor columns headed", None),
    ],
    ids=["responses", "prose", "archive", "entity", "cut", "label set", "html", "twice", "twice tsv", "orphan", "short",
         "empty survey", "empty file"],
)  # fmt: skip
def test_what_is_no_structure_is_refused_in_words(data: bytes, words: str, line: int | None):
    with pytest.raises(SourceError) as refused:
        read_structure(data)
    assert words in refused.value.message and refused.value.line == line
    assert refused.value.problem("a.lss").action


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a<!-- b --> c<SCRIPT>d</script>e", "a c e"), ("<p>a</p><p class='x'>b</p>", "a b"), ("a <b>b</b>c", "a bc"),
        ("<!-- a", "<!-- a"), ("2 < 3 > 1", "2 < 3 > 1"), ("<style>a</style><!--b-->c", "c"), ("&lt;b&gt;", "<b>"),
    ],
)  # fmt: skip
def test_what_a_respondent_sees(text: str, seen: str):
    assert flat(text) == seen


@pytest.mark.parametrize("sign", ["<!--", "<script", "<b", "<p ", "</p", "&amp", "<script>x</style>"])
def test_a_cell_that_holds_anything_is_read_at_once(sign: str):
    flat(sign * 100_000)  # in a time that grew as the square of its length this test would take an hour

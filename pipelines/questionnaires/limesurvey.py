"""A questionnaire -> what LimeSurvey imports: `.lss` (XML) and tab-separated `.txt`, in French.

The XML declares the database version 641 (LimeSurvey 6): texts stand in tables of their own since version 4. LimeSurvey
imports older declarations and its own; of the settings it does not know it warns and goes on. Responses are dated, and
neither the address nor the referring page of a respondent is kept.
"""

import csv
import html
import io
from collections.abc import Iterator

from pipelines.questionnaires.build import ALWAYS, Question, Survey

DB_VERSION = 641
LANGUAGE = "fr"
FIRST_SID = 910001  # a proposal: LimeSurvey gives another number when it is taken
SHORT_TEXT = 100  # characters; a longer text gets a box of several lines
LETTERS = {"choice": "L", "table": "F", "number": "N", "numbers": "K", "text": "S", "texts": "Q", "boxes": "M",
           "points": "K", "date": "D"}  # fmt: skip
THEMES = {"L": "listradio", "F": "arrays/array", "N": "numerical", "K": "multiplenumeric", "S": "shortfreetext",
          "T": "longfreetext", "Q": "multipleshorttext", "M": "multiplechoice", "D": "date"}  # fmt: skip
# N: nobody's address, referring page, timings or unfinished answers are kept; nothing is shown to the public.
SETTINGS = {
    "gsid": "1", "admin": "inherit", "adminemail": "inherit", "anonymized": "N", "format": "G", "savetimings": "N",
    "template": "inherit", "language": LANGUAGE, "additional_languages": "", "datestamp": "Y", "usecookie": "N",
    "allowregister": "N", "allowsave": "N", "autoredirect": "N", "allowprev": "Y", "printanswers": "N", "ipaddr": "N",
    "ipanonymize": "N", "refurl": "N", "publicstatistics": "N", "publicgraphs": "N", "listpublic": "N",
    "htmlemail": "Y", "sendconfirmation": "N", "tokenanswerspersistence": "N", "assessments": "N", "usecaptcha": "N",
    "usetokens": "N", "showxquestions": "N", "showgroupinfo": "N", "shownoanswer": "N", "showqnumcode": "X",
    "showwelcome": "Y", "showprogress": "Y", "questionindex": "0", "nokeyboard": "N", "alloweditaftercompletion": "N",
}  # fmt: skip
THANKS = "Merci. Vos réponses sont enregistrées."
TSV_COLUMNS = ("class", "type/scale", "name", "relevance", "text", "help", "language", "validation", "mandatory",
               "other", "default", "same_default")  # fmt: skip
ATTRIBUTES = ("date_format", "display_columns", "equals_num_value", "max_answers", "max_num_value_n", "maximum_chars",
              "min_num_value_n", "num_value_int_only")  # fmt: skip
Row = dict[str, str]


def as_tsv(survey: Survey, rank: int) -> bytes:
    """The tab-separated structure: UTF-8 with a byte order mark, one line per setting, group, question, row, answer.
    `rank`: place of the questionnaire among those of the study, from 0."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*TSV_COLUMNS, *ATTRIBUTES], restval="", delimiter="\t", lineterminator="\n")
    writer.writeheader()

    def line(kind: str, name: str, *, text: str = "", **cells: str) -> None:
        writer.writerow({"class": kind, "name": name, "text": text, **cells})

    for name, value in _settings(rank).items():
        line("S", name, text=value)
    for name, value in _language_settings(survey, rank).items():
        line("SL", name, text=value, language=LANGUAGE)
    for g, (title, questions) in enumerate(survey.pages):
        line("G", _text(title), relevance=ALWAYS, language=LANGUAGE, **{"type/scale": f"G{g}"})
        for q in questions:
            line("Q", q.code, text=_asked(q), help=_text(q.help), relevance=q.shown_if, language=LANGUAGE, other="N",
                 mandatory=_mandatory(q), same_default="0", **{"type/scale": _letter(q)}, **_attributes(q))  # fmt: skip
            for row in q.rows:
                line("SQ", row.code, text=_text(row.label), relevance=row.shown_if, language=LANGUAGE,
                     **{"type/scale": "0"})  # fmt: skip
            for answer in q.answers:
                line("A", answer.code, text=_text(answer.label), language=LANGUAGE, **{"type/scale": "0"})
    return out.getvalue().encode("utf-8-sig")


def as_lss(survey: Survey, rank: int) -> bytes:
    """The XML structure, as_tsv's twin."""
    sid = str(FIRST_SID + rank)
    tables: dict[str, list[Row]] = {t: [] for t in (
        "answers", "answer_l10ns", "groups", "group_l10ns", "questions", "subquestions", "question_l10ns",
        "question_attributes")}  # fmt: skip
    numbers = iter(range(1, 100_000))

    def asked(table: str, number: str, gid: int, letter: str, code: str, order: int, text: str, help_text: str,
              shown_if: str, parent: str, **more: str) -> None:  # fmt: skip
        tables[table].append({
            "qid": number, "parent_qid": parent, "sid": sid, "gid": str(gid), "type": letter, "title": code,
            "other": "N", "encrypted": "N", "question_order": str(order), "scale_id": "0", "same_default": "0",
            "relevance": shown_if, "same_script": "0", **more,
        })  # fmt: skip
        tables["question_l10ns"].append({"id": number, "qid": number, "question": text, "help": help_text, "script": "",
                                         "language": LANGUAGE})  # fmt: skip

    for g, (title, questions) in enumerate(survey.pages, start=1):
        tables["groups"].append({"gid": str(g), "sid": sid, "group_order": str(g), "randomization_group": "",
                                 "grelevance": ALWAYS})  # fmt: skip
        tables["group_l10ns"].append({"id": str(g), "gid": str(g), "group_name": _text(title), "description": "",
                                      "language": LANGUAGE})  # fmt: skip
        for order, q in enumerate(questions, start=1):
            qid, letter = str(next(numbers)), _letter(q)
            asked("questions", qid, g, letter, q.code, order, _asked(q), _text(q.help), q.shown_if, "0",
                  mandatory=_mandatory(q), question_theme_name=THEMES[letter])  # fmt: skip
            tables["question_attributes"] += [
                {"qid": qid, "attribute": name, "value": value, "language": ""}
                for name, value in _attributes(q).items()
            ]
            for place, row in enumerate(q.rows, start=1):
                asked("subquestions", str(next(numbers)), g, letter, row.code, place, _text(row.label), "",
                      row.shown_if, qid, mandatory="N")  # fmt: skip
            for place, answer in enumerate(q.answers, start=1):
                aid = str(next(numbers))
                tables["answers"].append({"aid": aid, "qid": qid, "code": answer.code, "sortorder": str(place),
                                          "assessment_value": "0", "scale_id": "0"})  # fmt: skip
                tables["answer_l10ns"].append({"id": aid, "aid": aid, "answer": _text(answer.label),
                                               "language": LANGUAGE})  # fmt: skip
    tables["surveys"] = [_settings(rank)]
    tables["surveys_languagesettings"] = [_language_settings(survey, rank)]
    return "".join(_document(tables)).encode("utf-8")


def _document(tables: dict[str, list[Row]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<document>\n <LimeSurveyDocType>Survey</LimeSurveyDocType>\n'
    yield f" <DBVersion>{DB_VERSION}</DBVersion>\n <languages>\n  <language>{LANGUAGE}</language>\n </languages>\n"
    for table, rows in tables.items():
        if not rows:
            continue
        fields = "".join(f"   <fieldname>{name}</fieldname>\n" for name in rows[0])
        yield f" <{table}>\n  <fields>\n{fields}  </fields>\n  <rows>\n"
        for row in rows:
            yield "   <row>\n" + "".join(f"    {_cell(name, value)}\n" for name, value in row.items()) + "   </row>\n"
        yield f"  </rows>\n </{table}>\n"
    yield "</document>\n"


def _cell(name: str, value: str) -> str:
    if not value:
        return f"<{name}/>"
    return f"<{name}><![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def _settings(rank: int) -> Row:
    return {"sid": str(FIRST_SID + rank), **SETTINGS}


def _language_settings(survey: Survey, rank: int) -> Row:
    lines = [survey.form.intro, f"Durée : environ {max(1, round(survey.minutes))} min."]
    lines += [f"En continuant, je confirme : « {survey.informed} »"] if survey.informed else []
    return {
        "surveyls_survey_id": str(FIRST_SID + rank), "surveyls_language": LANGUAGE,
        "surveyls_title": _text(f"{survey.form.title} - {survey.organisation}"[:200]), "surveyls_description": "",
        "surveyls_welcometext": "".join(f"<p>{_text(line)}</p>" for line in lines if line),
        "surveyls_endtext": f"<p>{_text(THANKS)}</p>", "surveyls_url": "", "surveyls_urldescription": "",
        "surveyls_dateformat": "5", "surveyls_numberformat": "1",
    }  # fmt: skip


def _letter(q: Question) -> str:
    long = q.shape == "text" and q.first.kind == "text" and (q.first.maximum or 0) > SHORT_TEXT
    return "T" if long else LETTERS[q.shape]


def _mandatory(q: Question) -> str:
    return "Y" if any(i.required for i in q.items) else "N"


def _asked(q: Question) -> str:
    return _text(q.text) + (" (facultatif)" if all(i.optional for i in q.items) else "")


def _attributes(q: Question) -> Row:
    item, found = q.first, {}
    if q.shape in ("number", "numbers"):
        found["num_value_int_only"] = "1"
        found |= {} if item.minimum is None else {"min_num_value_n": f"{item.minimum:g}"}
        found |= {} if item.maximum is None else {"max_num_value_n": f"{item.maximum:g}"}
    elif q.shape == "points":
        found = {"num_value_int_only": "1", "min_num_value_n": "0", "max_num_value_n": "100", "equals_num_value": "100"}
    elif q.shape == "boxes" and item.max_choices:
        found["max_answers"] = str(item.max_choices)
    elif q.shape in ("text", "texts") and item.maximum:
        found["maximum_chars"] = f"{item.maximum:g}"
    elif q.shape == "choice" and len(q.answers) > 10 and all(a.code.isdigit() for a in q.answers):
        found["display_columns"] = str(len(q.answers))
    elif q.shape == "date":
        found["date_format"] = "dd/mm/yyyy"
    return dict(sorted(found.items()))


def _text(text: str) -> str:
    """Plain text for a field that holds HTML, where braces would be read as an expression."""
    return html.escape(text, quote=False).replace("{", "&#123;").replace("}", "&#125;")

"""LimeSurvey survey structures: `.lss`, `.lsg`, `.lsq` (XML) and the tab-separated `.txt` -> the questions asked.

A structure says what an export cannot: the type of each question, its texts and answer options in every language, and
so which headings and labels an export may hold. Belongs here: reading it. What an answer is worth is in the study's
instruments.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import polars as pl

from pipelines.sources.base import SourceError
from pipelines.sources.text import SOURCE_ROW, decode, read_delimited

Texts = dict[str, str]  # language -> text as written, HTML included

COLUMNS = ("column", "question", "subquestion", "type", "text")
ANSWERS = ("column", "answer_code", "label")
DOCUMENTS = ("Survey", "Group", "Question")
# Types of questions (one letter each, as LimeSurvey stores them).
DUAL, RANKING, FILE = "1", "R", "|"
TABLES = (":", ";")  # numbers or texts in a table of two lists of subquestions
CHECKED, LISTS = ("M", "P"), ("L", "!", "O")
OTHER_CODE = "-oth-"
# What LimeSurvey itself writes, in the languages met in real exports (elsewhere: English).
_WORDS: dict[str, Texts] = {
    "other": {"en": "Other", "fr": "Autre", "de": "Sonstiges"},
    "comment": {"en": "Comment", "fr": "Commentaire", "de": "Kommentar"},
    "rank": {"en": "Rank", "fr": "Rang", "de": "Rang"},
    "scale": {"en": "Scale", "fr": "Échelle", "de": "Skala"},
    "Y": {"en": "Yes", "fr": "Oui", "de": "Ja"},
    "N": {"en": "No", "fr": "Non", "de": "Nein"},
    "U": {"en": "Uncertain"}, "I": {"en": "Increase"}, "S": {"en": "Same"}, "D": {"en": "Decrease"},
    "F": {"en": "Female"}, "M": {"en": "Male"},
}  # fmt: skip
_FIXED: dict[str, tuple[str, ...]] = {
    "Y": ("Y", "N"), "M": ("Y", "N"), "P": ("Y", "N"), "C": ("Y", "U", "N"), "E": ("I", "S", "D"), "G": ("F", "M"),
    "5": tuple("12345"), "A": tuple("12345"), "B": tuple(str(i) for i in range(1, 11)),
}  # fmt: skip
_NOT_ONE = "The file is no survey structure: neither XML nor columns headed class, type/scale, name, text, language."
_EXPORT = "Export the survey structure from LimeSurvey as .lss or as tab-separated values."
_TSV_HEADINGS = {"class", "type/scale", "name", "text", "language"}
# Tags stop at the next one: a cell may hold anything, and is read in time that grows with its length only.
_HIDDEN = ((re.compile("<!--"), re.compile("-->")), *((re.compile(rf"(?i)<{t}\b"), re.compile(rf"(?i)</{t}>"))
           for t in ("script", "style")))  # fmt: skip
_BLOCK = re.compile(r"(?i)</?(?:br|p|div|li|ul|ol|tr|td|th|h\d)\b[^<>]*>")
_INLINE = re.compile(r"</?[a-zA-Z][^<>]*>")


@dataclass(frozen=True)
class Option:
    """A subquestion or an answer option. `scale`: 0, or 1 for the second list of a dual scale or of a table."""

    code: str
    texts: Texts
    scale: int = 0


@dataclass(frozen=True)
class Question:
    """One question. `type`: LimeSurvey's letter. `group`: rank of its group in `Structure.groups`."""

    code: str
    type: str
    texts: Texts
    group: int = 0
    mandatory: bool = False
    other: bool = False
    subquestions: tuple[Option, ...] = ()
    answers: tuple[Option, ...] = ()
    max_ranks: int | None = None  # of a ranking: columns in the export, when fewer than the answers


@dataclass(frozen=True)
class Structure:
    """A survey as LimeSurvey describes it. `languages`: the base language first. `groups`: their names, in order."""

    languages: tuple[str, ...]
    groups: tuple[Texts, ...]
    questions: tuple[Question, ...]

    def columns(self, language: str | None = None) -> pl.DataFrame:
        """[column, question, subquestion, type, text] of every column the answers are exported in, in order.

        `column`: the heading as code (`Q1`, `Q1[SQ001]`, `Q1[other]`, `Q1[SQ001comment]`, `Q1[SQ001][1]` for a dual
        scale, `Q1[SQ001_SQ002]` for a table); `subquestion`: what stands in its first brackets; `text`: the heading as
        full text (`Question [subquestion]`), without HTML, in single spaces: compare it through heading_key(). In the
        base language unless said.
        """
        rows = [(f"{q.code}{c.suffix}", q.code, c.subquestion, q.type, c.heading) for q, c in self._all(language)]
        return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")

    def answers(self, language: str | None = None) -> pl.DataFrame:
        """[column, answer_code, label] of every answer a column may hold, as codes and as labels (no HTML, single
        spaces). A column of numbers or text has no row."""
        rows = [(f"{q.code}{c.suffix}", code, label) for q, c in self._all(language) for code, label in c.answers]
        return pl.DataFrame(rows, schema=dict.fromkeys(ANSWERS, pl.String), orient="row")

    def _all(self, language: str | None) -> Iterator[tuple[Question, "_Column"]]:
        spoken = language or self.languages[0]
        return ((q, c) for q in self.questions for c in _exported(q, spoken))


def read_structure(data: bytes) -> Structure:
    """The structure held by `data`: XML of LimeSurvey 2 to 6, or its tab-separated form.

    Raises SourceError `unrecognised_file` when it is neither, or is damaged; `empty_file` when it asks nothing.
    """
    if data.startswith(b"PK"):
        raise _refused("The file is an archive or a workbook, not a survey structure.",
                       "Take the .lss out of the .lsa, or export the structure again.")  # fmt: skip
    text = decode(data)[0].decode("utf-8").lstrip()
    found = _from_xml(text) if text.startswith("<") else _from_tsv(data)
    if not found.questions:
        raise SourceError("empty_file", "The structure asks no question.", "Export the survey again.")
    codes = [q.code for q in found.questions]
    if twice := sorted({c for c in codes if codes.count(c) > 1}):
        raise _refused(f"Two questions have the code {twice[0]}: their columns cannot be told apart.",
                       "Rename one in LimeSurvey and export again.")  # fmt: skip
    return found


def flat(text: str) -> str:
    """The text a respondent sees: no HTML, no entity, single spaces."""
    if "<" in text:
        for opening, closing in _HIDDEN:
            text = _without(text, opening, closing)
        text = _INLINE.sub("", _BLOCK.sub(" ", text))
    return " ".join(html.unescape(text).split())


def _without(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """The text without what stands between such marks."""
    parts, at = [], 0
    while (first := opening.search(text, at)) and (last := closing.search(text, first.end())):
        parts.append(text[at : first.start()])
        at = last.end()
    return " ".join([*parts, text[at:]])


def heading_key(heading: str) -> str:
    """The spelling in which a full-text heading of an export and `Structure.columns()["text"]` agree: LimeSurvey and
    spreadsheets move spaces, line breaks and capitals."""
    return "".join(flat(heading).casefold().split())


# ------------------------------------------------------------------------------------------- columns of the export
@dataclass(frozen=True)
class _Column:
    suffix: str
    subquestion: str | None
    heading: str
    answers: list[tuple[str, str]]


def _exported(q: Question, language: str) -> Iterator[_Column]:
    """The columns one question is exported in."""

    def said(texts: Texts) -> str:
        return flat(texts.get(language) or next((t for t in texts.values() if t), ""))

    def word(key: str) -> str:
        return _WORDS[key].get(language.split("-")[0], _WORDS[key]["en"])

    def column(sub: str | None, *subtexts: str, options: list[tuple[str, str]], scale: str = "") -> _Column:
        texts = "".join(f"[{t}]" for t in subtexts)
        heading = f"{said(q.texts)} {texts}".strip()
        return _Column("" if sub is None else f"[{sub}]{scale}", sub, heading, options)

    def listed(scale: int = 0) -> list[tuple[str, str]]:
        return [(a.code, said(a.texts)) for a in q.answers if a.scale == scale]

    fixed = [(c, word(c) if c in _WORDS else c) for c in _FIXED.get(q.type, ())]
    rows = [s for s in q.subquestions if s.scale == 0]
    if q.type == DUAL:
        for sub in rows:
            for i in (0, 1):
                yield column(sub.code, said(sub.texts), f"{word('scale')} {i + 1}", options=listed(i),
                             scale=f"[{i + 1}]")  # fmt: skip
    elif q.type in TABLES:
        for sub in rows:
            for other in (s for s in q.subquestions if s.scale == 1):
                yield column(f"{sub.code}_{other.code}", said(sub.texts), said(other.texts), options=[])
    elif q.type == RANKING:
        for rank in range(1, min(len(listed()), q.max_ranks or len(listed())) + 1):
            yield column(str(rank), f"{word('rank')} {rank}", options=listed())
    elif rows:
        for sub in rows:
            yield column(sub.code, said(sub.texts), options=fixed or listed())
            if q.type == "P":
                yield column(f"{sub.code}comment", said(sub.texts), word("comment"), options=[])
    else:
        extra = [(OTHER_CODE, word("other"))] if q.other and q.type in LISTS else []
        yield column(None, options=(fixed or listed()) + extra)
        if q.type == FILE:
            yield column("filecount", "filecount", options=[])
        if q.type == "O":
            yield column("comment", word("comment"), options=[])
    if q.other and q.type in (*CHECKED, *LISTS):
        yield column("other", word("other"), options=[])
        if q.type == "P":
            yield column("othercomment", word("other"), word("comment"), options=[])


# --------------------------------------------------------------------------------------------------------- .lss, .lsg
def _from_xml(text: str) -> Structure:
    root = _parse(text)
    kind = (root.findtext("LimeSurveyDocType") or "").strip()
    if root.tag != "document" or kind not in DOCUMENTS:
        raise _refused(f"This XML is no survey structure ({kind or root.tag!r:.40}).",
                       "Export the survey from LimeSurvey as .lss.")  # fmt: skip
    order = [str(e.text or "").strip() for e in root.iterfind("languages/language")]
    base = next((r["language"] for r in _rows(root, "surveys") if r.get("language")), order[0] if order else "")
    asked = _texts(root, "questions", "question_l10ns", "qid", "question")
    asked |= _texts(root, "subquestions", "question_l10ns", "qid", "question")
    groups = _unique(sorted(_rows(root, "groups"), key=lambda r: _int(r.get("group_order"))), "gid")
    names = _texts(root, "groups", "group_l10ns", "gid", "group_name")
    ranks = {r["qid"]: _int(r.get("value")) for r in _rows(root, "question_attributes")
             if r.get("attribute") == "max_subquestions" and r.get("qid")}  # fmt: skip
    subs = _children(_unique(_rows(root, "subquestions"), "qid"), "parent_qid", "title", "question_order", asked, "qid")
    # Before the texts had a table of their own, an answer had no number: question, list and code name it.
    answers = _rows(root, "answers")
    for row in answers:
        row.setdefault("aid", f"{row.get('qid')} {row.get('scale_id')} {row.get('code')}")
    labels = _texts(root, "answers", "answer_l10ns", "aid", "answer", answers)
    options = _children(_unique(answers, "aid"), "qid", "code", "sortorder", labels, "aid")
    place = {row["gid"]: i for i, row in enumerate(groups)}
    own = [r for r in _unique(_rows(root, "questions"), "qid") if r.get("parent_qid", "0") in ("0", "")]
    own.sort(key=lambda r: (place.get(r.get("gid", ""), 0), _int(r.get("question_order"))))
    questions = tuple(
        Question(
            r.get("title", ""), r.get("type", ""), asked.get(r["qid"], {}), place.get(r.get("gid", ""), 0),
            r.get("mandatory", "") in ("Y", "S"), r.get("other") == "Y", tuple(subs.get(r["qid"], ())),
            tuple(options.get(r["qid"], ())), ranks.get(r["qid"]) or None,
        )
        for r in own
    )  # fmt: skip
    met = dict.fromkeys([base, *order, *(lang for t in asked.values() for lang in t)])
    spoken = tuple(lang for lang in met if lang) or ("en",)
    return Structure(spoken, tuple(names.get(r["gid"], {}) for r in groups), questions)


def _parse(text: str) -> Element:
    """The tree of an XML document. A document type is refused: LimeSurvey writes none, and entities hide in it."""

    def document_type(*_: object) -> None:
        raise _refused("The XML declares a document type, which LimeSurvey never does.", "Export the survey again.")

    builder = TreeBuilder()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = document_type
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise _refused("The XML is damaged.", "Export the survey again.", error.lineno) from None
    return builder.close()


def _rows(root: Element, table: str) -> list[dict[str, str]]:
    return [{e.tag: e.text or "" for e in row} for row in root.iterfind(f"{table}/rows/row")]


def _unique(rows: list[dict[str, str]], key: str) -> list[dict[str, str]]:
    """One row per key: until LimeSurvey 3 a question has one row per language."""
    return list({r[key]: r for r in reversed(rows) if key in r}.values())[::-1]


def _texts(
    root: Element, table: str, translations: str, key: str, column: str, rows: list[dict[str, str]] | None = None
) -> dict[str, Texts]:
    """Key -> texts: from the rows themselves (up to LimeSurvey 3), else from the table of translations."""
    found: dict[str, Texts] = {}
    for row in [*(_rows(root, table) if rows is None else rows), *_rows(root, translations)]:
        if column in row and row.get("language"):
            found.setdefault(row.get(key, ""), {})[row["language"]] = row[column]
    return found


def _children(
    rows: list[dict[str, str]], parent: str, code: str, order: str, texts: dict[str, Texts], key: str
) -> dict[str, list[Option]]:
    found: dict[str, list[Option]] = {}
    for row in sorted(rows, key=lambda r: (_int(r.get("scale_id")), _int(r.get(order)))):
        option = Option(row.get(code, ""), texts.get(row[key], {}), _int(row.get("scale_id")))
        found.setdefault(row.get(parent, ""), []).append(option)
    return found


def _int(value: str | None) -> int:
    return int(value) if value and value.strip().lstrip("-").isdigit() else 0


# -------------------------------------------------------------------------------------------------- tab-separated
def _from_tsv(data: bytes) -> Structure:
    try:
        table = read_delimited(data)
    except SourceError as error:
        raise _refused(_NOT_ONE, _EXPORT, error.line) from None
    headings = [h.strip().lower() for h in table.header]
    if not set(headings) >= _TSV_HEADINGS:
        raise _refused(_NOT_ONE, _EXPORT, 1)
    if table.rejected.height:
        raise _refused("A row does not have the columns of the header, or leaves a quote open.",
                       "Export the structure again.", table.rejected["source_row"][0])  # fmt: skip
    frame = table.frame.rename(dict(zip(table.frame.columns, [*headings, SOURCE_ROW], strict=True)))
    groups: dict[int, Texts] = {}
    questions: dict[str, dict[str, Any]] = {}
    met: dict[str, None] = {}
    current: dict[str, Any] | None = None
    rank, base, spoken = -1, "", ""
    for row in frame.fill_null("").iter_rows(named=True):
        kind, name, language = row["class"].strip().upper(), row["name"].strip(), row["language"].strip()
        if kind == "S" and name == "language":
            base = row["text"].strip()
        if kind not in ("G", "Q", "SQ", "A"):
            continue
        if kind == "G":  # the groups are written once per language, one language after the other
            rank, spoken, current = (rank + 1 if language == spoken else 0), language, None
            groups.setdefault(rank, {})[language] = row["name"]
            continue
        if not name or (kind != "Q" and current is None):
            raise _refused("A question, subquestion or answer has no code, or comes before its question.",
                           "Export the structure again.", row[SOURCE_ROW])  # fmt: skip
        met[language] = None
        if kind == "Q":
            first = {"row": row, "group": max(rank, 0), "texts": {}, "SQ": {}, "A": {}}
            current = questions.setdefault(name, first)
            if language in current["texts"]:
                raise _refused(f"Two questions have the code {name}: their columns cannot be told apart.",
                               "Rename one in LimeSurvey and export again.", row[SOURCE_ROW])  # fmt: skip
            current["texts"][language] = row["text"]
        elif current is not None:
            scale = _int(row["type/scale"])
            current[kind].setdefault((scale, name), {})[language] = row["text"]
    languages = tuple(lang for lang in dict.fromkeys([base, *met]) if lang) or ("en",)
    return Structure(languages, tuple(groups[i] for i in sorted(groups)), tuple(map(_question, questions.values())))


def _question(found: dict[str, Any]) -> Question:
    row = found["row"]
    subquestions, answers = (
        tuple(Option(code, texts, scale) for (scale, code), texts in sorted(found[kind].items(), key=lambda i: i[0][0]))
        for kind in ("SQ", "A")
    )
    return Question(
        row["name"].strip(), row["type/scale"].strip(), found["texts"], found["group"],
        row.get("mandatory", "").strip() in ("Y", "S"), row.get("other", "").strip() == "Y", subquestions, answers,
        _int(row.get("max_subquestions")) or None,
    )  # fmt: skip


def _refused(message: str, action: str, line: int | None = None) -> SourceError:
    return SourceError("unrecognised_file", message, action, line=line)

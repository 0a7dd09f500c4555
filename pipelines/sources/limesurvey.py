"""LimeSurvey: the export of responses, CSV or workbook, in every style of heading (lime_headings.py), beside its survey
structure or not.

Quirks: the same full text heads several columns; `,` or `;`; an empty submit date is a questionnaire left unfinished,
1980-01-01 a finished one whose date is not recorded; files re-saved by a data frame library gain an index column, and
some arrive with the question on one row and the subquestion on the next.
"""

import re
from collections import defaultdict
from dataclasses import replace

import polars as pl

from pipelines.sources import lime_headings
from pipelines.sources.choices import EMPTY, Choice
from pipelines.sources.lime_structure import CHECKED, Structure, read_structure
from pipelines.sources.survey import SUBMITTED, Heading, SurveyTable, code_part, words
from pipelines.sources.text import SOURCE_ROW, TextTable
from pipelines.sources.values import fold
from pipelines.sources.workbook import read_table, with_dates
from pipelines.study.models import Source

FORMAT, DOMAIN, TABLES = "limesurvey", "survey", ("limesurvey",)
# Never kept, unless one of them is the column that links a person's waves.
IDENTIFIERS: tuple[str, ...] = ("ipaddr", "refurl", "token", "email", "firstname", "lastname")
FREE_TEXT: tuple[str, ...] = ()  # known item by item: keep_items() leaves out whatever is not a closed question
__all__ = ["DOMAIN", "FORMAT", "FREE_TEXT", "IDENTIFIERS", "TABLES", "read_structure", "read_tables", "recognises"]

# Canonical heading -> the same in full text (English, French, German).
ADMIN: dict[str, tuple[str, ...]] = {
    "id": ("Response ID", "ID de la réponse", "Antwort ID", "Antwort-ID"),
    "submitdate": ("Date submitted", "Date de soumission", "Datum Abgeschickt"),
    "lastpage": ("Last page", "Dernière page", "Letzte Seite"),
    "startlanguage": ("Start language", "Langue de départ", "Start-Sprache"),
    "seed": ("Seed", "Tête de série", "Zufallsgeneratorstartwert", "Zufallsstartwert"),
    "startdate": ("Date started", "Date de lancement", "Datum gestartet"),
    "datestamp": ("Date last action", "Date de la dernière action", "Datum letzte Aktivität"),
    "ipaddr": ("IP address", "Adresse IP", "IP-Adresse"),
    "refurl": ("Referrer URL", "URL référente", "URL de référence", "Weiterleitungs-URL"),
    "token": ("Access code", "Code d'accès", "Invitation", "Zugangscode", "Zugangsschlüssel"),
    "email": ("Email address", "E-mail address", "Adresse électronique", "Adresse de courriel", "E-Mail-Adresse"),
    "firstname": ("First name", "Prénom", "Vorname"),
    "lastname": ("Last name", "Nom de famille", "Nachname"),
}
_ADMIN_FOLDED = {fold(h): name for name, others in ADMIN.items() for h in (name, *others)}
_STAMPS = {SUBMITTED, "lastpage", "startlanguage", "seed", "startdate", "datestamp"}
_TIMING = re.compile(
    r"^(?:interviewtime|grouptime\d+|total[ _.]time|temps[ _.]total|gesamtzeit)[ _.:]*$"
    r"|^(?:group|question)[ _.]time[ _]?[:.]|^durée[ _.]pour[ _.](?:le[ _.]groupe|la[ _.]question)[ _\xa0]?[:.]"
    r"|^(?:gruppen|fragen)zeit[:.]", re.IGNORECASE)  # fmt: skip
_INDEX = re.compile(r"^(?:|unnamed: 0|x|v1|\.\.\.1|index|rownames)$", re.IGNORECASE)
_BLANK_HEADING = re.compile(r"^(?:Unnamed: \d+(?:_level_\d+)?|\.\.\.\d+|X\.\d+)?$")
_FIGURES = re.compile(r"^[\d\s.,:/-]+$")
# Written for yes and no when the export converts Y and N, as LimeSurvey proposes it.
_CONVERTED = {"Y": ("1",), "N": ("2",)}


def recognises(header: list[str]) -> bool:
    """The header has the number of the response and one of the columns about it that LimeSurvey writes."""
    found = {_admin(h) for h in lime_headings.headings(header, header, None)}
    return "id" in found and not found.isdisjoint(_STAMPS)


def read_tables(data: bytes, *, source: Source, structure: Structure | None = None) -> dict[str, SurveyTable]:
    """The responses as received; headings are known by their code, else by their text, and with the survey's structure
    by both. Raises SourceError when the file is neither delimited text nor a workbook."""
    table = _one_header(read_table(data, lambda header: recognises(header) or _has_some(header, source)))
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    asked = {} if structure is None else _choices(structure)
    headings = []
    found = lime_headings.headings(table.header, received, structure)
    codes = {n for h in found for n in h.names}
    for position, heading in enumerate(found):
        if (position == 0 and _is_index(table, received[0])) or _is_timing(heading, codes):
            continue
        if structure is not None and (choices := asked.get(heading.names[0])):
            headings.append(replace(heading, choices=choices))
        else:
            headings.append(replace(heading, admin=_admin(heading)))
    table = with_dates(table, [h.column for h in headings if h.admin == SUBMITTED])
    return {FORMAT: SurveyTable(table.frame, table.rejected, table.received, tuple(headings))}


def _has_some(header: list[str], source: Source) -> bool:
    """A column that study.yaml names is there, or its question alone where subquestions stand on the next row."""
    named = [h for h in (source.person, source.team, *source.columns) if h]
    wanted = {words(part) for h in named for part in (h, code_part(h), h.partition("[")[0])} - {""}
    return any(words(part) in wanted for h in header for part in (h, code_part(h)))


def _one_header(table: TextTable) -> TextTable:
    """The table under one heading per column. Where the question stands on one row and its subquestions on the next,
    the heading is `Question [subquestion]`, as LimeSurvey writes it."""
    blank = [bool(_BLANK_HEADING.match(h.strip())) for h in table.header]
    if not table.frame.height or not any(blank[1:]):
        return table
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    second = [(v or "").strip() for v in table.frame.select(received).row(0)]
    below = [i for i, empty in enumerate(blank) if empty and i]
    # Subquestions are words, one for each column without a heading, none like its neighbour's; answers seldom are.
    if any(not second[i] or second[i] == second[i - 1] for i in below) or any(map(_FIGURES.match, second)):
        return table
    header, question = [], ""
    for heading, empty, sub in zip(table.header, blank, second, strict=True):
        question = question if empty else heading.strip()
        header.append(f"{question} [{sub}]" if sub and question else question or sub)
    return replace(table, header=header, frame=table.frame.slice(1), received=table.received - 1)


def _choices(structure: Structure) -> dict[str, tuple[Choice, ...]]:
    """Column as code -> the answers it may hold, with their labels in every language. A box that was shown and not
    ticked is exported as an empty cell."""
    labels: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for language in structure.languages:
        for column, code, label in structure.answers(language).iter_rows():
            labels[column][code].append(label)
    kinds = dict(structure.columns().select("column", "type").iter_rows())
    found = {}
    for column, answers in labels.items():
        boxes, converted = kinds[column] in CHECKED, kinds[column] in (*CHECKED, "Y")
        found[column] = tuple(
            Choice(code, (*said, *(_CONVERTED.get(code, ()) if converted else ()),
                          *((EMPTY,) if boxes and code == "N" else ())))
            for code, said in answers.items()
        )  # fmt: skip
    return found


def _is_index(table: TextTable, column: str) -> bool:
    """Rows numbered by a data frame library."""
    if not _INDEX.match(table.header[0].strip()):
        return False
    numbers = table.frame[column].cast(pl.Int64, strict=False)
    return bool(numbers.is_not_null().all() and (numbers.diff().drop_nulls() > 0).all())


def _admin(heading: Heading) -> str | None:
    return next((found for n in heading.names if (found := _ADMIN_FOLDED.get(fold(n)))), None)


def _is_timing(heading: Heading, codes: set[str]) -> bool:
    return any(_TIMING.match(n) or (n.endswith("Time") and n.removesuffix("Time") in codes) for n in heading.names)

"""LimeSurvey: the export of responses, CSV or workbook, headings as codes, as full text, or as `code. text`.

Quirks: subquestions are `code[sub]`; the same full text heads several columns; `,` or `;`; an empty submit date is a
questionnaire left unfinished, 1980-01-01 a finished one whose date is not recorded; files re-saved by a data frame
library gain an index column without heading.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from pipelines.contracts.rules import Problem
from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.registers import first_sheet
from pipelines.sources.text import SOURCE_ROW, read_delimited
from pipelines.sources.values import fold
from pipelines.study.load import STUDY_FILE
from pipelines.study.models import Instruments, Item, Source

FORMAT, DOMAIN, TABLES = "limesurvey", "survey", ("limesurvey",)
# Never read, unless one of them is the column that links a person's waves.
IDENTIFIERS: tuple[str, ...] = ("ipaddr", "refurl", "token", "email", "firstname", "lastname")
FREE_TEXT: tuple[str, ...] = ()  # known item by item: keep_items() leaves out whatever is not a closed question
SUBMITTED, TEAM = "submitdate", "Team"
SHOWN_CHARACTERS = 60

# Canonical heading -> the same in full text (English, French, German).
ADMIN: dict[str, tuple[str, ...]] = {
    "id": ("Response ID", "ID de la réponse", "Antwort ID"),
    "submitdate": ("Date submitted", "Date de soumission", "Datum Abgeschickt"),
    "lastpage": ("Last page", "Dernière page", "Letzte Seite"),
    "startlanguage": ("Start language", "Langue de départ", "Start-Sprache"),
    "seed": ("Seed", "Tête de série", "Zufallsgeneratorstartwert"),
    "startdate": ("Date started", "Date de lancement", "Datum gestartet"),
    "datestamp": ("Date last action", "Date de la dernière action", "Datum letzte Aktivität"),
    "ipaddr": ("IP address", "Adresse IP", "IP-Adresse"),
    "refurl": ("Referrer URL", "URL référente", "URL de référence", "Weiterleitungs-URL"),
    "token": ("Access code", "Code d'accès", "Invitation", "Zugangscode", "Zugangsschlüssel"),
    "email": ("Email address", "E-mail address", "Adresse électronique", "Adresse de courriel", "E-Mail-Adresse"),
    "firstname": ("First name", "Prénom", "Vorname"),
    "lastname": ("Last name", "Nom de famille", "Nachname"),
}
STORED_KINDS = ("choice", "number")  # kinds of items whose answers are stored
KEPT_ADMIN = ("id", SUBMITTED, "lastpage", "startlanguage")
_ADMIN_FOLDED = {fold(h): name for name, others in ADMIN.items() for h in (name, *others)}
_AGAIN = "\x1f"  # between a heading met before and its position: no heading holds it
_CODE = re.compile(r"^([A-Za-z][A-Za-z0-9_]*(?:\[[^\]]*\])*)(?:\. |\._\.|\.?$)")
_TIMING = re.compile(
    r"^(interviewtime|grouptime\d+|total time|temps total|gesamtzeit|group time|question time|duree pour l[ea] "
    r"(groupe|question)|gruppenzeit|fragenzeit)"
)


@dataclass(frozen=True)
class Target:
    """What a column asks: an item, about a process or a tool when the item is asked for each."""

    item: Item
    process: str | None = None
    tool: str | None = None

    @property
    def column(self) -> str:
        """Its name in raw.limesurvey: `item`, `item:process` or `item:tool`."""
        about = self.process or self.tool
        return f"{self.item.item}:{about}" if about else self.item.item


@dataclass(frozen=True)
class Questionnaire:
    """What a heading may mean in a study: its items and the codes of its processes and tools."""

    instruments: Instruments
    processes: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()

    def target(self, item: str, about: str | None) -> Target | None:
        """The target of `item` about a process or tool, or None when the study knows no such thing. The boxes and
        parts of one item (`PU7[autre]`, `OV1[garder]`) are that item."""
        found = next((i for i in self.instruments.items if not i.links and _key(i.item) == _key(item)), None)
        if found is None or about is None:
            return None if found is None else Target(found)
        if found.kind not in STORED_KINDS and _key(about) in {_key(a.code) for a in found.answers}:
            return Target(found)
        codes = {"process": self.processes, "tool": self.tools}.get(found.per, ())
        code = next((c for c in codes if _key(c) == _key(about)), None)
        return None if code is None else Target(found, **{found.per: code})

    def declared(self, value: str) -> Target | None:
        """The target of a value of `columns:` in study.yaml."""
        item, _, about = value.partition(":")
        return self.target(item.strip(), about.strip() or None)

    def known(self, code: str) -> Target | None:
        """The target of a heading nobody declared: `ITEM`, `ITEM[process]`, `ITEM[tool]`, `array[ITEM]`, or the item's
        own wording."""
        question, _, sub = code.partition("[")
        sub = sub.rstrip("]")
        found = self.target(question, sub or None) or (self.target(sub, None) if sub else None)
        worded = next((i for i in self.instruments.items if not i.links and _key(i.text) == _key(code)), None)
        return found or (Target(worded) if worded else None)


def code_part(heading: str) -> str:
    """`BE1. Question` -> `BE1`, `G1[SQ001]. Text [sub]` -> `G1[SQ001]`; a heading without code stays whole."""
    plain = heading.replace("\ufeff", "").strip()
    found = _CODE.match(plain)
    return found.group(1) if found else plain


def recognises(header: list[str]) -> bool:
    """The header has the response number and the submit date LimeSurvey writes."""
    return {"id", SUBMITTED} <= {_admin(code_part(h)) for h in header}


def read_tables(data: bytes, *, source: Source) -> dict[str, RawTable]:
    """The responses under the code part of their headings, without the columns that identify a respondent.

    Free text is still there: keep_items() must follow before anything is stored. Raises SourceError when the file is
    not delimited text.
    """
    table = first_sheet(data) if data.startswith(b"PK") else read_delimited(data)
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    person = _key(code_part(source.person)) if source.person else None
    codes = [code_part(h) for h in table.header]
    kept: dict[str, pl.Expr] = {}
    for i, (code, column) in enumerate(zip(codes, received, strict=True)):
        index = i == 0 and fold(code) in ("", "unnamed 0", "x")
        if index or (_admin(code) in IDENTIFIERS and _key(code) != person) or _is_timing(code, codes):
            continue
        name = code if code not in kept else f"{code}{_AGAIN}{i + 1}"
        # Never null where the column exists: an empty submit date says more than no submit date at all.
        cell = pl.col(column).fill_null("") if _admin(code) == SUBMITTED else pl.col(column)
        kept[name] = cell.alias(name)
    return {FORMAT: RawTable(table.frame.select(*kept.values(), SOURCE_ROW), table.rejected, table.received)}


def keep_items(raw: RawTable, *, source: Source, questionnaire: Questionnaire) -> tuple[RawTable, list[SourceError]]:
    """Only the columns the study reads: closed questions under `item`, `item:process` or `item:tool`, the personal
    code, the team, and when the questionnaire was submitted. Also what is wrong with the headings."""
    declared = {_key(code_part(h)): questionnaire.declared(t) for h, t in source.columns.items()}
    special = {_key(code_part(h)): name for h, name in ((source.person, source.person), (source.team, TEAM)) if h}
    kept: dict[str, str] = {}
    items = 0
    unmapped: list[str] = []
    repeated: list[str] = []
    met: set[str] = set()
    for column in (c for c in raw.frame.columns if c != SOURCE_ROW):
        code = column.split(_AGAIN)[0]
        key = _key(code)
        met.add(key)
        if key in special:
            name: str | None = special[key]
        elif key in declared:
            target = declared[key]
            items += target is not None
            name = _stored(target)
        elif (admin := _admin(code)) is not None:
            name = admin if admin in KEPT_ADMIN else None
        elif _ignored(key, source.ignore):
            name = None
        elif (target := questionnaire.known(code)) is not None:
            items += 1
            name = _stored(target)
        else:
            unmapped.append(code)
            continue
        if name in kept:
            repeated.append(code)
        elif name is not None:
            kept[name] = column
    wanted = [h for h in (source.person, source.team, *source.columns) if h and _key(code_part(h)) not in met]
    faults = _faults(items, wanted, unmapped, repeated)
    frame = raw.frame.select(*(pl.col(c).alias(n) for n, c in kept.items()), SOURCE_ROW)
    return RawTable(frame, raw.rejected, raw.received), faults


def mapping_problems(source: Source, questionnaire: Questionnaire) -> list[Problem]:
    """Values of `columns:` in study.yaml that are no item, or an item about no known process or tool."""
    return [
        Problem("unmapped_column", STUDY_FILE, f"Source {source.id} maps {heading!r} to {value!r}, which is no item of "
                "the instruments, or is about no process or tool of the registers.",
                "Write `ITEM`, `ITEM:process` or `ITEM:tool` with known codes.")
        for heading, value in source.columns.items() if questionnaire.declared(value) is None
    ]  # fmt: skip


def _faults(items: int, wanted: list[str], unmapped: list[str], repeated: list[str]) -> list[SourceError]:
    if not items:
        # Nothing is quoted: without a header the first line may be somebody's answers.
        return [SourceError("unrecognised_file", "No column is an item of the study's instruments.",
                            "Export with question codes in the headings, or map them under `columns:` of this source "
                            "in study.yaml.", line=1)]  # fmt: skip
    missing = [
        SourceError("missing_column", f"There is no column {heading!r}, which study.yaml names.",
                    "Export it, or correct study.yaml.", line=1, column=heading)
        for heading in wanted
    ]  # fmt: skip
    unknown = [
        SourceError("unmapped_column", f"Nothing says what {code[:SHOWN_CHARACTERS]!r} is.",
                    "Add it under `columns:` or `ignore:` of this source in study.yaml.", line=1,
                    column=code[:SHOWN_CHARACTERS])
        for code in unmapped
    ]  # fmt: skip
    twice = [
        SourceError("unmapped_column", f"{code[:SHOWN_CHARACTERS]!r} is the second column for the same item.",
                    "Add one of the two under `ignore:` of this source in study.yaml.", line=1,
                    column=code[:SHOWN_CHARACTERS])
        for code in repeated
    ]  # fmt: skip
    return [*missing, *unknown, *twice]


def _stored(target: Target | None) -> str | None:
    """The name the column is stored under; None for free text, which is never stored, and for what nothing reads yet
    (boxes, points, dates)."""
    return target.column if target is not None and target.item.kind in STORED_KINDS else None


def _ignored(key: str, globs: Iterable[str]) -> bool:
    return any(key == _key(g) or fnmatch.fnmatchcase(key, _key(g)) for g in globs)


def _admin(code: str) -> str | None:
    return _ADMIN_FOLDED.get(fold(code))


def _is_timing(code: str, codes: list[str]) -> bool:
    return bool(_TIMING.match(fold(code))) or (code.endswith("Time") and code.removesuffix("Time") in codes)


def _key(heading: str) -> str:
    return " ".join(unicodedata.normalize("NFC", heading).split()).lower()

"""What the exports of any questionnaire share: columns that may be called by several names, of which only the closed
questions of the study's items are kept.

Belongs here: which column is which item. How a format writes its headings is in its own module; what an answer is worth
is in clean/responses.py.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from pipelines.contracts.rules import Problem
from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.text import SOURCE_ROW
from pipelines.study.load import STUDY_FILE
from pipelines.study.models import Instruments, Item, Source

SUBMITTED, TEAM = "submitdate", "Team"
# What is kept of a response beside its answers, whatever the format calls it.
KEPT_ADMIN = ("id", SUBMITTED, "lastpage", "startlanguage")
STORED_KINDS = ("choice", "number")  # kinds of items whose answers are stored
SHOWN_CHARACTERS = 60
_CODE = re.compile(r"^([A-Za-z][A-Za-z0-9_]*(?:\[[^\]]*\])*)(?:\. |\._\.|\.?$)")


@dataclass(frozen=True)
class Heading:
    """One column of a questionnaire's file: its name in the frame, and the names it may be called by in study.yaml,
    the surest first (its code, then its heading as received). `admin`: what it says of the response itself, one of
    KEPT_ADMIN, or any other word for a column nobody reads; None for a question."""

    column: str
    names: tuple[str, ...]
    admin: str | None = None


@dataclass(frozen=True)
class SurveyTable(RawTable):
    """A questionnaire's file as read. `headings`: its columns, in order, without those never to be read.

    Columns that identify a respondent and free text may still be there: keep_items() must follow before anything is
    stored.
    """

    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True)
class Target:
    """What a column asks: an item, about a process or a tool when the item is asked for each."""

    item: Item
    process: str | None = None
    tool: str | None = None

    @property
    def column(self) -> str:
        """Its name in the raw table: `item`, `item:process` or `item:tool`."""
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
        items = (i for i in self.instruments.items if not i.links)
        found = next((i for i in items if heading_key(i.item) == heading_key(item)), None)
        if found is None or about is None:
            return None if found is None else Target(found)
        if found.kind not in STORED_KINDS and heading_key(about) in {heading_key(a.code) for a in found.answers}:
            return Target(found)
        codes = {"process": self.processes, "tool": self.tools}.get(found.per, ())
        code = next((c for c in codes if heading_key(c) == heading_key(about)), None)
        return None if code is None else Target(found, **{found.per: code})

    def declared(self, value: str) -> Target | None:
        """The target of a value of `columns:` in study.yaml."""
        item, _, about = value.partition(":")
        return self.target(item.strip(), about.strip() or None)

    def known(self, heading: str) -> Target | None:
        """The target of a heading nobody declared: `ITEM`, `ITEM[process]`, `ITEM[tool]`, `array[ITEM]`, or the item's
        own wording."""
        question, _, sub = heading.partition("[")
        sub = sub.rstrip("]")
        found = self.target(question, sub or None) or (self.target(sub, None) if sub else None)
        key = heading_key(heading)
        worded = next((i for i in self.instruments.items if not i.links and heading_key(i.text) == key), None)
        return found or (Target(worded) if worded else None)


def keep_items(
    raw: SurveyTable, *, source: Source, questionnaire: Questionnaire
) -> tuple[RawTable, list[SourceError]]:
    """Only the columns the study reads: closed questions under `item`, `item:process` or `item:tool`, the personal
    code, the team, and what KEPT_ADMIN lists. Also what is wrong with the headings. An empty submit date is '', never
    null: it says more than no submit date at all.

    A column is what study.yaml says it is (`person:`, `team:`, `columns:`), else what its format knows it to be, else
    the item its name or its wording gives.
    """
    special = {h: name for h, name in ((source.person, source.person), (source.team, TEAM)) if h}
    called = {h: list(_called(h, raw.headings)) for h in (*special, *source.columns)}
    told = {column: h for h in reversed([*special, *source.columns]) for column in called[h]}
    kept: dict[str, Heading] = {}
    items = 0
    unmapped: list[str] = []
    repeated: list[tuple[str, str]] = []
    for heading in raw.headings:
        declared = told.get(heading.column)
        if declared in special:
            name: str | None = special[declared]
        elif declared is not None:
            target = questionnaire.declared(source.columns[declared])
            items += target is not None
            name = _stored(target)
        elif heading.admin is not None:
            name = heading.admin if heading.admin in KEPT_ADMIN else None
        elif _ignored(heading, source.ignore):
            name = None
        elif (target := _first(questionnaire.known(n) for n in heading.names)) is not None:
            items += 1
            name = _stored(target)
        else:
            unmapped.append(heading.names[0])
            continue
        if name in kept:
            repeated.append((heading.names[0], kept[name].names[0]))
        elif name is not None:
            kept[name] = heading
    faults = _faults(items, [h for h, columns in called.items() if not columns], unmapped, repeated)
    frame = raw.frame.select(*(pl.col(h.column).alias(n) for n, h in kept.items()), SOURCE_ROW)
    frame = frame.with_columns(pl.col(n).fill_null("") for n in kept if n == SUBMITTED)
    return RawTable(frame, raw.rejected, raw.received), faults


def mapping_problems(source: Source, questionnaire: Questionnaire) -> list[Problem]:
    """Values of `columns:` in study.yaml that are no item, or an item about no known process or tool."""
    return [
        Problem("unmapped_column", STUDY_FILE, f"Source {source.id} maps {heading!r} to {value!r}, which is no item of "
                "the instruments, or is about no process or tool of the registers.",
                "Write `ITEM`, `ITEM:process` or `ITEM:tool` with known codes.")
        for heading, value in source.columns.items() if questionnaire.declared(value) is None
    ]  # fmt: skip


def code_part(heading: str) -> str:
    """`BE1. Question` -> `BE1`, `G1[SQ001]. Text [sub]` -> `G1[SQ001]`; a heading without code stays whole."""
    plain = heading.replace("\ufeff", "").strip()
    found = _CODE.match(plain)
    return found.group(1) if found else plain


def heading_key(heading: str) -> str:
    """A heading in the spelling in which two are compared: NFC, single spaces, lower case."""
    return " ".join(unicodedata.normalize("NFC", heading).split()).lower()


def _called(declared: str, headings: Iterable[Heading]) -> Iterator[str]:
    """Columns that study.yaml calls by this heading: as received, else by its code part."""
    names = {h.column: [heading_key(n) for n in h.names] for h in headings}
    for spelling in (declared, code_part(declared)):
        key = heading_key(spelling)
        if found := [column for column, known in names.items() if key in known]:
            return iter(found)
    return iter(())


def _first(targets: Iterable[Target | None]) -> Target | None:
    return next((t for t in targets if t is not None), None)


def _stored(target: Target | None) -> str | None:
    """The name the column is stored under; None for free text, which is never stored, and for what nothing reads yet
    (boxes, points, dates)."""
    return target.column if target is not None and target.item.kind in STORED_KINDS else None


def _ignored(heading: Heading, globs: Iterable[str]) -> bool:
    """A glob is about codes; a heading may also be written whole."""
    code, *others = map(heading_key, heading.names)
    keys = [heading_key(g) for g in globs]
    return any(fnmatch.fnmatchcase(code, k) or k == code or k in others for k in keys)


def _faults(
    items: int, wanted: list[str], unmapped: list[str], repeated: list[tuple[str, str]]
) -> list[SourceError]:
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
        SourceError("unmapped_column", f"Nothing says what {name[:SHOWN_CHARACTERS]!r} is.",
                    "Add it under `columns:` or `ignore:` of this source in study.yaml.", line=1,
                    column=name[:SHOWN_CHARACTERS])
        for name in unmapped
    ]  # fmt: skip
    twice = [
        SourceError("unmapped_column", f"{name[:SHOWN_CHARACTERS]!r} is the second column for the same item, after "
                    f"{first[:SHOWN_CHARACTERS]!r}.",
                    "Add one of the two under `ignore:` of this source in study.yaml.", line=1,
                    column=name[:SHOWN_CHARACTERS])
        for name, first in repeated
    ]  # fmt: skip
    return [*missing, *unknown, *twice]

"""What the exports of any questionnaire share: columns that may be called by several names, of which only the closed
questions of the study's items are kept.

Belongs here: which column is which item. How a format writes its headings is in its own module, what its cells mean in
choices.py; what an answer is worth is in clean/responses.py.
"""

import fnmatch
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeVar

import polars as pl

from pipelines.contracts.rules import Problem
from pipelines.sources.base import RawTable, SourceError
from pipelines.sources.choices import EMPTY, SHOWN_CHARACTERS, Choice, empty_means, times_said, translated
from pipelines.sources.lime_structure import flat
from pipelines.sources.text import SOURCE_ROW
from pipelines.study.instruments import Answer, Instruments, Item
from pipelines.study.load import STUDY_FILE
from pipelines.study.models import Source

Found = TypeVar("Found")
SUBMITTED, TEAM = "submitdate", "Team"
# What is kept of a response beside its answers, whatever the format calls it.
KEPT_ADMIN = ("id", SUBMITTED, "lastpage", "startlanguage")
STORED_KINDS = ("choice", "number")  # kinds of items whose answers are stored
BY_HAND = 0.05  # a file with fewer « no » than that among its boxes does not say it in words: somebody typed them
# What is written beside the answers of a question: free text, which is never stored.
_IN_OWN_WORDS = re.compile(r"^(other|autre|andere|sonstiges)$|(comment|commentaire|kommentar)$")
CODE = r"[A-Za-z][A-Za-z0-9_]*(?:\[[^\]]*\])*"
_CODE_FIRST = re.compile(rf"^({CODE})(?:\. |\._\.|\.?$)")


@dataclass(frozen=True)
class Heading:
    """One column of a questionnaire's file: its name in the frame, and the names it may be called by in study.yaml,
    the surest first (its code, then its heading as received).

    `admin`: what it says of the response itself, one of KEPT_ADMIN, or any other word for a column nobody reads; None
    for a question. `choices`: the answers it may hold, when the file's structure is known. `doubt`: why the structure
    does not tell which question it is.
    """

    column: str
    names: tuple[str, ...]
    admin: str | None = None
    choices: tuple[Choice, ...] = ()
    doubt: str | None = None


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
    """What a heading may mean in a study: its items, and its processes and tools as code -> label."""

    instruments: Instruments
    processes: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)

    def target(self, item: str, about: str | None) -> Target | None:
        """The target of `item` about a process or tool, or None when the study knows no such thing. Boxes and
        shares (`PU7[autre]`, `TR1[usagers]`) are items of their own; the parts of a text (`OV1[garder]`) are that
        text, and what is written beside an answer (`SO3[other]`, `SO3[comment]`) is text too."""
        return self._about(self._coded.get(words(item)), about)

    def declared(self, value: str) -> Target | None:
        """The target of a value of `columns:` in study.yaml."""
        item, _, about = value.partition(":")
        return self.target(item.strip(), about.strip() or None)

    def known(self, heading: str) -> Target | None:
        """The target of a heading nobody declared: `ITEM`, `ITEM[process]`, `ITEM[tool]`, `array[ITEM]` (also with `_`
        or dots for brackets), or the item's own wording, alone, before `[tool]`, or in the brackets of an array."""
        if "#" in heading:  # the number of a repeated heading is no process
            return self._worded.get(words(heading))
        question, _, rest = heading.partition("[")
        sub = rest.rstrip(" ]") or None
        found = self.target(question, sub) or (self.target(sub, None) if sub else None)
        if found is None and " " not in heading:
            parts = words(heading).split()
            cuts = [(" ".join(parts[:i]), " ".join(parts[i:])) for i in range(1, len(parts))]
            found = _first(self.target(a, b) for a, b in cuts) or _first(self.target(b, None) for _, b in cuts)
        text, _, last = heading.rpartition("[")
        asked = last.rstrip(" ]") or None
        found = found or self._worded.get(words(heading))
        if found is None and asked and (array := self._worded.get(words(text))) is not None:
            found = self._about(array.item, asked)
        return found or (self._worded.get(words(asked)) if asked else None)

    @cached_property
    def _coded(self) -> dict[str, Item]:
        return {words(i.item): i for i in reversed(self.instruments.items) if not i.links}

    @cached_property
    def _worded(self) -> dict[str, Target]:
        """Wording -> item, and about which process or tool when its label stands in it; a wording of two items names
        neither."""
        found: dict[str, list[Target]] = defaultdict(list)
        for item in self._coded.values():
            found[words(item.text)].append(Target(item))
            for code, label in {"process": self.processes, "tool": self.tools}.get(item.per, {}).items():
                if item.text != (text := item.text.replace("[processus]", label).replace("[outil]", label)):
                    found[words(text)].append(Target(item, **{item.per: code}))
        return {text: targets[0] for text, targets in found.items() if text and len(targets) == 1}

    def _about(self, found: Item | None, about: str | None) -> Target | None:
        if found is None or about is None:
            return None if found is None else Target(found)
        key = words(about)
        if found.kind not in STORED_KINDS and key in {words(a.code) for a in found.answers}:
            part = f"{found.item}_{about}"
            return Target(self._coded.get(words(part), found))
        if _IN_OWN_WORDS.search(key):
            return Target(found.model_copy(update={"kind": "text"}))
        listed = {"process": self.processes, "tool": self.tools}.get(found.per, {})
        codes = [c for c in listed if words(c) == key] or [c for c, label in listed.items() if words(label) == key]
        return Target(found, **{found.per: codes[0]}) if len(codes) == 1 else None


def keep_items(
    raw: SurveyTable, *, source: Source, questionnaire: Questionnaire
) -> tuple[RawTable, list[SourceError]]:
    """Only the columns the study reads: closed questions under `item`, `item:process` or `item:tool`, the personal
    code, the team, and what KEPT_ADMIN lists. Also what is wrong with the headings, and with answers that only the
    file's structure explains. An empty submit date is '', never null: it says more than no submit date at all.

    A column is what study.yaml says it is (`person:`, `team:`, `columns:`), else what its format knows it to be, else
    the item its name or its wording gives.
    """
    special = {h: name for h, name in ((source.person, source.person), (source.team, TEAM)) if h}
    claims, faults = _claims(raw.headings, [*special, *source.columns])
    kept: dict[str, tuple[Heading, Target | None]] = {}
    items = 0
    for heading in raw.headings:
        declared = claims.get(heading.column)
        target: Target | None = None
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
            faults.append(_unknown(heading))
            continue
        if name in kept:
            first = kept[name][0]
            if declared is None or claims.get(first.column) != declared:  # else one heading of study.yaml names both
                faults.append(_second(heading, first))
        elif name is not None:
            kept[name] = (heading, target)
    if not items:
        # Nothing is quoted: without a header the first line may be somebody's answers.
        faults = [SourceError("unrecognised_file", "No column is an item of the study's instruments.",
                              "Export with question codes in the headings, or map them under `columns:` of this source "
                              "in study.yaml.", line=1)]  # fmt: skip
    frame = raw.frame.select(*(pl.col(h.column).alias(n) for n, (h, _) in kept.items()), SOURCE_ROW)
    frame = frame.with_columns(pl.col(n).fill_null("") for n in (SUBMITTED,) if n in kept)
    # A spreadsheet or a data frame library makes 1.0 of the number of a response.
    frame = frame.with_columns(pl.col(n).str.replace(r"^(\d+)[.,]0+$", "$1") for n in ("id", "lastpage") if n in kept)
    frame, unread = _read_choices(frame, {n: (h, t.item) for n, (h, t) in kept.items() if t is not None})
    names = {n: (h.column, *h.names) for n, (h, _) in kept.items()}
    return RawTable(frame, raw.rejected, raw.received, names=names), [*faults, *unread]


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
    found = _CODE_FIRST.match(plain)
    return found.group(1) if found else plain


def heading_key(heading: str) -> str:
    """A heading in the spelling in which two are compared: NFC, single spaces, lower case."""
    return " ".join(unicodedata.normalize("NFC", heading).split()).lower()


@lru_cache(maxsize=10_000)
def words(heading: str) -> str:
    """The same once a spreadsheet, R or HTML has changed its signs: letters and digits only, without accents."""
    plain = unicodedata.normalize("NFKD", flat(heading).casefold())
    return " ".join(re.sub(r"[\W_]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).split())


# ------------------------------------------------------------------------------------------------------------ headings
def _claims(headings: Sequence[Heading], declared: list[str]) -> tuple[dict[str, str], list[SourceError]]:
    """Column -> the heading of study.yaml that names it: as received, else by its code part, else but for its signs.
    Faults: a heading that names no column, or several; a column that two headings name."""
    surest = {h.column: h.names[0][:SHOWN_CHARACTERS] for h in headings}
    exact = {h.column: {heading_key(n) for n in h.names} for h in headings}
    loose = {h.column: {words(n) for n in h.names} - {""} for h in headings}
    found: dict[str, str] = {}
    faults = []
    for written in declared:
        tries = ((heading_key(written), exact), (heading_key(code_part(written)), exact), (words(written), loose))
        columns = _first([c for c, known in names.items() if key in known] or None for key, names in tries) or []
        shown = written[:SHOWN_CHARACTERS]
        if not columns:
            faults.append(SourceError("missing_column", f"There is no column {shown!r}, which study.yaml names.",
                                      "Export it, or correct study.yaml.", line=1, column=shown))  # fmt: skip
        elif len(columns) > 1:
            faults.append(SourceError(
                "unmapped_column", f"{shown!r}, which study.yaml names, heads {len(columns)} columns.",
                f"Write there {surest[columns[0]]!r}, or {surest[columns[1]]!r}...; or export with question codes.",
                line=1, column=shown))  # fmt: skip
        elif columns[0] in found:
            faults.append(SourceError(
                "unmapped_column", f"study.yaml names one column twice: {found[columns[0]]!r} and {shown!r}.",
                "Keep one of the two.", line=1, column=shown))  # fmt: skip
        found |= dict.fromkeys((c for c in columns if c not in found), written)
    return found, faults


def _first(options: Iterable[Found | None]) -> Found | None:
    return next((o for o in options if o is not None), None)


def _stored(target: Target | None) -> str | None:
    """The name the column is stored under; None for free text, which is never stored, and for dates."""
    return target.column if target is not None and target.item.kind in STORED_KINDS else None


def _ignored(heading: Heading, globs: Iterable[str]) -> bool:
    """A glob (`*`) is about codes; a heading may also be written whole."""
    names = [heading_key(n) for n in heading.names]
    codes = [n for n in names[:1] if n] + [n for n in names[1:] if " " not in n]
    keys = [heading_key(g) for g in globs]
    return any(k in names or any(fnmatch.fnmatchcase(c, k.replace("[", "[[]")) for c in codes) for k in keys)


def _unknown(heading: Heading) -> SourceError:
    name = heading.names[0][:SHOWN_CHARACTERS]
    doubt = f" {heading.doubt}." if heading.doubt else ""
    return SourceError("unmapped_column", f"Nothing says what {name!r} is.{doubt}",
                       "Add it under `columns:` or `ignore:` of this source in study.yaml.",
                       line=1, column=name)  # fmt: skip


def _second(heading: Heading, first: Heading) -> SourceError:
    name, other = (h.names[0][:SHOWN_CHARACTERS] for h in (heading, first))
    return SourceError("unmapped_column", f"{name!r} is the second column for the same item, after {other!r}.",
                       "Add one of the two under `ignore:` of this source in study.yaml.",
                       line=1, column=name)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- answers
def _read_choices(frame: pl.DataFrame, kept: dict[str, tuple[Heading, Item]]) -> tuple[pl.DataFrame, list[SourceError]]:
    """`frame` with the answers that its structure explains as codes of the items, and those it cannot tell apart."""
    faults: list[SourceError] = []
    read: list[pl.Series] = []
    boxes: dict[str, Answer] = {}
    closed = {n: (h, item) for n, (h, item) in kept.items() if item.kind == "choice"}
    for name, (heading, item) in closed.items():
        shown = heading.names[0][:SHOWN_CHARACTERS]
        if (answer := empty_means(item, heading.choices)) is not None:
            boxes[name] = answer
        try:
            read.append(translated(frame[name], item, heading.choices) if heading.choices else frame[name])
        except SourceError as error:
            faults.append(SourceError(error.rule, error.message, error.action, line=1, column=shown))
    frame, lost = _read_boxes(frame.with_columns(read), boxes)
    if lost is not None:
        faults.append(SourceError(
            "unmapped_label", "An empty cell may be a box left empty or a question that was not shown: the file no "
            "longer tells.", "Export again as CSV, and let no spreadsheet save it; or export the answers as full text.",
            line=1, column=closed[lost][0].names[0][:SHOWN_CHARACTERS]))  # fmt: skip
    return frame, faults


def _read_boxes(frame: pl.DataFrame, boxes: dict[str, Answer]) -> tuple[pl.DataFrame, str | None]:
    """Boxes left empty under the code of « not ticked »; or the first of the columns when the file cannot tell them.

    Empty and quoted = left empty; null = not shown, unless the file says « no » in words. A file without any null
    (older versions) tells nothing of the pages an unfinished questionnaire did not reach.
    """
    if not boxes:
        return frame, None
    cells = [frame[n] for n in boxes]
    empty, null = sum((c == EMPTY).sum() for c in cells), sum(c.null_count() for c in cells)
    said_no = sum(times_said(frame[n], answer) for n, answer in boxes.items())
    if null and not empty and said_no <= BY_HAND * (frame.height * len(boxes) - null):
        return frame, next(n for n in boxes if frame[n].null_count())
    seen = pl.lit(True) if null or SUBMITTED not in frame.columns else pl.col(SUBMITTED) != ""
    return frame.with_columns(
        pl.when((pl.col(n) == EMPTY) & seen).then(pl.lit(a.code)).otherwise(n).alias(n) for n, a in boxes.items()
    ), None

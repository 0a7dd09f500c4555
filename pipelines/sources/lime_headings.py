"""How LimeSurvey heads the columns of an export, and what became of the headings since.

Belongs here: from a heading to the names it may be called by, and to its column of a survey structure. Styles: codes
(`Q1[SQ001]`, `Q1_SQ001` of the expression manager), full text, abbreviated text (`Tout bien consi..  [Le pre.. ]`),
`code. text` with any separator, spaces as underscores. Since then: spreadsheets move spaces, R turns every sign into a
dot (`Q1.SQ001.`), data frame libraries number repeats (`.1`). A doubt is told, never decided.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

from pipelines.sources.choices import SHOWN_CHARACTERS
from pipelines.sources.lime_structure import DUAL, Structure, flat, heading_key
from pipelines.sources.survey import CODE, Heading, code_part, words

_HEAD = re.compile(rf"^({CODE})([^A-Za-z0-9\[\]]+)(?=\S)")
_R_CODE = re.compile(r"^([A-Za-z][A-Za-z0-9_]*)((?:\.\w+\.)+)$")
_R_CODE_TEXT = re.compile(r"^([A-Za-z][A-Za-z0-9_]*)((?:\.\w+\.)*)\.\.(?=\S)")
_EM_CODE = re.compile(r"^[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+$")
_ELLIPSIS = re.compile(r"\.\.(?=[\s_\]]|$)")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_NUMBERED = re.compile(r"^(.*)\.(\d+)$", re.DOTALL)
_SHARE = 0.9  # of the headings that one separator must explain


@dataclass(frozen=True)
class Placed:
    """A heading beside the structure: `code` of its column there; `doubt`: why none could be chosen."""

    code: str | None = None
    doubt: str | None = None


@dataclass(frozen=True)
class _Written:
    """A heading as text in single spaces, its code and its text when it has both."""

    plain: str
    code: str
    text: str


def headings(header: list[str], columns: list[str], structure: Structure | None) -> list[Heading]:
    """The headings of a file, in order, with every name they may be called by; with a structure, the surest is the
    heading as code. `columns`: their names in the frame."""
    written = _written([flat(h.replace("\ufeff", "")) for h in header])
    placed = _placed(written, structure) if structure is not None else [Placed()] * len(written)
    times, coded = Counter(w.plain for w in written), Counter(w.code for w in written)
    met: Counter[str] = Counter()
    found = []
    for number, (column, w, place) in enumerate(zip(columns, written, placed, strict=True), start=1):
        met[w.plain] += 1
        again = f"{w.plain}#{met[w.plain]}" if times[w.plain] > 1 else ""
        own = (w.code, w.plain) if coded[w.code] == 1 else (w.plain, w.code)  # the surest names one column
        names = [place.code or "", again, *own, w.text]
        kept = tuple(dict.fromkeys(n for n in names if n)) or (f"column {number}, which has no heading",)
        found.append(Heading(column, kept, doubt=place.doubt))
    return found


# ------------------------------------------------------------------------------------------------- the header by itself
def _written(plain: list[str]) -> list[_Written]:
    """Code and text of each heading. What stands between them is whatever nearly all headings of the file have there,
    each after a code of its own; else `. ` or `._.`."""
    asked = [h for h in plain if h]
    for split in (_by_separator(asked), _by_dots(asked)):
        if split is not None:
            parts = [split(h) for h in plain]
            if len({code for code, _ in parts if code}) == len(asked):
                return [_Written(h, code, text) for h, (code, text) in zip(plain, parts, strict=True)]
    codes = [code_part(h) for h in plain]
    return [_Written(h, _bracketed(c), h[len(c) :].lstrip("._ ")) for h, c in zip(plain, codes, strict=True)]


def _by_separator(asked: list[str]) -> Callable[[str], tuple[str, str]] | None:
    """How to cut `code<separator>text`, or None when no one separator explains the headings."""
    matches = [m for h in asked if (m := _HEAD.match(h))]
    if not matches or len(matches) < _SHARE * len(asked):
        return None
    signs = Counter(m[2] for m in matches).most_common(1)[0][0]
    if sum(m[2].startswith(signs) for m in matches) < _SHARE * len(asked):
        return None

    def cut(heading: str) -> tuple[str, str]:
        found = _HEAD.match(heading)
        if found is None or not found[2].startswith(signs):
            return heading, ""
        return found[1], heading[len(found[1]) + len(signs) :]

    return cut


def _by_dots(asked: list[str]) -> Callable[[str], tuple[str, str]] | None:
    """The same once R has turned every sign and space into a dot: `G1.SQ001...Le.texte` -> `G1[SQ001]`."""
    if any(" " in h for h in asked) or sum(bool(_R_CODE_TEXT.match(h)) for h in asked) < _SHARE * len(asked):
        return None

    def cut(heading: str) -> tuple[str, str]:
        found = _R_CODE_TEXT.match(heading)
        return (_bracketed(found[1] + found[2]), heading[found.end() :]) if found else (heading, "")

    return cut


def _bracketed(code: str) -> str:
    """`Q1.SQ001..1.` -> `Q1[SQ001][1]`."""
    found = _R_CODE.match(code)
    return found[1] + "".join(f"[{part}]" for part in re.findall(r"\w+", found[2])) if found else code


# ------------------------------------------------------------------------------------------------ beside a structure
def _placed(written: list[_Written], structure: Structure) -> list[Placed]:
    """The column of the structure that each heading stands for: by its code, then by its text in the language that
    explains most headings. Headings written alike are taken in the order of the structure, when they are as many there
    and the whole file is in that order."""
    columns = structure.columns()
    codes = columns["column"].to_list()
    by_code = _codes_as_exported(columns)
    known = {i: by_code[key] for i, w in enumerate(written) for key in reversed(_spellings(w.code)) if key in by_code}
    taken = Counter(known.values())
    known = {i: j for i, j in known.items() if taken[j] == 1}
    tries = [_by_text(written, structure.columns(lang)["text"].to_list(), known) for lang in structure.languages]
    found = max(tries, key=lambda t: len(t.places))
    places, doubts = known | found.places, dict(found.doubts)
    order = [j for _, j in sorted(places.items())]
    if order != sorted(order):
        reason = "Several questions have this heading, and the columns are not in the order of the structure"
        doubts |= dict.fromkeys(found.repeated, reason)
        places = {i: j for i, j in places.items() if i not in found.repeated}
    return [Placed(codes[places[i]] if i in places else None, doubts.get(i)) for i in range(len(written))]


def _codes_as_exported(columns: pl.DataFrame) -> dict[str, int]:
    """Every way a code is exported -> its position; a spelling of two columns is left out."""
    found: dict[str, set[int]] = defaultdict(set)
    for j, (code, kind) in enumerate(columns.select("column", "type").iter_rows()):
        em = re.sub(r"[\[\]]+", "_", code).strip("_")
        if kind == DUAL:  # the expression manager counts scales from 0
            em = f"{em[:-1]}{int(em[-1]) - 1}"
        for spelling in (code.lower(), f"em:{em.lower()}", f"words:{words(code)}"):
            found[spelling].add(j)
    return {spelling: places.pop() for spelling, places in found.items() if len(places) == 1}


def _spellings(code: str) -> list[str]:
    """What to look a code up as: itself, else as the expression manager or R write it."""
    if " " in code or not code:
        return []
    return [code.lower(), f"em:{code.lower()}" if _EM_CODE.match(code) else f"words:{words(code)}"]


@dataclass(frozen=True)
class _Texts:
    """`places`: heading -> column of the structure. `repeated`: those of them told apart by order alone. `doubts`:
    headings that fit several columns."""

    places: dict[int, int]
    repeated: set[int]
    doubts: dict[int, str]


def _by_text(written: list[_Written], texts: list[str], known: dict[int, int]) -> _Texts:
    """The headings without a known code, by their text in one language: as it is, then but for its signs, then
    abbreviated, then with the `{expressions}` of the structure replaced by what they gave."""
    places: dict[int, int] = {}
    repeated: set[int] = set()
    doubts: dict[int, str] = {}
    signed, keys = [heading_key(t) for t in texts], [_glued(t) for t in texts]
    filled = [_with_any(_PLACEHOLDER.split(t)) if "{" in t else None for t in texts]
    base = _without_numbers(written)

    def alike(text: str) -> Callable[[int], bool]:
        key = heading_key(text)
        return lambda j: signed[j] == key

    def whole(text: str) -> Callable[[int], bool]:
        key = _glued(text)
        return lambda j: keys[j] == key

    def abbreviated(text: str) -> Callable[[int], bool]:
        parts = _ELLIPSIS.split(text) if re.search(r"[\s_]", text) else []  # else R has made dots of everything
        short = _with_any(parts) if len(parts) > 1 else None
        return lambda j: short is not None and bool(short.fullmatch(keys[j]))

    def replaced(text: str) -> Callable[[int], bool]:
        key = _glued(text)
        return lambda j: (pattern := filled[j]) is not None and bool(pattern.fullmatch(key))

    for way in (alike, whole, abbreviated, replaced):
        groups: dict[str, list[int]] = defaultdict(list)
        for i, w in enumerate(written):
            if i not in known and i not in places and (text := w.text or base[i]):
                groups[text].append(i)
        gone = {*known.values(), *places.values()}
        free = [j for j, key in enumerate(keys) if key and j not in gone]
        fits = {text: tuple(filter(way(text), free)) for text in groups}
        claims = Counter(fits.values())
        for text, members in groups.items():
            if not fits[text]:
                continue
            if len(fits[text]) == len(members) and claims[fits[text]] == 1:
                places |= dict(zip(members, fits[text], strict=True))
                repeated |= set(members) if len(members) > 1 else set()
            else:
                like = ", ".join(repr(texts[j][:SHOWN_CHARACTERS]) for j in fits[text][:2])
                doubts |= dict.fromkeys(members, f"In the structure it may be {like}")
    return _Texts(places, repeated, {i: doubt for i, doubt in doubts.items() if i not in places})


def _with_any(parts: list[str]) -> re.Pattern[str]:
    """These parts of a text in this order, with anything between them."""
    return re.compile(".*".join(re.escape(_glued(p)) for p in parts))


def _without_numbers(written: Iterable[_Written]) -> list[str]:
    """Headings without the `.1`, `.2` that R and data frame libraries add to repeats."""
    plain = [w.plain for w in written]
    met = set(plain)
    numbered = [_NUMBERED.match(h) for h in plain]
    return [m[1] if m and m[1] in met else h for h, m in zip(plain, numbered, strict=True)]


def _glued(text: str) -> str:
    """Letters and digits alone, without accents and case: HTML taken out, LimeSurvey leaves words stuck together."""
    plain = unicodedata.normalize("NFKD", flat(text).casefold())
    return "".join(c for c in plain if c.isalnum())

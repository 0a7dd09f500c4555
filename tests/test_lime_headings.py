"""Headings in every style LimeSurvey has, and as spreadsheets, R and pandas leave them: each finds its column."""

import re
from collections.abc import Callable

import pytest

from pipelines.sources.lime_headings import headings
from pipelines.sources.lime_structure import read_structure
from pipelines.sources.survey import Heading
from tests.test_lime_structure import COLUMNS, as_tsv

STRUCTURE = read_structure(as_tsv())
CODES = [code for code, _, _ in COLUMNS]
TEXTS = [text for _, _, text in COLUMNS]
ADMIN = ("id", "submitdate"), ("ID de la réponse", "Date de soumission")
Export = Callable[[str, str], str]


def shortened(text: str) -> str:
    """What LimeSurvey makes of a heading of at most 15 characters a part."""
    question, *subs = re.split(r" ?\[", text)
    cut = [p[:15] + ".. " if len(p) > 15 else p for p in (question, *(s.rstrip("]") for s in subs))]
    return f"{cut[0]} {''.join(f'[{s}]' for s in cut[1:])}".strip()


def em(code: str, text: str) -> str:
    """The code as the expression manager writes it: underscores, scales counted from 0."""
    scale = re.fullmatch(r"(Q4)\[(SQ001)\]\[(\d)\]", code)
    return f"{scale[1]}_{scale[2]}_{int(scale[3]) - 1}" if scale else code.replace("[", "_").replace("]", "")


def r(heading: str) -> str:
    """What read.csv of R makes of a heading."""
    return re.sub(r"[^\w.]", ".", heading)


STYLES: dict[str, Export] = {
    "codes": lambda code, text: code,
    "codes of the expression manager": em,
    "full text": lambda code, text: text,
    "full text, spaces moved, HTML and entities": lambda code, text:
        f" <p>{text.replace(' ?', '&nbsp;?').replace(' [', '  [ ')}</p>\n",
    "full text, underscores": lambda code, text: text.replace(" ", "_"),
    "full text, R": lambda code, text: r(text),
    "abbreviated": lambda code, text: shortened(text),
    "abbreviated, underscores": lambda code, text: shortened(text).replace(" ", "_"),
    "codes, R": lambda code, text: r(code),
    **{f"code{s}text": lambda code, text, s=s: f"{code}{s}{text}"
       for s in (". ", "._.", ": ", " - ", " | ", ") ", " ")},
    "code. text, underscores": lambda code, text: f"{code}. {text.replace(' ', '_')}",
    "code. text, abbreviated": lambda code, text: f"{code}. {shortened(text)}",
    "code. text, R": lambda code, text: r(f"{code}. {text}"),
}  # fmt: skip


def read(header: list[str], *, structure: bool = True) -> list[Heading]:
    return headings(header, [str(i) for i in range(len(header))], STRUCTURE if structure else None)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_beside_the_structure(style: str):
    header = [STYLES[style](c, t) for c, t in [*zip(*ADMIN, strict=True), *zip(CODES, TEXTS, strict=True)]]
    found = read(header)
    assert [h.names[0] for h in found[2:]] == CODES
    assert not [h for h in found if h.doubt] and found[0].names[0] not in CODES


@pytest.mark.parametrize("style", [s for s in STYLES if s.startswith("code") and "manager" not in s])
def test_codes_need_no_structure(style: str):
    header = [STYLES[style](c, t) for c, t in [*zip(*ADMIN, strict=True), *zip(CODES, TEXTS, strict=True)]]
    found = read(header, structure=False)
    assert [h.names[0] for h in found] == [*ADMIN[0], *CODES]


def test_a_wording_is_not_cut_at_its_first_sign():
    header = ["Your work. What do you like?", "Pay - how much", "Why?"]
    assert [h.names for h in read(header, structure=False)] == [(h,) for h in header]
    # Two wordings begin with one word: it is no code.
    header = ["Outil - le tri", "Outil - l'envoi", "Temps - le tri"]
    assert [h.names[0] for h in read(header, structure=False)] == header


def test_the_language_of_the_export_is_found():
    english = STRUCTURE.columns("en")["text"].to_list()
    assert [h.names[0] for h in read(english)] == CODES


def test_a_column_left_out_or_added_moves_nothing():
    header = [t for t in TEXTS if t != "Minutes [Le tri][Lundi]"]
    found = read([*header[:3], "Groupe de tirage", *header[3:]])
    assert [h.names[0] for h in found] == [*CODES[:3], "Groupe de tirage", *(c for c in CODES[3:] if c[:2] != "Q5")]


TWICE = read_structure(
    b"class\ttype/scale\tname\ttext\tlanguage\nS\t\tlanguage\tfr\t\n"
    + "".join(f"Q\tT\t{c}\t{t}\tfr\n" for c, t in (("A", "Avant ?"), ("B", "Pourquoi ?"), ("C", "Après {A} ?"),
                                                  ("D", "Pourquoi ?"), ("E", "Fin"))).encode()
)  # fmt: skip


@pytest.mark.parametrize("again", ["Pourquoi ?", "Pourquoi ?.1"])
def test_repeated_headings_are_told_apart_by_the_order_of_the_structure(again: str):
    found = headings(["Avant ?", "Pourquoi ?", "Après trois ?", again, "Fin"], list("12345"), TWICE)
    assert [h.names[0] for h in found] == list("ABCDE")  # {A} was replaced by what it gave


@pytest.mark.parametrize(
    ("header", "doubtful"),
    [
        (["Avant ?", "Pourquoi ?", "Fin"], [1]),  # one of the two is missing: which?
        (["Fin", "Pourquoi ?", "Avant ?", "Pourquoi ?"], [1, 3]),  # somebody has moved the columns
    ],
)
def test_a_doubt_is_told_and_never_decided(header: list[str], doubtful: list[int]):
    found = headings(header, [str(i) for i in range(len(header))], TWICE)
    assert [i for i, h in enumerate(found) if h.doubt] == doubtful
    assert {found[i].names[0] for i in doubtful} <= {"Pourquoi ?", "Pourquoi ?#1", "Pourquoi ?#2"}


def test_repeats_and_blanks_have_a_name_of_their_own():
    assert [h.names[0] for h in read(["id", "Oui ?", "Oui ?", ""], structure=False)] == [
        "id", "Oui ?#1", "Oui ?#2", "column 4, which has no heading"]  # fmt: skip

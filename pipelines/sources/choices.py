"""Answers as cells hold them: one spelling of a label, and what a survey structure says a cell means.

Belongs here: from the text of a cell to an answer of the study's instruments, when the file's own structure is the only
one to know (codes of its own, another language, boxes left empty). What an answer is worth is in clean/responses.py.
"""

from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from pipelines.sources.base import SourceError
from pipelines.sources.fields import distinct_of
from pipelines.sources.lime_structure import flat
from pipelines.sources.values import normalise
from pipelines.study.instruments import Answer, Item

# Written where nothing was answered: by LimeSurvey where a question was not shown, by R where a cell is missing.
NOT_GIVEN = ("", "n/a", "na")
EMPTY = ""  # the spelling of a cell that is empty but quoted: a box that was shown and left empty
SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Choice:
    """One answer a column may hold: its code in the survey, and every label it has there (`EMPTY` among them where an
    empty cell means it)."""

    code: str
    labels: tuple[str, ...]


def spelling(labels: pl.Series) -> pl.Series:
    """Answers in one spelling: no mark of byte order, HTML or entity, no apostrophe put before an equation, whole
    numbers without `.0`, then normalised."""
    plain = pl.Series([flat(v.replace("\ufeff", "")) if v else v for v in labels], dtype=pl.String)
    return normalise(plain).str.replace(r"^'([=+\-@])", "$1").str.replace(r"^(-?\d+)\.0+$", "$1")


def spelt(label: str) -> str:
    """One answer in that spelling."""
    return str(spelling(pl.Series([label])).item())


def empty_means(item: Item, choices: tuple[Choice, ...]) -> Answer | None:
    """The answer that an empty, quoted cell stands for; None when it means that nothing was answered."""
    meant = {_meanings(item, choices).get(c.code) for c in choices if EMPTY in c.labels}
    return next((a for a in item.answers if EMPTY in a.aliases or a.code in meant), None)


def times_said(cells: pl.Series, answer: Answer) -> int:
    """How many cells say this answer in so many words."""
    written = {spelt(w) for w in (answer.code, answer.label, *answer.aliases)} - {EMPTY}
    counts = cells.drop_nulls().alias("cell").value_counts()
    return int(counts.filter(spelling(counts["cell"]).is_in(written))["count"].sum())


def translated(cells: pl.Series, item: Item, choices: tuple[Choice, ...]) -> pl.Series:
    """The cells as codes of the item, wherever the structure says what they mean; the others, and empty ones, as
    received.

    A cell may be a code or a label. Raises SourceError `unmapped_label` when it may be the code of one answer and the
    label of another, and the other cells of the column do not tell which.
    """
    meanings = _meanings(item, choices)
    if not meanings:
        return cells
    codes = {spelt(c.code): c.code for c in choices}
    labels: dict[str, set[str]] = defaultdict(set)
    for choice in choices:
        for label in choice.labels:
            if label != EMPTY:
                labels[spelt(label)].add(choice.code)
    rows, distinct = distinct_of(cells)
    keys = spelling(distinct["cell"]).to_list()
    given = {k for k in keys if k}
    as_code, as_label = given <= set(codes), given <= set(labels)
    found: list[str | None] = []
    for cell, key in zip(distinct["cell"], keys, strict=True):
        by_label = {meanings.get(c) for c in labels.get(key, ())}
        by_code = {meanings.get(codes[key])} if key in codes else set()
        meant = by_code | by_label
        if len(meant) > 1 and as_code != as_label:
            meant = by_code if as_code else by_label
        if len(meant) > 1:
            raise SourceError(
                "unmapped_label", f"{cell[:SHOWN_CHARACTERS]!r} may be one answer's code or another's label.",
                "Export the answers as full text.", line=1)  # fmt: skip
        known = meant.pop() if meant else None
        found.append(cell if known is None else known)
    return pl.Series(found, dtype=pl.String).gather(rows).rename(cells.name)


def _meanings(item: Item, choices: tuple[Choice, ...]) -> dict[str, str]:
    """Code in the survey -> code of the item: by label, which two surveys share, before code, which each numbers as it
    likes. What the item does not know, or knows as two answers, is left out."""
    by_label: dict[str, set[str]] = defaultdict(set)
    for answer in item.answers:
        for label in (answer.label, *answer.aliases):
            by_label[spelt(label)].add(answer.code)
    by_code = {spelt(a.code): a.code for a in item.answers}
    found = {}
    for choice in choices:
        labelled = set().union(*(by_label.get(spelt(label), set()) for label in choice.labels if label != EMPTY))
        if len(labelled) == 1:
            found[choice.code] = labelled.pop()
        elif not labelled and spelt(choice.code) in by_code:
            found[choice.code] = by_code[spelt(choice.code)]
    return found

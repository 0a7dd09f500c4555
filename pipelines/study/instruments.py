"""Models of the instruments: what is asked, with which answers, in which questionnaire, and how it is scored.

The house's own are in instruments.yaml; a study adds or changes some under `instruments:`.
"""

from typing import Literal

from pydantic import Field

from pipelines.study.base import Code, Frozen


class Answer(Frozen):
    """One possible answer to an item."""

    code: str
    label: str
    value: float | None = None  # null: an answer without numeric value (don't know, prefer not to say)
    aliases: tuple[str, ...] = ()


class Condition(Frozen):
    """Asked only of those who gave one of these answers to another item."""

    item: Code
    answers: tuple[str, ...] = Field(min_length=1)


TO_PASTE = "à coller ici"  # stands in the wording of an item whose official text the analyst must paste


class Item(Frozen):
    """One question of an instrument.

    `answers`: of a choice, the answers; of `multiple`, the boxes to tick; of `points`, what 100 points are shared
    between; of a text, its parts. A number stands between minimum and maximum, a text holds `maximum` characters at
    most. `[processus]` and `[outil]` stand in the text for what the item is about.
    """

    item: Code
    text: str
    kind: Literal["choice", "number", "text", "code", "team", "multiple", "points", "date"] = "choice"
    answers: tuple[Answer, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    per: Literal["person", "process", "tool"] = "person"
    reversed: bool = False
    sensitive: bool = False
    # Asking it
    help: str = ""
    required: bool = False
    optional: bool = False  # told to be so, and outside the budget of minutes
    when: Condition | None = None
    max_choices: int | None = Field(None, ge=1)  # of `multiple`
    seconds: int | None = Field(None, ge=1)  # to answer it; null = the usual time of its kind

    def parts(self) -> "tuple[Item, ...]":
        """What is stored of boxes to tick and of shared points: one item a box (ticked or not; an empty cell is a box
        left empty), one item a share (of 100 points), called `PU7_autre`, `TR1_usagers`."""
        if self.per != "person" or self.kind not in ("multiple", "points"):
            return ()
        told = {"sensitive": self.sensitive, "when": self.when}
        if self.kind == "points":
            return tuple(
                Item(item=f"{self.item}_{a.code}", text=f"{self.text} [{a.label}]", kind="number", minimum=0,
                     maximum=100, **told) for a in self.answers
            )  # fmt: skip
        ticked = (Answer(code="Y", label="Oui", value=1), Answer(code="N", label="Non", value=0, aliases=("",)))
        return tuple(
            Item(item=f"{self.item}_{a.code}", text=f"{self.text} [{a.label}]", answers=ticked, **told)
            for a in self.answers
        )

    @property
    def links(self) -> bool:
        """It says who answers, and is no answer: `person:` and `team:` of a source name its column."""
        return self.kind in ("code", "team")


class Array(Frozen):
    """Choices of one person with the same answers, asked in one table under one sentence."""

    array: Code
    text: str
    items: tuple[Code, ...] = ()


class Page(Frozen):
    """One screen: its title, and the items and arrays on it, in order."""

    title: str
    asks: tuple[Code, ...] = Field(min_length=1)


class Form(Frozen):
    """One questionnaire as people meet it. Budgets: minutes, or questions, that it may take."""

    questionnaire: Code
    title: str
    intro: str = ""
    informed: bool = False  # the first screen holds `Instruments.informed`
    pages: tuple[Page, ...] = Field(min_length=1)
    budget_minutes: float | None = None
    budget_questions: int | None = None


class Scale(Frozen):
    """Items scored together by the half rule, rescaled to [out_minimum, out_maximum]."""

    scale: Code
    label: str
    items: tuple[Code, ...]
    out_minimum: float = 0
    out_maximum: float = 100
    sensitive: bool = False


class Instruments(Frozen):
    """Items, scales and questionnaires of a study."""

    items: tuple[Item, ...] = ()
    scales: tuple[Scale, ...] = ()
    arrays: tuple[Array, ...] = ()
    questionnaires: tuple[Form, ...] = ()
    informed: str = ""  # what a respondent confirms before the first question
    seconds: dict[str, int] = {}  # kind of item -> usual seconds to answer one

    def with_parts(self) -> "Instruments":
        """The same, with the parts of boxes and points as items of their own."""
        known = {i.item for i in self.items}
        parts = tuple(p for i in self.items for p in i.parts() if p.item not in known)
        return self.model_copy(update={"items": (*self.items, *parts)})

    def item(self, code: str) -> Item | None:
        """The item of that code, or None."""
        return next((i for i in self.items if i.item == code), None)

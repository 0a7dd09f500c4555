"""Instruments and registers -> the five questionnaires as a list of questions, whatever they are written in.

An item asked for each process or tool becomes one question with a row for each: its columns are `ITEM[process]` and
`ITEM[tool]`, which the reader knows without any mapping. Rows are shown by team (the tools and processes its
deployments give it) and, for processes, by the one the respondent chose (PROC).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from pipelines.contracts.rules import Problem
from pipelines.study.instruments import TO_PASTE, Condition, Form, Instruments, Item
from pipelines.study.load import STUDY_FILE

Shape = Literal["choice", "table", "number", "numbers", "text", "texts", "boxes", "points", "date"]
ALWAYS = "1"  # the condition of what everybody is asked
# What LimeSurvey accepts; anything else it renames or drops without a word.
QUESTION_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}")
ROW_CODE = re.compile(r"[A-Za-z0-9]{1,20}")
ANSWER_CODE = re.compile(r"[A-Za-z0-9]{1,5}")
# What `[processus]` and `[outil]` become: (in a row of its own, in any other question).
_ABOUT = {
    "process": ("[processus]", "ce processus", "le processus que vous suivez"),
    "tool": ("[outil]", "cet outil", "l'outil de votre équipe"),
}


@dataclass(frozen=True)
class Choice:
    """An answer, a row of a table, a box to tick or a part of a text; `shown_if`: an ExpressionScript condition."""

    code: str
    label: str
    shown_if: str = ALWAYS


@dataclass(frozen=True)
class Question:
    """One question. `items`: the items it asks. `only_if`: (question, answers) in words, for paper."""

    code: str
    shape: Shape
    text: str
    items: tuple[Item, ...]
    help: str = ""
    rows: tuple[Choice, ...] = ()
    answers: tuple[Choice, ...] = ()
    shown_if: str = ALWAYS
    only_if: tuple[str, tuple[str, ...]] | None = None

    @property
    def first(self) -> Item:
        """The item that says what kind of question it is."""
        return self.items[0]


@dataclass(frozen=True)
class Survey:
    """One questionnaire: pages of questions, its time, and what could not be asked.

    `minutes`: of the longest way through, optional items apart, first screen not counted. `questions`: items that
    everybody is asked, `follow_ups`: asked after an answer, `optional`: the rest. `process_chosen`: the item by which
    each respondent chooses one process, the only one asked about. `left_out`: items without a process, tool or team to
    ask about. `to_paste`: items and arrays whose official wording is missing.
    """

    form: Form
    organisation: str
    informed: str
    pages: tuple[tuple[str, tuple[Question, ...]], ...]
    minutes: float
    questions: int
    follow_ups: int
    optional: int
    process_chosen: str | None
    left_out: tuple[str, ...]
    to_paste: tuple[str, ...]

    @property
    def over_budget(self) -> bool:
        """It takes more minutes or more questions than it may."""
        spent = ((self.minutes, self.form.budget_minutes), (self.questions, self.form.budget_questions))
        return any(budget is not None and used > budget for used, budget in spent)


@dataclass(frozen=True)
class Lists:
    """What the registers list, as clean tables: teams, processes, tools, deployments."""

    teams: pl.DataFrame
    processes: pl.DataFrame
    tools: pl.DataFrame
    deployments: pl.DataFrame


def build(instruments: Instruments, lists: Lists, *, organisation: str) -> tuple[list[Survey], list[Problem]]:
    """Every questionnaire of the instruments, and what LimeSurvey would refuse: codes too long or with other signs."""
    surveys = [_Builder(instruments, lists, form, organisation).survey() for form in instruments.questionnaires]
    return surveys, list(dict.fromkeys(p for s in surveys for p in _refused(s)))


def _refused(survey: Survey) -> Iterator[Problem]:
    for question in (q for _, questions in survey.pages for q in questions):
        codes = [(QUESTION_CODE, 20, question.code, "question"),
                 *((ROW_CODE, 20, r.code, "row") for r in question.rows),
                 *((ANSWER_CODE, 5, a.code, "answer") for a in question.answers)]  # fmt: skip
        for pattern, longest, code, what in codes:
            if not pattern.fullmatch(code):
                yield Problem(
                    "questionnaire", STUDY_FILE, f"LimeSurvey takes no {what} called {code!r} ({question.code}): at "
                    f"most {longest} letters (without accent) and digits.",
                    "Change the code in the register or in `instruments:`.")  # fmt: skip


class _Builder:
    """One questionnaire in the making: the conditions need to know what else it asks."""

    def __init__(self, instruments: Instruments, lists: Lists, form: Form, organisation: str) -> None:
        self.instruments, self.lists, self.form, self.organisation = instruments, lists, form, organisation
        self.arrays = {a.array: a for a in instruments.arrays}
        codes = [c for page in form.pages for c in page.asks]
        asked = [i for c in codes for i in (self.arrays[c].items if c in self.arrays else (c,))]
        self.items = {c: item for c in asked if (item := instruments.item(c)) is not None}
        # Witness processes are followed in the time data only: nobody is asked about them.
        followed = lists.processes.filter(~pl.col("witness"))
        self.listed = {"process": _choices(followed, "process"), "tool": _choices(lists.tools, "tool")}
        self.team = next((i.item for i in self.items.values() if i.kind == "team"), None)
        self.chosen = next((i.item for i in self.items.values() if i.kind == "multiple" and i.per == "process"), None)

    def survey(self) -> Survey:
        pages = []
        for page in self.form.pages:
            made = (self._array(c) if c in self.arrays else self._question(self.items[c]) for c in page.asks)
            if questions := tuple(q for q in made if q is not None):
                pages.append((page.title, questions))
        every = [q for _, questions in pages for q in questions]
        asked = [i for q in every for i in q.items]
        mandatory = [i for i in asked if not i.optional]
        one = self.chosen if self.chosen and self.items[self.chosen].max_choices == 1 else None
        texts = [(q.code, q.text) for q in every] + [(i.item, i.text) for i in asked]
        return Survey(
            self.form, self.organisation, self.instruments.informed if self.form.informed else "", tuple(pages),
            self._seconds(mandatory) / 60, sum(i.when is None for i in mandatory),
            sum(i.when is not None for i in mandatory), len(asked) - len(mandatory), one,
            tuple(c for c in self.items if c not in {i.item for i in asked}),
            tuple(dict.fromkeys(code for code, text in texts if TO_PASTE in text)),
        )  # fmt: skip

    def _array(self, code: str) -> Question:
        array = self.arrays[code]
        items = tuple(self.items[c] for c in array.items)
        rows = tuple(Choice(i.item, _clean(i.text)) for i in items)
        return Question(array.array, "table", _clean(array.text), items, rows=rows, answers=_answers(items[0]))

    def _question(self, item: Item) -> Question | None:
        """The question of one item; None when there is no process, tool or team to ask about, or when the item it
        follows is not asked here."""
        if item.when is not None and item.when.item not in self.items:
            return None
        text, help_text = _worded(item.text, item.per), _clean(item.help)
        made = Question(item.item, _shape(item), text, (item,), help_text)
        if item.kind == "team":
            teams = _choices(self.lists.teams, "team")
            return replace(made, answers=teams) if teams else None
        if item.per == "person":
            options = _answers(item)
            listed = {"answers": options} if made.shape == "choice" else {"rows": options}
            made = replace(made, **listed)  # type: ignore[arg-type]
            return made if item.when is None else self._conditional(made, item.when)
        rows = tuple(replace(r, shown_if=self._row_shown_if(item, r.code)) for r in self.listed[item.per])
        if not rows:
            return None
        shown = [r.shown_if for r in rows]
        made = replace(made, rows=rows, answers=_answers(item) if made.shape == "table" else (),
                       shown_if=ALWAYS if ALWAYS in shown else _any(shown))  # fmt: skip
        return made if item.when is None else replace(made, only_if=self._in_words(item.when))

    def _conditional(self, made: Question, when: Condition) -> Question | None:
        """A question about the person, asked after an answer to another, or to any row of it."""
        other = self.items[when.item]
        rows = [None] if other.per == "person" else [r.code for r in self.listed[other.per]]
        if not rows:
            return None
        shown_if = _any([_one_of(self._variable(when.item, row), when.answers) for row in rows])
        return replace(made, shown_if=shown_if, only_if=self._in_words(when))

    def _row_shown_if(self, item: Item, row: str) -> str:
        conditions = []
        if item.per == "process" and self.chosen and item.item != self.chosen:
            conditions.append(f'{self.chosen}_{row}.NAOK == "Y"')
        elif (teams := self._teams_of(item.per, row)) is not None:
            conditions.append(_one_of(str(self.team), teams))
        if item.when is not None:
            conditions.append(_one_of(self._variable(item.when.item, row), item.when.answers))
        return " and ".join(conditions) or ALWAYS

    def _teams_of(self, per: str, row: str) -> tuple[str, ...] | None:
        """Teams that have the process or tool, or of which nothing is known yet; None = all of them."""
        if self.team is None or self.lists.teams.is_empty():
            return None
        teams, deployments = self.lists.teams["team"].to_list(), self.lists.deployments
        have = set(deployments.filter(pl.col(per) == row)["team"])
        known = set(deployments["team"])
        shown = tuple(t for t in teams if t in have or t not in known)
        return None if len(shown) == len(teams) else shown

    def _variable(self, code: str, row: str | None) -> str:
        array = next((a.array for a in self.arrays.values() if code in a.items), None)
        item = self.items.get(code)
        if row is not None and item is not None and item.per != "person":
            return f"{code}_{row}"
        return f"{array}_{code}" if array else code

    def _in_words(self, when: Condition) -> tuple[str, tuple[str, ...]]:
        item = self.items.get(when.item)
        labels = {a.code: _clean(a.label) for a in item.answers} if item else {}
        return when.item, tuple(labels.get(a, a) for a in when.answers)

    def _seconds(self, asked: list[Item]) -> float:
        """Seconds of the longest way through. Of items asked after an answer, the longest branch counts; of rows, one
        tool, and as many processes as may be chosen."""
        usual = self.instruments.seconds
        listed = len(self.listed["process"])
        processes = min((self.items[self.chosen].max_choices if self.chosen else 1) or listed, listed)
        always = 0.0
        branches: dict[str, dict[tuple[str, ...], float]] = {}
        for item in asked:
            seconds = float(item.seconds or usual.get(item.kind, 0))
            seconds *= processes if item.per == "process" and item.item != self.chosen else 1
            if item.when is None:
                always += seconds
            else:
                branch = branches.setdefault(item.when.item, {})
                branch[item.when.answers] = branch.get(item.when.answers, 0) + seconds
        return always + sum(max(b.values()) for b in branches.values())


def _shape(item: Item) -> Shape:
    if item.kind in ("choice", "team"):
        return "choice" if item.per == "person" else "table"
    if item.kind == "number":
        return "number" if item.per == "person" else "numbers"
    if item.kind == "text":
        return "texts" if item.answers else "text"
    shapes: dict[str, Shape] = {"code": "text", "multiple": "boxes", "points": "points", "date": "date"}
    return shapes[item.kind]


def _choices(frame: pl.DataFrame, code: str) -> tuple[Choice, ...]:
    return tuple(Choice(c, _clean(label)) for c, label in frame.select(code, "label").iter_rows())


def _answers(item: Item) -> tuple[Choice, ...]:
    return tuple(Choice(a.code, _clean(a.label)) for a in item.answers)


def _worded(text: str, per: str) -> str:
    """The text with words instead of `[processus]` and `[outil]`; a capital where it opens the sentence."""
    for what, (mark, own, other) in _ABOUT.items():
        text = text.replace(mark, own if per == what else other)
    text = _clean(text)
    return text[:1].upper() + text[1:]


def _one_of(variable: str, answers: tuple[str, ...]) -> str:
    return _any([f'{variable}.NAOK == "{a}"' for a in answers])


def _any(conditions: list[str]) -> str:
    distinct = list(dict.fromkeys(conditions))
    return distinct[0] if len(distinct) == 1 else "(" + " or ".join(distinct) + ")"


def _clean(text: str) -> str:
    """Single spaces, nothing that XML forbids. A no-break space stays."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\ufffe\uffff\ud800-\udfff]", " ", text).split(" ")).strip()

"""The rule that turns published figures into one proposal per process and tool, as data of the study file.

A line holds alternatives, each a list of conditions that must all be known and met: `gain.low > 0`. Gates come first;
then the lines in order; what no line settles is the last line's.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pipelines.contracts.proposals import INPUTS, LAST_LINE
from pipelines.study.base import Frozen

BOUNDS = ("low", "high")
NAMES = frozenset(column.name for column in INPUTS)
LEVELS = {"D": 0, "C": 1, "B": 2, "A-": 3, "A": 3}
_CONDITION = re.compile(
    r"(?P<input>[a-z_]+)(?:\.(?P<bound>low|high))? (?P<op>>=|<=|>|<) (?P<value>-?\d+(?:\.\d+)?|[ABCD])"
)


@dataclass(frozen=True)
class Condition:
    """`input[.bound] op value`. `column` of published.proposals; `value` of a level of evidence is its rank."""

    text: str
    input: str
    bound: str | None
    op: str
    value: float

    @property
    def column(self) -> str:
        """The column the condition reads."""
        return self.input if self.bound is None else f"{self.input}_{self.bound}"


def condition(text: str) -> Condition:
    """Read one condition. ValueError saying what it may look like."""
    found = _CONDITION.fullmatch(text)
    inputs = sorted(n for n in NAMES if not n.endswith(BOUNDS))
    if found is None:
        raise ValueError(f"{text!r} is no condition: write for instance `gain >= 15`, `gain.low > 0`, `evidence >= B`")
    name, bound, op, value = found.group("input", "bound", "op", "value")
    if name not in inputs or (bound is not None and f"{name}_{bound}" not in NAMES):
        raise ValueError(f"{text!r}: a rule may look at {', '.join(inputs)}, and at gain.low, gain.high, errors.low")
    if (name == "evidence") != (value in LEVELS):
        raise ValueError(f"{text!r}: evidence is compared with a level (A, B, C, D), everything else with a number")
    return Condition(text, name, bound, op, float(LEVELS.get(value, value)))


def _checked(text: str) -> str:
    return condition(text).text


class Line(Frozen):
    """One line of the rule. A gate cannot be compensated; an open action that answers it turns it into « ajuster »."""

    line: Annotated[str, Field(pattern=r"^[0-9a-z_]{1,20}$")]
    proposal: Literal["generaliser", "ajuster", "ne_pas_poursuivre"]
    gate: bool = False
    when: tuple[tuple[Annotated[str, AfterValidator(_checked)], ...], ...]

    @model_validator(mode="after")
    def _holds_something(self) -> "Line":
        if not self.when or not all(self.when):
            raise ValueError("when: give at least one list of conditions, for instance `when: [[gain >= 15]]`")
        return self

    @property
    def alternatives(self) -> tuple[tuple[Condition, ...], ...]:
        """The conditions, read."""
        return tuple(tuple(condition(text) for text in texts) for texts in self.when)


_ACCEPTED = ("umux_lite >= 60", "wish_to_continue >= 60", "not_assessed <= 0", "evidence >= B")
HOUSE_LINES = (
    Line(line="1a", gate=True, proposal="ne_pas_poursuivre", when=(("not_compliant >= 1",),)),
    Line(line="1b", gate=True, proposal="ne_pas_poursuivre", when=(("human_incidents >= 1",),)),
    Line(line="1c", gate=True, proposal="ne_pas_poursuivre", when=(("escaped_errors >= 1",),)),
    Line(line="1d", gate=True, proposal="ne_pas_poursuivre", when=(("errors.low > 1.15",),)),
    Line(line="2", proposal="generaliser", when=(
        ("gain >= 15", "gain.low > 0", *_ACCEPTED), ("irritation <= -2", "gain.low > -10", *_ACCEPTED))),
    Line(line="3", proposal="ne_pas_poursuivre", when=(
        ("gain.high < 5", "irritation > -2"), ("abandonment >= 60",))),
)  # fmt: skip


class Proposals(Frozen):
    """The rule in force: the house's unless the study file gives its own lines."""

    lines: tuple[Line, ...] = HOUSE_LINES

    @model_validator(mode="after")
    def _told_apart(self) -> "Proposals":
        ids = [line.line for line in self.lines]
        if not ids:
            raise ValueError("proposals: a rule needs lines; leave `proposals:` out to keep the house's")
        if LAST_LINE in ids:
            raise ValueError(f"proposals: line {LAST_LINE} is what no other line settles; call yours otherwise")
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"proposals: two lines are called {', '.join(twice)}: give each its own id")
        return self

"""Cases drawn, run and judged."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tests.fuzz import mutators
from tests.fuzz.judge import Outcome, differences, prepared, received_by, run, strangers
from tests.fuzz.mutators import BOOKS, BYTES, LINES, TABLES, WRITING, Damage, spoil
from tests.fuzz.subjects import Subject, subjects

_SEED = 20260302
# What leaves the meaning of a file alone, by stage; the others are drawn one at a time.
_SAME = {
    "TABLES": ("columns_shuffled", "rows_shuffled", "empty_columns", "spaces", "dates_respelt", "numbers_respelt",
               "minutes_respelt", "rows_repeated", "unknown_column"),
    "LINES": ("blank_lines", "title_above", "header_repeated"),
    "WRITING": ("encoding", "newline", "quoting", "separator", "separator_line", "as_workbook"),
    "BYTES": ("in_blocks", "end_of_file"),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One file of one subject, spoilt in one way."""

    subject: str
    file: str
    mutators: tuple[str, ...]
    seed: int

    def __str__(self) -> str:
        return f"{self.subject}:{self.file}:{'+'.join(self.mutators)}:{self.seed}"

    @classmethod
    def parse(cls, text: str) -> "Case":
        """The case that str() gave."""
        subject, file, names, seed = text.split(":")
        return cls(subject, file, tuple(names.split("+")), int(seed))


@dataclass(frozen=True)
class Verdict:
    """`end`: `same` tables, `through` (a run would go, with other tables), `refused`, or `fault`. `rules`: those that
    refuse."""

    case: Case
    end: str
    rules: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    seconds: float = 0.0
    message: str = ""


@dataclass
class Figures:
    """What a campaign counted."""

    cases: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    by_mutator: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused_same: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[Verdict] = field(default_factory=list)
    slowest: Verdict | None = None

    def add(self, verdict: Verdict) -> None:
        """One more case."""
        self.cases += 1
        self.ends[verdict.end] += 1
        self.rules.update(set(verdict.rules))
        for name in verdict.case.mutators:
            self.by_mutator[name, verdict.end] += 1
        if verdict.faults:
            self.faults.append(verdict)
        if self.slowest is None or verdict.seconds > self.slowest.seconds:
            self.slowest = verdict


def cases(seed: int = _SEED) -> Iterator[Case]:
    """Cases without end: every subject and every mutator in turn, then what chance puts together."""
    rng = np.random.default_rng(seed)
    everyone = list(subjects().values())
    alone = [n for stage in (TABLES, LINES, WRITING, BYTES, BOOKS) for n in stage]
    same = [n for names in _SAME.values() for n in names]
    spoiling = [n for n in alone if n not in same]
    number = 0
    while True:
        for subject in everyone:
            number += 1
            file = str(rng.choice(subject.spoilt))
            if rng.random() < 0.5:
                names = tuple(str(n) for n in rng.choice(same, int(rng.integers(1, 4)), replace=False))
            else:
                first = tuple(str(n) for n in rng.choice(same, int(rng.integers(0, 2)), replace=False))
                names = (*first, str(rng.choice(spoiling)))
            if subject.files[file].startswith(b"PK"):
                names = (str(rng.choice(["zip_cut", "zip_flipped", "part_spoilt", "part_spoilt", "attributes_changed",
                                         "sheets_changed", "sheets_changed"])),)  # fmt: skip
            yield Case(subject.name, file, names, number)


def judge(case: Case) -> Verdict | None:
    """Run one case; None when a mutator has nothing to work on."""
    subject, before = prepared(case.subject)
    spoilt = spoil(case.mutators, case.seed, subject.files[case.file], subject)
    if spoilt is None:
        return None
    data, damage = spoilt
    outcome = run(subject, {case.file: data}, block=damage.block)
    faults = (
        [*outcome.faults, *_more_faults(outcome, before, subject, damage, case)] if outcome.tables else outcome.faults
    )
    said = [p for p in outcome.stopping if p.rule not in ("empty_wave", "silent_team")] or outcome.stopping
    rules = tuple(p.rule for p in said)
    end = "fault" if faults else "refused" if rules else "same" if damage.kind == "same" else "through"
    first = f"{said[0].message} {said[0].action}" if said else ""
    return Verdict(case, end, rules, tuple(faults), outcome.seconds, first)


def _more_faults(outcome: Outcome, before: Outcome, subject: Subject, damage: Damage, case: Case) -> Iterator[str]:
    hard = [p for p in outcome.stopping if p.level in ("file", "label")]
    if damage.kind == "same" and not hard and (damage.added or not outcome.stopping):
        yield from differences(outcome, before, moved=damage.moved, alone=subject.alone, added=damage.added)
    if damage.kind == "same" and not damage.added and not outcome.stopping:
        received, expected = received_by(outcome, case.file), received_by(before, case.file)
        if received != expected:
            yield f"received {received}, not {expected}"
    if (
        damage.kind in ("local", "loses")
        and not hard
        and (new := strangers(outcome, before, alone=subject.alone)) > damage.touched
    ):
        yield f"{new} rows the file did not hold, {damage.touched} touched"
    if damage.kind == "local" and not outcome.stopping:
        received, expected = received_by(outcome, case.file) or 0, received_by(before, case.file) or 0
        if received < expected - damage.touched:
            yield f"silent loss: {received} rows received of {expected}"


def campaign(*, seconds: float | None = None, count: int | None = None, seed: int = _SEED) -> Figures:
    """Cases one after the other for so many seconds, or so many of them."""
    figures, started = Figures(), time.monotonic()
    for case in cases(seed):
        if count is not None and figures.cases >= count:
            break
        if seconds is not None and time.monotonic() - started > seconds:
            break
        if (verdict := judge(case)) is not None:
            figures.add(verdict)
            if verdict.end == "refused" and set(case.mutators) <= {n for names in _SAME.values() for n in names}:
                for name in case.mutators:
                    figures.refused_same[name, verdict.rules[0]] += 1
    return figures


__all__ = ["Case", "Figures", "Verdict", "campaign", "cases", "judge", "mutators"]

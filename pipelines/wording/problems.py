"""What is wrong with the files of a study, as an analyst reads it at the console: grouped by what it does to a run.

Belongs here: headings and layout. What each problem says is its own; nothing is translated, as study.yaml is not.
"""

from collections.abc import Sequence
from itertools import groupby

from pipelines.contracts.rules import Level, Problem

HEADINGS: dict[Level, str] = {
    "file": "Stops the run: files and columns",
    "label": "Stops the run: labels and columns that nobody knows",
    "beyond": "Stops the run: more rows than study.yaml accepts",
    "within": "Left out or counted once, as study.yaml accepts",
    "flag": "Used all the same",
}


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """Of problems in order, worst first: a heading per level, then for each a line that starts with `- ` (where, what)
    and one that says what to do."""
    lines: list[str] = []
    for level, group in groupby(problems, key=lambda problem: problem.level):
        lines += ["", f"{HEADINGS[level]}:"] if lines else [f"{HEADINGS[level]}:"]
        for problem in group:
            lines += [f"- {problem.where}: {problem.message}", f"    {problem.action}"]
    return lines


def verdict(problems: Sequence[Problem]) -> str:
    """What a run would do."""
    stopping = [p for p in problems if p.stops]
    if stopping:
        return f"{_counted(len(stopping), 'problem')} stop{'s' if len(stopping) == 1 else ''} the run."
    left_out, used = (sum(p.rows for p in problems if p.level == level) for level in ("within", "flag"))
    said = [f"{_counted(left_out, 'row')} left out or counted once, as study.yaml accepts"] if left_out else []
    said += [f"{_counted(used, 'row')} used though a rule is broken"] if used else []
    return "A run would go through" + (f": {', '.join(said)}." if said else ": no problem found.")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

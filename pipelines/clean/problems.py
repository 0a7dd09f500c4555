"""What is wrong with the files of a study, one problem per fault, the worst first.

Belongs here: how rows that break a rule become one problem, and which problems only follow from another one.
Does not belong here: finding faults (the readers and the rest of this room), printing them (wording/problems.py).
"""

from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from pipelines.contracts.rules import FILE_RULES, LEVELS, RULES, Level, Problem
from pipelines.study.models import Study

FILES_SHOWN, LINES_SHOWN = 5, 5
# What was set aside -> rule -> the registers it looks things up in: while one of them has lost rows, nobody can tell
# what is unknown.
_LOOKED_UP_IN: dict[str, dict[str, tuple[str, ...]]] = {
    "registers": {
        "unknown_team": ("teams",), "unknown_person": ("people_time",), "unknown_code": ("tools", "processes"),
    },
    "time": {"unknown_person": ("people_time",), "unknown_code": ("tools", "processes")},
    "responses": {
        "unknown_team": ("teams",), "unknown_person": ("people_survey",), "ambiguous_code": ("people_survey",),
    },
}  # fmt: skip
_LABELS_OF = {"unmapped_tool": "tools", "unmapped_process": "processes"}


def all_problems(
    found: Iterable[Problem], rejected: Mapping[str, pl.DataFrame], flagged: pl.DataFrame, study: Study
) -> list[Problem]:
    """`found`, faults of files and labels, and one problem per rule that rows broke, worst first.

    `rejected`: clean.rejected_<name> by name (registers, time, responses); `flagged`: clean.flagged. Left out is what
    follows from a row that a register lost beyond what study.yaml accepts (who was on it is unknown everywhere else),
    and rows whose label is unknown (the label is a problem itself).
    """
    found = list(found)
    beyond = {p.rule for p in row_problems(pl.concat(rejected.values()), study) if p.stops}
    lost = set(rejected["registers"].filter(pl.col("rule").is_in(beyond), pl.col("status") == "set_aside")["source"])
    unsure = {
        name: {rule for rule, registers in rules.items() if lost.intersection(registers)}
        for name, rules in _LOOKED_UP_IN.items()
    }
    if any(p.rule in _LABELS_OF for p in found):
        unsure["time"].add("unknown_code")
    judged = pl.concat(rows.filter(~pl.col("rule").is_in(unsure[name])) for name, rows in rejected.items())
    told = [p for p in found if _LABELS_OF.get(p.rule) not in lost]
    return worst_first([*told, *row_problems(judged, study), *flag_problems(flagged)])


def worst_first(problems: Iterable[Problem]) -> list[Problem]:
    """By level; faults in the order of the catalogue, rules by the number of rows."""
    rank = {rule: n for n, rule in enumerate(FILE_RULES)}

    def order(p: Problem) -> tuple[int, int, int, str, str, int]:
        return LEVELS.index(p.level), rank.get(p.rule, 0), -p.rows, p.rule, p.file, p.line or 0

    return sorted(problems, key=order)


def row_problems(rejected: pl.DataFrame, study: Study) -> list[Problem]:
    """One problem per rule: `beyond` when more rows broke it, or repeat another one, than `quarantine:` of the study
    file allows, with every file, as nobody can tell which of the rows is the one too many; else `within`."""
    problems = []
    for rule, rows in _by_rule(rejected):
        known, allowed = RULES[rule], study.quarantine.get(rule, 0)
        if known.consent and rows.height > allowed:
            consent = f"Or go on without them: `quarantine: {{{rule}: {rows.height}}}` in study.yaml."
            count = f"{_count(rows)}, {allowed} accepted in study.yaml"
            problems.append(_problem(rule, rows, count, f"{known.action} {consent}", "beyond"))
        else:
            problems.append(_problem(rule, rows, _count(rows), known.action, "within"))
    return problems


def flag_problems(flagged: pl.DataFrame) -> list[Problem]:
    """One problem per rule that accepted rows break, as the study keeps them."""
    rows = flagged.with_columns(pl.lit(None, pl.String).alias("column"))
    return [_problem(rule, own, _count(own), RULES[rule].action, "flag") for rule, own in _by_rule(rows)]


def _by_rule(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (rule,), own in rows.sort("source_file", "source_row").group_by("rule", maintain_order=True):
        yield str(rule), own


def _problem(rule: str, rows: pl.DataFrame, count: str, action: str, level: Level) -> Problem:
    message = f"{RULES[rule].message.rstrip('.')} ({count})."
    return Problem(rule, _places(rows), message, action, level=level, rows=rows.height)


def _count(rows: pl.DataFrame) -> str:
    return f"{rows.height} row{'s' if rows.height > 1 else ''}"


def _places(rows: pl.DataFrame) -> str:
    """The first files, with their first lines and the column at fault when it is one."""
    files = rows.group_by("source_file", maintain_order=True).agg("source_row", pl.col("column").unique())
    places = [_place(*row) for row in files.head(FILES_SHOWN).iter_rows()]
    more = files.height - FILES_SHOWN
    return "; ".join(places) + (f"; and {more} more file{'s' if more > 1 else ''}" if more > 0 else "")


def _place(file: str, lines: list[int], columns: list[str | None]) -> str:
    more = f" and {len(lines) - LINES_SHOWN} more" if len(lines) > LINES_SHOWN else ""
    where = f"{file}, line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:LINES_SHOWN]))}{more}"
    return f"{where}, column {columns[0]!r}" if len(columns) == 1 and columns[0] else where

"""Everything together: draw the study, write its folder, say what was planted."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.demo import facts
from pipelines.demo.design import Roster, build_roster
from pipelines.demo.questionnaires import questionnaire_exports
from pipelines.demo.registers import register_files, training_register
from pipelines.demo.sheets import sheet_exports
from pipelines.demo.study_file import study_yaml
from pipelines.demo.trackers import DEFECTS, Export, tracker_export
from pipelines.demo.work import Work, simulate_work

# Counted as duplicates, not set aside; a file sent again needs no consent.
REPEATS = ("duplicate_row", "duplicate_response", "reexported_row")
NO_CONSENT = ("reexported_row",)


@dataclass(frozen=True)
class Demo:
    """A study folder as bytes by relative path, and the truths and row counts that only the tests read."""

    files: dict[str, bytes]
    truths: dict[str, Any]


def write_demo(out: Path, *, seed: int = 2026, teams: int = 10, entries: int | None = None) -> Path:
    """Write a demonstration study into the folder `out` and return it. Same arguments, same bytes.

    `entries`: about how many time entries (at least 20 per person); null = what the processes give.
    """
    for name, data in generate(seed=seed, teams=teams, entries=entries).files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return out


def generate(*, seed: int = 2026, teams: int = 10, entries: int | None = None) -> Demo:
    """The files of a demonstration study and what was planted in them."""
    # One stream per subject: a change to the questionnaires leaves the time data as they were.
    roster_rng, work_rng, file_rng, survey_rng, training_rng = (
        np.random.Generator(np.random.PCG64([seed, i])) for i in range(5)
    )
    roster = build_roster(roster_rng, teams)
    work = simulate_work(work_rng, roster, entries)
    training = training_register(training_rng, roster)
    exports = {f"temps/{name}": export for name, export in _time_exports(file_rng, work, roster).items()}
    surveys = questionnaire_exports(survey_rng, roster)
    exports |= {f"questionnaires/{name}": export for name, export in surveys.items()}
    planted = sum((Counter(e.defects) for e in exports.values()), Counter[str]())
    files = {"study.yaml": study_yaml(teams, {k: n for k, n in planted.items() if k not in NO_CONSENT}).encode("utf-8")}
    files |= {f"registers/{name}": data for name, data in register_files(roster, training).items()}
    files |= {name: export.data for name, export in exports.items()}
    told: dict[str, Any] = {
        "seed": seed,
        "planted": facts.planted(roster),
        "realised": facts.realised(work, roster, training),
        "set_aside": {k: v for k, v in sorted(planted.items()) if k not in REPEATS},
        "duplicates": {k: v for k, v in sorted(planted.items()) if k in REPEATS},
        "files": {name: _account(export) for name, export in sorted(exports.items())},
    }
    return Demo(files, told)


def _time_exports(rng: np.random.Generator, work: Work, roster: Roster) -> dict[str, Export]:
    exports = sheet_exports(rng, work, roster)
    for fmt in DEFECTS:
        teams = [i for i, kind in enumerate(roster.teams["format"]) if kind == fmt]
        lines = work.lines.filter(pl.col("team").is_in(teams))
        exports[f"{fmt}.csv"] = tracker_export(rng, fmt, lines, roster)
    return exports


def _account(export: Export) -> dict[str, object]:
    repeats = sum(n for rule, n in export.defects.items() if rule in REPEATS)
    aside = sum(export.defects.values()) - repeats
    return {
        "received": export.rows, "accepted": export.rows - aside - repeats, "set_aside": aside, "duplicates": repeats,
        "rules": dict(sorted(export.defects.items())),
    }  # fmt: skip

"""A small study with a planted effect, for the tests of the time indicators."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.contracts import table
from pipelines.indicators.base import Inputs
from pipelines.study.models import Study

START = date(2026, 2, 2)
N_WEEKS = 20
GO_LIVE = {"early": 5, "late": 11}  # week numbers

STUDY = Study.model_validate({
    "study": "panel", "title": "Panel", "organisation": "Test",
    "calendar": {"measurement_start": START, "measurement_end": START + timedelta(weeks=N_WEEKS),
                 "as_of": START + timedelta(weeks=N_WEEKS)},
})  # fmt: skip


def week(number: int) -> date:
    return START + timedelta(weeks=number)


def frame(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows as the table of that qualified name, columns not given as null."""
    return pl.DataFrame(rows, schema=table(name).polars_schema)


def teams(*codes: str) -> pl.DataFrame:
    return frame("clean.teams", [{"team": c, "label": c, "service": "s", "family": "f", "headcount": 8} for c in codes])


def tools(*codes: str) -> pl.DataFrame:
    return frame("clean.tools", [{"tool": c, "label": c} for c in codes])


PROCESSES = frame(
    "clean.processes",
    [{"process": p, "label": p, "family": "f", "witness": p == "witness"} for p in ("mail", "notes", "witness")],
)


def cell(team: str, person: str, process: str, number: int, go_live: int | None, **values: object) -> dict[str, object]:
    """One row of model.time_cells; `go_live` is the week number of (team, process), None = never."""
    treated = go_live is not None and number >= go_live
    since = number - go_live if treated and go_live is not None else -1
    phase = "avant" if not treated else "apprentissage" if since < 3 else "regime"
    return {
        "person_time": person, "team": team, "process": process, "week": week(number),
        "month": week(number).replace(day=1), "witness": process == "witness", "treated": treated, "phase": phase,
        "n_entries": 1, "occurrences": 1, "log_minutes": 0.0, "items": 0, "errors": 0, "severe_errors": 0,
        "n_entries_without_items": 1, **values,
    }  # fmt: skip


def panel(
    seed: int, *, effect: float = -0.30, n_teams: int = 10, n_persons: int = 8, n_tools: int = 1, witness: bool = True,
    use: float = 1.0,
) -> Inputs:
    """Teams with two starts drawn in turn; on mail and notes, minutes change by `effect` once treated, for the share
    `use` of the occurrences that go through the tool."""
    rng = np.random.default_rng(seed)
    cells, weeks, spent, deployed = [], [], [], []
    season = rng.normal(0, 0.05, 12)
    for t in range(n_teams):
        team, tool = f"t{t:02}", f"tool{t % n_tools}"
        go_live = GO_LIVE["early" if t % 2 == 0 else "late"]
        gain = np.log1p(effect) + rng.normal(0, 0.05)
        deployed += [{"team": team, "process": p, "tool": tool, "go_live": week(go_live)} for p in ("mail", "notes")]
        for p in range(n_persons):
            person, level = f"{team}p{p}", rng.normal(0, 0.25)
            for number in range(N_WEEKS):
                live = number >= go_live
                weeks.append({"person_time": person, "team": team, "week": week(number), "logged": True,
                              "treated": live})  # fmt: skip
                for process, minutes in (("mail", 12.0), ("notes", 45.0), *([("witness", 20.0)] if witness else [])):
                    n = int(rng.poisson(3))
                    if n == 0:
                        continue
                    treated = live and process != "witness"
                    noise = rng.normal(0, 0.45, n)
                    used = np.full(n, treated) if use == 1 else treated & (rng.random(n) < use)
                    for with_tool in (False, True):
                        own = used == with_tool
                        if not own.any():
                            continue
                        logs = level + season[week(number).month] + (gain if with_tool else 0) + noise[own]
                        total = float(np.exp(logs).sum() * minutes)
                        parts = {"prompt_minutes": round(0.05 * total, 2)} if with_tool else {}
                        cells.append(cell(
                            team, person, process, number, None if process == "witness" else go_live,
                            occurrences=int(own.sum()), minutes=round(total, 2), tool=tool if with_tool else None,
                            deployed_tool=tool if treated else None,
                            log_minutes=float(logs.sum() + own.sum() * np.log(minutes)), **parts,
                        ))  # fmt: skip
            spent.append({"person_time": person, "team": team, "week": week(go_live - 1), "tool": tool,
                          "kind": "training", "treated": False, "minutes": 90.0})  # fmt: skip
            spent.append({"person_time": person, "team": team, "week": week(go_live + 1), "tool": None,
                          "kind": "support", "treated": True, "minutes": 15.0})  # fmt: skip
    return Inputs(STUDY, {
        "model.time_cells": frame("model.time_cells", cells), "model.agent_weeks": frame("model.agent_weeks", weeks),
        "model.overhead_cells": frame("model.overhead_cells", spent), "clean.processes": PROCESSES,
        "clean.teams": teams(*(f"t{t:02}" for t in range(n_teams))),
        "clean.tools": tools(*(f"tool{k}" for k in range(n_tools))),
        "clean.deployments": frame("clean.deployments", deployed),
    })  # fmt: skip

"""Simulated studies of which the truth is known, as the model tables an indicator reads.

Belongs here: drawing them. Does not belong here: any estimate (the product's, or an analyst's), any table of figures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.contracts import table
from pipelines.indicators.base import Inputs
from pipelines.study.models import Study, Thresholds, Wave
from tests.time_panel import START, frame, tools, week
from tests.time_panel import STUDY as PANEL

N_WEEKS = 20
MONDAYS = [week(number) for number in range(N_WEEKS)]
WAVES = (
    Wave(wave="T0", label="avant", role="baseline", opens=START, closes=START + timedelta(days=11)),
    Wave(wave="T1", label="après", role="end", opens=week(18), closes=week(19) + timedelta(days=4)),
)
STUDY = Study.model_validate({**PANEL.model_dump(), "waves": WAVES, "start_groups_drawn_by_lot": True})
LEARNING = (0.25, 0.50, 0.75)  # share of the effect in the first three weeks
PROCESSES = {"mail": 12.0, "notes": 45.0, "witness": 20.0}  # mean minutes of one occurrence
PER_WEEK = 3.0  # occurrences of one process, per person and week
ITEMS = 3.0  # per occurrence
SEVERAL = "plusieurs"
Rng = np.random.Generator
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """One simulated study, and the truth of each (scope, key) in the unit of the indicator."""

    inputs: Inputs
    truth: Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class TimeDesign:
    """How the work of a simulated study is drawn. Effects are ratios of means, log scale inside.

    `sizes`: people per team, null = 4 to 15, drawn. `starts`: week of go-live of each team. `ratio`: mean over teams of
    minutes (or errors, with `errors`) once equipped against not equipped, `by_tool` another one for some tools.
    `between`: standard deviation of the log effect between teams; `skewed`: a few teams far on the bad side.
    `grows_over`: weeks an effect takes to be whole, null = after the three weeks of learning. `tools_of`: team and
    process -> tools. `season`: what every team goes through, drawn by month; `drift`: its slope per month.
    `shock`: what one team goes through alone, drawn by month.
    """

    starts: tuple[int, ...] = (5, 11) * 5
    sizes: tuple[int, ...] | None = None
    ratio: float = 0.90
    by_tool: Mapping[str, float] = field(default_factory=dict)
    between: float = 0.08
    skewed: bool = False
    witness: bool = True
    season: float = 0.05
    drift: float = 0.0
    shock: float = 0.03
    spread: tuple[float, float] = (0.45, 0.45)  # of log minutes, without and with the tool
    grows_over: int | None = None
    tools_of: Callable[[int, str], tuple[str, ...]] = lambda team, process: ("tool0",)
    errors: bool = False
    error_rate: float = 0.06  # per item
    training: float = 90.0  # minutes per person, the week before
    support: float = 15.0


def with_thresholds(inputs: Inputs, **values: float) -> Inputs:
    """The same study, judged against these thresholds."""
    return Inputs(inputs.study.model_copy(update={"thresholds": Thresholds(**values)}), inputs.tables)


def team_sizes(rng: Rng, n: int) -> Floats:
    return rng.integers(4, 16, n)


def team_shifts(rng: Rng, n: int, sd: float, skewed: bool) -> Floats:
    """Log effects whose exponential has mean 1."""
    if skewed:
        return sd * (rng.exponential(1.0, n) - 1) - (-sd - np.log1p(-sd))
    return rng.normal(0.0, sd, n) - sd**2 / 2


def time_world(rng: Rng, design: TimeDesign) -> World:
    """Cells, weeks and overheads, or cells with errors. Truths, over the cells that untreated work of their month
    identifies: programme, tools and teams, ratios of means from the fourth week on; the same under « staggered »,
    geometric means; under « net_hours <scope> », hours per agent and week."""
    d = design
    n_teams = len(d.starts)
    sizes = np.asarray(d.sizes if d.sizes is not None else team_sizes(rng, n_teams))
    names = [p for p in PROCESSES if d.witness or p != "witness"]
    team_of = np.repeat(np.arange(n_teams), sizes)
    n = len(team_of)
    months = np.array([monday.month for monday in MONDAYS])
    season = rng.normal(0, d.season, 13)[months] + d.drift * (months - months[0])
    shock = rng.normal(0, d.shock, (n_teams, 13))[:, months]
    shifts = team_shifts(rng, n_teams, d.between, d.skewed)
    level = rng.normal(0, 0.25, n) - 0.25**2 / 2
    habit = rng.normal(0, 0.10, (n, len(names))) - 0.10**2 / 2

    # Person x process x week.
    i, k, w = (a.ravel() for a in np.meshgrid(range(n), range(len(names)), range(N_WEEKS), indexing="ij"))
    t = team_of[i]
    since = w - np.asarray(d.starts)[t]
    treated = (since >= 0) & (np.array(names)[k] != "witness")
    deployed = np.full((n_teams, len(names)), "", dtype=object)
    ratio = np.full((n_teams, len(names)), 1.0)
    for a in range(n_teams):
        for b, name in enumerate(names):
            if name != "witness":
                own = d.tools_of(a, name)
                deployed[a, b] = own[0] if len(own) == 1 else SEVERAL
                ratio[a, b] = float(np.mean([d.by_tool.get(tool, d.ratio) for tool in own]))
    whole = np.log(ratio[t, k])
    if d.grows_over:
        ramp = np.clip((since + 1) / d.grows_over, 0, 1)
    else:
        ramp = np.array([*LEARNING, 1.0])[np.clip(since, 0, len(LEARNING))]
    effect = np.where(treated, whole * ramp, 0.0)  # mean over teams
    own_effect = np.where(treated, effect + shifts[t] * ramp, 0.0)
    usual = np.array([PROCESSES[name] for name in names])[k] * np.exp(season[w])

    count = rng.poisson(PER_WEEK, len(i))
    cell = np.repeat(np.arange(len(i)), count)
    sd = np.where(treated, d.spread[1], d.spread[0])[cell]
    noise = rng.normal(0, 1, len(cell)) * sd - sd**2 / 2
    shown = 0.0 if d.errors else own_effect
    logs = (np.log(usual) + level[i] + habit[i, k] + shock[t, w] + shown)[cell] + noise
    minutes, log_minutes = (np.bincount(cell, v, len(i)) for v in (np.exp(logs), logs))
    errors = items = np.zeros(len(i), dtype=np.int64)
    if d.errors:
        items = rng.poisson(ITEMS, len(i)) * np.minimum(count, 1)
        rate = d.error_rate * np.exp(rng.normal(0, 0.3, n)[i] + shock[t, w] + own_effect)
        errors = np.minimum(rng.poisson(rate * items), items)
    phase = np.where(~treated, "avant", np.where(since < 3, "apprentissage", "regime"))
    cells = pl.DataFrame({
        "person_time": [f"p{x:03}" for x in i], "team": [f"t{x:02}" for x in t], "process": np.array(names)[k],
        "week": pl.Series(MONDAYS).gather(w), "month": pl.Series([m.replace(day=1) for m in MONDAYS]).gather(w),
        "witness": np.array(names)[k] == "witness", "treated": treated, "phase": phase,
        "deployed_tool": np.where(treated, deployed[t, k], None).tolist(),
        "tool": np.where(treated, [d.tools_of(0, "mail")[0]], None).tolist(), "n_entries": 1, "occurrences": count,
        "minutes": minutes, "log_minutes": log_minutes, "items": items, "errors": errors, "severe_errors": 0,
        "n_entries_without_items": (items == 0).astype(int),
    }, strict=False).filter(pl.col("occurrences") > 0)  # fmt: skip

    compared = np.isin(months[w], np.unique(months[w[~treated]]))
    regime = treated & (since >= len(LEARNING)) & (compared | (len(set(d.starts)) == 1))
    truth = _ratios(regime, usual, effect, own_effect, t, deployed[t, k], percent=not d.errors)
    if not d.errors:
        truth |= _hours(d, sizes, usual * PER_WEEK, effect, own_effect, treated & compared, t)
        early = regime & (w < max(d.starts))  # staggered starts: a mean of logs, before the last start
        if early.any():
            truth["staggered", "programme"] = 100 * float(np.expm1(effect[early].mean() - d.between**2 / 2))
    return World(Inputs(STUDY, {
        "model.time_cells": table("model.time_cells").conform(cells),
        **_beside(d, team_of, n_teams, names, sizes),
    }), truth)  # fmt: skip


def _ratios(
    regime: NDArray[np.bool_], usual: Floats, effect: Floats, own: Floats, t: NDArray[np.int64], tool: NDArray,
    *, percent: bool,
) -> dict[tuple[str, str], float]:  # fmt: skip
    """Programme and tools: the mean over teams like these; teams: their own."""
    def value(rows: NDArray[np.bool_], log: Floats) -> float:
        ratio = float((usual * np.exp(log))[rows].sum() / usual[rows].sum())
        return 100 * (ratio - 1) if percent else ratio

    found = {("programme", "programme"): value(regime, effect)}
    found |= {("team", f"t{a:02}"): value(regime & (t == a), own) for a in np.unique(t[regime])}
    return found | {
        ("tool", str(x)): value(regime & (tool == x), effect) for x in np.unique(tool[regime].astype(str))
    }


def _hours(
    d: TimeDesign, sizes: Floats, load: Floats, effect: Floats, own: Floats, treated: NDArray[np.bool_],
    t: NDArray[np.int64],
) -> dict[tuple[str, str], float]:  # fmt: skip
    """Net hours per agent and week; of tools where each team has one."""
    teams = np.arange(len(sizes))
    tools_of_team = [set(d.tools_of(int(a), "mail") + d.tools_of(int(a), "notes")) for a in teams]

    def gained(log: Floats) -> Floats:
        return np.bincount(t, load * (1 - np.exp(log)) * treated, len(sizes)) / 60

    expected, spent = gained(effect), sizes * (d.training + d.support) / 60
    weeks = sizes * (N_WEEKS - np.asarray(d.starts))
    rates = (gained(own) - spent) / weeks
    found = {("net_hours programme", "programme"): float((expected - spent).sum() / weeks.sum())}
    found |= {("net_hours team", f"t{a:02}"): float(rates[a]) for a in teams}
    if all(len(own_tools) == 1 for own_tools in tools_of_team):
        for tool in sorted(set.union(*tools_of_team)):
            having = np.array([tool in own_tools for own_tools in tools_of_team])
            found["net_hours tool", tool] = float((expected - spent)[having].sum() / weeks[having].sum())
    return found


def _beside(
    d: TimeDesign, team_of: NDArray[np.int64], n_teams: int, names: list[str], sizes: Floats
) -> dict[str, pl.DataFrame]:
    """Everything but the cells: weeks, overheads, registers."""
    weeks, spent, deployed, used = [], [], [], set[str]()
    for p, a in enumerate(team_of):
        who = {"person_time": f"p{p:03}", "team": f"t{a:02}"}
        live = d.starts[a]
        weeks += [{**who, "week": monday, "logged": True, "treated": x >= live} for x, monday in enumerate(MONDAYS)]
        tool = d.tools_of(int(a), "mail")[0]
        spent.append({**who, "week": week(live - 1), "tool": tool, "kind": "training", "treated": False,
                      "minutes": d.training})  # fmt: skip
        spent.append({**who, "week": week(live + 1), "tool": tool, "kind": "support", "treated": True,
                      "minutes": d.support})  # fmt: skip
    for a in range(n_teams):
        for name in names:
            if name != "witness":
                for tool in d.tools_of(a, name):
                    used.add(tool)
                    deployed.append({"team": f"t{a:02}", "process": name, "tool": tool, "go_live": week(d.starts[a])})
    return {
        "model.agent_weeks": frame("model.agent_weeks", weeks),
        "model.overhead_cells": frame("model.overhead_cells", spent),
        "clean.processes": frame("clean.processes", [
            {"process": p, "label": p, "family": "f", "witness": p == "witness"} for p in names]),
        "clean.teams": _teams(sizes), "clean.tools": tools(*sorted(used)),
        "clean.deployments": frame("clean.deployments", deployed),
    }  # fmt: skip


def _teams(sizes: Floats) -> pl.DataFrame:
    return frame("clean.teams", [
        {"team": f"t{a:02}", "label": f"t{a:02}", "service": "s", "family": "f", "headcount": int(size)}
        for a, size in enumerate(sizes)])  # fmt: skip


def survey_world(
    rng: Rng, *, sizes: tuple[int, ...] | None, change: float = -5.0, between: float = 4.0, depends: bool = False
) -> World:
    """WHO-5 twice: a change of `change` points on average, 30 % who do not answer again; `depends`: those who were
    low at the start leave more often, and what is low rises more."""
    people = np.asarray(sizes if sizes is not None else team_sizes(rng, 10))
    team = np.repeat(np.arange(len(people)), people)
    n = len(team)
    before = 55 + rng.normal(0, 5, len(people))[team] + rng.normal(0, 16, n)
    own = change + rng.normal(0, between, len(people))
    after = before + own[team] - 0.35 * (before - 55) + rng.normal(0, 12, n)
    chance = 1 / (1 + np.exp(-(0.95 + 0.09 * (before - 55)))) if depends else np.full(n, 0.70)
    answered = rng.random(n) < chance
    common = {"role": "agent", "scale": "wellbeing", "n_answered": 5, "complete": True}
    rows = [
        {**common, "person_survey": f"s{p:03}", "team": f"t{team[p]:02}", "wave": wave, "score": float(scores[p])}
        for wave, scores in (("T0", before), ("T1", after))
        for p in range(n) if wave == "T0" or answered[p]
    ]  # fmt: skip
    inputs = Inputs(STUDY, {
        "model.scores": frame("model.scores", rows), "clean.teams": _teams(people), "clean.tools": tools("tool0"),
        **_survey_registers(team, lambda a: "tool0"),
    })  # fmt: skip
    # What a team would change by if its people started where they did, the whole's mean being 55.
    truth = {("programme", "programme"): change}
    start = np.array([before[team == a].mean() for a in range(len(people))])
    truth |= {("team", f"t{a:02}"): float(own[a] - 0.35 * (start[a] - 55)) for a in range(len(people))}
    return World(inputs, truth)


def satisfaction_world(
    rng: Rng, *, sizes: tuple[int, ...] | None, share: float = 60.0, between: float = 8.0, n_teams: int = 10
) -> World:
    """One question, three tools, one per team; `between`: spread of the share between teams, in points."""
    people = np.asarray(sizes if sizes is not None else team_sizes(rng, n_teams))
    team = np.repeat(np.arange(n_teams), people)
    chance = np.clip(share / 100 + rng.normal(0, between / 100, n_teams), 0.02, 0.98)
    satisfied = rng.random(len(team)) < chance[team]
    answered = rng.random(len(team)) < 0.85
    tool_of = [f"tool{a % 3}" for a in range(n_teams)]
    rows = [
        {"person_survey": f"s{p:03}", "team": f"t{a:02}", "role": "agent", "wave": "T1", "scale": "SO1",
         "tool": tool_of[a], "n_answered": 1, "complete": True, "score": 4.0 if satisfied[p] else 2.0}
        for p, a in enumerate(team) if answered[p]
    ]  # fmt: skip
    inputs = Inputs(STUDY, {
        "model.scores": frame("model.scores", rows), "clean.teams": _teams(people),
        "clean.tools": tools("tool0", "tool1", "tool2"), **_survey_registers(team, lambda a: tool_of[a]),
    })  # fmt: skip
    truth = {("programme", "programme"): share} | {("tool", f"tool{k}"): share for k in range(3)}
    return World(inputs, truth | {("team", f"t{a:02}"): 100 * float(chance[a]) for a in range(n_teams)})


def _survey_registers(team: NDArray[np.int64], tool_of: Callable[[int], str]) -> dict[str, pl.DataFrame]:
    people = [{"person_survey": f"s{p:03}", "team": f"t{a:02}", "role": "agent"} for p, a in enumerate(team)]
    deployed = [
        {"team": f"t{a:02}", "process": "mail", "tool": tool_of(int(a)), "go_live": week(5)} for a in np.unique(team)
    ]
    return {
        "clean.people_survey": frame("clean.people_survey", people),
        "clean.deployments": frame("clean.deployments", deployed),
    }

"""`make bench-stats`: coverage and false « atteint » of the product's own intervals and verdicts, on simulated studies.

The truth stands exactly on the threshold, so that every « atteint » is false. Each replicate has its own generator:
figures do not depend on the order, on the other scenarios, or on the number of processes. Writes reports/bench.csv,
which the method page prints.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from zlib import crc32

for name in ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # small frames: threads cost more than they give

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402

from pipelines.decisions import decide  # noqa: E402
from pipelines.estimators.imputation import reference  # noqa: E402
from pipelines.indicators import errors, net_hours, satisfaction, time_per_task, time_sensitivities, wellbeing  # noqa: E402
from pipelines.indicators.base import Inputs, estimates  # noqa: E402
from pipelines.indicators.scopes import ALL, PROGRAMME, imputed_change  # noqa: E402
from tests.bench_naive import ANALYSES  # noqa: E402
from tests.bench_worlds import (  # noqa: E402
    Rng,
    TimeDesign,
    World,
    satisfaction_world,
    survey_world,
    time_world,
    with_thresholds,
)

PROJECT_SEED = 2026
REPLICATES = 120  # those of the committed figures: two to five minutes on two cores
FIGURES = Path(__file__).parents[1] / "reports" / "bench.csv"
NOMINAL_FALSE = 0.025
BAR = (0.93, 0.97)
BAR_STAGGERED = 0.98  # ten staggered teams or fewer (methods.md, section 10)
SCHEMA: dict[str, pl.DataType] = {
    "scenario": pl.String(), "indicator": pl.String(), "scope": pl.String(), "teams": pl.Int64(),
    "replicates": pl.Int64(), "intervals": pl.Int64(), "without_interval": pl.Int64(), "bias": pl.Float64(),
    "coverage": pl.Float64(), "coverage_error": pl.Float64(), "false_reached": pl.Float64(),
    "false_error": pl.Float64(), "naive_coverage": pl.Float64(), "naive_false": pl.Float64(),
    "plain_coverage": pl.Float64(), "plain_false": pl.Float64(), "bar_low": pl.Float64(), "bar_high": pl.Float64(),
    "false_bar": pl.Float64(), "status": pl.String(),
}  # fmt: skip
# (indicator, scope, key) of one replicate -> what was found: truth, low, high, estimate, verdict.
Found = dict[str, object]


@dataclass(frozen=True)
class Scenario:
    """A way of drawing studies, the indicators read in it, and whether their teams and tools are read too."""

    draw: Callable[[Rng], World]
    indicators: tuple[str, ...]
    teams: int = 10
    staggered: bool = True
    scopes: tuple[str, ...] = ("programme",)


def _time(*, scopes: tuple[str, ...] = ("programme",), also: tuple[str, ...] = (), **design: object) -> Scenario:
    made = TimeDesign(**design)  # type: ignore[arg-type]
    indicator = "errors" if made.errors else "time_per_task"
    staggered = len(set(made.starts)) > 1
    return Scenario(lambda rng: time_world(rng, made), (indicator, *also), len(made.starts), staggered, scopes)


def _by_team(team: int, process: str) -> tuple[str, ...]:
    return (f"tool{team % 3}",)


def _by_process(team: int, process: str) -> tuple[str, ...]:
    return (f"tool{(team + (process == 'notes')) % 3}",)


def _two_on_one(team: int, process: str) -> tuple[str, ...]:
    return _by_team(team, process) if process == "notes" else (f"tool{team % 3}", f"tool{(team + 1) % 3}")


EQUAL = (8,) * 10
PER_TEAM, PER_TOOL = ("programme", "team"), ("programme", "tool")
TWELVE = (5, 11) * 6
SCENARIOS: dict[str, Scenario] = {
    "a2_equal": _time(sizes=EQUAL),
    "a2_unequal": _time(scopes=PER_TEAM, also=("net_hours",)),
    "a2_skewed": _time(skewed=True, between=0.10),
    "a2_no_witness": _time(witness=False),
    "a2_same_start": _time(witness=False, starts=(8,) * 10, season=0.0, drift=-0.012),
    "h1_unequal_spread": _time(sizes=EQUAL, spread=(0.55, 0.40)),
    "h3_5_teams": _time(sizes=(8,) * 5, starts=(5, 11, 5, 11, 5)),
    "h3_6_teams": _time(sizes=(8,) * 6, starts=(5, 11) * 3),
    "h3_8_teams": _time(sizes=(8,) * 8, starts=(5, 11) * 4),
    "d_10_teams_growing": _time(
        starts=(5,) * 4 + (10,) * 3 + (15,) * 3, witness=False, grows_over=8, scopes=("programme", "staggered")),
    "d_15_teams_growing": _time(
        starts=(5, 10, 15) * 5, witness=False, grows_over=8, scopes=("programme", "staggered")),
    "growing_with_witness": _time(grows_over=8, scopes=PER_TEAM),
    "teams_alike": _time(between=0.0, scopes=PER_TEAM, also=("net_hours",)),
    "teams_without_shocks": _time(shock=0.0, scopes=PER_TEAM),
    "teams_far_apart": _time(between=0.20, scopes=PER_TEAM, also=("net_hours",)),
    "tools_alike": _time(starts=TWELVE, tools_of=_by_team, scopes=PER_TOOL, also=("net_hours",)),
    "tools_differ": _time(
        starts=TWELVE, tools_of=_by_team, scopes=PER_TOOL, by_tool={"tool0": 0.80, "tool2": 1.00}),
    "two_tools_in_a_team": _time(starts=TWELVE, tools_of=_by_process, scopes=PER_TOOL),
    "two_tools_on_a_process": _time(starts=TWELVE, tools_of=_two_on_one, scopes=PER_TOOL),
    "b_equal": _time(errors=True, sizes=EQUAL),
    "b_unequal": _time(errors=True, starts=TWELVE, tools_of=_by_team, scopes=("programme", "team", "tool")),
    "b_rare": _time(errors=True, sizes=EQUAL, error_rate=0.01),
    "c_mcar": Scenario(lambda rng: survey_world(rng, sizes=EQUAL), ("wellbeing",), 10, False, PER_TEAM),
    "c_mcar_unequal": Scenario(lambda rng: survey_world(rng, sizes=None), ("wellbeing",), 10, False, PER_TEAM),
    "c_mar": Scenario(lambda rng: survey_world(rng, sizes=EQUAL, depends=True), ("wellbeing",), 10, False),
    "satisfaction_alike": Scenario(
        lambda rng: satisfaction_world(rng, sizes=None, between=0.0), ("satisfaction",), 10, False,
        ("programme", "team", "tool")),
    "satisfaction_unequal": Scenario(
        lambda rng: satisfaction_world(rng, sizes=None), ("satisfaction",), 10, False, ("programme", "team", "tool")),
    "satisfaction_far_apart": Scenario(
        lambda rng: satisfaction_world(rng, sizes=None, between=18.0), ("satisfaction",), 10, False,
        ("programme", "team", "tool")),
}  # fmt: skip
MODULES = {"net_hours": net_hours, "errors": errors, "wellbeing": wellbeing, "satisfaction": satisfaction}


def replicate(name: str, number: int) -> list[Found]:
    """One simulated study: every interval looked at, with its truth and its verdict."""
    scenario = SCENARIOS[name]
    rng = np.random.default_rng([PROJECT_SEED, crc32(name.encode()), number])
    world = scenario.draw(rng)
    return [row for indicator in scenario.indicators for row in _found(scenario, indicator, world)]


def _found(scenario: Scenario, indicator: str, world: World) -> Iterator[Found]:
    prefix = "net_hours " if indicator == "net_hours" else ""
    truth = {key: value for (scope, key), value in world.truth.items() if scope == f"{prefix}{PROGRAMME}"}[PROGRAMME]
    inputs = with_thresholds(world.inputs, **{indicator: truth})
    estimand = {"errors": "rate_ratio", "wellbeing": "change", "satisfaction": "share_satisfied"}.get(
        indicator, indicator)  # fmt: skip
    with patch.object(errors, "counts", lambda used: []):  # counts of each cell carry no verdict, and take a while
        made = MODULES[indicator].compute(inputs) if indicator in MODULES else _time_rows(inputs, scenario.scopes)
    rows = decide(made.filter(pl.col("estimand").is_in([estimand, "staggered"])), inputs)
    for row in rows.iter_rows(named=True):
        scope = "staggered" if row["estimand"] == "staggered" else row["scope"]
        known = world.truth.get((f"{prefix}{scope}", row["scope_key"]))
        if scope not in scenario.scopes or known is None:
            continue
        found = {"indicator": indicator, "scope": scope, "truth": known, "estimate": row["estimate"],
                 "low": row["ci_low"], "high": row["ci_high"], "direction": row["direction"],
                 "threshold": row["threshold"], "verdict": row["verdict"]}  # fmt: skip
        if scope == PROGRAMME:
            for label, analysis in zip(("naive", "plain"), ANALYSES[indicator], strict=True):
                found[label] = analysis(inputs) if analysis else None
        yield found


def _time_rows(inputs: Inputs, scopes: tuple[str, ...]) -> pl.DataFrame:
    """Rows of time_per_task: all that the indicator writes, but for its sensitivities; or the programme's alone."""
    ref = reference(inputs.table("model.time_cells"))
    rows = [time_per_task._row(inputs, ref, PROGRAMME, PROGRAMME, ALL, imputed_change(ref, ALL))]
    if "staggered" in scopes:
        cells = inputs.table("model.time_cells").sort(time_sensitivities.SORTED, nulls_last=True)
        rows += [r for r in time_sensitivities._staggered(inputs, cells) if r["estimand"] == "staggered"]
    if "team" in scopes:
        keys = inputs.table("clean.teams")["team"].to_list()
        rows += [time_per_task._row(inputs, ref, "team", key, pl.col("team") == key, values)
                 for key, values in time_per_task._teams(ref, keys).items()]  # fmt: skip
    if "tool" in scopes:
        keys = time_per_task.tool_keys(inputs, inputs.table("model.time_cells"))
        rows += [time_per_task._row(inputs, ref, "tool", key, pl.col("deployed_tool") == key, values)
                 for key, values in time_per_task._tools(ref, keys).items()]  # fmt: skip
    return estimates(rows)


def measure(name: str, replicates: int) -> pl.DataFrame:
    """The rows of one scenario: one per indicator and scope."""
    return summary(name, [replicate(name, r) for r in range(replicates)])


def summary(name: str, runs: list[list[Found]]) -> pl.DataFrame:
    """What the replicates of one scenario come to, in shares; Monte-Carlo errors count replicates, not intervals."""
    rows = []
    for indicator, scope in dict.fromkeys((f["indicator"], f["scope"]) for run in runs for f in run):
        mine = [[f for f in run if f["indicator"] == indicator and f["scope"] == scope] for run in runs]
        rows.append(_line(name, str(indicator), str(scope), mine))
    return pl.DataFrame(rows, schema=SCHEMA)


def _line(name: str, indicator: str, scope: str, runs: list[list[Found]]) -> dict[str, object]:
    scenario = SCENARIOS[name]
    found = [f for run in runs for f in run]
    whole = [f for f in found if f["low"] is not None]
    cover = [np.mean([_covers(f, (f["low"], f["high"])) for f in r]) for run in runs
             if (r := [f for f in run if f["low"] is not None])]  # fmt: skip
    judged = [r for run in runs if (r := [f for f in run if f["verdict"] is not None and _is_worse(f)])]
    false = [np.mean([f["verdict"] == "atteint" for f in r]) for r in judged]
    high = BAR_STAGGERED if scenario.staggered and scenario.teams <= 10 else BAR[1]
    coverage, coverage_error = _mean_and_error(cover)
    false_share = float(np.mean(false)) if false else None
    allowed = NOMINAL_FALSE + 2 * (NOMINAL_FALSE * (1 - NOMINAL_FALSE) / max(len(judged), 1)) ** 0.5
    row: dict[str, object] = {
        "scenario": name, "indicator": indicator, "scope": scope, "teams": scenario.teams, "replicates": len(runs),
        "intervals": len(whole), "without_interval": len(found) - len(whole),
        "bias": float(np.mean([f["estimate"] - f["truth"] for f in whole])) if whole else None,
        "coverage": coverage, "coverage_error": coverage_error, "false_reached": false_share,
        "false_error": _mean_and_error(false)[1] if false else None, "bar_low": BAR[0], "bar_high": high,
        "false_bar": allowed if false else None,
    }  # fmt: skip
    for label in ("naive", "plain"):
        bounds = [(f, f[label]) for f in found if f.get(label) is not None]
        row[f"{label}_coverage"] = float(np.mean([_covers(f, b) for f, b in bounds])) if bounds else None
        row[f"{label}_false"] = float(np.mean([_reached(f, b) for f, b in bounds])) if bounds else None
    # Shares that all agree tell no error: that of a nominal interval is the least.
    least = (0.95 * 0.05 / max(len(whole), 1)) ** 0.5
    row["status"] = _status(coverage, max(coverage_error or 0.0, least), high, false_share, allowed)
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}


def _covers(found: Found, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= found["truth"] <= bounds[1]  # type: ignore[operator]


def _reached(found: Found, bounds: tuple[float, float]) -> bool:
    lower = found["direction"] == "lower"
    return bounds[1] <= found["threshold"] if lower else bounds[0] >= found["threshold"]  # type: ignore[operator]


def _is_worse(found: Found) -> bool:
    """The truth does not pass the threshold: « atteint » would be false."""
    gap = (found["truth"] - found["threshold"]) * (1 if found["direction"] == "lower" else -1)  # type: ignore[operator]
    return gap >= -1e-9


def _mean_and_error(shares: list[float]) -> tuple[float | None, float | None]:
    if not shares:
        return None, None
    error = float(np.std(shares, ddof=1) / len(shares) ** 0.5) if len(shares) > 1 else None
    return float(np.mean(shares)), error


def _status(coverage: float | None, error: float, high: float, false: float | None, allowed: float) -> str:
    """held; within_error = coverage outside the bar by less than two Monte-Carlo errors; else what is missed."""
    if coverage is None:
        return "no_interval"
    if false is not None and false > allowed:
        return "false_reached"
    if BAR[0] <= coverage <= high:
        return "held"
    if BAR[0] - 2 * error <= coverage <= high + 2 * error:
        return "within_error"
    return "too_narrow" if coverage < BAR[0] else "too_wide"


def told(figures: pl.DataFrame) -> list[str]:
    """The table as lines of text, in percent, then what misses the bar."""
    def pc(value: float | None, error: float | None = None) -> str:
        return "-" if value is None else f"{100 * value:.1f}" + ("" if error is None else f"±{100 * error:.1f}")

    head = ["scenario", "indicator", "scope", "n", "coverage", "bar", "false", "bar", "naive cov/false",
            "plain cov/false", "bias", "status"]  # fmt: skip
    lines = [head]
    for r in figures.iter_rows(named=True):
        lines.append([
            r["scenario"], r["indicator"], r["scope"], str(r["replicates"]), pc(r["coverage"], r["coverage_error"]),
            f"{100 * r['bar_low']:.0f}-{100 * r['bar_high']:.0f}", pc(r["false_reached"], r["false_error"]),
            pc(r["false_bar"]), f"{pc(r['naive_coverage'])}/{pc(r['naive_false'])}",
            f"{pc(r['plain_coverage'])}/{pc(r['plain_false'])}", "-" if r["bias"] is None else f"{r['bias']:+.3f}",
            r["status"],
        ])  # fmt: skip
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    missed = figures.filter(~pl.col("status").is_in(["held", "within_error"]))
    names = [f"{r['scenario']} ({r['indicator']}, {r['scope']}: {r['status']})" for r in missed.iter_rows(named=True)]
    return [*text, "", f"Misses the bar: {'; '.join(names) or 'none'}"]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_stats", description=__doc__)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--scenario", action="append", choices=sorted(SCENARIOS), help="only this one (repeatable)")
    parser.add_argument("--write", action="store_true", help=f"write {FIGURES.name}, rows of other scenarios kept")
    asked = parser.parse_args(arguments)
    names = [n for n in SCENARIOS if not asked.scenario or n in asked.scenario]
    tasks = [(n, r) for n in names for r in range(asked.replicates)]
    if asked.jobs > 1:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
            runs = list(pool.map(replicate, *zip(*tasks, strict=True), chunksize=10))
    else:
        runs = [replicate(*task) for task in tasks]
    by_name = {n: [run for (m, _), run in zip(tasks, runs, strict=True) if m == n] for n in names}
    figures = pl.concat([summary(n, by_name[n]) for n in names])
    print("\n".join(told(figures)))
    if asked.write:
        kept = read_figures().filter(~pl.col("scenario").is_in(names)) if FIGURES.is_file() else figures.clear()
        order = pl.col("scenario").replace_strict(list(SCENARIOS), range(len(SCENARIOS)))
        pl.concat([kept, figures]).sort(order, maintain_order=True).write_csv(FIGURES)


def read_figures() -> pl.DataFrame:
    """The committed figures."""
    return pl.read_csv(FIGURES, schema=SCHEMA)


if __name__ == "__main__":
    main(sys.argv[1:])

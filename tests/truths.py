"""`python -m tests.truths`: what was planted in the demonstration study, looked for over twenty seeds.

Each seed writes its own study folder, which is read, estimated and published as a run would, without Dagster. Found in
18 seeds of 20, covered in 17, false success in 2.5 % of the chances plus two Monte-Carlo errors: design of the product.
Writes reports/truths.csv, which the method page prints.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for name in ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import polars as pl  # noqa: E402

from pipelines.clean.pseudonyms import load_keys  # noqa: E402
from pipelines.clean.registers import read_registers  # noqa: E402
from pipelines.contracts import all_tables  # noqa: E402
from pipelines.decisions import decide  # noqa: E402
from pipelines.decisions.proposals import RULE, propose  # noqa: E402
from pipelines.defs.indicators import COUNTS  # noqa: E402
from pipelines.demo import generate  # noqa: E402
from pipelines.indicators.base import Inputs, discover  # noqa: E402
from pipelines.lake import ROOT, Lake  # noqa: E402
from pipelines.publish.tables import published_tables  # noqa: E402
from pipelines.study.load import load_study  # noqa: E402
from pipelines.study.proposals import Proposals  # noqa: E402
from tests.tables import tables_of  # noqa: E402

SEEDS = 20
FOUND, COVERED = 18 / 20, 17 / 20
NOMINAL_FALSE = 0.025
TRUTHS = Path(__file__).parents[1] / "reports" / "truths.csv"
SCHEMA: dict[str, pl.DataType] = {
    "planted": pl.String(), "indicator": pl.String(), "scope_key": pl.String(), "truth": pl.Float64(),
    "seeds": pl.Int64(), "mean_estimate": pl.Float64(), "found": pl.Int64(), "covered": pl.Int64(),
    "false_success": pl.Int64(), "status": pl.String(),
}  # fmt: skip
Row = dict[str, Any]


def _below(limit: float) -> Callable[[Row], bool]:
    return lambda row: row["ci_high"] is not None and row["ci_high"] < limit


def _above(limit: float) -> Callable[[Row], bool]:
    return lambda row: row["ci_low"] is not None and row["ci_low"] > limit


def _reached(row: Row) -> bool:
    return bool(row["verdict"] == "atteint")


@dataclass(frozen=True)
class Planted:
    """One truth: the row that estimates it, what it is in a seed, and what counts as finding it.

    No `found`: nothing to find, the truth must be covered. `no_success`: the truth does not pass the threshold, an
    « atteint » is false.
    """

    indicator: str
    estimand: str
    scope: str
    key: str
    truth: Callable[[Row], float]
    found: Callable[[Row], bool] | None = None
    no_success: bool = False


def _effect(process: str) -> Callable[[Row], float]:
    return lambda told: told["planted"]["time_effect_percent"][process]


def _realised(scope: str) -> Callable[[Row], float]:
    return lambda told: told["realised"]["time_per_task_percent"][scope]


TIME, WHOLE = "time_per_task", "programme"
PLANTED: dict[str, Planted] = {
    "gain_on_one_process": Planted(TIME, TIME, "process", "courriels", _effect("courriels"), _below(0)),
    "one_process_slower": Planted(
        TIME, TIME, "process", "comptesrendus", _effect("comptesrendus"), _above(0), no_success=True),
    "no_effect_on_a_third": Planted(TIME, TIME, "process", "extraction", _effect("extraction"), no_success=True),
    "season_is_no_effect": Planted("witness", "witness", WHOLE, WHOLE, _effect("temoin")),
    "time_of_the_programme": Planted(TIME, TIME, WHOLE, WHOLE, _realised(WHOLE), _below(0)),
    **{f"time_with_{tool}": Planted(TIME, TIME, "tool", tool, _realised(f"tool {tool}"), _below(0))
       for tool in ("assistanta", "assistantb", "assistantc")},
    "net_hours": Planted("net_hours", "net_hours", WHOLE, WHOLE, lambda t: t["realised"]["net_hours"], _above(0)),
    "declared_twice_the_measured": Planted(
        "calibration", "calibration", WHOLE, WHOLE, lambda t: t["realised"]["calibration"], _below(1)),
    "fewer_errors": Planted("errors", "rate_ratio", WHOLE, WHOLE, lambda t: t["planted"]["error_ratio"], _below(1)),
    "wellbeing_preserved": Planted(
        "wellbeing", "change", WHOLE, WHOLE, lambda t: t["planted"]["wellbeing_points"], _reached),
    "job_satisfaction": Planted(
        "job_satisfaction", "change", WHOLE, WHOLE, lambda t: t["planted"]["job_satisfaction_points"]),
    "satisfaction": Planted("satisfaction", "share_satisfied", WHOLE, WHOLE, lambda t: t["satisfied"]),
}  # fmt: skip


@dataclass(frozen=True)
class Seed:
    """One study read and published: what the generator told of it, its tables before and after disclosure control."""

    told: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    published: dict[str, pl.DataFrame]
    problems: int


def _never_generalised(seed: Seed) -> bool:
    """The tool that sends data out of the Union is stopped wherever it is deployed, by the line that says so."""
    own = seed.published["proposals"].filter(pl.col("tool") == "assistantc")
    return own.height > 0 and (own["proposal"] != "generaliser").all() and (own["line"] == "1a").all()


def _forbidden(seed: Seed) -> bool:
    """Where the human part of work is red nothing is generalised, and that gate alone prevents it."""
    rule = Proposals.model_validate_json(dict(seed.published["study"].iter_rows())[RULE])
    without = Proposals(lines=tuple(line for line in rule.lines if line.line != "1b")).model_dump_json()
    settings = seed.published["study"].with_columns(
        pl.when(pl.col("setting") == RULE).then(pl.lit(without)).otherwise("value").alias("value"))  # fmt: skip
    red = pl.col("proposal_id") == "courriels:assistantb"  # where the incident is planted
    found = [propose({**seed.published, "study": study}).filter(red)["proposal"].item()
             for study in (seed.published["study"], settings)]  # fmt: skip
    return found[0] != "generaliser" and found[1] == "generaliser"


def _counted(seed: Seed) -> bool:
    """Who joined, who left and who withdrew is expected at work while there, and never before nor after."""
    people, weeks = seed.tables["clean.people_time"], seed.tables["model.agent_weeks"]
    planted = seed.told["planted"]
    (team, day), = planted["withdrawn_on"].items()
    mine = weeks.join(people.select("person_time", "from_date", "to_date"), on="person_time")
    joined, left = mine.drop_nulls("from_date")["week"], mine.drop_nulls("to_date")["week"]
    withdrawn = weeks.filter(pl.col("team") == team)["week"]
    flow = seed.published["participation"].filter(pl.col("scope") == WHOLE, pl.col("step") == "temps_attendus")
    agents = people.filter(pl.col("role") == "agent").height
    return (
        str(joined.min()) == planted["joiner_from"] and str(left.max()) < planted["leaver_to"]
        and str(withdrawn.max()) < day and flow["n_persons"].item() == agents
    )  # fmt: skip


def _set_aside(seed: Seed) -> bool:
    """The readers refuse the rows that were spoilt, and no other."""
    rejected = pl.concat([frame for table, frame in seed.tables.items() if table.startswith("clean.rejected_")])
    same = dict(rejected.group_by("rule").len().iter_rows()) == {**seed.told["set_aside"], **seed.told["duplicates"]}
    return same and not seed.problems


FACTS: dict[str, Callable[[Seed], bool]] = {
    "non_compliant_never_generalised": _never_generalised, "red_guardrail_forbids": _forbidden,
    "joiner_and_withdrawal_counted": _counted, "defects_set_aside": _set_aside,
}  # fmt: skip
NAMES = (*PLANTED, *FACTS)


def one_seed(seed: int) -> dict[str, Row]:
    """Name -> the decided row of what was planted, with its `truth`; of what is only true or not, whether it holds."""
    read = read_seed(seed)
    rows, told = read.tables["indicators.decisions"], read.told
    found: dict[str, Row] = {}
    for name, planted in PLANTED.items():
        match = {"indicator": planted.indicator, "estimand": planted.estimand, "scope": planted.scope,
                 "scope_key": planted.key}  # fmt: skip
        row = rows.row(by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in match.items()), named=True)
        found[name] = {**row, "truth": planted.truth(told)}
    return found | {name: {"found": holds(read)} for name, holds in FACTS.items()}


def read_seed(seed: int) -> Seed:
    """The study of one seed, from its folder to the published tables."""
    demo = generate(seed=seed)
    with tempfile.TemporaryDirectory() as name:
        folder, lake = Path(name) / "study", Lake(Path(name) / "lake.duckdb")
        for file, data in demo.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(data)
        loaded = load_study(folder)
        raw, clean = tables_of(loaded, read_registers(loaded, load_keys(loaded)))
        lake.write_all(clean.tables)
        models = [t for t in all_tables().values() if t.layer == "model"]
        tables = {**raw.tables, **clean.tables, **{t.qualified_name: lake.run_sql(t.name) for t in models}}
    inputs = Inputs(loaded.study, tables)
    told = {**demo.truths, "satisfied": _satisfied(tables, demo.truths["planted"]["satisfied_percent"])}
    tables["indicators.decisions"] = decide(pl.concat([m.compute(inputs) for m in discover().values()]), inputs)
    tables |= {module.TABLE: module.compute(inputs) for module in COUNTS}
    published = published_tables(loaded, tables, ROOT / "requirements.lock")
    short = {name.removeprefix("published."): frame for name, frame in published.items()}
    return Seed(told, tables, short, sum(p.stops for p in (*raw.problems, *clean.problems)))


def _satisfied(tables: dict[str, pl.DataFrame], by_tool: dict[str, float]) -> float:
    """Mean over agents of the planted share of the tools of their team, in %."""
    agents = tables["clean.people_survey"].filter(pl.col("role") == "agent")
    tools = tables["clean.deployments"].select("team", "tool").unique()
    shares = tools.with_columns(pl.col("tool").replace_strict(by_tool, return_dtype=pl.Float64).alias("share"))
    return float(agents.join(shares.group_by("team").agg(pl.col("share").mean()), on="team")["share"].sort().mean())


def summary(seeds: list[dict[str, Row]]) -> pl.DataFrame:
    """One row per planted truth: in how many seeds it was found, covered, and given a false success."""
    n = len(seeds)
    lines: list[Row] = []
    for name, planted in PLANTED.items():
        rows = [seed[name] for seed in seeds]
        known = [r for r in rows if r["ci_low"] is not None]
        found = false = None
        covered = sum(r["ci_low"] <= r["truth"] <= r["ci_high"] for r in known)
        if planted.found:
            found = sum(planted.found(r) for r in rows)
        if planted.no_success:
            false = sum(_reached(r) for r in rows)
        estimates = [r["estimate"] for r in rows if r["estimate"] is not None]
        lines.append({
            "planted": name, "indicator": planted.indicator, "scope_key": planted.key, "seeds": n,
            "truth": round(sum(r["truth"] for r in rows) / n, 3),
            "mean_estimate": round(sum(estimates) / len(estimates), 3) if estimates else None,
            "found": found, "covered": covered, "false_success": false, "status": _status(found, covered, false, n),
        })  # fmt: skip
    for name in FACTS:
        found = sum(seed[name]["found"] for seed in seeds)
        lines.append({"planted": name, "seeds": n, "found": found, "status": _status(found, None, None, n)})
    return pl.DataFrame(lines, schema=SCHEMA)


def _status(found: int | None, covered: int | None, false: int | None, n: int) -> str:
    if false is not None and false > n * (NOMINAL_FALSE + 2 * (NOMINAL_FALSE * (1 - NOMINAL_FALSE) / n) ** 0.5):
        return "false_success"
    if covered is not None and covered < COVERED * n:
        return "not_covered"
    return "not_found" if found is not None and found < FOUND * n else "held"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.truths", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--write", action="store_true", help=f"write {TRUTHS.name}")
    asked = parser.parse_args(arguments)
    figures = summary([one_seed(seed) for seed in range(1, asked.seeds + 1)])
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=40, tbl_hide_dataframe_shape=True,
                   tbl_hide_column_data_types=True):  # fmt: skip
        print(figures)
    if asked.write:
        figures.write_csv(TRUTHS)


def read_truths() -> pl.DataFrame:
    """The committed figures."""
    return pl.read_csv(TRUTHS, schema=SCHEMA)


if __name__ == "__main__":
    main(sys.argv[1:])

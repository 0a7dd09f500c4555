"""Raw tables -> canonical tables, each row received accounted for."""

from collections.abc import Iterator

import dagster as dg

from pipelines.clean.accounts import unbalanced
from pipelines.clean.build import build_clean, problems_of
from pipelines.clean.pseudonyms import load_keys
from pipelines.clean.registers import read_registers
from pipelines.clean.time import ENTRIES
from pipelines.contracts import all_tables
from pipelines.contracts.base import Table
from pipelines.contracts.rules import DataProblems
from pipelines.defs import reuse
from pipelines.defs.raw import TABLES as RAW_TABLES
from pipelines.defs.resources import StudyResource, key_of, plural, say, spec_of, store, store_parts

TABLES = [t for t in all_tables().values() if t.layer == "clean"]
_TIME = [t.qualified_name for t in RAW_TABLES if any(c.name == "person_time" for c in t.columns)]
_SURVEYS = [t.qualified_name for t in RAW_TABLES if any(c.name == "person_survey" for c in t.columns)]


def _deps(contract: Table) -> list[str]:
    """Where a table comes from. Registers are read from the study folder itself."""
    if contract.name == "flagged":
        return [*_TIME, *_SURVEYS]
    if contract.name in ("time_entries", "overheads", "presence", "rejected_time"):
        return [*_TIME, "raw.rejected"]
    if contract.name in ("responses", "rejected_responses"):
        return [*_SURVEYS, "raw.rejected"]
    return ["raw.files"]


@dg.multi_asset(specs=[spec_of(t, _deps(t)) for t in TABLES])
def clean(study: StudyResource) -> Iterator[dg.MaterializeResult]:
    """Registers, time and answers under one spelling; what is not accepted is kept with its file, line and reason."""
    loaded, work = study.load(), study.places.work
    keys = load_keys(loaded)
    inputs = reuse.fingerprint(loaded, keys)
    if reuse.same(work, inputs):
        yield from reuse.as_before(study, TABLES)
    else:
        raw = study.lake.read_all(t.qualified_name for t in RAW_TABLES if not t.in_parts)
        done = build_clean(loaded, read_registers(loaded, keys), raw, study.places.parts)
        if problems := [p for p in problems_of(done, loaded.study) if p.stops]:
            raise DataProblems(problems)
        yield from store(study, done.tables)
        yield from store_parts(study, [t for t in TABLES if t.in_parts])
        reuse.remember(work, inputs)
    accounts, answers = study.lake.read("clean.accounts"), study.lake.count("clean.responses")
    entries, aside = study.lake.count(ENTRIES), accounts["set_aside"].sum()
    say(f"Cleaned    {plural(entries, 'line')} of time, {plural(answers, 'answer')}, {plural(aside, 'row')} set aside")


@dg.asset_check(asset=key_of("clean.accounts"), blocking=True,
                description="received = accepted + set aside + duplicates")  # fmt: skip
def rows_add_up(study: StudyResource) -> dg.AssetCheckResult:
    """No row is lost and none is counted twice."""
    wrong = unbalanced(study.lake.read("clean.accounts"))
    return dg.AssetCheckResult(passed=wrong.is_empty(), metadata={"files": wrong["source_file"].to_list()})

"""Files of the study folder -> raw tables."""

from collections.abc import Iterator

import dagster as dg

from pipelines.clean.build import build_raw
from pipelines.clean.problems import worst_first
from pipelines.clean.pseudonyms import load_keys
from pipelines.clean.registers import read_registers
from pipelines.contracts import all_tables
from pipelines.contracts.rules import DataProblems
from pipelines.defs import reuse
from pipelines.defs.resources import StudyResource, plural, say, spec_of, store, store_parts

TABLES = [t for t in all_tables().values() if t.layer == "raw"]
IN_PARTS = [t for t in TABLES if t.in_parts]


@dg.multi_asset(specs=[spec_of(t, [], kinds={"csv", "polars"}) for t in TABLES])
def raw(study: StudyResource) -> Iterator[dg.MaterializeResult]:
    """Read every export: recognised, fingerprinted, people replaced by pseudonyms, free text dropped. When no file, no
    setting and no code has changed since the last run, nothing is read again."""
    loaded = study.load()
    keys = load_keys(loaded)
    study.places.keep_private()
    inputs = reuse.fingerprint(loaded, keys)
    if reuse.same(study.places.work, inputs):
        files = study.lake.read("raw.files")
        rows = plural(files["received"].sum(), "row")
        say(f"Unchanged  {plural(files.height, 'file')}, {rows}: nothing is read again")
        yield from reuse.as_before(study, TABLES)
        return
    reuse.forget(study.places.work)
    read = build_raw(loaded, read_registers(loaded, keys), study.places.parts)
    if read.problems:
        raise DataProblems(worst_first(read.problems))
    yield from store(study, read.tables)
    yield from store_parts(study, IN_PARTS)
    files = read.tables["raw.files"]
    say(f"Read       {plural(files.height, 'file')}, {plural(files['received'].sum(), 'row')}")

"""Files of the study folder -> raw tables."""

from collections.abc import Iterator

import dagster as dg

from pipelines.clean.build import build_raw
from pipelines.clean.pseudonyms import load_keys
from pipelines.clean.registers import read_registers
from pipelines.contracts import all_tables
from pipelines.contracts.rules import DataProblems
from pipelines.defs.resources import StudyResource, plural, say, spec_of, store

TABLES = [t for t in all_tables().values() if t.layer == "raw"]


@dg.multi_asset(specs=[spec_of(t, [], kinds={"csv", "polars"}) for t in TABLES])
def raw(study: StudyResource) -> Iterator[dg.MaterializeResult]:
    """Read every export: recognised, fingerprinted, people replaced by pseudonyms, free text dropped."""
    loaded = study.load()
    study.places.keep_private()
    read = build_raw(loaded, read_registers(loaded, load_keys(loaded)))
    if read.problems:
        raise DataProblems(read.problems)
    yield from store(study, read.tables)
    files = read.tables["raw.files"]
    say(f"Read       {plural(files.height, 'file')}, {plural(files['received'].sum(), 'row')}")

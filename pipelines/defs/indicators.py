"""Model tables -> estimates, one asset per indicator found in pipelines/indicators; then evidence and verdicts."""

from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import dagster as dg
import polars as pl

from pipelines.contracts import table
from pipelines.contracts.base import Table
from pipelines.decisions import decide
from pipelines.defs.resources import StudyResource, plural, say, spec_of, store, store_as
from pipelines.indicators import distributions, participation
from pipelines.indicators.base import Inputs, discover

FOUND = discover()
# What the level of evidence is read from.
DESIGN = ("clean.teams", "clean.processes", "clean.deployments", "clean.people_time", "clean.people_survey",
          "model.time_cells", "model.agent_weeks", "model.scores")  # fmt: skip
COUNTS = (distributions, participation)


def contract_of(indicator: str) -> Table:
    """The table of one indicator: that of all estimates, under its name."""
    module = FOUND[indicator].INDICATOR
    return replace(table("indicators.estimates"), name=indicator, description=module.description)


def inputs_of(study: StudyResource, names: tuple[str, ...]) -> Inputs:
    """The study and the tables named, read from the working lake."""
    return Inputs(study.load().study, study.lake.read_all(names))


def _indicator_asset(indicator: str, module: ModuleType) -> dg.AssetsDefinition:
    contract, names = contract_of(indicator), module.INDICATOR.inputs

    @dg.multi_asset(name=f"indicator_{indicator}", specs=[spec_of(contract, names)])
    def build(study: StudyResource) -> Iterator[dg.MaterializeResult]:
        frame = module.compute(inputs_of(study, names))
        yield from store_as(study, [(contract, frame)])
        say(f"Estimated  {indicator}: {plural(frame.height, 'estimate')}")

    return build


def _counts_asset(module: ModuleType) -> dg.AssetsDefinition:
    contract = table(module.TABLE)

    @dg.multi_asset(name=contract.name, specs=[spec_of(contract, module.INPUTS)])
    def build(study: StudyResource) -> Iterator[dg.MaterializeResult]:
        yield from store(study, {contract.qualified_name: module.compute(inputs_of(study, module.INPUTS))})

    return build


@dg.multi_asset(specs=[spec_of(table("indicators.estimates"), [f"indicators.{name}" for name in FOUND])])
def estimates(study: StudyResource) -> Iterator[dg.MaterializeResult]:
    """Every estimate of every indicator in one long table."""
    parts = study.lake.read_all(f"indicators.{name}" for name in FOUND)
    yield from store(study, {"indicators.estimates": pl.concat(parts.values())})


@dg.multi_asset(specs=[spec_of(table("indicators.decisions"), ["indicators.estimates", *DESIGN])])
def decisions(study: StudyResource) -> Iterator[dg.MaterializeResult]:
    """Level of evidence of the design, verdict against the threshold."""
    frame = decide(study.lake.read("indicators.estimates"), inputs_of(study, DESIGN))
    yield from store(study, {"indicators.decisions": frame})


@dg.definitions
def defs() -> dg.Definitions:
    """One asset per indicator, one per table of counts, then all estimates and their verdicts."""
    found = [_indicator_asset(name, module) for name, module in FOUND.items()]
    return dg.Definitions(assets=[*found, *(_counts_asset(m) for m in COUNTS), estimates, decisions])

"""Every rule of every contract as an asset check, run by Great Expectations inside DuckDB, once per step."""

from collections.abc import Iterator

import dagster as dg

from pipelines.contracts import table
from pipelines.contracts.base import Table
from pipelines.defs import clean, model, published, raw
from pipelines.defs.resources import StudyResource, key_of, plural, say
from pipelines.quality import close, validate
from pipelines.quality.suites import kinds_of

# Tables checked together: none of a step is computed from another of it.
STEPS: dict[str, list[Table]] = {
    "raw": raw.TABLES,
    "clean": clean.TABLES,
    "model": model.TABLES,
    "estimates": [table(f"indicators.{name}") for name in ("estimates", "distributions", "participation")],
    "decisions": [table("indicators.decisions")],
    "published": published.TABLES,
}
LAST = list(STEPS)[-1]


def _specs(contract: Table) -> Iterator[dg.AssetCheckSpec]:
    for kind in kinds_of(contract):
        yield dg.AssetCheckSpec(
            kind, asset=key_of(contract.qualified_name), blocking=contract.severity == "blocking",
            description=f"{contract.qualified_name} keeps the rules of its contract: {kind.replace('_', ' ')}.",
        )  # fmt: skip


def _checks(step: str, contracts: list[Table]) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(name=f"contracts_{step}", specs=[s for c in contracts for s in _specs(c)])
    def check(study: StudyResource) -> Iterator[dg.AssetCheckResult]:
        where = study.places
        results = validate(where.lake.path, contracts, where.restricted / "data_docs" / step)
        if step == LAST or any(not r.passed for r in results):
            close()
        for r in results:
            yield dg.AssetCheckResult(
                passed=r.passed, asset_key=key_of(r.table), check_name=r.kind,
                severity=dg.AssetCheckSeverity.ERROR if r.blocking else dg.AssetCheckSeverity.WARN,
                metadata=dict(r.failures),
            )  # fmt: skip
        broken = [r for r in results if not r.passed]
        say(f"Validated  {step}: {plural(len(results), 'rule')}, {len(broken)} broken")
        for r in broken:
            where_broken = ", ".join(f"{what} ({plural(rows, 'row')})" for what, rows in r.failures)
            say(f"  broken: {r.table}, {r.kind}: {where_broken}")

    return check


@dg.definitions
def defs() -> dg.Definitions:
    """One step after each layer; a broken rule blocks what is downstream of its table."""
    return dg.Definitions(asset_checks=[_checks(step, contracts) for step, contracts in STEPS.items()])

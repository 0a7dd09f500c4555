"""What every indicator shares: its inputs, its identity, and the row it writes."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import ModuleType
from typing import Literal

import polars as pl

from pipelines.contracts import table
from pipelines.estimators.record import record
from pipelines.study.models import Study


@dataclass(frozen=True)
class Inputs:
    """The study and the tables an indicator reads, by qualified name (`model.time_cells`, `clean.tools`...)."""

    study: Study
    tables: Mapping[str, pl.DataFrame]

    def table(self, qualified_name: str) -> pl.DataFrame:
        """The table, or one without rows when the study has none. KeyError if no contract has that name."""
        return self.tables.get(qualified_name, table(qualified_name).empty())


@dataclass(frozen=True)
class Indicator:
    """Identity of an indicator: id, tables it reads, and what it measures. Its printed title is in wording/.

    Of the questionnaires: `scale`, the scale or item it rests on (its sensitivity and its level of evidence are read
    there), and `level`, the role of the wave that gives it when it is not a change between two waves.
    """

    id: str
    inputs: tuple[str, ...]
    description: str
    scale: str = ""
    level: Literal["", "baseline", "end"] = ""


def discover() -> dict[str, ModuleType]:
    """Modules of this package that hold an INDICATOR, by indicator id, sorted. ValueError if two claim one id."""
    import pipelines.indicators as package

    found: dict[str, ModuleType] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        indicator = getattr(module, "INDICATOR", None)
        if isinstance(indicator, Indicator) and found.setdefault(indicator.id, module) is not module:
            raise ValueError(f"two modules claim the indicator {indicator.id}")
    return dict(sorted(found.items()))


def estimate_row(
    *,
    indicator: str,
    estimand: str,
    unit: str,
    scope: str,
    scope_key: str,
    population: str,
    window: tuple[date, date] | None,
    threshold: float | None,
    direction: str,
    **record_values: object,
) -> dict[str, object]:
    """One row of indicators.estimates. `window` is half-open, as stored. KeyError on an unknown record column."""
    first, last = window or (None, None)
    return {
        "indicator": indicator, "estimand": estimand, "unit": unit, "scope": scope, "scope_key": scope_key,
        "population": population, "window_start": first, "window_end": last, "threshold": threshold,
        "direction": direction, **record(**record_values),
    }  # fmt: skip


def estimates(rows: list[dict[str, object]]) -> pl.DataFrame:
    """The rows as indicators.estimates: contract columns, types and order."""
    contract = table("indicators.estimates")
    return contract.conform(pl.DataFrame(rows, schema=contract.polars_schema))

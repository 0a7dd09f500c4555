"""The smallest effect a study could find, beside each figure it could not conclude on (methods.md, section 7)."""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.indicators import LOG_OF_PERCENT
from pipelines.estimators.power import smallest_detectable


def with_detectable(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with `detectable`: for programme rows whose verdict is « non_concluant », else null."""
    wanted = (pl.col("scope") == "programme") & (pl.col("verdict") == "non_concluant") & (pl.col("se") > 0)
    read = rows.select(wanted.fill_null(False).alias("told"), "se", "G", "unit", "indicator")
    found = [_smallest(row) if row["told"] else None for row in read.iter_rows(named=True)]
    return rows.with_columns(pl.Series("detectable", found, dtype=pl.Float64))


def _smallest(row: Mapping[str, Any]) -> float | None:
    """The house factor G/(G-1) is in `se`: the calculation of power puts it in itself."""
    n_teams = int(row["G"] or 0)
    if n_teams < 2:
        return None
    effect = smallest_detectable(row["se"] * (n_teams - 1) / n_teams, n_teams)
    on_logs = row["unit"] == "ratio" or row["indicator"] in LOG_OF_PERCENT
    return 100 * (1 - math.exp(-effect)) if effect is not None and on_logs else effect

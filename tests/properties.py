"""How generated cases are drawn: few, always the same ones, and none kept from one run to the next."""

from collections.abc import Callable
from datetime import date

import polars as pl
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pipelines.sources.values import text

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
SPACES = st.sampled_from([" ", "\u00a0", "\u202f", "  "])


def bounded(examples: int) -> settings:
    """At most so many cases."""
    return settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip


def read(written: list[str], value: Callable[[pl.Expr], pl.Expr]) -> list[object]:
    """What each cell says, as the readers ask it."""
    cells = pl.DataFrame({"cell": written}, schema={"cell": pl.String})
    return cells.select(text("cell")).select(value(pl.col("cell")).alias("read"))["read"].to_list()

"""Work done with the tool against work of the same people without it (methods.md, sections 1.2 and 1.3).

Agents choose the tasks they give to the tool: none of these figures is an effect.
"""

import math

import polars as pl

from pipelines.estimators.house_interval import Refits
from pipelines.estimators.two_way import refits


def with_both_arms(cells: pl.DataFrame, by: str, use: str = "used") -> pl.DataFrame:
    """The cells of the values of `by` (processes, people) seen with the tool and without it."""
    return cells.filter(pl.col(use).n_unique().over(by) > 1) if cells.height else cells


def log_ratio(cells: pl.DataFrame, effects: tuple[str, ...], *, use: str = "used") -> Refits:
    """Log of the ratio of minutes per occurrence, with the tool over without, of the whole and without each team.

    minutes ~ used | effects, Poisson, offset log(occurrences); a process seen on one side only says nothing and is
    left out.
    """
    return refits(
        with_both_arms(cells, "process", use), y="minutes", exposure="occurrences", effects=effects, treatment=use
    )


def gross_minutes(used_minutes: float, log_ratio: float) -> float:
    """Minutes that the work done with the tool would have taken more without it."""
    return used_minutes * math.expm1(-log_ratio)


def net_hours(gross: float, spent_minutes: float, agent_weeks: int) -> float | None:
    """Hours per agent and week once the minutes spent beside the tasks are taken off; None without weeks."""
    return (gross - spent_minutes) / 60 / agent_weeks if agent_weeks else None

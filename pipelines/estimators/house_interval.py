"""The one interval of the house: what the estimate becomes when each team is left out in turn (methods.md, 0.2)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

# Under this share of the estimate, differences between refits are rounding, not variance.
ROUNDING = 1e-9

# An estimate, and what it becomes without each team, in the order of their names; None = it cannot be computed.
Refits = tuple[float | None, Mapping[str, float | None]]


@dataclass(frozen=True)
class Interval:
    """Bounds on the scale the refits were given on; no bounds = `reason` says why. `G` counts the teams."""

    low: float | None
    high: float | None
    level: float
    se: float | None
    df: float | None
    G: int
    reason: str | None

    def record_values(self, scale: Callable[[float], float] = float) -> dict[str, object]:
        """Columns of the record, the bounds passed through `scale` (exp for a ratio); `se` stays as computed."""
        low = None if self.low is None else scale(self.low)
        high = None if self.high is None else scale(self.high)
        if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
            return {"ci_low": None, "ci_high": None, "G": self.G, "reason": self.reason or "non_estimable"}
        return {"ci_low": low, "ci_high": high, "level": self.level, "se": self.se, "df": self.df, "G": self.G}


def house_interval(estimate: float | None, deleted: Sequence[float | None], *, level: float = 0.95) -> Interval:
    """Delete-one-team jackknife centred at `estimate`, times G/(G-1), with the t quantile of G-1 degrees of freedom.

    `deleted` holds the estimate without each team in turn, on the natural scale of the estimate (log for a ratio).
    No bounds and a reason when there is no estimate (`non_estimable`), one team (`une_seule_equipe`), a refit that
    could not be made (`non_identifie_sans_equipe`), or refits that all agree (`variance_nulle`).
    """
    n_teams = len(deleted)

    def without(reason: str) -> Interval:
        return Interval(None, None, level, None, None, n_teams, reason)

    if estimate is None or not math.isfinite(estimate) or n_teams == 0:
        return without("non_estimable")
    if n_teams == 1:
        return without("une_seule_equipe")
    refits = [b for b in deleted if b is not None and math.isfinite(b)]
    if len(refits) < n_teams:
        return without("non_identifie_sans_equipe")
    variance = (n_teams - 1) / n_teams * math.fsum((b - estimate) ** 2 for b in refits)
    se = math.sqrt(variance) * n_teams / (n_teams - 1)
    rounding = ROUNDING * max(1.0, abs(estimate))
    if se <= rounding or max(refits) - min(refits) <= rounding:
        return without("variance_nulle")
    from scipy.special import stdtrit

    half_width = float(stdtrit(n_teams - 1, (1 + level) / 2)) * se
    return Interval(estimate - half_width, estimate + half_width, level, se, float(n_teams - 1), n_teams, None)


def jackknife(
    frame: pl.DataFrame, statistic: Callable[[pl.DataFrame], float | None], *, by: str = "team"
) -> Refits:
    """`statistic` of the whole frame, and of the frame without each value of `by`, in the order of their names.

    The statistic never sees an empty frame; what it cannot compute is None. Rows whose `by` is null are in every
    refit.
    """

    def value(rows: pl.DataFrame) -> float | None:
        result = None if rows.is_empty() else statistic(rows)
        return None if result is None or not math.isfinite(result) else float(result)

    groups = frame[by].drop_nulls().unique().sort().to_list()
    return value(frame), {g: value(frame.filter(pl.col(by).ne_missing(pl.lit(g)))) for g in groups}


def interval_of(refits: Refits, *, level: float = 0.95) -> Interval:
    """The house interval of what `jackknife` returned."""
    estimate, deleted = refits
    return house_interval(estimate, list(deleted.values()), level=level)

"""Intervals of counts and of proportions: rates of errors, their ratio, and a sample checked blind (methods.md, 2.3).

They count items, and ignore that one person's resemble each other: they describe, and never give a verdict.
"""

import math
from collections.abc import Sequence

from pipelines.estimators.share import wilson

LEVEL = 0.95


def garwood(errors: int, items: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Exact interval of one Poisson rate (Garwood 1936), errors per item."""
    from scipy.special import gammaincinv

    tail = (1 - level) / 2
    low = float(gammaincinv(errors, tail)) if errors else 0.0
    return low / items, float(gammaincinv(errors + 1, 1 - tail)) / items


def exact_ratio(x1: int, n1: float, x0: int, n0: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Exact interval of the ratio of two rates, (x1 / n1) / (x0 / n0), given x1 + x0 (R's `poisson.test`).

    The upper bound is infinite when x0 is 0; without any error the interval is everything.
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(x1, x0 + 1, tail)) if x1 else 0.0
    high = float(betaincinv(x1 + 1, x0, 1 - tail)) if x0 else 1.0
    return _odds(low) * n0 / n1, _odds(high) * n0 / n1


def mid_p_ratio(x1: int, n1: float, x0: int, n0: float, *, level: float = LEVEL) -> tuple[float, float]:
    """The same with the mid-p correction, narrower: half of the chance of the count seen is in each tail."""
    from scipy.optimize import brentq
    from scipy.special import bdtr, bdtrc

    n, tail = x1 + x0, (1 - level) / 2

    def seen(p: float) -> float:
        return float(bdtr(x1, n, p) - (bdtr(x1 - 1, n, p) if x1 else 0.0))

    def above(p: float) -> float:
        return float(bdtrc(x1, n, p)) + seen(p) / 2 - tail

    def below(p: float) -> float:
        return float(bdtr(x1, n, p)) - seen(p) / 2 - tail

    edge = 1e-12
    low = float(brentq(above, edge, 1 - edge, xtol=1e-15)) if x1 else 0.0
    high = float(brentq(below, edge, 1 - edge, xtol=1e-15)) if x0 else 1.0
    return _odds(low) * n0 / n1, _odds(high) * n0 / n1


def newcombe(x1: int, n1: int, x0: int, n0: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Interval of the difference of two proportions, x1 / n1 - x0 / n0, from the scores of each (Newcombe 1998, 10)."""
    p1, p0 = x1 / n1, x0 / n0
    (l1, u1), (l0, u0) = wilson(p1, n1, level=level), wilson(p0, n0, level=level)
    difference = p1 - p0
    return (
        difference - math.sqrt((p1 - l1) ** 2 + (u0 - p0) ** 2),
        difference + math.sqrt((u1 - p1) ** 2 + (p0 - l0) ** 2),
    )


def mantel_haenszel(strata: Sequence[tuple[int, int, int, int]]) -> float | None:
    """Difference of proportions, (x1, n1, x0, n0) compared within each stratum; None where none holds both arms."""
    both = [(x1, n1, x0, n0) for x1, n1, x0, n0 in strata if n1 and n0]
    if not both:
        return None
    weighted = math.fsum((x1 * n0 - x0 * n1) / (n1 + n0) for x1, n1, x0, n0 in both)
    return weighted / math.fsum(n1 * n0 / (n1 + n0) for _, n1, _, n0 in both)


def _odds(p: float) -> float:
    return math.inf if p >= 1 else p / (1 - p)

"""Several tests read together: probabilities adjusted for their number (methods.md, section 6)."""

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjusted probabilities, in the order given: any of them under 5 % is a finding, whatever the others.

    Raises ValueError unless every probability lies between 0 and 1.
    """
    values = _checked(p)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted.tolist()


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted probabilities that hold the share of false findings, in the order given; ValueError as in `holm`."""
    values = _checked(p)
    if not len(values):
        return []
    from scipy.stats import false_discovery_control

    return false_discovery_control(values).tolist()


def _checked(p: Sequence[float]) -> np.ndarray:
    values = np.asarray(p, dtype=float)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("a probability lies between 0 and 1")
    return values

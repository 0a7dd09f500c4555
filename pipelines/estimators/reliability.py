"""How well a scale measures: Cronbach's alpha, omega total, scores stuck at an end (methods.md, 3.1).

Items are read as one row per answer and one column per item; rows with a missing item are left out.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MIN_OMEGA = 3  # items: with fewer, one factor is not identified
LEAST_UNIQUENESS = 0.005  # a fit that stops there is improper (Heywood case)
NO_INFORMATION = 1e-10  # smallest eigenvalue of correlations that can be inverted
SETTLED = 1e-13  # relative change of the objective
ARRIVED = 1e-5  # slope left at the solution; distance to a bound


def cronbach_alpha(items: pl.DataFrame) -> float | None:
    """Raw alpha: k / (k - 1) x (1 - sum of the items' variances / variance of their sum), complete rows.

    None with fewer than two items or rows, or when an item does not vary.
    """
    values = _complete(items)
    if values is None:
        return None
    k = values.shape[1]
    whole = float(values.sum(axis=1).var(ddof=1))
    return k / (k - 1) * (1 - float(values.var(axis=0, ddof=1).sum()) / whole) if whole > 0 else None


def omega_total(items: pl.DataFrame) -> float | None:
    """(sum l)^2 / ((sum l)^2 + sum(1 - l^2)), l the `one_factor_loadings` of the correlations of complete rows.

    None where these are.
    """
    values = _complete(items)
    loadings = None if values is None else one_factor_loadings(np.asarray(np.corrcoef(values, rowvar=False)))
    if loadings is None:
        return None
    common = float(loadings.sum()) ** 2
    return common / (common + float((1 - loadings**2).sum()))


def one_factor_loadings(correlations: Floats) -> Floats | None:
    """Absolute loadings of one factor, by maximum likelihood over the uniquenesses (Joreskog 1967).

    None with fewer than three items, correlations that cannot be inverted, or an improper solution.
    """
    n = len(correlations)
    if n < MIN_OMEGA or np.linalg.eigvalsh(correlations)[0] < NO_INFORMATION:
        return None
    from scipy.optimize import minimize

    def of(uniqueness: Floats) -> tuple[Floats, Floats]:
        """Eigenvalues, smallest first, of the correlations scaled by the uniquenesses; loadings of the largest."""
        root = np.sqrt(uniqueness)
        size, vectors = np.linalg.eigh(correlations / np.outer(root, root))
        return size, root * vectors[:, -1] * np.sqrt(max(size[-1] - 1.0, 0.0))

    def discrepancy(uniqueness: Floats) -> tuple[float, Floats]:
        size, loading = of(uniqueness)
        gap = loading**2 + uniqueness - np.diag(correlations)
        return float((size[:-1] - np.log(size[:-1])).sum()) - (n - 1), gap / uniqueness**2

    start = (1 - 0.5 / n) / np.diag(np.linalg.inv(correlations))
    found = minimize(
        discrepancy, np.clip(start, LEAST_UNIQUENESS, 1.0), jac=True, method="L-BFGS-B",
        bounds=[(LEAST_UNIQUENESS, 1.0)] * n, options={"maxiter": 5000, "ftol": SETTLED, "gtol": 1e-10},
    )  # fmt: skip
    # The line search may give up at the last digit: the slope left says whether it had arrived.
    left = np.clip(found.x - found.jac, LEAST_UNIQUENESS, 1.0) - found.x
    if np.abs(left).max() > ARRIVED or (found.x < LEAST_UNIQUENESS + ARRIVED).any():
        return None
    return np.abs(of(found.x)[1])


def share_at(scores: pl.Series, end: float) -> float | None:
    """Share, from 0 to 1, of the scores at that end of the scale; None without scores."""
    return int((scores == end).sum()) / len(scores) if len(scores) else None


def _complete(items: pl.DataFrame) -> Floats | None:
    """Complete rows as numbers; None with fewer than two items or rows, or an item that does not vary."""
    values = items.drop_nulls().sort(items.columns).to_numpy().astype(float)
    if values.shape[0] < 2 or values.shape[1] < 2 or (values.max(axis=0) == values.min(axis=0)).any():
        return None
    return values

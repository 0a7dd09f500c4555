"""Chance of answering again given one score: a logistic regression by Newton steps, no dependency."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MAX_STEPS = 100
CONVERGED = 1e-12  # largest change of a coefficient, the score being standardised


def probabilities(score: Floats, answered: NDArray[np.bool_]) -> Floats | None:
    """Fitted chance of `answered` for each person, from logit(p) = a + b x score.

    Everybody, or nobody, answered: chances of 1, or 0. One score for all: the share who answered. None when the score
    separates those who answered from the others (b would be infinite), which is told from the scores, not from steps
    that run away.
    """
    yes, no = score[answered], score[~answered]
    if not len(yes) or not len(no):
        return answered.astype(float)
    if score.min() == score.max():
        return np.full(len(score), len(yes) / len(score))
    if yes.min() >= no.max() or no.min() >= yes.max():
        return None
    design = np.stack([np.ones(len(score)), (score - score.mean()) / score.std()], axis=1)
    r = answered.astype(float)
    b, likelihood = np.zeros(2), -len(score) * np.log(2.0)
    for _ in range(MAX_STEPS):
        p = 1.0 / (1.0 + np.exp(-design @ b))
        information = design.T @ (design * (p * (1.0 - p))[:, None])
        step = np.linalg.lstsq(information, design.T @ (r - p), rcond=None)[0]
        while not (gained := _likelihood(design @ (b + step), r)) >= likelihood - 1e-9 * abs(likelihood):
            step = step / 2
        b, likelihood = b + step, gained
        if np.abs(step).max() < CONVERGED:
            return 1.0 / (1.0 + np.exp(-design @ b))
    return None


def _likelihood(eta: Floats, r: Floats) -> float:
    return float(r @ eta - np.logaddexp(0.0, eta).sum())

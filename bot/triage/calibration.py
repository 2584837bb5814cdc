"""How sure a choice is: whether a text belongs to any tag at all, and how honest the numbers are.

Pure, on arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bot.triage.ridge import Floats

# Logit that a text belongs to some tag: constant, best score, cosine to the nearest example.
# Fitted on public questions in and out of scope, from 5 to 100 examples per tag, so that texts
# which nobody taught are mostly let through to people rather than forced into a tag.
USUAL = np.array([-7.2, 12.0, 7.0])

# How firmly the usual weights are held against an account's own examples of "none of these".
_FIRMNESS = np.array([0.3, 0.05, 0.05])
_FEWEST = 5

_BINS = 15


def fitted(inside: Floats, outside: Floats) -> Floats:
    """Weights from left-out rows (rows, 2) of best score and nearest cosine, of examples with a
    tag and of examples without. Both sides count alike, however many there are. With less than
    five of either, the usual weights."""
    if min(len(inside), len(outside)) < _FEWEST:
        return USUAL
    rows = np.concatenate([inside, outside]).astype(np.float64)
    rows = np.column_stack([np.ones(len(rows)), rows])
    truth = np.concatenate([np.ones(len(inside)), np.zeros(len(outside))])
    share = len(outside) / len(inside)
    counts = np.concatenate([np.full(len(inside), min(share, 1.0)), np.full(len(outside), 1.0)])
    weights = USUAL.copy()
    for _ in range(50):  # Newton's method; with the usual weights to hold on to it ends soon
        guess = _sigmoid(rows @ weights)
        slope = rows.T @ (counts * (guess - truth)) + _FIRMNESS * (weights - USUAL)
        curve = (rows * (counts * guess * (1 - guess))[:, np.newaxis]).T @ rows + np.diag(_FIRMNESS)
        step = np.linalg.solve(curve, slope)
        weights = weights - step * min(1.0, 5.0 / float(np.abs(step).max()))
        if float(np.abs(step).max()) < 1e-6:
            break
    return weights


def inside(weights: Floats, score: Floats, nearest: Floats) -> Floats:
    """The probability in 0..1 that each text belongs to some tag."""
    return _sigmoid(weights[0] + weights[1] * score + weights[2] * nearest)


def calibration_error(confidence: Floats, correct: Floats) -> float:
    """The expected calibration error over 15 equal bins: 0 when of all choices made with
    confidence c just the share c is right. 0.0 of none."""
    if not len(confidence):
        return 0.0
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    gaps = (
        abs(confidence[bins == each].mean() - correct[bins == each].mean()) * (bins == each).mean()
        for each in np.unique(bins)
    )
    return float(sum(gaps))


def _sigmoid(values: Floats) -> Floats:
    shares: Floats = 1.0 / (1.0 + np.exp(-np.clip(values, -40.0, 40.0)))
    return shares

"""How sure a choice is: whether a text belongs to any tag at all, and how honest the numbers are.

Pure, on arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bot.triage.ridge import Floats

# The logit that a text belongs to some tag, by its best score and its cosine to the nearest
# example. The more examples there are, the closer texts that belong come to them; so the bar is
# set by how close the examples come to each other. Fitted on public questions in and out of scope,
# with 5 to 100 examples per tag, so that four in five texts which nobody taught are given no tag.
_SCORE, _NEAREST = 12.0, 7.0
_BAR, _BAR_BY_OWN = 3.4, 0.22
_OWN_UNKNOWN = 10.0

# How firmly the usual weights are held against an account's own examples of "none of these".
_FIRMNESS = np.array([0.3, 0.05, 0.05])
_FEWEST = 5
# Texts with a tag for each without; the second where so much was taught that little is new.
_WITH_TAG, _WITH_TAG_TAUGHT = 3.0, 6.0
_LOST = 0.02  # of texts with a tag, where the bar is set by them alone

# The logit of "none" counts less than those of the tags: the texts that taught it are never like
# all that may come. Logits are brought to the size of scores near 1.
_LEAN, _SIZE = 0.25, 12.0

_BINS = 15


def ahead_of_none(tags: Floats, none: Floats) -> Floats:
    """How far the best of the tags' logits (rows, tags) is ahead of the one for none (rows,)."""
    ahead: Floats = (tags.max(axis=1) - _LEAN * none) / _SIZE
    return ahead


def usual(inside: Floats, *, own_bar: bool = False) -> Floats:
    """Weights (constant, best score, nearest cosine) from left-out rows (rows, 2) of best score and
    nearest cosine, of examples with a tag; with `own_bar` nearly all of these rows are above it,
    whatever the size of the scores."""
    if own_bar:
        bar = float(np.quantile(inside @ [_SCORE, _NEAREST], _LOST))
        return np.array([-bar, _SCORE, _NEAREST])
    own = float((inside @ [_SCORE, _NEAREST]).mean()) if len(inside) else _OWN_UNKNOWN
    return np.array([-_BAR - _BAR_BY_OWN * own, _SCORE, _NEAREST])


def fitted(inside: Floats, outside: Floats, *, own_bar: bool = False) -> Floats:
    """The same from examples with a tag and examples without. However many there are of each, three
    in four texts are taken to have a tag, and with `own_bar` six in seven. With less than five of
    either, the usual weights."""
    start = usual(inside, own_bar=own_bar)
    if min(len(inside), len(outside)) < _FEWEST:
        return start
    rows = np.concatenate([inside, outside]).astype(np.float64)
    rows = np.column_stack([np.ones(len(rows)), rows])
    truth = np.concatenate([np.ones(len(inside)), np.zeros(len(outside))])
    balance = (_WITH_TAG_TAUGHT if own_bar else _WITH_TAG) * len(outside) / len(inside)
    counts = np.where(truth > 0, min(balance, 1.0), min(1.0 / balance, 1.0))
    weights = start.copy()
    for _ in range(50):  # Newton's method; with the usual weights to hold on to it ends soon
        guess = _sigmoid(rows @ weights)
        slope = rows.T @ (counts * (guess - truth)) + _FIRMNESS * (weights - start)
        curve = (rows * (counts * guess * (1 - guess))[:, np.newaxis]).T @ rows + np.diag(_FIRMNESS)
        step = np.linalg.solve(curve, slope)
        largest = float(np.abs(step).max())
        weights = weights - step * min(1.0, 5.0 / max(largest, 1e-9))
        if largest < 1e-6:
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

"""A classifier for a handful of examples or for thousands: kernel ridge regression on embeddings.

Everything has a closed form, so there is nothing to tune by hand and nothing that fails to
converge; and what the model would have said of each example without having seen it comes for free.
The strength of smoothing and the calibration of probabilities are chosen by that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Floats = np.ndarray[tuple[int, ...], np.dtype[np.floating]]
Labels = np.ndarray[tuple[int], np.dtype[np.int64]]

NOTHING = -1
"""The label of a row that belongs to no class."""

# How fast likeness falls with the angle. Values from 2 to 4 did about the same on public sets of
# support questions, with 5 examples per tag and with 100; 2 was ahead where there were thousands.
_BANDWIDTH = np.float32(2.0)
_STRENGTHS = (0.1, 0.3, 1.0)

# More rows than this are compared with a part of them only (Nyström's method).
_LANDMARKS = 3_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Ridge:
    """A fitted model. `scores` is near 1 for a class that a row surely belongs to, near 0 for
    the others, and near 0 for all of them far away from every example."""

    landmarks: Floats
    weights: Floats

    def scores(self, rows: Floats) -> Floats:
        """Float32 (rows, classes) for unit rows."""
        found: Floats = _kernel(rows, self.landmarks) @ self.weights
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """A model and the scores that it gives each row when it is left out, (rows, classes)."""

    model: Ridge
    left_out: Floats
    temperature: float


def fit(rows: Floats, labels: Labels, *, classes: int, judged: Labels) -> Fitted:
    """The best model of these unit rows by the log loss of the left-out rows that are named in
    `judged`. Rows labelled NOTHING pull every class down."""
    targets = np.zeros((len(rows), classes), dtype=np.float32)
    known = np.flatnonzero(labels != NOTHING)
    targets[known, labels[known]] = 1.0
    landmarks = rows[_landmarks(labels)]
    inside = judged[labels[judged] != NOTHING]
    kernel = _kernel(landmarks, landmarks).astype(np.float64)
    kernel[np.diag_indices_from(kernel)] += 1e-4  # examples may be the same, or nearly
    root = np.linalg.inv(np.linalg.cholesky(kernel)).T.astype(np.float32)
    features = _kernel(rows, landmarks) @ root
    sizes, axes = np.linalg.eigh(features.T @ features)
    turned = features @ axes
    projected = turned.T @ targets
    candidates = []
    for strength in _STRENGTHS:
        shrunk = np.float32(1.0) / (np.maximum(sizes, 0.0) + np.float32(strength))
        weights = shrunk[:, np.newaxis] * projected
        leverage = np.clip((turned**2) @ shrunk, 0.0, 0.999)[:, np.newaxis]
        left_out = (turned @ weights - leverage * targets) / (1.0 - leverage)
        loss, temperature = _temperature(left_out[inside], labels[inside])
        candidates.append((loss, temperature, weights, left_out))
    _, temperature, weights, left_out = min(candidates, key=lambda each: each[0])
    model = Ridge(landmarks=landmarks, weights=root @ (axes @ weights))
    return Fitted(model=model, left_out=left_out, temperature=temperature)


# What sharpened scores best on public sets of support questions, and how many left-out rows it
# takes until an account's own examples count as much as that.
_USUAL_TEMPERATURE, _USUAL_WEIGHT = 16.0, 20.0
_TEMPERATURES = np.geomspace(2.0, 80.0, 30)


def _temperature(scores: Floats, labels: Labels) -> tuple[float, float]:
    """The log loss at the best temperature, and that temperature. With few rows it stays near
    the usual one."""
    losses = np.array([_loss(scores, labels, each) for each in _TEMPERATURES])
    drift = np.log(_TEMPERATURES / _USUAL_TEMPERATURE) ** 2
    total = losses * len(labels) + _USUAL_WEIGHT * drift
    best = int(total.argmin())
    return float(losses[best]), float(_TEMPERATURES[best])


def _loss(scores: Floats, labels: Labels, temperature: float) -> float:
    if not len(labels):
        return 0.0
    chosen = probabilities(scores, temperature)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, 1e-9)).mean())


def probabilities(scores: Floats, temperature: float) -> Floats:
    """Rows of scores as rows of probabilities that add up to 1."""
    exponents = temperature * (scores - scores.max(axis=1, keepdims=True))
    powers = np.exp(exponents)
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _kernel(left: Floats, right: Floats) -> Floats:
    """How alike unit rows are: 1 for the same direction, falling fast with the angle."""
    alike: Floats = np.exp(_BANDWIDTH * (left @ right.T - np.float32(1.0)))
    return alike


def _landmarks(labels: Labels) -> Labels:
    """All rows, or of many rows about the same share of each class."""
    by_class = np.argsort(labels, kind="stable")
    if len(labels) <= _LANDMARKS:
        return by_class
    return by_class[np.linspace(0, len(labels) - 1, _LANDMARKS).astype(np.int64)]

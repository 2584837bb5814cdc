"""What two models say of a text, as one: `ridge` for few examples, and with many of them
`logistic` beside it, believed as far as it did better on examples that were left out.

Every tag counts about the same. How often a tag was used says little of the text at hand, and
where the largest queue wins whatever is in doubt, the others are hardly ever found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.triage import logistic, ridge
from bot.triage.calibration import ahead_of_none
from bot.triage.ridge import NOTHING

if TYPE_CHECKING:
    from bot.triage.logistic import FittedLogistic, Logistic
    from bot.triage.ridge import Fitted, Floats, Labels, Ridge

_MANY = 500  # examples, from which on a second model is worth its seconds
_TAUGHT = 30  # examples of a tag on average, from which on left-out ones are like what is to come
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_SHARPNESS = np.geomspace(0.3, 5.0, 30)
_SAME_SIZE = 20.0  # examples added to each tag's: a handful more or less should not matter


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """Of rows: `among` is the probability of each class for those that belong to one, (rows,
    classes); `belongs` is the higher, the surer a row belongs to any, (rows,)."""

    among: Floats
    belongs: Floats

    def of(self, places: Labels) -> Opinion:
        """The opinion of some of the rows."""
        return Opinion(among=self.among[places], belongs=self.belongs[places])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Weights:
    """How scores of the one and logits of the other become an opinion. The other counts by its
    `share`, its logits times `sharpness`; `sizes` are the classes' examples; with `learned_none`
    what belongs to no class is told by examples of it."""

    temperature: float
    sharpness: float
    share: float
    sizes: Floats
    learned_none: bool

    def opinion(self, scores: Floats, logits: Floats | None) -> Opinion:
        found, belongs = _logs(scores * self.temperature), scores.max(axis=1)
        if logits is not None:
            classes = logits[:, : len(self.sizes)]
            found = _mixed(found, _logs(classes * self.sharpness), self.share)
            if self.learned_none:
                belongs = ahead_of_none(classes, logits[:, -1])
        among = ridge.probabilities(found - np.log(self.sizes), 1.0)
        return Opinion(among=among, belongs=belongs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pooled:
    """Fitted models; `left_out` is their opinion of each row that was fitted, as if it were not
    there."""

    ridge: Ridge
    logistic: Logistic | None
    weights: _Weights
    left_out: Opinion

    @property
    def learned_none(self) -> bool:
        """Whether `belongs` goes by examples of what belongs to no class."""
        return self.weights.learned_none

    def opinion(self, rows: Floats) -> Opinion:
        """Of unit rows."""
        logits = None if self.logistic is None else self.logistic.logits(rows)
        return self.weights.opinion(self.ridge.scores(rows), logits)


def fit(rows: Floats, labels: Labels, *, classes: int, judged: Labels) -> Pooled:
    """The models of these unit rows, weighed by how they judge the rows named in `judged`."""
    first = ridge.fit(rows, labels, classes=classes, judged=judged)
    inside = judged[labels[judged] != NOTHING]
    second = logistic.fit(rows, labels, classes=classes) if len(inside) >= _MANY else None
    weights = _weights(first, second, labels, inside, classes)
    return Pooled(
        ridge=first.model,
        logistic=None if second is None else second.model,
        weights=weights,
        left_out=weights.opinion(first.left_out, None if second is None else second.left_out),
    )


def _weights(
    first: Fitted, second: FittedLogistic | None, labels: Labels, inside: Labels, classes: int
) -> _Weights:
    sizes = np.bincount(labels[labels != NOTHING], minlength=classes) + _SAME_SIZE
    sharpness, share, learned_none = 1.0, 0.0, False
    if second is not None:
        truth, theirs = labels[inside], second.left_out[inside][:, :classes]
        sharpness = min(_SHARPNESS, key=lambda each: _loss(theirs * each, truth))
        logs = _logs(first.left_out[inside] * first.temperature), _logs(theirs * sharpness)
        share = min(_SHARES, key=lambda each: _loss(_mixed(*logs, each), truth))
        knows_none = second.left_out.shape[1] > classes
        learned_none = knows_none and len(inside) >= _TAUGHT * classes
    return _Weights(
        temperature=first.temperature,
        sharpness=sharpness,
        share=share,
        sizes=sizes,
        learned_none=learned_none,
    )


def _mixed(one: Floats, other: Floats, share: float) -> Floats:
    mixed: Floats = (1.0 - share) * one + share * other
    return mixed


def _logs(scores: Floats) -> Floats:
    logs: Floats = np.log(np.maximum(ridge.probabilities(scores, 1.0), 1e-12))
    return logs


def _loss(scores: Floats, truth: Labels) -> float:
    return float(-_logs(scores)[np.arange(len(truth)), truth].mean())

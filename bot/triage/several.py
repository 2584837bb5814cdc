"""Texts that may have several tags at once, or none: each tag is decided by itself.

Kernel ridge regression as for one tag (`bot.triage.ridge`), over what a text means and over its
words. From which score on a tag is given is chosen by what the model would have said of each
example without having seen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.triage.word_features import WordFeatures
from indexing.blas import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.triage.ridge import Floats

_BANDWIDTH = np.float32(4.0)
_MEANING, _WORDS = np.float32(0.5), np.float32(0.5)
_STRENGTHS = (0.1, 0.3)

# So many examples of a tag count as much as all tags together in where its bar is set.
_FIRMNESS = 10.0
_FEWEST = 5

MOST_EXAMPLES = 3_000
"""More are not compared with each other: of those, as many are taken, evenly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tagged:
    """A text and all tags that it has."""

    text: str
    tags: frozenset[str]


class SeveralTags:
    """Learns its examples once, when it is made. Safe to share between threads."""

    def __init__(
        self,
        examples: Sequence[Tagged],
        *,
        embed: Callable[[Sequence[str]], Floats],
        embed_one: Callable[[str], Floats],
    ) -> None:
        """There must be an example with a tag. Raises EmbeddingFailed."""
        step = max(1.0, len(examples) / MOST_EXAMPLES)
        kept = [examples[int(n * step)] for n in range(int(len(examples) / step))]
        self._embed_one = embed_one
        self._names = sorted({tag for each in kept for tag in each.tags})
        texts = [each.text for each in kept]
        targets = np.array(
            [[float(name in each.tags) for name in self._names] for each in kept],
            dtype=np.float32,
        )
        self._words = WordFeatures(texts)
        self._examples = embed(texts)
        words = self._words.rows(texts)
        kernel = _MEANING * _alike(self._examples, self._examples) + _WORDS * (words @ words.T)
        weights, bars = _fitted(kernel.astype(np.float64), targets.astype(np.float64))
        self._bars = bars
        self._by_example = (_MEANING * weights).astype(np.float32)
        self._by_word = (_WORDS * (words.T @ weights.astype(np.float32))).astype(np.float32)

    def tags_of(self, text: str) -> frozenset[str]:
        """The tags that this text has, none where none is likely. Raises EmbeddingFailed."""
        numbers, values = self._words.row(text)
        row = self._embed_one(text)[np.newaxis]
        with one_thread():
            alike = _alike(row, self._examples)[0]
            scores = alike @ self._by_example + values @ self._by_word[numbers]
        return frozenset(self._names[each] for each in np.flatnonzero(scores > self._bars))


def _alike(left: Floats, right: Floats) -> Floats:
    alike: Floats = np.exp(_BANDWIDTH * (left @ right.T - np.float32(1.0)))
    return alike


def _fitted(kernel: Floats, targets: Floats) -> tuple[Floats, Floats]:
    """The weights of the examples for each tag, and the bar of each, of the strength of smoothing
    with the best micro-F1 on left-out examples."""
    best: tuple[float, Floats, Floats] | None = None
    for strength in _STRENGTHS:
        inverse = np.linalg.inv(kernel + strength * np.eye(len(kernel)))
        leverage = np.diag(kernel @ inverse)[:, np.newaxis]
        weights = inverse @ targets
        left_out = (kernel @ weights - leverage * targets) / np.maximum(1.0 - leverage, 1e-3)
        score, bar = _best_bar(left_out.ravel(), targets.ravel())
        if best is None or score > best[0]:
            best = score, weights, _bars(left_out, targets, bar)
    assert best is not None  # noqa: S101 - there is more than one strength
    return best[1], best[2]


def _bars(scores: Floats, targets: Floats, common: float) -> Floats:
    """Of each tag: the common bar, and the more examples it has, the one that is best for it."""
    bars = np.full(targets.shape[1], common)
    for number, count in enumerate(targets.sum(axis=0)):
        if count >= _FEWEST:
            _, own = _best_bar(scores[:, number], targets[:, number])
            bars[number] = (count * own + _FIRMNESS * common) / (count + _FIRMNESS)
    return bars


def _best_bar(scores: Floats, targets: Floats) -> tuple[float, float]:
    """The highest F1 of giving a tag above a bar, and that bar."""
    order = np.argsort(-scores)
    hits = np.cumsum(targets[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + targets.sum())
    place = int(f1.argmax())
    after = scores[order[min(place + 1, len(order) - 1)]]
    return float(f1[place]), float((scores[order[place]] + after) / 2)

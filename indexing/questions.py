"""A question's vector, also where the question is longer than the model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from indexing.embedders.embedder import Embedder

# People say what they want first. Windows begin where a question is so many times too long; what
# follows the third changed no result.
_LONG = 1.25
_WINDOWS = 3
_FADING = 0.7


def question_vector(embedder: Embedder, question: str) -> NDArray[np.float32]:
    """Float32 of shape (dimensions,), unit length.

    A question that is far too long for the model is read in windows, and its vector is their mean,
    in which each later window counts less: dense hit@1 on tau_banking's conversations .271 -> .438
    (`python -m tests.bench.fit_fusion`). Of one that is a little too long the rest is not read:
    it changed no result, and reading it takes as long again.
    """
    tokens = embedder.count_tokens(question)
    if tokens <= _LONG * embedder.max_tokens:
        return embedder.embed_query(question)
    words = question.split()
    size = max(1, len(words) * embedder.max_tokens // tokens)
    windows = [" ".join(words[at : at + size]) for at in range(0, len(words), size)][:_WINDOWS]
    weights = [
        min(embedder.count_tokens(window), embedder.max_tokens) * _FADING**number
        for number, window in enumerate(windows)
    ]
    return _mean(np.stack([embedder.embed_query(window) for window in windows]), weights)


def _mean(rows: NDArray[np.float32], weights: Sequence[float]) -> NDArray[np.float32]:
    mean = np.average(rows, axis=0, weights=weights)
    unit: NDArray[np.float32] = np.divide(mean, np.linalg.norm(mean), dtype=np.float32)
    return unit

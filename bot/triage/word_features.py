"""Texts by the words they are made of: words, pairs of words, and parts of words, weighed by how
rare they are. What embeddings blur, such as "not", "when" or "new", stands out here. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.triage.ridge import Floats

_PIECE = re.compile(r"\w+|[^\w\s]")
_PARTS = (3, 4)  # characters
_FEWEST = 2  # texts: what stands in one only says nothing of others


class WordFeatures:
    """Learns from texts which features there are, and how rare each is."""

    def __init__(self, texts: Sequence[str]) -> None:
        seen = Counter(name for text in texts for name in set(_features(text)))
        kept = [name for name, count in seen.items() if count >= _FEWEST]
        self._numbers: Mapping[str, int] = {name: number for number, name in enumerate(kept)}
        self._weights = np.array(
            [math.log((1 + len(texts)) / (1 + seen[name])) + 1 for name in kept], dtype=np.float32
        )

    def rows(self, texts: Sequence[str]) -> Floats:
        """Float32 (texts, features), each row of length 1, or 0 where nothing of it is known."""
        found = np.zeros((len(texts), len(self._numbers)), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            numbers, values = self.row(text)
            row[numbers] = values
        return found

    def row(self, text: str) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Floats]:
        """The same of one text: the features that it has, and their values."""
        counts = Counter(self._numbers[name] for name in _features(text) if name in self._numbers)
        numbers = np.fromiter(counts, dtype=np.int64, count=len(counts))
        often = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        values = (1.0 + np.log(np.maximum(often, 1.0))) * self._weights[numbers]
        length = float(np.linalg.norm(values))
        return numbers, values / length if length else values


def _features(text: str) -> Iterator[str]:
    pieces = _PIECE.findall(text.casefold())
    yield from pieces
    for one, other in zip(["<", *pieces], [*pieces, ">"], strict=True):
        yield f"{one} {other}"
    for piece in pieces:
        marked = f"<{piece}>"
        for length in _PARTS:
            for start in range(len(marked) - length + 1):
                yield f"…{marked[start : start + length]}"

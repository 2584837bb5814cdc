"""The one face that every embedding model shows to the rest of indexing.

Models differ in how they read text and how long their vectors are. What every caller relies on
is settled here once: rows come back in the order of the texts, as unit-length float32, and a text
that no tokenizer would accept is repaired first.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from indexing.errors import EmbeddingFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.embeddings.base import BaseEmbedding

Vectors = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Vector = np.ndarray[tuple[int], np.dtype[np.float32]]


class Encoder(Protocol):
    """What a model has to bring: the bundled one and any llama-index one do."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    @property
    def max_tokens(self) -> int:
        """How many text tokens the model reads; the rest of a text is lost."""

    def count_tokens(self, text: str) -> int:
        """The text's own tokens, untruncated, special tokens left out."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order."""

    def encode_query(self, text: str) -> Vector:
        """The vector of a question, as fast as one text goes."""

    def wide(self) -> Encoder:
        """What tells classes of texts apart best: itself, or longer vectors of the same model."""

    def llama_index(self) -> BaseEmbedding:
        """The same weights as llama-index knows them."""


class Embedder:
    """Turns texts into unit vectors. Safe to share between threads."""

    def __init__(self, *, name: str, encoder: Encoder) -> None:
        self.name = name
        self._encoder = encoder

    @property
    def dimensions(self) -> int:
        """The length of every vector."""
        return self._encoder.dimensions

    @property
    def max_tokens(self) -> int:
        """Text tokens usable per chunk, special tokens excluded; what follows is not read."""
        return self._encoder.max_tokens

    @cached_property
    def model(self) -> BaseEmbedding:
        """The llama-index BaseEmbedding over the same weights; first use imports llama-index."""
        return self._encoder.llama_index()

    @cached_property
    def wide(self) -> Embedder:
        """Vectors by which texts are put into classes; for finding passages they are not."""
        encoder = self._encoder.wide()
        if encoder is self._encoder:
            return self
        return Embedder(name=f"{self.name}, {encoder.dimensions} wide", encoder=encoder)

    def count_tokens(self, text: str) -> int:
        """How many of `max_tokens` this text takes; never truncated."""
        return self._encoder.count_tokens(readable(text))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Float32 (len(texts), dimensions), unit rows in the order of `texts`.

        Batches inside, so any number of passages is fine. Raises EmbeddingFailed.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        rows = self._encoder.encode([readable(text) for text in texts])
        return unit_rows(rows, expected=(len(texts), self.dimensions))

    def embed_query(self, text: str) -> Vector:
        """Float32 (dimensions,), unit length. Raises EmbeddingFailed."""
        vector = self._encoder.encode_query(readable(text))
        row: Vector = unit_rows(vector[np.newaxis], expected=(1, self.dimensions))[0]
        return row


def readable(text: str) -> str:
    """The same text when it is valid Unicode; else surrogate pairs joined and lone ones replaced.

    Vendors' JSON can carry half an emoji, which no tokenizer (and no UTF-8) accepts.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def unit_rows(
    rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]], *, expected: tuple[int, int]
) -> Vectors:
    """The rows as unit-length float32; raises EmbeddingFailed on a wrong shape, NaN or zero row."""
    if rows.shape != expected:
        raise EmbeddingFailed(
            f"The embedding model returned vectors of shape {rows.shape}, {expected} was expected. "
            "Check the dimensions in EMBEDDING_MODEL."
        )
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
        raise EmbeddingFailed("The embedding model returned a vector that has no direction.")
    vectors: Vectors = np.divide(rows, lengths, dtype=np.float32)
    return vectors

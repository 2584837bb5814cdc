"""A second embedding model that is real and needs no download: texts that share words are near."""

from __future__ import annotations

import hashlib
import re

from llama_index.core.base.embeddings.base import BaseEmbedding, Embedding

_WORDS = re.compile(r"\w+")


class WordsEmbedding(BaseEmbedding):
    """Each word is one of `size` directions, and a text is the sum of its words."""

    size: int = 64

    def _get_text_embedding(self, text: str) -> Embedding:
        vector = [0.01] * self.size
        for word in _WORDS.findall(text.lower()):
            digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
            vector[int.from_bytes(digest) % self.size] += 1.0
        return vector

    def _get_query_embedding(self, query: str) -> Embedding:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return self._get_text_embedding(query)

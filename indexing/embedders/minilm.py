"""The bundled model as llama-index knows embeddings, for VectorStoreIndex, pipelines and tools."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from llama_index.core.base.embeddings.base import BaseEmbedding, Embedding
from pydantic import PrivateAttr

from indexing.embedders.embedder import readable

if TYPE_CHECKING:
    from indexing.embedders.minilm_encoder import MiniLMEncoder


class MiniLMEmbedding(BaseEmbedding):
    """all-MiniLM-L6-v2 with no network; the same vectors as the Embedder that made it."""

    _encoder: MiniLMEncoder = PrivateAttr()

    def __init__(self, *, encoder: MiniLMEncoder) -> None:
        # The encoder sorts and batches by itself; llama-index only needs to hand it enough.
        super().__init__(model_name="all-MiniLM-L6-v2", embed_batch_size=512)
        self._encoder = encoder

    @classmethod
    def class_name(cls) -> str:
        return "MiniLMEmbedding"

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        rows: list[Embedding] = self._encoder.encode([readable(text) for text in texts]).tolist()
        return rows

    def _get_text_embedding(self, text: str) -> Embedding:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> Embedding:
        row: Embedding = self._encoder.encode_query(readable(query)).tolist()
        return row

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await asyncio.to_thread(self._get_query_embedding, query)

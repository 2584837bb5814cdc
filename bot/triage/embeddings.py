"""Vectors of examples and descriptions, kept in the database by model: a process that starts, and
one that learns anew after a change, embeds only what is new."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.triage.ridge import Floats
    from indexing.embedders.embedder import Embedder


class KeptEmbeddings:
    """Embeds with one model, looking first what is kept of it."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]], embedder: Embedder) -> None:
        self._pool = pool
        self._embedder = embedder

    def embed(self, texts: Sequence[str]) -> Floats:
        """One unit row per text, in order. Keeps the rows of these texts and forgets all others,
        other models' too: they are of examples that are gone. Raises EmbeddingFailed."""
        model, hashes = self._embedder.name, [sha256(each.encode()).digest() for each in texts]
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT text_hash, vector FROM routing_embeddings "
                "WHERE model = %s AND text_hash = ANY(%s)",
                (model, hashes),
            ).fetchall()
        known: dict[bytes, Floats] = {
            bytes(key): np.asarray(vector, dtype=np.float32)
            for key, vector in rows
            if len(vector) == self._embedder.dimensions
        }
        new = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
        known |= dict(zip(new, self._embedder.embed(list(new.values())), strict=True))
        self._keep(model, {key: known[key] for key in new}, hashes)
        return np.stack([known[key] for key in hashes])

    def _keep(self, model: str, new: dict[bytes, Floats], needed: Sequence[bytes]) -> None:
        with self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM routing_embeddings WHERE model <> %s OR text_hash <> ALL(%s)",
                (model, list(needed)),
            )
            cursor.executemany(
                "INSERT INTO routing_embeddings (model, text_hash, vector) VALUES (%s, %s, %s) "
                "ON CONFLICT (model, text_hash) DO UPDATE SET vector = excluded.vector",
                [(model, key, vector.tolist()) for key, vector in new.items()],
            )

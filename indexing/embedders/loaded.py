"""The models that one process has loaded: the one that is set, and the one that answers.

They differ while an index is built for a newly set model. Then the live index's model is opened
by the name that its index keeps, which holds no secrets.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from indexing import embedders
from indexing.embedders.naming import public_name
from indexing.errors import EmbeddingModelMissing, IndexMismatch, IndexMissing
from indexing.index import Index

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder

# Two, because there are only ever the one that answers and the one that takes its place.
_KEPT = 2


class LoadedEmbedders:
    """Loads each model once, when it is first asked for. Safe to share between threads."""

    def __init__(self, *, setting: str, cache_dir: Path) -> None:
        self.wanted = public_name(setting)
        """The name of the model that is set."""
        self._setting = setting
        self._cache_dir = cache_dir
        self._loaded: dict[str, Embedder] = {}
        self._lock = threading.Lock()

    def named(self, name: str) -> Embedder:
        """The model of this name. Raises EmbeddingModelMissing."""
        with self._lock:
            embedder = self._loaded.get(name)
            if embedder is None:
                # Only the setting of a model may hold its key.
                setting = self._setting if name == self.wanted else name
                embedder = embedders.load(setting, cache_dir=self._cache_dir)
                for oldest in list(self._loaded)[: len(self._loaded) + 1 - _KEPT]:
                    del self._loaded[oldest]
                self._loaded[name] = embedder
            return embedder

    def of(self, index: Index) -> Embedder:
        """The model that this index was built with. Raises EmbeddingModelMissing, and
        IndexMismatch when its vectors have another size by now."""
        try:
            embedder = self.named(index.model)
        except EmbeddingModelMissing as error:
            raise EmbeddingModelMissing(
                f"The index that answers was built with {index.model}, which cannot be loaded. "
                f"{error} Put back what it needs (a key goes into the environment variable that "
                "its class reads), or set EMBEDDING_MODEL to a model that can be loaded and run "
                "`supportbot index build`."
            ) from error
        if embedder.dimensions != index.dimensions:
            raise IndexMismatch(
                f"The index was built when {index.model} gave vectors of {index.dimensions} "
                f"dimensions; it gives {embedder.dimensions} now. Run `supportbot index build`."
            )
        return embedder

    def live_index(self, pool: ConnectionPool) -> Index:
        """The live index; the first one is made for the model that is set. A live one is opened
        without loading any model."""
        try:
            with pool.connection() as connection:
                return Index.live(connection)
        except IndexMissing:
            wanted = self.named(self.wanted)
            return Index.open(pool, model=wanted.name, dimensions=wanted.dimensions)

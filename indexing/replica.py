"""Searches in a copy of the database, and never serves from it what the primary no longer has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg

from indexing.errors import IndexingError
from indexing.retrieval import Found, Retriever

if TYPE_CHECKING:
    from indexing.models import Reader


class ReplicaRetriever(Retriever):
    """A retriever of the primary that has `copy` search where `is_fresh` says that it may. Each
    passage that is found is looked up on the primary, for this reader; where one is gone, was
    changed or is no longer theirs to read, the primary searches. `lost` hears that the copy could
    not be used."""

    def __init__(
        self,
        *,
        copy: Retriever,
        is_fresh: Callable[[], bool],
        lost: Callable[[], None] = lambda: None,
        **primary: Any,
    ) -> None:
        super().__init__(**primary)
        self._copy = copy
        self._is_fresh = is_fresh
        self._lost = lost

    def search(
        self,
        query: str,
        reader: Reader,
        locale: str | None = None,
        k: int = 8,
        sources: frozenset[str] | None = None,
    ) -> Found:
        """As the primary would, a few seconds of additions aside."""
        if self._is_fresh():
            try:
                found = self._copy.search(query, reader, locale, k, sources)
            except (psycopg.Error, IndexingError):  # away, or without the schema or index as yet
                self._lost()
            else:
                told = {each.chunk_id for each in (*found.passages, *_cut(found))}
                if found.passages and self.held(told, reader) == told:
                    return found
        return super().search(query, reader, locale, k, sources)


def _cut(found: Found) -> list[Any]:
    return [each.passage for each in found.cut]

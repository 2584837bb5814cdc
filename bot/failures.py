"""The documents that could not be indexed, until they can: written by each run, read by the next.

A connector that asks for changes only would not mention them again, so a run names those that it
wants to be told of once more. One that fails for ever is asked for ever less often, at last about
once a day, so that it does not cost a request at every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

MOST_AT_ONCE = 200
"""A whole source that fails must not turn a small run into thousands of requests."""

_FAILED = """
INSERT INTO failed_documents (source, id, reason) VALUES (%s, %s, %s)
ON CONFLICT (source, id) DO UPDATE SET
    reason = excluded.reason, last_seen = now(), attempts = failed_documents.attempts + 1
"""

_MENDED = "DELETE FROM failed_documents WHERE source = %s AND id = ANY(%s)"

_ALL = "SELECT id FROM failed_documents WHERE source = %s"

# The first time at the next run; after that 10 minutes, 20, 40 … and 21 hours at last.
_DUE = """
SELECT id FROM failed_documents WHERE source = %s AND (attempts = 1
    OR last_seen <= now() - interval '5 minutes' * power(2, least(attempts - 1, 8)))
ORDER BY last_seen, id LIMIT %s
"""

_UNMET = """
DELETE FROM failed_documents WHERE source = %(source)s
AND last_seen < (SELECT started_at FROM sync_runs WHERE id = %(run)s)
AND (%(ids)s::text[] IS NULL OR id = ANY(%(ids)s))
"""


class Failures:
    """The list of one database, by source."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def note(self, source: str, document_id: str, reason: str) -> None:
        """Puts a document on the list, or counts one more attempt."""
        with self._pool.connection() as connection:
            connection.execute(_FAILED, (source, document_id, reason))

    def mended(self, source: str, document_ids: Collection[str]) -> None:
        """Takes documents off the list: they are indexed, or gone."""
        with self._pool.connection() as connection:
            connection.execute(_MENDED, (source, list(document_ids)))

    def all(self, source: str) -> tuple[str, ...]:
        """Ids of everything on the list."""
        with self._pool.connection() as connection:
            return tuple(row[0] for row in connection.execute(_ALL, (source,)))

    def due(self, source: str) -> tuple[str, ...]:
        """Ids of what to try again now, at most MOST_AT_ONCE, the longest untried first."""
        with self._pool.connection() as connection:
            return tuple(row[0] for row in connection.execute(_DUE, (source, MOST_AT_ONCE)))

    def forget_unmet(self, source: str, *, run: int, ids: Collection[str] | None = None) -> None:
        """Takes off the list what did not fail again in this run, which met these documents, or
        (None) every one."""
        asked = {"source": source, "run": run, "ids": None if ids is None else list(ids)}
        with self._pool.connection() as connection:
            connection.execute(_UNMET, asked)

"""Who does something alone, among all processes on one database.

The lock is held by a session, so a killed process lets go of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

_LOCK = "SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext(%s), hashtext(%s))"
_LOCKED = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = (hashtext(%s)::bigint & 4294967295)::oid
      AND objid = (hashtext(%s)::bigint & 4294967295)::oid)
"""


@contextmanager
def alone(
    pool: ConnectionPool, purpose: str, name: str, *, otherwise: Callable[[], Exception]
) -> Iterator[Callable[[], object]]:
    """Holds the lock of this name, and a connection of the pool with it. Raises what `otherwise`
    makes when somebody else has it. What it yields raises psycopg.OperationalError once the lock
    is lost, as in a restart of the database, which the work itself might not notice."""
    with pool.connection() as connection:
        connection.autocommit = True
        try:
            row = connection.execute(_LOCK, (purpose, name)).fetchone()
            if row is None or not row[0]:
                raise otherwise()
            try:
                yield lambda: connection.execute("SELECT 1")
            finally:
                connection.execute(_UNLOCK, (purpose, name))
        finally:
            connection.autocommit = False


def taken(pool: ConnectionPool, purpose: str, name: str) -> bool:
    """Whether anybody holds the lock of this name now."""
    with pool.connection() as connection:
        row = connection.execute(_LOCKED, (purpose, name)).fetchone()
    return bool(row and row[0])

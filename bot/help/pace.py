"""How often one address, and everybody together, may ask: counted in PostgreSQL, so that any number
of web processes keep one limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

_COUNT = """
SELECT count(*) FILTER (WHERE key = %(own)s), count(*) FILTER (WHERE key = %(all)s)
FROM console_attempts WHERE key IN (%(own)s, %(all)s) AND at > now() - %(window)s
"""

_NOTE = "INSERT INTO console_attempts (key) VALUES (%s), (%s)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """At most `each` within `window` from one address, and `together` from all."""

    name: str
    window: timedelta
    each: int
    together: int


ASKING = Limit(name="help", window=timedelta(minutes=10), each=20, together=600)
CONTACTING = Limit(name="help contact", window=timedelta(hours=1), each=5, together=200)


class Pace:
    """Counts what is let through."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def allows(self, limit: Limit, address: str) -> bool:
        """Whether this may go on; then it counts."""
        own, everybody = f"{limit.name} {address}", f"{limit.name} everybody"
        asked = {"own": own, "all": everybody, "window": limit.window}
        with self._pool.connection() as connection:
            row = connection.execute(_COUNT, asked).fetchone()
            if row is None or row[0] >= limit.each or row[1] >= limit.together:
                return False
            connection.execute(_NOTE, (own, everybody))
        return True

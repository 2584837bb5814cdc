"""Builds the database's indexes over the passages anew, while questions go on being answered.

Where many passages were replaced, the index over vectors grows and finds a little less; built anew
it is as small and as good as on the first day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from psycopg import sql

from indexing.index import Index

if TYPE_CHECKING:
    from psycopg import Connection

# What a rebuild that was broken off left behind, and could not be used.
_LEFT_OVER = """
SELECT one.relname FROM pg_index JOIN pg_class one ON one.oid = indexrelid
WHERE indrelid = %s::regclass AND NOT indisvalid AND one.relname LIKE '%%\\_ccnew%%'
"""

_INDEXES = """
SELECT one.relname FROM pg_index JOIN pg_class one ON one.oid = indexrelid
WHERE indrelid = %s::regclass AND indisvalid ORDER BY pg_relation_size(one.oid)
"""


def rebuild(
    connection: Connection[Any], *, begin: Callable[[str], None] = lambda _: None
) -> tuple[str, ...]:
    """Rebuilds every index of the live passages, the smallest first; returns their names. `begin`
    hears of each, and may raise to stop. `connection` is in autocommit mode. Raises IndexMissing
    where nothing is indexed yet."""
    table = f"passages_{Index.live(connection).id}"
    for name in _names(connection, _LEFT_OVER, table):
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    done = tuple(_names(connection, _INDEXES, table))
    for name in done:
        begin(name)
        connection.execute(sql.SQL("REINDEX INDEX CONCURRENTLY {}").format(sql.Identifier(name)))
    return done


def _names(connection: Connection[Any], statement: str, table: str) -> Iterator[str]:
    return iter([row[0] for row in connection.execute(statement, (table,)).fetchall()])

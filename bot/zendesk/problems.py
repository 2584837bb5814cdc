"""Tickets that could not be dealt with yet, and why: what the admin is shown until they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

_LONGEST = 500

_NOTE = """
INSERT INTO ticket_problems (ticket_id, problem) VALUES (%s, %s)
ON CONFLICT (ticket_id) DO UPDATE SET problem = excluded.problem, last_tried = now()
"""

_SOLVED = "DELETE FROM ticket_problems WHERE ticket_id = %s"

_ALL = """
SELECT ticket_id, problem, since FROM ticket_problems ORDER BY since, ticket_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One ticket, what is wrong, and since when."""

    ticket_id: int
    problem: str
    since: datetime


class Problems:
    """The list, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def note(self, ticket_id: int, problem: str) -> None:
        """Puts a ticket on the list, or says anew what is wrong with it."""
        with self._pool.connection() as connection:
            connection.execute(_NOTE, (ticket_id, problem[:_LONGEST]))

    def solved(self, ticket_id: int) -> None:
        """Takes a ticket off the list, if it is there."""
        with self._pool.connection() as connection:
            connection.execute(_SOLVED, (ticket_id,))

    def all(self) -> tuple[Problem, ...]:
        """The longest waiting first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_ALL).fetchall()
        return tuple(Problem(ticket_id=row[0], problem=row[1], since=row[2]) for row in rows)

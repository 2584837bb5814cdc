"""What could not be done in Slack yet, and why: what the admin is shown until it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

_LONGEST = 500

_NOTE = """
INSERT INTO slack_problems (team_id, place, problem) VALUES (%s, %s, %s)
ON CONFLICT (team_id, place) DO UPDATE SET problem = excluded.problem, last_tried = now()
"""

_SOLVED = "DELETE FROM slack_problems WHERE team_id = %s AND place = %s"

_ALL = "SELECT team_id, place, problem, since FROM slack_problems ORDER BY since, team_id, place"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One place, such as a thread's "channel:ts", what is wrong, and since when."""

    team: str
    place: str
    problem: str
    since: datetime


class Problems:
    """The list, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def note(self, team: str, place: str, problem: str) -> None:
        """Puts a place on the list, or says anew what is wrong with it."""
        with self._pool.connection() as connection:
            connection.execute(_NOTE, (team, place, problem[:_LONGEST]))

    def solved(self, team: str, place: str) -> None:
        """Takes a place off the list, if it is there."""
        with self._pool.connection() as connection:
            connection.execute(_SOLVED, (team, place))

    def all(self, team: str = "") -> tuple[Problem, ...]:
        """Those of one workspace and of none in particular, or all, the longest waiting first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_ALL).fetchall()
        found = (Problem(team=row[0], place=row[1], problem=row[2], since=row[3]) for row in rows)
        return tuple(each for each in found if "" in {team, each.team} or team == each.team)

"""The books of what was handed to people from Slack, and where those people are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast
from uuid import UUID

from bot.audit import SYSTEM, sign

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

Kind = Literal["group", "ticket"]

EVERYTHING_ELSE = ""
"""The routing tag of questions that no other route is for."""

_BEGIN = """
INSERT INTO slack_handoffs (
    question_id, team_id, channel_id, thread_ts, user_id, kind, comment
) VALUES (%(question)s, %(team)s, %(channel)s, %(thread)s, %(user)s, %(kind)s, %(comment)s)
ON CONFLICT (question_id) DO NOTHING
"""

_GET = """
SELECT question_id, team_id, channel_id, thread_ts, user_id, kind, comment, routing_tag,
       ticket_id, resolved_by
FROM slack_handoffs WHERE question_id = %s
"""

_ROUTED = "UPDATE slack_handoffs SET routing_tag = %s WHERE question_id = %s"

_TICKET = "UPDATE slack_handoffs SET ticket_id = %s WHERE question_id = %s"

_RESOLVE = """
UPDATE slack_handoffs SET resolved_at = now(), resolved_by = %s
WHERE question_id = %s AND resolved_at IS NULL
"""

# People look after it now: the bot waits until it is named.
_WITH_PEOPLE = """
UPDATE slack_threads SET with_people = true
WHERE team_id = %s AND channel_id = %s AND thread_ts = %s
"""

_ROUTES = "SELECT tag, channel_id, group_id FROM slack_routes WHERE team_id = %s ORDER BY tag"

_TEAMS = "SELECT DISTINCT team_id FROM slack_routes WHERE channel_id <> '' ORDER BY team_id"

_PUT = """
INSERT INTO slack_routes (team_id, tag, channel_id, group_id) VALUES (%s, %s, %s, %s)
ON CONFLICT (team_id, tag) DO UPDATE SET
    channel_id = excluded.channel_id, group_id = excluded.group_id
"""

_REMOVE = "DELETE FROM slack_routes WHERE team_id = %s AND tag = %s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover:
    """One question that was handed to people. `tag` is None before it was routed, `ticket` before
    there is one; `resolved_by` is a user, "" while it is open."""

    question: UUID
    team: str
    channel: str
    thread: str
    user: str
    kind: Kind
    comment: str
    tag: str | None = None
    ticket: int | None = None
    resolved_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """The people of a routing tag: a user group that is pinged, a channel that they read, or
    both; "" where there is none."""

    tag: str
    channel: str = ""
    group: str = ""


class Handovers:
    """The books, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def begin(self, handover: Handover, *, connection: Connection[Any]) -> bool:
        """Notes it, in the caller's transaction; False when the question was handed over
        before."""
        values = {
            "question": handover.question,
            "team": handover.team,
            "channel": handover.channel,
            "thread": handover.thread,
            "user": handover.user,
            "kind": handover.kind,
            "comment": handover.comment,
        }
        if not connection.execute(_BEGIN, values).rowcount:
            return False
        connection.execute(_WITH_PEOPLE, (handover.team, handover.channel, handover.thread))
        return True

    def get(self, question: UUID) -> Handover | None:
        with self._pool.connection() as connection:
            row = connection.execute(_GET, (question,)).fetchone()
        return None if row is None else _handover(row)

    def routed(self, question: UUID, tag: str) -> None:
        self._run(_ROUTED, (tag, question))

    def opened(self, question: UUID, ticket: int) -> None:
        self._run(_TICKET, (ticket, question))

    def resolve(self, question: UUID, user: str, *, connection: Connection[Any]) -> bool:
        """Ends it, in the caller's transaction; False when somebody had done so."""
        return connection.execute(_RESOLVE, (user, question)).rowcount > 0

    def _run(self, statement: str, values: tuple[object, ...]) -> None:
        with self._pool.connection() as connection:
            connection.execute(statement, values)


class SlackRoutes:
    """Where the people of each routing tag are, by workspace, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def all(self, team: str) -> tuple[Route, ...]:
        """By tag, the one for everything else first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_ROUTES, (team,)).fetchall()
        return tuple(Route(tag=row[0], channel=row[1], group=row[2]) for row in rows)

    def of(self, team: str, tag: str) -> Route | None:
        """That of a tag, else the one for everything else; None where there is neither."""
        known = {each.tag: each for each in self.all(team)}
        return known.get(tag) or known.get(EVERYTHING_ELSE)

    def channel_of(self, team: str, tag: str) -> str:
        """The channel in which people look after a tag, else the one for everything else; ""
        where there is neither."""
        known = {each.tag: each.channel for each in self.all(team)}
        return known.get(tag) or known.get(EVERYTHING_ELSE) or ""

    def teams(self) -> tuple[str, ...]:
        """The workspaces in which people look after anything in a channel."""
        with self._pool.connection() as connection:
            return tuple(row[0] for row in connection.execute(_TEAMS).fetchall())

    def put(self, team: str, route: Route, *, actor: Actor = SYSTEM) -> None:
        """Sets it; a route to nobody is removed."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            if route.channel or route.group:
                connection.execute(_PUT, (team, route.tag, route.channel, route.group))
            else:
                connection.execute(_REMOVE, (team, route.tag))


def _handover(row: tuple[Any, ...]) -> Handover:
    return Handover(
        question=row[0],
        team=row[1],
        channel=row[2],
        thread=row[3],
        user=row[4],
        kind=cast("Kind", row[5]),
        comment=row[6],
        tag=row[7],
        ticket=row[8],
        resolved_by=row[9],
    )

"""The books of what was asked in Slack: each question once, with its one reply.

A message is a question for ever (a unique key says so), however often and in whatever order Slack
tells of it. What is posted as its reply is written here before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from bot.slack.asked import Asked, Earlier, Part, Way

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.slack.asked import Aside, Reply
    from bot.slack.places import Place


_PARTS = TypeAdapter(tuple[Part, ...])

_COLUMNS = """
    id, team_id, channel_id, thread_ts, ts, user_id, way, room, shared, has_files, text,
    respond_to, revision, withdrawn, state, answered, parts, stream,
    coalesce(extract(epoch FROM clock_timestamp() - announced_at), 0)::float8,
    outcome, reason, why, audience, origin, extract(epoch FROM asked_at)::float8,
    extract(epoch FROM clock_timestamp() - asked_at)::float8
"""

# What was withdrawn without ever having had a reply needs none. A message in which an answer was
# going to be written may still appear after the answer.
_OPEN = f"""
SELECT {_COLUMNS} FROM slack_questions
WHERE team_id = %s AND channel_id = %s AND thread_ts = %s AND ts IS NOT NULL
  AND (state <> 'done' OR stream <> '' OR (withdrawn AND parts <> '[]')
       OR (NOT withdrawn AND answered < revision))
ORDER BY ts, asked_at LIMIT 1
"""  # noqa: S608 - constants

_GET = f"SELECT {_COLUMNS} FROM slack_questions WHERE id = %s"  # noqa: S608 - constants

_ASK = """
INSERT INTO slack_questions (
    id, team_id, channel_id, thread_ts, user_id, way, room, text, respond_to, origin
) VALUES (%(id)s, %(team)s, %(channel)s, %(thread)s, %(user)s, %(way)s, %(room)s, %(text)s,
          %(respond_to)s, %(origin)s)
ON CONFLICT (id) DO NOTHING
"""

_SETTLED = """
UPDATE slack_questions SET state = 'done', answered = %(answered)s, outcome = %(outcome)s,
    reason = %(reason)s, why = %(why)s, audience = %(audience)s, parts = %(parts)s,
    stream = CASE WHEN stream = 'starting' THEN stream ELSE '' END,
    respond_to = '', announced_at = clock_timestamp(), done_at = now()
WHERE id = %(id)s
"""

_ANNOUNCED = """
UPDATE slack_questions SET state = 'sending', answered = %(answered)s, outcome = %(outcome)s,
    reason = %(reason)s, why = %(why)s, audience = %(audience)s, parts = %(parts)s,
    stream = CASE WHEN stream = 'starting' THEN stream ELSE '' END,
    announced_at = clock_timestamp()
WHERE id = %(id)s
"""

_POSTED = "UPDATE slack_questions SET parts = %s WHERE id = %s"

_AGAIN = "UPDATE slack_questions SET announced_at = clock_timestamp() WHERE id = %s"

_STREAMS = "UPDATE slack_questions SET stream = %s WHERE id = %s"

_DONE = """
UPDATE slack_questions SET state = 'done', parts = %(parts)s, respond_to = '', done_at = now()
WHERE id = %(id)s
"""

_HISTORY = """
SELECT asked.id, asked.text, asked.outcome, asked.audience,
       array(SELECT statement.text FROM statements statement
             WHERE statement.question_id = asked.id ORDER BY statement.position)
FROM slack_questions asked
WHERE asked.team_id = %s AND asked.channel_id = %s AND asked.thread_ts = %s
  AND asked.state = 'done' AND NOT asked.withdrawn AND asked.ts < %s
  AND asked.outcome IN ('answered', 'handed_off')
ORDER BY asked.ts DESC LIMIT %s
"""


class Questions:
    """The books, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def next_in(self, place: Place) -> Asked | None:
        """The first question of a thread that there is something to do about."""
        with self._pool.connection() as connection:
            row = connection.execute(_OPEN, (place.team, place.channel, place.thread)).fetchone()
        return None if row is None else _asked(row)

    def ask(self, aside: Aside, *, connection: Connection[Any]) -> bool:
        """Notes a question, in the caller's transaction; False when it was noted before."""
        values = {
            "id": aside.id,
            "team": aside.team,
            "channel": aside.channel,
            "thread": aside.thread,
            "user": aside.user,
            "way": aside.way.value,
            "room": aside.room,
            "text": aside.text,
            "respond_to": aside.respond_to,
            "origin": aside.origin,
        }
        return connection.execute(_ASK, values).rowcount > 0

    def get(self, identity: UUID) -> Asked | None:
        with self._pool.connection() as connection:
            row = connection.execute(_GET, (identity,)).fetchone()
        return None if row is None else _asked(row)

    def earlier(self, asked: Asked, *, most: int = 6) -> tuple[Earlier, ...]:
        """What was asked and replied in the same thread before, the oldest first."""
        where = (asked.team, asked.channel, asked.thread, asked.ts or "", most)
        with self._pool.connection() as connection:
            rows = connection.execute(_HISTORY, where).fetchall()
        return tuple(
            Earlier(text=row[1], said=tuple(row[4]), audience=frozenset(row[3]))
            for row in reversed(rows)
        )

    def settle(self, asked: Asked, reply: Reply) -> None:
        """Notes an outcome of which nothing is said, or no more."""
        self._write(_SETTLED, asked, reply)

    def announce(self, asked: Asked, reply: Reply) -> float:
        """Notes a reply right before it is posted; returns `time.monotonic()` from before that."""
        began = time.monotonic()
        self._write(_ANNOUNCED, asked, reply)
        return began

    def posted(self, asked: Asked, parts: tuple[Part, ...]) -> None:
        """Notes which messages of an announced reply Slack has."""
        with self._pool.connection() as connection:
            connection.execute(_POSTED, (_json(parts), asked.id))

    def tries_again(self, asked: Asked) -> float:
        """Notes that the parts that Slack does not have are about to be posted once more; returns
        the same."""
        began = time.monotonic()
        with self._pool.connection() as connection:
            connection.execute(_AGAIN, (asked.id,))
        return began

    def streams(self, asked: Asked, stream: str) -> None:
        """Notes in which message the answer is being written; "" for none any more."""
        with self._pool.connection() as connection:
            connection.execute(_STREAMS, (stream, asked.id))

    def arrived(self, asked: Asked, parts: tuple[Part, ...]) -> None:
        """Notes that Slack has all of them."""
        with self._pool.connection() as connection:
            connection.execute(_DONE, {"id": asked.id, "parts": _json(parts)})

    def _write(self, statement: str, asked: Asked, reply: Reply) -> None:
        values = {
            "id": asked.id,
            "answered": asked.revision,
            "outcome": reply.outcome.value,
            "reason": reply.reason.value if reply.reason else "",
            "why": reply.why.value if reply.why else "",
            "audience": sorted(reply.audience),
            "parts": _json(reply.parts),
        }
        with self._pool.connection() as connection:
            connection.execute(statement, values)


def _json(parts: tuple[Part, ...]) -> Jsonb:
    return Jsonb(_PARTS.dump_python(parts, mode="json"))


def _asked(row: tuple[Any, ...]) -> Asked:
    return Asked(
        id=row[0],
        team=row[1],
        channel=row[2],
        thread=row[3],
        ts=row[4],
        user=row[5],
        way=Way(row[6]),
        room=row[7],
        shared=row[8],
        has_files=row[9],
        text=row[10],
        respond_to=row[11],
        revision=row[12],
        withdrawn=row[13],
        state=row[14],
        answered=row[15],
        parts=_PARTS.validate_python(row[16]),
        stream=row[17],
        sending_for=row[18],
        outcome=row[19],
        reason=row[20],
        why=row[21],
        audience=frozenset(row[22]),
        origin=row[23],
        since=row[24],
        waited=row[25],
    )

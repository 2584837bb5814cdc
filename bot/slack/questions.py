"""The books of what was asked in Slack: each question once, with its one reply.

A message is a question for ever (a unique key says so), however often and in whatever order Slack
tells of it. What is posted as its reply is written here before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from bot.models import HandoffReason, OutcomeKind
from bot.slack.places import Place

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool


class Way(StrEnum):
    """How somebody came to ask."""

    MENTION = "mention"
    DIRECT = "direct"
    FOLLOW_UP = "follow_up"
    AUTO = "auto"
    COMMAND = "command"
    SHORTCUT = "shortcut"
    REST = "rest"


class Why(StrEnum):
    """Why a message is left alone: the whole list."""

    OTHER_BOT = "other bot"
    NO_QUESTION = "not a question"
    NOT_SURE = "not sure enough to speak up"
    WITHDRAWN = "withdrawn by its author"
    CHANNEL_GONE = "the conversation cannot be written to"
    UNINSTALLED = "the app was removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One message of a reply. `marker` is unique among all parts; `message` is what
    chat.postMessage takes beside the place, and empty where what was there is to go; `ts` is set
    once Slack has it. `channel` is where it goes, with no thread, if not where it was asked."""

    marker: str
    message: dict[str, Any]
    ts: str = ""
    channel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question as it is in the books. `thread` is "" where its reply is for the asker only.
    `revision` counts its wordings, `answered` is the one that `parts` answer. `stream` is the
    `ts` of the message in which the answer is being written, STARTING where that is not known.
    `sending_for` are the seconds since `parts` were last about to be posted."""

    id: UUID
    team: str
    channel: str
    thread: str
    ts: str | None
    user: str
    way: Way
    room: str
    shared: bool
    has_files: bool
    text: str
    respond_to: str
    revision: int
    withdrawn: bool
    state: str
    answered: int
    parts: tuple[Part, ...]
    stream: str
    sending_for: float
    outcome: str
    reason: str
    why: str
    audience: frozenset[str]

    @property
    def is_settled(self) -> bool:
        """Whether it has the reply that it is to have."""
        if self.state != "done":
            return False
        return not self.parts if self.withdrawn else self.answered >= self.revision

    @property
    def reply(self) -> Reply:
        """What the books say became of it, once it has been announced or settled."""
        return Reply(
            outcome=OutcomeKind(self.outcome),
            reason=HandoffReason(self.reason) if self.reason else None,
            why=Why(self.why) if self.why else None,
            audience=self.audience,
            parts=self.parts,
        )

    @property
    def place(self) -> Place:
        """Where its reply goes."""
        return Place(team=self.team, channel=self.channel, thread=self.thread)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What became of a question. `audience` are the labels of whom it was written for; `parts`
    is empty where nothing is said."""

    outcome: OutcomeKind
    reason: HandoffReason | None = None
    why: Why | None = None
    audience: frozenset[str] = frozenset()
    parts: tuple[Part, ...] = field(default=())


STARTING = "starting"


def question_id(team: str, channel: str, ts: str) -> UUID:
    """The same for the same message however often it is dealt with, so that records of an
    attempt that was broken off are written over."""
    return uuid5(NAMESPACE_URL, f"supportbot:slack:{team}:{channel}:{ts}")


_PARTS = TypeAdapter(tuple[Part, ...])

_COLUMNS = """
    id, team_id, channel_id, thread_ts, ts, user_id, way, room, shared, has_files, text,
    respond_to, revision, withdrawn, state, answered, parts, stream,
    coalesce(extract(epoch FROM clock_timestamp() - announced_at), 0)::float8,
    outcome, reason, why, audience
"""

# What was withdrawn without ever having had a reply needs none. A message in which an answer was
# going to be written may still appear after the answer.
_OPEN = f"""
SELECT {_COLUMNS} FROM slack_questions
WHERE team_id = %s AND channel_id = %s AND thread_ts = %s
  AND (state <> 'done' OR stream <> '' OR (withdrawn AND parts <> '[]')
       OR (NOT withdrawn AND answered < revision))
ORDER BY ts, asked_at LIMIT 1
"""  # noqa: S608 - constants

_GET = f"SELECT {_COLUMNS} FROM slack_questions WHERE id = %s"  # noqa: S608 - constants

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """A question of the same thread that has its reply. `said` are the statements of the answer;
    `audience` whom it was written for."""

    text: str
    said: tuple[str, ...]
    audience: frozenset[str]


class Questions:
    """The books, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def next_in(self, place: Place) -> Asked | None:
        """The first question of a thread that there is something to do about."""
        with self._pool.connection() as connection:
            row = connection.execute(_OPEN, (place.team, place.channel, place.thread)).fetchone()
        return None if row is None else _asked(row)

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

    def announce(self, asked: Asked, reply: Reply) -> None:
        """Notes a reply right before it is posted."""
        self._write(_ANNOUNCED, asked, reply)

    def posted(self, asked: Asked, parts: tuple[Part, ...]) -> None:
        """Notes which messages of an announced reply Slack has."""
        with self._pool.connection() as connection:
            connection.execute(_POSTED, (_json(parts), asked.id))

    def tries_again(self, asked: Asked) -> None:
        """Notes that the parts that Slack does not have are about to be posted once more."""
        with self._pool.connection() as connection:
            connection.execute(_AGAIN, (asked.id,))

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
    )

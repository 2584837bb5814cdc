"""Which of a customer's messages had which outcome: the books that make it exactly one.

What will be written to Zendesk is written here before. A message belongs to one turn for ever (a
primary key says so), and of one ticket at most one turn is on its way at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from bot.models import HandoffReason, OutcomeKind
from connectors.zendesk.conversation import TicketChange

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool


_CHANGES = TypeAdapter(tuple[TicketChange, ...])


class Why(StrEnum):
    """Why a message is left alone: the whole list."""

    OWN_MESSAGE = "own message"
    OTHER_BOT = "other bot"
    MACHINE_MAIL = "machine mail"
    DUPLICATE = "duplicate"
    PERSON_REPLIED = "a person has replied"
    CHANNEL_OFF = "channel off"
    NOT_IN_ROLLOUT = "not in rollout"
    WITH_PEOPLE = "people have the ticket"
    CONFIRMED = "the customer confirmed the answer"
    TICKET_ENDED = "ticket closed or deleted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What became of one or several messages of a customer. `changes` are what Zendesk is told of
    it, one update each; none where that is nothing. `announced_for` is how long one that is on its
    way has been so, by the database's clock."""

    id: UUID
    ticket_id: int
    message_ids: tuple[int, ...]
    asked_at: datetime
    outcome: OutcomeKind
    reason: HandoffReason | None = None
    why: Why | None = None
    changes: tuple[TicketChange, ...] = ()
    routing_tag: str = ""
    announced_for: timedelta = timedelta.max


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What the bot did with a ticket before. `handled` are ids of messages that had their
    outcome, `turns` those of all turns and `answered` of those that were answers; `sending` is a
    turn of which nobody knows whether it arrived. `replies_to_requester` counts what the same
    person was told lately, in whatever ticket."""

    handled: frozenset[int]
    turns: frozenset[UUID]
    answered: frozenset[UUID]
    answers_lately: int
    handed_off: bool
    sending: Turn | None
    replies_to_requester: int = 0


def turn_id(ticket_id: int, newest_message: int) -> UUID:
    """The same for the same question however often it is tried, so that records of an attempt
    that was broken off are written over."""
    return uuid5(NAMESPACE_URL, f"supportbot:ticket:{ticket_id}:message:{newest_message}")


_PAST = """
SELECT (SELECT coalesce(array_agg(message_id), '{}') FROM ticket_messages
        WHERE ticket_id = %(ticket)s),
       coalesce(array_agg(id), '{}'),
       coalesce(array_agg(id) FILTER (WHERE outcome = 'answered'), '{}'),
       count(*) FILTER (WHERE outcome = 'answered' AND decided_at > now() - %(lately)s),
       count(*) FILTER (WHERE outcome = 'handed_off') > 0
FROM ticket_turns WHERE ticket_id = %(ticket)s
"""

_REPLIES = """
SELECT count(*) FROM tickets AS ticket JOIN ticket_turns AS turn USING (ticket_id)
WHERE ticket.requester_id = %s AND turn.outcome IN ('answered', 'handed_off')
  AND turn.decided_at > now() - %s
"""

_SENDING = """
SELECT turn.id, turn.ticket_id,
       coalesce(array_agg(message.message_id ORDER BY message.message_id)
                FILTER (WHERE message.message_id IS NOT NULL), '{}'),
       turn.asked_at, turn.outcome, turn.reason, turn.why, turn.changes, turn.routing_tag,
       clock_timestamp() - turn.decided_at
FROM ticket_turns AS turn LEFT JOIN ticket_messages AS message ON message.turn_id = turn.id
WHERE turn.ticket_id = %s AND turn.state = 'sending'
GROUP BY turn.id
"""

_BEGIN = """
INSERT INTO ticket_turns (
    id, ticket_id, state, outcome, reason, why, changes, routing_tag, asked_at, done_at
)
VALUES (%(id)s, %(ticket_id)s, %(state)s, %(outcome)s, %(reason)s, %(why)s, %(changes)s,
        %(routing_tag)s, %(asked_at)s, CASE WHEN %(state)s = 'done' THEN now() END)
"""

_MESSAGE = "INSERT INTO ticket_messages (ticket_id, message_id, turn_id) VALUES (%s, %s, %s)"

_DONE = "UPDATE ticket_turns SET state = 'done', done_at = now() WHERE id = %s"

_WITHDRAW = "DELETE FROM ticket_turns WHERE id = %s AND state = 'sending'"


class Turns:
    """The books, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def past(self, ticket_id: int, *, lately: timedelta) -> Past:
        """What was done with this ticket; answers within `lately` are counted apart."""
        with self._pool.connection() as connection:
            row = connection.execute(_PAST, {"ticket": ticket_id, "lately": lately}).fetchone()
            sending = connection.execute(_SENDING, (ticket_id,)).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        return Past(
            handled=frozenset(row[0]),
            turns=frozenset(row[1]),
            answered=frozenset(row[2]),
            answers_lately=row[3],
            handed_off=row[4],
            sending=None if sending is None else _turn(sending),
        )

    def replies_to(self, requester_id: int, *, lately: timedelta) -> int:
        """How often somebody was told something within `lately`, in all tickets together."""
        with self._pool.connection() as connection:
            row = connection.execute(_REPLIES, (requester_id, lately)).fetchone()
        return int(row[0]) if row else 0

    def settle(self, turn: Turn, *, connection: Connection[Any]) -> None:
        """Notes an outcome of which Zendesk is told nothing, in the caller's transaction."""
        self._add(connection, turn, "done")

    def announce(self, turn: Turn) -> None:
        """Notes an outcome right before Zendesk is told. Raises psycopg.errors.UniqueViolation
        when one of its messages has an outcome already."""
        with self._pool.connection() as connection:
            self._add(connection, turn, "sending")

    def arrived(self, turn: Turn, *, connection: Connection[Any]) -> None:
        """Notes that Zendesk has it, in the caller's transaction."""
        connection.execute(_DONE, (turn.id,))

    def withdraw(self, turn: Turn) -> None:
        """Forgets an announced outcome that Zendesk certainly does not have."""
        with self._pool.connection() as connection:
            connection.execute(_WITHDRAW, (turn.id,))

    def _add(self, connection: Connection[Any], turn: Turn, state: str) -> None:
        connection.execute(
            _BEGIN,
            {
                "id": turn.id,
                "ticket_id": turn.ticket_id,
                "state": state,
                "outcome": turn.outcome.value,
                "reason": turn.reason.value if turn.reason else "",
                "why": turn.why.value if turn.why else "",
                "changes": Jsonb(_CHANGES.dump_python(turn.changes, mode="json")),
                "routing_tag": turn.routing_tag,
                "asked_at": turn.asked_at,
            },
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                _MESSAGE, [(turn.ticket_id, each, turn.id) for each in turn.message_ids]
            )


def _turn(row: tuple[Any, ...]) -> Turn:
    return Turn(
        id=row[0],
        ticket_id=row[1],
        message_ids=tuple(row[2]),
        asked_at=row[3],
        outcome=OutcomeKind(row[4]),
        reason=HandoffReason(row[5]) if row[5] else None,
        why=Why(row[6]) if row[6] else None,
        changes=_CHANGES.validate_python(row[7], strict=False),
        routing_tag=row[8],
        announced_for=row[9],
    )

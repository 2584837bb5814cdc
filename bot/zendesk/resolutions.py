"""What came of tickets after the bot's outcome, and the figures that are counted from it.

Definitions. A ticket is *answered* when the bot wrote to the customer. Of those it is `reopened`
when the customer came back after it was solved, `human_finished` when a person replied or was
handed the ticket later, `confirmed` when the customer said that it helped, and `unknown` after 72
hours of silence. Only `confirmed` counts as deflected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from connectors.zendesk.conversation import Conversation

ENDED = frozenset({"solved", "closed"})

_SEEN = """
INSERT INTO tickets (
    ticket_id, requester_id, brand_id, channel, status, score, stamp, comments, replied_at
) VALUES (
    %(ticket_id)s, %(requester_id)s, %(brand_id)s, %(channel)s, %(status)s, %(score)s, %(stamp)s,
    %(comments)s, %(replied_at)s
)
ON CONFLICT (ticket_id) DO UPDATE SET
    requester_id = excluded.requester_id, brand_id = excluded.brand_id, status = excluded.status,
    score = excluded.score,
    stamp = excluded.stamp, comments = excluded.comments, seen_at = now(),
    replied_at = greatest(tickets.replied_at, excluded.replied_at),
    human_at = coalesce(tickets.human_at, %(human_at)s),
    reopened_at = coalesce(
        tickets.reopened_at,
        CASE WHEN tickets.status IN ('solved', 'closed') AND tickets.answered_at IS NOT NULL
             AND tickets.handed_at IS NULL AND tickets.human_at IS NULL
             AND excluded.status NOT IN ('solved', 'closed') THEN now() END)
"""

_LEFT = "UPDATE tickets SET stamp = %s, comments = %s, status = %s WHERE ticket_id = %s"

_COUNTS = """
SELECT resolution, count(*) FROM ticket_resolutions
WHERE answered_at >= now() - %s GROUP BY resolution
"""

_HANDED = """
SELECT reason, routing_tag, count(*) FROM ticket_turns
WHERE outcome = 'handed_off' AND decided_at >= now() - %s
GROUP BY reason, routing_tag ORDER BY count(*) DESC, reason, routing_tag
"""

_TURNS = """
SELECT outcome, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - asked_at)),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - asked_at))
FROM ticket_turns
WHERE state = 'done' AND decided_at >= now() - %s GROUP BY outcome
"""

_SCORES = """
SELECT score, count(*) FROM ticket_resolutions
WHERE answered_at >= now() - %s AND score LIKE ANY('{good%%,bad%%}') GROUP BY score
"""

_COST = """
SELECT coalesce(sum(cost_usd), 0) FROM questions
WHERE surface = 'zendesk' AND asked_at >= now() - %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class HandedOff:
    """How many turns were handed off for one reason with one routing tag ("" without)."""

    reason: str
    routing_tag: str
    turns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Seconds from a customer's message to its outcome at Zendesk."""

    turns: int
    p50: float
    p95: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What came of the tickets of a span of time. `resolutions` maps confirmed, unknown,
    reopened, human_finished and open to tickets; `outcomes` maps each outcome to its latency;
    `scores` are satisfaction ratings of answered tickets; `cost_usd` is what models cost."""

    resolutions: dict[str, int]
    handed_off: tuple[HandedOff, ...]
    outcomes: dict[str, Latency]
    scores: dict[str, int]
    cost_usd: float

    @property
    def deflection(self) -> float | None:
        """Confirmed among all answered tickets whose resolution is known by now; None without."""
        known = sum(count for name, count in self.resolutions.items() if name != "open")
        return self.resolutions.get("confirmed", 0) / known if known else None

    @property
    def handoff_rate(self) -> float | None:
        """Handed-off turns among those that were not left alone; None without."""
        taken = {name: one.turns for name, one in self.outcomes.items() if name != "ignored"}
        total = sum(taken.values())
        return taken.get("handed_off", 0) / total if total else None


class Resolutions:
    """The rows of tickets, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def seen(
        self, ticket: Conversation, *, human_at: datetime | None, replied_at: datetime | None
    ) -> None:
        """Notes how a ticket is now; `human_at` is when a person first replied to the customer
        after the bot had, `replied_at` when one last did at all."""
        with self._pool.connection() as connection:
            connection.execute(
                _SEEN,
                {
                    "ticket_id": ticket.ticket_id,
                    "requester_id": ticket.requester.id,
                    "brand_id": ticket.brand_id,
                    "channel": ticket.channel,
                    "status": ticket.status,
                    "score": ticket.score,
                    "stamp": ticket.stamp,
                    "comments": ticket.comment_count,
                    "human_at": human_at,
                    "replied_at": replied_at,
                },
            )

    def left(self, ticket: Conversation, *, connection: Connection[Any]) -> None:
        """Notes how our own update left a ticket, in the caller's transaction, so that a sweep
        need not look at it."""
        connection.execute(
            _LEFT, (ticket.stamp, ticket.comment_count, ticket.status, ticket.ticket_id)
        )

    def answered(self, ticket_id: int, *, connection: Connection[Any]) -> None:
        """Notes that the customer got an answer, in the caller's transaction."""
        self._note(connection, ticket_id, "answered_at")

    def handed_off(self, ticket_id: int, *, connection: Connection[Any]) -> None:
        """Notes that people have the ticket now, in the caller's transaction."""
        self._note(connection, ticket_id, "handed_at")

    def judged(self, ticket_id: int, *, helped: bool, connection: Connection[Any]) -> None:
        """Notes what the customer said of the answer, in the caller's transaction."""
        self._note(connection, ticket_id, "confirmed_at" if helped else "declined_at")

    def report(self, span: timedelta) -> Report:
        """The figures of the last `span`."""
        with self._pool.connection() as connection:
            resolutions = connection.execute(_COUNTS, (span,)).fetchall()
            handed = connection.execute(_HANDED, (span,)).fetchall()
            turns = connection.execute(_TURNS, (span,)).fetchall()
            scores = connection.execute(_SCORES, (span,)).fetchall()
            cost = connection.execute(_COST, (span,)).fetchone()
        return Report(
            resolutions=dict(resolutions),
            handed_off=tuple(
                HandedOff(reason=row[0], routing_tag=row[1], turns=row[2]) for row in handed
            ),
            outcomes={row[0]: Latency(turns=row[1], p50=row[2], p95=row[3]) for row in turns},
            scores=dict(scores),
            cost_usd=float(cost[0]) if cost else 0.0,
        )

    def _note(self, connection: Connection[Any], ticket_id: int, column: str) -> None:
        # The first answer and the latest hand-off are what durations and rates are counted from.
        value = f"coalesce({column}, now())" if column == "answered_at" else "now()"
        connection.execute(
            f"UPDATE tickets SET {column} = {value} WHERE ticket_id = %s",  # noqa: S608 - ours
            (ticket_id,),
        )

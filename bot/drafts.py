"""Replies that the bot drafted and a person decides about: who decides, and exactly once.

A draft is a ticket's turn with that outcome, under the id of its question; what the customer
wrote and what was drafted stands in the record of that question. An approval is a job: it is sent
as every reply is, and refused when the ticket has moved on meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args
from uuid import UUID

from bot.audit import note
from bot.errors import InputRejected
from bot.queue import draft_job, shown_draft_job

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor
    from bot.queue import Queue

DraftState = Literal["waiting", "approved", "sent", "refused", "rejected", "overtaken"]
STATES: tuple[DraftState, ...] = get_args(DraftState)

LONGEST_TEXT = 20_000
"""Characters of a reply that a person has edited."""

_COLUMNS = """
draft.id, draft.ticket_id, draft.routing_tag, draft.asked_at, draft.drafted_at, draft.state,
draft.text, draft.reason, draft.surface, draft.person, draft.decided_at, draft.why,
draft.brand_id, draft.channel, question.text, question.locale, question.evidence
"""

_SOME = f"""
SELECT {_COLUMNS} FROM drafts AS draft JOIN questions AS question ON question.id = draft.id
WHERE draft.state = ANY(%(states)s)
ORDER BY draft.drafted_at DESC, draft.id LIMIT %(limit)s
"""  # noqa: S608 - constants

_DECIDED = f"""
SELECT {_COLUMNS} FROM drafts AS draft JOIN questions AS question ON question.id = draft.id
WHERE draft.decided_at IS NOT NULL ORDER BY draft.decided_at DESC LIMIT %s
"""  # noqa: S608 - constants

_ONE = f"""
SELECT {_COLUMNS} FROM drafts AS draft JOIN questions AS question ON question.id = draft.id
WHERE draft.id = %s
"""  # noqa: S608 - constants

_LATEST = f"""
SELECT {_COLUMNS} FROM drafts AS draft JOIN questions AS question ON question.id = draft.id
WHERE draft.ticket_id = %s AND draft.asked_at = %s
ORDER BY draft.drafted_at DESC LIMIT 1
"""  # noqa: S608 - constants

# Of two who decide at the same moment, the second waits for the first and then inserts nothing.
_DECIDE = """
INSERT INTO draft_decisions (draft_id, decision, text, reason, surface, person)
SELECT id, %(decision)s, %(text)s, %(reason)s, %(surface)s, %(person)s
FROM drafts WHERE id = %(id)s AND state = 'waiting'
ON CONFLICT (draft_id) DO NOTHING
"""

_END = """
UPDATE draft_decisions SET ended = %s, why = %s, ended_at = now()
WHERE draft_id = %s AND ended IS NULL
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One draft. `question` is what the customer wrote, `evidence` the probability in 0..1 that
    the passages answer it. `text` is the reply in the words of the person who approved it, None
    where they are the bot's; `reason` is why it was rejected, `why` why it could not be sent;
    `surface`, `person` and `decided_at` say who decided."""

    id: UUID
    ticket_id: int
    routing_tag: str
    asked_at: datetime
    drafted_at: datetime
    state: DraftState
    question: str
    locale: str
    evidence: float
    brand_id: int | None
    channel: str
    text: str | None
    reason: str
    surface: str
    person: str
    decided_at: datetime | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What came of somebody's decision: the draft as it is now, and whether it was this one that
    counted. Where it was not, the draft tells who was faster or what has happened."""

    draft: Draft
    counted: bool


class Drafts:
    """The drafts, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]], queue: Queue) -> None:
        self._pool = pool
        self._queue = queue

    def waiting(self, *, limit: int = 100) -> tuple[Draft, ...]:
        """Those that somebody should decide about, the newest first."""
        return self.having("waiting", limit=limit)

    def having(self, *states: DraftState, limit: int = 100) -> tuple[Draft, ...]:
        """Those in one of these states, the newest first."""
        with self._pool.connection() as connection:
            asked = {"states": list(states), "limit": limit}
            rows = connection.execute(_SOME, asked).fetchall()
        return tuple(map(_draft, rows))

    def decided(self, *, limit: int = 100) -> tuple[Draft, ...]:
        """Those that somebody has decided about, the latest decision first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_DECIDED, (limit,)).fetchall()
        return tuple(map(_draft, rows))

    def get(self, draft_id: UUID) -> Draft:
        """One draft. Raises InputRejected where there is none of this id."""
        with self._pool.connection() as connection:
            return _one(connection, draft_id)

    def latest(self, ticket_id: int, *, asked_at: datetime) -> Draft | None:
        """The last one of a ticket for what was asked then, None where there is none."""
        with self._pool.connection() as connection:
            row = connection.execute(_LATEST, (ticket_id, asked_at)).fetchone()
        return None if row is None else _draft(row)

    def approve(self, draft_id: UUID, *, actor: Actor, text: str | None = None) -> Decision:
        """Lets it be sent, in the person's own words where `text` gives them. Raises InputRejected
        where there is no such draft, or the text is empty or too long."""
        if text is not None and not 0 < len(text.strip()) <= LONGEST_TEXT:
            raise InputRejected(f"A reply needs words, and {LONGEST_TEXT} characters at most.")
        return self._decide(draft_id, "approved", actor=actor, text=text)

    def reject(self, draft_id: UUID, *, actor: Actor, reason: str = "") -> Decision:
        """Lets it not be sent. Raises InputRejected where there is no such draft."""
        return self._decide(draft_id, "rejected", actor=actor, reason=reason[:4_000])

    def sent(self, draft_id: UUID) -> None:
        """Notes that the customer has it."""
        self._end(draft_id, "sent", "")

    def refused(self, draft_id: UUID, why: str) -> None:
        """Notes that it was approved too late, and why."""
        self._end(draft_id, "refused", why)

    def _decide(
        self,
        draft_id: UUID,
        decision: str,
        *,
        actor: Actor,
        text: str | None = None,
        reason: str = "",
    ) -> Decision:
        values = {
            "id": draft_id,
            "decision": decision,
            "text": text,
            "reason": reason,
            "surface": actor.surface,
            "person": actor.name,
        }
        with self._pool.connection() as connection:
            counted = connection.execute(_DECIDE, values).rowcount == 1
            draft = _one(connection, draft_id)
            if counted:
                note(
                    connection,
                    actor=actor,
                    action=f"draft {decision}",
                    target=str(draft.ticket_id),
                    after={"draft": str(draft_id), "edited": text is not None, "reason": reason},
                )
            if counted and decision == "approved":
                job = draft_job(draft.ticket_id, draft_id)
                self._queue.enqueue(job, connection=connection)
            self._queue.enqueue(shown_draft_job(draft_id), connection=connection)
        return Decision(draft=draft, counted=counted)

    def _end(self, draft_id: UUID, ended: str, why: str) -> None:
        with self._pool.connection() as connection:
            if connection.execute(_END, (ended, why, draft_id)).rowcount:
                self._queue.enqueue(shown_draft_job(draft_id), connection=connection)


def _one(connection: Connection[Any], draft_id: UUID) -> Draft:
    row = connection.execute(_ONE, (draft_id,)).fetchone()
    if row is None:
        raise InputRejected(f"There is no draft {draft_id}.")
    return _draft(row)


def _draft(row: tuple[Any, ...]) -> Draft:
    return Draft(
        id=row[0],
        ticket_id=row[1],
        routing_tag=row[2],
        asked_at=row[3],
        drafted_at=row[4],
        state=row[5],
        text=row[6],
        reason=row[7] or "",
        surface=row[8] or "",
        person=row[9] or "",
        decided_at=row[10],
        why=row[11] or "",
        brand_id=row[12],
        channel=row[13] or "",
        question=row[14],
        locale=row[15],
        evidence=row[16],
    )

"""One conversation: the question, how it was answered, what was sent and what people said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bot.feedback import Feedback, Rating
from bot.insight.answer import Answer, answer
from bot.models import Question
from bot.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.insight.viewing import Viewer

_TURN = """
SELECT turn.ticket_id, turn.state, turn.outcome, turn.why, turn.routing_tag, draft.state,
       draft.text, draft.person, draft.why, draft.reason
FROM ticket_turns AS turn LEFT JOIN drafts AS draft ON draft.id = turn.id WHERE turn.id = %s
"""

# A draft that was sent has a turn of its own, of the same moment.
_SENT_IN_TICKET = """
SELECT change ->> 'html', (change ->> 'public')::boolean, coalesce(sent.done_at, sent.decided_at)
FROM ticket_turns AS turn
JOIN ticket_turns AS sent ON sent.ticket_id = turn.ticket_id AND sent.asked_at = turn.asked_at
CROSS JOIN LATERAL jsonb_array_elements(sent.changes) AS change
WHERE turn.id = %s AND change ->> 'html' <> '' ORDER BY sent.decided_at
"""

_SENT_IN_SLACK = """
SELECT part -> 'message' ->> 'text', true, coalesce(asked.done_at, asked.asked_at)
FROM slack_questions AS asked CROSS JOIN LATERAL jsonb_array_elements(asked.parts) AS part
WHERE asked.id = %s AND part -> 'message' ->> 'text' <> ''
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One message that went out: HTML in a ticket, else Slack's own markup. `public` is whether
    whoever asked sees it."""

    text: str
    is_html: bool
    public: bool
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class InTicket:
    """What the ticket's books say of the turn. `draft` is its state, "" where it is none; `text`
    the words of the person who approved it, `person` who decided, `why` what stopped it."""

    ticket_id: int
    state: str
    outcome: str
    routing_tag: str
    why: str
    draft: str
    text: str
    person: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """Everything on record of one question. `sent` is left out where the answer is not whole:
    it repeats what the viewer may not read."""

    question: Question
    asked_at: datetime
    answer: Answer
    ticket: InTicket | None
    sent: tuple[Sent, ...]
    ratings: tuple[Rating, ...]


def conversation(
    pool: ConnectionPool[Connection[Any]], question_id: UUID, viewer: Viewer
) -> Conversation | None:
    """The question and all that became of it, as far as `viewer` may read it; None where it is
    not on record (any more)."""
    found = recorded(pool, question_id)
    if found is None:
        return None
    seen = answer(pool, found.outcome, viewer, since=found.asked_at)
    with pool.connection() as connection, connection.pipeline():
        turn = connection.execute(_TURN, (question_id,)).fetchone()
        in_ticket = connection.execute(_SENT_IN_TICKET, (question_id,)).fetchall()
        in_slack = connection.execute(_SENT_IN_SLACK, (question_id,)).fetchall()
    sent = (*_sent(in_ticket, is_html=True), *_sent(in_slack, is_html=False))
    return Conversation(
        question=found.question,
        asked_at=found.asked_at,
        answer=seen,
        ticket=_in_ticket(turn, is_whole=seen.is_whole),
        sent=sent if seen.is_whole else (),
        ratings=Feedback(pool=pool).of(question_id),
    )


def _in_ticket(row: tuple[Any, ...] | None, *, is_whole: bool) -> InTicket | None:
    if row is None:
        return None
    ticket_id, state, outcome, why, tag, draft, text, person, refused, reason = row
    return InTicket(
        ticket_id=ticket_id,
        state=state,
        outcome=outcome,
        routing_tag=tag,
        why=why or refused or reason or "",
        draft=draft or "",
        text=(text or "") if is_whole else "",
        person=person or "",
    )


def _sent(rows: Iterable[tuple[Any, ...]], *, is_html: bool) -> Iterator[Sent]:
    for text, public, at in rows:
        yield Sent(text=text, is_html=is_html, public=public, at=at)

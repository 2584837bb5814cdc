"""For how long what people wrote is kept: afterwards a worker removes it, every night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from bot.preferences import Preference

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

_AT_ONCE = 5_000

_QUESTIONS = """
DELETE FROM questions WHERE id IN (
    SELECT id FROM questions WHERE asked_at < now() - make_interval(days => %(days)s)
    ORDER BY asked_at LIMIT %(most)s)
"""

# The turn stays without its words, and a message that had its outcome gets no second one. One that
# is on its way to Zendesk keeps them, or nobody would know whether it arrived.
_TURNS = """
UPDATE ticket_turns SET changes = '[]' WHERE id IN (
    SELECT id FROM ticket_turns
    WHERE decided_at < now() - make_interval(days => %(days)s) AND state = 'done'
      AND changes <> '[]' ORDER BY decided_at LIMIT %(most)s)
"""

_DRAFTS = """
UPDATE draft_decisions SET text = CASE WHEN text IS NULL THEN NULL ELSE '' END, reason = ''
WHERE draft_id IN (
    SELECT draft_id FROM draft_decisions
    WHERE decided_at < now() - make_interval(days => %(days)s) AND ended_at IS NOT NULL
      AND (text <> '' OR reason <> '') LIMIT %(most)s)
"""

_SLACK = """
DELETE FROM slack_questions WHERE id IN (
    SELECT id FROM slack_questions
    WHERE asked_at < now() - make_interval(days => %(days)s) AND state = 'done' LIMIT %(most)s)
"""

_LOG = """
DELETE FROM audit_log WHERE id IN (
    SELECT id FROM audit_log WHERE at < now() - make_interval(days => %(days)s)
    ORDER BY id LIMIT %(most)s)
"""


class Retention(Preference):
    """How many days; 0 keeps it for good. Figures by day stay: they hold no words."""

    NAME: ClassVar[str] = "retention"

    conversations: int = Field(
        default=0,
        ge=0,
        le=3650,
        title="Keep conversations for (days)",
        description="Questions, answers, drafts, ratings and what they cited. 0 keeps them.",
    )
    log: int = Field(
        default=0,
        ge=0,
        le=3650,
        title="Keep the audit log for (days)",
        description="Who changed what. 0 keeps it.",
    )


def enforce(pool: ConnectionPool[Connection[Any]], retention: Retention) -> dict[str, int]:
    """Removes what is older, in small transactions; returns how much of each went."""
    removed = {}
    for name, days, statement in (
        ("questions", retention.conversations, _QUESTIONS),
        ("turns", retention.conversations, _TURNS),
        ("drafts", retention.conversations, _DRAFTS),
        ("slack", retention.conversations, _SLACK),
        ("log", retention.log, _LOG),
    ):
        removed[name] = _all(pool, statement, days) if days else 0
    return removed


def _all(pool: ConnectionPool[Connection[Any]], statement: str, days: int) -> int:
    gone = 0
    while True:
        with pool.connection() as connection:
            some = connection.execute(statement, {"days": days, "most": _AT_ONCE}).rowcount
        gone += some
        if some < _AT_ONCE:
            return gone

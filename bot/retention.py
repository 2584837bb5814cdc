"""For how long what people wrote is kept: afterwards a worker removes it, every night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from bot.preferences import Preference

if TYPE_CHECKING:
    from collections.abc import Mapping

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

_HANDOFFS = """
DELETE FROM slack_handoffs WHERE question_id IN (
    SELECT question_id FROM slack_handoffs
    WHERE asked_at < now() - make_interval(days => %(days)s) LIMIT %(most)s)
"""

# One that waits for its ticket keeps its words, or they would reach nobody.
_CONTACTS = """
DELETE FROM help_contacts WHERE id IN (
    SELECT id FROM help_contacts
    WHERE sent_at < now() - make_interval(days => %(days)s) AND ticket_id IS NOT NULL
    LIMIT %(most)s)
"""

# Guarded figures stay, and so does the newest run of each set, which the next is compared with.
_RUNS = """
DELETE FROM evaluation_runs WHERE id IN (
    SELECT old.id FROM evaluation_runs AS old
    WHERE old.finished_at < now() - make_interval(days => %(days)s) AND NOT old.is_baseline
      AND EXISTS (SELECT FROM evaluation_runs AS newer WHERE newer.kind = old.kind
                  AND newer.cases_name = old.cases_name AND newer.id > old.id)
    LIMIT %(most)s)
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
    evaluations: int = Field(
        default=365,
        ge=0,
        le=3650,
        title="Keep evaluation runs for (days)",
        description="With every question and its result. Baselines and the newest run of each test "
        "set stay. 0 keeps all.",
    )
    log: int = Field(
        default=0,
        ge=0,
        le=3650,
        title="Keep the audit log for (days)",
        description="Who changed what. 0 keeps it.",
    )


STATEMENTS: Mapping[str, tuple[str, str]] = {
    "questions": ("conversations", _QUESTIONS),
    "turns": ("conversations", _TURNS),
    "drafts": ("conversations", _DRAFTS),
    "slack": ("conversations", _SLACK),
    "handoffs": ("conversations", _HANDOFFS),
    "contacts": ("conversations", _CONTACTS),
    "evaluations": ("evaluations", _RUNS),
    "log": ("log", _LOG),
}
"""By what is removed: the field of Retention that says after how long, and how."""


def enforce(pool: ConnectionPool[Connection[Any]], retention: Retention) -> dict[str, int]:
    """Removes what is older, in small transactions; returns how much of each went."""
    removed = {}
    for name, (field, statement) in STATEMENTS.items():
        days = getattr(retention, field)
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

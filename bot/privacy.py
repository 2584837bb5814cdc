"""Erases one person from everything that is kept here: what they asked and were answered, what was
drafted for them, what they wrote to the team, what they said of answers, and their address wherever
else it stands. What was counted stays: it holds no words and names nobody.

Whose the rows are is told by ids: a Zendesk user's of tickets, a Slack user's of what was asked
there. Rows that keep something from being done twice stay, without their words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.audit import note

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

ERASED = "[erased]"

# Everything below is about these: the person's questions, whichever surface they came by.
_COLLECT = """
CREATE TEMPORARY TABLE erased_questions ON COMMIT DROP AS
SELECT turn.id FROM ticket_turns AS turn JOIN tickets USING (ticket_id)
WHERE tickets.requester_id = ANY(%(zendesk)s)
UNION SELECT id FROM slack_questions WHERE user_id = ANY(%(slack)s)
UNION SELECT origin FROM slack_questions WHERE user_id = ANY(%(slack)s) AND origin IS NOT NULL
UNION SELECT unnest(question_ids) FROM help_contacts WHERE lower(email) = %(email)s
"""

# By name: what is counted before, and done. What people said of answers goes before the answers do.
_STEPS: Mapping[str, tuple[str, str]] = {
    "ratings": (
        "SELECT count(*) FROM feedback WHERE person = ANY(%(people)s)",
        """
        UPDATE feedback SET person = 'erased ' || gen_random_uuid(), comment = ''
        WHERE person = ANY(%(people)s)
        """,
    ),
    "reports about articles": (
        "SELECT count(*) FROM knowledge_reports WHERE person = ANY(%(people)s)",
        """
        UPDATE knowledge_reports SET person = 'erased ' || gen_random_uuid(), comment = ''
        WHERE person = ANY(%(people)s)
        """,
    ),
    "questions with their answers": (
        "SELECT count(*) FROM questions WHERE id IN (SELECT id FROM erased_questions)",
        "DELETE FROM questions WHERE id IN (SELECT id FROM erased_questions)",
    ),
    "replies and drafts": (
        """
        SELECT count(*) FROM ticket_turns
        WHERE (id IN (SELECT id FROM erased_questions)
               OR position(%(email)s IN lower(changes::text)) > 0)
          AND changes <> '[]' AND state = 'done'
        """,
        """
        UPDATE ticket_turns SET changes = '[]'
        WHERE (id IN (SELECT id FROM erased_questions)
               OR position(%(email)s IN lower(changes::text)) > 0)
          AND changes <> '[]' AND state = 'done'
        """,
    ),
    "decisions about drafts": (
        """
        SELECT count(*) FROM draft_decisions
        WHERE draft_id IN (SELECT id FROM erased_questions) AND ended_at IS NOT NULL
          AND (coalesce(text, '') <> '' OR reason <> '')
        """,
        """
        UPDATE draft_decisions SET text = CASE WHEN text IS NULL THEN NULL ELSE '' END, reason = ''
        WHERE draft_id IN (SELECT id FROM erased_questions) AND ended_at IS NOT NULL
        """,
    ),
    "questions in Slack": (
        "SELECT count(*) FROM slack_questions WHERE user_id = ANY(%(slack)s) AND state = 'done'",
        "DELETE FROM slack_questions WHERE user_id = ANY(%(slack)s) AND state = 'done'",
    ),
    "hand-offs from Slack": (
        "SELECT count(*) FROM slack_handoffs WHERE user_id = ANY(%(slack)s)",
        "DELETE FROM slack_handoffs WHERE user_id = ANY(%(slack)s)",
    ),
    "what Slack told of them": (
        "SELECT count(*) FROM slack_people WHERE user_id = ANY(%(slack)s)",
        "DELETE FROM slack_people WHERE user_id = ANY(%(slack)s)",
    ),
    "threads they asked in": (
        "SELECT count(*) FROM slack_threads WHERE askers && %(slack)s::text[]",
        """
        UPDATE slack_threads SET askers = ARRAY(
            SELECT each FROM unnest(askers) AS each WHERE each <> ALL(%(slack)s::text[]))
        WHERE askers && %(slack)s::text[]
        """,
    ),
    "messages from the help page": (
        "SELECT count(*) FROM help_contacts WHERE lower(email) = %(email)s",
        "DELETE FROM help_contacts WHERE lower(email) = %(email)s",
    ),
    "attempts to sign in": (
        "SELECT count(*) FROM console_attempts WHERE key = 'account ' || %(email)s",
        "DELETE FROM console_attempts WHERE key = 'account ' || %(email)s",
    ),
}

# Where an address may stand in somebody else's words, and what is put in its place there.
_MENTIONS: Sequence[tuple[str, str]] = (
    ("questions", "text"),
    ("questions", "history"),
    ("statements", "text"),
    ("statement_checks", "given"),
    ("statement_checks", "sent"),
    ("question_passages", "text"),
    ("citations", "quote"),
    ("feedback", "comment"),
    ("knowledge_reports", "comment"),
    ("help_contacts", "message"),
    ("slack_questions", "text"),
    ("slack_handoffs", "comment"),
    ("draft_decisions", "text"),
    ("draft_decisions", "reason"),
    ("question_memory", "question"),
    ("test_cases", "question"),
    ("test_cases", "reference"),
    ("evaluation_results", "question"),
    ("ticket_problems", "problem"),
    ("routing_examples", "text"),
)

_LOG = """
UPDATE audit_log SET
    target = regexp_replace(target, %(pattern)s, %(erased)s, 'gi'),
    before = regexp_replace(before::text, %(pattern)s, %(erased)s, 'gi')::jsonb,
    after = regexp_replace(after::text, %(pattern)s, %(erased)s, 'gi')::jsonb
WHERE position(%(email)s IN lower(target)) > 0 OR position(%(email)s IN lower(before::text)) > 0
   OR position(%(email)s IN lower(after::text)) > 0
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """By what a person is known: an address in small letters, and the ids that vendors have for
    it."""

    email: str
    zendesk: tuple[int, ...] = ()
    slack: tuple[str, ...] = ()


class Privacy:
    """Counts what is known of somebody, and erases it."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def found(self, known: Known) -> dict[str, int]:
        """What there is of this person, by kind; only kinds of which there is some."""
        with self._pool.connection() as connection:
            counts = {
                name: _count(connection, count, known)
                for name, (count, _) in self._steps(connection, known).items()
            }
            counts["mentions in other words"] = sum(
                _mentions(connection, known, table, column) for table, column in _MENTIONS
            )
            connection.rollback()
        return {name: count for name, count in counts.items() if count}

    def erase(self, known: Known, *, actor: Actor) -> dict[str, int]:
        """Erases it in one transaction, and notes that somebody was erased, not who; returns how
        much of each kind."""
        with self._pool.connection() as connection:
            done = {
                name: connection.execute(step, _parameters(known)).rowcount
                for name, (_, step) in self._steps(connection, known).items()
            }
            done["mentions in other words"] = sum(
                _replace(connection, known, table, column) for table, column in _MENTIONS
            )
            done["entries of the audit log"] = connection.execute(_LOG, _parameters(known)).rowcount
            erased = {name: count for name, count in done.items() if count}
            note(
                connection,
                actor=actor,
                action="person erased",
                target=fingerprint(known.email),
                after=dict(erased),
            )
        return erased

    def _steps(self, connection: Connection[Any], known: Known) -> Mapping[str, tuple[str, str]]:
        connection.execute("DROP TABLE IF EXISTS erased_questions")
        connection.execute(_COLLECT, _parameters(known))
        return _STEPS


def fingerprint(email: str) -> str:
    """By what an erasure is found again by somebody who knows the address, and by nobody else."""
    return hashlib.sha256(email.lower().encode()).hexdigest()[:16]


def _parameters(known: Known) -> dict[str, Any]:
    escaped = "".join(f"\\{each}" if not each.isalnum() else each for each in known.email)
    return {
        "email": known.email,
        "zendesk": list(known.zendesk),
        "slack": list(known.slack),
        "people": [known.email, *known.slack, *map(str, known.zendesk)],
        "pattern": escaped,
        "erased": ERASED,
    }


def _count(connection: Connection[Any], statement: str, known: Known) -> int:
    row = connection.execute(statement, _parameters(known)).fetchone()
    return int(row[0]) if row else 0


def _mentions(connection: Connection[Any], known: Known, table: str, column: str) -> int:
    statement = (
        f"SELECT count(*) FROM {table} "  # noqa: S608 - names of ours
        f"WHERE position(%(email)s IN lower({column}::text)) > 0"
    )
    return _count(connection, statement, known)


def _replace(connection: Connection[Any], known: Known, table: str, column: str) -> int:
    kind = "jsonb" if column == "history" else "text"
    statement = (
        f"UPDATE {table} SET {column} = "  # noqa: S608 - names of ours
        f"regexp_replace({column}::text, %(pattern)s, %(erased)s, 'gi')::{kind} "
        f"WHERE position(%(email)s IN lower({column}::text)) > 0"
    )
    return connection.execute(statement, _parameters(known)).rowcount

"""Erases one person from everything that is kept here: what they asked and were answered, what was
drafted for them, what they wrote to the team, what they said of answers, and their address wherever
else it stands. What was counted stays: it holds no words and names nobody.

Whose the rows are is told by ids: a Zendesk user's of tickets, a Slack user's of what was asked
there. Rows that keep something from being done twice stay, without their words, and so does who of
the team did what. A test walks all columns of the schema: each is named here, or goes with what is,
or is declared to hold nothing of a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bot.audit import note, sign

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
STEPS: Mapping[str, tuple[str, str]] = {
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
    "solved tickets that the bot learnt from": (
        """
        SELECT count(*) FROM documents
        WHERE kind = 'ticket' AND metadata ->> 'requester_id' = ANY(%(people)s)
        """,
        """
        DELETE FROM documents
        WHERE kind = 'ticket' AND metadata ->> 'requester_id' = ANY(%(people)s)
        """,
    ),
    "messages from the help page": (
        "SELECT count(*) FROM help_contacts WHERE lower(email) = %(email)s",
        "DELETE FROM help_contacts WHERE lower(email) = %(email)s",
    ),
    # An entry that fits nobody stays in its place: a list without entries lets everybody in.
    "policies that name them": (
        "SELECT count(*) FROM ticket_policies WHERE %(email)s = ANY(lower(allowed::text)::text[])",
        """
        UPDATE ticket_policies SET allowed = ARRAY(
            SELECT CASE WHEN lower(each) = %(email)s THEN %(erased)s ELSE each END
            FROM unnest(allowed) WITH ORDINALITY AS given (each, place) ORDER BY place)
        WHERE %(email)s = ANY(lower(allowed::text)::text[])
        """,
    ),
    "attempts to sign in": (
        "SELECT count(*) FROM console_attempts WHERE key = 'account ' || %(email)s",
        "DELETE FROM console_attempts WHERE key = 'account ' || %(email)s",
    ),
    "accounts of the console that are shut out": (
        "SELECT count(*) FROM console_people WHERE lower(email) = %(email)s AND disabled",
        "DELETE FROM console_people WHERE lower(email) = %(email)s AND disabled",
    ),
}

# Where an address may stand in somebody else's words, and what is put in its place there.
MENTIONS: Mapping[str, Literal["text", "jsonb"]] = {
    "questions.text": "text",
    "questions.history": "jsonb",
    "questions.detail": "text",
    "statements.text": "text",
    "statement_checks.given": "text",
    "statement_checks.sent": "text",
    "statement_checks.detail": "text",
    "answer_checks.faults": "jsonb",
    "question_passages.text": "text",
    "citations.quote": "text",
    "feedback.comment": "text",
    "knowledge_reports.comment": "text",
    "help_contacts.message": "text",
    "slack_questions.text": "text",
    "slack_handoffs.comment": "text",
    "draft_decisions.text": "text",
    "draft_decisions.reason": "text",
    "question_memory.question": "text",
    "test_cases.question": "text",
    "test_cases.history": "jsonb",
    "test_cases.reference": "text",
    "evaluation_results.question": "text",
    "evaluation_results.detail": "jsonb",
    "set_advice.advice": "jsonb",
    "ticket_problems.problem": "text",
    "slack_problems.problem": "text",
    "failed_documents.reason": "text",
    "routing_examples.text": "text",
}

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
                _mentions(connection, known, place) for place in MENTIONS
            )
            connection.rollback()
        return {name: count for name, count in counts.items() if count}

    def erase(self, known: Known, *, actor: Actor) -> dict[str, int]:
        """Erases it in one transaction, and notes that somebody was erased, not who; returns how
        much of each kind."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            done = {
                name: connection.execute(step, _parameters(known)).rowcount
                for name, (_, step) in self._steps(connection, known).items()
            }
            done["mentions in other words"] = sum(
                _replace(connection, known, place, kind) for place, kind in MENTIONS.items()
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
        return STEPS


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


def _mentions(connection: Connection[Any], known: Known, place: str) -> int:
    table, column = place.split(".")
    statement = (
        f"SELECT count(*) FROM {table} "  # noqa: S608 - names of ours
        f"WHERE position(%(email)s IN lower({column}::text)) > 0"
    )
    return _count(connection, statement, known)


def _replace(connection: Connection[Any], known: Known, place: str, kind: str) -> int:
    table, column = place.split(".")
    statement = (
        f"UPDATE {table} SET {column} = "  # noqa: S608 - names of ours
        f"regexp_replace({column}::text, %(pattern)s, %(erased)s, 'gi')::{kind} "
        f"WHERE position(%(email)s IN lower({column}::text)) > 0"
    )
    return connection.execute(statement, _parameters(known)).rowcount

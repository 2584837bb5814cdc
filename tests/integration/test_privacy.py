"""One person is erased from every surface, nobody else is, and nothing can happen twice after."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.audit import SYSTEM, Audit
from bot.privacy import ERASED, Known, Privacy, fingerprint
from tests.console import Browser, somebody
from tests.fakes.zendesk import FakeZendesk
from tests.integration.console import Serve, serve

__all__ = ["serve"]

Pool = ConnectionPool[Connection[Any]]

EMAIL = "mara+x@acme.example"
MARA = Known(email=EMAIL, zendesk=(77,), slack=("U1",))

_QUESTION = """
INSERT INTO questions (id, surface, text, history, locale, audience, outcome, detail, tags,
    evidence, engine, model, prompt_version, embedding_index, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, cost_usd, latency_ms)
VALUES (%s, %s, %s, %s, 'en', '{public}', 'answered', '', '{}', 0, '', '', '', 1, 0, 0, 0, 0, 0,
    '{}')
"""


def asked(connection: Connection[Any], surface: str, text: str, history: str = "[]") -> UUID:
    number = uuid4()
    connection.execute(_QUESTION, (number, surface, text, history))
    connection.execute("INSERT INTO statements VALUES (%s, 0, %s)", (number, f"Re: {text}"))
    return number


@pytest.fixture
def known(pool: Pool) -> UUID:
    """Mara on every surface, and somebody else who wrote of her; returns their question."""
    with pool.connection() as connection:
        for ticket, requester in ((1, 77), (2, 78)):
            turn = asked(connection, "zendesk", f"ticket {ticket}")
            connection.execute(
                "INSERT INTO tickets (ticket_id, requester_id) VALUES (%s, %s)", (ticket, requester)
            )
            connection.execute(
                "INSERT INTO ticket_turns (id, ticket_id, state, outcome, changes, asked_at)"
                " VALUES (%s, %s, 'done', 'drafted', '[\"words\"]', now())",
                (turn, ticket),
            )
            connection.execute("INSERT INTO ticket_messages VALUES (%s, 1, %s)", (ticket, turn))
        for user in ("U1", "U2"):
            question = asked(connection, "slack", f"slack {user}")
            connection.execute(
                "INSERT INTO slack_questions"
                " (id, team_id, channel_id, ts, user_id, way, text, state)"
                " VALUES (%s, 'T', 'C', %s, %s, 'mention', 'x', 'done')",
                (question, user, user),
            )
            connection.execute(
                "INSERT INTO feedback (question_id, surface, person, helpful, comment)"
                " VALUES (%s, 'slack', %s, true, 'thanks')",
                (question, user),
            )
        helped = asked(connection, "help", "tent weight")
        connection.execute(
            "INSERT INTO help_contacts (id, question_ids, email, message)"
            " VALUES (gen_random_uuid(), %s, %s, 'words')",
            ([helped], EMAIL.upper()),
        )
        connection.execute(
            "INSERT INTO ticket_policies (mode, allowed) VALUES ('draft', %s)", ([EMAIL],)
        )
        return asked(
            connection,
            "slack",
            f"What did {EMAIL.title()} order?",
            f'[{{"speaker": "customer", "text": "from {EMAIL}"}}]',
        )


def everything(pool: Pool) -> str:
    """All words of the tables that hold any."""
    tables = ("questions", "statements", "ticket_turns", "slack_questions", "feedback")
    tables += ("help_contacts", "audit_log", "slack_threads")
    with pool.connection() as connection:
        return "\n".join(
            str(connection.execute(f"SELECT {table}::text FROM {table}").fetchall())
            for table in tables
        )


def test_a_person_is_gone_from_every_surface_and_others_are_not(pool: Pool, known: UUID) -> None:
    privacy = Privacy(pool=pool)
    before = privacy.found(MARA)
    assert before["questions with their answers"] == 3
    assert before == privacy.found(MARA), "looking erases nothing"

    erased = privacy.erase(MARA, actor=SYSTEM)

    assert {name: erased[name] for name in before} == before
    words = everything(pool).lower()
    assert EMAIL not in words
    for gone in ("ticket 1", "slack u1", "tent weight", "'u1'"):
        assert gone not in words, gone
    for kept in ("ticket 2", "slack u2", f"what did {ERASED} order?", f"from {ERASED}"):
        assert kept in words, kept
    with pool.connection() as connection:
        messages = connection.execute("SELECT count(*) FROM ticket_messages").fetchone()
        ratings = connection.execute("SELECT count(*) FROM feedback").fetchone()
    assert messages == (2,), "no message gets a second outcome"
    assert ratings == (1,), "the rating went with its question"
    assert privacy.found(MARA) == {}
    entry = Audit(pool=pool).latest(action="person erased")[0]
    assert entry.target == fingerprint(EMAIL)


def test_the_page_looks_the_person_up_shows_what_there_is_and_erases_it(
    serve: Serve, pool: Pool, known: UUID
) -> None:
    with FakeZendesk() as zendesk:
        person = zendesk.account.ticketing.person("Mara")
        with pool.connection() as connection:
            connection.execute(
                "UPDATE tickets SET requester_id = %s WHERE ticket_id = 1", (person.id,)
            )
        web = serve(
            ZENDESK_SUBDOMAIN="acme",
            ZENDESK_BASE_URL=zendesk.base_url,
            ZENDESK_CLIENT_ID="supportbot",
            ZENDESK_CLIENT_SECRET="the-client-secret",
        )
        admin = Browser(web, pool, somebody(pool))
        shown = admin.post("/privacy/find", {"email": person.email})
        assert str(person.id) in shown.text
        assert "replies and drafts" in shown.text
        sent = {"email": person.email, "zendesk": str(person.id), "slack": ""}
        assert admin.post("/privacy/erase", sent).status_code == 303
        assert "ticket 1" not in everything(pool)
        assert "ticket 2" in everything(pool)
        assert admin.post("/privacy/find", {"email": "nobody"}).status_code == 422
        assert admin.post("/privacy/find", {**sent, "zendesk": "1 OR 1=1"}).status_code == 422
        assert admin.post("/privacy/erase", {**sent, "slack": "'; DROP"}).status_code == 422

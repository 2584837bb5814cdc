"""The help page: off until it is turned on, public knowledge only, each message one ticket."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient
from psycopg import Connection
from psycopg_pool import ConnectionPool
from pydantic import ValidationError

from bot.admin.overview_page import figures_of
from bot.feedback import Feedback
from bot.help.contacts import TicketOpener
from bot.help.conversations import Conversation, Tokens
from bot.help.pace import ASKING
from bot.preferences import Preferences
from bot.rollups import RECENT, Rollups
from bot.self_service import HelpPage
from connectors.zendesk.desk import TicketDesk
from indexing.models import Audience
from tests.factories import document
from tests.fakes.zendesk import FakeZendesk
from tests.integration.conftest import Knowledge
from tests.integration.console import Serve, serve

__all__ = ["serve"]

Pool = ConnectionPool[Connection[Any]]

SECRET = "<p>Agents may refund an unworn item within 90 days of delivery.</p>"
QUESTION = "How long can I return an unworn item after delivery?"


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk() as running:
        yield running


@pytest.fixture
def visitor(zendesk: FakeZendesk, serve: Serve, pool: Pool, knowledge: Knowledge) -> TestClient:
    knowledge.add(
        document(),
        document("agents", title="Refunds", body=SECRET, audience=Audience.agents()),
    )
    Preferences(pool=pool).put(HelpPage(enabled=True, embedded_by=("https://www.acme.example/x",)))
    web = serve(
        ZENDESK_SUBDOMAIN="acme",
        ZENDESK_BASE_URL=zendesk.base_url,
        ZENDESK_CLIENT_ID="supportbot",
        ZENDESK_CLIENT_SECRET="the-client-secret",
    )
    return TestClient(web, follow_redirects=False)


def token_of(html: str) -> str:
    return str(BeautifulSoup(html, "lxml").select("[name=conversation]")[-1]["value"])


def ask(visitor: TestClient, text: str = QUESTION, token: str = "") -> Any:
    token = token or token_of(visitor.get("/help/").text)
    return visitor.post("/help/ask", data={"q": text, "conversation": token})


def test_it_is_off_until_an_admin_turns_it_on(serve: Serve, pool: Pool) -> None:
    client = TestClient(serve())

    assert client.get("/help/").status_code == 404
    assert client.post("/help/ask", data={"q": QUESTION}).status_code == 404
    Preferences(pool=pool).put(HelpPage(enabled=True))
    answer = client.get("/help/")
    assert answer.status_code == 200
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


def test_who_loads_an_answer_again_or_mistypes_is_not_shown_json(visitor: TestClient) -> None:
    again = visitor.get("/help/ask")
    assert (again.status_code, again.headers["location"]) == (303, "/help/")
    mistyped = visitor.get("/help/nothing")
    assert (mistyped.status_code, mistyped.text) == (404, "There is no help page here.\n")


def test_an_answer_is_cited_from_public_knowledge_whatever_is_asked(
    visitor: TestClient, pool: Pool
) -> None:
    answer = ask(visitor)

    assert "45 days" in answer.text
    assert "https://help.example.com/articles/returns" in answer.text
    assert "90 days" not in answer.text
    assert (
        "frame-ancestors 'self' https://www.acme.example"
        in (answer.headers["content-security-policy"])
    )
    refused = ask(visitor, "How many days after delivery may agents refund an item?")
    assert "90 days" not in refused.text
    with pool.connection() as connection:
        rows = connection.execute("SELECT surface, audience FROM questions").fetchall()
    assert rows == [("help", ["public"])] * 2


def test_the_answer_comes_while_it_is_written_and_harmless_whatever_is_asked(
    visitor: TestClient,
) -> None:
    token = token_of(visitor.get("/help/").text)
    sent = {"q": f"{QUESTION} <script>alert(1)</script>", "conversation": token}

    events = visitor.post("/help/ask/stream", data=sent).text

    assert re.findall(r"^event: (\w+)$", events, re.MULTILINE)[-1] == "answer"
    assert "45 days" in events
    assert "<script>alert" not in events


def test_ratings_and_messages_are_of_ones_own_conversation(
    visitor: TestClient, pool: Pool, zendesk: FakeZendesk
) -> None:
    token = token_of(ask(visitor).text)
    forged = Tokens(keys=lambda: [b"another key"]).of(Conversation(questions=(uuid4(),)))

    assert visitor.post("/help/rate", data={"conversation": forged}).status_code == 422
    said = visitor.post("/help/rate", data={"conversation": token, "helped": "true"})
    assert "glad that this helped" in said.text
    Rollups(pool=pool).refresh(RECENT)
    (served,) = (f for f in figures_of(Rollups(pool=pool).read(7)) if f.name.startswith("Helped"))
    assert served.value == "1"

    message = {
        "conversation": token,
        "email": "mara@example.com",
        "name": "Mara",
        "message": "It is <b>torn</b>. {{ticket.id}}",
    }
    assert "e-mail address" in visitor.post("/help/contact", data={**message, "email": "x"}).text
    for _ in range(2):
        assert "with our team" in visitor.post("/help/contact", data=message).text
    with pool.connection() as connection:
        contacts = connection.execute("SELECT id, question_ids FROM help_contacts").fetchall()
        jobs = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'help.contact'"
        ).fetchone()
    assert len(contacts) == 1
    assert jobs == (1,)
    Rollups(pool=pool).refresh(RECENT)
    assert Rollups(pool=pool).read(7).total("self_service", "contacted") == 1
    assert Feedback(pool=pool).of(contacts[0][1][0])[0].helpful


def test_a_message_becomes_one_ticket_with_the_conversation(
    visitor: TestClient, pool: Pool, zendesk: FakeZendesk
) -> None:
    from bot.bootstrap.choices import zendesk_account
    from bot.settings import load

    token = token_of(ask(visitor).text)
    visitor.post(
        "/help/contact",
        data={
            "conversation": token,
            "email": "mara@example.com",
            "name": "Mara",
            "message": "It is <b>torn</b>. {{ticket.id}}",
        },
    )
    with pool.connection() as connection:
        row = connection.execute("SELECT id FROM help_contacts").fetchone()
    assert row is not None
    account = zendesk_account(load().zendesk, answers=True)
    with account.client() as client:
        opener = TicketOpener(pool=pool, desk=lambda: TicketDesk(client=client))
        opener.open(row[0])
        opener.open(row[0])

    (ticket,) = zendesk.account.ticketing.tickets.values()
    words = " ".join(comment.html for comment in ticket.comments)
    assert QUESTION[:40] in words
    assert "45 days" in words
    assert "{{" not in words
    assert "supportbot_help" in ticket.tags


def test_one_address_may_not_ask_without_end(visitor: TestClient, pool: Pool) -> None:
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO console_attempts (key) SELECT 'help testclient' "
            "FROM generate_series(1, %s)",
            (ASKING.each,),
        )

    assert ask(visitor).status_code == 429
    assert ask(visitor, "").status_code == 422
    assert ask(visitor, "word " * 300).status_code == 422
    with pool.connection() as connection:
        connection.execute("UPDATE console_attempts SET at = at - interval '11 minutes'")
    assert ask(visitor).status_code == 200


@pytest.mark.parametrize(
    "site", ["acme.example", "https://a b", "https://*", "https://a;script-src *", "data:x", ""]
)
def test_only_sites_may_be_named_that_say_nothing_else_in_a_header(site: str) -> None:
    with pytest.raises(ValidationError):
        HelpPage(embedded_by=(site,))

"""Solved tickets of a Zendesk account as documents, against the stand-in over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

import pytest

from connectors.base import Change, Checkpoint, Delete, Upsert
from connectors.errors import PermissionMissing
from connectors.registry import KINDS, Accounts
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.login import OAuthClient
from connectors.zendesk.tickets import TicketsConnector
from indexing.models import Audience, Document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk
from tests.fakes.zendesk.ticketing import Person, Ticket
from tests.waiting import PATIENCE

QUESTION = "Can I send the tent back after I have used it?"
ANSWER = "You can return a used tent within 45 days as long as it is dry."


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def zendesk(clock: FakeClock) -> Iterator[FakeZendesk]:
    with FakeZendesk(clock=clock) as running:
        yield running


@pytest.fixture
def anna(zendesk: FakeZendesk) -> Person:
    return zendesk.account.ticketing.person("Anna Schmidt")


@pytest.fixture
def agent(zendesk: FakeZendesk) -> Person:
    return zendesk.account.ticketing.person("Carl Weber", role="agent")


def connector(zendesk: FakeZendesk, **settings: object) -> TicketsConnector:
    account = ZendeskAccount(
        subdomain="acme",
        credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
        base_url=zendesk.base_url,
        timeout=PATIENCE,
        clock=zendesk.clock,
        sleep=zendesk.clock.sleep,  # type: ignore[attr-defined]  # the fixture's clock is a fake
    )
    built = KINDS["zendesk-tickets"].build(
        settings, source="tickets", accounts=Accounts(zendesk=lambda: account)
    )
    assert isinstance(built, TicketsConnector)
    return built


def solved(zendesk: FakeZendesk, asker: Person, agent: Person, answer: str = ANSWER) -> Ticket:
    ticketing = zendesk.account.ticketing
    ticket = ticketing.ticket(asker, "Return a tent", QUESTION)
    zendesk.clock.advance(60)  # type: ignore[attr-defined]  # the fixture's clock is a fake
    ticketing.comment(ticket, agent, answer)
    ticketing.change(ticket, status="solved")
    return ticket


def documents(changes: Iterator[Change]) -> list[Document]:
    return [each.document for each in changes if isinstance(each, Upsert)]


def test_question_and_public_resolution_and_nothing_else(
    zendesk: FakeZendesk, clock: FakeClock, anna: Person, agent: Person
) -> None:
    ticketing = zendesk.account.ticketing
    ticket = ticketing.ticket(
        anna,
        "Return for order #4711000",
        f"Hello,\n\n{QUESTION} Call me: 0170/1234567.\n\nBest regards\nAnna Schmidt",
    )
    clock.advance(60)
    ticketing.comment(ticket, agent, "SECRET note /hc/articles/99", public=False)
    ticketing.comment(ticket, agent, "We look into it and will write again by tomorrow.")
    clock.advance(60)
    ticketing.comment(
        ticket,
        agent,
        f"Dear Anna, {ANSWER}",
        html='<a href="https://acme.zendesk.com/hc/de/articles/11-Zurueck">so</a>',
    )
    ticketing.change(ticket, status="solved")
    clock.advance(3600)
    ticketing.comment(ticket, agent, "How did we do? Rate us, it takes but a minute of time!")

    (found,) = documents(connector(zendesk).changes(""))

    assert (found.id, found.kind, found.locale) == (f"ticket:{ticket.id}", "ticket", "en-us")
    assert found.audience == Audience.agents()
    assert found.title == "Return for order [number]"
    assert found.url == f"https://acme.zendesk.com/agent/tickets/{ticket.id}"
    assert found.body == (
        f"<h2>Question</h2>\n<p>Hello,</p>\n<p>{QUESTION} Call me: [phone number].</p>\n"
        f"<h2>Resolution</h2>\n<p>Dear [name], {ANSWER}</p>\n"
    )
    assert json.loads(found.metadata["linked_articles"]) == ["11"]
    assert "SECRET" not in repr(found)
    assert "Anna" not in repr(found)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "open"},
        {"status": "deleted"},
        {"score": "bad"},
        {"score": "bad_with_comment"},
        {"tags": ("closed_by_merge",)},
    ],
    ids=str,
)
def test_what_no_longer_helps_is_taken_out(
    zendesk: FakeZendesk, anna: Person, agent: Person, change: dict[str, object]
) -> None:
    ticket = solved(zendesk, anna, agent)
    source = connector(zendesk)
    first = list(source.changes(""))
    assert len(documents(iter(first))) == 1
    assert isinstance(first[-1], Checkpoint)
    zendesk.clock.advance(600)  # type: ignore[attr-defined]  # the fixture's clock is a fake
    zendesk.account.ticketing.change(ticket, **change)

    second = list(source.changes(first[-1].cursor))

    assert second[0] == Delete(document_id=f"ticket:{ticket.id}")
    assert list(source.live_ids()) == []


def test_what_was_redacted_is_taken_out(zendesk: FakeZendesk, anna: Person, agent: Person) -> None:
    ticket = solved(zendesk, anna, agent)
    source = connector(zendesk)
    *_, last = source.changes("")
    assert isinstance(last, Checkpoint)
    zendesk.clock.advance(600)  # type: ignore[attr-defined]  # the fixture's clock is a fake
    ticket.comments[0].text = f"{QUESTION} My number is ▇▇▇▇▇▇"
    zendesk.account.ticketing.change(ticket)

    assert next(source.changes(last.cursor)) == Delete(document_id=f"ticket:{ticket.id}")


@pytest.mark.parametrize(
    "answer", ["Done.", "https://acme.zendesk.com/hc/en-us/articles/11-How-to-return-a-used-tent"]
)
def test_an_answer_that_says_nothing_is_no_knowledge(
    zendesk: FakeZendesk, anna: Person, agent: Person, answer: str
) -> None:
    solved(zendesk, anna, agent, answer)
    assert documents(connector(zendesk).changes("")) == []


def test_neither_customers_nor_machines_nor_the_bot_resolve_a_ticket(
    zendesk: FakeZendesk, anna: Person, agent: Person
) -> None:
    ticketing = zendesk.account.ticketing
    bot = Person(id=zendesk.account.bot.id, name="Bot", email="b@x.example", role="admin")
    for author, channel in ((anna, "email"), (agent, "rule"), (bot, "api")):
        ticket = ticketing.ticket(anna, "Return a tent", QUESTION)
        ticketing.comment(ticket, author, ANSWER, channel=channel)
        ticketing.change(ticket, status="solved")

    assert documents(connector(zendesk).changes("")) == []


def test_old_tickets_stay_out_and_grow_out(
    zendesk: FakeZendesk, clock: FakeClock, anna: Person, agent: Person
) -> None:
    ticket = solved(zendesk, anna, agent)
    source = connector(zendesk, days=30)
    assert list(source.live_ids()) == [f"ticket:{ticket.id}"]

    clock.advance(31 * 86_400)

    assert list(source.live_ids()) == []
    assert documents(source.changes("")) == []


def test_a_stopped_run_goes_on_and_a_later_one_reads_what_changed_only(
    zendesk: FakeZendesk, anna: Person, agent: Person
) -> None:
    tickets = [solved(zendesk, anna, agent) for _ in range(120)]
    source = connector(zendesk)

    begun = list(islice(source.changes(""), 101))
    assert isinstance(begun[-1], Checkpoint)
    rest = list(source.changes(begun[-1].cursor))
    assert len(documents(iter(rest))) == 20
    assert isinstance(rest[-1], Checkpoint)

    asked = len(zendesk.calls("/comments"))
    assert documents(source.changes(rest[-1].cursor)) == []
    assert len(zendesk.calls("/comments")) == asked
    assert set(source.live_ids()) == {f"ticket:{each.id}" for each in tickets}
    other = connector(zendesk, days=100)
    assert len(documents(other.changes(rest[-1].cursor))) == 120  # chosen by another rule
    lost = rest[-1].cursor.replace('"after":"', '"after":"!')
    assert len(documents(source.changes(lost))) == 120


def test_only_administrators_are_given_the_export(zendesk: FakeZendesk) -> None:
    zendesk.account.bot.role = "agent"
    with pytest.raises(PermissionMissing, match="administrator"):
        connector(zendesk).live_ids()

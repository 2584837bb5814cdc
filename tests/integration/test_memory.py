"""Questions of solved tickets and the articles that agents linked, as long as both are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot import db
from bot.memory import QuestionMemory
from bot.sources import Source, Sources
from bot.sync import Sync
from connectors.registry import KINDS, Accounts
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.login import OAuthClient
from indexing.models import Audience
from tests.factories import document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from tests.integration.conftest import Knowledge

ANSWER = "You can return a used tent within 45 days: https://acme.zendesk.com/hc/de/articles/{}"


@pytest.fixture
def memory(knowledge: Knowledge) -> QuestionMemory:
    """Of an index that holds the articles 11 (in two languages) and 12."""
    for number, locale in ((11, "en-us"), (11, "de"), (12, "en-us")):
        group = f"article:{number}"
        knowledge.add(document(f"{group}:{locale}", translation_group=group, locale=locale))
    return QuestionMemory(pool=knowledge.pool)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def zendesk(clock: FakeClock) -> Iterator[FakeZendesk]:
    with FakeZendesk(clock=clock) as running:
        yield running


def test_a_ticket_is_remembered_while_it_and_its_articles_are_there(
    zendesk: FakeZendesk, clock: FakeClock, knowledge: Knowledge, memory: QuestionMemory
) -> None:
    ticketing = zendesk.account.ticketing
    agent = ticketing.person("Carl Weber", role="agent")
    tickets = []
    for links in ("11", "12 and /hc/articles/11", "99", "(sorry, it was deleted)"):
        ticket = ticketing.ticket(
            ticketing.person("Anna Schmidt"), "Tent", "Can I return a used tent? Anna Schmidt"
        )
        ticketing.comment(ticket, agent, ANSWER.format(links))
        ticketing.change(ticket, status="solved")
        tickets.append(ticket)
        clock.advance(600)
    account = ZendeskAccount(
        subdomain="acme",
        credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
        base_url=zendesk.base_url,
        clock=clock,
        sleep=clock.sleep,
    )
    accounts, sources = Accounts(zendesk=lambda: account), Sources(pool=knowledge.pool)
    sources.add(Source(name="tickets", kind="zendesk-tickets", config={}))

    def sync(*, full: bool = False) -> None:
        connector = KINDS["zendesk-tickets"].build({}, source="tickets", accounts=accounts)
        source = sources.get("tickets").source
        report = Sync(pool=knowledge.pool, indexer=knowledge.indexer).run(
            source, connector, full=full
        )
        assert report.succeeded, report.error

    sync()
    sync(full=True)

    first, second = memory.pairs()
    assert first.article_ids == ("article:11",)
    assert second.article_ids == ("article:12", "article:11")
    assert (first.source, first.ticket) == ("tickets", f"ticket:{tickets[0].id}")
    assert first.question == "Can I return a used tent? [name]"
    assert first.locale == "en-us"
    assert first.asked_at == datetime.fromtimestamp(int(tickets[0].created_at), UTC)
    assert first.audience == Audience.agents()
    assert memory.count(source="tickets") == 2
    assert memory.count(source="help") == 0

    list(knowledge.indexer.remove("help", ["article:11:en-us", "article:11:de"]))
    assert [each.article_ids for each in memory.pairs()] == [("article:12",)]

    ticketing.change(tickets[1], status="open")
    sync()
    assert list(memory.pairs()) == []
    assert knowledge.rows("SELECT count(*) FROM question_memory") == [(2,)]  # of 11 and of 99


def ticket_document(linked: str, **changes: object) -> dict[str, object]:
    return {
        "source": "tickets",
        "kind": "ticket",
        "audience": Audience.agents(),
        "metadata": {"question": "Can I return a used tent?", "linked_articles": linked},
        **changes,
    }


def test_what_a_ticket_says_now_is_what_is_remembered(
    knowledge: Knowledge, memory: QuestionMemory
) -> None:
    when = datetime(2026, 5, 1, tzinfo=UTC)
    for linked, expected in (
        ('["11"]', ("article:11",)),
        ('["12"]', ("article:12",)),  # no text changed: the metadata alone
        ("[]", None),
        ('["11"]', ("article:11",)),
    ):
        knowledge.add(document("ticket:1", **ticket_document(linked, edited_at=when)))
        found = [(each.article_ids, each.asked_at) for each in memory.pairs()]
        assert found == ([(expected, when)] if expected else [])

    Sources(pool=knowledge.pool).remove("tickets")
    assert knowledge.rows("SELECT count(*) FROM question_memory") == [(0,)]


def test_tickets_from_before_are_remembered_by_the_migration(
    knowledge: Knowledge, memory: QuestionMemory, database_url: str
) -> None:
    knowledge.add(document("ticket:1", **ticket_document('["11"]')))
    db.downgrade(database_url, "0003")

    db.migrate(database_url)

    assert [each.article_ids for each in memory.pairs()] == [("article:11",)]

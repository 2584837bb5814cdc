"""A document that could not be indexed is tried again, though nobody at the source touches it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import procrastinate
import pytest

from bot.audit import Audit
from bot.errors import InputRejected
from bot.jobs.sync import SyncJob
from bot.queue import Lane, Priority, Queue, sync_job
from bot.runs import SyncReport
from bot.schedules import Schedules
from bot.sources import Source, Sources
from bot.sync import Sync
from connectors.base import Connector
from connectors.registry import KINDS, Accounts
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.articles import ArticlesConnector
from connectors.zendesk.login import OAuthClient
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import Article, FakeZendesk

if TYPE_CHECKING:
    from tests.integration.conftest import Knowledge


class Account:
    """A help center with an article that is empty, long before anything else was changed."""

    def __init__(self, zendesk: FakeZendesk, knowledge: Knowledge) -> None:
        self.zendesk = zendesk
        account = zendesk.account
        section = account.section(account.category(en_us="Orders"), en_us="Returns")
        self.empty: Article = account.publish(section, "Returning an item", "")
        zendesk.clock.advance(3600)  # type: ignore[attr-defined]  # the fixture's clock is a fake
        account.publish(section, "Gift cards", "<p>They are valid for three years.</p>")
        zendesk.clock.advance(3600)  # type: ignore[attr-defined]  # as above
        self._accounts = Accounts(
            zendesk=lambda: ZendeskAccount(
                subdomain="acme",
                credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
                base_url=zendesk.base_url,
                clock=zendesk.clock,
                sleep=zendesk.clock.sleep,  # type: ignore[attr-defined]  # as above
            )
        )
        self._sync = Sync(pool=knowledge.pool, indexer=knowledge.indexer)
        self._sources = Sources(pool=knowledge.pool)
        self._sources.add(Source(name="help", kind="zendesk", config={}))

    def sync(self, **how: Any) -> SyncReport:
        source = self._sources.get("help").source
        return self._sync.run(source, self._connect(source), **how)

    def told(self) -> SyncReport:
        """What an event that names the empty article does."""
        source = self._sources.get("help").source
        connector = self._connect(source)
        assert isinstance(connector, ArticlesConnector)
        return self._sync.run_article(source, connector, article=str(self.empty.id))

    def job(self) -> SyncJob:
        return SyncJob(
            sources=self._sources,
            connect=self._connect,
            make_sync=lambda: self._sync,
            told=lambda source: (),
        )

    def _connect(self, source: Source) -> Connector:
        return KINDS["zendesk"].build({}, source=source.name, accounts=self._accounts)

    def attempts(self) -> list[int]:
        return [each.attempts for each in self._sources.failures("help")]

    def asked(self) -> int:
        """How often the empty article was asked for by itself."""
        return len(self.zendesk.calls(f"/articles/{self.empty.id}.json"))

    def mend(self) -> None:
        """As if what refused the article had been mended: nothing says that it changed."""
        self.empty.translations["en-us"].body = "<p>Within 45 days.</p>"


@pytest.fixture
def account(knowledge: Knowledge) -> Iterator[Account]:
    with FakeZendesk(clock=FakeClock()) as zendesk:
        made = Account(zendesk, knowledge)
        first = made.sync()
        assert (first.added, first.failed) == (1, 1)
        yield made


def test_it_is_tried_again_by_the_next_run_and_leaves_the_list(account: Account) -> None:
    account.mend()

    second = account.sync()

    assert (second.added, second.unchanged, second.failed) == (1, 0, 0)
    assert account.attempts() == []


def test_one_that_fails_for_ever_is_asked_for_less_and_less(
    account: Account, knowledge: Knowledge
) -> None:
    assert account.sync().failed == 1
    assert (account.attempts(), account.asked()) == ([2], 1)
    assert account.sync().failed == 0
    assert (account.attempts(), account.asked()) == ([2], 1)  # too soon, but not forgotten

    assert account.sync(asked_for=True).failed == 1
    assert account.sync(full=True).failed == 1
    assert (account.attempts(), account.asked()) == ([4], 2)
    for minutes, tried in ((30, 0), (50, 1)):  # after the fourth time it waits for 40
        with knowledge.pool.connection() as connection:
            connection.execute(
                "UPDATE failed_documents SET last_seen = now() - make_interval(mins => %s)",
                (minutes,),
            )
        assert account.sync().failed == tried


async def work(url: str, job: SyncJob) -> None:
    """Does the syncs that wait, here and now, as procrastinate does."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    job.register(app)
    async with app.open_async():
        await app.run_worker_async(
            queues=[Lane.KNOWLEDGE.value], wait=False, install_signal_handlers=False
        )


def test_a_sync_that_somebody_asked_a_worker_for_tries_it_at_once(
    account: Account, knowledge: Knowledge, database_url: str
) -> None:
    account.sync()
    job, queue = account.job(), Queue(pool=knowledge.pool)
    for priority, attempts in ((Priority.SCHEDULED, [2]), (Priority.ASKED_FOR, [3])):
        queue.enqueue(sync_job("help", priority=priority))
        asyncio.run(work(database_url, job))
        assert account.attempts() == attempts


def test_one_document_is_tried_again_by_itself(
    account: Account, knowledge: Knowledge, database_url: str
) -> None:
    section = next(iter(account.zendesk.account.sections.values()))
    other = account.zendesk.account.publish(section, "Sizes", "")
    account.zendesk.clock.advance(3600)  # type: ignore[attr-defined]  # the fixture's clock is a fake
    account.zendesk.account.publish(section, "Colours", "<p>Red or blue.</p>")
    assert account.sync().failed == 2
    schedules = Schedules(pool=knowledge.pool, queue=Queue(pool=knowledge.pool))
    failed = Sources(pool=knowledge.pool).failures("help")
    wanted, kept = sorted(
        (each.document_id for each in failed), key=lambda name: str(other.id) in name
    )
    account.mend()

    schedules.retry("help", wanted)
    schedules.retry("help", wanted)
    with pytest.raises(InputRejected, match="sources show help"):
        schedules.retry("help", "article:1")
    asyncio.run(work(database_url, account.job()))

    left = Sources(pool=knowledge.pool).failures("help")
    assert [(each.document_id, each.attempts) for each in left] == [(kept, 1)]
    entries = Audit(pool=knowledge.pool).latest(action="retry asked for")
    assert [each.after for each in entries] == [{"document": wanted}] * 2


def test_one_that_is_gone_leaves_the_list(account: Account) -> None:
    account.zendesk.account.archive(account.empty)

    report = account.sync()

    assert (report.failed, report.error) == (0, "")
    assert account.attempts() == []


def test_an_event_takes_what_is_gone_off_the_list_too(account: Account) -> None:
    account.zendesk.account.archive(account.empty)

    assert account.told().succeeded

    assert account.attempts() == []

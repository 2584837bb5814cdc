"""Whatever people do in a help center and whatever becomes of its webhooks: after a sync the
index holds what is shown, and after a sweep nothing else.

Hypothesis makes the histories, and shortens one that fails to the steps that matter. Everything
between is real: zenpy over HTTP, the webhook's route, the queue, the embedding model, PostgreSQL.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import procrastinate
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot.jobs.articles import ArticleJob
from bot.queue import Lane, Queue
from bot.runs import SyncReport
from bot.sources import Source, Sources
from bot.sync import Sync
from bot.zendesk.inbox import Inbox
from bot.zendesk.webhooks import PATH, routes
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.articles import ArticlesConnector
from connectors.zendesk.login import OAuthClient
from connectors.zendesk.scope import Scope, choice
from tests.agreement import bad_passages, differences, indexed
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import Article, FakeZendesk, Shown, article_event, shown, signed

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.integration.conftest import Knowledge

SECRET = "the-secret-of-this-webhook"
SOURCE = "help"
INTERNAL = "internal"

HISTORIES, STEPS = 10, 40
"""How many, and how long, when nobody asks for more."""

WORDS = ["return", "parcel", "45 days", "refund", "jacket", "invoice", "tent", "Größe", "送料"]
TITLES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
PARAGRAPHS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
BODIES = st.lists(PARAGRAPHS, min_size=1, max_size=3).map(
    lambda found: "".join(f"<h2>Part {n}</h2><p>{text}</p>" for n, text in enumerate(found))
)
BLANK = "<p> </p>"
"""A text that says nothing, so that there is nothing to index either."""
LOCALES = st.sampled_from(["en-us", "de"])
PLACES = st.sampled_from([0, 1, 2])
REQUESTS = st.sampled_from(["", "users/me", "segments", "sections", "articles", "incremental"])
ACTIONS = (
    *("archive", "restore", "delete", "edit", "move", "vote", "restrict", "open"),
    *("unpublish", "publish", "remove de", "internal", "sale"),
)


class World:
    """What all histories share: the database, the web application, and the worker's loop."""

    def __init__(
        self,
        *,
        knowledge: Knowledge,
        embedder: Embedder,
        web: TestClient,
        tasks: procrastinate.App,
        loop: asyncio.Runner,
    ) -> None:
        self.knowledge = knowledge
        self.embedder = embedder
        self.web = web
        self.connect: Callable[[], ArticlesConnector]
        self._tasks = tasks
        self._loop = loop

    def work(self) -> None:
        """Does the jobs that wait, as a worker does."""
        self._loop.run(
            self._tasks.run_worker_async(
                queues=[Lane.EVENTS.value], wait=False, install_signal_handlers=False
            )
        )

    def sync(self) -> Sync:
        return Sync(pool=self.knowledge.pool, indexer=self.knowledge.indexer)

    def execute(self, *statements: str) -> None:
        with self.knowledge.pool.connection() as connection:
            for each in statements:
                connection.execute(each)


@pytest.fixture
def world(knowledge: Knowledge, embedder: Embedder, database_url: str) -> Iterator[World]:
    app = FastAPI()
    inbox = Inbox(pool=knowledge.pool, queue=Queue(pool=knowledge.pool))
    app.include_router(routes(inbox=inbox, keys=[SECRET.encode()]))
    tasks = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=database_url))
    with asyncio.Runner() as loop, TestClient(app) as web:
        made = World(knowledge=knowledge, embedder=embedder, web=web, tasks=tasks, loop=loop)
        ArticleJob(
            sources=Sources(pool=knowledge.pool),
            connect=lambda _: made.connect(),
            make_sync=made.sync,
        ).register(tasks)
        loop.run(tasks.connector.open_async())
        yield made
        loop.run(tasks.connector.close_async())


class History(RuleBasedStateMachine):
    """One account with two help centers, and a source of it that leaves internal articles out.
    No rule but `wait` moves the clock, so that much happens within one second."""

    articles: Bundle[Article] = Bundle("articles")

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.clock = world, FakeClock()
        self.zendesk = FakeZendesk(clock=self.clock)
        self.zendesk.__enter__()
        self._furnish()
        self.sources = Sources(pool=world.knowledge.pool)
        self.sources.add(Source(name=SOURCE, kind="zendesk", config={}))
        # One for the history, as a process has one: it keeps the token and the ceiling.
        credentials = ZendeskAccount(
            subdomain="acme",
            credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
            base_url=self.zendesk.base_url,
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        world.connect = lambda: ArticlesConnector(
            account=credentials,
            source=SOURCE,
            scope=Scope(labels=choice([], [INTERNAL])),
            export_page=self.zendesk.behaviour.export_page,
        )
        self.told: set[int] = set()
        self.last_delivery = (b"", dict[str, str]())

    def _furnish(self) -> None:
        self.account = account = self.zendesk.account
        account.main.locales = ("en-us", "de")
        outlet = account.brand("acme-outlet", locales=("en-us", "de"))
        orders = account.category(en_us="Orders", de="Bestellungen")
        self.sections = (
            account.section(orders, en_us="Returns", de="Rückgaben"),
            account.section(orders, en_us="Delivery"),
            account.section(account.category(brand=outlet, en_us="Outlet"), en_us="Prices"),
        )
        self.segments = (
            account.segment("Signed-in users"),
            account.segment("Staff", user_type="staff"),
            account.segment("Gold", tags=("gold",)),
            account.segment("Secret", readable=False),
        )

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            self.zendesk.__exit__(None, None, None)
            self.sources.remove(SOURCE)
            self.world.execute("DELETE FROM procrastinate_jobs", "DELETE FROM inbound_events")

    # --- What people do

    @initialize(
        target=articles,
        page=st.sampled_from([1, 2, 1000]),
        ends=st.sampled_from(["null", "repeats"]),
    )
    def open(self, page: int, ends: str) -> MultipleResults[Article]:
        """A help center that has been there for a while."""
        self.zendesk.behaviour.export_page = page
        self.zendesk.behaviour.export_ends = ends
        found = [
            self.account.publish(section, f"Article {number}", f"<p>Words of {number}.</p>")
            for number, section in enumerate(self.sections)
        ]
        self.account.translate(found[0], "de", "Artikel 0", "<p>Worte von 0.</p>")
        self.sync(full=False, failures=0, matching="", fault=503)
        self.clock.advance(100)
        return multiple(*found)

    @rule(target=articles, place=PLACES, title=TITLES, body=BODIES)
    def publish(self, place: int, title: str, body: str) -> Article:
        return self.account.publish(self.sections[place], title, body)

    @rule(article=articles, locale=LOCALES, title=TITLES, body=BODIES | st.just(BLANK))
    def write(self, article: Article, locale: str, title: str, body: str) -> None:
        before = article.translations.get(locale)
        self.account.translate(article, locale, title, body, draft=bool(before and before.draft))

    @rule(article=articles, action=st.sampled_from(ACTIONS))
    def act(self, article: Article, action: str) -> None:
        self._do(action, article)

    @rule(article=articles, locale=LOCALES, draft=st.booleans())
    def set_draft(self, article: Article, locale: str, draft: bool) -> None:
        if locale in article.translations:
            self.account.set_draft(article, draft, locale=locale)

    @rule(article=articles, who=st.sets(st.integers(0, 3), max_size=2))
    def restrict(self, article: Article, who: set[int]) -> None:
        self.account.restrict(article, *(self.segments[each] for each in sorted(who)))

    @rule(article=articles, place=PLACES)
    def move(self, article: Article, place: int) -> None:
        self.account.move(article, self.sections[place])

    @rule(change=st.sampled_from(["staff", "signed_in_users", "rename", "restricted", "enabled"]))
    def change_what_stands_beside(self, change: str) -> None:
        match change:
            case "rename":
                self.sections[0].names["en-us"] += "!"
            case "restricted" | "enabled":
                self.account.main.help_center = change
            case _:
                self.account.change_segment(self.segments[0], change)

    @rule(seconds=st.sampled_from([1, 30, 500]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    def _do(self, action: str, article: Article) -> None:
        account = self.account
        actions: dict[str, Callable[[], object]] = {
            "archive": lambda: account.archive(article),
            "restore": lambda: account.restore(article),
            "delete": lambda: account.articles.pop(article.id, None),
            "edit": lambda: account.edit(article, "<p>Other words.</p>"),
            "move": lambda: account.move(article, self.sections[2]),
            "vote": lambda: account.vote(article),
            "restrict": lambda: account.restrict(article, self.segments[1]),
            "open": lambda: account.restrict(article),
            "unpublish": lambda: account.set_draft(article, True),
            "publish": lambda: account.set_draft(article, False),
            "remove de": lambda: account.remove_translation(article, "de"),
            "internal": lambda: account.label(article, INTERNAL),
            "sale": lambda: account.label(article, "sale"),
        }
        actions[action]()

    # --- What becomes of the webhooks. Which of them come, how late and how often is up to the
    # history: those that it does not deliver are lost.

    @rule(article=articles, event=st.sampled_from(["published", "unpublished"]))
    def deliver(self, article: Article, event: Literal["published", "unpublished"]) -> None:
        said = article_event(self.account, article, event, now=self.clock())
        self.last_delivery = signed(said, secret=SECRET, now=time.time())
        self._post()
        self.told.add(article.id)

    @rule()
    def deliver_again(self) -> None:
        if self.last_delivery[0]:
            self._post()

    def _post(self) -> None:
        body, headers = self.last_delivery
        assert self.world.web.post(PATH, content=body, headers=headers).status_code == 200

    @rule(failures=st.sampled_from([0, 0, 1, 9]))
    def work(self, failures: int) -> None:
        """The jobs of what was delivered; each article is then as it is in Zendesk. Time passes,
        so that those that failed before come again too."""
        self.world.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")
        if failures:
            self.zendesk.failures.plan(503, times=failures, matching="articles")
        self.world.work()
        self.zendesk.failures.clear()
        if not failures:
            self._compare(only=self.told)
        self.told.clear()

    # --- Syncs

    @rule(
        full=st.booleans(),
        failures=st.sampled_from([0, 0, 1, 9]),
        matching=REQUESTS,
        fault=st.sampled_from([503, "reset", 429]),
    )
    def sync(self, full: bool, failures: int, matching: str, fault: int | Literal["reset"]) -> None:
        """A run that says that it succeeded has to be right, whatever went wrong on the way."""
        if failures:
            self.zendesk.failures.plan(fault, times=failures, matching=matching)
        report = self._run(full=full)
        self.zendesk.failures.clear()
        assert report.succeeded or failures, report.error
        if report.succeeded:
            self._compare(swept=full)

    @rule(
        article=articles,
        action=st.sampled_from(ACTIONS),
        full=st.booleans(),
        after=st.integers(1, 14),
    )
    def sync_meanwhile(self, article: Article, action: str, full: bool, after: int) -> None:
        """People do not wait for a run to end."""
        left = after

        def meanwhile() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self._do(action, article)

        self.zendesk.meanwhile = meanwhile
        report = self._run(full=full)
        self.zendesk.meanwhile = lambda: None
        assert report.succeeded, report.error
        self._compare(swept=full, but=article.id)

    def _run(self, *, full: bool = False) -> SyncReport:
        source = self.sources.get(SOURCE).source
        return self.world.sync().run(source, self.world.connect(), full=full)

    # --- What has to be true

    def _compare(
        self, *, swept: bool = False, but: int | None = None, only: set[int] | None = None
    ) -> None:
        """That index and help center agree: on articles that nobody was told of for as long as
        they are there, and after a sweep on those that are gone too."""
        with self.world.knowledge.pool.connection() as connection:
            found = indexed(connection, SOURCE)
        expected = {
            # Of a blank text what it said before may stay, for those who may read it now.
            key: replace(each, title=found[key].title, body=found[key].body)
            if each.body == BLANK and key in found
            else each
            for key, each in shown(self.account, exclude_labels=[INTERNAL]).items()
            if each.body != BLANK or key in found
        }

        def asked_for(documents: dict[str, Shown]) -> dict[str, Shown]:
            return {
                key: each
                for key, each in documents.items()
                if _number(key) != but and (only is None or _number(key) in only)
            }

        gone = {key for key in found if not swept and only is None and self._is_gone(_number(key))}
        wrong = differences(asked_for(found), asked_for(expected), may_linger=gone)
        assert not wrong, "\n".join(wrong)

    def _is_gone(self, number: int) -> bool:
        article = self.account.articles.get(number)
        return article is None or article.archived

    def _settle(self) -> None:
        """The end of every history: what waits is done, one sync, one sweep."""
        self.work(failures=0)
        self.sync(full=False, failures=0, matching="", fault=503)
        self.sync(full=True, failures=0, matching="", fault=503)
        with self.world.knowledge.pool.connection() as connection:
            wrong = bad_passages(connection, SOURCE, self.world.embedder)
        assert not wrong, "\n".join(wrong)
        assert (
            self.world.knowledge.rows(
                "SELECT DISTINCT status::text FROM procrastinate_jobs WHERE status <> 'succeeded'"
            )
            == []
        )
        assert self.world.knowledge.rows("SELECT FROM sync_runs WHERE state = 'running'") == []


def _number(document_id: str) -> int:
    return int(document_id.split(":")[1])


def test_index_and_help_center_agree_after_any_history(
    world: World, request: pytest.FixtureRequest
) -> None:
    asked = request.config.getoption("--histories")
    run_state_machine_as_test(
        lambda: History(world),  # type: ignore[arg-type]  # it only ever calls it
        settings=settings(
            max_examples=asked or HISTORIES,
            stateful_step_count=STEPS,
            # Without the option the same ones each time; with it others, by --hypothesis-seed.
            derandomize=asked is None,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Webhooks over real HTTP, from Zendesk's signature to what the bot can answer with."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import procrastinate
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool

from bot import doctor, settings
from bot.bootstrap import Application, processes
from bot.bootstrap.choices import webhook_keys
from bot.bootstrap.tickets import Tickets, deciding_parts
from bot.errors import SettingInvalid
from bot.jobs.articles import ArticleJob
from bot.jobs.upkeep import Upkeep
from bot.queue import Lane, Queue, sync_job
from bot.runs import Runs
from bot.sources import Source, Sources
from bot.sync import Sync
from bot.worker import traced
from bot.zendesk.events import (
    LARGEST_BODY,
    ArticlePublished,
    ArticleUnpublished,
    Delivery,
    Ignored,
    TicketTouched,
)
from bot.zendesk.inbox import Arrived, Inbox
from bot.zendesk.webhooks import PATH, routes
from indexing.models import Reader
from tests.fakes.zendesk import Article, FakeZendesk, article_event, deliver, sign
from tests.serving import served

if TYPE_CHECKING:
    from psycopg import Connection

    from tests.integration.conftest import Knowledge

DAY = timedelta(days=1)
SECRET = "the-secret-of-this-webhook"
PUBLIC = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk() as running:
        yield running


@pytest.fixture
def application(
    zendesk: FakeZendesk, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    env_file = tmp_path / ".env"
    env_file.write_text(
        f"DATABASE_URL={database_url}\nSUPPORTBOT_DATA_DIR={tmp_path}\nZENDESK_SUBDOMAIN=acme\n"
        f"ZENDESK_BASE_URL={zendesk.base_url}\nZENDESK_CLIENT_ID=supportbot\n"
        f"ZENDESK_CLIENT_SECRET=the-client-secret\nZENDESK_WEBHOOK_SECRET={SECRET}\n"
    )
    with Application(settings=settings.load(env_file)) as opened:
        yield opened


@pytest.fixture
def webhook(application: Application) -> Iterator[str]:
    with served(processes.web(application)) as url:
        yield f"{url}{PATH}"


class Sender:
    """The account's webhook: tells of articles, signed."""

    def __init__(self, zendesk: FakeZendesk, url: str) -> None:
        self._zendesk = zendesk
        self.url = url

    def tell(
        self, article: Article, event: Literal["published", "unpublished"], invocation: str = ""
    ) -> int:
        now = time.time()
        said = article_event(self._zendesk.account, article, event, now=now)
        return deliver(self.url, said, secret=SECRET, now=now, invocation_id=invocation)


@pytest.fixture
def sender(zendesk: FakeZendesk, webhook: str) -> Sender:
    return Sender(zendesk, webhook)


@pytest.fixture
def article(zendesk: FakeZendesk) -> Article:
    account = zendesk.account
    section = account.section(account.category(en_us="Orders"), en_us="Returns")
    account.publish(section, "Gift cards", "<p>Gift cards are valid for three years.</p>")
    text = "<p>You can return an unworn item within 45 days.</p>"
    return account.publish(section, "Returning an item", text, draft=True)


def jobs(pool: ConnectionPool[Connection[Any]]) -> list[tuple[str, dict[str, Any]]]:
    with pool.connection() as connection:
        return connection.execute(
            "SELECT task_name, args - 'traceparent' FROM procrastinate_jobs ORDER BY id"
        ).fetchall()


def add(pool: ConnectionPool[Connection[Any]], name: str, **config: object) -> Source:
    source = Source(name=name, kind="zendesk", config=config)
    Sources(pool=pool).add(source)
    return source


class Worker:
    """Does the article jobs that wait, here and now, as procrastinate does."""

    def __init__(self, application: Application, knowledge: Knowledge, url: str) -> None:
        self._url = url
        self._job = ArticleJob(
            sources=Sources(pool=knowledge.pool),
            connect=application.articles_connector,
            make_sync=lambda: Sync(pool=knowledge.pool, indexer=knowledge.indexer),
        )

    def work(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self._url))
        self._job.register(app)
        async with app.open_async():
            await app.run_worker_async(
                queues=[Lane.EVENTS.value],
                wait=False,
                install_signal_handlers=False,
                worker_middleware=[traced],
            )


@pytest.fixture
def worker(application: Application, knowledge: Knowledge, database_url: str) -> Worker:
    return Worker(application, knowledge, database_url)


def test_an_article_is_answerable_from_publishing_to_unpublishing(
    zendesk: FakeZendesk,
    application: Application,
    knowledge: Knowledge,
    sender: Sender,
    worker: Worker,
    article: Article,
) -> None:
    source = add(knowledge.pool, "help")
    add(knowledge.pool, "outlet", brands=["acme-outlet"])  # does not cover the brand
    zendesk.account.brand("acme-outlet")
    Sync(pool=knowledge.pool, indexer=knowledge.indexer).run(source, application.connector(source))
    last_sync = Sources(pool=knowledge.pool).get("help").last_sync

    def found() -> bool:
        passages = knowledge.retriever.retrieve("How long may I return an item?", Reader.customer())
        return f"article:{article.id}:en-us" in {each.document_id for each in passages}

    assert not found()

    zendesk.account.set_draft(article, False)
    assert sender.tell(article, "published") == 200
    worker.work()
    assert found()

    zendesk.account.set_draft(article, True)
    # As late as it can be: what counts is how the article is, not what the event says.
    assert sender.tell(article, "published") == 200
    worker.work()
    assert not found()

    zendesk.account.set_draft(article, False)
    sender.tell(article, "published")
    worker.work()
    assert found()
    zendesk.account.archive(article)
    assert sender.tell(article, "unpublished") == 200
    worker.work()
    assert not found()

    assert knowledge.rows("SELECT count(*) FROM documents") == [(1,)]
    assert knowledge.rows("SELECT DISTINCT status::text FROM procrastinate_jobs") == [
        ("succeeded",)
    ]
    assert Sources(pool=knowledge.pool).get("help").last_sync == last_sync
    runs = Runs(pool=knowledge.pool).latest("help")
    assert [each.article for each in runs] == [str(article.id)] * 4 + [None]
    assert [bool(each.report.freshness) for each in runs] == [False, True, False, True, False]
    assert all(0 <= each.report.freshness.p95 < 60 for each in runs if each.report.freshness)
    runs += Runs(pool=knowledge.pool).latest("outlet")
    assert sum(each.report.api_calls or 0 for each in runs) == len(zendesk.calls("/api/"))


def test_a_delivery_is_one_job_for_each_source_however_often_it_comes(
    pool: ConnectionPool[Connection[Any]], sender: Sender, article: Article
) -> None:
    add(pool, "help")
    add(pool, "agents", audience="signed_in")
    Sources(pool=pool).add(Source(name="docs", kind="files", config={}))

    assert [sender.tell(article, "published", "01TWICE") for _ in range(2)] == [200, 200]
    expected = jobs(pool)
    assert [(task, told["source"], told["article"]) for task, told in expected] == [
        ("sync.article", name, str(article.id)) for name in ("agents", "help")
    ]
    assert abs(datetime.now(UTC) - datetime.fromisoformat(expected[0][1]["happened_at"])) < DAY

    # Another delivery of the same article while one waits asks for no other job, but says that
    # there is news.
    assert sender.tell(article, "unpublished", "01NEWS") == 200
    assert jobs(pool) == [(task, {**told, "event": "01NEWS"}) for task, told in expected]


def test_a_repetition_is_nothing_new_after_its_job_has_ended(
    pool: ConnectionPool[Connection[Any]], sender: Sender, article: Article
) -> None:
    add(pool, "help")
    sender.tell(article, "published", "01TWICE")
    with pool.connection() as connection:
        connection.execute("UPDATE procrastinate_jobs SET status = 'succeeded'")

    assert sender.tell(article, "published", "01TWICE") == 200
    assert len(jobs(pool)) == 1
    assert sender.tell(article, "published", "01LATER") == 200
    assert len(jobs(pool)) == 2


def test_of_repetitions_at_once_one_is_taken(pool: ConnectionPool[Connection[Any]]) -> None:
    add(pool, "help")
    inbox = Inbox(pool=pool, queue=Queue(pool=pool))
    event = ArticlePublished(article_id="7", brand_id="1", locale="en-us")
    twice = Delivery(
        invocation_id="01TWICE", event_id="a0e1", kind="article.published", event=event
    )
    replayed = replace(twice, invocation_id="02MADE-UP")  # nobody signs the invocation's id
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(inbox.take, [twice, replayed] * 2))

    assert sorted(taken) == [False, False, False, True]
    assert len(jobs(pool)) == 1


def test_deliveries_taken_together_come_to_the_same_as_one_by_one(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    add(pool, "help")
    with pool.connection() as connection:
        connection.execute("INSERT INTO ticket_sweeps VALUES ('acme', 'c', now(), 99)")
    told = [
        ("01A", "e1", ArticlePublished(article_id="7", brand_id="1", locale="en-us")),
        ("01A", "e1", ArticlePublished(article_id="7", brand_id="1", locale="en-us")),
        ("01B", "e1", ArticlePublished(article_id="7", brand_id="1", locale="en-us")),
        ("01B", "e2", TicketTouched(ticket_id=1, by=5)),
        ("01C", "e3", TicketTouched(ticket_id=1, by=5)),
        ("01D", "e4", TicketTouched(ticket_id=2, by=99)),
        ("01E", "e5", TicketTouched(ticket_id=3)),
        ("01F", "e6", ArticleUnpublished(article_id="7", brand_id="1", locale="en-us")),
        ("01G", "e7", Ignored(kind="user.created")),
        ("01H", "e8", TicketTouched(ticket_id=1, by=6)),
    ]
    deliveries = [
        Delivery(invocation_id=invocation, event_id=event, kind="kind", event=each)
        for invocation, event, each in told
    ]
    inbox = Inbox(pool=pool, queue=Queue(pool=pool))
    one_by_one, expected = [inbox.take(each) for each in deliveries], jobs(pool)
    with pool.connection() as connection:
        noted = connection.execute("DELETE FROM inbound_events RETURNING source, id").fetchall()
        connection.execute("DELETE FROM procrastinate_jobs")

    together = inbox.take_all([Arrived(delivery=each) for each in deliveries])

    assert list(together) == one_by_one
    assert one_by_one == [True, False, False, False, *[True] * 6]
    assert jobs(pool) == expected
    with pool.connection() as connection:
        again = connection.execute("SELECT source, id FROM inbound_events").fetchall()
    assert sorted(again) == sorted(noted)


def test_what_people_say_in_a_ticket_is_one_look_at_it_soon(
    zendesk: FakeZendesk, pool: ConnectionPool[Connection[Any]], webhook: str
) -> None:
    deliveries, ticketing = zendesk.deliveries, zendesk.account.ticketing
    hook = deliveries.webhook(webhook, "ticket.created", "ticket.comment_added")
    called = deliveries.webhook(webhook)
    hook.secret = called.secret = SECRET
    anna, carl = ticketing.person("Anna"), ticketing.person("Carl", role="agent")
    bot = ticketing.person("Bot", role="agent")
    with pool.connection() as connection:
        connection.execute("INSERT INTO ticket_sweeps VALUES ('acme', 'c', now(), %s)", (bot.id,))

    first = ticketing.ticket(anna, "Tents", "How long?")
    ticketing.comment(first, anna, "And how wide?")
    other = ticketing.ticket(anna, "Stoves", "How hot?")
    deliveries.flush()
    assert jobs(pool) == [("ticket.attend", {"ticket_id": each.id}) for each in (first, other)]
    with pool.connection() as connection:
        waits = connection.execute(
            "SELECT DISTINCT queue_name, lock = 'ticket:' || (args->>'ticket_id'), "
            "scheduled_at - now() BETWEEN '0 s' AND '3 s' FROM procrastinate_jobs"
        ).fetchall()
        connection.execute("DELETE FROM procrastinate_jobs")
    assert waits == [("replies", True, True)]

    # What the bot itself and agents among themselves say is nobody's question.
    ticketing.comment(first, bot, "45 days.")
    ticketing.comment(first, carl, "Is that so?", public=False)
    ticketing.change(first, status="solved", by=carl)
    deliveries.flush()
    assert jobs(pool) == []

    ticketing.comment(first, carl, "60 days, I am sorry.")
    deliveries.flush()
    assert jobs(pool) == [("ticket.attend", {"ticket_id": first.id})]


def test_an_article_job_and_a_sync_of_its_source_never_run_together(
    pool: ConnectionPool[Connection[Any]], sender: Sender, article: Article
) -> None:
    add(pool, "help")
    Queue(pool=pool).enqueue(sync_job("help"))
    sender.tell(article, "published")

    with pool.connection() as connection:
        own = connection.execute(
            "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"
        ).fetchone()
        assert own
        fetched = [
            connection.execute(
                "SELECT task_name FROM procrastinate_fetch_job_v2(NULL, %s)", own
            ).fetchone()
            for _ in range(2)
        ]

    assert fetched == [("sync.article",), (None,)]  # the event goes first, and alone


def test_a_delivery_that_could_not_be_enqueued_is_taken_when_it_comes_again(
    pool: ConnectionPool[Connection[Any]],
    sender: Sender,
    article: Article,
) -> None:
    add(pool, "help")
    with pool.connection() as connection:
        connection.execute("ALTER TABLE procrastinate_jobs RENAME TO away")
    assert sender.tell(article, "published", "01AGAIN") == 503
    with pool.connection() as connection:
        connection.execute("ALTER TABLE away RENAME TO procrastinate_jobs")

    assert sender.tell(article, "published", "01AGAIN") == 200
    assert len(jobs(pool)) == 1


def test_a_database_that_is_away_asks_zendesk_to_come_again_within_a_minute(
    zendesk: FakeZendesk, article: Article
) -> None:
    app = FastAPI()
    nowhere: ConnectionPool[Connection[Any]] = ConnectionPool(
        "postgresql://nobody@127.0.0.1:1/none", min_size=0, max_size=1, open=False
    )
    with nowhere:
        inbox = Inbox(pool=nowhere, queue=Queue(pool=nowhere), wait=0.1)
        app.include_router(routes(inbox=inbox, keys=(SECRET.encode(),)))
        body = json.dumps(
            article_event(zendesk.account, article, "published", now=time.time())
        ).encode()
        answer = TestClient(app).post(PATH, content=body, headers=signed(body))

    assert answer.status_code == 503
    assert 0 < int(answer.headers["retry-after"]) < 60


@pytest.mark.parametrize("ahead", [timedelta(minutes=20), timedelta(minutes=-20)], ids=str)
def test_where_this_machines_clock_is_wrong_that_of_the_database_decides(
    pool: ConnectionPool[Connection[Any]], zendesk: FakeZendesk, article: Article, ahead: timedelta
) -> None:
    app = FastAPI()
    inbox = Inbox(pool=pool, queue=Queue(pool=pool))
    keys = (SECRET.encode(),)
    app.include_router(routes(inbox=inbox, keys=keys, clock=lambda: datetime.now(UTC) + ahead))
    body = json.dumps(
        article_event(zendesk.account, article, "published", now=time.time())
    ).encode()
    client = TestClient(app)

    assert client.post(PATH, content=body, headers=signed(body)).status_code == 200
    old = signed(body, age=3600)
    assert client.post(PATH, content=body, headers=old).status_code == 401


def signed(body: bytes, *, secret: str = SECRET, age: float = 0) -> dict[str, str]:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))
    return {
        "X-Zendesk-Webhook-Signature": sign(secret, stamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Invocation-Id": str(uuid4()),
    }


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, data=body, method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=12) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_what_is_no_event_is_refused_and_nothing_of_it_is_kept_or_logged(
    pool: ConnectionPool[Connection[Any]], webhook: str, caplog: pytest.LogCaptureFixture
) -> None:
    add(pool, "help")
    event = b'{"type": "zen:event-type:article.published", "detail": {"id": "1", "a": "tr0ub4dor"}}'
    with caplog.at_level(logging.DEBUG):
        assert post(webhook, event, {}) == 401
        assert post(webhook, event, signed(event, secret="guessed")) == 401
        assert post(webhook, event, signed(event, secret=PUBLIC)) == 401
        assert post(webhook, event, signed(event, age=400)) == 401
        assert post(webhook, event[:-9], signed(event)) == 401
        assert post(webhook, event[:-9], signed(event[:-9])) == 400

    assert jobs(pool) == []
    with pool.connection() as connection:
        assert connection.execute("SELECT * FROM inbound_events").fetchall() == []
    assert "Refused a webhook" in caplog.text
    assert "tr0ub4dor" not in caplog.text


def answer_to(messages: Iterator[dict[str, Any]]) -> int:
    """The status for a body that arrives in these messages, as an ASGI server hands them on."""
    unused: ConnectionPool[Connection[Any]] = ConnectionPool(open=False)
    app = FastAPI()
    inbox = Inbox(pool=unused, queue=Queue(pool=unused))
    app.include_router(routes(inbox=inbox, keys=(SECRET.encode(),)))
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [], "query_string": b""}
    asyncio.run(app(scope, receive, send))
    return statuses[0]


def test_a_body_is_read_no_further_than_any_event_is_long() -> None:
    more = {"type": "http.request", "body": b"x" * 2**16, "more_body": True}

    assert answer_to(itertools.repeat(more, 2 * LARGEST_BODY // 2**16)) == 413


def test_a_body_that_ends_early_is_no_error_of_ours() -> None:
    begun = {"type": "http.request", "body": b"{", "more_body": True}

    assert answer_to(iter([begun, {"type": "http.disconnect"}])) == 400


def test_a_body_that_says_it_is_too_long_is_not_read(application: Application) -> None:
    large = b"x" * (LARGEST_BODY + 1)
    client = TestClient(processes.web(application))

    assert client.post(PATH, content=large, headers=signed(large)).status_code == 413


def test_events_that_nothing_depends_on_are_taken_and_noted(
    pool: ConnectionPool[Connection[Any]], webhook: str
) -> None:
    add(pool, "help")
    for kind in ("ticket.tags_changed", "planet.discovered"):
        body = json.dumps({"type": f"zen:event-type:{kind}", "id": kind}).encode()
        assert post(webhook, body, signed(body)) == 200

    assert jobs(pool) == []
    with pool.connection() as connection:
        noted = connection.execute(
            "SELECT id FROM inbound_events WHERE source = 'zendesk event' ORDER BY id"
        ).fetchall()
    assert noted == [("planet.discovered",), ("ticket.tags_changed",)]


def test_upkeep_forgets_events_after_days(
    pool: ConnectionPool[Connection[Any]], application: Application
) -> None:
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO inbound_events (source, id, kind, received_at) VALUES"
            " ('zendesk', 'old', '', now() - interval '8 days'), ('zendesk', 'new', '', now())"
        )

    Upkeep(queue=Queue(pool=pool), pool=pool).prune(0)

    with pool.connection() as connection:
        assert connection.execute("SELECT id FROM inbound_events").fetchall() == [("new",)]


Load = Callable[[str], settings.ZendeskSettings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.delenv("ZENDESK_WEBHOOK_SECRET", raising=False)

    def build(line: str) -> settings.ZendeskSettings:
        (tmp_path / ".env").write_text(line)
        return settings.load(tmp_path / ".env").zendesk

    return build


def test_without_a_secret_nothing_is_taken_and_doctor_says_so(load: Load) -> None:
    app = FastAPI()
    keys = webhook_keys(load(""))
    nowhere: ConnectionPool[Connection[Any]] = ConnectionPool(open=False)
    app.include_router(routes(inbox=Inbox(pool=nowhere, queue=Queue(pool=nowhere)), keys=keys))

    answer = TestClient(app).post(PATH, content=b"{}", headers=signed(b"{}"))
    check = doctor.zendesk_webhooks(lambda: bool(keys))

    assert answer.status_code == 404
    assert "ZENDESK_WEBHOOK_SECRET" in answer.text
    assert (check.state, "ZENDESK_WEBHOOK_SECRET" in check.advice) == ("ok", True)


def test_the_public_test_secret_keeps_the_web_process_from_starting(load: Load) -> None:
    public = load(f"ZENDESK_WEBHOOK_SECRET={PUBLIC}")
    check = doctor.zendesk_webhooks(lambda: bool(webhook_keys(public)))

    assert check.state == "failed"
    assert PUBLIC not in check.detail
    with pytest.raises(SettingInvalid, match="ZENDESK_WEBHOOK_SECRET"):
        webhook_keys(public)


def test_threads_that_attend_share_the_model_of_languages(application: Application) -> None:
    tickets = Tickets(application)
    with ThreadPoolExecutor(2) as threads:
        desks = list(threads.map(lambda _: tickets.desk(), range(2)))

    detectors = {id(deciding_parts(application, desk)["language"]) for desk in desks}
    assert detectors == {id(application.language)}

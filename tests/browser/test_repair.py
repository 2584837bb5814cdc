"""Somebody finds out why an answer was wrong, mends it, and decides about what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from bot.admin.roles import Role
from bot.bootstrap import Application, processes
from bot.feedback import Feedback
from bot.jobs.gaps import GapsJob
from bot.settings import load
from bot.triage.models import Example, RoutingTag
from bot.triage.taxonomy import TaxonomyStore
from indexing.index import Index
from indexing.pipeline import Indexer
from indexing.retrieval import Retriever
from tests.factories import document
from tests.integration.conftest import Knowledge
from tests.integration.test_conversations import ASKED, RETURNS, ask
from tests.models import with_models
from tests.serving import served

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.browser.conftest import Window

GIFT = "Can I return a gift card?"


@pytest.fixture
def stocked(pool: ConnectionPool[Connection[Any]], embedder: Embedder) -> Knowledge:
    """A small help center, and what was asked of it."""
    index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
    made = Knowledge(
        pool=pool,
        index=index,
        indexer=Indexer(pool=pool, index=index, embedder=embedder),
        retriever=Retriever(pool=pool, index=index, embedder=embedder),
    )
    made.add(
        document(),
        document(id="tents", title="Pitching a tent", body="<p>Peg the corners first.</p>"),
    )
    TaxonomyStore(pool=pool).save(
        [RoutingTag(name="returns"), RoutingTag(name="billing")],
        [
            *(Example(text=f"Take {each} back", tag="returns") for each in ("it", "them")),
            *(Example(text=f"My invoice {each} is wrong", tag="billing") for each in "ab"),
        ],
    )
    return made


@pytest.fixture
def base(
    database_url: str,
    stocked: Knowledge,
    model_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The console, on the models that the tests have prepared."""
    (tmp_path / "models").symlink_to(model_cache)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(with_models(tmp_path)))
    with Application(settings=load(tmp_path / ".env")) as app, served(processes.web(app)) as url:
        yield url


def test_a_wrong_answer_is_explained_mended_and_kept_as_a_test(
    base: str, stocked: Knowledge, window: Callable[..., Window]
) -> None:
    asked = ask(stocked, GIFT)
    Feedback(pool=stocked.pool).rate(asked, surface="slack", person="U1", helpful=False)
    anna = window(base, Role.AGENT)
    anna.open("/conversations")
    anna.page.get_by_label("People said").select_option("it was wrong")
    anna.click("Filter")
    anna.click(GIFT)
    anna.says("missing knowledge")
    anna.says("No passage that this reader may read carries an answer.")
    stocked.add(
        document(
            id="gift-cards",
            title="Returning a gift card",
            body="<p>You can return a gift card within 14 days if it is unused.</p>",
        )
    )
    anna.click("Ask again")
    anna.says("It is answered now.")
    assert "within 14 days" in " ".join(anna.page.locator("mark").all_inner_texts())
    assert anna.faults() == []
    anna.page.get_by_label("Test set").fill("gifts")
    anna.click("Keep as a test case")
    anna.says("Kept in the test set “gifts”")
    anna.open("/evaluations")
    anna.click("gifts")
    anna.says(GIFT)
    assert anna.faults() == []


def drafted(stocked: Knowledge) -> UUID:
    asked = ask(stocked, delivery="drafted")
    with stocked.pool.connection() as connection:
        connection.execute(
            "INSERT INTO ticket_turns (id, ticket_id, state, outcome, asked_at, done_at) "
            "VALUES (%s, 7, 'done', 'drafted', now(), now())",
            (asked,),
        )
    return asked


def test_a_draft_is_edited_and_approved_by_keyboard(
    base: str, stocked: Knowledge, window: Callable[..., Window]
) -> None:
    drafted(stocked)
    anna = window(base, Role.AGENT)
    anna.open("/drafts")
    anna.click(ASKED)
    anna.says(RETURNS)
    assert anna.faults() == []
    words = anna.page.get_by_text("Send other words")
    words.focus()
    anna.page.keyboard.press("Enter")
    anna.page.keyboard.press("Tab")
    anna.page.keyboard.press("Control+A")
    anna.page.keyboard.type("Forty-five days [1].")
    anna.page.keyboard.press("Tab")
    anna.page.keyboard.press("Enter")
    anna.says("Approved. It is sent unless the ticket has moved on.")
    anna.says("Nothing waits for a decision.")
    assert stocked.rows("SELECT decision, text, person FROM draft_decisions") == [
        ("approved", "Forty-five days [1].", "agent@example.com")
    ]


def test_the_playground_writes_while_one_looks_and_routing_tries_a_text(
    base: str, stocked: Knowledge, window: Callable[..., Window]
) -> None:
    anna = window(base)
    anna.open("/playground")
    anna.page.get_by_label("Question").fill(ASKED)
    anna.page.keyboard.press("Tab")
    anna.click("Ask")
    anna.says("answered")
    assert anna.page.locator("mark").inner_text() == RETURNS
    assert anna.faults() == []
    anna.open("/routing")
    anna.page.get_by_label("What a customer might write").fill("Please take these boots back")
    anna.click("Try")
    anna.says("sure, by the examples")
    anna.says("examples would get their tag")  # what is learnt comes by itself
    assert anna.faults() == []
    assert stocked.rows("SELECT count(*) FROM questions") == [(0,)]


def test_every_page_about_answers_can_be_read_without_seeing(
    base: str, stocked: Knowledge, embedder: Embedder, window: Callable[..., Window]
) -> None:
    for each in ("Do you rent kayaks?", "Where can I rent a kayak?"):
        ask(stocked, each)
    GapsJob(pool=stocked.pool, retriever=lambda: stocked.retriever, embedder=lambda: embedder).run()
    anna = window(base)
    found: list[str] = []
    for path in (
        "/conversations",
        "/knowledge",
        "/knowledge/1",
        "/knowledge/search?q=tents",
        "/gaps",
        "/gaps/articles/never_cited",
        "/drafts",
        "/routing/tags/returns",
    ):
        anna.open(path)
        found += anna.faults()
    anna.open("/gaps")
    anna.says("2 handed to people")
    anna.page.locator("main h2 a").first.click()
    anna.says("Nearest articles")
    assert found + anna.faults() == []

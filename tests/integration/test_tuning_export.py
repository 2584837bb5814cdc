"""Datasets from a database in which tickets were solved and drafts were sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.audit import SYSTEM, Audit
from bot.errors import InputRejected
from bot.evaluation.routing import run_routing
from bot.language import LanguageDetector
from bot.triage.models import Example, RoutingTag
from bot.triage.taxonomy import TaxonomyStore
from bot.tuning.export import export
from bot.tuning.solved import A_DRAFT
from bot.zendesk.policies import Mode, Policy
from connectors.zendesk.markup import paragraphs
from indexing.models import Audience
from tests.attending import Tickets
from tests.factories import document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.tuning.export import Dataset
    from indexing.embedders.embedder import Embedder
    from indexing.models import Document
    from tests.integration.conftest import Knowledge

TOPICS = {"refund": "my money back", "parcel": "my parcel", "login": "my password"}


def solved(number: int, *, tags: tuple[str, ...], customer: int, words: str = "") -> Document:
    """A ticket as its connector brings it, of one of 40 days."""
    topic = TOPICS.get(next(iter(tags), ""), "it")
    question = words or f"Number {number}: what about {topic} of the {number}th?"
    return document(
        f"ticket:{number}",
        kind="ticket",
        title="A question",
        body=f"<h2>Question</h2><p>{question}</p>",
        audience=Audience.agents(),
        metadata={
            "ticket_id": str(number),
            "question": question,
            "asked_at": f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02}T10:00:00+00:00",
            "linked_articles": "[]",
            "requester_id": str(customer),
            "tags": json.dumps(tags),
        },
    )


def answered(number: int, reply: str, *, linked: tuple[str, ...] = (), **changes: Any) -> Document:
    """The same with what an agent answered."""
    ticket = solved(number, tags=(), customer=number, **changes)
    return replace(
        ticket,
        body=f"{ticket.body}<h2>Resolution</h2>\n{paragraphs(reply)}",
        metadata={**ticket.metadata, "linked_articles": json.dumps(linked)},
    )


def exported(knowledge: Knowledge, folder: Path, **changes: Any) -> tuple[Dataset, ...]:
    return export(
        knowledge.pool, folder, retriever=lambda: knowledge.retriever, actor=SYSTEM, **changes
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_text(encoding="utf-8").splitlines()]


def test_solved_tickets_become_a_dataset_that_routing_is_measured_on(
    pool: ConnectionPool[Connection[Any]], knowledge: Knowledge, embedder: Embedder, tmp_path: Path
) -> None:
    store = TaxonomyStore(pool=pool)
    store.save(
        [RoutingTag(name=name) for name in TOPICS],
        [Example(text="I am Bob, write to bob@example.org about refunds", tag="refund")],
    )
    names = list(TOPICS)
    knowledge.add(
        *(solved(each, tags=(names[each % 3], "web"), customer=each) for each in range(40)),
        solved(50, tags=("vip",), customer=50),
        solved(51, tags=("refund", "parcel"), customer=51),
        solved(
            52, tags=("login",), customer=52, words="My name is Jane Doe, card 4111111111111111"
        ),
        # The same customer long before, and the same words: neither may be learned.
        solved(1, tags=("login",), customer=52, words="The very first of the same customer?"),
    )
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO ticket_turns (id, ticket_id, state, outcome, routing_tag, asked_at) "
            "VALUES (gen_random_uuid(), 3, 'done', 'handed_off', 'refund', now())"
        )

    routing, replies = exported(knowledge, tmp_path / "out")

    assert routing.left_out == {
        "no routing tag": 1,
        "more than one routing tag": 1,
        "tag given by the bot itself": 1,
        "customer or words in a newer part": 1,
    }
    assert sum(routing.parts.values()) == 40
    assert sum(replies.parts.values()) == 0
    train, test = tmp_path / "out" / "routing.train.jsonl", tmp_path / "out" / "routing.test.jsonl"
    assert max(each["created"] for each in lines(train)) < min(e["created"] for e in lines(test))
    newest = lines(test)[-1]
    assert newest["text"] == "A question\n\nMy name is [name], card [card number]"
    assert "bob@example.org" not in train.read_text()
    assert not any("customer" in each or "requester_id" in each for each in lines(train))
    report = run_routing(train=[train], test=test, embedder=embedder, on_progress=lambda *_: None)
    assert report.accuracy > 0.5
    card = (tmp_path / "out" / "CARD.md").read_text()
    assert routing.fingerprint in card
    assert "| refund |" in card
    assert (tmp_path / "out" / "routing.train.jsonl").stat().st_mode & 0o077 == 0
    (entry,) = [e for e in Audit(pool=pool).latest() if e.action == "datasets exported"]
    assert entry.after is not None
    assert entry.after["routing"]["fingerprint"] == routing.fingerprint


def test_with_nothing_to_learn_from_nothing_is_written(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    with pytest.raises(InputRejected, match="nothing to learn from"):
        exported(knowledge, tmp_path / "out")

    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


@pytest.fixture
def tickets(
    pool: ConnectionPool[Connection[Any]], embedder: Embedder, language: LanguageDetector
) -> Iterator[Tickets]:
    """Everything is drafted."""
    clock = FakeClock()
    with FakeZendesk(clock=clock) as zendesk:
        made = Tickets(
            zendesk=zendesk,
            clock=clock,
            pool=pool,
            embedder=embedder,
            language=language,
        )
        made.policies.set(Policy(mode=Mode.DRAFT))
        with made.client:
            yield made


def test_drafts_that_people_sent_become_replies_with_their_passages(
    tickets: Tickets, knowledge: Knowledge, tmp_path: Path
) -> None:
    def sent(question: str, text: str | None = None) -> int:
        ticket = tickets.asks(question)
        turn = tickets.attend(ticket)
        assert turn is not None
        tickets.drafts.approve(turn.id, actor=SYSTEM, text=text)
        assert tickets.send(ticket, turn.id) == "sent"
        return ticket.id

    first = sent(
        "My name is Anna Schmidt. How long do I have to return a jacket? anna@customer.example"
    )
    sent("How many days do I have to return a jacket?", "You have 999 days. I promise.")
    waiting = tickets.asks("How long may I take to return a jacket?")
    tickets.attend(waiting)

    knowledge.add(answered(first, "You have 60 days to return a jacket."))

    _, replies = exported(knowledge, tmp_path)

    assert replies.left_out["a sentence that no passage carries"] == 1
    assert replies.left_out[A_DRAFT] == 1
    assert replies.origins == {"draft": 1}
    assert sum(replies.parts.values()) == 1
    (found,) = [each for path in tmp_path.glob("replies.*.jsonl") for each in lines(path)]
    _, user, assistant = found["messages"]
    assert "60 days" in user["content"]
    assert "60 days" in assistant["content"]
    assert "[1]" in assistant["content"]
    assert "anna" not in json.dumps(found).lower()

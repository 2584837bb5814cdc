"""Replies that solved tickets become cases to learn from, where public passages carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.tuning.replies import NOT_CARRIED, REFUSED
from bot.tuning.solved import NOTHING_SAID, OLDER, TAKEN_OUT, reply_cases
from connectors.base import Upsert
from indexing.models import Audience
from tests.factories import document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk
from tests.integration.test_tuning_export import answered, exported, lines
from tests.integration.test_zendesk_tickets import connector

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.models import Document
    from tests.integration.conftest import Knowledge

SECRET = "Members of the staff club get 77 percent off in March."
HOW_LONG = "How long can I return an unworn item that I bought?"


def internal() -> Document:
    return document("club", title="Staff club", body=f"<p>{SECRET}</p>", audience=Audience.agents())


def test_replies_that_solved_tickets_are_learned_where_public_passages_carry_them(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    said = "you can return an unworn item within 45 days of delivery."
    knowledge.add(
        document(),
        internal(),
        answered(1, f"Hi [name], {said}\n\nHope this helps!\n\nBest regards\nCarl", words=HOW_LONG),
        answered(2, f"{said} {SECRET}", words="What do members of the staff club get off?"),
        answered(3, "You can return it within 46 days of delivery.", words="How long, exactly?"),
        answered(4, "Hello!\n\nhttps://help.example.com/articles/returns", words="Returns how?"),
        answered(6, f"{said} We will return your item to you today.", words="How long again?"),
        answered(5, f"[name] said that {said}", words="How long did she say, again?"),
    )

    _, replies = exported(knowledge, tmp_path)

    assert sum(replies.parts.values()) == 1
    assert replies.origins == {"ticket": 1}
    assert {name: count for name, count in replies.left_out.items() if count} == {
        NOT_CARRIED: 2, NOTHING_SAID: 1, TAKEN_OUT: 1, REFUSED: 1,
    }  # fmt: skip
    (found,) = [each for path in tmp_path.glob("replies.*.jsonl") for each in lines(path)]
    _, user, assistant = found["messages"]
    assert HOW_LONG in user["content"]
    assert assistant["content"] == ("You can return an unworn item within 45 days of delivery [1].")
    assert found["created"] == "2026-01-02"
    assert "77 percent" not in "".join(each.read_text() for each in tmp_path.iterdir())
    card = (tmp_path / "CARD.md").read_text()
    assert NOT_CARRIED in card


def test_articles_that_the_agent_linked_are_read_where_customers_may_and_in_their_language(
    knowledge: Knowledge, pool: ConnectionPool[Connection[Any]]
) -> None:
    linked = {"title": "Tents", "translation_group": "article:7"}
    carried = "Groundsheets are guaranteed for 24 months."
    hidden = "Poles are guaranteed for 36 months."
    knowledge.add(
        *(
            document(f"d{n}", title="Zebras", body=f"<p>Zebras of herd {n} have stripes.</p>")
            for n in range(9)
        ),
        document("article:7:en-us", locale="en-us", body=f"<p>{carried}</p>", **linked),
        document("article:7:de", locale="de", body="<p>24 Monate Garantie.</p>", **linked),
        document(
            "article:8:en-us", translation_group="article:8", body=f"<p>{hidden}</p>",
            audience=Audience.agents(),
        ),
        answered(1, carried, words="Do zebras of the herd have stripes?", linked=("7", "8")),
        answered(2, hidden, words="Which zebras of a herd have stripes?", linked=("7", "8")),
    )  # fmt: skip
    with pool.connection() as connection:  # nothing is remembered, so no search finds them
        connection.execute("DELETE FROM question_memory")

    found = reply_cases(pool, lambda: knowledge.retriever)

    (case,) = found.cases
    assert case.reply == "Groundsheets are guaranteed for 24 months [8]."
    assert [each.document_id for each in case.request.passages][-1] == "article:7:en-us"
    assert len(case.request.passages) == 8
    assert all(each.audience == ("public",) for each in case.request.passages)
    assert found.left_out[NOT_CARRIED] == 1


def test_only_the_newest_tickets_are_read_and_the_rest_is_counted(knowledge: Knowledge) -> None:
    knowledge.add(
        document(),
        *(
            answered(
                number,
                "You can return an unworn item within 45 days of delivery.",
                words=f"How long can I return unworn item number {number}?",
            )
            for number in range(5)
        ),
    )
    told: list[tuple[str, int, int]] = []

    found = reply_cases(
        knowledge.pool,
        lambda: knowledge.retriever,
        tickets=2,
        on_progress=lambda *each: told.append(each),
    )

    assert sorted(case.customer for case in found.cases) == ["3", "4"]
    assert found.left_out[OLDER] == 3
    assert told == [("Reading solved tickets", 2, 2)]
    none = reply_cases(knowledge.pool, lambda: pytest.fail("nothing is searched"), tickets=0)
    assert none.cases == ()


def test_private_notes_never_get_into_a_dataset(knowledge: Knowledge, tmp_path: Path) -> None:
    clock = FakeClock()
    with FakeZendesk(clock=clock) as zendesk:
        ticketing = zendesk.account.ticketing
        anna = ticketing.person("Anna Schmidt")
        carl = ticketing.person("Carl Weber", role="agent")
        ticket = ticketing.ticket(anna, "Return", HOW_LONG)
        clock.advance(60)
        ticketing.comment(
            ticket, carl, "Dear Anna, you can return an unworn item within 45 days of delivery."
        )
        ticketing.comment(
            ticket, carl, "You can return it within 45 days. The note says PLATYPUS.", public=False
        )
        ticketing.change(ticket, status="solved")
        found = [each.document for each in connector(zendesk).changes("")
                 if isinstance(each, Upsert)]  # fmt: skip
    knowledge.add(document(), *found)

    exported(knowledge, tmp_path)

    written = "".join(each.read_text() for each in tmp_path.glob("replies.*.jsonl"))
    assert "You can return an unworn item within 45 days of delivery [1]." in written
    assert "PLATYPUS" not in written
    assert "Anna" not in written

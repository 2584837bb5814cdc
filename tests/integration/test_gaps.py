"""What the knowledge lacks, found by the job and shown to whoever may see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from bot.feedback import Feedback
from bot.insight.gaps.neglect import find_neglected
from bot.insight.gaps.pairs import compare_articles
from bot.insight.gaps.reading import Gaps
from bot.insight.viewing import Viewer
from bot.jobs.gaps import GapsJob
from bot.records import Records
from indexing.models import Audience
from tests.factories import document
from tests.integration.test_conversations import ask

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.integration.conftest import Knowledge

KAYAKS = (
    "Where can I rent a kayak for the weekend? I am anna@customer.example",
    "Do you rent kayaks for the weekend?",
    "How much is renting a kayak for one weekend?",
)
MOON = "Is the moon made of cheese?"


@pytest.fixture
def stocked(knowledge: Knowledge) -> Knowledge:
    knowledge.add(
        document(),
        document(
            id="boats",
            title="Renting canoes",
            body="<p>Teams may rent out canoes to partners.</p>",
            audience=Audience.segments(7),
        ),
    )
    return knowledge


@pytest.fixture
def job(stocked: Knowledge, embedder: Embedder) -> GapsJob:
    return GapsJob(
        pool=stocked.pool, retriever=lambda: stocked.retriever, embedder=lambda: embedder
    )


def test_what_several_asked_in_vain_is_one_topic_without_personal_data(
    stocked: Knowledge, job: GapsJob
) -> None:
    gaps = Gaps(pool=stocked.pool)
    assert gaps.worked() is None
    asked = [ask(stocked, each) for each in (*KAYAKS, MOON)]
    rated = ask(stocked)
    feedback = Feedback(pool=stocked.pool)
    feedback.rate(rated, surface="slack", person="U1", helpful=False, reasons=["tone"])
    job.run()
    (topic,) = gaps.topics(Viewer.admin())
    assert (topic.handed_off, topic.judged_wrong) == (3, 0)
    assert {each.id for each in gaps.members(topic.id)} == set(asked[:3])
    worked = gaps.worked()
    assert worked is not None
    assert (worked.questions, worked.alone) == (4, 1)  # a bad tone is no gap
    shown = repr((topic.examples, gaps.members(topic.id)))
    assert "[e-mail address]" in shown
    assert "anna@" not in shown
    assert topic.articles[0].title == "Renting canoes"
    assert "Renting canoes" not in repr(gaps.topics(Viewer.agent()))
    Records(pool=stocked.pool).forget(asked[0])
    assert "[e-mail address]" not in repr((gaps.topics(Viewer.admin()), gaps.members(topic.id)))


def test_a_topic_says_that_it_is_answered_by_now(stocked: Knowledge, job: GapsJob) -> None:
    for each in KAYAKS:
        ask(stocked, each)
    job.run()
    gaps = Gaps(pool=stocked.pool)
    (before,) = gaps.topics(Viewer.agent())
    stocked.add(
        document(
            id="kayaks",
            title="Renting a kayak",
            body="<p>You can rent a kayak for a weekend at our lake store for €40.</p>",
        )
    )
    job.run()
    (after,) = gaps.topics(Viewer.agent(), topic=None)
    assert before.evidence_now < 0.4 < after.evidence_now
    assert after.articles[0].title == "Renting a kayak"
    assert gaps.topics(Viewer.agent(), topic=before.id) == ()


def test_articles_that_contradict_or_repeat_each_other_are_found_again_only_when_changed(
    stocked: Knowledge,
) -> None:
    other = document(
        id="faq",
        title="Returning an item: questions",
        body="<p>You can return an unworn item within 30 days of delivery.</p>",
    )
    secret = replace(other, id="secret", audience=Audience.segments(7))
    stocked.add(other, secret, document(id="copy"))
    gaps = Gaps(pool=stocked.pool)
    assert compare_articles(stocked.pool) == 5
    assert compare_articles(stocked.pool) == 0
    pairs = {
        frozenset((each.ours.title, each.theirs.title)): each
        for each in gaps.findings("contradiction", Viewer.agent())
        if each.theirs is not None
    }
    assert set(pairs) == {frozenset(("Returning an item", "Returning an item: questions"))}
    (found,) = pairs.values()
    words = {found.ours.title: found.our_words}
    assert found.theirs is not None
    words[found.theirs.title] = found.their_words
    assert "45 days" in words["Returning an item"]
    assert "30 days" in words["Returning an item: questions"]
    everything = gaps.findings("contradiction", Viewer.admin())
    assert len(everything) > len(gaps.findings("contradiction", Viewer.agent()))
    (same,) = gaps.findings("duplicate", Viewer.agent())
    assert same.weight == pytest.approx(1.0)
    stocked.add(replace(other, body="<p>Please write to us about returns.</p>"))
    stocked.indexer.remove("help", ["secret"])
    assert compare_articles(stocked.pool) == 1
    assert gaps.findings("contradiction", Viewer.admin()) == ()
    assert len(gaps.findings("duplicate", Viewer.admin())) == 1


def test_articles_that_nobody_cites_and_old_ones_that_many_do(stocked: Knowledge) -> None:
    old = datetime.now(UTC) - timedelta(days=500)
    stocked.add(
        document(edited_at=old, metadata={"article_id": "7"}, url="https://x.example/hc/en/7"),
        document(id="zurueck", translation_group="g", title="Unread", body="<p>Nothing.</p>"),
    )
    gaps = Gaps(pool=stocked.pool)
    rated = [ask(stocked) for _ in range(2)]
    find_neglected(stocked.pool, answers_needed=2)
    assert gaps.findings("never_cited", Viewer.agent()) == ()  # all are new
    with stocked.pool.connection() as connection:
        connection.execute("UPDATE document_versions SET at = at - interval '1 year'")
    find_neglected(stocked.pool, answers_needed=3)
    assert gaps.findings("never_cited", Viewer.agent()) == ()  # too few answers to tell
    find_neglected(stocked.pool, answers_needed=2)
    (unread,) = gaps.findings("never_cited", Viewer.agent())
    assert unread.ours.title == "Unread"
    assert len(gaps.findings("never_cited", Viewer.admin())) == 2
    (stale,) = gaps.findings("stale", Viewer.agent())
    assert (stale.ours.title, stale.answers, stale.outdated) == ("Returning an item", 2, 0)
    assert stale.ours.editor == "https://x.example/knowledge/articles/7/en"
    Feedback(pool=stocked.pool).rate(
        rated[0], surface="slack", person="U1", helpful=False, reasons=["outdated"]
    )
    find_neglected(stocked.pool)
    (stale,) = gaps.findings("stale", Viewer.agent())
    assert (stale.answers, stale.outdated) == (2, 1)


def test_an_empty_database_has_no_gaps(knowledge: Knowledge, embedder: Embedder) -> None:
    GapsJob(
        pool=knowledge.pool, retriever=lambda: knowledge.retriever, embedder=lambda: embedder
    ).run()
    assert Gaps(pool=knowledge.pool).topics(Viewer.admin()) == ()
    assert isinstance(ask(knowledge), UUID)

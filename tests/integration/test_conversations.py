"""What an admin sees of what was asked: the list with its filters, and one conversation whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from bot.answering.base import Draft
from bot.answering.extractive import ExtractiveEngine
from bot.feedback import Feedback
from bot.insight.conversation import conversation
from bot.insight.conversations import Conversations, Wanted
from bot.insight.retest import asked_again, difference
from bot.insight.viewing import Viewer
from bot.language import LanguageDetector
from bot.models import Citation, Question, Statement
from bot.records import Records
from bot.support import EVIDENCE_NEEDED, NoRecords, SupportDesk
from indexing.models import Audience, Reader
from tests.factories import document
from tests.integration.test_support import Scripted

if TYPE_CHECKING:
    from bot.answering.base import Engine
    from bot.models import Delivery
    from bot.support import Recorder
    from tests.integration.conftest import Knowledge

ASKED = "How long do I have to return an item?"
RETURNS = "You can return an unworn item within 45 days of delivery."


@pytest.fixture
def stocked(knowledge: Knowledge) -> Knowledge:
    knowledge.add(
        document(locale="en-us", translation_group="article:1"),
        document(
            id="rueckgabe",
            title="Einen Artikel zurückgeben",
            body="<p>Sie können ungetragene Artikel 45 Tage lang zurückgeben: return item.</p>",
            locale="de",
            translation_group="article:1",
        ),
        *(
            document(id=f"tent-{each}", title=f"Tent {each}", body=f"<p>Pitching tent {each}.</p>")
            for each in range(12)
        ),
        document(
            id="vip",
            title="Returns of wholesale partners",
            body="<p>Partners may return any item within 90 days of delivery.</p>",
            audience=Audience.segments(7),
        ),
    )
    return knowledge


def desk(knowledge: Knowledge, recorder: Recorder, engine: Engine | None = None) -> SupportDesk:
    return SupportDesk(
        retriever=knowledge.retriever,
        engine=engine or ExtractiveEngine(),
        fallback=None,
        recorder=recorder,
        language=LanguageDetector(default="en"),
        evidence_needed=EVIDENCE_NEEDED,
    )


def ask(
    knowledge: Knowledge,
    text: str = ASKED,
    *,
    engine: Engine | None = None,
    reader: Reader | None = None,
    delivery: Delivery = "shown",
) -> UUID:
    asked = Question(
        text=text,
        reader=reader or Reader.customer(),
        surface="zendesk",
        locale="en-us",
        delivery=delivery,
    )
    return desk(knowledge, Records(pool=knowledge.pool), engine).respond(asked).question_id


def test_one_conversation_tells_what_was_found_what_was_cut_and_what_was_cited(
    stocked: Knowledge,
) -> None:
    seen = conversation(stocked.pool, ask(stocked), Viewer.agent())
    assert seen is not None
    assert seen.answer.is_whole
    assert [each.rank for each in seen.answer.passages] == list(range(1, 9))
    first = seen.answer.passages[0]
    assert [first.text[start:end] for start, end in first.quotes] == [RETURNS]
    assert (first.now, first.document is not None) == ("as_it_was", True)
    why = {each.title: each.why for each in seen.answer.left_out}
    assert why["Einen Artikel zurückgeben"] == "other_translation"
    assert list(why.values()).count("ranked_lower") >= 4
    ranked = [each.score for each in seen.answer.left_out if each.why == "ranked_lower"]
    assert ranked == sorted(ranked, reverse=True)
    assert max(ranked) <= seen.answer.passages[-1].passage.score
    stocked.add(document(body="<p>Thirty days.</p>", translation_group="article:1"))
    stocked.indexer.remove("help", ["tent-3"])
    again = conversation(stocked.pool, seen.question.id, Viewer.agent())
    assert again is not None
    assert again.answer.passages[0].now == "changed"
    assert again.answer.passages[0].text == first.text
    known = {each.passage.document_id: each.now for each in again.answer.passages}
    known |= {each.title.lower().replace(" ", "-"): each.now for each in again.answer.left_out}
    assert known["tent-3"] == "gone"


def test_the_checks_say_what_became_of_each_statement(stocked: Knowledge) -> None:
    passage = stocked.retriever.retrieve(ASKED, Reader.customer(), "en-us")[0]

    def said(text: str, quote: str = RETURNS) -> Statement:
        cited = Citation(
            document_id=passage.document_id,
            chunk_id=passage.chunk_id,
            title="",
            url="",
            quote=quote,
        )
        return Statement(text=text, citations=(cited,))

    engine = Scripted(
        Draft(
            statements=(
                said("You can return an unworn item within 54 days of delivery."),
                said("Returns are free.", quote="Returns are free."),
            )
        )
    )
    seen = conversation(stocked.pool, ask(stocked, engine=engine, delivery="sent"), Viewer.agent())
    assert seen is not None
    lost, wrong = seen.answer.checks
    assert (lost.given, lost.result, lost.sent) == ("Returns are free.", "rejected", "")
    assert "quote" in lost.detail
    assert (wrong.result, wrong.sent) == ("repaired", RETURNS)
    assert "54" in wrong.detail
    assert [each.text for each in seen.answer.statements] == [RETURNS]


def test_nobody_sees_passages_or_answers_beyond_what_they_may_read(stocked: Knowledge) -> None:
    asked = ask(
        stocked,
        "Within how many days may wholesale partners return any item?",
        reader=Reader.signed_in_customer(7),
    )
    whole = conversation(stocked.pool, asked, Viewer.admin())
    assert whole is not None
    assert "90 days" in whole.answer.statements[0].text
    part = conversation(stocked.pool, asked, Viewer.agent())
    assert part is not None
    assert (part.answer.is_whole, part.sent, part.answer.checks) == (False, (), ())
    assert "90 days" not in repr(
        (part.answer.statements, [(each.text, each.quotes) for each in part.answer.passages])
    )
    hidden = [each for each in part.answer.passages if not each.may_read]
    assert [each.passage.document_id for each in hidden] == ["vip"]
    assert hidden[0].document is None


def test_a_question_is_asked_again_after_a_fix_and_counts_only_once(stocked: Knowledge) -> None:
    asked = ask(stocked, "Can I return a gift card?")
    before = conversation(stocked.pool, asked, Viewer.agent())
    assert before is not None
    assert before.answer.outcome.kind == "handed_off"
    stocked.add(
        document(
            id="gift-cards",
            title="Returning a gift card",
            body="<p>You can return a gift card within 14 days if it is unused.</p>",
        )
    )
    silent = desk(stocked, NoRecords())
    after = asked_again(silent, before.question)
    changed = difference(before.answer.outcome, after)
    assert (changed.was_answered, changed.is_answered) == (False, True)
    assert changed.newly_cited == ("Returning a gift card",)
    assert "14 days" in after.statements[0].text
    assert difference(after, asked_again(silent, before.question)).is_none
    back = difference(after, before.answer.outcome)
    assert (back.is_answered, back.no_longer_cited) == (False, ("Returning a gift card",))
    assert stocked.rows("SELECT count(*) FROM questions") == [(1,)]


def test_a_question_is_asked_again_of_the_same_sources_and_checked_as_it_was(
    stocked: Knowledge,
) -> None:
    stocked.add(document(id="wiki", source="wiki", body="<p>You can return an item in 9 days.</p>"))
    asked = Question(
        text=ASKED,
        reader=Reader.customer(),
        surface="slack",
        sources=frozenset({"wiki"}),
        delivery="drafted",
    )
    desk(stocked, Records(pool=stocked.pool)).respond(asked)
    kept = conversation(stocked.pool, asked.id, Viewer.agent())
    assert kept is not None
    assert (kept.question.sources, kept.question.delivery) == (frozenset({"wiki"}), "drafted")
    after = asked_again(desk(stocked, NoRecords()), kept.question)
    assert {each.source for each in after.passages} == {"wiki"}
    assert [each.result for each in after.checks] == ["ok"]
    assert difference(kept.answer.outcome, after).is_none


class Written:
    """A record of many conversations, one a minute, the newest first at number 0."""

    def __init__(self, knowledge: Knowledge, conversations: int) -> None:
        self.pool = knowledge.pool
        self.ids = [uuid4() for _ in range(conversations)]
        self.newest = datetime(2026, 3, 1, tzinfo=UTC)
        with self.pool.connection() as connection:
            connection.cursor().executemany(
                "INSERT INTO questions (id, surface, text, locale, audience, asked_at, outcome, "
                "reason, detail, tags, evidence, engine, model, prompt_version, embedding_index, "
                "input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, "
                "latency_ms) VALUES (%s, %s, %s, 'en', '{public}', %s, %s, %s, '', '{}', 0.5, "
                "'', '', '', 1, 0, 0, 0, 0, 0, '{}')",
                [self._row(number, each) for number, each in enumerate(self.ids)],
            )

    def _row(self, number: int, identity: UUID) -> tuple[object, ...]:
        handed = number % 5 == 0
        return (
            identity,
            "slack" if number % 2 else "zendesk",
            f"Question {number} about {'tents' if number == 190 else 'jackets'}",
            self.newest - timedelta(minutes=number // 2),  # two of each moment
            "handed_off" if handed else "answered",
            "missing_knowledge" if handed else None,
        )

    def walk(self, wanted: Wanted, *, window: int = 60) -> tuple[list[int], int]:
        """Numbers of all that fit, page after page, and how many pages that took."""
        listed = Conversations(pool=self.pool, page=7, window=window)
        found: list[int] = []
        pages, place = 0, None
        while True:
            page = listed.list(wanted, place=place)
            found += [self.ids.index(each.id) for each in page.conversations]
            pages, place = pages + 1, page.next
            if place is None:
                return found, pages


def test_paging_finds_each_conversation_once_whatever_is_looked_for(knowledge: Knowledge) -> None:
    written = Written(knowledge, 200)
    found, _ = written.walk(Wanted())
    assert sorted(found) == list(range(200))
    assert [each // 2 for each in found] == sorted(each // 2 for each in found)
    handed, _ = written.walk(Wanted(outcome="handed_off", surface="zendesk"))
    assert sorted(handed) == [each for each in range(200) if each % 10 == 0]
    since = written.newest - timedelta(minutes=30)
    lately, _ = written.walk(Wanted(reason="missing_knowledge", since=since, until=written.newest))
    assert sorted(lately) == [each for each in range(2, 62) if each % 5 == 0]
    assert written.walk(Wanted(words="tents")) == ([190], 1)
    assert written.walk(Wanted(words="jackets -question"))[0] == []
    for nonsense in ("'; DROP TABLE questions; --", "\x00", "((", "%s {0} :*"):
        assert set(written.walk(Wanted(words=nonsense))[0]) <= set(range(200))


def test_opinions_tags_sources_and_tickets_are_found_however_far_back(stocked: Knowledge) -> None:
    written = Written(stocked, 200)
    feedback = Feedback(pool=stocked.pool)
    feedback.rate(written.ids[150], surface="slack", person="U1", helpful=False, reasons=["tone"])
    feedback.rate(written.ids[150], surface="slack", person="U2", helpful=True)
    with stocked.pool.connection() as connection:
        connection.execute(
            "INSERT INTO ticket_turns (id, ticket_id, state, outcome, routing_tag, asked_at) "
            "VALUES (%s, 4711, 'done', 'answered', 'returns', now())",
            (written.ids[180],),
        )
        connection.execute(
            "INSERT INTO tickets (ticket_id, answered_at, reopened_at) VALUES (4711, now(), now())"
        )
        connection.execute(
            "INSERT INTO question_passages VALUES (%s, 1, 'wiki', 'd', 'c', '', '', '', "
            "'{public}', 1, 1, 1)",
            (written.ids[170],),
        )
    bad, pages = written.walk(Wanted(opinion="bad"))
    assert (bad, pages) == ([150, 180], 4)  # it says how far it looked, and goes on
    assert written.walk(Wanted(opinion="good"))[0] == [150]
    assert written.walk(Wanted(tag="returns"))[0] == [180]
    assert written.walk(Wanted(source="wiki"))[0] == [170]
    assert written.walk(Wanted(ticket=4711))[0] == [180]
    (one,) = Conversations(pool=stocked.pool).list(Wanted(ticket=4711)).conversations
    assert (one.tag, one.ticket_id, one.good, one.bad) == ("returns", 4711, 0, 1)

"""A question in, an outcome out, and a record that explains it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import pytest

from bot.answering.base import AnswerRequest, Draft, NoDraft, OnStatement
from bot.answering.extractive import ExtractiveEngine
from bot.language import LanguageDetector, languages_written
from bot.models import Citation, HandoffReason, OutcomeKind, Question, Statement, Turn
from bot.records import Records
from bot.support import EVIDENCE_NEEDED, SupportDesk
from indexing.models import Audience, Reader
from tests.factories import document

if TYPE_CHECKING:
    from bot.answering.base import Engine
    from tests.integration.conftest import Knowledge

ASKED = "How long do I have to return an item?"


@pytest.fixture
def stocked(knowledge: Knowledge) -> Knowledge:
    knowledge.add(
        document(),
        document(
            id="goodwill",
            title="Goodwill limits",
            body="<p>Agents may give a goodwill voucher of up to 35 euro.</p>",
            audience=Audience.agents(),
        ),
    )
    return knowledge


def desk(
    knowledge: Knowledge,
    engine: Engine,
    fallback: Engine | None = None,
    language: LanguageDetector | None = None,
) -> SupportDesk:
    return SupportDesk(
        retriever=knowledge.retriever,
        engine=engine,
        fallback=fallback,
        recorder=Records(pool=knowledge.pool),
        language=language or LanguageDetector(default="en"),
        evidence_needed=EVIDENCE_NEEDED,
    )


def question(text: str, reader: Reader | None = None) -> Question:
    return Question(text=text, reader=reader or Reader.customer(), surface="cli")


class Scripted:
    """An engine that says what the test wants said."""

    name = "scripted"

    def __init__(self, result: Draft | NoDraft) -> None:
        self.result = result
        self.asked: list[AnswerRequest] = []

    def answer(
        self, request: AnswerRequest, *, on_statement: OnStatement | None = None
    ) -> Draft | NoDraft:
        self.asked.append(request)
        return self.result


def test_an_answer_is_traced_to_its_chunk(stocked: Knowledge) -> None:
    asked = question(ASKED)
    outcome = desk(stocked, ExtractiveEngine()).respond(asked)
    assert outcome.kind is OutcomeKind.ANSWERED
    assert "45 days" in outcome.statements[0].text
    traced = stocked.rows(
        "SELECT q.outcome, q.engine, p.document_id, s.text, strpos(chunk.text, c.quote) > 0 "
        "FROM questions q JOIN statements s ON s.question_id = q.id "
        "JOIN citations c ON c.question_id = q.id AND c.statement = s.position "
        "JOIN question_passages p ON p.question_id = q.id AND p.chunk_id = c.chunk_id "
        "JOIN {passages} chunk ON chunk.id = c.chunk_id WHERE q.id = %s",
        [asked.id],
    )
    assert traced == [("answered", "extractive", "returns", outcome.statements[0].text, True)]
    assert {"embed", "search", "rank", "answer", "total"} <= set(outcome.latency_ms)


def test_a_customer_is_handed_off_where_an_agent_is_answered(stocked: Knowledge) -> None:
    text = "How large may a goodwill voucher be?"
    customer = desk(stocked, ExtractiveEngine()).respond(question(text))
    assert (customer.kind, customer.reason) == (
        OutcomeKind.HANDED_OFF,
        HandoffReason.MISSING_KNOWLEDGE,
    )
    assert "goodwill" not in {each.document_id for each in customer.passages}
    agent = desk(stocked, ExtractiveEngine()).respond(question(text, Reader.agent()))
    assert "35 euro" in agent.statements[0].text


@pytest.mark.parametrize("text", ["", "?", "\0", "&|!:*'\"", "x" * 50_000, "What is love?"])
def test_what_nothing_answers_is_handed_off_with_a_reason(stocked: Knowledge, text: str) -> None:
    outcome = desk(stocked, ExtractiveEngine()).respond(question(text))
    assert outcome.reason is HandoffReason.MISSING_KNOWLEDGE
    assert outcome.tags == ("supportbot_handoff", "supportbot_missing_knowledge")
    recorded = stocked.rows("SELECT outcome, reason, detail <> '' FROM questions")
    assert recorded == [("handed_off", "missing_knowledge", True)]


@pytest.mark.parametrize("delivery", ["sent", "drafted"])
def test_who_asks_on_is_not_told_the_same_again(
    stocked: Knowledge, delivery: Literal["sent", "drafted"]
) -> None:
    engine = ExtractiveEngine()
    first = desk(stocked, engine).respond(replace(question(ASKED), delivery=delivery))
    said = " ".join(each.text for each in first.statements)
    history = (Turn(speaker="customer", text=ASKED), Turn(speaker="bot", text=f"Hello.\n{said}"))
    on = replace(question("Are you sure about that?"), delivery=delivery, history=history)
    outcome = desk(stocked, engine).respond(on)

    assert "45 days" in said
    assert outcome.reason is HandoffReason.MISSING_KNOWLEDGE
    assert "not said before" in outcome.detail

    # Somebody else's words are no answer of the bot's.
    others = (history[0], replace(history[1], speaker="agent"))
    assert desk(stocked, engine).respond(replace(on, id=uuid4(), history=others)).statements


def test_a_model_is_not_even_asked_when_nothing_was_found(stocked: Knowledge) -> None:
    engine = Scripted(NoDraft(reason=HandoffReason.MISSING_KNOWLEDGE, detail=""))
    desk(stocked, engine).respond(question("What is the capital of Brazil?"))
    assert engine.asked == []


def test_an_invented_citation_is_never_sent(stocked: Knowledge) -> None:
    passage = stocked.retriever.retrieve(ASKED, Reader.customer())[0]
    cited = Citation(
        document_id=passage.document_id,
        chunk_id=passage.chunk_id,
        title="Made up",
        url="https://evil.example",
        quote="You can return anything for ever.",
    )
    draft = Draft(statements=(Statement(text="For ever.", citations=(cited,)),))
    outcome = desk(stocked, Scripted(draft)).respond(question(ASKED))
    assert (outcome.reason, outcome.statements) == (HandoffReason.UNVERIFIED_ANSWER, ())


def test_the_fallback_answers_when_the_model_is_away(stocked: Knowledge) -> None:
    away = Scripted(NoDraft(reason=HandoffReason.ENGINE_UNAVAILABLE, detail="It timed out."))
    outcome = desk(stocked, away, fallback=ExtractiveEngine()).respond(question(ASKED))
    assert (outcome.kind, outcome.engine) == (OutcomeKind.ANSWERED, "extractive")
    assert "It timed out." in outcome.detail
    alone = desk(stocked, away).respond(question(ASKED))
    assert alone.reason is HandoffReason.ENGINE_UNAVAILABLE


def test_a_refusal_is_not_answered_by_the_fallback(stocked: Knowledge) -> None:
    refused = Scripted(NoDraft(reason=HandoffReason.POLICY_RESTRICTED, detail="Refused."))
    outcome = desk(stocked, refused, fallback=ExtractiveEngine()).respond(question(ASKED))
    assert outcome.reason is HandoffReason.POLICY_RESTRICTED


def test_the_same_question_is_not_recorded_twice(stocked: Knowledge) -> None:
    asked = question(ASKED)
    first = desk(stocked, ExtractiveEngine()).respond(asked)
    second = desk(stocked, ExtractiveEngine()).respond(asked)
    assert second.statements == first.statements
    assert stocked.rows("SELECT count(*) FROM questions") == [(1,)]


def test_few_words_are_answered_in_their_language_where_articles_are_in_it(
    knowledge: Knowledge,
) -> None:
    knowledge.add(
        document(id="en", title="Parcels", body="<p>It takes 3 days.</p>", locale="en-us"),
        document(
            id="de",
            title="Wo ist mein Paket?",
            body="<p>Ihr Paket braucht 3 Tage.</p>",
            locale="de",
        ),
    )
    detector = LanguageDetector(default="en", written=languages_written(lambda: knowledge.pool))
    asked = desk(knowledge, ExtractiveEngine(), language=detector)

    outcome = asked.respond(question("Wo ist mein Paket?"))

    assert languages_written(lambda: knowledge.pool)() == {"en", "de"}
    assert [each.text for each in outcome.statements] == ["Ihr Paket braucht 3 Tage."]
    assert detector.locale_of("Wo ist mein Paket?") == "de"

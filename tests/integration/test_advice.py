"""Planted failures of every kind are attributed to the stage that was broken."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.answering.extractive import ExtractiveEngine
from bot.answering.markers import MarkersEngine
from bot.audit import SYSTEM
from bot.evaluation.cases import Case
from bot.evaluation.diagnosis import Diagnosis
from bot.evaluation.runs import EvaluationRuns, KeptResult, Measurement, Setup
from bot.evaluation.stages import Broken, Stage, first_broken
from bot.evaluation.trend import retrieval_trend, said_of
from bot.language import LanguageDetector
from bot.llm import MessagesApi
from bot.models import HandoffReason, Outcome, OutcomeKind
from bot.support import NoRecords, SupportDesk
from bot.triage.examples import ExampleClassifier
from bot.triage.models import Decision, Example, RoutingTag, Taxonomy
from indexing.models import Reader
from tests.factories import document
from tests.fakes.anthropic import MessagesFake
from tests.fakes.replies import Script, honest, plain, says, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.answering.base import Engine
    from bot.models import Question
    from tests.integration.conftest import Knowledge

RETURNS = Case(
    id="returns",
    question="How long do I have to return an unworn item?",
    article_ids=frozenset({"returns"}),
    answerable=True,
    answers=("You can return an unworn item within 45 days of delivery.",),
    locale="en",
    kind="",
    reader=Reader.customer(),
    history=(),
    documents=(),
    line=1,
)
MOON = replace(RETURNS, id="moon", question="Who walked on the moon?", answerable=False,
               article_ids=frozenset(), answers=())  # fmt: skip
OTHERS = [
    document(id=f"other{number}", title=title, body=f"<p>{text}</p>")
    for number, (title, text) in enumerate(
        {
            "Shipping times": "Parcels to Norway take six working days.",
            "Gift cards": "A gift card is valid for two years.",
            "Shops": "Our shops are open from nine to six.",
        }.items()
    )
]


def diagnosis(
    knowledge: Knowledge,
    engine: Engine | None = None,
    respond: Callable[[Question], Outcome] | None = None,
    **more: object,
) -> Diagnosis:
    desk = SupportDesk(
        retriever=knowledge.retriever,
        engine=engine or ExtractiveEngine(),
        fallback=None,
        recorder=NoRecords(),
        language=LanguageDetector(default="en"),
        evidence_needed=0.1,
    )
    return Diagnosis(
        respond=respond or desk.respond,
        retriever=knowledge.retriever,
        pool=knowledge.pool,
        index=knowledge.index,
        language_of=LanguageDetector(default="").locale_of,
        **more,  # type: ignore[arg-type]
    )


def broken(diagnosis: Diagnosis, case: Case = RETURNS) -> Broken | None:
    return first_broken(diagnosis.seen(case))


def stage(diagnosis: Diagnosis, case: Case = RETURNS) -> Stage | None:
    found = broken(diagnosis, case)
    return found and found.stage


def test_nothing_is_broken_where_the_answer_is_right(knowledge: Knowledge) -> None:
    knowledge.add(document(), *OTHERS)
    assert stage(diagnosis(knowledge)) is None


def test_a_removed_article_is_missing(knowledge: Knowledge) -> None:
    knowledge.add(*OTHERS)
    assert stage(diagnosis(knowledge)) is Stage.ARTICLE_MISSING


def test_an_article_that_the_reader_may_not_read_is_missing_for_that_reader(
    knowledge: Knowledge,
) -> None:
    from indexing.models import Audience

    knowledge.add(document(audience=Audience.agents()), *OTHERS)
    assert stage(diagnosis(knowledge)) is Stage.ARTICLE_MISSING
    assert stage(diagnosis(knowledge), replace(RETURNS, reader=Reader.agent())) is None


def test_a_stale_article_says_otherwise(knowledge: Knowledge) -> None:
    old = "<p>You can return an unworn item within 30 days of delivery.</p>"
    knowledge.add(document(body=old), *OTHERS)
    found = broken(diagnosis(knowledge))
    assert found is not None
    assert (found.stage, "30 days" in found.detail) == (Stage.ARTICLE_STALE, True)


def test_another_article_that_contradicts_is_content_too(knowledge: Knowledge) -> None:
    other = document(
        id="faq",
        title="Questions about returns",
        body="<p>You can return an unworn item within 14 days of delivery.</p>",
    )
    knowledge.add(document(), other, *OTHERS)
    assert stage(diagnosis(knowledge)) is Stage.ARTICLE_STALE


def test_a_broken_splitter_is_retrieval(knowledge: Knowledge) -> None:
    knowledge.add(document(), *OTHERS)
    with knowledge.pool.connection() as connection:
        connection.execute(
            f"UPDATE passages_{knowledge.index.id} SET text = left(text, 22) "
            "WHERE document_pk = (SELECT pk FROM documents WHERE id = 'returns')"
        )
    found = broken(diagnosis(knowledge))
    assert found is not None
    assert (found.stage, "cut" in found.detail) == (Stage.NOT_RETRIEVED, True)


def test_an_article_that_is_found_too_late_is_retrieval(knowledge: Knowledge) -> None:
    crowd = [
        document(id=f"c{number}", title=f"Return an unworn item, part {number}",
                 body=f"<p>How long do I have to return an unworn item? Ask shop {number}.</p>")
        for number in range(12)
    ]  # fmt: skip
    body = "<p>Six weeks and three days after you got it, sending things back ends.</p>"
    knowledge.add(document(title="Deadlines", body=body), *crowd)
    case = replace(RETURNS, answers=())
    found = broken(diagnosis(knowledge), case)
    assert found is not None
    assert found.stage is Stage.NOT_RETRIEVED
    assert "rank" in found.detail


def chatty(body: dict[str, object]) -> object:
    """What a model without its rules makes of it: the facts, in a form nobody asked for."""
    (source, *_) = sources_of(body)
    return says(
        plain(f"Sure! **Great** question, happy to help: {source.blocks[0].rstrip('.')} [1].")
    )(body)


MANGLED: dict[str, tuple[Script, Stage]] = {
    "it says that the sources hold nothing": (
        says(plain("[[NO ANSWER IN SOURCES]]")), Stage.NOT_USED),
    "it forgets its markers": (
        says(plain("You can return an unworn item within 45 days.")), Stage.UNSUPPORTED),
    "it makes figures up": (
        says(plain("You can return an unworn item within 90 days of delivery [1].")),
        Stage.UNSUPPORTED),
    "it chats": (chatty, Stage.WRONG_FORM),  # type: ignore[dict-item]
}  # fmt: skip


@pytest.mark.parametrize("name", MANGLED)
def test_a_mangled_prompt_is_what_a_model_does_with_what_it_was_given(
    knowledge: Knowledge, name: str
) -> None:
    script, expected = MANGLED[name]
    knowledge.add(document(), *OTHERS)
    with MessagesFake(default=honest) as fake:
        api = MessagesApi(api_key=None, base_url=fake.url, model="local", retries=0)
        looking = diagnosis(knowledge, MarkersEngine(api=api))
        assert stage(looking) is None  # with its prompt it answers
        fake.default = script
        found = broken(looking)
        api.close()
    assert found is not None
    assert found.stage is expected, found.detail


def test_shuffled_tags_are_the_wrong_tag(knowledge: Knowledge, embedder: object) -> None:
    knowledge.add(document(), *OTHERS)
    texts = {
        "billing": ("I was charged twice", "Wrong amount on my invoice", "Refund my payment"),
        "login": ("I cannot sign in", "Forgot my password", "My account is locked"),
    }

    def taught(labels: dict[str, str]) -> Callable[[str, str], str]:
        taxonomy = Taxonomy(
            tags=tuple(RoutingTag(name=name) for name in texts),
            examples=tuple(
                Example(text=text, tag=labels[name])
                for name, said in texts.items()
                for text in said
            ),
            rules=(),
            version=0,
        )
        classifier = ExampleClassifier(
            taxonomy=taxonomy,
            embed=embedder.embed,  # type: ignore[attr-defined]
            embed_one=embedder.embed_query,  # type: ignore[attr-defined]
        )

        def tag_of(text: str, locale: str) -> str:
            decision = classifier.classify(text, locale=locale)
            assert isinstance(decision, Decision)
            return decision.tag or ""

        return tag_of

    case = replace(MOON, question="My card was charged twice, refund it", routing_tag="billing")
    right = taught({"billing": "billing", "login": "login"})
    shuffled = taught({"billing": "login", "login": "billing"})

    def people(question: Question) -> Outcome:
        return Outcome(
            question_id=question.id,
            kind=OutcomeKind.HANDED_OFF,
            reason=HandoffReason.MISSING_KNOWLEDGE,
        )

    assert stage(diagnosis(knowledge, respond=people, tag_of=right), case) is None
    found = broken(diagnosis(knowledge, respond=people, tag_of=shuffled), case)
    assert found is not None
    assert (found.stage, "login" in found.detail) == (Stage.WRONG_TAG, True)


def test_wrong_hand_offs_either_way(knowledge: Knowledge) -> None:
    knowledge.add(document(), *OTHERS)
    looking = diagnosis(knowledge)
    answered = looking.seen(RETURNS).result.outcome

    def cautious(question: Question) -> Outcome:
        return Outcome(
            question_id=question.id,
            kind=OutcomeKind.HANDED_OFF,
            reason=HandoffReason.SENSITIVE_TOPIC,
            passages=answered.passages,
        )

    assert stage(diagnosis(knowledge, respond=cautious)) is Stage.WRONG_HANDOFF
    assert stage(diagnosis(knowledge, respond=lambda _: answered), MOON) is Stage.WRONG_HANDOFF
    assert stage(diagnosis(knowledge, respond=cautious), MOON) is None


def test_a_right_answer_may_be_too_slow_and_failures_are_listed(knowledge: Knowledge) -> None:
    knowledge.add(document(), *OTHERS)
    quick = diagnosis(knowledge)
    answered = quick.seen(RETURNS).result.outcome

    def slowly(_: Question) -> Outcome:
        time.sleep(0.05)
        return answered

    (found,) = diagnosis(knowledge, respond=slowly, slow=40.0).failures([RETURNS])
    assert (found.case.id, found.broken.stage) == ("returns", Stage.TOO_SLOW)
    assert quick.failures([RETURNS]) == ()


def test_the_trend_is_told_from_kept_runs_of_different_setups(knowledge: Knowledge) -> None:
    runs = EvaluationRuns(pool=knowledge.pool)

    def keep(version: str, right: int) -> None:
        results = tuple(
            KeptResult(case_id=str(at), question="?", scores={"hit@5": float(at < right)})
            for at in range(300)
        )
        setup = Setup(index_version=version)
        measured = Measurement(
            kind="retrieval", cases_name="mine", cases_hash="", setup=setup, figures={},
            results=results,
        )  # fmt: skip
        runs.save(measured, actor=SYSTEM)

    for version in ("a", "b", "b", "b"):
        keep(version, 240)
    assert "not known" in said_of(retrieval_trend(runs, "mine"))
    keep("c", 241)
    flat = retrieval_trend(runs, "mine")
    assert (flat.trend, flat.cases) == ("plateaued", 300)
    assert said_of(flat).startswith("Retrieval has plateaued: hit@5 is 0.803")
    keep("d", 290)
    assert retrieval_trend(runs, "mine").trend == "rising"

"""Past questions find articles: at once, in any language, and never past the reader's audience."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answering.extractive import ExtractiveEngine
from bot.audit import SYSTEM, Audit
from bot.errors import InputRejected
from bot.feedback import Feedback
from bot.jobs.memory import LearnJob
from bot.language import LanguageDetector
from bot.memory import GivenPair, QuestionMemory
from bot.models import Question
from bot.records import Records
from bot.support import SupportDesk
from indexing.learning import keep_up, learn
from indexing.models import AGENTS, PUBLIC, SIGNED_IN, Audience, Reader, segment
from indexing.recall import recalled
from indexing.retrieval import Retriever
from indexing.trust import measure
from tests.factories import document

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.integration.conftest import Knowledge

LABELS = [PUBLIC, SIGNED_IN, AGENTS, segment(1), segment("o'brien")]
TOPICS = ["jackets", "tents", "gift cards", "refunds", "boots", "invoices"]

DUTCH = "Mijn rits is kapot, krijg ik een nieuwe?"
ZIP = "The zip of my parka broke, what now?"

label_sets = st.frozensets(st.sampled_from(LABELS), min_size=1)


@pytest.fixture
def shop(knowledge: Knowledge) -> Knowledge:
    """Of which nothing says zip."""
    knowledge.add(
        document("warranty", title="Warranty", body="<p>We replace faulty goods.</p>"),
        document("trousers", title="Trousers", body="<p>Trousers come in four lengths.</p>"),
        document("parka", title="Parkas", body="<p>Our parka keeps you warm in winter.</p>"),
    )
    return knowledge


def teach(knowledge: Knowledge, embedder: Embedder, *pairs: tuple[str, str]) -> None:
    """Question and article, trusted as where demand repeats."""
    memory = QuestionMemory(pool=knowledge.pool)
    memory.give([GivenPair(question=asked, document_ids=(found,)) for asked, found in pairs])
    learn(knowledge.pool, knowledge.index, embedder)
    trust(knowledge)


def trust(knowledge: Knowledge, weight: float = 2.0) -> None:
    with knowledge.pool.connection() as connection:
        connection.execute("UPDATE embedding_indexes SET memory_trust = %s", (weight,))


def first(knowledge: Knowledge, question: str, reader: Reader | None = None) -> str:
    found = knowledge.retriever.retrieve(question, reader or Reader.customer())
    return found[0].document_id if found else ""


def test_a_question_finds_what_answered_one_like_it(shop: Knowledge, embedder: Embedder) -> None:
    assert first(shop, ZIP) == "parka"
    teach(shop, embedder, ("My coat's zipper is broken", "warranty"))
    assert first(shop, ZIP) == "warranty"
    assert shop.retriever.articles(ZIP, Reader.customer(), None, 8)[0].document_id == "parka"


def test_it_carries_across_languages(shop: Knowledge, embedder: Embedder) -> None:
    teach(shop, embedder, (DUTCH, "warranty"))
    assert first(shop, "De rits van mijn jas is kapot") == "warranty"


def test_a_question_unlike_any_before_is_answered_as_if_there_were_none(
    shop: Knowledge, embedder: Embedder
) -> None:
    asked = "Which lengths do your trousers come in?"
    before = shop.retriever.retrieve(asked, Reader.customer())
    teach(shop, embedder, ("Mein Konto wurde gesperrt", "warranty"))
    assert shop.retriever.retrieve(asked, Reader.customer()) == before


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    audiences=st.lists(label_sets, min_size=len(TOPICS), max_size=len(TOPICS)),
    reads=st.frozensets(st.sampled_from(LABELS)),
    asked=st.sampled_from(TOPICS),
)
def test_it_never_finds_what_the_reader_may_not_read(
    knowledge: Knowledge,
    embedder: Embedder,
    audiences: list[frozenset[str]],
    reads: frozenset[str],
    asked: str,
) -> None:
    documents = [
        document(id=topic, title=f"About {topic}", audience=Audience(labels=labels))
        for topic, labels in zip(TOPICS, audiences, strict=True)
    ]
    knowledge.add(*documents)
    if not knowledge.rows("SELECT FROM question_memory"):
        # Everything that was ever asked leads to everything.
        teach(knowledge, embedder, *((topic, other) for topic in TOPICS for other in TOPICS))
    reader = Reader(labels=reads)
    found = knowledge.retriever.retrieve(asked, reader, None, 50)
    readable = {each.id for each in documents if reader.may_read(each.audience)}
    assert {each.document_id for each in found} == readable


def test_what_is_gone_or_restricted_is_forgotten_and_comes_back(
    shop: Knowledge, embedder: Embedder
) -> None:
    teach(shop, embedder, (ZIP, "warranty"))
    restricted = document(
        "warranty",
        title="Warranty",
        body="<p>We replace faulty goods.</p>",
        audience=Audience.agents(),
    )
    shop.add(restricted)
    assert first(shop, ZIP) == "parka"
    assert first(shop, ZIP, Reader.agent()) == "warranty"
    shop.indexer.remove("help", ["warranty"])
    assert first(shop, ZIP, Reader.agent()) == "parka"
    shop.add(restricted)
    assert first(shop, ZIP, Reader.agent()) == "warranty"


def test_a_ticket_teaches_with_its_batch_and_unteaches_with_its_removal(
    shop: Knowledge,
) -> None:
    shop.add(
        document("article:7:en", translation_group="article:7", title="Care", body="<p>Wax.</p>")
    )
    trust(shop)
    ticket = document(
        "ticket:1",
        kind="ticket",
        source="tickets",
        audience=Audience.agents(),
        metadata={"question": ZIP, "linked_articles": '["7"]'},
    )
    with shop.pool.connection() as connection:
        connection.execute("INSERT INTO sources (name, kind) VALUES ('tickets', 'files')")
    for result in shop.indexer.index([ticket]):  # not finished yet
        assert result.outcome == "added"
    assert first(shop, ZIP) == "article:7:en"
    shop.indexer.remove("tickets", ["ticket:1"])
    assert first(shop, ZIP) == "parka"
    assert shop.rows(f"SELECT FROM memory_{shop.index.id}") == []


def test_a_pair_that_is_forgotten_while_it_is_learnt_is_not_learnt(
    shop: Knowledge, embedder: Embedder
) -> None:
    memory = QuestionMemory(pool=shop.pool)
    memory.give([GivenPair(question=each, document_ids=("parka",)) for each in (ZIP, DUTCH)])

    class Forgetful:
        """Somebody removes the first pair while its question is read."""

        def __getattr__(self, name: str) -> object:
            return getattr(embedder, name)

        def embed_query(self, text: str) -> object:
            if text == ZIP:
                shop.rows("DELETE FROM question_memory WHERE question = %s RETURNING 1", [ZIP])
            return embedder.embed_query(text)

    learn(shop.pool, shop.index, Forgetful())  # type: ignore[arg-type]  # what learn asks of it
    assert len(shop.rows(f"SELECT FROM memory_{shop.index.id}")) == 1
    assert learn(shop.pool, shop.index, embedder) == 0


def test_trust_is_measured_on_the_pairs_themselves_when_they_changed_enough(
    shop: Knowledge, embedder: Embedder
) -> None:
    memory = QuestionMemory(pool=shop.pool)

    def given_pairs(numbers: range, found: str) -> None:
        memory.give(
            [
                GivenPair(question=f"The zipper of my coat {n} broke", document_ids=(found,))
                for n in numbers
            ]
        )

    given_pairs(range(20), "warranty")
    keep_up(shop.pool, shop.index, embedder)
    ((trusted, measured),) = shop.rows(
        "SELECT memory_trust, memory_measured_on FROM embedding_indexes"
    )
    assert measured == 20
    assert isinstance(trusted, float)
    assert trusted > 0  # they all lead to one article, which no word of theirs finds
    given_pairs(range(20, 21), "warranty")
    learn(shop.pool, shop.index, embedder)
    assert measure(shop.pool, shop.index, embedder) is None
    given_pairs(range(21, 30), "warranty")
    learn(shop.pool, shop.index, embedder)
    assert measure(shop.pool, shop.index, embedder) is not None


# From here on: answers that people confirmed, refused or put right.


@pytest.fixture
def desk(shop: Knowledge) -> SupportDesk:
    return SupportDesk(
        retriever=shop.retriever,
        engine=ExtractiveEngine(),
        fallback=None,
        recorder=Records(pool=shop.pool),
        language=LanguageDetector(default="en"),
        evidence_needed=0.0,
    )


def answered(desk: SupportDesk) -> UUID:
    question = Question(text="Is my parka warm in winter?", reader=Reader.customer(), surface="cli")
    outcome = desk.respond(question)
    assert outcome.statements
    return question.id


def remembered(knowledge: Knowledge) -> list[tuple[str, float, tuple[str, ...]]]:
    pairs = QuestionMemory(pool=knowledge.pool).pairs()
    return [(each.origin, each.weight, each.article_ids) for each in pairs]


def test_what_people_say_of_an_answer_is_remembered_until_somebody_disagrees(
    shop: Knowledge, desk: SupportDesk, embedder: Embedder
) -> None:
    feedback, question = Feedback(pool=shop.pool), answered(desk)
    assert remembered(shop) == []
    feedback.rate(question, surface="slack", person="U1", helpful=True)
    assert remembered(shop) == [("confirmed", 0.5, ("=help/parka",))]
    assert shop.rows("SELECT task_name FROM procrastinate_jobs") == [("memory.learn",)]
    LearnJob(pool=shop.pool, live=lambda: shop.index, model_of=lambda _: embedder).run()
    assert len(shop.rows(f"SELECT FROM memory_{shop.index.id}")) == 1
    feedback.rate(question, surface="slack", person="U2", helpful=False, reasons=["incorrect"])
    assert remembered(shop) == []
    assert shop.rows(f"SELECT FROM memory_{shop.index.id}") == []


def test_a_correction_counts_more_and_stays(shop: Knowledge, desk: SupportDesk) -> None:
    memory, question = QuestionMemory(pool=shop.pool), answered(desk)
    memory.correct(question, document_ids=["warranty"], actor=SYSTEM)
    Feedback(pool=shop.pool).rate(question, surface="slack", person="U1", helpful=False)
    Feedback(pool=shop.pool).rate(question, surface="slack", person="U1", helpful=True)
    assert remembered(shop) == [("corrected", 2.0, ("=help/warranty",))]
    assert memory.counts() == {"corrected": 1}
    entry = Audit(pool=shop.pool).latest(action="answer corrected")[0]
    assert entry.after == {"articles": ["=help/warranty"]}
    with pytest.raises(InputRejected, match="no article nowhere"):
        memory.correct(question, document_ids=["nowhere"], actor=SYSTEM)
    with pytest.raises(InputRejected, match="not on record"):
        memory.correct(UUID(int=1), document_ids=["warranty"], actor=SYSTEM)


@pytest.mark.parametrize(
    "erasure",
    ["DELETE FROM questions RETURNING 1", "UPDATE questions SET text = '[erased]' RETURNING 1"],
)
def test_a_question_that_is_erased_is_forgotten(
    shop: Knowledge, desk: SupportDesk, erasure: str
) -> None:
    question = answered(desk)
    Feedback(pool=shop.pool).rate(question, surface="slack", person="U1", helpful=True)
    assert len(remembered(shop)) == 1
    shop.rows(erasure)
    assert shop.rows("SELECT FROM question_memory") == []


def test_an_index_that_is_gone_remembers_nothing_and_fails_nobody(
    shop: Knowledge, embedder: Embedder
) -> None:
    from indexing.candidates import Search
    from indexing.index import Index

    gone = Index(id=99, model=embedder.name, dimensions=embedder.dimensions)
    search = Search(
        text=ZIP, vector=embedder.embed_query(ZIP), reader=Reader.customer(), locale=None
    )
    with shop.pool.connection() as connection:
        assert recalled(connection, gone, search).opinions == {}
    assert (
        Retriever(pool=shop.pool, index=gone, embedder=embedder, load=lambda _: embedder)
        .search(ZIP, Reader.customer())
        .index
        == shop.index.id
    )
    LearnJob(pool=shop.pool, live=lambda: gone, model_of=lambda _: embedder).run()

"""Only what a reader may read is found, whatever is asked, and translations are preferred."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexing.models import AGENTS, PUBLIC, SIGNED_IN, Audience, Reader, segment
from tests.factories import document

if TYPE_CHECKING:
    from tests.integration.conftest import Knowledge

LABELS = [PUBLIC, SIGNED_IN, AGENTS, segment(1), segment("o'brien"), segment('") OR TRUE --')]
TOPICS = ["jackets", "tents", "gift cards", "refunds", "boots", "invoices", "parcels", "repairs"]

label_sets = st.frozensets(st.sampled_from(LABELS), min_size=1)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    audiences=st.lists(label_sets, min_size=len(TOPICS), max_size=len(TOPICS)),
    reads=st.frozensets(st.sampled_from(LABELS)),
    question=st.sampled_from(TOPICS) | st.text(max_size=40),
)
def test_nothing_outside_the_audience_is_ever_found(
    knowledge: Knowledge,
    audiences: list[frozenset[str]],
    reads: frozenset[str],
    question: str,
) -> None:
    documents = [
        document(
            id=topic,
            title=f"About {topic}",
            body=f"<p>All that we know about {topic}.</p>",
            audience=Audience(labels=labels),
        )
        for topic, labels in zip(TOPICS, audiences, strict=True)
    ]
    knowledge.add(*documents)
    reader = Reader(labels=reads)
    found = knowledge.retriever.retrieve(question, reader, None, 50)
    readable = {each.id for each in documents if reader.may_read(each.audience)}
    assert {each.document_id for each in found} <= readable
    if question.strip():
        assert {each.document_id for each in found} == readable


def test_a_rare_audience_is_not_starved_by_the_vector_index(knowledge: Knowledge) -> None:
    # More documents than are compared one by one, all nearer to the question than the one
    # that this reader may read.
    crowd = [
        document(id=f"crowd-{number}", title="Tent", body="<p>Tent poles.</p>")
        for number in range(1100)
    ]
    hidden = document(
        id="rare", title="Espresso", body="<p>Coffee machine.</p>", audience=Audience.segments(7)
    )
    knowledge.add(*crowd, hidden)
    found = knowledge.retriever.retrieve("Tent poles", Reader(labels=frozenset({segment(7)})))
    assert [each.document_id for each in found] == ["rare"]
    assert len(knowledge.retriever.retrieve("Tent poles", Reader.customer(), None, 10)) == 10


def test_only_the_sources_asked_for_are_searched(knowledge: Knowledge) -> None:
    knowledge.add(document(), document(id="macro", source="macros"))
    found = knowledge.retriever.retrieve(
        "return an item", Reader.customer(), sources=frozenset({"macros"})
    )
    assert {each.source for each in found} == {"macros"}
    assert not knowledge.retriever.retrieve("return", Reader.customer(), sources=frozenset())


@pytest.fixture
def translated(knowledge: Knowledge) -> Knowledge:
    english = document(id="a:en", locale="en-us", translation_group="a")
    german = dataclasses.replace(
        english,
        id="a:de",
        locale="de",
        title="Artikel zurückgeben",
        body="<p>Ungetragene Artikel können Sie 45 Tage lang zurückgeben.</p>",
    )
    knowledge.add(english, german, document(id="b:en", title="Gift cards", body="<p>From 10.</p>"))
    return knowledge


@pytest.mark.parametrize(
    ("question", "locale", "expected"),
    [
        ("How long can I return an item?", "de", "a:de"),
        ("How long can I return an item?", "en", "a:en"),
        ("How long can I return an item?", "en-gb", "a:en"),
        ("How long can I return an item?", "fr", "a:en"),
        ("Wie lange kann ich Artikel zurückgeben?", "de-at", "a:de"),
    ],
)
def test_one_translation_is_found_and_it_is_the_asked_one(
    translated: Knowledge, question: str, locale: str, expected: str
) -> None:
    found = translated.retriever.retrieve(question, Reader.customer(), locale, 10)
    assert found[0].document_id == expected
    assert len({each.document_id for each in found} & {"a:en", "a:de"}) == 1


def test_a_translation_the_reader_may_not_read_does_not_hide_the_other(
    translated: Knowledge,
) -> None:
    german = document(
        id="a:de",
        locale="de",
        translation_group="a",
        title="Artikel",
        body="<p>45 Tage.</p>",
        audience=Audience.agents(),
    )
    translated.add(german)
    found = translated.retriever.retrieve("Artikel zurückgeben", Reader.customer(), "de", 10)
    assert "a:de" not in {each.document_id for each in found}
    assert "a:en" in {each.document_id for each in found}


@pytest.mark.parametrize(
    "question",
    [
        "?", "&|!:*'\"", "a" * 50_000, "return " * 8_000, "NUL \0 byte", "\ud800", "\\", "''", "",
        "   ", "退货期限", "إرجاع", "🧥", "O'Brien & sons <-> (a | b):*",
    ],
)  # fmt: skip
def test_any_question_has_a_sensible_result(knowledge: Knowledge, question: str) -> None:
    knowledge.add(
        document(), document(id="cjk", title="退货", body="<p>退货期限为45天。</p>", locale="zh-cn")
    )
    found = knowledge.retriever.retrieve(question, Reader.customer())
    assert len(found) <= 2
    if question == "退货期限":
        assert found[0].document_id == "cjk"


def test_words_decide_where_meaning_does_not(knowledge: Knowledge) -> None:
    knowledge.add(
        document(id="e-102", title="Error E-102", body="<p>The stove's igniter is wet.</p>"),
        document(id="e-207", title="Error E-207", body="<p>The stove's igniter is worn.</p>"),
    )
    found = knowledge.retriever.retrieve("stove shows E-207", Reader.customer())
    assert found[0].document_id == "e-207"
    assert found[0].lexical > found[1].lexical


def test_the_word_counts_follow_the_index(knowledge: Knowledge) -> None:
    knowledge.add(document(), document(id="other", title="Returns desk"))
    counted = knowledge.rows("SELECT passages FROM lexeme_frequencies WHERE lexeme = 'return'")
    assert counted == [(2,)]
    assert knowledge.rows("SELECT language, passages FROM index_languages") == [("english", 2)]

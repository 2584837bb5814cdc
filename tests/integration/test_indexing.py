"""Documents become passages in one transaction each, and only what changed costs anything."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from indexing.index import Index
from indexing.models import Audience, Reader
from tests.factories import document

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from tests.integration.conftest import Knowledge

TWO_SECTIONS = """
<h2 id="window">How long</h2><p>You have 45 days to return a jacket.</p>
<h2 id="cost">What it costs</h2><p>Returns are free within the country.</p>
"""

PASSAGES = "SELECT id, xmin::text, ordinal, anchor, text FROM {passages} ORDER BY ordinal"


def test_a_new_document_is_found_with_its_anchor(knowledge: Knowledge) -> None:
    (result,) = knowledge.add(document(body=TWO_SECTIONS))
    assert (result.outcome, result.passages, result.embedded) == ("added", 2, 2)
    (first, *_) = knowledge.retriever.retrieve("How long to return a jacket?", Reader.customer())
    assert first.text == "You have 45 days to return a jacket."
    assert first.link == "https://help.example.com/articles/returns#window"


def test_an_unchanged_document_is_neither_embedded_nor_written(knowledge: Knowledge) -> None:
    knowledge.add(document(body=TWO_SECTIONS))
    before = knowledge.rows("SELECT xmin::text FROM documents") + knowledge.rows(PASSAGES)
    (result,) = knowledge.add(document(body=TWO_SECTIONS))
    assert (result.outcome, result.embedded) == ("unchanged", 0)
    assert knowledge.rows("SELECT xmin::text FROM documents") + knowledge.rows(PASSAGES) == before


def test_a_change_of_metadata_touches_no_passage(knowledge: Knowledge) -> None:
    original = document(body=TWO_SECTIONS)
    knowledge.add(original)
    before = knowledge.rows(PASSAGES)
    moved = dataclasses.replace(
        original, audience=Audience.agents(), labels=("it's", "new"), url="https://x.example/r"
    )
    (result,) = knowledge.add(moved)
    assert (result.outcome, result.embedded) == ("changed", 0)
    assert knowledge.rows(PASSAGES) == before
    assert knowledge.retriever.retrieve("return a jacket", Reader.customer()) == ()
    (found, *_) = knowledge.retriever.retrieve("return a jacket", Reader.agent())
    assert found.url == "https://x.example/r"


def test_only_passages_whose_text_changed_are_embedded(knowledge: Knowledge) -> None:
    knowledge.add(document(body=TWO_SECTIONS))
    before = knowledge.rows(PASSAGES)
    edited = TWO_SECTIONS.replace("45 days", "60 days")
    (result,) = knowledge.add(document(body=edited))
    assert (result.outcome, result.passages, result.embedded) == ("changed", 2, 1)
    after = knowledge.rows(PASSAGES)
    assert after[1] == before[1]
    assert after[0][4] == "You have 60 days to return a jacket."


def test_a_passage_that_only_moved_keeps_its_vector(knowledge: Knowledge) -> None:
    knowledge.add(document(body=TWO_SECTIONS))
    vectors = "SELECT id, embedding::text FROM {passages} WHERE anchor = 'cost'"
    before = knowledge.rows(vectors)
    inserted = TWO_SECTIONS.replace('<h2 id="cost">', '<h2>Where</h2><p>By post.</p><h2 id="cost">')
    (result,) = knowledge.add(document(body=inserted))
    assert result.embedded == 1
    assert knowledge.rows(vectors) == before
    assert [row[2] for row in knowledge.rows(PASSAGES)] == [0, 1, 2]


def test_a_document_that_cannot_be_indexed_leaves_what_was_there(knowledge: Knowledge) -> None:
    knowledge.add(document(body=TWO_SECTIONS))
    before = knowledge.rows(PASSAGES)
    results = knowledge.add(document(body="<style>p{}</style>"), document(id="other"))
    assert [each.outcome for each in results] == ["failed", "added"]
    assert results[0].reason
    assert set(before) <= set(knowledge.rows(PASSAGES))


def test_what_a_document_said_before_is_for_those_who_may_read_it_now(
    knowledge: Knowledge,
) -> None:
    knowledge.add(document(body=TWO_SECTIONS))
    (result,) = knowledge.add(document(body="<p> </p>", audience=Audience.agents()))
    assert result.outcome == "failed"
    assert knowledge.retriever.retrieve("return a jacket", Reader.customer()) == ()
    assert knowledge.retriever.retrieve("return a jacket", Reader.agent())


def test_a_removed_document_is_gone(knowledge: Knowledge) -> None:
    knowledge.add(document(), document(id="other", title="Gift cards"))
    assert knowledge.indexer.remove("help", ["returns", "unknown"]) == ["returns"]
    found = knowledge.retriever.retrieve("return an item", Reader.agent())
    assert {each.document_id for each in found} == {"other"}
    assert knowledge.rows("SELECT count(*) FROM {passages}") == [(1,)]


def test_the_same_id_may_come_twice_and_the_last_one_counts(knowledge: Knowledge) -> None:
    results = knowledge.add(document(), document(title="Sending back an item"))
    assert [each.outcome for each in results] == ["added", "changed"]
    assert knowledge.rows("SELECT title FROM documents") == [("Sending back an item",)]


def test_sources_may_share_an_id_and_a_url(knowledge: Knowledge) -> None:
    knowledge.add(document(), document(source="files", title="Sending back an item"))
    found = knowledge.retriever.retrieve("return an item", Reader.customer())
    assert {each.source for each in found} == {"help", "files"}
    assert len({each.chunk_id for each in found}) == 2


@pytest.mark.parametrize(
    "body",
    [
        "<p>Zero\u200bwidth and \x00 NUL and \ud800 surrogate</p>",
        "<p>مهلة الإرجاع هي 45 يومًا من تاريخ التسليم.</p>",
        "<p>退货期限为收货后45天。夹克必须未穿过。</p>",
        "<p>🧥 Jackets ↩️ 45 days</p>",
        "<p><b>Broken <i>markup</b> <table><tr><td>45 days",
    ],
    ids=["unstorable", "right-to-left", "cjk", "emoji", "broken"],
)
def test_awkward_text_is_indexed(knowledge: Knowledge, body: str) -> None:
    (result,) = knowledge.add(document(body=body, title="A \x00title"))
    assert result.outcome == "added"
    assert knowledge.retriever.retrieve("45", Reader.customer())


def test_an_index_that_is_there_is_opened_whatever_model_is_set(
    knowledge: Knowledge, pool: ConnectionPool
) -> None:
    assert Index.open(pool, model="another-model", dimensions=8) == knowledge.index

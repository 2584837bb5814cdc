"""llama-index reads the live index through its own classes, and only what a reader may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexing.errors import IndexingError
from indexing.models import Audience, Reader
from tests.factories import document

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.integration.conftest import Knowledge

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def stocked(knowledge: Knowledge) -> Knowledge:
    secret = Audience.agents()
    knowledge.add(document(), document(id="secret", title="Return fraud", audience=secret))
    return knowledge


def test_a_vector_store_index_works_over_our_tables(
    stocked: Knowledge, embedder: Embedder, database_url: str
) -> None:
    from llama_index.core import VectorStoreIndex

    from indexing.llama import PassageVectorStore

    def found(reader: Reader) -> set[str]:
        store = PassageVectorStore(url=database_url, index=stocked.index, reader=reader)
        index = VectorStoreIndex.from_vector_store(store, embed_model=embedder.model)
        nodes = index.as_retriever(similarity_top_k=5).retrieve("returning an item")
        store.client.dispose()
        return {each.metadata["document_id"] for each in nodes}

    assert found(Reader.customer()) == {"returns"}
    assert found(Reader.agent()) == {"returns", "secret"}


def test_what_cannot_be_filtered_or_kept_whole_is_refused(
    stocked: Knowledge, database_url: str
) -> None:
    from llama_index.core.vector_stores import MetadataFilter, MetadataFilters, VectorStoreQuery

    from indexing.llama import PassageVectorStore, WrittenElsewhere

    store = PassageVectorStore(url=database_url, index=stocked.index, reader=Reader.customer())
    with pytest.raises(WrittenElsewhere):
        store.add([])
    with pytest.raises(WrittenElsewhere):
        store.delete("returns")
    with pytest.raises(IndexingError, match="reader"):
        store.get_nodes()
    filters = MetadataFilters(filters=[MetadataFilter(key="source", value="' OR '1'='1")])
    query = VectorStoreQuery(query_embedding=[0.1] * stocked.index.dimensions, filters=filters)
    with pytest.raises(IndexingError, match="not supported"):
        store.query(query)
    store.client.dispose()


def test_our_retriever_serves_llama_index(stocked: Knowledge) -> None:
    from indexing.llama import PassageRetriever

    retriever = PassageRetriever(retriever=stocked.retriever, reader=Reader.customer())
    (node,) = retriever.retrieve("returning an item")
    assert node.metadata["document_id"] == "returns"
    assert node.metadata["url"] == "https://help.example.com/articles/returns"

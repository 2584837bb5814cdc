"""The index as llama-index sees it: a vector store and a retriever over the same tables.

This is the ecosystem's door. `VectorStoreIndex.from_vector_store(PassageVectorStore(...))`
and every query engine, evaluator or postprocessor of llama-index work on the live index, with
the reader's filter applied in the database. Answers do not pass through it: llama-index takes
seconds to import and its hybrid query neither fuses nor filters safely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import sqlalchemy
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.vector_stores.postgres import PGVectorStore
from sqlalchemy.dialects import postgresql

from indexing.errors import IndexingError

if TYPE_CHECKING:
    from sqlalchemy.sql.selectable import Select

    from indexing.index import Index
    from indexing.models import Passage, Reader
    from indexing.retrieval import Retriever


class WrittenElsewhere(IndexingError):
    """This store only reads: documents come in through indexing.pipeline.Indexer, which keeps
    a document and its passages in one transaction."""


class PassageVectorStore(PGVectorStore):
    """llama-index's PostgreSQL vector store, reading the passages that one reader may read.

    It reads the view `data_passages_<index>`; its own set-up and writes are switched off,
    because they would neither be atomic per document nor know who may read what. Metadata
    filters are refused: PGVectorStore formats their values into SQL.
    """

    def __init__(self, *, url: str, index: Index, reader: Reader) -> None:
        address = sqlalchemy.make_url(url)
        super().__init__(
            connection_string=_with_driver(address, "postgresql+psycopg"),
            async_connection_string=_with_driver(address, "postgresql+psycopg"),
            table_name=f"passages_{index.id}",
            embed_dim=index.dimensions,
            use_halfvec=True,
            use_jsonb=True,
            perform_setup=False,
            customize_query_fn=_only_for(reader),
        )

    @classmethod
    def class_name(cls) -> str:
        return "PassageVectorStore"

    def _build_filter_clause(self, filter_: Any) -> NoReturn:
        raise IndexingError(
            "Metadata filters are not supported on this store: choose the reader and the "
            "sources instead."
        )

    def add(self, nodes: Any, **add_kwargs: Any) -> NoReturn:
        raise WrittenElsewhere

    async def async_add(self, nodes: Any, **kwargs: Any) -> NoReturn:
        raise WrittenElsewhere

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> NoReturn:
        raise WrittenElsewhere

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> NoReturn:
        raise WrittenElsewhere

    def get_nodes(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise IndexingError("Nodes can only be asked for by a query: get_nodes has no reader.")

    async def aget_nodes(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise IndexingError("Nodes can only be asked for by a query: aget_nodes has no reader.")

    def delete_nodes(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise WrittenElsewhere

    async def adelete_nodes(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise WrittenElsewhere

    def clear(self) -> NoReturn:
        raise WrittenElsewhere

    async def aclear(self) -> NoReturn:
        raise WrittenElsewhere


class PassageRetriever(BaseRetriever):
    """Our retriever for llama-index query engines: the same passages that answers are made of."""

    def __init__(
        self, *, retriever: Retriever, reader: Reader, locale: str | None = None, k: int = 8
    ) -> None:
        self._retriever = retriever
        self._reader = reader
        self._locale = locale
        self._k = k
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        passages = self._retriever.retrieve(
            query_bundle.query_str, self._reader, self._locale, self._k
        )
        return [NodeWithScore(node=_node(each), score=each.score) for each in passages]


def _node(passage: Passage) -> TextNode:
    return TextNode(
        id_=passage.chunk_id,
        text=passage.text,
        metadata={
            "document_id": passage.document_id,
            "source": passage.source,
            "title": passage.title,
            "url": passage.link,
            "heading_path": list(passage.heading_path),
        },
    )


def _only_for(reader: Reader) -> Any:
    """A bound condition on every dense query; the view carries the audience column."""
    labels = sqlalchemy.bindparam(
        "reads", sorted(reader.labels), type_=postgresql.ARRAY(sqlalchemy.Text)
    )
    readable = sqlalchemy.literal_column("audience", postgresql.ARRAY(sqlalchemy.Text)).overlap(
        labels
    )

    def restrict(statement: Select[Any], table: Any, **kwargs: Any) -> Select[Any]:
        return statement.where(readable)

    return restrict


def _with_driver(url: sqlalchemy.URL, driver: str) -> str:
    return url.set(drivername=driver).render_as_string(hide_password=False)

"""The baseline: llama-index's own pipeline over PostgreSQL, set up as its documentation does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.schema import TextNode
from llama_index.vector_stores.postgres import PGVectorStore
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.base.embeddings.base import BaseEmbedding

    from indexing.index import Index
    from indexing.models import Chunk

TABLE = "stock"
HNSW = {"hnsw_m": 16, "hnsw_ef_construction": 128, "hnsw_ef_search": 100}

_COPY = """
INSERT INTO data_stock (text, metadata_, node_id, embedding)
SELECT document.title || E'\\n' || array_to_string(passage.heading_path, ' > ') || E'\\n'
           || passage.text,
       json_build_object(
           '_node_type', 'TextNode',
           '_node_content', json_build_object('id_', passage.id, 'metadata', '{{}}'::json)::text
       ),
       passage.id, passage.embedding::vector
FROM {passages} AS passage JOIN documents AS document ON document.pk = passage.document_pk
"""

_VECTOR_INDEX = """
CREATE INDEX data_stock_embedding_idx ON data_stock
USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 128)
"""


def store(url: str, *, dimensions: int, vector_index: bool = True) -> PGVectorStore:
    """PGVectorStore with hybrid search on and the same HNSW parameters as ours."""
    parts = conninfo_to_dict(url)
    return PGVectorStore.from_params(
        host=str(parts["host"]),
        port=str(parts.get("port") or 5432),
        database=str(parts["dbname"]),
        user=str(parts["user"]),
        password=str(parts.get("password") or ""),
        table_name=TABLE,
        embed_dim=dimensions,
        hybrid_search=True,
        text_search_config="english",
        hnsw_kwargs=dict(HNSW) if vector_index else None,
    )


def index_chunks(
    url: str, chunks: Sequence[Sequence[Chunk]], embedding: BaseEmbedding, *, dimensions: int
) -> None:
    """Embeds and stores these chunks as VectorStoreIndex does."""
    nodes = [
        TextNode(id_=f"{number}-{each.ordinal}", text=each.embedded_text)
        for number, document in enumerate(chunks)
        for each in document
    ]
    context = StorageContext.from_defaults(vector_store=store(url, dimensions=dimensions))
    VectorStoreIndex(nodes, storage_context=context, embed_model=embedding)


def copy_of(url: str, index: Index) -> None:
    """The rows of our index in the stock table, with the stock vector index over them."""
    made = store(url, dimensions=index.dimensions, vector_index=False)
    made.add([])  # makes the table
    with psycopg.connect(url) as connection:
        connection.execute(sql.SQL(_COPY).format(passages=index.table))
        connection.execute(_VECTOR_INDEX)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE data_stock")


def hybrid_retriever(
    url: str, embedding: BaseEmbedding, *, dimensions: int, k: int
) -> BaseRetriever:
    """The stock hybrid retriever: embeds the question, asks both ways, joins the two lists."""
    index = VectorStoreIndex.from_vector_store(
        store(url, dimensions=dimensions), embed_model=embedding
    )
    return index.as_retriever(vector_store_query_mode="hybrid", similarity_top_k=k, sparse_top_k=k)

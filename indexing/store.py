"""Writes documents and their passages, each document whole.

Readers see a document's old passages or its new ones, never none and never both. A passage
whose text did not change keeps its row and its vector; a change of metadata alone touches no
passage at all, because who may read a document is decided on the document's row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgvector import HalfVector
from psycopg import sql
from psycopg.types.json import Jsonb

from indexing.errors import IndexReplaced
from indexing.lexical import (
    BM25_AVERAGE_LENGTH,
    BM25_B,
    BM25_K1,
    searchable,
    text_search_language,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from psycopg import Connection

    from indexing.index import Index
    from indexing.models import Chunk, Document

# Part of every content hash: raise it when the same body must be chunked or embedded anew.
CONTENT_VERSION = 1

_HASHES = """
SELECT id, content_hash, metadata_hash FROM documents
WHERE source = %(source)s AND id = ANY(%(ids)s)
"""

# The index's row is read and locked in the same statement: a swap of indexes waits until this is
# written, or this notices that the index is no longer live, writes nothing and returns no row.
_UPSERT_DOCUMENT = """
WITH live AS (
    SELECT FROM embedding_indexes WHERE id = %(index)s AND state = 'live' FOR SHARE
)
INSERT INTO documents (
    source, id, kind, title, body, media_type, locale, url, audience, translation_group,
    heading_path, labels, promoted, edited_at, metadata, content_hash, metadata_hash
)
SELECT %(source)s, %(id)s, %(kind)s, %(title)s, %(body)s, %(media_type)s, %(locale)s, %(url)s,
       %(audience)s, %(translation_group)s, %(heading_path)s, %(labels)s, %(promoted)s,
       %(edited_at)s, %(metadata)s, %(content_hash)s, %(metadata_hash)s
FROM live
ON CONFLICT (source, id) DO UPDATE SET
    kind = excluded.kind, title = excluded.title, body = excluded.body,
    media_type = excluded.media_type, locale = excluded.locale, url = excluded.url,
    audience = excluded.audience, translation_group = excluded.translation_group,
    heading_path = excluded.heading_path, labels = excluded.labels,
    promoted = excluded.promoted, edited_at = excluded.edited_at, metadata = excluded.metadata,
    content_hash = excluded.content_hash, metadata_hash = excluded.metadata_hash,
    indexed_at = now()
RETURNING pk
"""

_UPDATE_METADATA = """
UPDATE documents SET
    kind = %(kind)s, url = %(url)s, audience = %(audience)s,
    translation_group = %(translation_group)s, heading_path = %(heading_path)s,
    labels = %(labels)s, promoted = %(promoted)s, edited_at = %(edited_at)s,
    metadata = %(metadata)s, metadata_hash = %(metadata_hash)s, indexed_at = now()
WHERE source = %(source)s AND id = %(id)s
"""

_PASSAGE_IDS = """
SELECT p.id FROM {passages} p JOIN documents d ON d.pk = p.document_pk
WHERE d.source = %(source)s AND d.id = %(id)s
"""

_DELETE_PASSAGES = "DELETE FROM {passages} WHERE document_pk = %s AND id <> ALL(%s)"

_MOVE_PASSAGES = """
UPDATE {passages} p SET ordinal = kept.ordinal, anchor = kept.anchor
FROM unnest(%(ids)s::text[], %(ordinals)s::integer[], %(anchors)s::text[])
     AS kept (id, ordinal, anchor)
WHERE p.document_pk = %(document_pk)s AND p.id = kept.id
  AND (p.ordinal, p.anchor) IS DISTINCT FROM (kept.ordinal, kept.anchor)
"""

_INSERT_PASSAGE = """
INSERT INTO {passages} (
    document_pk, id, ordinal, heading_path, anchor, text, tokens, language, embedding,
    search, terms
)
SELECT %(document_pk)s, %(id)s, %(ordinal)s, %(heading_path)s, %(anchor)s, %(text)s, %(tokens)s,
       %(language)s, %(embedding)s, search,
       bm25_terms(search, %(k1)s::real, %(b)s::real, %(average_length)s::real)
FROM to_tsvector(%(language)s::regconfig, %(searchable)s) AS search
"""

_KNOW_LANGUAGE = """
INSERT INTO index_languages (index_id, language, passages) VALUES (%s, %s, 1)
ON CONFLICT DO NOTHING
"""

_DELETE_DOCUMENTS = """
DELETE FROM documents WHERE source = %(source)s AND id = ANY(%(ids)s) RETURNING id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hashes:
    """What decides whether a document must be embedded again, rewritten, or left alone."""

    content: bytes
    metadata: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """A document and the chunks that become its passages. `vectors` maps the id of each chunk that
    is not in the index yet to its unit vector of shape (dimensions,)."""

    document: Document
    chunks: Sequence[Chunk]
    vectors: Mapping[str, NDArray[np.float32]]


def hashes(document: Document) -> Hashes:
    """Hashes of what is embedded or shown, and of everything else about the document."""
    return Hashes(
        content=_digest(
            CONTENT_VERSION,
            document.title,
            document.body,
            document.media_type,
            text_search_language(document.locale),
            document.locale,
        ),
        metadata=_digest(
            document.kind,
            document.url,
            sorted(document.audience.labels),
            document.translation_group,
            document.heading_path,
            document.labels,
            document.promoted,
            document.edited_at.isoformat() if document.edited_at else None,
            sorted(document.metadata.items()),
        ),
    )


def _digest(*parts: object) -> bytes:
    text = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).digest()


class PassageStore:
    """The tables behind one index. Every method runs in the caller's transaction."""

    def __init__(self, *, index: Index) -> None:
        self.index = index

    def known_hashes(
        self, connection: Connection, source: str, ids: Sequence[str]
    ) -> Mapping[str, Hashes]:
        """Hashes of those of these documents that are indexed, by id."""
        rows = connection.execute(_HASHES, {"source": source, "ids": list(ids)})
        return {row[0]: Hashes(content=row[1], metadata=row[2]) for row in rows}

    def passage_ids(self, connection: Connection, document: Document) -> frozenset[str]:
        """Ids of the passages that this document has in the index now."""
        rows = connection.execute(
            self._sql(_PASSAGE_IDS), {"source": document.source, "id": document.id}
        )
        return frozenset(row[0] for row in rows)

    def update_metadata(self, connection: Connection, document: Document) -> None:
        """Rewrites the document's row and no passage."""
        connection.execute(_UPDATE_METADATA, _document_row(document))

    def replace(self, connection: Connection, writes: Sequence[Write]) -> None:
        """Makes these chunks the documents' passages, all of them or none. Raises IndexReplaced
        when another index is live."""
        values = [{**_document_row(each.document), "index": self.index.id} for each in writes]
        keys = self._keys(connection, _UPSERT_DOCUMENT, values)
        if None in keys:
            raise IndexReplaced
        self.put(connection, keys, writes)

    def put(
        self, connection: Connection, keys: Sequence[int | None], writes: Sequence[Write]
    ) -> None:
        """The same for the passages alone, in whatever state the index is; `keys` are those of the
        documents' rows, None for what is left as it is."""
        found = [(key, each) for key, each in zip(keys, writes, strict=True) if key is not None]
        deletions = [(key, [chunk.id for chunk in each.chunks]) for key, each in found]
        with connection.pipeline(), connection.cursor() as cursor:
            cursor.executemany(self._sql(_DELETE_PASSAGES), deletions)
            cursor.executemany(self._sql(_MOVE_PASSAGES), _moves(found))
            cursor.executemany(self._sql(_INSERT_PASSAGE), _rows(found))
            languages = {text_search_language(each.document.locale) for _, each in found}
            cursor.executemany(
                _KNOW_LANGUAGE, [(self.index.id, each) for each in sorted(languages)]
            )

    def _keys(
        self, connection: Connection, statement: str, values: Sequence[Mapping[str, object]]
    ) -> list[int | None]:
        """The first column of the row that the statement returns for each of the values."""
        with connection.cursor() as cursor:
            cursor.executemany(statement, values, returning=True)
            rows = [each.fetchone() for each in cursor.results()]
        return [None if row is None else row[0] for row in rows]

    def delete(self, connection: Connection, source: str, ids: Iterable[str]) -> list[str]:
        """Removes documents with their passages; returns the ids that were there."""
        rows = connection.execute(_DELETE_DOCUMENTS, {"source": source, "ids": list(ids)})
        return [row[0] for row in rows]

    def _sql(self, text: str) -> sql.Composed:
        return sql.SQL(text).format(passages=self.index.table)


def _moves(found: Sequence[tuple[int, Write]]) -> list[dict[str, object]]:
    """For the passages that stay, where they stand now."""
    moves: list[dict[str, object]] = []
    for key, write in found:
        kept = [each for each in write.chunks if each.id not in write.vectors]
        if kept:
            moves.append(
                {
                    "document_pk": key,
                    "ids": [each.id for each in kept],
                    "ordinals": [each.ordinal for each in kept],
                    "anchors": [each.anchor for each in kept],
                }
            )
    return moves


def _rows(found: Sequence[tuple[int, Write]]) -> list[dict[str, object]]:
    """The passages that are new."""
    return [
        {
            "document_pk": key,
            "id": each.id,
            "ordinal": each.ordinal,
            "heading_path": list(each.heading_path),
            "anchor": each.anchor,
            "text": each.text,
            "tokens": each.tokens,
            "language": text_search_language(write.document.locale),
            "embedding": HalfVector(write.vectors[each.id]),
            "searchable": searchable(each.embedded_text),
            "k1": BM25_K1,
            "b": BM25_B,
            "average_length": BM25_AVERAGE_LENGTH,
        }
        for key, write in found
        for each in write.chunks
        if each.id in write.vectors
    ]


def _document_row(document: Document) -> dict[str, object]:
    known = hashes(document)
    return {
        "source": document.source,
        "id": document.id,
        "kind": document.kind,
        "title": document.title,
        "body": document.body,
        "media_type": document.media_type,
        "locale": document.locale,
        "url": document.url,
        "audience": sorted(document.audience.labels),
        "translation_group": document.translation_group,
        "heading_path": list(document.heading_path),
        "labels": list(document.labels),
        "promoted": document.promoted,
        "edited_at": document.edited_at,
        "metadata": Jsonb(dict(document.metadata)),
        "content_hash": known.content,
        "metadata_hash": known.metadata,
    }

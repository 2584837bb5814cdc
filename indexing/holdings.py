"""What an index beside the live one holds, and what it still lacks.

The live index always holds every document as it is, because documents are only written together
with their passages there. For any other index a row per document says which content it holds, so
that a build can be killed and resumed, and a retired index can catch up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from indexing.index import Index, State
from indexing.models import Audience, Document
from indexing.store import Hashes, PassageStore, Write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

# How many documents are read at a time: their bodies may be large.
_READ = 64

_LACKING = """
SELECT d.source, d.id, d.kind, d.title, d.body, d.media_type, d.locale, d.url, d.audience,
       d.translation_group, d.heading_path, d.labels, d.promoted, d.edited_at, d.metadata
FROM documents d
LEFT JOIN indexed_documents held ON held.document_pk = d.pk AND held.index_id = %(index)s
WHERE (d.source, d.id) > (%(source)s, %(id)s)
  AND held.content_hash IS DISTINCT FROM d.content_hash
ORDER BY d.source, d.id LIMIT %(limit)s
"""

_HELD = """
SELECT d.id FROM documents d JOIN indexed_documents held ON held.document_pk = d.pk
WHERE held.index_id = %(index)s AND d.source = %(source)s AND d.id = ANY(%(ids)s)
"""

# Only if the document is still what its passages were made of; else the next pass meets it again.
_HOLD = """
INSERT INTO indexed_documents (document_pk, index_id, content_hash)
SELECT pk, %(index)s, content_hash FROM documents
WHERE source = %(source)s AND id = %(id)s AND title = %(title)s AND body = %(body)s
  AND media_type = %(media_type)s AND locale = %(locale)s
FOR KEY SHARE
ON CONFLICT (document_pk, index_id) DO UPDATE SET content_hash = excluded.content_hash
RETURNING document_pk
"""

# Left out where it is known already, so that a second run under a lock is short.
_HOLD_ALL = """
INSERT INTO indexed_documents (document_pk, index_id, content_hash)
SELECT d.pk, %(index)s, d.content_hash FROM documents d
WHERE NOT EXISTS (SELECT FROM indexed_documents held WHERE held.document_pk = d.pk
                  AND held.index_id = %(index)s AND held.content_hash = d.content_hash)
FOR KEY SHARE OF d
ON CONFLICT (document_pk, index_id) DO UPDATE SET content_hash = excluded.content_hash
"""

_STATES = """
SELECT own.id, own.model, own.dimensions, own.state, own.since, own.set_aside, own.problem,
       CASE WHEN own.state = 'live' THEN every.documents ELSE (
           SELECT count(*) FROM indexed_documents held
           JOIN documents d ON d.pk = held.document_pk AND d.content_hash = held.content_hash
           WHERE held.index_id = own.id
       ) END AS documents,
       every.documents AS total
FROM embedding_indexes own CROSS JOIN (SELECT count(*) AS documents FROM documents) AS every
ORDER BY own.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexState:
    """An index and how far it is: `documents` of `total` are in it as they are now. `since` is
    when its state began; one that is `set_aside` was rolled back from; `problem` is why the last
    attempt to build it failed, or ""."""

    index: Index
    state: State
    documents: int
    total: int
    since: datetime
    set_aside: bool
    problem: str


def index_states(connection: Connection[Any]) -> tuple[IndexState, ...]:
    """Every index, the oldest first."""
    rows = connection.execute(_STATES).fetchall()
    return tuple(
        IndexState(
            index=Index(id=row[0], model=row[1], dimensions=row[2]),
            state=row[3],
            since=row[4],
            set_aside=row[5],
            problem=row[6],
            documents=row[7],
            total=row[8],
        )
        for row in rows
    )


def switch_wanted(connection: Connection[Any], model: str) -> bool:
    """Whether another model's index is live, and this one's was not rolled back from."""
    states = index_states(connection)
    live = next((each for each in states if each.state == "live"), None)
    if live is None or live.index.model == model:
        return False
    return not any(each.set_aside for each in states if each.index.model == model)


def hold_all(connection: Connection[Any], index: Index) -> None:
    """Writes down that this index, which is live, holds every document as it is."""
    connection.execute(_HOLD_ALL, {"index": index.id})


def lacking(connection: Connection[Any], index: Index, *, limit: int) -> list[Document]:
    """At most `limit` of the documents that this index does not hold as they are."""
    return _lacking(connection, index, after=("", ""), limit=limit)


def every_lacking(pool: ConnectionPool, index: Index) -> Iterator[Document]:
    """All of them, each once, read a few at a time while they are consumed."""
    after = ("", "")
    while True:
        with pool.connection() as connection:
            found = _lacking(connection, index, after=after, limit=_READ)
        yield from found
        if len(found) < _READ:
            return
        after = (found[-1].source, found[-1].id)


def _lacking(
    connection: Connection[Any], index: Index, *, after: tuple[str, str], limit: int
) -> list[Document]:
    values = {"index": index.id, "source": after[0], "id": after[1], "limit": limit}
    rows = connection.cursor(row_factory=dict_row).execute(_LACKING, values)
    return [
        Document(
            **{
                **row,
                "audience": Audience(labels=frozenset(row["audience"])),
                "heading_path": tuple(row["heading_path"]),
                "labels": tuple(row["labels"]),
            }
        )
        for row in rows
    ]


class BackfillStore(PassageStore):
    """Writes the passages of documents that are there already into an index that is not live."""

    def known_hashes(
        self, connection: Connection, source: str, ids: Sequence[str]
    ) -> Mapping[str, Hashes]:
        """The documents that it holds in whatever state; none of them passes for unchanged."""
        rows = connection.execute(
            _HELD, {"index": self.index.id, "source": source, "ids": list(ids)}
        )
        return {row[0]: Hashes(content=b"", metadata=b"") for row in rows}

    def replace(self, connection: Connection, writes: Sequence[Write]) -> None:
        """Makes these chunks the documents' passages, but for those that have changed since or are
        gone."""
        values = [
            {
                "index": self.index.id,
                "source": each.document.source,
                "id": each.document.id,
                "title": each.document.title,
                "body": each.document.body,
                "media_type": each.document.media_type,
                "locale": each.document.locale,
            }
            for each in writes
        ]
        self.put(connection, self._keys(connection, _HOLD, values), writes)

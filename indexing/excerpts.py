"""A passage where it stands: with the text before and after it, for who wants to check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from indexing.index import Index

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg_pool import ConnectionPool

    from indexing.models import Reader

_DOCUMENT = """
SELECT pk, title, url, kind, heading_path, audience, edited_at, indexed_at
FROM documents
WHERE source = %(source)s AND id = %(document)s AND audience && %(labels)s
"""

_AROUND = """
WITH found AS (
    SELECT ordinal FROM {passages} WHERE document_pk = %(pk)s AND id = %(chunk)s
)
SELECT passage.id, passage.heading_path, passage.anchor, passage.text
FROM {passages} passage, found
WHERE passage.document_pk = %(pk)s
  AND passage.ordinal BETWEEN found.ordinal - 1 AND found.ordinal + 1
ORDER BY passage.ordinal
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """A chunk in its article as it is now. `text` is "" where the article has changed since and
    the chunk is not in it any more; `before` and `after` are its neighbours' texts, "" at the
    article's ends. `indexed_at` is when the article was last written to the index."""

    title: str
    url: str
    kind: str
    path: tuple[str, ...]
    audience: tuple[str, ...]
    edited_at: datetime | None
    indexed_at: datetime
    text: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_there(self) -> bool:
        return bool(self.text)


class Excerpts:
    """Reads them from the live index."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def of(self, source: str, document: str, chunk: str, *, reader: Reader) -> Excerpt | None:
        """None where there is no such document that this reader may read."""
        asked = {"source": source, "document": document, "labels": list(reader.labels)}
        with self._pool.connection() as connection:
            row = connection.execute(_DOCUMENT, asked).fetchone()
            if row is None:
                return None
            statement = sql.SQL(_AROUND).format(passages=Index.live(connection).table)
            around = connection.execute(statement, {"pk": row[0], "chunk": chunk}).fetchall()
        places = [each[0] for each in around]
        here = places.index(chunk) if chunk in places else -1
        inner = around[here] if here >= 0 else None
        return Excerpt(
            title=row[1],
            url=_at(row[2], inner[2] if inner else ""),
            kind=row[3],
            path=(*row[4], *(inner[1] if inner else ())),
            audience=tuple(row[5]),
            edited_at=row[6],
            indexed_at=row[7],
            text=inner[3] if inner else "",
            before=around[here - 1][3] if here > 0 else "",
            after=around[here + 1][3] if 0 <= here < len(around) - 1 else "",
        )


def _at(url: str, anchor: str) -> str:
    return f"{url.split('#', 1)[0]}#{anchor}" if url and anchor else url

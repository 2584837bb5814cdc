"""The documents as the bot knows them: found by what an admin knows of one, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from bot.insight.filters import all_of, storable
from indexing.errors import IndexMissing
from indexing.index import Index
from indexing.lexical import searchable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.insight.viewing import Viewer

PAGE = 50

_MATCHES = 2_000
"""Passages that a word may bring: enough to fill a page, few enough to be quick."""

_WHERE: Mapping[str, LiteralString] = {
    "reads": "audience && %(reads)s::text[]",
    "source": "source = %(source)s",
    "kind": "kind = %(kind)s",
    "locale": "lower(split_part(locale, '-', 1)) = lower(split_part(%(locale)s, '-', 1))",
    "label": "audience @> ARRAY[%(label)s]",
    "place": "pk < %(place)s",
}

_BROWSE = """
SELECT pk, source, kind, id, title, locale, url, audience, edited_at, indexed_at
FROM documents WHERE {where} ORDER BY pk DESC LIMIT {page}
"""

# Titles that hold all of the words go first; then documents by how many passages hold them.
_FIND = """
WITH matching AS (
    SELECT found.document_pk, count(*) AS passages
    FROM (
        SELECT passage.document_pk
        FROM index_languages AS known JOIN {passages} AS passage
            ON passage.language = known.language
           AND passage.search @@ websearch_to_tsquery(known.language::regconfig, %(words)s)
        WHERE known.index_id = {index} LIMIT {matches}
    ) AS found GROUP BY found.document_pk
    UNION ALL
    SELECT pk, 0 FROM documents WHERE id = %(exactly)s OR url = %(exactly)s
)
SELECT pk, source, kind, id, title, locale, url, audience, edited_at, indexed_at
FROM documents JOIN (
    SELECT document_pk, max(passages) AS passages FROM matching GROUP BY document_pk
) AS best ON best.document_pk = pk
WHERE {where}
ORDER BY id = %(exactly)s DESC,
         to_tsvector('simple', title) @@ websearch_to_tsquery('simple', %(words)s) DESC,
         best.passages DESC, pk DESC
LIMIT {page}
"""

# From each combination to the next in the index: as many steps as there are combinations.
_FACETS = """
WITH RECURSIVE known AS (
    (SELECT source, kind, locale FROM documents ORDER BY source, kind, locale LIMIT 1)
    UNION ALL
    SELECT following.source, following.kind, following.locale
    FROM known CROSS JOIN LATERAL (
        SELECT source, kind, locale FROM documents
        WHERE (source, kind, locale) > (known.source, known.kind, known.locale)
        ORDER BY source, kind, locale LIMIT 1
    ) AS following
)
SELECT coalesce(array_agg(DISTINCT source), '{}'), coalesce(array_agg(DISTINCT kind), '{}'),
       coalesce(array_agg(DISTINCT locale), '{}')
FROM known
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """What is looked for; "" is not asked. `words` as in a search box, or an id or address of
    one document; `label` is an audience label that a document has."""

    words: str = ""
    source: str = ""
    kind: str = ""
    locale: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the list. `pk` is the document's key for as long as it is there."""

    pk: int
    source: str
    kind: str
    id: str
    title: str
    locale: str
    url: str
    audience: tuple[str, ...]
    edited_at: datetime | None
    indexed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """One page. `next` is the key below which it goes on, None where it does not: what words
    find is one page, the best first."""

    entries: tuple[Entry, ...]
    next: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facets:
    """What there is to choose from."""

    sources: tuple[str, ...]
    kinds: tuple[str, ...]
    locales: tuple[str, ...]


class Knowledge:
    """Reads the list."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]], page: int = PAGE) -> None:
        self._pool = pool
        self._page = page

    def list(self, sought: Sought, viewer: Viewer, *, place: int | None = None) -> Shelf:
        """What fits and `viewer` may read: without words the newest in the index first, from
        below the key `place` on."""
        words = searchable(sought.words).strip()
        values: dict[str, Any] = {
            "reads": viewer.reads,
            "source": sought.source,
            "kind": sought.kind,
            "locale": sought.locale,
            "label": sought.label,
            "place": place,
            "words": words,
            "exactly": sought.words,
        }
        values = storable(values)
        where = all_of(each for name, each in _WHERE.items() if values[name] not in ("", None))
        with self._pool.connection() as connection:
            rows = self._rows(connection, where, values)
        entries = tuple(map(_entry, rows[: self._page]))
        more = len(rows) > self._page and not words
        return Shelf(entries=entries, next=entries[-1].pk if more else None)

    def facets(self) -> Facets:
        """Sources, kinds and locales of all documents."""
        with self._pool.connection() as connection:
            row = connection.execute(_FACETS).fetchone()
        sources, kinds, locales = (tuple(sorted(each)) for each in row or ((), (), ()))
        return Facets(sources=sources, kinds=kinds, locales=locales)

    def _rows(
        self, connection: Connection[Any], where: sql.Composed, values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        page = sql.Literal(self._page + 1)
        if not values["words"]:
            browse = sql.SQL(_BROWSE).format(where=where, page=page)
            return connection.execute(browse, values).fetchall()
        try:
            index = Index.live(connection)
        except IndexMissing:
            return []
        find = sql.SQL(_FIND).format(
            where=where,
            page=page,
            passages=index.table,
            index=sql.Literal(index.id),
            matches=sql.Literal(_MATCHES),
        )
        return connection.execute(find, values).fetchall()


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(
        pk=row[0],
        source=row[1],
        kind=row[2],
        id=row[3],
        title=row[4],
        locale=row[5],
        url=row[6],
        audience=tuple(row[7]),
        edited_at=row[8],
        indexed_at=row[9],
    )

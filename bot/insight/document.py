"""One document as the bot knows it: its passages in place, who may read it and why, its other
languages, what changed when, and which answers cited it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from psycopg import sql

from indexing.errors import IndexMissing
from indexing.index import Index

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.insight.viewing import Viewer

# What a source's connector wrote down about a document, for admins to read.
_NOTES = ("audience_note", "encoding_note", "outdated")

_CHUNKS_SHOWN, _VERSIONS_SHOWN, _CITATIONS_SHOWN = 300, 50, 20

_DOCUMENT = """
SELECT source, kind, id, title, locale, url, audience, heading_path, labels, promoted, edited_at,
       indexed_at, translation_group, metadata
FROM documents
WHERE pk = %(pk)s AND (%(reads)s::text[] IS NULL OR audience && %(reads)s::text[])
"""

_CHUNKS = """
SELECT id, heading_path, anchor, text, tokens FROM {passages}
WHERE document_pk = %s ORDER BY ordinal LIMIT %s
"""

_TRANSLATIONS = """
SELECT pk, locale, title FROM documents
WHERE source = %(source)s AND translation_group = %(group)s AND pk <> %(pk)s
  AND (%(reads)s::text[] IS NULL OR audience && %(reads)s::text[])
ORDER BY locale
"""

_VERSIONS = """
SELECT at, changed, title, audience, encode(content_hash, 'hex'), edited_at FROM document_versions
WHERE source = %s AND document_id = %s ORDER BY id DESC LIMIT %s
"""

# The latest citations of the id in any source, then those of this source's document.
_CITED = """
SELECT question.id, question.asked_at, left(question.text, 200), question.outcome, said.quotes
FROM (
    SELECT latest.question_id,
           array_agg(latest.quote ORDER BY latest.statement, latest.position) AS quotes
    FROM (
        SELECT question_id, chunk_id, statement, position, quote FROM citations
        WHERE document_id = %(id)s ORDER BY cited_at DESC LIMIT %(looked_at)s
    ) AS latest
    WHERE EXISTS (
        SELECT FROM question_passages AS passage
        WHERE passage.question_id = latest.question_id
          AND passage.chunk_id = latest.chunk_id AND passage.source = %(source)s)
    GROUP BY latest.question_id
) AS said JOIN questions AS question ON question.id = said.question_id
ORDER BY question.asked_at DESC LIMIT %(limit)s
"""

_COUNTED = "SELECT count(DISTINCT question_id) FROM citations WHERE document_id = %s"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkShown:
    """One passage in its place; `link` opens the document there."""

    id: str
    heading_path: tuple[str, ...]
    text: str
    tokens: int
    link: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Translation:
    """The same article in another language."""

    pk: int
    locale: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What the index learnt at one moment. `changed` names what was different from before, or is
    "added" or "removed" alone; `content_hash` is of what is embedded."""

    at: datetime
    changed: tuple[str, ...]
    title: str
    audience: tuple[str, ...]
    content_hash: str
    edited_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CitedBy:
    """An answer that cites it, with the words that it quotes."""

    question_id: UUID
    asked_at: datetime
    question: str
    outcome: str
    quotes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentShown:
    """The document with all that is told of it. `editor` is where it is edited in Zendesk, ""
    where that is not known; `answers` counts all that cite it, `cited_by` are the latest."""

    pk: int
    source: str
    kind: str
    id: str
    title: str
    locale: str
    url: str
    editor: str
    audience: tuple[str, ...]
    heading_path: tuple[str, ...]
    labels: tuple[str, ...]
    promoted: bool
    edited_at: datetime | None
    indexed_at: datetime
    notes: Mapping[str, str]
    chunks: tuple[ChunkShown, ...]
    translations: tuple[Translation, ...]
    versions: tuple[Version, ...]
    cited_by: tuple[CitedBy, ...]
    answers: int


def document_shown(
    pool: ConnectionPool[Connection[Any]], pk: int, viewer: Viewer
) -> DocumentShown | None:
    """The document of this key, None where it is gone or `viewer` may not read it."""
    with pool.connection() as connection:
        asked = {"pk": pk, "reads": viewer.reads}
        row = connection.execute(_DOCUMENT, asked).fetchone()
        if row is None:
            return None
        source, document_id, url, locale, metadata = row[0], row[2], row[5], row[4], row[13]
        return DocumentShown(
            pk=pk,
            source=source,
            kind=row[1],
            id=document_id,
            title=row[3],
            locale=locale,
            url=url,
            editor=editor(url, metadata.get("article_id", ""), locale),
            audience=tuple(row[6]),
            heading_path=tuple(row[7]),
            labels=tuple(row[8]),
            promoted=row[9],
            edited_at=row[10],
            indexed_at=row[11],
            notes={name: metadata[name] for name in _NOTES if name in metadata},
            chunks=_chunks(connection, pk, url),
            translations=_translations(connection, {**asked, "source": source, "group": row[12]}),
            versions=_versions(connection, source, document_id),
            cited_by=_cited_by(connection, source, document_id),
            answers=_answers(connection, document_id),
        )


def editor(url: str, article_id: str, locale: str) -> str:
    """Where an article of a Zendesk help center is edited: on the same host, by number."""
    parts = urlsplit(url)
    is_web = parts.scheme in {"http", "https"}
    if not (is_web and article_id.isdigit() and "/hc/" in parts.path):
        return ""
    return f"{parts.scheme}://{parts.netloc}/knowledge/articles/{article_id}/{locale.lower()}"


def _chunks(connection: Connection[Any], pk: int, url: str) -> tuple[ChunkShown, ...]:
    try:
        table = Index.live(connection).table
    except IndexMissing:
        return ()
    statement = sql.SQL(_CHUNKS).format(passages=table)
    rows = connection.execute(statement, (pk, _CHUNKS_SHOWN)).fetchall()
    page = url.split("#", 1)[0]
    return tuple(
        ChunkShown(
            id=row[0],
            heading_path=tuple(row[1]),
            text=row[3],
            tokens=row[4],
            link=f"{page}#{row[2]}" if page and row[2] else url,
        )
        for row in rows
    )


def _translations(connection: Connection[Any], asked: Mapping[str, Any]) -> tuple[Translation, ...]:
    if not asked["group"]:
        return ()
    rows = connection.execute(_TRANSLATIONS, asked).fetchall()
    return tuple(Translation(pk=row[0], locale=row[1], title=row[2]) for row in rows)


def _versions(connection: Connection[Any], source: str, document_id: str) -> tuple[Version, ...]:
    rows = connection.execute(_VERSIONS, (source, document_id, _VERSIONS_SHOWN)).fetchall()
    return tuple(
        Version(
            at=row[0],
            changed=tuple(row[1]),
            title=row[2],
            audience=tuple(row[3]),
            content_hash=row[4],
            edited_at=row[5],
        )
        for row in rows
    )


def _cited_by(connection: Connection[Any], source: str, document_id: str) -> tuple[CitedBy, ...]:
    asked = {
        "source": source,
        "id": document_id,
        "limit": _CITATIONS_SHOWN,
        "looked_at": 10 * _CITATIONS_SHOWN,
    }
    rows = connection.execute(_CITED, asked).fetchall()
    return tuple(
        CitedBy(
            question_id=row[0],
            asked_at=row[1],
            question=row[2],
            outcome=row[3],
            quotes=tuple(dict.fromkeys(row[4])),
        )
        for row in rows
    )


def _answers(connection: Connection[Any], document_id: str) -> int:
    row = connection.execute(_COUNTED, (document_id,)).fetchone()
    return int(row[0]) if row else 0

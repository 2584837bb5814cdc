"""A million passages in minutes: the real articles again and again with words exchanged, written
with COPY and indexed afterwards.

Through the product's own indexer that takes hours, most of them for embedding. Here every real
passage is embedded once, and the vector of each repetition is its passage's, moved a little. How
far, and where to, is as 250 passages moved whose words were exchanged and which were then embedded
for real: to a cosine of .97 at the median, of .91 and .99 at the deciles, and 39 % of it in the 50
directions in which real passages differ most. Noise in all 384 directions alike has 15 % there: the
hundreds of vectors around each real one are then all as far from a question as each other, which no
text is. What the rows hold is worked out by the product's own functions.
"""

from __future__ import annotations

import random
import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pgvector import HalfVector
from psycopg import sql

from bot import db
from indexing.lexical import (
    BM25_AVERAGE_LENGTH,
    BM25_B,
    BM25_K1,
    searchable,
    text_search_language,
)
from indexing.store import hashes
from tests.bench import corpus, measuring

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg import Connection

    from indexing.embedders.embedder import Embedder, Vectors
    from indexing.index import Index
    from indexing.models import Chunk, Document

MOVED = (0.1, 0.45)
"""How far a repetition's vector is moved, at least and at most."""

TOWARDS, MEANT = 3, 0.43
"""Which share of that is towards so many other passages' mean, as the words that are exchanged are
theirs; the rest is noise."""

AT_ONCE = 10_000
"""So many passages are written in one transaction."""

BUILD_MEMORY = "3GB"
"""For building the indexes; the graph over a million passages takes about two."""

_PIECES = re.compile(r"(\b[^\W\d_]{4,}\b)")

_DOCUMENTS = """
COPY documents (pk, source, id, kind, title, body, media_type, locale, url, audience,
                translation_group, heading_path, labels, promoted, metadata, content_hash,
                metadata_hash) FROM STDIN
"""

_STAGE = """
CREATE TEMPORARY TABLE staged (
    document_pk bigint, id text, ordinal integer, heading_path text[], anchor text, text text,
    tokens integer, language text, searchable text, embedding {vector}
)
"""

_STAGED = "COPY staged FROM STDIN (FORMAT BINARY)"
_TYPES = ("int8", "text", "int4", "text[]", "text", "text", "int4", "text", "text", "halfvec")

_MOVE = """
INSERT INTO {passages} (
    document_pk, id, ordinal, heading_path, anchor, text, tokens, language, embedding, search,
    terms
)
SELECT document_pk, id, ordinal, heading_path, anchor, text, tokens, language, embedding, search,
       bm25_terms(search, {k1}, {b}, {average})
FROM staged, to_tsvector(language::regconfig, searchable) AS search
"""

# What the passages' table is made with, and what is built once everything is there.
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = %s AND indexdef NOT LIKE 'CREATE UNIQUE%%'
"""

_KNOW = "SELECT setval(pg_get_serial_sequence('documents', 'pk'), (SELECT max(pk) FROM documents))"


@dataclass(frozen=True, kw_only=True)
class _Base:
    """A real article, cut, each of its passages with its vector and its words in pieces."""

    document: Document
    chunks: Sequence[Chunk]
    vectors: Vectors
    pieces: Sequence[Sequence[str]]


def fill(url: str, index: Index, embedder: Embedder, passages: int) -> dict[str, float]:
    """Writes so many passages; returns the seconds that each step took."""
    spent: dict[str, float] = {}
    with _timed(spent, "embedding the real passages"):
        bases = _bases(embedder)
    with db.connect(url) as connection, ThreadPoolExecutor(1) as writer:
        connection.execute(sql.SQL("SET maintenance_work_mem = {}").format(BUILD_MEMORY))
        with _timed(spent, "rows"):
            later = _without_indexes(connection, index)
            stage = _STAGE.replace("{vector}", f"halfvec({index.dimensions})")
            connection.execute(stage)
            written: Future[None] | None = None
            done = 0
            for batch in _batches(bases, passages):
                if written is not None:
                    written.result()
                done += sum(len(each.chunks) for _, each in batch)
                measuring.progress(f"{done} of {passages} passages")
                written = writer.submit(_write, connection, index, batch)
            if written is not None:
                written.result()
            connection.execute(_KNOW)
            connection.execute("DROP TABLE staged")
            connection.commit()
        with _timed(spent, "word index"):
            for statement in later:
                connection.execute(statement)
            connection.commit()
        with _timed(spent, "statistics"):
            index.refresh_statistics(connection)
            connection.commit()
        with _timed(spent, "vector index"):
            index.build_vector_index(connection)
            connection.commit()
        connection.autocommit = True
        with _timed(spent, "vacuum"):
            connection.execute("VACUUM ANALYZE")
    return spent


@contextmanager
def _timed(spent: dict[str, float], step: str) -> Iterator[None]:
    measuring.progress(step)
    began = time.perf_counter()
    yield
    spent[step] = time.perf_counter() - began


def _bases(embedder: Embedder) -> list[_Base]:
    documents = corpus.articles()
    found = []
    for document, chunks in zip(documents, corpus.chunks_of(documents, embedder), strict=True):
        if chunks:
            found.append((document, chunks))
    vectors = embedder.embed([each.embedded_text for _, chunks in found for each in chunks])
    bases, start = [], 0
    for document, chunks in found:
        end = start + len(chunks)
        pieces = [_PIECES.split(each.text) for each in chunks]
        bases.append(
            _Base(document=document, chunks=chunks, vectors=vectors[start:end], pieces=pieces)
        )
        start = end
    return bases


def _batches(bases: Sequence[_Base], passages: int) -> Iterator[list[tuple[int, _Base]]]:
    """Documents with their keys, the real ones first, then repetitions, `passages` in all or a few
    more."""
    vocabulary = [word for base in bases for pieces in base.pieces for word in pieces[1::2]]
    chance, dice = random.Random(7), np.random.default_rng(7)
    real = np.concatenate([each.vectors for each in bases])
    batch: list[tuple[int, _Base]] = []
    number = done = begun = 0
    while done < passages:
        base = _numbered(bases[number % len(bases)], number)
        if number >= len(bases):
            base = _repeated(base, number, vocabulary, chance)
            base = replace(base, vectors=_moved(base.vectors, real, dice))
        batch.append((number + 1, base))
        number += 1
        done += len(base.chunks)
        if done - begun >= AT_ONCE:
            yield batch
            batch, begun = [], done
    if batch:
        yield batch


def _numbered(base: _Base, number: int) -> _Base:
    document = replace(
        base.document,
        id=f"{base.document.id}:{number}",
        url=f"https://help.example/{number}",
        audience=corpus.audience(number),
    )
    return replace(base, document=document)


def _repeated(base: _Base, number: int, vocabulary: Sequence[str], chance: random.Random) -> _Base:
    chunks = []
    for each, pieces in zip(base.chunks, base.pieces, strict=True):
        text = _exchanged(pieces, vocabulary, chance)
        read = f"{each.embedded_text.removesuffix(each.text)}{text}"
        chunks.append(replace(each, id=f"{each.id}:{number}", text=text, embedded_text=read))
    return replace(base, chunks=chunks)


def _moved(vectors: Vectors, real: Vectors, dice: np.random.Generator) -> Vectors:
    others = real[dice.integers(len(real), size=(len(vectors), TOWARDS))].mean(axis=1)
    noise = dice.standard_normal(vectors.shape, dtype=np.float32)
    towards = MEANT**0.5 * _unit(others) + (1 - MEANT) ** 0.5 * _unit(noise)
    far = dice.uniform(*MOVED, size=(len(vectors), 1)).astype(np.float32)
    return _unit(vectors + far * towards)


def _unit(rows: Vectors) -> Vectors:
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _exchanged(pieces: Sequence[str], vocabulary: Sequence[str], chance: random.Random) -> str:
    """Every second piece is a long word."""
    changed, words = list(pieces), len(pieces) // 2
    for _ in range(round(words * corpus.EXCHANGED)):
        changed[chance.randrange(words) * 2 + 1] = chance.choice(vocabulary)
    return "".join(changed)


def _without_indexes(connection: Connection[Any], index: Index) -> list[str]:
    """Drops the indexes that are faster built at once; returns what makes them again."""
    rows = connection.execute(_INDEXES, (f"passages_{index.id}",)).fetchall()
    for name, _ in rows:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [statement for _, statement in rows]


def _write(connection: Connection[Any], index: Index, batch: Sequence[tuple[int, _Base]]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(_DOCUMENTS) as copy:
            for key, base in batch:
                copy.write_row(_document(key, base))
        with cursor.copy(_STAGED) as copy:
            copy.set_types(_TYPES)
            for key, base in batch:
                for row in _passages(key, base):
                    copy.write_row(row)
        cursor.execute(
            sql.SQL(_MOVE).format(
                passages=index.table, k1=BM25_K1, b=BM25_B, average=BM25_AVERAGE_LENGTH
            )
        )
        cursor.execute("TRUNCATE staged")
    connection.commit()


def _document(key: int, base: _Base) -> tuple[object, ...]:
    document, known = base.document, hashes(base.document)
    return (
        key,
        document.source,
        document.id,
        document.kind,
        document.title,
        "\n".join(each.text for each in base.chunks),
        "text/plain",
        document.locale,
        document.url,
        sorted(document.audience.labels),
        "",
        [],
        [],
        False,
        "{}",
        known.content,
        known.metadata,
    )


def _passages(key: int, base: _Base) -> Iterator[tuple[object, ...]]:
    language = text_search_language(base.document.locale)
    for each, vector in zip(base.chunks, base.vectors, strict=True):
        yield (
            key,
            each.id,
            each.ordinal,
            list(each.heading_path),
            each.anchor,
            each.text,
            each.tokens,
            language,
            searchable(each.embedded_text),
            HalfVector(vector),
        )

"""A database of its own for measuring on files, so that the operator's knowledge stays as it is.

It stands on the same server, is named after what was indexed and by which code, and is kept:
measuring the same files again costs no embedding. It counts as complete only once a note on
the database says so; one that was interrupted is resumed, because unchanged documents are
skipped by their hashes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

import indexing
import migrations
from bot import db
from bot.errors import DatabaseUnsuitable, InputRejected
from bot.memory import QuestionMemory
from indexing.index import Index
from indexing.learning import keep_up
from indexing.pipeline import Indexer
from indexing.store import hashes

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.memory import GivenPair
    from indexing.embedders.embedder import Embedder
    from indexing.models import Document

PREFIX = "supportbot_eval_"

OnProgress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

# Code that only reads the index, or switches to another, cannot change what is in it. A file that
# is not named here may, and an index made by an older version of it is not reused.
_QUERY_SIDE = frozenset(
    {
        "blas.py",
        "candidates.py",
        "errors.py",
        "evidence.py",
        "fusion.py",
        "holdings.py",
        "llama.py",
        "loaded.py",
        "locking.py",
        "questions.py",
        "retrieval.py",
        "switching.py",
        "translations.py",
    }
)

_LOCK = 0x6576616C  # "eval", the namespace of this advisory lock


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TemporaryIndex:
    """Indexed documents in a database of their own. `failed` maps the ids of documents that
    could not be indexed to the reason; `embedded` counts the vectors that this run computed."""

    name: str
    url: str
    pool: ConnectionPool
    index: Index
    failed: Mapping[str, str]
    embedded: int


@contextmanager
def temporary_index(
    documents: Sequence[Document],
    *,
    database_url: str,
    embedder: Embedder,
    keep: bool = True,
    memory: Sequence[GivenPair] = (),
    on_progress: OnProgress = silent,
) -> Iterator[TemporaryIndex]:
    """Indexes these documents into a database of their own on the server of `database_url`, or
    opens the one that already holds them, with these past questions as its memory. With `keep`
    false it is dropped afterwards. Raises DatabaseUnsuitable when the role may not create
    databases, InputRejected without documents.
    """
    if not documents:
        raise InputRejected("There are no articles to measure on.")
    name = _name(documents, embedder, memory)
    url = _with_database(database_url, name)
    filling = _Filling(
        documents=documents, embedder=embedder, memory=memory, on_progress=on_progress
    )
    try:
        _create(database_url, name)
        db.migrate(url)
        with db.open_pool(url) as pool:
            yield filling.fill(name, url, pool)
    finally:
        if not keep:
            _drop(database_url, name)


def drop_all(database_url: str) -> list[str]:
    """Drops every database that measuring left on this server and nobody uses; returns their
    names."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        names = _existing(connection, PREFIX)
    return [name for name in names if _drop(database_url, name)]


class _Filling:
    """Puts documents into a database once, however many processes ask for it."""

    def __init__(
        self,
        *,
        documents: Sequence[Document],
        embedder: Embedder,
        memory: Sequence[GivenPair],
        on_progress: OnProgress,
    ) -> None:
        self._documents = documents
        self._embedder = embedder
        self._memory = memory
        self._on_progress = on_progress

    def fill(self, name: str, url: str, pool: ConnectionPool) -> TemporaryIndex:
        embedder = self._embedder
        index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
        embedded = 0
        with db.connect(url) as connection:
            connection.autocommit = True
            # Two measurements of the same files at once: the second waits for the first, and
            # finds the note. The lock goes with the connection.
            connection.execute("SELECT pg_advisory_lock(%s, 0)", (_LOCK,))
            failed = _note(connection)
            if failed is None:
                _add_sources(connection, {document.source for document in self._documents})
                failed, embedded = self._index(pool, index)
                self._teach(pool, index)
                _write_note(connection, name, failed)
        return TemporaryIndex(
            name=name, url=url, pool=pool, index=index, failed=failed, embedded=embedded
        )

    def _index(self, pool: ConnectionPool, index: Index) -> tuple[dict[str, str], int]:
        indexer = Indexer(pool=pool, index=index, embedder=self._embedder)
        failed: dict[str, str] = {}
        embedded = 0
        for done, result in enumerate(indexer.index(self._documents), start=1):
            self._on_progress("Indexing articles", done, len(self._documents))
            embedded += result.embedded
            if result.outcome == "failed":
                failed[result.document_id] = result.reason
        indexer.finish()
        with pool.connection() as connection:
            # Word counts may lag in production; two measurements must not differ by them.
            index.refresh_statistics(connection)
        return failed, embedded

    def _teach(self, pool: ConnectionPool, index: Index) -> None:
        """Nothing is taken over from a run that was interrupted."""
        with pool.connection() as connection:
            connection.execute("DELETE FROM question_memory")
        QuestionMemory(pool=pool).give(self._memory)
        self._on_progress("Learning past questions", 0, 1)
        keep_up(pool, index, self._embedder)
        self._on_progress("Learning past questions", 1, 1)


def _add_sources(connection: psycopg.Connection, names: Iterable[str]) -> None:
    for name in names:
        connection.execute(
            "INSERT INTO sources (name, kind) VALUES (%s, 'files') ON CONFLICT DO NOTHING", (name,)
        )


def _note(connection: psycopg.Connection) -> dict[str, str] | None:
    """Documents that failed when the database was filled; None while it is not complete."""
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        "WHERE datname = current_database()"
    ).fetchone()
    if row is None or row[0] is None:
        return None
    failed: dict[str, str] = json.loads(row[0])["failed"]
    return failed


def _write_note(connection: psycopg.Connection, name: str, failed: Mapping[str, str]) -> None:
    note = json.dumps({"complete": True, "failed": failed})
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(note))
    )


def _name(documents: Sequence[Document], embedder: Embedder, memory: Sequence[GivenPair]) -> str:
    """Named after the articles and the memory, then after what made passages of them, so that an
    index that an older version of the code left can be told and replaced."""
    articles = hashlib.blake2b(digest_size=8)
    for document in documents:
        known = hashes(document)
        articles.update(f"{document.source}\0{document.id}\0".encode())
        articles.update(known.content + known.metadata)
    for pair in memory:
        articles.update(f"{pair.question}\0{pair.document_ids}\0{pair.locale}\0".encode())
    return f"{PREFIX}{articles.hexdigest()}_{_made_by(embedder)}"


def _made_by(embedder: Embedder) -> str:
    code = hashlib.blake2b(f"{embedder.name} {embedder.dimensions}".encode(), digest_size=6)
    for package in (indexing, migrations):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            if path.name not in _QUERY_SIDE:
                code.update(path.read_bytes())
    return code.hexdigest()


def _create(database_url: str, name: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        if name in _existing(connection, name):
            return
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.DuplicateDatabase:
            return
        except psycopg.errors.InsufficientPrivilege as error:
            raise DatabaseUnsuitable(
                "Measuring on files needs a database of its own, and this role may not create "
                f"one. Let it: ALTER ROLE {connection.info.user} CREATEDB; or leave --articles "
                "out to measure on what is indexed already."
            ) from error
        outdated = _existing(connection, name.rpartition("_")[0])
    for old in set(outdated) - {name}:
        _drop(database_url, old)


def _existing(connection: psycopg.Connection, prefix: str) -> list[str]:
    rows = connection.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY datname", (prefix,)
    )
    return [row[0] for row in rows]


def _drop(database_url: str, name: str) -> bool:
    """Whether it is gone; somebody may still be using it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        except psycopg.errors.ObjectInUse:
            return False
    return True


def _with_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    path = urlunsplit(("", "", f"/{name}", parts.query, ""))
    return f"{parts.scheme}://{parts.netloc}{path}"

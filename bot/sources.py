"""The configured sources of knowledge: rows in PostgreSQL, each a kind with its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from bot.audit import SYSTEM, sign
from bot.errors import InputRejected

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")

_LIST = """
SELECT s.name, s.kind, s.config, s.cursor,
       (SELECT count(*) FROM documents d WHERE d.source = s.name) AS documents,
       (SELECT count(*) FROM failed_documents f WHERE f.source = s.name) AS failed,
       run.state, run.finished_at
FROM sources s
LEFT JOIN LATERAL (
    SELECT state, finished_at FROM sync_runs r WHERE r.source = s.name AND r.article IS NULL
    ORDER BY started_at DESC LIMIT 1
) AS run ON true
ORDER BY s.name
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One configured source. `config` is what its kind's config model accepted."""

    name: str
    kind: str
    config: Mapping[str, Any]
    cursor: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceState:
    """A source with what is indexed of it. `last_sync` is None before the first run ended."""

    source: Source
    documents: int
    failed: int
    last_state: str | None
    last_sync: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedDocument:
    """A document of a source that could not be indexed, and since when."""

    document_id: str
    reason: str
    attempts: int
    first_seen: datetime
    last_seen: datetime


class Sources:
    """Adds, lists and removes sources."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def add(self, source: Source, *, actor: Actor = SYSTEM) -> None:
        """Stores a new source. Raises InputRejected when its name is taken or not usable."""
        if not _NAME.fullmatch(source.name):
            raise InputRejected(
                f"{source.name!r} cannot be a source's name: use up to 63 lower-case letters, "
                "digits, '-' and '_', starting with a letter or digit."
            )
        with self._pool.connection() as connection:
            sign(connection, actor)
            added = connection.execute(
                "INSERT INTO sources (name, kind, config) VALUES (%s, %s, %s) "
                "ON CONFLICT (name) DO NOTHING RETURNING name",
                (source.name, source.kind, Jsonb(dict(source.config))),
            ).fetchone()
        if added is None:
            raise InputRejected(
                f"There is a source named {source.name!r} already: choose another name, or "
                f"remove it with `supportbot sources remove {source.name}`."
            )

    def all(self) -> tuple[SourceState, ...]:
        """Every source with its state, by name."""
        with self._pool.connection() as connection:
            rows = connection.execute(_LIST).fetchall()
        return tuple(
            SourceState(
                source=Source(name=row[0], kind=row[1], config=row[2], cursor=row[3]),
                documents=row[4],
                failed=row[5],
                last_state=row[6],
                last_sync=row[7],
            )
            for row in rows
        )

    def get(self, name: str) -> SourceState:
        """One source. Raises InputRejected, naming the sources there are, when it is unknown."""
        known = self.all()
        for state in known:
            if state.source.name == name:
                return state
        names = ", ".join(state.source.name for state in known)
        raise InputRejected(
            f"There is no source named {name!r}. "
            + (f"There are: {names}." if names else "Add one with `supportbot sources add`.")
        )

    def failures(self, name: str) -> tuple[FailedDocument, ...]:
        """What could not be indexed of this source, latest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT id, reason, attempts, first_seen, last_seen FROM failed_documents "
                "WHERE source = %s ORDER BY last_seen DESC, id",
                (name,),
            ).fetchall()
        return tuple(
            FailedDocument(
                document_id=row[0],
                reason=row[1],
                attempts=row[2],
                first_seen=row[3],
                last_seen=row[4],
            )
            for row in rows
        )

    def remove(self, name: str, *, actor: Actor = SYSTEM) -> int:
        """Removes a source and everything indexed of it; returns how many documents went."""
        documents = self.get(name).documents
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute("DELETE FROM sources WHERE name = %s", (name,))
        return documents

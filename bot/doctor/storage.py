"""The database and what stands in it. Each looks through a connection of its own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import PoolTimeout

from bot import db, indexes
from bot.backlog import backlog
from bot.doctor.check import Check
from bot.errors import SupportbotError
from indexing.errors import IndexMissing
from indexing.holdings import index_states
from indexing.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection
    from psycopg_pool import ConnectionPool


# Half a megabyte that is taken back: what is free inside the tables' files says nothing of the
# disk. Temporary, so that it neither fills the log nor is seen by anybody.
_NEEDS_ROOM = """
CREATE TEMPORARY TABLE supportbot_needs_room AS
SELECT repeat('x', 500) AS filler FROM generate_series(1, 1000)
"""
_MAKE_ROOM = (
    "Make room there. What comes in meanwhile is refused, and sent again by Zendesk and Slack; "
    "processes go on by themselves."
)


CLOCKS_DIFFER = 10.0
"""Seconds from which on a clock is called wrong; less may be a machine that was held up."""


def database(pool: ConnectionPool[Connection[Any]], *, embedded: bool, wait: float = 5.0) -> Check:
    """Whether the server answers within `wait` seconds, has what is needed, and can keep more."""

    def examine(connection: Connection[Any]) -> Check:
        db.check_server(connection)
        row = connection.execute(
            "SELECT current_setting('server_version'), "
            "(SELECT extversion FROM pg_extension WHERE extname = 'vector')"
        ).fetchone()
        version, pgvector = row or ("", None)
        kind = "embedded PostgreSQL" if embedded else "PostgreSQL (DATABASE_URL)"
        vectors = f"pgvector {pgvector}" if pgvector else "pgvector not created yet"
        _take_room(connection)
        return Check(name="database", state="ok", detail=f"{kind} {version}, {vectors}.")

    return _with_connection("database", pool, examine, wait)


def _take_room(connection: Connection[Any]) -> None:
    """Raises psycopg.errors.DiskFull, or ReadOnlySqlTransaction, which is how managed services
    make it known that a disk is full."""
    connection.rollback()  # the look at the server was a transaction
    with (
        suppress(psycopg.errors.InsufficientPrivilege),  # nobody said that it is full
        connection.transaction(force_rollback=True),
    ):
        connection.execute(_NEEDS_ROOM)


def replica(lag: Callable[[], float], *, bound: float) -> Check:
    """Whether the replica is near enough to the primary to be searched."""
    advice = "Check DATABASE_REPLICA_URL and pg_stat_replication; until then the primary searches."
    behind = lag()
    if behind <= bound:
        return Check(name="replica", state="ok", detail="It searches: not a second behind.")
    detail = (
        "It is away, or is no streaming replica."
        if behind == float("inf")
        else f"It is {behind:.0f} s behind."
    )
    return Check(name="replica", state="warning", detail=detail, advice=advice)


def clock(pool: ConnectionPool[Connection[Any]], *, wait: float = 5.0) -> Check:
    """Whether this machine's clock agrees with the database's, which decides. Nothing is lost
    where it does not, but times in logs and for people are wrong."""

    def examine(connection: Connection[Any]) -> Check:
        ahead = db.clock.ahead(connection).total_seconds()
        if abs(ahead) < CLOCKS_DIFFER:
            return Check(name="clock", state="ok", detail="It agrees with the database's.")
        where = "ahead of" if ahead > 0 else "behind"
        return Check(
            name="clock",
            state="warning",
            detail=f"This machine's clock is {abs(ahead):.0f} s {where} the database's.",
            advice="Have both machines set their clocks by themselves (NTP).",
        )

    return _with_connection("clock", pool, examine, wait)


def schema(pool: ConnectionPool[Connection[Any]], *, wait: float = 5.0) -> Check:
    """Whether the database is at the revision that this version was written for."""

    def examine(connection: Connection[Any]) -> Check:
        found, needed = db.schema_revision(connection), db.newest_revision()
        if found == needed:
            return Check(name="schema", state="ok", detail=f"At revision {found}.")
        return Check(
            name="schema",
            state="failed",
            detail=f"At revision {found or 'none'}; {needed} is needed.",
            advice="Run `supportbot migrate`.",
        )

    return _with_connection("schema", pool, examine, wait)


def index(
    pool: ConnectionPool[Connection[Any]], *, model: str | None = None, wait: float = 5.0
) -> Check:
    """Whether there is a live index with something in it, and how far another one is that is to
    take its place. `model` is the name of the model that is set, if that is known."""

    def examine(connection: Connection[Any]) -> Check:
        live = Index.live(connection)
        states = index_states(connection)
        size = live.size(connection)
        detail = f"{size.documents} documents, {size.passages} passages of {live.model}."
        detail = " ".join((detail, *indexes.being_built(states)))
        advice = indexes.what_to_do(states, wanted=model)
        if not advice and not size.passages:
            advice = "Run `supportbot sync`."
        return Check(
            name="index", state="warning" if advice else "ok", detail=detail, advice=advice
        )

    return _with_connection("index", pool, examine, wait)


def queue(pool: ConnectionPool[Connection[Any]], *, wait: float = 5.0) -> Check:
    """Whether jobs can be enqueued, and whether somebody does them. That nobody does them is a
    warning: the web process still takes what others send, and it is done later."""

    def examine(connection: Connection[Any]) -> Check:
        state = backlog(connection)
        advice = state.advice()
        return Check(
            name="queue",
            state="warning" if advice else "ok",
            detail=state.describe(),
            advice=advice,
        )

    return _with_connection("queue", pool, examine, wait)


def _with_connection(
    name: str,
    pool: ConnectionPool[Connection[Any]],
    examine: Callable[[Connection[Any]], Check],
    wait: float,
) -> Check:
    try:
        with pool.connection(timeout=wait) as connection:
            return examine(connection)
    except (psycopg.errors.DiskFull, psycopg.errors.ReadOnlySqlTransaction) as error:
        full = "has no room left" if isinstance(error, psycopg.errors.DiskFull) else "is read-only"
        detail = f"The database's disk {full}: {error.diag.message_primary}."
        return Check(name=name, state="failed", detail=detail, advice=_MAKE_ROOM)
    except (PoolTimeout, psycopg.OperationalError) as error:
        detail = f"The database does not answer: {' '.join(str(error).split())}."
        return Check(name=name, state="failed", detail=detail, advice="Check that it runs.")
    except psycopg.errors.UndefinedTable:
        return Check(
            name=name,
            state="failed",
            detail="The database has no tables yet.",
            advice="Run `supportbot migrate`.",
        )
    except IndexMissing:
        return Check(
            name=name,
            state="failed",
            detail="Nothing is indexed yet.",
            advice="Run `supportbot sync`.",
        )
    except SupportbotError as error:
        return Check(name=name, state="failed", detail=str(error))

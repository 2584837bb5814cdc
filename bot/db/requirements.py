"""Whether a server can carry Supportbot, decided on a few facts, with what to do when not."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection

from bot.errors import DatabaseUnsuitable

# 15: MERGE, and what managed services still offer. pgvector 0.8: iterative scans, without which
# a filter for one audience starves the vector index.
NEEDED_POSTGRESQL = 15
NEEDED_PGVECTOR = (0, 8)
GET_PGVECTOR = (
    "Install pgvector 0.8 or newer on that server (https://github.com/pgvector/pgvector), or "
    "leave DATABASE_URL unset to use the embedded PostgreSQL, which has it."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFacts:
    """What decides whether a server can be used. Versions of pgvector are None where absent."""

    postgresql: int  # as in server_version_num: 180006
    encoding: str
    available_pgvector: str | None
    created_pgvector: str | None
    vector_in_search_path: bool


def check_server(connection: Connection[Any]) -> None:
    """Return if the server has all that Supportbot needs, else raise DatabaseUnsuitable."""
    with connection.transaction():
        facts = _facts(connection)
    if problem := server_problem(facts):
        raise DatabaseUnsuitable(problem)
    if facts.created_pgvector is None:
        _try_to_create_pgvector(connection)


def server_problem(facts: ServerFacts) -> str | None:
    """What is missing and what to do about it, or None."""
    if facts.postgresql < NEEDED_POSTGRESQL * 10_000:
        return (
            f"The server is PostgreSQL {facts.postgresql // 10_000}; {NEEDED_POSTGRESQL} or newer "
            "is needed. Update it, or leave DATABASE_URL unset to use the embedded one."
        )
    if facts.encoding != "UTF8":
        return (
            f"The database is encoded in {facts.encoding}; UTF8 is needed. Make one with "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 and name it in DATABASE_URL."
        )
    return _pgvector_problem(facts)


def _pgvector_problem(facts: ServerFacts) -> str | None:
    needed = ".".join(map(str, NEEDED_PGVECTOR))
    created, available = facts.created_pgvector, facts.available_pgvector
    if created is None and available is None:
        return f"The server has no pgvector; {needed} or newer is needed. {GET_PGVECTOR}"
    if created is not None and _version(created) < NEEDED_PGVECTOR:
        if available is not None and _version(available) >= NEEDED_PGVECTOR:
            return (
                f"The database uses pgvector {created}; {needed} or newer is needed, and the "
                f"server has {available}. Run ALTER EXTENSION vector UPDATE in it as its owner."
            )
        return f"The database uses pgvector {created}; {needed} or newer is needed. {GET_PGVECTOR}"
    if created is None and available is not None and _version(available) < NEEDED_PGVECTOR:
        return f"The server has pgvector {available}; {needed} or newer is needed. {GET_PGVECTOR}"
    if created is not None and not facts.vector_in_search_path:
        return (
            "pgvector is in a schema that is not on the search_path. Run "
            "ALTER ROLE … SET search_path = public, <that schema>, or move it with "
            "ALTER EXTENSION vector SET SCHEMA public."
        )
    return None


def _version(text: str) -> tuple[int, ...]:
    """'0.8.1' as (0, 8, 1); what follows the first part that is no number is ignored."""
    numbers: list[int] = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)


FACTS = """
SELECT current_setting('server_version_num')::int,
       current_setting('server_encoding'),
       (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),
       (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
       to_regtype('vector') IS NOT NULL
"""


def _facts(connection: Connection[Any]) -> ServerFacts:
    row = connection.execute(FACTS).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    return ServerFacts(
        postgresql=row[0],
        encoding=row[1],
        available_pgvector=row[2],
        created_pgvector=row[3],
        vector_in_search_path=row[4],
    )


def _try_to_create_pgvector(connection: Connection[Any]) -> None:
    """Create it and take that back. Managed services grant this in ways no catalog shows."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except psycopg.errors.UniqueViolation:
        return  # another process has just created it
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.ReadOnlySqlTransaction,
        psycopg.errors.FeatureNotSupported,
        psycopg.errors.UndefinedFile,
    ) as problem:
        raise DatabaseUnsuitable(
            "The extension vector is not in the database yet and cannot be created: "
            f"{problem.diag.message_primary}. Ask an administrator of the server to run "
            "CREATE EXTENSION vector in this database, then try again."
        ) from problem

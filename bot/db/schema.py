"""The schema and its revisions. Alembic runs them; it and SQLAlchemy are used for nothing else."""

import importlib.resources
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from bot.db.connections import connect
from bot.db.requirements import check_server
from bot.errors import DatabaseUnavailable, DatabaseUnsuitable

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.engine import Connection as SqlalchemyConnection

MIGRATION_LOCK = 0x5B07_DB  # any number, so long as every version of Supportbot uses the same
MIGRATION_WAIT_SECONDS = 600


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema to this version; safe to run in any number of processes at once. An
    earlier `revision` is where an upgrade is tried from."""
    from alembic import command  # noqa: PLC0415 - 0.3 s that only a migration should cost

    with connect(url) as connection:
        check_server(connection)  # a missing pgvector is explained better here than by its SQL
    with _alembic(url) as config:
        command.upgrade(config, revision)


def downgrade(url: str, revision: str) -> None:
    """Take the schema back to `revision` ('base' for none). What only newer tables hold is lost."""
    from alembic import command  # noqa: PLC0415 - as above

    with _alembic(url) as config:
        command.downgrade(config, revision)


def schema_revision(connection: Connection[Any]) -> str | None:
    """The revision that the database is at, None before the first migration."""
    found = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    if found is None or not found[0]:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def newest_revision() -> str:
    """The revision that this version of Supportbot brings along.

    Told from the files' names, which begin with their revision: importing Alembic to ask it
    takes longer than most commands do.
    """
    versions = importlib.resources.files("migrations").joinpath("versions")
    names = (file.name for file in versions.iterdir() if file.name.endswith(".py"))
    return max(name.partition("_")[0] for name in names)


def _config(folder: Path) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


@contextmanager
def _alembic(url: str) -> Iterator["Config"]:
    """Alembic's settings around one locked connection to the database."""
    from alembic.util import CommandError  # noqa: PLC0415 - as above
    from sqlalchemy import create_engine  # noqa: PLC0415 - as above
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - as above

    logging.getLogger("alembic").setLevel(logging.WARNING)
    # SQLAlchemy never sees the URL, so it can neither lose an option nor print the password.
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: connect(url), poolclass=NullPool
    )
    with (
        importlib.resources.as_file(importlib.resources.files("migrations")) as folder,
        engine.connect() as connection,
        _one_at_a_time(connection),
    ):
        config = _config(folder)
        config.attributes["connection"] = connection
        try:
            yield config
        except CommandError as problem:
            raise DatabaseUnsuitable(
                f"The database is at a schema that this Supportbot does not know ({problem}). "
                "It was migrated by a newer version: update Supportbot."
            ) from problem


@contextmanager
def _one_at_a_time(connection: "SqlalchemyConnection") -> Iterator[None]:
    """Hold the migration lock on this connection.

    Asked for again and again rather than waited for in the database: a statement that waits
    keeps a snapshot open, and CREATE INDEX CONCURRENTLY would wait for that snapshot for ever.
    """
    from sqlalchemy import text  # noqa: PLC0415 - as above

    lock = text("SELECT pg_try_advisory_lock(:key)").bindparams(key=MIGRATION_LOCK)
    until = time.monotonic() + MIGRATION_WAIT_SECONDS
    while not connection.scalar(lock):
        connection.commit()
        if time.monotonic() > until:
            raise DatabaseUnavailable(
                "Another process has been migrating this database for ten minutes. Let it end "
                "or stop it, then try again."
            )
        time.sleep(0.1)
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)").bindparams(key=MIGRATION_LOCK))
        connection.commit()

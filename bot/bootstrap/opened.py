"""The database of one process, opened when it is first asked for, and all that is open closed in
reverse order."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from bot import db
from bot.errors import DatabaseUnsuitable

if TYPE_CHECKING:
    from types import TracebackType

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.db.replicas import Replica
    from bot.postgres import EmbeddedPostgres
    from bot.settings import Settings


class Opened:
    """What a process has open. Use as a context manager."""

    def __init__(self, *, settings: Settings) -> None:
        self.settings = settings
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @cached_property
    def embedded_postgres(self) -> EmbeddedPostgres | None:
        """The server of our own, or None when DATABASE_URL names another."""
        from bot.postgres import EmbeddedPostgres  # noqa: PLC0415 - not with DATABASE_URL

        if self.settings.storage.database_url is not None:
            return None
        return EmbeddedPostgres(data_dir=self.settings.storage.data_dir)

    @cached_property
    def database_url(self) -> str:
        """The URL of a running server, for as long as this application is open."""
        if self.settings.storage.database_url is not None:
            return self.settings.storage.database_url.get_secret_value()
        assert self.embedded_postgres is not None  # noqa: S101 - the other half of the choice
        return self._stack.enter_context(self.embedded_postgres)

    def trace(self, process: str) -> None:
        """Sends traces of this process from now on, where a collector is set. To be called before
        anything is connected. Raises SettingInvalid where the packages for it are missing."""
        endpoint = self.settings.traces.otlp_endpoint
        if endpoint is not None:
            from importlib.metadata import version  # noqa: PLC0415 - only for traces

            from bot.tracing.export import export_to  # noqa: PLC0415 - only for traces

            ended = export_to(endpoint, process=process, version=version("supportbot"))
            self._stack.callback(ended)

    def migrate(self) -> str:
        """Brings the schema to this version; returns its revision."""
        with db.connect(self.database_url) as connection:
            db.check_server(connection)
        db.migrate(self.database_url)
        return db.newest_revision()

    def prepare_schema(self) -> None:
        """Makes the schema in an empty database, and keeps it current in the embedded one, which
        nobody else uses. Raises DatabaseUnsuitable when a server of the operator's has a schema
        of another version: changing that is the operator's decision."""
        with db.connect(self.database_url) as connection:
            revision = db.schema_revision(connection)
        newest = db.newest_revision()
        if revision is None or (self.embedded_postgres is not None and revision < newest):
            self.migrate()
        elif revision != newest:
            raise DatabaseUnsuitable(
                f"The database is at schema revision {revision}, this version needs {newest}: "
                "run `supportbot migrate`."
            )

    @cached_property
    def raw_pool(self) -> ConnectionPool[Connection[Any]]:
        """Connections to any schema's server. A worker's job may hold one and ask for another."""
        return self._pool(wait=True)

    @cached_property
    def patient_pool(self) -> ConnectionPool[Connection[Any]]:
        """The same to a server that may be away now, for the web process."""
        return self._pool(wait=False)

    def _pool(self, *, wait: bool) -> ConnectionPool[Connection[Any]]:
        storage = self.settings.storage
        opened = db.open_pool(
            self.database_url,
            max_size=storage.database_pool_size,
            wait=wait,
            prepares=storage.database_pooling == "session",
        )
        return self._stack.enter_context(opened)

    @cached_property
    def pool(self) -> ConnectionPool[Connection[Any]]:
        """Connections to a database with our schema in it."""
        self.prepare_schema()
        return self.raw_pool

    def opened_pool(self) -> ConnectionPool[Connection[Any]]:
        """The pool that this process has, for what asks now and then: a web process shall not open
        a second one, nor wait for its database before it serves."""
        return self.patient_pool if "patient_pool" in vars(self) else self.pool

    @cached_property
    def replica(self) -> Replica | None:
        """What DATABASE_REPLICA_URL names; None where nothing is set."""
        from bot.db.replicas import Replica  # noqa: PLC0415 - only with a replica

        url, size = (
            self.settings.storage.database_replica_url,
            self.settings.storage.database_pool_size,
        )
        if url is None:
            return None
        pool = db.open_pool(url.get_secret_value(), max_size=size, wait=False)
        return Replica(primary=self.pool, pool=self._stack.enter_context(pool))

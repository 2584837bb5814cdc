"""Settings -> wired objects: the one place that chooses implementations.

Each part is made when it is first asked for, so that a command pays only for what it uses,
and everything that was opened is closed in reverse order.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, Self

from bot import db, doctor
from bot.bootstrap.choices import engine_name, webhook_key, zendesk_account
from bot.errors import DatabaseUnsuitable, SupportbotError
from bot.settings import suspicions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta
    from types import TracebackType

    from fastapi import FastAPI
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.answering.base import Engine
    from bot.following import Following
    from bot.postgres import EmbeddedPostgres
    from bot.queue import Queue
    from bot.records import Records
    from bot.scheduler import Scheduler
    from bot.schedules import Schedules
    from bot.settings import Settings
    from bot.sources import Source, Sources
    from bot.support import Recorder, SupportDesk
    from bot.sync import Sync
    from bot.worker import Worker
    from connectors.base import Connector
    from connectors.registry import Accounts
    from connectors.zendesk.account import ZendeskAccount
    from connectors.zendesk.articles import ArticlesConnector
    from indexing.embedders.embedder import Embedder
    from indexing.index import Index
    from indexing.retrieval import Retriever

# The language of an answer when a question is too short to tell its own.
DEFAULT_LOCALE = "en"

# A probe that waits longer than this for the database calls it away.
READY_SECONDS = 2.0

# How long doctor waits for a vendor's answer.
PROBE_SECONDS = 10.0


class Application:
    """Every part of the product for one process. Use as a context manager."""

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
        """Connections to a server in whatever state it is, for doctor and the web process."""
        return self._stack.enter_context(db.open_pool(self.database_url))

    @cached_property
    def pool(self) -> ConnectionPool[Connection[Any]]:
        """Connections to a database with our schema in it."""
        self.prepare_schema()
        return self.raw_pool

    @cached_property
    def sources(self) -> Sources:
        from bot.sources import Sources  # noqa: PLC0415 - made when asked for

        return Sources(pool=self.pool)

    def connector(self, source: Source) -> Connector:
        """What reads this source. Raises SourceMisconfigured when its settings cannot work."""
        from connectors.registry import kind_of  # noqa: PLC0415 - made when asked for

        return kind_of(source.kind).build(source.config, source=source.name, accounts=self.accounts)

    def articles_connector(self, source: Source) -> ArticlesConnector:
        """The same for a source of Zendesk articles, which can be asked for one of them."""
        from connectors.errors import SourceMisconfigured  # noqa: PLC0415 - made when asked for
        from connectors.zendesk.articles import ArticlesConnector  # noqa: PLC0415 - brings zenpy

        connector = self.connector(source)
        if not isinstance(connector, ArticlesConnector):
            raise SourceMisconfigured(f"{source.name} is no source of Zendesk articles any more.")
        return connector

    @cached_property
    def accounts(self) -> Accounts:
        """The vendors' accounts that sources may read from."""
        from connectors.registry import Accounts  # noqa: PLC0415 - made when asked for

        connected = self.settings.zendesk.subdomain is not None
        return Accounts(zendesk=(lambda: self.zendesk) if connected else None)

    @cached_property
    def zendesk(self) -> ZendeskAccount:
        """The Zendesk account, one for the process: its workers share a token and a ceiling.
        Raises SourceMisconfigured, which names the settings that are missing."""
        return zendesk_account(self.settings.zendesk)

    @cached_property
    def embedder(self) -> Embedder:
        from indexing import embedders  # noqa: PLC0415 - made when asked for

        cache = self.settings.storage.data_dir / "models"
        return embedders.load(self.settings.answers.embedding_model, cache_dir=cache)

    @cached_property
    def index(self) -> Index:
        from indexing.index import Index  # noqa: PLC0415 - made when asked for

        return Index.open(self.pool, model=self.embedder.name, dimensions=self.embedder.dimensions)

    @cached_property
    def queue(self) -> Queue:
        from bot.queue import Queue  # noqa: PLC0415 - made when asked for

        return Queue(pool=self.pool)

    @cached_property
    def schedules(self) -> Schedules:
        from bot.schedules import Schedules  # noqa: PLC0415 - made when asked for

        return Schedules(pool=self.pool, queue=self.queue)

    @cached_property
    def following(self) -> Following:
        from bot.following import Following  # noqa: PLC0415 - made when asked for

        return Following(pool=self.pool, queue=self.queue)

    def scheduler(self) -> Scheduler:
        """The process that enqueues what is due."""
        from bot.scheduler import Scheduler  # noqa: PLC0415 - only that process

        connect = partial(db.connect, self.database_url, application_name="supportbot scheduler")
        return Scheduler(connect=connect, schedules=self.schedules)

    def worker(self, *, drain: timedelta) -> Worker:
        """The process that does the jobs. It loads the embedding model with the first sync."""
        from bot.jobs.articles import ArticleJob  # noqa: PLC0415 - only that process
        from bot.jobs.sync import SyncJob  # noqa: PLC0415 - only that process
        from bot.jobs.upkeep import Upkeep  # noqa: PLC0415 - only that process
        from bot.worker import Worker  # noqa: PLC0415 - only that process

        sync = SyncJob(sources=self.sources, connect=self.connector, make_sync=self.new_sync)
        article = ArticleJob(
            sources=self.sources, connect=self.articles_connector, make_sync=self.new_sync
        )
        upkeep = Upkeep(queue=self.queue, pool=self.pool)
        return Worker(
            database_url=self.database_url,
            queue=self.queue,
            register=(sync.register, article.register, upkeep.register),
            drain=drain,
        )

    @cached_property
    def sync(self) -> Sync:
        return self.new_sync()

    def new_sync(self) -> Sync:
        """For one run at a time; several share the index and the model."""
        from bot.sync import Sync  # noqa: PLC0415 - made when asked for
        from indexing.pipeline import Indexer  # noqa: PLC0415 - made when asked for

        indexer = Indexer(pool=self.pool, index=self.index, embedder=self.embedder)
        return Sync(pool=self.pool, indexer=indexer)

    @cached_property
    def retriever(self) -> Retriever:
        return self.retriever_over(self.pool, self.index)

    def retriever_over(self, pool: ConnectionPool[Connection[Any]], index: Index) -> Retriever:
        from indexing.retrieval import Retriever  # noqa: PLC0415 - made when asked for

        return Retriever(pool=pool, index=index, embedder=self.embedder)

    @cached_property
    def records(self) -> Records:
        from bot.records import Records  # noqa: PLC0415 - made when asked for

        return Records(pool=self.pool, embedding_index=self.index.id)

    @cached_property
    def engine(self) -> Engine:
        """Who writes answers, chosen by ANSWER_ENGINE."""
        name = engine_name(self.settings)
        return self._extractive if name == "extractive" else self._model_engine(name)

    @cached_property
    def _extractive(self) -> Engine:
        from bot.answering.extractive import ExtractiveEngine  # noqa: PLC0415 - as above

        return ExtractiveEngine()

    def _model_engine(self, name: Literal["claude", "markers"]) -> Engine:
        from bot.answering.claude import ClaudeEngine  # noqa: PLC0415 - made when asked for
        from bot.answering.markers import MarkersEngine  # noqa: PLC0415 - made when asked for
        from bot.llm import MessagesApi  # noqa: PLC0415 - made when asked for

        anthropic = self.settings.anthropic
        api = MessagesApi(
            api_key=anthropic.api_key, base_url=anthropic.base_url, model=anthropic.model
        )
        self._stack.callback(api.close)
        if name == "claude":
            return ClaudeEngine(api=api)
        # Local servers sample unless told not to; the same question should get the same answer.
        return MarkersEngine(api=api, extra_body={"temperature": 0})

    @cached_property
    def desk(self) -> SupportDesk:
        """The one entry for questions, which records each of them."""
        return self.desk_over(self.retriever, recorder=self.records)

    def desk_over(self, retriever: Retriever, *, recorder: Recorder) -> SupportDesk:
        """A desk on any index. When the model is down, sentences of the passages themselves
        answer, each with its citation."""
        from bot.language import LanguageDetector  # noqa: PLC0415 - made when asked for
        from bot.support import EVIDENCE_NEEDED, SupportDesk  # noqa: PLC0415 - as above

        engine = self.engine
        return SupportDesk(
            retriever=retriever,
            engine=engine,
            fallback=None if engine is self._extractive else self._extractive,
            recorder=recorder,
            language=LanguageDetector(default=DEFAULT_LOCALE),
            evidence_needed=EVIDENCE_NEEDED,
        )

    def web(self) -> FastAPI:
        """The web process's application. It serves in whatever state the database is, and
        /readyz says which."""
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - only the web process

        from bot.metrics import DatabaseMetrics  # noqa: PLC0415 - only the web process
        from bot.queue import Queue  # noqa: PLC0415 - made when asked for
        from bot.web import create_app  # noqa: PLC0415 - only the web process
        from bot.zendesk.webhooks import Inbox, routes  # noqa: PLC0415 - only the web process

        key = webhook_key(self.settings.zendesk)
        pool, embedded = self.raw_pool, self.embedded_postgres is not None
        inbox = Inbox(pool=pool, queue=Queue(pool=pool))
        registry = CollectorRegistry()
        registry.register(DatabaseMetrics(pool=pool))
        return create_app(
            readiness=(
                partial(doctor.database, pool, embedded=embedded, wait=READY_SECONDS),
                partial(doctor.schema, pool, wait=READY_SECONDS),
                partial(doctor.index, pool, wait=READY_SECONDS),
            ),
            registry=registry,
            routers=(routes(inbox=inbox, key=key),),
        )

    def checks(self, environment: Mapping[str, str]) -> Iterator[doctor.Check]:
        """Every part's state. `environment` is searched for misspelt names of settings."""
        yield doctor.settings(suspicions(environment))
        yield doctor.data_directory(self.settings.storage.data_dir)
        yield from self._database_checks()
        yield doctor.engine(self._describe_engine)
        if self.settings.zendesk.subdomain is None:
            yield self._zendesk_named()
        else:
            waits = {"timeout": PROBE_SECONDS, "longest_wait": PROBE_SECONDS}
            yield doctor.zendesk(partial(zendesk_account, self.settings.zendesk, **waits))
        if self.settings.zendesk.subdomain or self.settings.zendesk.webhook_secret:
            yield doctor.zendesk_webhooks(lambda: webhook_key(self.settings.zendesk) is not None)
        yield self._slack_named()

    def connections(self) -> Iterator[doctor.Check]:
        """Whom it talks to, or which setting would connect it. Calls nobody."""
        yield doctor.engine(self._describe_engine)
        yield self._zendesk_named()
        yield self._slack_named()

    def _database_checks(self) -> Iterator[doctor.Check]:
        model = doctor.embedding_model(lambda: self.embedder)
        try:
            pool = self.raw_pool
        except SupportbotError as error:
            yield doctor.Check(name="database", state="failed", detail=str(error))
            for name in ("schema", "index"):
                yield doctor.not_checked(name, "the database is not available")
            yield model
            return
        yield doctor.database(pool, embedded=self.embedded_postgres is not None)
        schema = doctor.schema(pool)
        yield schema
        yield model
        yield doctor.index(pool, model=self.embedder.name if model.state == "ok" else None)
        if schema.state == "ok":
            yield from map(doctor.source, self.sources.all())

    def _describe_engine(self) -> str:
        name, anthropic = engine_name(self.settings), self.settings.anthropic
        if name == "extractive":
            return "extractive, no model (ANTHROPIC_API_KEY turns Claude on)."
        from bot.llm import DEFAULT_MODEL  # noqa: PLC0415 - made when asked for

        where = anthropic.base_url or "Anthropic's API"
        return f"{name}, {anthropic.model or DEFAULT_MODEL} at {where}; not called by this check."

    def _zendesk_named(self) -> doctor.Check:
        return doctor.zendesk_named(self.settings.zendesk.subdomain)

    def _slack_named(self) -> doctor.Check:
        slack = self.settings.slack
        return doctor.vendor(
            "slack",
            {
                "SLACK_BOT_TOKEN": slack.bot_token is not None,
                "SLACK_APP_TOKEN": slack.app_token is not None,
            },
            purpose="questions of agents",
        )

"""Settings -> wired objects: the one place that chooses implementations.

Each part is made when it is first asked for, so that a command pays only for what it uses,
and everything that was opened is closed in reverse order.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, Self

from bot import db
from bot.bootstrap.choices import engine_name, zendesk_account
from bot.errors import DatabaseUnsuitable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.answering.base import Engine
    from bot.bootstrap.vendors import Vendors
    from bot.budgets import Standing
    from bot.db.replicas import Replica
    from bot.drafts import Drafts
    from bot.following import Following
    from bot.limits import Limits
    from bot.llm import MessagesApi
    from bot.memory import QuestionMemory
    from bot.postgres import EmbeddedPostgres
    from bot.preferences import Preferences
    from bot.queue import Queue
    from bot.records import Records
    from bot.runs import Runs
    from bot.schedules import Schedules
    from bot.settings import Settings
    from bot.sources import Source, Sources
    from bot.support import Recorder, SecondOpinion, SupportDesk
    from bot.sync import Sync
    from bot.triage.router import Router
    from bot.triage.taxonomy import TaxonomyStore
    from bot.tuning.models import TunedModels
    from connectors.base import Connector
    from connectors.registry import Accounts
    from connectors.zendesk.account import ZendeskAccount
    from connectors.zendesk.articles import ArticlesConnector
    from connectors.zendesk.limits import Ceiling
    from indexing.embedders.embedder import Embedder
    from indexing.embedders.loaded import LoadedEmbedders
    from indexing.index import Index
    from indexing.retrieval import Retriever
    from indexing.switching import Switching

# The language of an answer when a question is too short to tell its own.
DEFAULT_LOCALE = "en"


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

    @cached_property
    def sources(self) -> Sources:
        from bot.sources import Sources  # noqa: PLC0415 - made when asked for

        return Sources(pool=self.pool)

    @cached_property
    def runs(self) -> Runs:
        from bot.runs import Runs  # noqa: PLC0415 - made when asked for

        return Runs(pool=self.pool)

    @cached_property
    def memory(self) -> QuestionMemory:
        from bot.memory import QuestionMemory  # noqa: PLC0415 - made when asked for

        return QuestionMemory(pool=self.pool)

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
        """The Zendesk account, one for the process: its workers share a token, and with all
        other processes a ceiling of requests. Raises SourceMisconfigured, which names the
        settings that are missing."""
        return zendesk_account(
            self.settings.zendesk,
            ceiling=self.zendesk_ceiling,
            circuit=self.vendors.circuit("zendesk"),
        )

    @cached_property
    def zendesk_ceiling(self) -> Ceiling:
        from bot.zendesk.ceiling import SharedCeiling  # noqa: PLC0415 - made when asked for
        from connectors.zendesk.addresses import subdomain_of  # noqa: PLC0415 - as above

        account = subdomain_of(self.settings.zendesk.subdomain or "")
        # A connection of its own: whoever asks already holds some of the others.
        database = self._stack.enter_context(db.open_pool(self.database_url, max_size=1))
        return SharedCeiling(database=database, account=account, admit=self.vendors.admit)

    @cached_property
    def embedders(self) -> LoadedEmbedders:
        """The models in use, each loaded when it is asked for."""
        from indexing.embedders.loaded import LoadedEmbedders  # noqa: PLC0415 - as above

        cache = self.settings.storage.data_dir / "models"
        return LoadedEmbedders(setting=self.settings.answers.embedding_model, cache_dir=cache)

    @property
    def embedder(self) -> Embedder:
        """The model that EMBEDDING_MODEL names, be its index live or not."""
        return self.embedders.named(self.embedders.wanted)

    @property
    def index(self) -> Index:
        """The live index, whatever its model; the first one is made for EMBEDDING_MODEL."""
        return self.embedders.live_index(self.pool)

    @cached_property
    def switching(self) -> Switching:
        """What builds another model's index and puts it in the place of the live one."""
        from indexing.switching import Switching  # noqa: PLC0415 - made when asked for

        def may_swap(index: Index) -> None:
            from bot.bootstrap.evaluations import allow_swap  # noqa: PLC0415 - as above

            allow_swap(self, index)

        return Switching(pool=self.pool, load=self.embedders.named, may_swap=may_swap)

    @cached_property
    def queue(self) -> Queue:
        from bot.queue import Queue  # noqa: PLC0415 - made when asked for

        return Queue(pool=self.pool)

    @cached_property
    def preferences(self) -> Preferences:
        from bot.preferences import Preferences  # noqa: PLC0415 - made when asked for

        return Preferences(pool=self.pool)

    @cached_property
    def drafts(self) -> Drafts:
        from bot.drafts import Drafts  # noqa: PLC0415 - made when asked for

        return Drafts(pool=self.pool, queue=self.queue)

    @cached_property
    def schedules(self) -> Schedules:
        from bot.schedules import Schedules  # noqa: PLC0415 - made when asked for

        return Schedules(pool=self.pool, queue=self.queue)

    @cached_property
    def following(self) -> Following:
        from bot.following import Following  # noqa: PLC0415 - made when asked for

        return Following(pool=self.pool, queue=self.queue)

    @cached_property
    def sync(self) -> Sync:
        return self.new_sync()

    def new_sync(self) -> Sync:
        """For one run at a time; several share the index and the model."""
        from bot.sync import Sync  # noqa: PLC0415 - made when asked for
        from indexing.pipeline import Indexer  # noqa: PLC0415 - made when asked for

        index, models = self.index, self.embedders
        indexer = Indexer(pool=self.pool, index=index, embedder=models.of(index), load=models.of)
        return Sync(pool=self.pool, indexer=indexer)

    @cached_property
    def retriever(self) -> Retriever:
        """Searches the replica where there is one that is fresh."""
        if self.replica is None:
            return self.retriever_over(self.pool, self.index)
        from indexing.replica import ReplicaRetriever  # noqa: PLC0415 - only with a replica

        models, index = self.embedders, self.index
        return ReplicaRetriever(
            copy=self.retriever_over(self.replica.pool, index),
            is_fresh=self.replica.is_fresh,
            lost=self.replica.lost,
            pool=self.pool,
            index=index,
            embedder=models.of(index),
            load=models.of,
        )

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

    def retriever_over(
        self, pool: ConnectionPool[Connection[Any]], index: Index, *, pinned: bool = False
    ) -> Retriever:
        """What searches this index, or another once that is live. `pinned` keeps it to this one."""
        from indexing.retrieval import Retriever  # noqa: PLC0415 - made when asked for

        models = self.embedders
        embedder = models.of(index)
        return Retriever(pool=pool, index=index, embedder=embedder, load=models.of, pinned=pinned)

    @cached_property
    def records(self) -> Records:
        from bot.records import Records  # noqa: PLC0415 - made when asked for

        return Records(pool=self.pool)

    @cached_property
    def engine(self) -> Engine:
        """Who writes answers: a tuned model that was promoted, else chosen by ANSWER_ENGINE."""
        tuned = self.tuned_models.in_state("replies", "live")
        if tuned is not None:
            return self.served_engine(tuned.address, tuned.served_name)
        return self.plain_engine

    def served_engine(self, address: str, name: str) -> Engine:
        """What answers by a model of our own that a server at this address serves."""
        from bot.answering.markers import MarkersEngine  # noqa: PLC0415 - made when asked for
        from bot.llm import MessagesApi  # noqa: PLC0415 - as above

        api = MessagesApi(api_key=None, base_url=address, model=name)
        self._stack.callback(api.close)
        return MarkersEngine(api=api, extra_body={"temperature": 0})

    @cached_property
    def plain_engine(self) -> Engine:
        """Who writes answers where no tuned model does, chosen by ANSWER_ENGINE."""
        name = engine_name(self.settings)
        return self._extractive if name == "extractive" else self._model_engine(name)

    @cached_property
    def _extractive(self) -> Engine:
        from bot.answering.extractive import ExtractiveEngine  # noqa: PLC0415 - as above

        return ExtractiveEngine()

    def _model_engine(self, name: Literal["claude", "markers"]) -> Engine:
        from bot.answering.claude import ClaudeEngine  # noqa: PLC0415 - made when asked for
        from bot.answering.markers import MarkersEngine  # noqa: PLC0415 - made when asked for

        if name == "claude":
            return ClaudeEngine(api=self.messages_api)
        # Local servers sample unless told not to; the same question should get the same answer.
        return MarkersEngine(api=self.messages_api, extra_body={"temperature": 0})

    @cached_property
    def messages_api(self) -> MessagesApi:
        """The model that ANTHROPIC_MODEL names, for whoever asks one."""
        api = self.vendors.messages_api(extra=False)
        self._stack.callback(api.close)
        return api

    @cached_property
    def extras_api(self) -> MessagesApi:
        """The same for what an answer can do without."""
        api = self.vendors.messages_api(extra=True)
        self._stack.callback(api.close)
        return api

    @cached_property
    def vendors(self) -> Vendors:
        """Budgets, and what is asked of vendors."""
        from bot.bootstrap.vendors import Vendors  # noqa: PLC0415 - made when asked for

        return Vendors(self)

    @cached_property
    def tuned_models(self) -> TunedModels:
        from bot.tuning.models import TunedModels  # noqa: PLC0415 - made when asked for

        return TunedModels(pool=self.pool)

    @cached_property
    def routing_tags(self) -> TaxonomyStore:
        from bot.triage.taxonomy import TaxonomyStore  # noqa: PLC0415 - made when asked for

        return TaxonomyStore(pool=self.pool)

    @cached_property
    def router(self) -> Router:
        """What finds the routing tag of a text."""
        from bot.bootstrap.routing import router  # noqa: PLC0415 - made when asked for

        return router(self)

    @cached_property
    def desk(self) -> SupportDesk:
        """The one entry for questions, which records each of them."""
        return self.desk_over(
            self.retriever,
            recorder=self.records,
            limits=self.limits,
            standing=self.vendors.spending.standing,
        )

    @cached_property
    def limits(self) -> Callable[[], Limits]:
        """What is left to people, as the admin has set it by now."""
        from bot.limits import Limits  # noqa: PLC0415 - made when asked for

        return partial(self.preferences.get, Limits)

    def desk_over(
        self,
        retriever: Retriever,
        *,
        recorder: Recorder,
        evidence_needed: float | None = None,
        limits: Callable[[], Limits] | None = None,
        standing: Callable[[], Standing] | None = None,
    ) -> SupportDesk:
        """A desk on any index. When the model is down, sentences of the passages themselves
        answer, each with its citation. `evidence_needed` is another threshold than the usual.
        Without a `standing` no budget holds: what is measured should not depend on the hour."""
        from bot.language import LanguageDetector  # noqa: PLC0415 - made when asked for
        from bot.support import EVIDENCE_NEEDED, SupportDesk  # noqa: PLC0415 - as above

        engine = self.engine
        return SupportDesk(
            retriever=retriever,
            engine=engine,
            fallback=None if engine is self._extractive else self._extractive,
            recorder=recorder,
            language=LanguageDetector(default=DEFAULT_LOCALE),
            evidence_needed=EVIDENCE_NEEDED if evidence_needed is None else evidence_needed,
            second_opinion=self._second_opinion,
            limits=limits,
            standing=standing,
        )

    @property
    def _second_opinion(self) -> SecondOpinion | None:
        """The model's own, where there is one that is known to keep to a schema."""
        if engine_name(self.settings) != "claude":
            return None
        from bot.answering.checking.entailment import entailed  # noqa: PLC0415 - as above

        return partial(entailed, api=self.messages_api)

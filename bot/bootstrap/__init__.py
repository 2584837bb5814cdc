"""Settings -> wired objects: the one place that chooses implementations.

Each part is made when it is first asked for, so that a command pays only for what it uses,
and everything that was opened is closed in reverse order.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

from bot import db
from bot.bootstrap.books import Books
from bot.bootstrap.choices import engine_name, zendesk_account

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.answering.base import Engine
    from bot.answering.clearing import SecondOpinion
    from bot.bootstrap.vendors import Vendors
    from bot.budgets import Standing
    from bot.language import LanguageDetector
    from bot.limits import Limits
    from bot.llm import MessagesApi
    from bot.sources import Source
    from bot.support import Recorder, SupportDesk
    from bot.sync import Sync
    from bot.triage.router import Router
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


class Application(Books):
    """Every part of the product for one process. Use as a context manager."""

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

    def retriever_over(
        self, pool: ConnectionPool[Connection[Any]], index: Index, *, pinned: bool = False
    ) -> Retriever:
        """What searches this index, or another once that is live. `pinned` keeps it to this one."""
        from indexing.retrieval import Retriever  # noqa: PLC0415 - made when asked for

        models = self.embedders
        embedder = models.of(index)
        return Retriever(pool=pool, index=index, embedder=embedder, load=models.of, pinned=pinned)

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
    def router(self) -> Router:
        """What finds the routing tag of a text."""
        from bot.bootstrap.routing import router  # noqa: PLC0415 - made when asked for

        return router(self)

    @cached_property
    def language(self) -> LanguageDetector:
        """One for the process: its model takes 70 MB and most of a second to read."""
        from bot.language import LanguageDetector, languages_written  # noqa: PLC0415 - as above

        return LanguageDetector(default=DEFAULT_LOCALE, written=languages_written(self.opened_pool))

    @cached_property
    def desk(self) -> SupportDesk:
        """The one entry for questions, which records each of them."""
        return self.desk_over(
            self.retriever,
            recorder=self.records,
            limits=self.limits,
            standing=self.vendors.spending.standing,
        )

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
        from bot.support import EVIDENCE_NEEDED, SupportDesk  # noqa: PLC0415 - made when asked for

        engine = self.engine
        return SupportDesk(
            retriever=retriever,
            engine=engine,
            fallback=None if engine is self._extractive else self._extractive,
            recorder=recorder,
            language=self.language,
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

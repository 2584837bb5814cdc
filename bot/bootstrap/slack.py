"""Slack, wired to the parts of one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from bot.bootstrap.slack_access import SlackAccess
from bot.bootstrap.slack_installing import oauth_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from pydantic import SecretStr

    from bot.bootstrap import Application
    from bot.bootstrap.slack_access import Timing
    from bot.bootstrap.slack_installing import OAuth
    from bot.language import LanguageDetector
    from bot.settings import Settings
    from bot.slack.attending import Attendant
    from bot.slack.draft_notices import DraftNotices, Replying
    from bot.slack.handing_over import HandingOver
    from bot.slack.home import Home
    from bot.slack.listening import Listeners
    from bot.slack.notices import Notices
    from bot.slack.previews import Previews
    from bot.slack.signs import Signs
    from bot.slack.suggesting import Desk, Suggesting
    from bot.slack.tickets import Tickets
    from bot.slack.whispering import Whisperer
    from bot.support import SupportDesk
    from bot.triage.router import Router
    from connectors.circuits import Circuit
    from indexing.retrieval import Retriever


class Slack(SlackAccess):
    """The parts of one process. `desk`, `retriever` and `router` are asked for where questions are
    answered only; `tickets` and `suggestions` give the calling thread's, and `replying` is what
    drafts need, all None without Zendesk; `later` does what is begun once Slack has its answer,
    threads unless given."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        desk: Callable[[], SupportDesk],
        retriever: Callable[[], Retriever],
        language: LanguageDetector,
        token: SecretStr | None,
        api_url: str,
        router: Callable[[], Router],
        tickets: Callable[[], Tickets] | None = None,
        replying: Replying | None = None,
        suggestions: Callable[[], Desk] | None = None,
        oauth: OAuth | None = None,
        admins: frozenset[str] = frozenset(),
        connections: Sequence[str] = (),
        locale: str = "en",
        later: Executor | None = None,
        timing: Timing | None = None,
        circuit: Circuit | None = None,
    ) -> None:
        super().__init__(
            pool=pool, token=token, api_url=api_url, oauth=oauth, timing=timing, circuit=circuit
        )
        self._desk = desk
        self._retriever = retriever
        self.language = language
        self._router = router
        self.tickets = tickets
        self.replying = replying
        self.suggestions = suggestions
        self._admins = admins
        self._connections = tuple(connections)
        self._locale = locale
        self._later = later

    @classmethod
    def of(cls, app: Application, *, pool: ConnectionPool[Connection[Any]]) -> Slack:
        """Those of an application. `pool` is the web process's, which does without a database, or
        the others', who wait for one."""
        from bot.bootstrap import DEFAULT_LOCALE  # noqa: PLC0415 - it imports this module
        from bot.bootstrap.slack_zendesk import (  # noqa: PLC0415 - as above
            replying,
            suggestions,
            tickets,
        )
        from bot.vendors import VendorUse, this_process  # noqa: PLC0415 - made when asked for

        settings = app.settings.slack
        return cls(
            pool=pool,
            desk=lambda: app.desk,
            retriever=lambda: app.retriever,
            language=app.language,
            token=settings.bot_token,
            api_url=settings.api_url,
            router=lambda: app.router,
            tickets=tickets(app) if app.settings.zendesk.subdomain else None,
            replying=replying(app.settings.zendesk.subdomain or ""),
            suggestions=suggestions(app) if app.settings.zendesk.subdomain else None,
            oauth=oauth_of(app.settings),
            admins=frozenset((settings.admins or "").replace(",", " ").split()),
            connections=_connections(app.settings),
            locale=DEFAULT_LOCALE,
            circuit=VendorUse(pool=pool, process=this_process()).circuit("slack"),
        )

    @cached_property
    def listeners(self) -> Listeners:
        from bot.bootstrap.slack_gestures import handlers  # noqa: PLC0415 - it imports this module
        from bot.slack.listening import Listeners  # noqa: PLC0415 - brings Bolt

        return Listeners(
            workspaces=self.workspaces,
            inbox=self.inbox,
            handlers=handlers(self),
            api_url=self.api_url,
            later=self._later,
        )

    @cached_property
    def attendant(self) -> Attendant:
        from bot.slack.attending import Attendant  # noqa: PLC0415 - made when asked for
        from bot.slack.deciding import Decider  # noqa: PLC0415 - as above
        from bot.slack.early import EarlyReplies  # noqa: PLC0415 - as above
        from bot.slack.posting import Poster  # noqa: PLC0415 - as above
        from bot.slack.streaming import Stream  # noqa: PLC0415 - as above

        decider = Decider(
            pool=self.pool,
            support=self._desk(),
            records=self.records,
            held=self._retriever().held,
            questions=self.questions,
            channels=self.channels,
            facts=self.facts,
            language=self.language,
            workspace=self.workspaces.of,
            api=self.api,
            suggesting=self._suggesting,
        )
        return Attendant(
            pool=self.pool,
            questions=self.questions,
            decider=decider,
            poster=Poster(
                questions=self.questions, settling=timedelta(seconds=self._timing.settling)
            ),
            whisperer=self.whisperer,
            signs=self.signs,
            facts=self.facts,
            early=EarlyReplies(
                pool=self.pool,
                inbox=self.inbox,
                workspace=self.workspaces.of,
                api=self.api,
            ),
            records=self.records,
            language=self.language,
            workspace=self.workspaces.of,
            api=self.api,
            stream=partial(Stream, watched_after=self._timing.watched_after),
        )

    @cached_property
    def signs(self) -> Signs:
        from bot.slack.signs import Signs  # noqa: PLC0415 - made when asked for

        return Signs()

    @cached_property
    def home(self) -> Home:
        from bot.slack.home import Home  # noqa: PLC0415 - made when asked for

        return Home(
            pool=self.pool,
            sources=self.sources,
            schedules=self.schedules,
            channels=self.channels,
            routes=self.routes,
            problems=self.problems,
            facts=self.facts,
            admins=self._admins,
            connections=self._connections,
            locale=self._locale,
            api=self.api,
        )

    @cached_property
    def previews(self) -> Previews:
        from bot.slack.previews import Previews  # noqa: PLC0415 - made when asked for

        return Previews(pool=self.pool, facts=self.facts, channels=self.channels, api=self.api)

    @cached_property
    def handing_over(self) -> HandingOver:
        from bot.slack.handing_over import HandingOver  # noqa: PLC0415 - made when asked for

        return HandingOver(
            pool=self.pool,
            handovers=self.handovers,
            routes=self.routes,
            notices=self.notices,
            router=self._router,
            workspace=self.workspaces.of,
            api=self.api,
            tickets=self.tickets,
        )

    @cached_property
    def draft_notices(self) -> DraftNotices:
        from bot.slack.draft_notices import DraftNotices  # noqa: PLC0415 - made when asked for

        assert self.replying is not None  # noqa: S101 - asked for where Zendesk is connected
        return DraftNotices(
            pool=self.pool,
            drafts=self.drafts,
            replying=self.replying,
            routes=self.routes,
            notices=self.notices,
            questions=self.questions,
            facts=self.facts,
            workspace=self.workspaces.of,
            api=self.api,
        )

    @cached_property
    def _suggesting(self) -> Suggesting | None:
        from bot.slack.suggesting import Suggesting  # noqa: PLC0415 - made when asked for

        if self.replying is None or self.suggestions is None:
            return None
        return Suggesting(
            pool=self.pool,
            desk=self.suggestions,
            drafts=self.drafts,
            notices=self.draft_notices,
            api=self.api,
        )

    @cached_property
    def notices(self) -> Notices:
        from bot.slack.notices import Notices  # noqa: PLC0415 - made when asked for

        return Notices(pool=self.pool, settling=timedelta(seconds=self._timing.settling))

    @cached_property
    def whisperer(self) -> Whisperer:
        from bot.slack.whispering import Whisperer  # noqa: PLC0415 - brings the SDK

        return Whisperer(questions=self.questions, timeout=self._timing.timeout)


def _connections(settings: Settings) -> tuple[str, ...]:
    """How each connection is set up, for the admin's home."""
    from bot.bootstrap.checks import connections  # noqa: PLC0415 - it imports this package
    from bot.slack.blocks import escaped  # noqa: PLC0415 - made when asked for

    return tuple(f"{escaped(e.name)}: {escaped(e.detail)}" for e in connections(settings))

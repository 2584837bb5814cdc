"""Slack, wired to the parts of one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from pydantic import SecretStr

    from bot.bootstrap import Application
    from bot.language import LanguageDetector
    from bot.queue import Queue
    from bot.records import Records
    from bot.schedules import Schedules
    from bot.settings import Settings
    from bot.slack.administration import Administration
    from bot.slack.api import SlackApi
    from bot.slack.attending import Attendant
    from bot.slack.channels import Channels
    from bot.slack.facts import Facts
    from bot.slack.handing_over import HandingOver
    from bot.slack.handlers import Handlers
    from bot.slack.handovers import Handovers, SlackRoutes
    from bot.slack.home import Home
    from bot.slack.listening import Listeners
    from bot.slack.notices import Notices
    from bot.slack.pacing import Pacing
    from bot.slack.previews import Previews
    from bot.slack.problems import Problems
    from bot.slack.questions import Questions
    from bot.slack.signs import Signs
    from bot.slack.tickets import Tickets
    from bot.slack.whispering import Whisperer
    from bot.slack.workspaces import Workspace, Workspaces
    from bot.sources import Sources
    from bot.support import SupportDesk
    from bot.triage.models import RoutingTag
    from bot.triage.router import Router
    from indexing.excerpts import Excerpts
    from indexing.retrieval import Retriever


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Seconds: how long to wait for Slack, how long a request of which nobody knows may be under
    way, and from when on an answer may be watched. `sleep` waits for short rate limits."""

    timeout: int = 10
    settling: float = 20.0
    watched_after: float = 1.0
    sleep: Callable[[float], None] = time.sleep


class Slack:
    """The parts of one process. `desk`, `retriever` and `router` are asked for where questions are
    answered only; `tickets` gives the calling thread's, None without Zendesk; `later` does what is
    begun once Slack has its answer, threads unless given."""

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
        admins: frozenset[str] = frozenset(),
        connections: Sequence[str] = (),
        locale: str = "en",
        later: Executor | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._pool = pool
        self._desk = desk
        self._retriever = retriever
        self._language = language
        self._token = token
        self._router = router
        self._tickets = tickets
        self._admins = admins
        self._connections = tuple(connections)
        self._locale = locale
        self._later = later
        self._timing = timing or Timing()
        self.api_url = api_url

    @classmethod
    def of(cls, app: Application, *, pool: ConnectionPool[Connection[Any]]) -> Slack:
        """Those of an application. `pool` is the web process's, which does without a database, or
        the others', who wait for one."""
        from bot.bootstrap import DEFAULT_LOCALE  # noqa: PLC0415 - it imports this module
        from bot.language import LanguageDetector  # noqa: PLC0415 - made when asked for

        settings = app.settings.slack
        return cls(
            pool=pool,
            desk=lambda: app.desk,
            retriever=lambda: app.retriever,
            language=LanguageDetector(default=DEFAULT_LOCALE),
            token=settings.bot_token,
            api_url=settings.api_url,
            router=lambda: app.router,
            tickets=_tickets(app) if app.settings.zendesk.subdomain else None,
            admins=frozenset((settings.admins or "").replace(",", " ").split()),
            connections=_connections(app.settings),
            locale=DEFAULT_LOCALE,
        )

    @cached_property
    def workspaces(self) -> Workspaces:
        from bot.slack.workspaces import Workspaces  # noqa: PLC0415 - made when asked for

        return Workspaces(pool=self._pool, token=self._token, identify=self._identify)

    @cached_property
    def listeners(self) -> Listeners:
        from bot.slack.inbox import Inbox  # noqa: PLC0415 - made when asked for
        from bot.slack.listening import Listeners  # noqa: PLC0415 - brings Bolt

        return Listeners(
            workspaces=self.workspaces,
            inbox=Inbox(pool=self._pool, queue=self.queue),
            handlers=self._handlers,
            api_url=self.api_url,
            later=self._later,
        )

    @cached_property
    def attendant(self) -> Attendant:
        from bot.slack.attending import Attendant  # noqa: PLC0415 - made when asked for
        from bot.slack.deciding import Decider  # noqa: PLC0415 - as above
        from bot.slack.posting import Poster  # noqa: PLC0415 - as above
        from bot.slack.streaming import Stream  # noqa: PLC0415 - as above

        decider = Decider(
            pool=self._pool,
            support=self._desk(),
            records=self.records,
            held=self._retriever().held,
            questions=self.questions,
            channels=self.channels,
            facts=self.facts,
            language=self._language,
            workspace=self.workspaces.of,
            api=self.api,
        )
        return Attendant(
            pool=self._pool,
            questions=self.questions,
            decider=decider,
            poster=Poster(
                questions=self.questions, settling=timedelta(seconds=self._timing.settling)
            ),
            whisperer=self._whisperer,
            signs=self.signs,
            facts=self.facts,
            records=self.records,
            language=self._language,
            workspace=self.workspaces.of,
            api=self.api,
            stream=partial(Stream, watched_after=self._timing.watched_after),
        )

    @cached_property
    def signs(self) -> Signs:
        from bot.slack.signs import Signs  # noqa: PLC0415 - made when asked for

        return Signs()

    @cached_property
    def channels(self) -> Channels:
        from bot.slack.channels import Channels  # noqa: PLC0415 - made when asked for

        return Channels(pool=self._pool)

    @cached_property
    def _handlers(self) -> Handlers:
        """What is done about whatever people press, by its name."""
        from bot.feedback import Feedback  # noqa: PLC0415 - made when asked for
        from bot.slack import home_view, opinions  # noqa: PLC0415 - as above
        from bot.slack.administration import (  # noqa: PLC0415 - as above
            CHANNEL_SET,
            ROUTE_SET,
            SCHEDULE_SET,
        )
        from bot.slack.asides import Asides  # noqa: PLC0415 - as above
        from bot.slack.handlers import ANSWER_THIS, ASK, Handlers  # noqa: PLC0415 - as above
        from bot.slack.passages import Passages  # noqa: PLC0415 - as above
        from bot.slack.people import HANDED_OVER, People  # noqa: PLC0415 - as above

        asides = Asides(
            pool=self._pool,
            queue=self.queue,
            questions=self.questions,
            facts=self.facts,
            whisperer=self._whisperer,
            language=self._language,
        )
        passages = Passages(
            pool=self._pool,
            excerpts=self.excerpts,
            facts=self.facts,
            api=self.api,
        )
        people = People(
            pool=self._pool,
            queue=self.queue,
            handovers=self.handovers,
            routes=self.routes,
            has_tickets=self._tickets is not None,
            api=self.api,
        )
        opinion = opinions.Opinions(
            pool=self._pool,
            feedback=Feedback(pool=self._pool),
            facts=self.facts,
            whisperer=self._whisperer,
            api=self.api,
        )
        admin = self._administration
        return Handlers(
            before={
                "publish": asides.publish,
                "feedback": opinion.rate,
                "resolved": people.resolve,
            },
            after={
                "passage": passages.show,
                "passages": passages.show,
                "rest": asides.rest,
                "feedback": opinion.ask_why,
                "report": opinion.ask_what,
                "more": opinion.ask_what,
                "person": people.ask,
                home_view.SOURCE: admin.source,
                home_view.CHANNEL: admin.channel,
                home_view.ROUTE: admin.route,
                home_view.REFRESH: admin.refresh,
            },
            submit={
                opinions.RATED: opinion.reasons,
                opinions.REPORTED: opinion.report,
                HANDED_OVER: people.submit,
                SCHEDULE_SET: admin.set_schedule,
                CHANNEL_SET: admin.set_channel,
                ROUTE_SET: admin.set_route,
            },
            submitted=dict.fromkeys((SCHEDULE_SET, CHANNEL_SET, ROUTE_SET), admin.after),
            commands={ASK: asides.command},
            shortcuts={ANSWER_THIS: asides.shortcut},
        )

    @cached_property
    def _administration(self) -> Administration:
        from bot.slack.administration import Administration  # noqa: PLC0415 - made when asked for
        from bot.triage.taxonomy import TaxonomyStore  # noqa: PLC0415 - as above

        return Administration(
            pool=self._pool,
            queue=self.queue,
            home=self.home,
            facts=self.facts,
            sources=self._sources,
            schedules=self._schedules,
            channels=self.channels,
            routes=self.routes,
            taxonomy=TaxonomyStore(pool=self._pool),
            api=self.api,
        )

    @cached_property
    def home(self) -> Home:
        from bot.slack.home import Home  # noqa: PLC0415 - made when asked for

        return Home(
            pool=self._pool,
            sources=self._sources,
            schedules=self._schedules,
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

        return Previews(pool=self._pool, facts=self.facts, channels=self.channels, api=self.api)

    @cached_property
    def problems(self) -> Problems:
        from bot.slack.problems import Problems  # noqa: PLC0415 - made when asked for

        return Problems(pool=self._pool)

    @cached_property
    def _sources(self) -> Sources:
        from bot.sources import Sources  # noqa: PLC0415 - made when asked for

        return Sources(pool=self._pool)

    @cached_property
    def _schedules(self) -> Schedules:
        from bot.schedules import Schedules  # noqa: PLC0415 - made when asked for

        return Schedules(pool=self._pool, queue=self.queue)

    @cached_property
    def handing_over(self) -> HandingOver:
        from bot.slack.handing_over import HandingOver  # noqa: PLC0415 - made when asked for

        return HandingOver(
            pool=self._pool,
            handovers=self.handovers,
            routes=self.routes,
            notices=self.notices,
            router=self._router,
            workspace=self.workspaces.of,
            api=self.api,
            tickets=self._tickets,
        )

    @cached_property
    def handovers(self) -> Handovers:
        from bot.slack.handovers import Handovers  # noqa: PLC0415 - made when asked for

        return Handovers(pool=self._pool)

    @cached_property
    def routes(self) -> SlackRoutes:
        from bot.slack.handovers import SlackRoutes  # noqa: PLC0415 - made when asked for

        return SlackRoutes(pool=self._pool)

    @cached_property
    def notices(self) -> Notices:
        from bot.slack.notices import Notices  # noqa: PLC0415 - made when asked for

        return Notices(pool=self._pool, settling=timedelta(seconds=self._timing.settling))

    @cached_property
    def queue(self) -> Queue:
        from bot.queue import Queue  # noqa: PLC0415 - made when asked for

        return Queue(pool=self._pool)

    @cached_property
    def records(self) -> Records:
        from bot.records import Records  # noqa: PLC0415 - made when asked for

        return Records(pool=self._pool)

    @cached_property
    def excerpts(self) -> Excerpts:
        from indexing.excerpts import Excerpts  # noqa: PLC0415 - made when asked for

        return Excerpts(pool=self._pool)

    @cached_property
    def questions(self) -> Questions:
        from bot.slack.questions import Questions  # noqa: PLC0415 - made when asked for

        return Questions(pool=self._pool)

    @cached_property
    def _whisperer(self) -> Whisperer:
        from bot.slack.whispering import Whisperer  # noqa: PLC0415 - brings the SDK

        return Whisperer(questions=self.questions, timeout=self._timing.timeout)

    @cached_property
    def facts(self) -> Facts:
        from bot.slack.facts import Facts  # noqa: PLC0415 - made when asked for

        return Facts(pool=self._pool, workspace=self.workspaces.of, api=self.api)

    def api(self, team: str) -> SlackApi:
        """The Web API as the bot of a workspace. Raises NotInstalled."""
        workspace = self.workspaces.of(team)
        return self._api(self.workspaces.token(workspace), team)

    @cached_property
    def _pacing(self) -> Pacing:
        from bot.slack.pacing import Pacing  # noqa: PLC0415 - made when asked for

        return Pacing(sleep=self._timing.sleep)

    def _api(self, token: str, team: str) -> SlackApi:
        from bot.slack.api import SlackApi  # noqa: PLC0415 - brings the SDK

        return SlackApi(
            token=token,
            api_url=self.api_url,
            team=team,
            pacing=self._pacing,
            timeout=self._timing.timeout,
        )

    def _identify(self, token: str) -> Workspace:
        from bot.slack.workspaces import Workspace  # noqa: PLC0415 - made when asked for

        found = self._api(token, "").auth_test()
        return Workspace(
            id=str(found["team_id"]),
            name=str(found.get("team") or ""),
            bot_user=str(found["user_id"]),
            bot_id=str(found.get("bot_id") or ""),
            enterprise_id=str(found.get("enterprise_id") or ""),
        )


def _connections(settings: Settings) -> tuple[str, ...]:
    """How each connection is set up, for the admin's home."""
    from bot.bootstrap.checks import connections  # noqa: PLC0415 - it imports this package
    from bot.slack.blocks import escaped  # noqa: PLC0415 - made when asked for

    return tuple(f"{escaped(e.name)}: {escaped(e.detail)}" for e in connections(settings))


def _tickets(app: Application) -> Callable[[], Tickets]:
    """Tickets for whichever thread asks."""
    from bot.bootstrap.tickets import Tickets as ZendeskTickets  # noqa: PLC0415 - only there
    from bot.slack.tickets import Tickets  # noqa: PLC0415 - brings zenpy

    zendesk = ZendeskTickets(app)

    def tag(name: str) -> RoutingTag | None:
        tags = app.routing_tags.read().tags
        return next((each for each in tags if each.name == name), None)

    return lambda: Tickets(desk=zendesk.desk(), tag=tag)

"""The processes that run for long, wired: web, worker and scheduler. Each may be started before
the database is there."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from bot import db
from bot.bootstrap.checks import readiness
from bot.bootstrap.choices import missing_to_install, webhook_keys
from bot.errors import DatabaseUnavailable, NotConnected, SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from fastapi import APIRouter, FastAPI
    from procrastinate import App

    from bot.bootstrap import Application
    from bot.scheduler import Scheduler
    from bot.slack.socket_mode import SocketMode
    from bot.worker import Worker

log = logging.getLogger(__name__)

LONGEST_PAUSE = 15.0
"""Seconds between two attempts to reach a database that has been away for some time."""


# A server of our own that ran and went away is started again by `up`; one that does not start will
# not do so a moment later.
_COMES_BACK = (NotConnected, psycopg.OperationalError)


def wait_for_database(
    app: Application,
    *,
    first: Callable[[], object] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns once the database can be used and what is to be done there `first` is done, however
    long its server is away, or how often it goes away meanwhile. What will not pass by itself is
    raised: a URL or a schema that cannot be used, an embedded server of our own that does not
    start."""
    pause = 1.0
    while True:
        try:
            app.pool  # noqa: B018 - made here, or not
            first()
        except (DatabaseUnavailable, psycopg.OperationalError) as error:
            if app.embedded_postgres is not None and not isinstance(error, _COMES_BACK):
                raise
            said = " ".join(str(error).split())
            log.warning("Trying again in %g s: %s", pause, said, extra={"action": "reconnect"})
            sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            return


def _needs_sessions(app: Application) -> None:
    """Raises SettingInvalid where the sessions would be somebody else's at the next statement."""
    if app.settings.storage.database_pooling == "transaction":
        raise SettingInvalid(
            "DATABASE_POOLING is transaction, but worker and scheduler listen and hold locks for "
            "as long as they run. Give them a DATABASE_URL that leads to PostgreSQL itself, or to "
            "a pool in session mode, without DATABASE_POOLING."
        )


def web(app: Application) -> FastAPI:
    """The web process's application. It serves in whatever state the database is, be it away,
    and /readyz says which."""
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - only that process

    from bot.admin.console import PATH as CONSOLE  # noqa: PLC0415 - only that process
    from bot.bootstrap.console import console  # noqa: PLC0415 - only that process
    from bot.bootstrap.help import help_page  # noqa: PLC0415 - only that process
    from bot.help.page import PATH as HELP  # noqa: PLC0415 - only that process
    from bot.metrics import DatabaseMetrics  # noqa: PLC0415 - only that process
    from bot.queue import Queue  # noqa: PLC0415 - only that process
    from bot.vendor_metrics import VendorMetrics  # noqa: PLC0415 - only that process
    from bot.web import create_app  # noqa: PLC0415 - only that process
    from bot.zendesk.inbox import Inbox  # noqa: PLC0415 - only that process
    from bot.zendesk.webhooks import routes  # noqa: PLC0415 - only that process

    app.trace("web")
    keys = webhook_keys(app.settings.zendesk)
    pool, embedded = app.patient_pool, app.embedded_postgres is not None
    inbox = Inbox(pool=pool, queue=Queue(pool=pool))
    registry = CollectorRegistry()
    registry.register(DatabaseMetrics(pool=pool))
    registry.register(VendorMetrics(pool=pool))
    return create_app(
        readiness=partial(readiness, pool, embedded=embedded),
        registry=registry,
        routers=(routes(inbox=inbox, keys=keys), *_feedback(app), *_slack_routes(app)),
        mounts={CONSOLE: console(app), HELP: help_page(app)},
    )


def _slack_routes(app: Application) -> Iterator[APIRouter]:
    """What Slack calls, and the pages where its app is installed. Bolt is loaded with the first
    call."""
    from bot.bootstrap.slack import Slack  # noqa: PLC0415 - only that process
    from bot.slack import installing  # noqa: PLC0415 - only that process
    from bot.slack.http import routes  # noqa: PLC0415 - only that process

    secret, slack = app.settings.slack.signing_secret, Slack.of(app, pool=app.patient_pool)
    yield routes(
        app=lambda: slack.listeners.app,
        signing_secret=secret.get_secret_value() if secret else None,
        database_now=slack.inbox.now,
    )
    client_secret = app.settings.slack.client_secret
    missing = missing_to_install(app.settings)
    yield installing.routes(
        installations=None if missing else slack.installations,
        missing=missing,
        client_id=app.settings.slack.client_id or "",
        client_secret=client_secret.get_secret_value() if client_secret else "",
        public_url=app.settings.web.public_url or "",
        api_url=slack.api_url,
    )


def _feedback(app: Application) -> Iterator[APIRouter]:
    """The pages behind the links in replies, where replies have any."""
    from bot.queue import Queue  # noqa: PLC0415 - only that process
    from bot.zendesk import feedback  # noqa: PLC0415 - only that process
    from bot.zendesk.page_texts import page_texts_for  # noqa: PLC0415 - only that process
    from bot.zendesk.verdicts import Verdicts  # noqa: PLC0415 - only that process

    pool, base = app.patient_pool, app.settings.web.public_url
    if base:
        yield feedback.router(
            # Read anew each time: a key may have been added, and the database is away at times.
            links=lambda: feedback.Links(keys=feedback.signing_keys(pool), base=base),
            take=Verdicts(pool=pool, queue=Queue(pool=pool)).take,
            texts=page_texts_for,
        )


def slack(app: Application) -> SocketMode:
    """The process that listens to Slack through Socket Mode. Raises SettingInvalid without its
    tokens. Takes what it hears in whatever state the database is: what could not be taken comes
    again."""
    from bot.bootstrap.slack import Slack  # noqa: PLC0415 - only that process
    from bot.slack.socket_mode import SocketMode  # noqa: PLC0415 - only that process

    token = app.settings.slack.app_token
    if token is None:
        raise SettingInvalid(
            "SLACK_APP_TOKEN is not set. Make an app-level token (xapp-…) with the scope "
            "connections:write under Basic Information > App-Level Tokens of the Slack app."
        )
    app.trace("slack")
    parts = Slack.of(app, pool=app.patient_pool)
    return SocketMode(listeners=parts.listeners, token=token.get_secret_value())


def worker(app: Application, *, drain: timedelta) -> Worker:
    """The process that does the jobs. It loads the embedding model with the first sync, and has
    an index built when another model is set than the one that answers. Waits for the database."""
    from bot.bootstrap.help import help_job  # noqa: PLC0415 - only that process
    from bot.jobs.advice import AdviceJob  # noqa: PLC0415 - only that process
    from bot.jobs.articles import ArticleJob  # noqa: PLC0415 - only that process
    from bot.jobs.gaps import GapsJob  # noqa: PLC0415 - only that process
    from bot.jobs.memory import LearnJob  # noqa: PLC0415 - only that process
    from bot.jobs.models import SwitchJob, notice_setting  # noqa: PLC0415 - only that process
    from bot.jobs.quality import RecheckJob  # noqa: PLC0415 - only that process
    from bot.jobs.rebuilding import RebuildJob  # noqa: PLC0415 - only that process
    from bot.jobs.sync import SyncJob  # noqa: PLC0415 - only that process
    from bot.jobs.upkeep import Upkeep  # noqa: PLC0415 - only that process
    from bot.support import NoRecords  # noqa: PLC0415 - only that process
    from bot.worker import Worker  # noqa: PLC0415 - only that process

    app.trace("worker")
    _needs_sessions(app)
    wait_for_database(
        app,
        first=lambda: notice_setting(pool=app.pool, queue=app.queue, wanted=app.embedders.wanted),
    )
    sync = SyncJob(
        sources=app.sources,
        connect=app.connector,
        make_sync=app.new_sync,
        told=app.queue.told_articles,
    )
    article = ArticleJob(
        sources=app.sources, connect=app.articles_connector, make_sync=app.new_sync
    )
    switch = SwitchJob(switching=lambda: app.switching, wanted=app.embedders.wanted)
    learn = LearnJob(pool=app.pool, live=lambda: app.index, model_of=app.embedders.of)
    upkeep = Upkeep(queue=app.queue, pool=app.pool)
    gaps = GapsJob(
        pool=app.pool,
        retriever=lambda: app.retriever,
        embedder=lambda: app.embedders.of(app.index),
    )
    recheck = RecheckJob(pool=app.pool)
    advice = AdviceJob(
        pool=app.pool,
        desk=lambda: app.desk_over(app.retriever, recorder=NoRecords()),
        retriever=lambda: app.retriever,
        index=lambda: app.index,
        router=lambda: app.router,
        has_tags=lambda: bool(app.routing_tags.names()),
        engine=lambda: app.engine.name,
    )
    # Beside the pool: it is held for minutes.
    rebuild = RebuildJob(connect=partial(db.connect, app.database_url))
    jobs = (sync, article, switch, rebuild, learn, upkeep, gaps, advice, recheck)
    registers = (each.register for each in jobs)
    return Worker(
        database_url=app.database_url,
        queue=app.queue,
        register=(*registers, *_ticket_jobs(app), *_slack_jobs(app), help_job(app)),
        drain=drain,
    )


def _ticket_jobs(app: Application) -> Iterator[Callable[[App], None]]:
    """Tickets that were enqueued are always somebody's; the sweep needs an account."""
    from bot.bootstrap.tickets import Tickets  # noqa: PLC0415 - only that process
    from bot.jobs.tickets import TicketJobs, TicketSweepJob  # noqa: PLC0415 - only that process
    from bot.zendesk.problems import Problems  # noqa: PLC0415 - only that process

    tickets = Tickets(app)
    yield TicketJobs(
        attendant=tickets.attendant, problems=Problems(pool=app.pool), queue=app.queue
    ).register
    if app.settings.zendesk.subdomain:
        yield TicketSweepJob(sweep=tickets.sweep).register


def _slack_jobs(app: Application) -> Iterator[Callable[[App], None]]:
    """What was asked in Slack is always somebody's, also where another process listens."""
    from bot.bootstrap.slack import Slack  # noqa: PLC0415 - only that process
    from bot.jobs.slack import SlackJobs  # noqa: PLC0415 - only that process
    from bot.jobs.slack_upkeep import (  # noqa: PLC0415 - only that process
        SlackDraftsJob,
        SlackTokensJob,
    )

    slack = Slack.of(app, pool=app.pool)
    if slack.installations is not None:
        yield SlackTokensJob(installations=slack.installations, problems=slack.problems).register
    drafts = (lambda: slack.draft_notices) if app.settings.zendesk.subdomain else None
    yield SlackJobs(
        attendant=lambda: slack.attendant,
        handing_over=lambda: slack.handing_over,
        drafts=drafts,
        home=lambda: slack.home,
        previews=lambda: slack.previews,
        problems=slack.problems,
        queue=app.queue,
    ).register
    if drafts is not None:
        yield SlackDraftsJob(drafts=drafts, queue=app.queue).register


def scheduler(app: Application) -> Scheduler:
    """The process that enqueues what is due. Waits for the database."""
    from bot.scheduler import Scheduler  # noqa: PLC0415 - only that process

    app.trace("scheduler")
    _needs_sessions(app)
    wait_for_database(app)
    connect = partial(db.connect, app.database_url, application_name="supportbot scheduler")
    return Scheduler(connect=connect, schedules=app.schedules)

"""The console, wired to the parts of the web process."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bot.bootstrap.checks import connections, readiness
from bot.bootstrap.choices import zendesk_account
from bot.bootstrap.routing import account_tags
from bot.bootstrap.ticket_checks import PROBE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from starlette.types import ASGIApp

    from bot.admin.looking import Work
    from bot.admin.openid import OpenId
    from bot.admin.people import People
    from bot.bootstrap import Application
    from bot.settings import Settings
    from connectors.zendesk.choices import Option


def console(app: Application) -> ASGIApp:
    """What is served under /admin, in whatever state the database is."""
    from bot.admin import assets  # noqa: PLC0415 - only the web process
    from bot.admin.console import PAGES, create_console  # noqa: PLC0415 - as above
    from bot.admin.cookies import Cookies  # noqa: PLC0415 - as above
    from bot.admin.gate import Gate  # noqa: PLC0415 - as above
    from bot.admin.pages import Pages  # noqa: PLC0415 - as above
    from bot.admin.parts import Parts  # noqa: PLC0415 - as above
    from bot.admin.passwords import Passwords  # noqa: PLC0415 - as above
    from bot.admin.people import People  # noqa: PLC0415 - as above
    from bot.admin.sessions import Sessions  # noqa: PLC0415 - as above
    from bot.audit import Audit  # noqa: PLC0415 - as above
    from bot.preferences import Preferences  # noqa: PLC0415 - as above
    from bot.queue import Queue  # noqa: PLC0415 - as above
    from bot.runs import Runs  # noqa: PLC0415 - as above
    from bot.schedules import Schedules  # noqa: PLC0415 - as above
    from bot.sources import Sources  # noqa: PLC0415 - as above

    settings, pool = app.settings, app.patient_pool
    public_url = settings.web.public_url
    files = assets.load()
    cookies = Cookies(secure=bool(public_url and public_url.startswith("https://")))
    people, queue = People(pool=pool), Queue(pool=pool)
    sessions = Sessions(pool=pool, people=people)
    parts = Parts(
        pool=pool,
        queue=queue,
        pages=Pages(menu=PAGES, assets=files, cookies=cookies),
        gate=Gate(sessions=sessions, cookies=cookies, public_url=public_url),
        cookies=cookies,
        people=people,
        sessions=sessions,
        passwords=Passwords(pool=pool, people=people, operators=settings.web.admin_password),
        openid=_openid(settings, pool, people),
        audit=Audit(pool=pool),
        preferences=Preferences(pool=pool),
        sources=Sources(pool=pool),
        schedules=Schedules(pool=pool, queue=queue),
        runs=Runs(pool=pool),
        connect=app.connector,
        source_choices=partial(_source_choices, app),
        account_tags=partial(account_tags, app),
        zendesk_users=partial(_zendesk_users, app),
        slack_users=partial(_slack_users, app),
        health=partial(readiness, pool, embedded=app.embedded_postgres is not None),
        connections=lambda: tuple(connections(settings)),
        connected={
            "zendesk": settings.zendesk.subdomain is not None,
            "slack": bool(settings.slack.bot_token or settings.slack.client_id),
            "model": bool(settings.anthropic.api_key or settings.anthropic.base_url),
        },
        address=public_url,
        work=_work(app, pool),
    )
    return create_console(parts, assets=files)


def _work(app: Application, pool: ConnectionPool[Connection[Any]]) -> Work:
    """What answers and routes, made when a page first needs it: it loads the embedding model."""
    from bot.admin.looking import Work  # noqa: PLC0415 - only the web process
    from bot.drafts import Drafts  # noqa: PLC0415 - as above
    from bot.evaluation.case_sets import CaseSets  # noqa: PLC0415 - as above
    from bot.queue import Queue  # noqa: PLC0415 - as above
    from bot.support import NoRecords  # noqa: PLC0415 - as above
    from bot.triage.taxonomy import TaxonomyStore  # noqa: PLC0415 - as above
    from connectors.zendesk.addresses import subdomain_of  # noqa: PLC0415 - as above

    account = app.settings.zendesk.subdomain
    return Work(
        desk=lambda: app.desk_over(app.retriever, recorder=NoRecords(), limits=app.limits),
        retriever=lambda: app.retriever,
        router=lambda: app.router,
        taxonomy=TaxonomyStore(pool=pool),
        drafts=Drafts(pool=pool, queue=Queue(pool=pool)),
        case_sets=CaseSets(pool=pool),
        help_desk=f"https://{subdomain_of(account)}.zendesk.com" if account else "",
    )


def sign_in_link(app: Application, *, base: str, email: str = "") -> str:
    """An address that signs somebody in once: the operator, unless another is named. Raises
    InputRejected for somebody who is not known."""
    from bot.admin.people import People  # noqa: PLC0415 - made when asked for
    from bot.admin.sessions import Sessions  # noqa: PLC0415 - as above
    from bot.errors import InputRejected  # noqa: PLC0415 - as above

    people = People(pool=app.pool)
    person = people.named(email) if email else people.operator()
    if person is None or person.disabled:
        raise InputRejected(f"{email} may not sign in: see the page People of the console.")
    token = Sessions(pool=app.pool, people=people).link(person)
    return f"{base}/admin/sign-in/link/{token}"


def _source_choices(app: Application, kind: str) -> Mapping[str, tuple[Option, ...]]:
    """What a source of this kind may be narrowed to. Raises ConnectorError."""
    from connectors.zendesk.choices import choices_of  # noqa: PLC0415 - brings zenpy

    if kind != "zendesk":
        return {}
    account = zendesk_account(
        app.settings.zendesk, timeout=PROBE_SECONDS, longest_wait=PROBE_SECONDS
    )
    with account.client() as client:
        return choices_of(client)


def _zendesk_users(app: Application, email: str) -> tuple[int, ...]:
    """Raises ConnectorError where the account cannot be asked."""
    from connectors.zendesk.directory import Directory  # noqa: PLC0415 - brings zenpy

    if app.settings.zendesk.subdomain is None:
        return ()
    account = zendesk_account(
        app.settings.zendesk, timeout=PROBE_SECONDS, longest_wait=PROBE_SECONDS
    )
    with account.client() as client:
        return Directory(client=client).people_at(email)


def _slack_users(app: Application, email: str) -> tuple[str, ...]:
    """In every workspace. Raises SlackError where one cannot be asked."""
    from bot.bootstrap.slack import Slack  # noqa: PLC0415 - brings Bolt

    if not (app.settings.slack.bot_token or app.settings.slack.client_id):
        return ()
    slack = Slack.of(app, pool=app.patient_pool)
    with app.patient_pool.connection() as connection:
        teams = [row[0] for row in connection.execute("SELECT team_id FROM slack_teams")]
    found = (slack.api(team).user_at(email) for team in teams)
    return tuple(each for each in found if each)


def _openid(
    settings: Settings, pool: ConnectionPool[Connection[object]], people: People
) -> OpenId | None:
    given = settings.openid
    if not (given.issuer and given.client_id and given.client_secret):
        return None
    from bot.admin.openid import OpenId, Provider  # noqa: PLC0415 - a second of the web's start

    domains = frozenset(each.strip().lower() for each in (given.domains or "").split(","))
    provider = Provider(
        issuer=given.issuer,
        client_id=given.client_id,
        client_secret=given.client_secret,
        label=given.label,
        domains=domains - {""},
    )
    address = settings.web.public_url or f"http://127.0.0.1:{settings.web.port}"
    return OpenId(provider=provider, pool=pool, people=people, address=address)

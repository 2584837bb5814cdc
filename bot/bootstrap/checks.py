"""What doctor, `up` and /readyz look at, wired to the parts of one process."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from bot import doctor
from bot.bootstrap.choices import (
    engine_name,
    missing_to_install,
    webhook_keys,
    zendesk_account,
)
from bot.bootstrap.ticket_checks import PROBE_SECONDS, ticket_checks
from bot.db.replicas import BOUND
from bot.errors import SupportbotError
from bot.settings import open_to_others, suspicions
from bot.strength import weaknesses
from indexing.errors import IndexingError, IndexMissing
from indexing.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.bootstrap import Application
    from bot.settings import Settings

# A probe that waits longer than this for the database calls it away.
READY_SECONDS = 2.0


def checks(app: Application, environment: Mapping[str, str]) -> Iterator[doctor.Check]:
    """Every part's state. `environment` is searched for misspelt names of settings."""
    settings = app.settings
    yield doctor.settings(suspicions(environment))
    yield doctor.secrets(weaknesses(settings.named_secrets()), file_is_open=open_to_others())
    yield doctor.data_directory(settings.storage.data_dir)
    yield from _database_checks(app)
    yield doctor.engine(partial(_describe_engine, settings))
    if settings.zendesk.subdomain is None:
        yield doctor.zendesk_named(None)
    else:
        account = partial(
            zendesk_account, settings.zendesk, timeout=PROBE_SECONDS, longest_wait=PROBE_SECONDS
        )
        yield doctor.zendesk(account)
    if settings.zendesk.subdomain or settings.zendesk.webhook_secret:
        yield doctor.zendesk_webhooks(lambda: bool(webhook_keys(settings.zendesk)))
    yield _slack(app)


def connections(settings: Settings) -> Iterator[doctor.Check]:
    """Whom it talks to, or which setting would connect it. Calls nobody."""
    yield doctor.engine(partial(_describe_engine, settings))
    yield doctor.zendesk_named(settings.zendesk.subdomain)
    yield _slack_named(settings)


def readiness(pool: ConnectionPool[Connection[Any]], *, embedded: bool) -> tuple[doctor.Check, ...]:
    """What must hold before traffic is sent to the web process."""
    database = doctor.database(pool, embedded=embedded, wait=READY_SECONDS)
    if database.state == "failed":  # the others would only wait for it once more
        return (database, *_not_checked("clock", "schema", "index", "queue"))
    look = (doctor.clock, doctor.schema, doctor.index, doctor.queue)
    return (database, *(check(pool, wait=READY_SECONDS) for check in look))


def _database_checks(app: Application) -> Iterator[doctor.Check]:
    model = doctor.embedding_model(lambda: app.embedder)
    try:
        pool = app.raw_pool
    except SupportbotError as error:
        yield doctor.Check(name="database", state="failed", detail=str(error))
        yield from _not_checked("clock", "schema", "index", "queue")
        yield model
        return
    yield doctor.database(pool, embedded=app.embedded_postgres is not None)
    yield doctor.clock(pool)
    schema = doctor.schema(pool)
    yield schema
    yield model
    if schema.state == "ok":
        yield from _answering_model(app, pool)
    yield doctor.index(pool, model=app.embedders.wanted)
    yield doctor.queue(pool)
    if schema.state == "ok":
        if app.replica is not None:
            yield doctor.replica(app.replica.lag, bound=BOUND)
        yield doctor.budgets(app.vendors.spending.standing(), app.vendors.use.resting())
        yield from map(doctor.source, app.sources.all())
        yield from ticket_checks(app)
        yield from _baselines(app)


def _baselines(app: Application) -> Iterator[doctor.Check]:
    """What is guarded against getting worse, where anything is."""
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - made when asked for

    held = EvaluationRuns(pool=app.pool).baselines()
    if not held:
        return
    from bot.bootstrap.evaluations import setup  # noqa: PLC0415 - made when asked for
    from bot.evaluation.guard import changed_since  # noqa: PLC0415 - as above

    with suppress(SupportbotError, IndexingError):  # told by the checks before
        now = setup(app, app.pool, app.index)
        named = {f"{run.kind} on {run.cases_name}": changed_since(run, now) for run in held}
        yield doctor.baselines(named)


def _answering_model(
    app: Application, pool: ConnectionPool[Connection[Any]]
) -> Iterator[doctor.Check]:
    """The model of the live index, where another one is set."""
    with suppress(IndexMissing), pool.connection() as connection:
        live = Index.live(connection)
        if live.model != app.embedders.wanted:
            name = "answering model"
            yield doctor.embedding_model(lambda: app.embedders.of(live), name=name)


def _not_checked(*names: str) -> tuple[doctor.Check, ...]:
    return tuple(doctor.not_checked(each, "the database is not available") for each in names)


def _describe_engine(settings: Settings) -> str:
    name, anthropic = engine_name(settings), settings.anthropic
    if name == "extractive":
        return "extractive, no model (ANTHROPIC_API_KEY turns Claude on)."
    from bot.llm import DEFAULT_MODEL  # noqa: PLC0415 - made when asked for

    where = anthropic.base_url or "Anthropic's API"
    return f"{name}, {anthropic.model or DEFAULT_MODEL} at {where}; not called by this check."


def _slack_named(settings: Settings) -> doctor.Check:
    slack = settings.slack
    installs = slack.bot_token is None and slack.client_id is not None
    missing = list(missing_to_install(settings)) if installs else []
    if not installs and slack.bot_token is None:
        missing.append("SLACK_BOT_TOKEN")
    if slack.app_token is None and slack.signing_secret is None:
        missing.append("SLACK_APP_TOKEN or SLACK_SIGNING_SECRET")
    given = (slack.bot_token, slack.client_id, slack.app_token, slack.signing_secret)
    return doctor.slack_named(missing, is_wanted=any(given), way=_slack_way(settings))


def _slack_way(settings: Settings) -> str:
    return "Socket Mode" if settings.slack.app_token else "HTTP (/slack/events)"


def _slack(app: Application) -> doctor.Check:
    """Asks Slack, where everything is set."""
    named = _slack_named(app.settings)
    token = app.settings.slack.bot_token
    if named.state != "ok" or token is None:
        return named
    from bot.bootstrap.slack_access import whose  # noqa: PLC0415 - brings the SDK

    asked = partial(whose, token, api_url=app.settings.slack.api_url, timeout=int(PROBE_SECONDS))
    return doctor.slack(asked, way=_slack_way(app.settings))

"""Named checks of every part: its state, and what to do about it.

Each check is a function of what it looks at and never raises for what it finds, so that one
broken part does not hide the others. /readyz asks the same functions.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg_pool import PoolTimeout

from bot import db, indexes
from bot.backlog import backlog
from bot.budgets import MEANINGS
from bot.errors import SupportbotError
from connectors.errors import ConnectorError
from indexing.embedders import DEFAULT_MODEL, UNMEASURED_MODEL
from indexing.errors import IndexingError, IndexMissing
from indexing.holdings import index_states
from indexing.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.budgets import Standing
    from bot.sources import SourceState
    from connectors.zendesk.account import ZendeskAccount
    from indexing.embedders.embedder import Embedder

State = Literal["ok", "warning", "failed"]

# An embedded database that runs out of disk stops; this is a day's notice at full growth.
ROOM_NEEDED = 500 * 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One part's state. `advice` says what to do, and is "" where nothing need be done."""

    name: str
    state: State
    detail: str
    advice: str = ""


def settings(suspicions: Iterable[str]) -> Check:
    """Whether any name in the environment or `.env` looks like a mistake."""
    found = tuple(suspicions)
    if found:
        return Check(
            name="settings", state="warning", detail=" ".join(found), advice="Correct the names."
        )
    return Check(name="settings", state="ok", detail="Every setting can be used.")


def secrets(weaknesses: Iterable[str], *, file_is_open: bool) -> Check:
    """Whether any secret that is set can be guessed, or read by other users of the machine."""
    found = list(weaknesses)
    advice = "Replace it with what `openssl rand -base64 24` prints." if found else ""
    if file_is_open:
        found.append("Other users of this machine can read .env.")
        advice = f"{advice} Run `chmod 600 .env`.".strip()
    if found:
        return Check(name="secrets", state="warning", detail=" ".join(found), advice=advice)
    return Check(name="secrets", state="ok", detail="None that is set can be guessed.")


def data_directory(path: Path) -> Check:
    """Whether files can be kept in `path`, which is made if it is not there."""
    name = "data directory"
    advice = "Set SUPPORTBOT_DATA_DIR to a directory that this user may write to."
    try:
        path.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path).free
    except OSError as error:
        return Check(name=name, state="failed", detail=f"{path}: {error.strerror}.", advice=advice)
    if not os.access(path, os.W_OK | os.X_OK):
        return Check(name=name, state="failed", detail=f"{path} is read-only.", advice=advice)
    if free < ROOM_NEEDED:
        return Check(
            name=name,
            state="warning",
            detail=f"{path} has {free >> 20} MB left.",
            advice="Make room, or set SUPPORTBOT_DATA_DIR to a larger disk.",
        )
    return Check(name=name, state="ok", detail=f"{path}, {free >> 30} GB free.")


def database(pool: ConnectionPool[Connection[Any]], *, embedded: bool, wait: float = 5.0) -> Check:
    """Whether the server answers within `wait` seconds and has what is needed."""

    def examine(connection: Connection[Any]) -> Check:
        db.check_server(connection)
        row = connection.execute(
            "SELECT current_setting('server_version'), "
            "(SELECT extversion FROM pg_extension WHERE extname = 'vector')"
        ).fetchone()
        version, pgvector = row or ("", None)
        kind = "embedded PostgreSQL" if embedded else "PostgreSQL (DATABASE_URL)"
        vectors = f"pgvector {pgvector}" if pgvector else "pgvector not created yet"
        return Check(name="database", state="ok", detail=f"{kind} {version}, {vectors}.")

    return _with_connection("database", pool, examine, wait)


def replica(lag: Callable[[], float], *, bound: float) -> Check:
    """Whether the replica is near enough to the primary to be searched."""
    advice = "Check DATABASE_REPLICA_URL and pg_stat_replication; until then the primary searches."
    behind = lag()
    if behind <= bound:
        return Check(name="replica", state="ok", detail="It searches: not a second behind.")
    detail = (
        "It is away, or is no streaming replica."
        if behind == float("inf")
        else f"It is {behind:.0f} s behind."
    )
    return Check(name="replica", state="warning", detail=detail, advice=advice)


def schema(pool: ConnectionPool[Connection[Any]], *, wait: float = 5.0) -> Check:
    """Whether the database is at the revision that this version was written for."""

    def examine(connection: Connection[Any]) -> Check:
        found, needed = db.schema_revision(connection), db.newest_revision()
        if found == needed:
            return Check(name="schema", state="ok", detail=f"At revision {found}.")
        return Check(
            name="schema",
            state="failed",
            detail=f"At revision {found or 'none'}; {needed} is needed.",
            advice="Run `supportbot migrate`.",
        )

    return _with_connection("schema", pool, examine, wait)


def index(
    pool: ConnectionPool[Connection[Any]], *, model: str | None = None, wait: float = 5.0
) -> Check:
    """Whether there is a live index with something in it, and how far another one is that is to
    take its place. `model` is the name of the model that is set, if that is known."""

    def examine(connection: Connection[Any]) -> Check:
        live = Index.live(connection)
        states = index_states(connection)
        size = live.size(connection)
        detail = f"{size.documents} documents, {size.passages} passages of {live.model}."
        detail = " ".join((detail, *indexes.being_built(states)))
        advice = indexes.what_to_do(states, wanted=model)
        if not advice and not size.passages:
            advice = "Run `supportbot sync`."
        return Check(
            name="index", state="warning" if advice else "ok", detail=detail, advice=advice
        )

    return _with_connection("index", pool, examine, wait)


def queue(pool: ConnectionPool[Connection[Any]], *, wait: float = 5.0) -> Check:
    """Whether jobs can be enqueued, and whether somebody does them. That nobody does them is a
    warning: the web process still takes what others send, and it is done later."""

    def examine(connection: Connection[Any]) -> Check:
        state = backlog(connection)
        advice = state.advice()
        return Check(
            name="queue",
            state="warning" if advice else "ok",
            detail=state.describe(),
            advice=advice,
        )

    return _with_connection("queue", pool, examine, wait)


def embedding_model(load: Callable[[], Embedder], *, name: str = "embedding model") -> Check:
    """Whether the model that finds passages can be loaded and embeds."""
    try:
        embedder = load()
        embedder.embed_query("How long do I have to return a jacket?")
    except (IndexingError, OSError) as error:
        return Check(name=name, state="failed", detail=str(error))
    detail = f"{embedder.name}, {embedder.dimensions} dimensions."
    advice = "" if embedder.name == DEFAULT_MODEL else UNMEASURED_MODEL
    return Check(name=name, state="ok", detail=detail, advice=advice)


def source(state: SourceState) -> Check:
    """What the last sync of one source made of it."""
    name = f"source {state.source.name}"
    if state.last_sync is None:
        return Check(
            name=name,
            state="warning",
            detail=f"Kind {state.source.kind}; no sync has ended yet.",
            advice=f"Run `supportbot sync {state.source.name}`.",
        )
    detail = (
        f"{state.documents} documents, {state.failed} failed; "
        f"last sync {state.last_state} at {state.last_sync:%Y-%m-%d %H:%M} UTC."
    )
    if state.last_state == "failed":
        advice = f"Run `supportbot sync {state.source.name}`; it prints why it fails."
        return Check(name=name, state="failed", detail=detail, advice=advice)
    if state.failed:
        advice = f"`supportbot sources show {state.source.name}` lists what failed and why."
        return Check(name=name, state="warning", detail=detail, advice=advice)
    return Check(name=name, state="ok", detail=detail)


def engine(build: Callable[[], str]) -> Check:
    """Whether the engine that writes answers can be made; `build` returns what it is."""
    try:
        return Check(name="answer engine", state="ok", detail=build())
    except (SupportbotError, IndexingError) as error:
        return Check(name="answer engine", state="failed", detail=str(error))


def slack_named(missing: Sequence[str], *, is_wanted: bool, way: str) -> Check:
    """How Slack is set up: what is `missing` where anything of it is set, else the `way` in which
    its events come. Calls nobody."""
    name, needed = "slack", ", ".join(missing)
    if not is_wanted:
        return Check(name=name, state="ok", detail="Not connected.", advice=f"Set {needed}.")
    if missing:
        told = f"Not connected: {needed} is not set."
        return Check(name=name, state="failed", detail=told, advice=f"Set {needed}.")
    return Check(name=name, state="ok", detail=f"Events come by {way}; not called by this check.")


def slack(whose: Callable[[], str], *, way: str) -> Check:
    """Whether Slack takes the bot's token, and whose it is."""
    try:
        told = whose()
    except SupportbotError as error:
        return Check(name="slack", state="failed", detail=str(error))
    return Check(name="slack", state="ok", detail=f"{told}; events come by {way}.")


def zendesk_named(subdomain: str | None) -> Check:
    """Which Zendesk account is set up. Calls nobody."""
    if subdomain is None:
        return Check(
            name="zendesk",
            state="ok",
            detail="Not connected.",
            advice="Set ZENDESK_SUBDOMAIN, ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET.",
        )
    return Check(
        name="zendesk", state="ok", detail=f"Account {subdomain}; not called by this check."
    )


def zendesk(account: Callable[[], ZendeskAccount]) -> Check:
    """Whether the Zendesk account takes our credentials, and which help centers it has."""
    try:
        connected = account()
        with connected.client() as client:
            user, brands = client.check(), client.brands()
    except ConnectorError as error:
        return Check(name="zendesk", state="failed", detail=str(error))
    centers = ", ".join(each.subdomain for each in brands) or "none"
    detail = (
        f"Account {connected.subdomain}, signed in as {user.name} ({user.role}). "
        f"Help centers: {centers}."
    )
    advice = " ".join(connected.notices)
    return Check(name="zendesk", state="warning" if advice else "ok", detail=detail, advice=advice)


def zendesk_webhooks(configured: Callable[[], bool]) -> Check:
    """Whether Zendesk may tell us at once what happened; `configured` is False where no secret
    is set and raises SettingInvalid where it is one that cannot be used."""
    name = "zendesk webhooks"
    try:
        if configured():
            return Check(name=name, state="ok", detail="Taken at /zendesk/webhook.")
    except SupportbotError as error:
        return Check(name=name, state="failed", detail=str(error))
    return Check(
        name=name,
        state="ok",
        detail="Not taken: articles change here by the schedule only, tickets by the sweep.",
        advice="Run `supportbot zendesk install`, which says how to set ZENDESK_WEBHOOK_SECRET.",
    )


def budgets(standing: Standing, resting: Mapping[str, int]) -> Check:
    """What is done without now, because a budget is used up or a vendor fails."""
    found = [MEANINGS[standing.step], standing.why] if standing.step else []
    if (until := standing.syncs_wait_until) is not None:
        found.append(f"Syncs of Zendesk wait until {until:%H:%M} UTC.")
    found += [
        f"{vendor} is left alone after failures by {processes} processes."
        for vendor, processes in resting.items()
    ]
    if found:
        advice = "It ends by itself; `supportbot budgets show` says how the budgets stand."
        return Check(name="budgets", state="warning", detail=" ".join(found), advice=advice)
    used = (f"{each.share:.0%} of {each.name.replace('_', ' ')}" for each in standing.budgets)
    said = f"Used: {', '.join(used)}." if standing.budgets else "No budget is set."
    return Check(name="budgets", state="ok", detail=said)


def baselines(changed: Mapping[str, Sequence[str]]) -> Check:
    """Whether what is guarded was measured with what answers now. `changed` maps each baseline to
    the parts of it that are others by now."""
    others = {name: parts for name, parts in changed.items() if parts}
    if others:
        told = " ".join(f"{name}: {', '.join(parts)}." for name, parts in others.items())
        return Check(
            name="baselines",
            state="warning",
            detail=f"Changed since the baseline was measured: {told}",
            advice="Run `supportbot eval guard check`.",
        )
    return Check(name="baselines", state="ok", detail="What answers is what was measured.")


def not_checked(name: str, because: str) -> Check:
    """A part that cannot be looked at while another one is broken."""
    return Check(name=name, state="failed", detail=f"Not checked: {because}.")


def _with_connection(
    name: str,
    pool: ConnectionPool[Connection[Any]],
    examine: Callable[[Connection[Any]], Check],
    wait: float,
) -> Check:
    try:
        with pool.connection(timeout=wait) as connection:
            return examine(connection)
    except (PoolTimeout, psycopg.OperationalError) as error:
        detail = f"The database does not answer: {' '.join(str(error).split())}."
        return Check(name=name, state="failed", detail=detail, advice="Check that it runs.")
    except psycopg.errors.UndefinedTable:
        return Check(
            name=name,
            state="failed",
            detail="The database has no tables yet.",
            advice="Run `supportbot migrate`.",
        )
    except IndexMissing:
        return Check(
            name=name,
            state="failed",
            detail="Nothing is indexed yet.",
            advice="Run `supportbot sync`.",
        )
    except SupportbotError as error:
        return Check(name=name, state="failed", detail=str(error))

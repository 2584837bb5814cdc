"""Connections and pools that know the vector types, and errors that say where and what to do."""

from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.types import TypeInfo
from psycopg_pool import ConnectionPool, PoolTimeout

from bot.errors import NotConnected, SettingInvalid

APPLICATION_NAME = "supportbot"
CONNECT_SECONDS = 10

# A pool whose server is away tries again by itself for so long, at distances that double; after
# that, whoever asks it for a connection makes it try anew. So this bounds how late it notices that
# the server is back. The longer is how long a job waits for a connection, the shorter a request.
RECONNECT_SECONDS, RECONNECT_SOON_SECONDS = 30.0, 5.0

# A machine without power says nothing. Either end notices within half a minute that the other is
# gone; by itself a server keeps the session, and whatever that has locked, for two hours.
_NOTICES_SILENCE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
_SERVER_NOTICES_SILENCE = """
SELECT set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false),
       set_config('tcp_user_timeout', '25s', false)
"""


def watchful(url: str) -> dict[str, Any]:
    """What to connect with beside the URL, which may say otherwise, so that a server that is gone
    is noticed. Raises SettingInvalid for what is no URL."""
    given = _parsed(url)
    return {name: value for name, value in _NOTICES_SILENCE.items() if name not in given}


def connect(url: str, *, application_name: str = APPLICATION_NAME) -> Connection[Any]:
    """One connection with the vector types known. NotConnected says where and why not,
    SettingInvalid what is wrong with the URL."""
    options = _parsed(url)
    try:
        connection = psycopg.connect(
            url,
            application_name=application_name,
            connect_timeout=_patience(options),
            **watchful(url),
        )
    except psycopg.OperationalError as problem:
        raise _unavailable(options, problem) from problem
    try:
        _make_ready(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_pool(
    url: str,
    *,
    min_size: int = 1,
    max_size: int = 8,
    application_name: str = APPLICATION_NAME,
    wait: bool = True,
    prepares: bool = True,
) -> ConnectionPool[Connection[Any]]:
    """An open pool; the caller closes it (`with open_pool(...) as pool`). Without `wait` it is
    returned whether or not the server is there, and connects as soon as it is. What does not
    prepare statements may go through a pooler in transaction mode.

    Connections made before `migrate` created the extension do not know the vector types, so
    migrate first.
    """
    options = _parsed(url)
    if wait:
        connect(url, application_name=application_name).close()  # fails at once and says why
    pool = ConnectionPool(
        url,
        kwargs={
            "application_name": application_name,
            "connect_timeout": _patience(options),
            **watchful(url),
            **({} if prepares else {"prepare_threshold": None}),
        },
        min_size=min_size,
        max_size=max_size,
        open=False,
        reconnect_timeout=RECONNECT_SECONDS if wait else RECONNECT_SOON_SECONDS,
        name=application_name,
        # Behind a pooler in transaction mode the sessions are not ours to set.
        configure=_make_ready if prepares else _know_vector_types,
        # A server that was restarted must not cost the next question its answer.
        check=ConnectionPool.check_connection,
    )
    try:
        pool.open(wait=wait, timeout=CONNECT_SECONDS)
    except PoolTimeout as problem:
        pool.close()
        raise _unavailable(options, problem) from problem
    return pool


def _make_ready(connection: Connection[Any]) -> None:
    connection.execute(_SERVER_NOTICES_SILENCE)
    connection.commit()
    _know_vector_types(connection)


def _know_vector_types(connection: Connection[Any]) -> None:
    """Teach the connection vector, halfvec and sparsevec, if the extension is there already."""
    if TypeInfo.fetch(connection, "vector") is not None:
        # Only here, because it brings numpy along.
        from pgvector.psycopg import register_vector  # noqa: PLC0415

        register_vector(connection)
    connection.rollback()  # looking the types up began a transaction


def _patience(options: dict[str, Any]) -> int:
    """Seconds that one attempt to connect may take."""
    return int(options.get("connect_timeout") or CONNECT_SECONDS)


def _parsed(url: str) -> dict[str, Any]:
    try:
        options = conninfo_to_dict(url)
        # A password with a bare / ends up here, and would be shown as "the port" later on.
        for port in str(options.get("port") or 5432).split(","):
            int(port or 5432)
    except (psycopg.Error, ValueError):
        # Not chained: the message repeats the part that it did not understand, often a password.
        raise SettingInvalid(
            "DATABASE_URL is not a PostgreSQL URL. It looks like "
            "postgresql://user:password@host:5432/database, with special characters of the "
            "password percent-encoded (@ is %40, / is %2F)."
        ) from None
    return options


def _unavailable(options: dict[str, Any], problem: Exception) -> NotConnected:
    where = f"{options.get('host') or 'the local socket'}, port {options.get('port') or 5432}"
    database = options.get("dbname") or options.get("user") or "the default one"
    said = " ".join(str(problem).split())
    if password := options.get("password"):
        said = said.replace(str(password), "…")
    return NotConnected(
        f"No connection to PostgreSQL at {where}, database {database}: {said}. Check that the "
        "server runs, that this machine may reach it, and that DATABASE_URL names the right "
        "user and password."
    )

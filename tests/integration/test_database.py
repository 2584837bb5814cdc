"""Connections, pools, and what is said about servers that cannot be used."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
import pytest
from pgvector import HalfVector, SparseVector
from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from bot import db
from bot.errors import DatabaseUnavailable, DatabaseUnsuitable, SettingInvalid
from bot.postgres.processes import is_free
from bot.postgres.program import Program, server_account

GOOD: dict[str, Any] = {
    "postgresql": 180006,
    "encoding": "UTF8",
    "available_pgvector": "0.8.6",
    "created_pgvector": "0.8.6",
    "vector_in_search_path": True,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"created_pgvector": None, "vector_in_search_path": False},
        {"available_pgvector": None},  # created, and no control file of it: a managed service
        {"created_pgvector": "0.8.0"},
        {"created_pgvector": "0.10.1"},
        {"created_pgvector": "1.0"},
        {"postgresql": 150000},
    ],
)
def test_servers_that_can_be_used(change: dict[str, Any]) -> None:
    assert db.server_problem(db.ServerFacts(**(GOOD | change))) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"postgresql": 140019}, r"PostgreSQL 14; 15 or newer"),
        ({"encoding": "SQL_ASCII"}, r"SQL_ASCII; UTF8 is needed.*CREATE DATABASE"),
        (
            {"available_pgvector": None, "created_pgvector": None},
            r"no pgvector; 0\.8 or newer.*Install",
        ),
        (
            {"available_pgvector": "0.7.4", "created_pgvector": None},
            r"has pgvector 0\.7\.4; 0\.8 or newer.*Install",
        ),
        (
            {"available_pgvector": "0.7.4", "created_pgvector": "0.7.4"},
            r"uses pgvector 0\.7\.4; 0\.8 or newer.*Install",
        ),
        ({"created_pgvector": "0.6.2"}, r"uses pgvector 0\.6\.2.*ALTER EXTENSION vector UPDATE"),
        ({"vector_in_search_path": False}, r"search_path"),
    ],
)
def test_servers_that_cannot_say_what_is_needed(change: dict[str, Any], said: str) -> None:
    problem = db.server_problem(db.ServerFacts(**(GOOD | change)))
    assert problem is not None
    assert re.search(said, problem)


def test_a_server_with_pgvector_is_accepted_before_and_after_it_is_created(
    empty_database_url: str,
) -> None:
    with psycopg.connect(empty_database_url) as connection:
        db.check_server(connection)
        assert connection.execute("SELECT to_regtype('vector')").fetchone() == (None,)
        connection.execute("CREATE EXTENSION vector")
        db.check_server(connection)


def test_pgvector_outside_the_search_path_is_refused(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE SCHEMA apart")
        connection.execute("CREATE EXTENSION vector SCHEMA apart")
        with pytest.raises(DatabaseUnsuitable, match="search_path"):
            db.check_server(connection)


@pytest.fixture
def plain_role(server_url: str) -> Iterator[str]:
    """A role that may do nothing but log in."""
    name = f"plain_{uuid4().hex}"
    role = sql.Identifier(name)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'plain'").format(role))
        yield name
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def test_a_role_that_may_not_create_pgvector_is_told_whom_to_ask(
    empty_database_url: str, plain_role: str
) -> None:
    address = urlsplit(empty_database_url)
    url = address._replace(netloc=f"{plain_role}:plain@{address.netloc.split('@')[1]}").geturl()
    with pytest.raises(DatabaseUnsuitable, match=r"administrator.*CREATE EXTENSION vector"):
        db.migrate(url)


SYSTEM_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.mark.skipif(not SYSTEM_POSTGRES, reason="no second PostgreSQL on this machine")
def test_a_server_without_pgvector_is_refused_with_the_version_needed(scratch: Path) -> None:
    root = SYSTEM_POSTGRES[-1].parents[1]
    if list(Path("/usr/share/postgresql", root.name, "extension").glob("vector.control")):
        pytest.skip("this machine's PostgreSQL has pgvector")
    data = scratch / uuid4().hex
    system = Program(root=root, version=root.name, account=server_account(data))
    data.mkdir(mode=0o700)
    if system.account:
        os.chown(data, system.account.uid, system.account.gid)
    done = system.run("initdb", "-D", str(data), "-A", "trust", "-U", "me", "-E", "UTF8", "-N")
    assert done.returncode == 0, done.stdout
    port = next(port for port in range(54320, 54999) if is_free(port))
    start = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -F"
    done = system.run(
        "pg_ctl", "start", "-w", "-s", "-D", str(data), "-o", start, output=subprocess.DEVNULL
    )
    assert done.returncode == 0
    try:
        with pytest.raises(DatabaseUnsuitable, match=r"no pgvector; 0\.8 or newer is needed"):
            db.migrate(f"postgresql://me@127.0.0.1:{port}/postgres")
    finally:
        system.run("pg_ctl", "stop", "-m", "immediate", "-D", str(data))


def test_vectors_of_all_kinds_come_and_go(pool: ConnectionPool[Connection[Any]]) -> None:
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT %s::halfvec(3), %s::sparsevec(4), '[1,2]'::vector, current_setting(%s)",
            [HalfVector([1, 2, 3]), SparseVector({1: 0.5}, 4), "application_name"],
        ).fetchone()
    assert row is not None
    assert row[0].to_list() == [1, 2, 3]
    assert row[1].to_list() == [0, 0.5, 0, 0]
    assert list(row[2].to_list()) == [1, 2]
    assert row[3] == "supportbot"


def test_a_pool_opens_before_the_extension_is_created(empty_database_url: str) -> None:
    with db.open_pool(empty_database_url) as pool, pool.connection() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_connection_that_was_cut_costs_nobody_an_error(
    pool: ConnectionPool[Connection[Any]], database_url: str
) -> None:
    with pool.connection() as connection:
        cut = connection.info.backend_pid
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [cut])
    with pool.connection() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_either_end_notices_that_the_other_is_gone(database_url: str) -> None:
    shown = "SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_user_timeout')"
    with (
        db.open_pool(database_url, max_size=1) as pool,
        pool.connection() as pooled,
        db.connect(database_url) as alone,
    ):
        for each in (pooled, alone):
            assert each.execute(shown).fetchone() == ("10", "25000")
            with socket.socket(fileno=os.dup(each.fileno())) as ours:
                assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 5

    asked = db.watchful(f"{database_url}?keepalives_idle=60")
    assert "keepalives_idle" not in asked
    assert asked["tcp_user_timeout"] == 25_000


def test_passwords_with_every_kind_of_character_and_options_reach_the_server(
    server_url: str, empty_database_url: str
) -> None:
    name, password = f"odd_{uuid4().hex}", "p@ss/w:rd?#%25 '\"\\é"
    role, address = sql.Identifier(name), urlsplit(empty_database_url)
    with psycopg.connect(server_url, autocommit=True) as connection:
        create = sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}")
        connection.execute(create.format(role, sql.Literal(password)))
    host = address.netloc.split("@")[1]
    url = address._replace(
        netloc=f"{name}:{quote(password, safe='')}@{host}",
        query="options=-c%20search_path%3Dapart%2Cpublic&application_name=ignored",
    ).geturl()
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE SCHEMA apart")
    db.migrate(url)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        found = connection.execute("SELECT to_regclass('apart.questions') IS NOT NULL").fetchone()
        connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))
    assert found == (True,)


def test_an_unreachable_server_is_named_with_what_to_do() -> None:
    port = next(port for port in range(40000, 41000) if is_free(port))
    url = f"postgresql://someone:s3cret-word@127.0.0.1:{port}/help"
    for attempt in (db.open_pool, db.migrate):
        with pytest.raises(DatabaseUnavailable) as caught:
            attempt(url)
        said = str(caught.value)
        assert "127.0.0.1" in said
        assert str(port) in said
        assert "DATABASE_URL" in said
        assert "s3cret-word" not in said


def test_a_refused_password_is_not_repeated(server_url: str) -> None:
    address = urlsplit(server_url)
    url = address._replace(netloc=f"nobody_here:s3cret-word@{address.netloc.split('@')[1]}")
    with pytest.raises(DatabaseUnavailable) as caught:
        db.open_pool(url.geturl())
    assert "nobody_here" in str(caught.value)
    assert "s3cret-word" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret%zz@127.0.0.1/help",
        "postgresql://me:s3cret/word@127.0.0.1:5432/help",
        "mysql://me:s3cret@127.0.0.1/help",
        "postgresql+psycopg://me:s3cret@127.0.0.1/help",
        "s3cret",
    ],
)
def test_a_url_that_is_none_is_explained_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingInvalid, match="postgresql://user:password@host") as caught:
        db.open_pool(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__

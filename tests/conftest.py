"""A real PostgreSQL for the whole run, a fresh migrated database for each test that asks."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from bot import db
from bot.postgres import EmbeddedPostgres
from tests import models

if TYPE_CHECKING:
    from bot.language import LanguageDetector
    from indexing.embedders.embedder import Embedder


def database_at(server_url: str, name: str) -> str:
    """The URL of another database on the same server, with the same user and options."""
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def run_sql(server_url: str, *statements: sql.Composed | str) -> None:
    """Statements that may not stand in a transaction, such as CREATE DATABASE."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement) if isinstance(statement, str) else statement)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("supportbot", "how long the tests that go by chance run")
    group.addoption(
        "--histories",
        type=int,
        metavar="N",
        help="random histories of a help center to follow; without it always the same few",
    )
    group.addoption(
        "--kills",
        type=int,
        default=4,
        metavar="N",
        help="processes to kill during syncs, in tests marked faults (default: %(default)s)",
    )
    group.addoption(
        "--kill-seed",
        type=int,
        metavar="SEED",
        help="repeats the kills of a run that failed, which printed its seed",
    )
    for name, meaning in (
        ("--permission-cases", "who asks, who may read what: cases to generate"),
        ("--tickets", "conversations to replay under faults"),
        ("--slack-events", "things that people do in Slack, to replay under faults"),
        ("--loops", "conversations with machines to generate"),
    ):
        group.addoption(name, type=int, metavar="N", help=f"{meaning}; without it a few")
    group.addoption(
        "--mixed-runs",
        type=int,
        default=1,
        metavar="N",
        help="runs of everything at once under faults, each with its own seed (default: one)",
    )
    group.addoption(
        "--mixed-seconds",
        type=float,
        metavar="S",
        help="for so long something happens and fails in each of these runs",
    )
    group.addoption(
        "--mixed-seed",
        type=int,
        metavar="SEED",
        help="repeats what happens in a run of everything that failed, which printed its seed",
    )
    group.addoption(
        "--small-disk",
        metavar="FOLDER",
        help="a folder on a file system of 320 MB that tests may fill, where they can mount none",
    )
    group.addoption(
        "--emulate",
        action="store_true",
        help="fetch npm emulate, and a Node to run it, as a second opinion on the Slack stand-in",
    )
    for name, what in (("--ticket-seed", "generated tickets"), ("--slack-seed", "what people did")):
        group.addoption(
            name,
            type=int,
            metavar="SEED",
            help=f"repeats {what} of a run that failed, which printed its seed",
        )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "faults: kills processes at random; --kills says how many")


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that the server's account can reach too; pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="supportbot-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url(scratch: Path) -> Iterator[str]:
    """The server named by DATABASE_URL (its role needs CREATEDB), else an embedded one."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with EmbeddedPostgres(data_dir=scratch / "server") as url:
        yield url


@pytest.fixture(scope="session")
def plain_template(server_url: str) -> Iterator[str]:
    """The name of a database at the newest schema."""
    name = f"template_{uuid4().hex}"
    run_sql(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    db.migrate(database_at(server_url, name))
    yield name
    run_sql(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def sample_template(server_url: str, plain_template: str, embedder: "Embedder") -> Iterator[str]:
    """The name of one with the sample help center in it, which is indexed once."""
    from tests.attending import index_sample

    name = sql.Identifier(f"sample_{uuid4().hex}")
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    run_sql(server_url, create.format(name, sql.Identifier(plain_template)))
    plain = name.as_string().strip('"')
    with db.open_pool(database_at(server_url, plain), max_size=4) as pool:
        index_sample(pool, embedder)
    yield plain
    run_sql(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="session")
def migrated_template(plain_template: str) -> str:
    """What each test's own database is a copy of; a module may say another."""
    return plain_template


@pytest.fixture
def database_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """A database of the test's own, at the newest schema and empty."""
    yield from _database(server_url, template=migrated_template)


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A database of the test's own without any schema, for tests of the migrations."""
    yield from _database(server_url, template="template0")


def _database(server_url: str, *, template: str) -> Iterator[str]:
    name = sql.Identifier(f"test_{uuid4().hex}")
    # FILE_COPY asks for a checkpoint before and after; copying through the log does not.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log")
    run_sql(server_url, create.format(name, sql.Identifier(template)))
    yield database_at(server_url, name.as_string().strip('"'))
    run_sql(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def pool(database_url: str) -> Iterator[ConnectionPool[Connection[Any]]]:
    """Connections to the test's own database, closed before it is dropped."""
    with db.open_pool(database_url, min_size=1, max_size=4) as opened:
        yield opened


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """Where what the bundled model prepares once is kept for the next run of the tests."""
    return models.model_cache()


@pytest.fixture(scope="session")
def embedder(model_cache: Path) -> "Embedder":
    """The bundled model."""
    from indexing import embedders

    return embedders.load("all-MiniLM-L6-v2", cache_dir=model_cache)


@pytest.fixture(scope="session")
def language() -> "LanguageDetector":
    """Loads its model once."""
    from bot.language import LanguageDetector

    return LanguageDetector(default="en")

"""Searches on a real streaming replica: used while it is fresh, and never for what is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from bot import db
from bot.db.replicas import Replica
from bot.postgres import EmbeddedPostgres, client
from bot.postgres.program import server_account
from bot.web import listen
from indexing.index import Index
from indexing.models import Reader
from indexing.pipeline import Indexer
from indexing.replica import ReplicaRetriever
from indexing.retrieval import Retriever
from tests.factories import document
from tests.fakes.clock import FakeClock
from tests.integration.conftest import Knowledge
from tests.waiting import PATIENCE, database_answers, wait_for

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder

ASKED = "How long do I have to return an item?"


@pytest.fixture
def primary_url(scratch: Path) -> Iterator[str]:
    """A server of its own, because the others' lets nobody replicate it."""
    folder = scratch / "primary"
    server = EmbeddedPostgres(data_dir=folder)
    with server as url:
        (version,) = folder.rglob("cluster/PG_VERSION")
        site = version.parents[1]
        access = site / "replication_hba.conf"
        access.write_text(
            "host all all 127.0.0.1/32 scram-sha-256\n"
            "host replication all 127.0.0.1/32 scram-sha-256\n"
        )
        access.chmod(0o644)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET hba_file = '{access}'")
        (site / "local.conf").write_text(f"hba_file = '{access}'\n")
    with EmbeddedPostgres(data_dir=folder) as url:
        db.migrate(url)
        yield url


@pytest.fixture
def replica_url(primary_url: str, scratch: Path) -> Iterator[str]:
    options = conninfo_to_dict(primary_url)
    with listen(host="127.0.0.1", port=0) as free:
        port = free.getsockname()[1]
    data = scratch / "replica"
    environment = {"PATH": os.defpath, "PGPASSWORD": str(options["password"])}
    subprocess.run(
        (
            *(str(client("pg_basebackup")), "--pgdata", str(data), "--write-recovery-conf"),
            *("--host", str(options["host"]), "--port", str(options["port"])),
            *("--username", str(options["user"]), "--checkpoint=fast", "--wal-method=stream"),
        ),
        check=True,
        env=environment,
        capture_output=True,
    )
    account = server_account(data)
    if account is not None:
        for each in (data, *data.rglob("*")):
            shutil.chown(each, account.uid, account.gid)
    running = subprocess.Popen(
        (
            *(str(client("postgres")), "-D", str(data), "-p", str(port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            *("-c", f"hba_file={data}/pg_hba.conf", "-c", "max_connections=200"),
        ),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        cwd="/",
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = primary_url.replace(f":{options['port']}/", f":{port}/")
    try:
        wait_for(lambda: database_answers(url))
        yield url
    finally:
        running.terminate()
        running.wait(timeout=PATIENCE)


def paused(pool: ConnectionPool[Connection[Any]], statement: str) -> None:
    with pool.connection() as connection:
        connection.execute(statement)


def test_a_replica_searches_and_never_serves_what_is_gone(
    primary_url: str, replica_url: str, embedder: Embedder
) -> None:
    clock = FakeClock()
    with (
        db.open_pool(primary_url, max_size=4) as pool,
        db.open_pool(replica_url, max_size=4, wait=False) as copy,
    ):
        index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
        indexer = Indexer(pool=pool, index=index, embedder=embedder)
        primary = Retriever(pool=pool, index=index, embedder=embedder)
        knowledge = Knowledge(pool=pool, index=index, indexer=indexer, retriever=primary)
        knowledge.add(document(), document(id="other", title="Gift cards", body="<p>Gifts.</p>"))
        replica = Replica(primary=pool, pool=copy, look_again=0.0, clock=clock)
        searched: list[bool] = []

        class Watched(Retriever):
            def search(self, *asked: Any, **more: Any) -> Any:
                searched.append(True)
                return super().search(*asked, **more)

        retriever = ReplicaRetriever(
            copy=Watched(pool=copy, index=index, embedder=embedder),
            is_fresh=replica.is_fresh,
            lost=replica.lost,
            pool=pool,
            index=index,
            embedder=embedder,
        )
        customer = Reader.customer()

        wait_for(replica.is_fresh)
        found = retriever.search(ASKED, customer, "en", 3)
        assert searched == [True]
        first = found.passages[0].document_id

        # The replica stands still, and still counts as fresh for a moment.
        paused(copy, "SELECT pg_wal_replay_pause()")
        with pool.connection() as connection:
            connection.execute("UPDATE documents SET audience = '{agents}' WHERE id = %s", (first,))
        assert replica.is_fresh()
        found = retriever.search(ASKED, customer, "en", 3)
        assert searched == [True, True]
        assert first not in {each.document_id for each in found.passages}

        # Later it does not, and is not asked.
        clock.advance(11)
        assert not replica.is_fresh()
        retriever.search(ASKED, customer, "en", 3)
        assert searched == [True, True]

        # It catches up by itself.
        paused(copy, "SELECT pg_wal_replay_resume()")
        wait_for(replica.is_fresh)
        found = retriever.search(ASKED, customer, "en", 3)
        assert first not in {each.document_id for each in found.passages}


def test_what_is_no_replica_or_away_is_not_used(
    pool: ConnectionPool[Connection[Any]], database_url: str
) -> None:
    assert not Replica(primary=pool, pool=pool).is_fresh()
    gone = database_url.replace("/test_", "/gone_")
    with db.open_pool(gone, max_size=1, wait=False) as away:
        assert Replica(primary=pool, pool=away, look_again=0.2).lag() == float("inf")

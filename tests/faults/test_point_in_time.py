"""A database that is brought back to a moment before a mistake, by a base backup and the archived
log, as the README says it: what was lost is there again, what happened after that moment is found,
and nothing is said twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from bot import db
from bot.language import LanguageDetector
from bot.postgres import EmbeddedPostgres, client
from bot.postgres.program import server_account
from bot.queue import Queue
from bot.sources import Source, Sources
from bot.zendesk.policies import Mode, Policy
from bot.zendesk.sweeping import TicketSweep
from indexing.index import Index
from indexing.pipeline import Indexer
from tests.attending import Tickets
from tests.factories import document
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk
from tests.waiting import wait_for

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder

RETURNS = "How long do I have to return a jacket?"
AGAIN = "And how many days is that from the day of delivery?"

SOURCE = Source(name="help", kind="sample", config={})

ARCHIVE = """
archive_mode = on
archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f'
"""
RECOVERY = """
restore_command = 'cp {archive}/%f %p'
recovery_target_time = '{moment}'
recovery_target_action = promote
"""


class Archived:
    """An embedded server whose log is archived, and its base backup."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._archive, self._base = folder / "archive", folder / "base"
        self._site = folder / "data" / "postgres"
        self._site.mkdir(parents=True)
        self._archive.mkdir()
        self._own(self._archive)
        self._settings(ARCHIVE)
        self.server = EmbeddedPostgres(data_dir=folder / "data")

    def back_up(self, url: str) -> None:
        options = conninfo_to_dict(url)
        self._run(
            str(client("pg_basebackup")),
            *("--pgdata", str(self._base), "--checkpoint=fast"),
            *("--host", str(options["host"]), "--port", str(options["port"])),
            *("--username", str(options["user"])),
            password=str(options["password"]),
        )

    def go_back(self, moment: str) -> None:
        """The server has stopped. What it had is kept beside."""
        cluster = self._site / "cluster"
        cluster.rename(self._site / "cluster.mistaken")
        shutil.copytree(self._base, cluster)
        (cluster / "recovery.signal").touch()
        for each in (cluster, *cluster.rglob("*")):
            self._own(each)
        cluster.chmod(0o700)
        self._settings(ARCHIVE + RECOVERY, moment=moment)

    def _settings(self, text: str, **more: str) -> None:
        (self._site / "local.conf").write_text(text.format(archive=self._archive, **more))

    def _own(self, path: Path) -> None:
        if (account := server_account(self._site / "cluster")) is not None:
            shutil.chown(path, account.uid, account.gid)

    def _run(self, *command: str, password: str) -> None:
        environment = {"PATH": os.defpath, "PGPASSWORD": password}
        subprocess.run(command, check=True, env=environment, capture_output=True)


@pytest.fixture
def archived(scratch: Path) -> Archived:
    folder = scratch / "point-in-time"
    folder.mkdir()
    return Archived(folder)


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk(clock=FakeClock(start=time.time())) as running:
        yield running


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def _index(pool: ConnectionPool[Connection[Any]], embedder: Embedder) -> None:
    Sources(pool=pool).add(SOURCE)
    index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
    indexer = Indexer(pool=pool, index=index, embedder=embedder)
    list(indexer.index([document(source=SOURCE.name)]))
    indexer.finish()


def sweep(tickets: Tickets) -> None:
    """Looks at every ticket that the sweep finds, as the jobs that it enqueues do."""
    found = TicketSweep(
        pool=tickets.pool,
        queue=Queue(pool=tickets.pool),
        desk=tickets.desk,
        account="acme",
    )
    found.run()
    waiting = tickets.rows(
        "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE status = 'todo' "
        "AND task_name = 'ticket.attend' RETURNING (args ->> 'ticket_id')::bigint"
    )
    for (ticket_id,) in waiting:
        tickets.attendant().attend(ticket_id)
        tickets.clock.advance(60)


@pytest.mark.faults
def test_what_was_lost_is_back_and_what_came_after_is_found_and_not_said_twice(
    archived: Archived, zendesk: FakeZendesk, embedder: Embedder
) -> None:
    clock = zendesk.clock
    assert isinstance(clock, FakeClock)
    language = LanguageDetector(default="en")
    with archived.server as url:
        db.migrate(url)
        with db.open_pool(url, max_size=4) as pool:
            _index(pool, embedder)
            archived.back_up(url)
            tickets = Tickets(
                zendesk=zendesk, clock=clock, pool=pool, embedder=embedder, language=language
            )
            tickets.policies.set(Policy(mode=Mode.AUTO))
            before = tickets.asks(RETURNS)
            sweep(tickets)
            ((moment,),) = rows(url, "SELECT clock_timestamp()::text")

            after = tickets.asks(RETURNS)
            sweep(tickets)
            tickets.replies(before, AGAIN)
            sweep(tickets)
            unanswered = tickets.asks(RETURNS)
            outcomes = {each.id: tickets.outcomes(each) for each in (before, after)}
            tickets.rows("DELETE FROM sources RETURNING 1")  # the mistake
            tickets.client.close()
        rows(url, "SELECT pg_switch_wal()")
    said = {each.id: len(each.comments) for each in (before, after)}
    assert len(tickets.said(after, public=True)) == 1

    archived.go_back(moment)
    with archived.server as url, db.open_pool(url, max_size=4) as pool:
        # It may be read before it has come to that moment.
        wait_for(lambda: rows(url, "SELECT pg_is_in_recovery()") == [(False,)])
        assert rows(url, "SELECT name FROM sources") == [(SOURCE.name,)]
        tickets = Tickets(
            zendesk=zendesk, clock=clock, pool=pool, embedder=embedder, language=language
        )
        assert tickets.outcomes(after) == []
        sweep(tickets)
        tickets.client.close()

        assert {each.id: len(each.comments) for each in (before, after)} == said
        assert {each.id: tickets.outcomes(each) for each in (before, after)} == outcomes
        assert len(tickets.said(unanswered, public=True)) == 1

"""A database that goes away for a moment: at a start it is waited for, and what is done by the
clock is tried again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import procrastinate
import psycopg
import pytest
from procrastinate.jobs import Job as Queued
from procrastinate.testing import InMemoryConnector
from psycopg_pool import ConnectionPool

from bot import db, settings
from bot.bootstrap import Application
from bot.bootstrap.processes import wait_for_database
from bot.jobs.gaps import GapsJob
from bot.jobs.quality import RecheckJob
from bot.jobs.upkeep import Upkeep
from bot.postgres import EmbeddedPostgres
from bot.queue import Queue


def test_what_a_process_does_first_is_tried_again_when_the_database_goes_away_meanwhile(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(tmp_path))
    answers = iter((psycopg.OperationalError("server closed the connection"), None))
    waited: list[float] = []

    def first() -> None:
        if (error := next(answers)) is not None:
            raise error

    with Application(settings=settings.load(env_file=tmp_path / "none")) as app:
        wait_for_database(app, first=first, sleep=waited.append)

    assert waited == [1.0]


def test_a_server_of_our_own_that_is_killed_meanwhile_is_waited_for(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = scratch / "killed"
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(folder))
    waited: list[float] = []
    with Application(settings=settings.load(env_file=folder / "none")) as app:
        server = EmbeddedPostgres(data_dir=folder)
        with server as url:
            db.migrate(url)
            first_process = int((folder / "postgres/cluster/postmaster.pid").read_text().split()[0])

            def kill() -> None:
                if not waited:
                    os.kill(first_process, signal.SIGKILL)
                    db.connect(url)

            def start_again(seconds: float) -> None:
                waited.append(seconds)
                server.ensure_running()

            wait_for_database(app, first=kill, sleep=start_again)
    assert waited


def test_what_is_done_by_the_clock_is_tried_again(pool: ConnectionPool) -> None:
    app = procrastinate.App(connector=InMemoryConnector())
    Upkeep(queue=Queue(pool=pool), pool=pool).register(app)
    RecheckJob(pool=pool).register(app)
    GapsJob(pool=pool, retriever=lambda: None, embedder=lambda: None).register(app)
    error = psycopg.OperationalError("server closed the connection")

    for name, task in app.tasks.items():
        if not name.startswith(("builtin", "procrastinate")):
            job = Queued(
                id=1, queue="upkeep", lock=None, queueing_lock=name, task_name=name, attempts=0
            )
            assert task.get_retry_exception(exception=error, job=job), name

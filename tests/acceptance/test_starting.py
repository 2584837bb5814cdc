"""Processes that start at an awkward time: all at once, or before their database."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from bot.backlog import backlog
from tests.acceptance.commands import CommandLine
from tests.conftest import database_at, run_sql
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def begin(line: CommandLine, *arguments: str) -> subprocess.Popen[str]:
        started.append(line.start(*arguments))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_a_first_question_waits_while_another_process_indexes_the_sample(
    start: Callable[..., subprocess.Popen[str]], database_url: str, tmp_path: Path, scratch: Path
) -> None:
    line = CommandLine(
        folder=tmp_path,
        settings={"DATABASE_URL": database_url, "SUPPORTBOT_DATA_DIR": str(scratch / "worker")},
    )
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('sync'), hashtext('sample'))")
        asking = start(line, "ask", "How long do I have to return a jacket?")
        assert asking.stdout
        assert "First run" in asking.stdout.readline()
        assert "waiting for that one" in asking.stdout.readline()
        other.execute(
            "INSERT INTO sync_runs (source, state, full_sweep, finished_at)"
            " VALUES ('sample', 'succeeded', true, now())"
        )
        rest = asking.stdout.read()  # it ends although the other one still holds the source

    assert asking.wait(PATIENCE) == 0, rest
    assert "Syncing" not in rest


def test_worker_and_scheduler_wait_for_a_database_that_comes_later(
    start: Callable[..., subprocess.Popen[str]],
    server_url: str,
    migrated_template: str,
    tmp_path: Path,
) -> None:
    name = sql.Identifier(f"test_{uuid4().hex}")
    url = database_at(server_url, name.as_string().strip('"'))
    line = CommandLine(
        folder=tmp_path,
        settings={"DATABASE_URL": url, "SUPPORTBOT_DATA_DIR": str(tmp_path / "data")},
    )
    processes = [start(line, "worker"), start(line, "scheduler")]
    for each in processes:
        assert each.stdout
        assert "Trying again in 1 s" in each.stdout.readline()

    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log")
    run_sql(server_url, create.format(name, sql.Identifier(migrated_template)))
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            wait_for(lambda: backlog(connection).worker_heartbeat is not None)
            wait_for(lambda: backlog(connection).scheduler_heartbeat is not None)
        for each in processes:
            each.terminate()
        assert [each.wait(PATIENCE) for each in processes] == [0, 0]
    finally:
        run_sql(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.mark.parametrize("process", ["web", "worker", "scheduler"])
def test_a_url_that_can_never_work_is_not_waited_for(tmp_path: Path, process: str) -> None:
    line = CommandLine(
        folder=tmp_path,
        settings={
            "DATABASE_URL": "postgres//me@here",
            "SUPPORTBOT_DATA_DIR": str(tmp_path),
            "PORT": "0",
        },
    )

    ended = line.run(process)

    assert ended.returncode == 2
    assert b"postgresql://user:password@host" in ended.stderr

"""Worker and scheduler as processes: killed, stopped and watched, on a real database."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from bot.queue import Lane, Queue, article_job, sync_job
from indexing.batches import BATCH_DOCUMENTS
from indexing.index import Index
from tests.acceptance.commands import CommandLine
from tests.waiting import PATIENCE, wait_for

ARTICLES = 80

# As `supportbot worker`, but quick to notice that another one is dead.
IMPATIENT_WORKER = """
from datetime import timedelta
from bot import settings
from bot.bootstrap import Application
from bot.jobs.sync import SyncJob
from bot.worker import Worker
with Application(settings=settings.load()) as app:
    told = app.queue.told_articles
    sync = SyncJob(sources=app.sources, connect=app.connector, make_sync=app.new_sync, told=told)
    Worker(
        database_url=app.database_url,
        queue=app.queue,
        register=(sync.register,),
        heartbeat=timedelta(seconds=0.2),
        stalled_after=timedelta(seconds=3),
    ).run()
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def line(
    database_url: str, connection: Connection[Any], pool: Any, tmp_path: Path, scratch: Path
) -> CommandLine:
    """A machine with one source of a few articles, nothing of which is indexed yet."""
    articles = [
        {"id": f"a{number:02}", "title": f"Part {number}", "text": f"Part {number} is blue."}
        for number in range(ARTICLES)
    ]
    (tmp_path / "articles.jsonl").write_text("\n".join(map(json.dumps, articles)))
    Index.open(pool, model="all-MiniLM-L6-v2", dimensions=384)  # before a table is locked below
    config = json.dumps({"path": str(tmp_path / "articles.jsonl")})
    connection.execute(
        "INSERT INTO sources (name, kind, config) VALUES ('docs', 'files', %s)", (config,)
    )
    return CommandLine(
        folder=tmp_path,
        settings={"DATABASE_URL": database_url, "SUPPORTBOT_DATA_DIR": str(scratch / "worker")},
    )


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def start(line: CommandLine) -> Iterator[Start]:
    """Starts a command, or the impatient worker when none is named."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        command = ("-m", "bot", *arguments) if arguments else ("-c", IMPATIENT_WORKER)
        process = subprocess.Popen(
            (sys.executable, *command),
            cwd=line.folder,
            env=line.environment(),
            stdin=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def value(connection: Connection[Any], statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None


@contextmanager
def frozen_at(database_url: str, article: str) -> Iterator[None]:
    """While this is open, whoever indexes that article waits for us."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO documents (source, id, kind, title, body, media_type, locale, url,"
            " audience, translation_group, heading_path, labels, promoted, metadata, content_hash,"
            " metadata_hash) VALUES ('docs', %s, '', '', '', '', '', '', '{public}', '', '{}',"
            " '{}', false, '{}', '', '')",
            (article,),
        )
        try:
            yield
        finally:
            connection.rollback()


def stuck(connection: Connection[Any]) -> bool:
    """Whether a run waits for us, its counts so far being there to see for whoever watches."""
    return bool(
        value(
            connection,
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event = 'transactionid' "
            "AND query LIKE '%INTO documents%' "
            "AND EXISTS (SELECT FROM sync_runs WHERE state = 'running' AND added > 0)",
        )
    )


def alive(connection: Connection[Any]) -> bool:
    return bool(value(connection, "SELECT count(*) FROM procrastinate_workers") == len(Lane))


def job_states(connection: Connection[Any]) -> list[tuple[str, int]]:
    return connection.execute(
        "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = 'sync.source'"
    ).fetchall()


def documents(connection: Connection[Any]) -> list[str]:
    return [row[0] for row in connection.execute("SELECT id FROM documents ORDER BY id")]


def test_another_worker_ends_what_a_killed_one_began(
    line: CommandLine, start: Start, connection: Connection[Any], database_url: str, pool: Any
) -> None:
    first = start()
    wait_for(lambda: alive(connection))
    with frozen_at(database_url, "a70"):
        Queue(pool=pool).enqueue(sync_job("docs"))
        wait_for(lambda: stuck(connection))
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert job_states(connection) == [("doing", 0)]

    start()

    wait_for(lambda: job_states(connection) == [("succeeded", 2)])
    assert documents(connection) == [f"a{number:02}" for number in range(ARTICLES)]
    runs = connection.execute("SELECT state, added, unchanged FROM sync_runs ORDER BY id")
    assert runs.fetchall()[-1] == ("succeeded", ARTICLES - BATCH_DOCUMENTS, BATCH_DOCUMENTS)
    index = value(connection, "SELECT id FROM embedding_indexes")
    assert value(connection, f"SELECT count(*) FROM passages_{index}") == ARTICLES

    watched = line.run("sync", "docs", "--full")

    assert watched.returncode == 0
    assert watched.stdout.split()[-8:-2] == [b"docs", b"0", b"0", b"80", b"0", b"0"]
    assert value(connection, "SELECT count(job_id) = count(*) FROM sync_runs")


def test_jobs_of_one_source_follow_each_other_at_once(
    start: Start, connection: Connection[Any], pool: Any
) -> None:
    def ended() -> bool:
        left = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        return not value(connection, left)

    start("worker")
    Queue(pool=pool).enqueue(article_job("docs", "the first, for which the model is loaded"))
    wait_for(ended)
    for article in range(130):  # more than would end in time if each waited for a poll
        Queue(pool=pool).enqueue(article_job("docs", str(article)))
    wait_for(ended)


@pytest.mark.parametrize("notices", [True, False])
def test_a_worker_that_is_stopped_gives_back_what_it_cannot_end(
    line: CommandLine,
    start: Start,
    connection: Connection[Any],
    database_url: str,
    pool: Any,
    notices: bool,
) -> None:
    worker = start("worker", "--drain=0")
    wait_for(lambda: alive(connection))
    with frozen_at(database_url, "a70"):
        Queue(pool=pool).enqueue(sync_job("docs"))
        wait_for(lambda: stuck(connection))
        worker.send_signal(signal.SIGTERM)
        wait_for(lambda: value(connection, "SELECT count(*) < 3 FROM procrastinate_workers"))
        if not notices:  # it waits for the database and cannot be asked
            assert worker.wait(PATIENCE) == 0
            assert len(Queue(pool=pool).give_back_stalled()) == 1
    assert worker.wait(PATIENCE) == 0

    wait_for(lambda: job_states(connection) == [("todo", 1)])
    assert value(connection, "SELECT count(*) FROM procrastinate_workers") == 0

    if notices:  # no worker runs now, so the command does it itself
        done = line.run("sync")
        assert done.returncode == 0, done.stderr
        assert len(documents(connection)) == ARTICLES


def test_a_killed_scheduler_is_replaced(
    line: CommandLine, start: Start, connection: Connection[Any]
) -> None:
    def listening() -> int:
        return value(
            connection,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'supportbot scheduler'",
        )

    assert line.run("schedules", "set", "docs", "--every=1h").returncode == 0
    first = start("scheduler")
    wait_for(lambda: listening() == 1)
    second = start("scheduler")
    wait_for(lambda: listening() == 2)

    for killed in (None, first):
        if killed:
            connection.execute("DELETE FROM procrastinate_jobs")
            killed.send_signal(signal.SIGKILL)
            killed.wait()
        connection.execute("UPDATE schedules SET next_run = now() - interval '3 days'")
        wait_for(lambda: job_states(connection))
        assert job_states(connection) == [("todo", 0)]

    second.send_signal(signal.SIGTERM)
    assert second.wait(PATIENCE) == 0


def test_schedules_from_the_command_line(line: CommandLine) -> None:
    made = line.run(
        "schedules", "set", "docs", "--cron=0 6 * * mon-fri", "--timezone=Europe/Berlin",
        "--jitter=10m", "--full-every=7d",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout.count(b" 06:00 CE") == 5

    (listed,) = json.loads(line.run("schedules", "list", "--json").stdout)
    assert listed == {
        "source": "docs",
        "cron": "0 6 * * mon-fri",
        "every": None,
        "timezone": "Europe/Berlin",
        "jitter": "10m",
        "full_every": "7d",
        "paused": False,
        "last_run": None,
        "next_run": listed["next_run"],
    }
    assert listed["next_run"]
    run = line.run("schedules", "run", "docs")
    assert run.returncode == 0
    assert b"supportbot worker" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "docs"), b"--every"),
        (("set", "docs", "--cron=61 * * * *"), b"minute"),
        (("set", "docs", "--every=1s"), b"one minute"),
        (("set", "docs", "--every=1h", "--timezone=UTC"), b"--cron"),
        (("set", "docs", "--every=1h", "--full-every=0m"), b"zero"),
    ],
)
def test_bad_use_says_what_to_do(tmp_path: Path, arguments: tuple[str, ...], said: bytes) -> None:
    refused = CommandLine(folder=tmp_path, settings={}).run("schedules", *arguments)

    assert refused.returncode == 2
    assert said in refused.stderr

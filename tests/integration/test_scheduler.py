"""The scheduler notices changes by itself, survives the database, and never starts twice."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot import db, timing
from bot.queue import Queue
from bot.scheduler import Scheduler
from bot.schedules import Schedules
from tests.waiting import PATIENCE, wait_for

Pool = ConnectionPool[Connection[Any]]


@pytest.fixture
def schedules(pool: Pool) -> Schedules:
    for name in ("docs", "wiki"):
        run_sql(pool, "INSERT INTO sources (name, kind) VALUES (%s, 'files')", name)
    return Schedules(pool=pool, queue=Queue(pool=pool))


@pytest.fixture
def start(database_url: str, schedules: Schedules) -> Iterator[Callable[[str], threading.Event]]:
    """Starts a scheduler of this name; it does not look for changes unless it is told of them."""
    running: list[tuple[threading.Event, threading.Thread]] = []

    def begin(name: str) -> threading.Event:
        scheduler = Scheduler(
            connect=partial(db.connect, database_url, application_name=f"scheduler {name}"),
            schedules=schedules,
            look_again=timedelta(hours=1),
            heartbeat=timedelta(seconds=0.1),
        )
        stop = threading.Event()
        thread = threading.Thread(target=scheduler.run, args=(stop,))
        thread.start()
        running.append((stop, thread))
        return stop

    yield begin
    for stop, thread in running:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def run_sql(pool: Pool, statement: str, *parameters: object) -> list[Any]:
    with pool.connection() as connection:
        cursor = connection.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


def leader(pool: Pool) -> str | None:
    rows = run_sql(
        pool,
        "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE locktype = 'advisory' AND granted AND application_name LIKE 'scheduler %'",
    )
    return rows[0][0].removeprefix("scheduler ") if rows else None


def due_now(pool: Pool) -> None:
    run_sql(pool, "UPDATE schedules SET next_run = now() WHERE NOT paused")


def runs(pool: Pool, source: str) -> int:
    """How many were enqueued; a worker is imagined to have done each at once. One that still waits
    is not counted: the next run would be the same."""
    run_sql(pool, "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE status = 'todo'")
    (row,) = run_sql(
        pool,
        "SELECT count(*) FROM procrastinate_jobs "
        "WHERE args->>'source' = %s AND status = 'succeeded'",
        source,
    )
    return int(row[0])


def test_a_change_by_another_process_is_noticed_by_itself(
    pool: Pool, schedules: Schedules, start: Callable[[str], threading.Event]
) -> None:
    start("one")
    wait_for(lambda: leader(pool))

    schedules.set("docs", timing.interval(timedelta(hours=1), anchor=datetime.now(UTC)))
    schedules.set("wiki", timing.interval(timedelta(hours=1), anchor=datetime.now(UTC)))
    schedules.pause("wiki")
    due_now(pool)

    wait_for(lambda: runs(pool, "docs"))
    due_now(pool)
    wait_for(lambda: runs(pool, "docs") == 2)
    assert runs(pool, "wiki") == 0

    schedules.resume("wiki")
    due_now(pool)
    wait_for(lambda: runs(pool, "wiki"))
    wait_for(lambda: runs(pool, "docs") == 3)
    schedules.remove("wiki")
    due_now(pool)
    wait_for(lambda: runs(pool, "docs") == 4)
    assert runs(pool, "wiki") == 1


def test_what_comes_due_starts_without_any_change(
    pool: Pool, schedules: Schedules, start: Callable[[str], threading.Event]
) -> None:
    run_sql(
        pool,
        "INSERT INTO schedules (source, every, anchor) "
        "VALUES ('docs', '1 second', now() - interval '1 day')",
    )
    start("one")

    wait_for(lambda: runs(pool, "docs") >= 2)


def test_two_schedulers_start_nothing_twice_and_one_takes_over(
    pool: Pool, schedules: Schedules, start: Callable[[str], threading.Event]
) -> None:
    schedules.set("docs", timing.interval(timedelta(hours=1), anchor=datetime.now(UTC)))
    first = start("one")
    wait_for(lambda: leader(pool) == "one")
    start("two")

    for count in range(1, 6):
        due_now(pool)
        wait_for(lambda count=count: runs(pool, "docs") == count)  # type: ignore[misc]

    first.set()
    wait_for(lambda: leader(pool) == "two")
    due_now(pool)
    wait_for(lambda: runs(pool, "docs") >= 6)
    assert runs(pool, "docs") == 6


def test_two_that_both_believe_to_lead_start_nothing_twice(
    pool: Pool, schedules: Schedules, start: Callable[[str], threading.Event], database_url: str
) -> None:
    """The lock says who works; what decides is the row itself."""
    schedules.set("docs", timing.interval(timedelta(hours=1), anchor=datetime.now(UTC)))
    start("one")
    wait_for(lambda: leader(pool) == "one")

    due_now(pool)
    schedules.enqueue_due("docs")  # as a leader that does not know yet that it lost the lock

    wait_for(lambda: runs(pool, "docs") >= 1)
    due_now(pool)
    wait_for(lambda: runs(pool, "docs") >= 2)
    assert runs(pool, "docs") == 2


def test_a_lost_connection_is_made_again(
    pool: Pool, schedules: Schedules, start: Callable[[str], threading.Event]
) -> None:
    schedules.set("docs", timing.interval(timedelta(hours=1), anchor=datetime.now(UTC)))
    start("one")
    wait_for(lambda: leader(pool))

    run_sql(
        pool,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )

    due_now(pool)
    wait_for(lambda: runs(pool, "docs"))
    wait_for(lambda: leader(pool) == "one")
    due_now(pool)
    wait_for(lambda: runs(pool, "docs") == 2)

"""How the queue is told to be, on procrastinate's own tables."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from bot import doctor
from bot.backlog import Backlog, LaneState, backlog
from bot.queue import STALLED_AFTER, Job, Lane, Queue, TaskName, sync_job

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    Pool = ConnectionPool[Connection[Any]]


@pytest.fixture
def queue(pool: Pool) -> Queue:
    return Queue(pool=pool)


def state(pool: Pool) -> Backlog:
    with pool.connection() as connection:
        return backlog(connection)


def lane(pool: Pool, name: Lane) -> LaneState:
    (found,) = (each for each in state(pool).lanes if each.name == name)
    return found


def run_sql(pool: Pool, statement: str, *parameters: object) -> None:
    with pool.connection() as connection:
        connection.execute(statement, parameters)


def work(pool: Pool, *, silent: timedelta = timedelta()) -> None:
    """A worker that was last heard of so long ago takes the next job."""
    run_sql(
        pool,
        "WITH worker AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s)"
        " RETURNING id) SELECT procrastinate_fetch_job_v2(NULL, id) FROM worker",
        silent,
    )


def planned(pool: Pool) -> None:
    run_sql(pool, "INSERT INTO sources (name, kind) VALUES ('docs', 'files')")
    run_sql(pool, "INSERT INTO schedules (source, every) VALUES ('docs', interval '1 hour')")


def test_jobs_are_counted_by_lane_and_state(pool: Pool, queue: Queue) -> None:
    for source in ("docs", "wiki", "help"):
        queue.enqueue(sync_job(source))
    work(pool)
    failed = queue.enqueue(Job(task=TaskName.ARTICLE, lane=Lane.EVENTS))
    run_sql(pool, "UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %s", failed.id)
    queue.enqueue(Job(task=TaskName.PRUNE, lane=Lane.UPKEEP, delay=timedelta(hours=1)))

    knowledge, events, upkeep = (
        lane(pool, each) for each in (Lane.KNOWLEDGE, Lane.EVENTS, Lane.UPKEEP)
    )

    assert (knowledge.waiting, knowledge.running, knowledge.failed) == (2, 1, 0)
    assert (events.waiting, events.failed) == (0, 1)
    assert (upkeep.waiting, upkeep.oldest) == (0, 0)  # its time has not come
    assert [each.name for each in state(pool).lanes] == list(Lane)


def test_a_job_waits_from_when_it_is_due(pool: Pool, queue: Queue) -> None:
    queue.enqueue(sync_job("docs"))
    queue.enqueue(sync_job("wiki"))
    run_sql(pool, "UPDATE procrastinate_events SET at = at - interval '2 hours'")
    assert lane(pool, Lane.KNOWLEDGE).oldest >= 7200

    run_sql(pool, "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '50 seconds'")
    assert 50 <= lane(pool, Lane.KNOWLEDGE).oldest < 3600


def test_jobs_of_a_dead_worker_are_stalled(pool: Pool, queue: Queue) -> None:
    queue.enqueue(sync_job("docs"))
    work(pool, silent=STALLED_AFTER + timedelta(seconds=10))

    found = state(pool)

    assert found.stalled == 1
    assert found.worker_heartbeat is not None
    assert found.at - found.worker_heartbeat > STALLED_AFTER
    check = doctor.queue(pool)
    assert check.state == "warning"
    assert "1 of a dead worker" in check.detail
    assert "start `supportbot worker`" in check.advice


def test_nobody_is_needed_where_nothing_is_to_be_done(pool: Pool) -> None:
    check = doctor.queue(pool)

    assert (check.state, check.advice) == ("ok", "")
    assert "no worker is known" in check.detail


def test_schedules_need_a_scheduler_and_a_worker(pool: Pool, database_url: str) -> None:
    planned(pool)
    assert "supportbot worker" in doctor.queue(pool).advice
    assert "supportbot scheduler" in doctor.queue(pool).advice

    work(pool)
    with psycopg.connect(database_url, autocommit=True) as leader:
        leader.execute("SELECT pg_advisory_lock(hashtext('supportbot'), hashtext('scheduler'))")
        check = doctor.queue(pool)

    assert (check.state, check.advice) == ("ok", "")
    assert "a scheduler said 0 s ago it lives" in check.detail
    run_sql(pool, "UPDATE schedules SET paused = true")
    assert doctor.queue(pool).advice == ""


def test_more_workers_are_asked_for_where_jobs_wait_long(pool: Pool, queue: Queue) -> None:
    work(pool)
    queue.enqueue(sync_job("docs"))
    assert doctor.queue(pool).state == "ok"

    run_sql(pool, "UPDATE procrastinate_events SET at = at - interval '1 hour'")

    assert "one more `supportbot worker`" in doctor.queue(pool).advice

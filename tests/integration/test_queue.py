"""The queue's rules, on procrastinate's own tables and functions."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import procrastinate
import psycopg
import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.queue import (
    MOST_ATTEMPTS,
    Job,
    Lane,
    Priority,
    Queue,
    TaskName,
    article_job,
    sync_job,
)
from bot.zendesk.errands import ticket_job

Pool = ConnectionPool[Connection[Any]]
NEWEST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"


@pytest.fixture
def queue(pool: Pool) -> Queue:
    return Queue(pool=pool)


def worker(pool: Pool, *, silent: timedelta = timedelta()) -> int:
    """A worker that was last heard of so long ago."""
    with pool.connection() as connection:
        row = connection.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s) RETURNING id",
            (silent,),
        ).fetchone()
    assert row
    return int(row[0])


def fetch(pool: Pool, worker_id: int) -> int | None:
    """What a worker is given next, as procrastinate asks for it."""
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", (worker_id,)
        ).fetchone()
    return row[0] if row else None


def run_sql(pool: Pool, statement: str, *parameters: object) -> list[Any]:
    with pool.connection() as connection:
        cursor = connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def fail(pool: Pool, job: int) -> None:
    """What procrastinate does after a failure that is worth another attempt."""
    run_sql(pool, "SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", job)


def test_procrastinate_brings_no_migration_that_ours_do_not_apply() -> None:
    folder = Path(procrastinate.__file__).parent / "sql" / "migrations"

    assert max(each.name for each in folder.glob("*.sql")) == NEWEST


def test_a_job_is_there_exactly_if_the_callers_transaction_is(pool: Pool, queue: Queue) -> None:
    with pool.connection() as connection:
        lost = queue.enqueue(sync_job("docs"), connection=connection)
        connection.rollback()
        kept = queue.enqueue(sync_job("docs"), connection=connection)

    assert queue.status(lost.id) is None
    assert queue.status(kept.id) == "todo"


def test_a_source_waits_once_and_does_the_most_that_was_asked(pool: Pool, queue: Queue) -> None:
    first = queue.enqueue(sync_job("docs"))
    run_sql(pool, "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour'")

    planned = queue.enqueue(sync_job("docs", full=True))

    assert (planned.id, planned.is_new) == (first.id, False)
    assert fetch(pool, worker(pool)) is None

    asked = queue.enqueue(sync_job("docs", priority=Priority.ASKED_FOR))

    assert asked.id == first.id
    assert fetch(pool, worker(pool)) == first.id
    assert run_sql(pool, "SELECT args, priority FROM procrastinate_jobs") == [
        ({"source": "docs", "full": True}, 20)
    ]


def test_what_is_asked_while_a_worker_takes_the_waiting_job_has_a_job_of_its_own(
    pool: Pool, queue: Queue
) -> None:
    own, waiting = worker(pool), queue.enqueue(sync_job("docs"))

    with pool.connection() as taking, ThreadPoolExecutor(1) as other:
        taken = taking.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", (own,))
        assert taken.fetchone() == (waiting.id,)
        asked = other.submit(queue.enqueue, sync_job("docs"))
        while not run_sql(pool, "SELECT 1 FROM pg_locks WHERE NOT granted"):
            assert not asked.done()
        taking.commit()

    assert asked.result().is_new
    assert queue.status(asked.result().id) == "todo"


def test_one_run_per_source_at_a_time(pool: Pool, queue: Queue) -> None:
    own = worker(pool)
    running = queue.enqueue(sync_job("docs"))
    assert fetch(pool, own) == running.id
    waiting = queue.enqueue(sync_job("docs"))
    other = queue.enqueue(sync_job("wiki"))

    assert waiting.is_new
    assert [fetch(pool, own), fetch(pool, own)] == [other.id, None]

    run_sql(pool, "SELECT procrastinate_finish_job_v1(%s, 'succeeded', false)", running.id)

    assert fetch(pool, own) == waiting.id


def test_the_higher_priority_goes_first(pool: Pool, queue: Queue) -> None:
    ids = {
        priority: queue.enqueue(sync_job(priority.name.lower(), priority=priority)).id
        for priority in Priority
    }
    own = worker(pool)

    assert [fetch(pool, own) for _ in ids] == [ids[each] for each in sorted(ids, reverse=True)]


def test_a_job_that_is_held_back_waits_for_its_time(pool: Pool, queue: Queue) -> None:
    job = Job(task=TaskName.PRUNE, lane=Lane.UPKEEP, delay=timedelta(hours=1))

    queue.enqueue(job)

    assert fetch(pool, worker(pool)) is None


def test_taking_a_job_compares_no_two_of_those_that_wait(pool: Pool, queue: Queue) -> None:
    many = 2000
    with pool.connection() as connection:
        for number in range(many):
            queue.enqueue(ticket_job(number, delay=timedelta()), connection=connection)

    with pool.connection() as connection:
        connection.execute("SELECT procrastinate_fetch_job_v2(NULL, %s)", (worker(pool),))
        row = connection.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables "
            "WHERE relname = 'procrastinate_jobs'"
        ).fetchone()

    assert row is not None
    assert row[0] < 3 * many


def test_jobs_of_dead_workers_wait_again_and_those_of_living_ones_go_on(
    pool: Pool, queue: Queue
) -> None:
    dead, alive = worker(pool, silent=timedelta(minutes=1)), worker(pool)
    left = queue.enqueue(sync_job("docs")).id
    assert fetch(pool, dead) == left
    going_on = queue.enqueue(sync_job("wiki")).id
    assert fetch(pool, alive) == going_on

    assert queue.give_back_stalled() == (left,)
    assert queue.give_back_stalled() == ()
    assert (queue.status(left), queue.status(going_on)) == ("todo", "doing")

    queue.forget_worker(alive)

    assert queue.give_back_stalled() == (going_on,)


@pytest.mark.parametrize("way", ["it failed", "its worker died"])
def test_a_job_that_goes_back_finds_its_successor_waiting(
    pool: Pool, queue: Queue, way: str
) -> None:
    own = worker(pool, silent=timedelta(minutes=1))
    first = queue.enqueue(sync_job("docs")).id
    assert fetch(pool, own) == first
    second = queue.enqueue(sync_job("docs")).id

    if way == "it failed":
        fail(pool, first)
    else:
        queue.give_back_stalled()

    assert fetch(pool, own) == first
    assert queue.enqueue(sync_job("docs")).id == second
    run_sql(pool, "SELECT procrastinate_finish_job_v1(%s, 'succeeded', false)", first)
    assert fetch(pool, own) == second


def test_a_job_that_kills_its_workers_fails_in_the_end(pool: Pool, queue: Queue) -> None:
    own = worker(pool, silent=timedelta(minutes=1))
    job = queue.enqueue(sync_job("docs")).id
    run_sql(pool, "UPDATE procrastinate_jobs SET attempts = %s", MOST_ATTEMPTS)
    assert fetch(pool, own) == job

    queue.give_back_stalled()

    assert queue.status(job) == "failed"


def test_a_job_that_a_living_worker_lost_waits_again(pool: Pool, queue: Queue) -> None:
    own = worker(pool)
    lost, other = queue.enqueue(sync_job("docs")).id, queue.enqueue(sync_job("wiki")).id
    assert {fetch(pool, own), fetch(pool, own)} == queue.claimed(own) == {lost, other}

    assert queue.give_back_lost(own, frozenset({lost})) == (lost,)
    assert (queue.status(lost), queue.status(other)) == ("todo", "doing")


def test_only_a_job_that_waits_is_cancelled(pool: Pool, queue: Queue) -> None:
    running, waiting = queue.enqueue(sync_job("docs")).id, queue.enqueue(sync_job("wiki")).id
    assert fetch(pool, worker(pool)) == running

    assert (queue.cancel(running), queue.cancel(waiting)) == (False, True)
    assert queue.status(waiting) == "cancelled"


def test_whether_a_worker_lives(pool: Pool, queue: Queue) -> None:
    worker(pool, silent=timedelta(minutes=1))
    assert not queue.worker_alive()

    worker(pool)
    assert queue.worker_alive()


def test_old_jobs_are_pruned_and_others_kept(pool: Pool, queue: Queue) -> None:
    own = worker(pool)
    old, new, running = (queue.enqueue(sync_job(each)).id for each in ("a", "b", "c"))
    assert [fetch(pool, own) for _ in range(3)] == [old, new, running]
    for each in (old, new):
        run_sql(pool, "SELECT procrastinate_finish_job_v1(%s, 'succeeded', false)", each)
    run_sql(
        pool,
        "UPDATE procrastinate_events SET at = at - interval '8 days' WHERE job_id = ANY(%s)",
        [old, running],
    )

    assert queue.prune(older_than=timedelta(days=7)) == 1
    assert queue.status(old) is None
    assert queue.status(running) == "doing"


def test_two_transactions_that_enqueue_the_same_make_one_job(
    pool: Pool, queue: Queue, database_url: str
) -> None:
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        one = queue.enqueue(sync_job("docs"), connection=first)
        second.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            queue.enqueue(sync_job("docs"), connection=second)
        second.rollback()
        first.commit()

        assert queue.enqueue(sync_job("docs"), connection=second).id == one.id


def test_several_at_once_come_to_the_same_as_one_by_one(pool: Pool, queue: Queue) -> None:
    jobs = [
        sync_job("docs"),
        ticket_job(1),
        Job(task=TaskName.FORGET, lane=Lane.UPKEEP),
        sync_job("help", full=True),
        ticket_job(2, priority=Priority.CONVERSATION),
        Job(task=TaskName.FORGET, lane=Lane.UPKEEP),
        sync_job("docs", full=True, priority=Priority.ASKED_FOR),
        article_job("docs", "7", event="first"),
        article_job("docs", "7", event="second"),
        sync_job("help"),
    ]
    waiting = [sync_job("help"), ticket_job(2)]
    alike = """
        SELECT task_name, queue_name, lock, queueing_lock, priority, args - 'traceparent',
               scheduled_at - now() < '1 s' FROM procrastinate_jobs ORDER BY id
    """
    for each in waiting:
        queue.enqueue(each)
    one_by_one = [queue.enqueue(each) for each in jobs]
    expected = run_sql(pool, alike)
    run_sql(pool, "DELETE FROM procrastinate_jobs")
    for each in waiting:
        queue.enqueue(each)
    together = queue.enqueue_all(jobs)

    assert [each.is_new for each in together] == [each.is_new for each in one_by_one]
    assert [each.id - together[0].id for each in together] == [
        each.id - one_by_one[0].id for each in one_by_one
    ]
    assert run_sql(pool, alike) == expected
    assert queue.enqueue_all(()) == ()


def test_those_who_enqueue_several_do_not_wait_for_each_other_in_a_ring(
    pool: Pool, queue: Queue
) -> None:
    """Of many that overlap, in any order, none is ever the victim of a deadlock."""
    orders = [random.Random(seed).sample(range(40), 25) for seed in range(60)]

    def enqueue(numbers: list[int]) -> int:
        return len(queue.enqueue_all([ticket_job(number) for number in numbers]))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(enqueue, orders)) == [25] * 60
    waiting = run_sql(pool, "SELECT count(*), count(DISTINCT lock) FROM procrastinate_jobs")
    assert waiting == [(40, 40)]

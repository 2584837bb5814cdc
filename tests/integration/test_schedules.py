"""Planned runs: each is enqueued once, missed ones are one, and wrong clocks are survived."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot import timing
from bot.errors import InputRejected
from bot.queue import Queue
from bot.schedules import Schedules

Pool = ConnectionPool[Connection[Any]]
HOUR = timedelta(hours=1)


@pytest.fixture
def schedules(pool: Pool) -> Schedules:
    for name in ("docs", "wiki"):
        run_sql(pool, "INSERT INTO sources (name, kind) VALUES (%s, 'files')", name)
    return Schedules(pool=pool, queue=Queue(pool=pool))


def run_sql(pool: Pool, statement: str, *parameters: object) -> list[Any]:
    with pool.connection() as connection:
        cursor = connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def hourly() -> timing.Interval:
    return timing.interval(HOUR, anchor=datetime.now(UTC))


def overdue(pool: Pool, by: timedelta = timedelta(seconds=1)) -> None:
    run_sql(pool, "UPDATE schedules SET next_run = now() - %s", by)


def jobs(pool: Pool) -> list[tuple[str, bool]]:
    """(source, full) of every job there ever was, but for those pruned."""
    return run_sql(
        pool,
        "SELECT args->>'source', (args->>'full')::boolean FROM procrastinate_jobs ORDER BY id",
    )


def test_nothing_is_enqueued_before_its_time(pool: Pool, schedules: Schedules) -> None:
    schedule = schedules.set("docs", hourly())

    assert schedule.next_run is not None
    assert HOUR - timedelta(minutes=1) < schedule.next_run - datetime.now(UTC) <= HOUR
    assert schedules.enqueue_due("docs") is None
    assert jobs(pool) == []


def test_runs_that_were_missed_are_one_run(pool: Pool, schedules: Schedules) -> None:
    schedules.set("docs", hourly())
    overdue(pool, by=timedelta(days=30))

    assert schedules.enqueue_due("docs") is not None
    assert schedules.enqueue_due("docs") is None

    schedule = schedules.get("docs")
    assert jobs(pool) == [("docs", False)]
    assert schedule.next_run is not None
    assert schedule.last_run is not None
    assert timedelta() < schedule.next_run - schedule.last_run <= HOUR


def test_of_many_schedulers_one_enqueues(pool: Pool, schedules: Schedules) -> None:
    schedules.set("docs", hourly())
    overdue(pool)

    with ThreadPoolExecutor(4) as threads:
        enqueued = [each for each in threads.map(schedules.enqueue_due, ["docs"] * 12) if each]

    assert len(enqueued) == 1
    assert jobs(pool) == [("docs", False)]


def test_a_scheduler_that_dies_before_its_bookkeeping_has_enqueued_nothing(
    pool: Pool, schedules: Schedules
) -> None:
    schedules.set("docs", hourly())
    overdue(pool)
    run_sql(
        pool,
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$",
    )
    run_sql(
        pool,
        "CREATE TRIGGER die BEFORE UPDATE OF last_run ON schedules "
        "FOR EACH ROW EXECUTE FUNCTION die()",
    )

    with pytest.raises(psycopg.OperationalError):
        schedules.enqueue_due("docs")

    assert jobs(pool) == []
    run_sql(pool, "DROP TRIGGER die ON schedules")
    assert schedules.enqueue_due("docs") is not None
    assert jobs(pool) == [("docs", False)]


def test_a_source_that_waits_already_is_not_enqueued_twice(
    pool: Pool, schedules: Schedules
) -> None:
    schedules.set("docs", hourly())
    waiting = schedules.run_now("docs")
    overdue(pool)

    enqueued = schedules.enqueue_due("docs")

    assert enqueued is not None
    assert (enqueued.id, enqueued.is_new) == (waiting.id, False)
    assert schedules.upcoming()[0].wait > timedelta(minutes=1)


def test_now_and_then_everything_is_read_anew(pool: Pool, schedules: Schedules) -> None:
    schedules.set("docs", hourly(), full_every=timedelta(days=7))
    fulls = []
    for days in (8, 6, 8):
        run_sql(pool, "TRUNCATE procrastinate_jobs CASCADE")
        run_sql(pool, "UPDATE schedules SET anchor = now() - interval '30 days'")
        run_sql(pool, "DELETE FROM sync_runs")
        run_sql(
            pool,
            "INSERT INTO sync_runs (source, state, full_sweep, started_at) "
            "VALUES ('docs', 'succeeded', true, now() - %s), ('docs', 'failed', true, now())",
            timedelta(days=days),
        )
        overdue(pool)
        schedules.enqueue_due("docs")
        fulls += [full for _, full in jobs(pool)]

    assert fulls == [True, False, True]


def test_a_paused_schedule_plans_nothing_until_it_is_resumed(
    pool: Pool, schedules: Schedules
) -> None:
    schedules.set("docs", hourly())
    overdue(pool)

    assert schedules.pause("docs").next_run is None
    assert schedules.upcoming() == ()
    assert schedules.set("docs", hourly()).next_run is None
    assert schedules.enqueue_due("docs") is None

    resumed = schedules.resume("docs")

    assert resumed.next_run is not None
    assert resumed.next_run > datetime.now(UTC)
    assert jobs(pool) == []


def test_saving_an_interval_again_does_not_shift_it(schedules: Schedules) -> None:
    before = schedules.set("docs", hourly())
    after = schedules.set("docs", hourly(), full_every=timedelta(days=1))

    assert after.next_run == before.next_run
    assert schedules.set("docs", timing.cron("@daily", timezone="Asia/Tokyo")).timing == (
        timing.cron("0 0 * * *", timezone="Asia/Tokyo")
    )


def test_a_plan_made_while_the_clock_was_wrong_is_made_again(
    pool: Pool, schedules: Schedules
) -> None:
    schedules.set("docs", hourly(), jitter=timedelta(minutes=5))
    run_sql(
        pool,
        "UPDATE schedules SET next_run = now() + interval '1 year', "
        "last_run = now() + interval '1 year'",
    )

    (upcoming,) = schedules.upcoming()

    assert upcoming.wait <= HOUR + timedelta(minutes=5)


def test_a_clock_that_is_set_back_a_little_repeats_no_run(pool: Pool, schedules: Schedules) -> None:
    now = datetime.now(UTC)
    schedules.set("docs", timing.cron("@daily"))
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    # It ran at midnight, and then the clock was set back to before midnight.
    run_sql(
        pool,
        "UPDATE schedules SET last_run = %s, next_run = %s",
        midnight,
        midnight + timedelta(days=1),
    )

    (upcoming,) = schedules.upcoming()

    assert upcoming.wait > timedelta(days=1)


def test_jitter_only_ever_delays_within_its_bounds(schedules: Schedules) -> None:
    timings = [
        schedules.set("docs", timing.cron("@daily"), jitter=HOUR).next_run for _ in range(10)
    ]

    assert all(each is not None and each.hour == 0 for each in timings)
    assert len(set(timings)) > 1


def test_a_row_that_another_program_wrote_is_planned(pool: Pool, schedules: Schedules) -> None:
    run_sql(pool, "INSERT INTO schedules (source, every) VALUES ('docs', '1 hour')")
    run_sql(pool, "INSERT INTO schedules (source, cron) VALUES ('wiki', '0 0 31 2 *')")

    assert [each.source for each in schedules.upcoming()] == ["docs"]


def test_unknown_sources_and_missing_schedules_are_named(schedules: Schedules) -> None:
    with pytest.raises(InputRejected, match="no source named 'nosuch'"):
        schedules.set("nosuch", hourly())
    with pytest.raises(InputRejected, match="no source named 'nosuch'"):
        schedules.run_now("nosuch")
    for change in (schedules.pause, schedules.resume, schedules.remove):
        with pytest.raises(InputRejected, match="docs has no schedule"):
            change("docs")


def test_a_removed_source_takes_its_schedule_along(pool: Pool, schedules: Schedules) -> None:
    schedules.set("docs", hourly())

    run_sql(pool, "DELETE FROM sources WHERE name = 'docs'")

    assert schedules.all() == ()

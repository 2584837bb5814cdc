"""The queue in PostgreSQL: procrastinate's tables, and our rules for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from bot import tracing
from bot.queue.jobs import Job, Priority, TaskName

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

HEARTBEAT = timedelta(seconds=5)
STALLED_AFTER = timedelta(seconds=20)
"""How often a worker says that it lives, and after how long a silent one counts as dead."""

ALIVE_WITHIN = 2 * HEARTBEAT + timedelta(seconds=2)
"""Heard of within this, a worker runs: twice its time to say so, and a little for the way."""

MOST_TOLD = 50
"""So many articles that webhooks told of are looked at together."""

MOST_ATTEMPTS = 25
"""A job whose worker died this often is probably what killed it: it fails instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Enqueued:
    """A job in the queue. `is_new` is False when an equal one was waiting already."""

    id: int
    is_new: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldArticle:
    """An article that something changed about, as a webhook told, and the job that waits for it.
    Another event makes another one of these, also where it is the same job that waits."""

    article: str
    job_id: int
    event: str


# The trigger jobs_yield_queueing_lock takes the same lock; it is held until the transaction ends.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('queueing_lock'), hashtext(%s))"

# Locked, so that no worker begins it before what it is to do is written: it would not see that.
# One that was taken just now is waited for here, and is then no longer one that waits.
_WAITING = """
SELECT id FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo' FOR UPDATE
"""

_DEFER = """
SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(
    %(queue)s, %(task)s, %(priority)s, %(lock)s, %(once)s, %(arguments)s, now() + %(delay)s
)]::procrastinate_job_to_defer_v1[]))
"""

# A waiting job that somebody asks for again no longer waits for its hour, and does the most that
# was asked of it. Workers listen for new jobs only, so they are told of this one as well.
_HASTEN = """
WITH hastened AS (
    UPDATE procrastinate_jobs
    SET scheduled_at = CASE WHEN %(now)s THEN NULL ELSE scheduled_at END,
        priority = greatest(priority, %(priority)s),
        args = args || (SELECT coalesce(jsonb_object_agg(key, value), '{}')
                        FROM jsonb_each(%(arguments)s) WHERE value = 'true' OR key = 'event')
    WHERE id = %(id)s AND status = 'todo'
    RETURNING id, queue_name
)
SELECT pg_notify('procrastinate_queue_v1#' || queue_name,
                 json_build_object('type', 'job_inserted', 'job_id', id)::text)
FROM hastened
"""

# One statement, so that nobody else can take a job between finding it stalled and giving it back.
_GIVE_BACK_STALLED = """
WITH stalled AS (
    SELECT job.id, job.queue_name, job.attempts FROM procrastinate_jobs job
    LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
      AND (worker.id IS NULL OR worker.last_heartbeat < now() - %(stalled_after)s)
    FOR UPDATE OF job SKIP LOCKED
)
SELECT id, CASE WHEN attempts < %(attempts)s
                THEN procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)
                ELSE procrastinate_finish_job_v1(id, 'failed', false) END,
       pg_notify('procrastinate_queue_v1#' || queue_name,
                 json_build_object('type', 'job_inserted', 'job_id', id)::text)
FROM stalled
"""

_GIVE_BACK_LOST = """
WITH lost AS (
    SELECT id FROM procrastinate_jobs
    WHERE status = 'doing' AND worker_id = %(worker)s AND id = ANY(%(jobs)s)
    FOR UPDATE SKIP LOCKED
)
SELECT id, procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM lost
"""

_ALIVE = """
SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat >= now() - %s)
"""

_TOLD_ARTICLES = """
SELECT args ->> 'article', id, coalesce(args ->> 'event', '') FROM procrastinate_jobs
WHERE task_name = %s AND status = 'todo' AND args ->> 'source' = %s ORDER BY id LIMIT %s
"""

_PRUNE = """
DELETE FROM procrastinate_jobs job
WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
  AND NOT EXISTS (SELECT FROM procrastinate_events event
                  WHERE event.job_id = job.id AND event.at >= now() - %s)
"""


class Queue:
    """Adds jobs and says how they are."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def enqueue(self, job: Job, *, connection: Connection[Any] | None = None) -> Enqueued:
        """Adds a job within the caller's transaction, or in one of its own. When one that may
        wait only once waits already, that one is returned, at the higher priority, with the
        flags of both and the latest event, and no longer held back if this was asked for rather
        than planned."""
        with self._transaction(connection) as open_connection:
            if job.once is not None:
                with open_connection.pipeline():
                    open_connection.execute(_ONE_AT_A_TIME, (job.once,))
                    found = open_connection.execute(_WAITING, (job.once,))
                if waiting := found.fetchone():
                    self._hasten(open_connection, int(waiting[0]), job)
                    return Enqueued(id=int(waiting[0]), is_new=False)
            row = open_connection.execute(
                _DEFER,
                {
                    "queue": job.lane.value,
                    "task": job.task.value,
                    "priority": int(job.priority),
                    "lock": job.lock,
                    "once": job.once,
                    "arguments": Jsonb({**job.arguments, **tracing.carried()}),
                    "delay": job.delay,
                },
            ).fetchone()
        assert row is not None  # noqa: S101 - one job in, one id out
        return Enqueued(id=int(row[0]), is_new=True)

    def told_articles(self, source: str) -> tuple[ToldArticle, ...]:
        """Articles of a source whose jobs wait, the first told first."""
        with self._pool.connection() as connection:
            asked = (TaskName.ARTICLE.value, source, MOST_TOLD)
            rows = connection.execute(_TOLD_ARTICLES, asked).fetchall()
        return tuple(ToldArticle(article=row[0], job_id=row[1], event=row[2]) for row in rows)

    def status(self, job_id: int) -> str | None:
        """todo, doing, succeeded, failed, cancelled or aborted; None when it is gone."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT status::text FROM procrastinate_jobs WHERE id = %s", (job_id,)
            ).fetchone()
        return str(row[0]) if row else None

    def cancel(self, job_id: int) -> bool:
        """Takes a job that still waits out of the queue; False when it runs or has ended."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT procrastinate_cancel_job_v1(%s, false, false)", (job_id,)
            ).fetchone()
        return row is not None and row[0] is not None

    def worker_alive(self, *, within: timedelta = ALIVE_WITHIN) -> bool:
        """Whether any worker has said so lately."""
        with self._pool.connection() as connection:
            row = connection.execute(_ALIVE, (within,)).fetchone()
        return bool(row and row[0])

    def give_back_stalled(
        self, *, alive: Sequence[int] = (), stalled_after: timedelta = STALLED_AFTER
    ) -> tuple[int, ...]:
        """Lets jobs of dead workers wait again; returns their ids. Safe in any number at once.
        The workers `alive` are the caller's own, who may be too busy to have said so."""
        with self._pool.connection() as connection:
            connection.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = ANY(%s)",
                (list(alive),),
            )
            rows = connection.execute(
                _GIVE_BACK_STALLED, {"stalled_after": stalled_after, "attempts": MOST_ATTEMPTS}
            ).fetchall()
        return tuple(row[0] for row in rows)

    def claimed(self, worker: int) -> frozenset[int]:
        """Jobs that this worker runs, as far as the database knows."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %s",
                (worker,),
            ).fetchall()
        return frozenset(row[0] for row in rows)

    def give_back_lost(self, worker: int, jobs: frozenset[int]) -> tuple[int, ...]:
        """Lets jobs wait again that this live worker was given but does not run, because the
        connection broke just then; returns their ids."""
        with self._pool.connection() as connection:
            parameters = {"worker": worker, "jobs": list(jobs)}
            rows = connection.execute(_GIVE_BACK_LOST, parameters).fetchall()
        return tuple(row[0] for row in rows)

    def forget_worker(self, worker: int) -> None:
        """Says that this worker is gone, so that whatever it still runs counts as stalled."""
        with self._pool.connection() as connection:
            connection.execute("SELECT procrastinate_unregister_worker_v1(%s)", (worker,))

    def prune(self, *, older_than: timedelta) -> int:
        """Removes jobs that ended longer ago than this; returns how many."""
        with self._pool.connection() as connection:
            return connection.execute(_PRUNE, (older_than,)).rowcount

    def _hasten(self, connection: Connection[Any], job_id: int, job: Job) -> None:
        connection.execute(
            _HASTEN,
            {
                "id": job_id,
                "now": job.delay is None and job.priority > Priority.SCHEDULED,
                "priority": int(job.priority),
                "arguments": Jsonb(dict(job.arguments)),
            },
        )

    @contextmanager
    def _transaction(self, given: Connection[Any] | None) -> Iterator[Connection[Any]]:
        if given is None:
            with self._pool.connection() as connection:
                yield connection
        elif given.autocommit:
            with given.transaction():
                yield given
        else:  # transaction() would commit here if it was the first to begin one
            yield given

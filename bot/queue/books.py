"""The queue in PostgreSQL: procrastinate's tables, and our rules for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from bot import tracing
from bot.queue.jobs import Job, TaskName

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


# The trigger jobs_yield_queueing_lock takes the same locks; they are held until the transaction
# ends. Whoever takes several takes them in this order, so that no two wait for each other.
_ONE_AT_A_TIME = """
SELECT pg_advisory_xact_lock(hashtext('queueing_lock'), key)
FROM (SELECT DISTINCT hashtext(once) AS key FROM unnest(%s::text[]) once ORDER BY key) keys
"""

# Locked, so that no worker begins it before what it is to do is written: it would not see that.
# One that was taken just now is waited for here, and is then no longer one that waits.
_WAITING = """
SELECT queueing_lock, id FROM procrastinate_jobs
WHERE queueing_lock = ANY(%s) AND status = 'todo' ORDER BY id FOR UPDATE
"""

_DEFER = """
SELECT unnest(procrastinate_defer_jobs_v1(array_agg(
    ROW(queue, task, priority, lock, once, arguments, now() + delay)::procrastinate_job_to_defer_v1
    ORDER BY number
)))
FROM unnest(%(queue)s::text[], %(task)s::text[], %(priority)s::int[], %(lock)s::text[],
            %(once)s::text[], %(arguments)s::jsonb[], %(delay)s::interval[])
     WITH ORDINALITY job(queue, task, priority, lock, once, arguments, delay, number)
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
# The trigger takes the lock of each, in the order that enqueueing takes them.
_GIVE_BACK_STALLED = """
WITH stalled AS (
    SELECT job.id, job.queue_name, job.queueing_lock, job.attempts FROM procrastinate_jobs job
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
FROM stalled ORDER BY hashtext(queueing_lock)
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
        return self.enqueue_all((job,), connection=connection)[0]

    def enqueue_all(
        self, jobs: Sequence[Job], *, connection: Connection[Any] | None = None
    ) -> tuple[Enqueued, ...]:
        """The same for several, in their order, at hardly more than the cost of one."""
        distinct: dict[object, Job] = {}
        keys = [job.once or object() for job in jobs]
        for key, job in zip(keys, jobs, strict=True):
            distinct[key] = distinct[key].joined(job) if key in distinct else job
        ids: dict[object, int] = {}
        with self._transaction(connection) as open_connection:
            waiting = self._waiting(open_connection, [job.once for job in distinct.values()])
            if waiting:
                with open_connection.pipeline():
                    for key, job_id in waiting.items():
                        self._hasten(open_connection, job_id, distinct[key])
            if fresh := {key: job for key, job in distinct.items() if key not in waiting}:
                rows = open_connection.execute(_DEFER, _columns(fresh.values())).fetchall()
                ids = {key: int(row[0]) for key, row in zip(fresh, rows, strict=True)}
        return tuple(
            Enqueued(id=ids.get(key) or waiting[key], is_new=key in ids and key not in keys[:at])
            for at, key in enumerate(keys)
        )

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

    def _waiting(
        self, connection: Connection[Any], once: Sequence[str | None]
    ) -> dict[object, int]:
        """The jobs that wait already, by what they may wait for only once; nobody adds one of
        those until the transaction ends."""
        wanted = [each for each in once if each is not None]
        if not wanted:
            return {}
        with connection.pipeline():
            connection.execute(_ONE_AT_A_TIME, (wanted,))
            found = connection.execute(_WAITING, (wanted,))
        return {once: int(job_id) for once, job_id in found.fetchall()}

    def _hasten(self, connection: Connection[Any], job_id: int, job: Job) -> None:
        connection.execute(
            _HASTEN,
            {
                "id": job_id,
                "now": job.is_asked_for,
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


def _columns(jobs: Collection[Job]) -> dict[str, list[Any]]:
    carried = tracing.carried()
    return {
        "queue": [job.lane.value for job in jobs],
        "task": [job.task.value for job in jobs],
        "priority": [int(job.priority) for job in jobs],
        "lock": [job.lock for job in jobs],
        "once": [job.once for job in jobs],
        "arguments": [Jsonb({**carried, **job.arguments}) for job in jobs],
        "delay": [job.delay for job in jobs],
    }

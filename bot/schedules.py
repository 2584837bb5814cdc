"""When each source is synchronised: rows in PostgreSQL, which every process may change.

Whatever decides about time asks the database what time it is, so that machines whose clocks
differ agree. A planned run and the plan of the next one are one transaction: a run is enqueued
exactly once, whoever dies when, and however many schedulers believe that they lead.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from bot.audit import SYSTEM, note, sign
from bot.errors import InputRejected
from bot.queue import Enqueued, Priority, Queue, retry_job, sync_job
from bot.timing import Cron, Interval, Timing

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

log = logging.getLogger(__name__)

CHANNEL = "supportbot_schedules"
"""Notified by the database, without a payload, whenever a schedule changes."""

# A run this far ahead of now was recorded while the clock was wrong.
_CLOCK_WAS_WRONG = timedelta(days=1)

_COLUMNS = "source, cron, every, anchor, timezone, jitter, full_every, paused, last_run, next_run"

_FAILED = "SELECT FROM failed_documents WHERE source = %s AND id = %s"

# Locked, so that of several schedulers one enqueues: the others then see the new next_run.
_DUE = f"""
SELECT {_COLUMNS}, now(),
       full_every IS NOT NULL AND coalesce(
           (SELECT max(started_at) FROM sync_runs run WHERE run.source = schedules.source
            AND full_sweep AND state <> 'failed'), anchor) + full_every <= now()
FROM schedules WHERE source = %s AND NOT paused AND next_run <= now() FOR UPDATE
"""  # noqa: S608 - a constant

_SAVE = """
INSERT INTO schedules (source, cron, every, timezone, jitter, full_every)
VALUES (%(source)s, %(cron)s, %(every)s, %(timezone)s, %(jitter)s, %(full_every)s)
ON CONFLICT (source) DO UPDATE SET
    cron = excluded.cron, every = excluded.every, timezone = excluded.timezone,
    jitter = excluded.jitter, full_every = excluded.full_every,
    anchor = CASE WHEN schedules.every = excluded.every THEN schedules.anchor
                  ELSE excluded.anchor END
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """When one source is synchronised. Each run starts up to `jitter` after its time; one that
    is at least `full_every` after the last full one reads the source from the start."""

    source: str
    timing: Timing
    jitter: timedelta = timedelta()
    full_every: timedelta | None = None
    paused: bool = False
    last_run: datetime | None = None
    next_run: datetime | None = None

    def following(self, now: datetime) -> datetime:
        """When the next run is planned, before jitter."""
        return self.timing.after(self._counted_from(now))

    def misplanned(self, now: datetime) -> bool:
        """Whether `next_run` is missing, or later than any plan made now could be: then the
        clock was wrong when it was made, or the rules of the time zone have changed."""
        latest = self.following(now) + self.jitter
        return self.next_run is None or self.next_run > latest

    def _counted_from(self, now: datetime) -> datetime:
        """Now; or the last run when the clock was set back since, so that none comes twice."""
        if self.last_run and now < self.last_run <= now + _CLOCK_WAS_WRONG:
            return self.last_run
        return now


@dataclass(frozen=True, kw_only=True, slots=True)
class Upcoming:
    """A planned run and how long it is until then, by the database's clock."""

    source: str
    wait: timedelta


class Schedules:
    """Keeps the rows, and enqueues what is due."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]], queue: Queue) -> None:
        self._pool = pool
        self._queue = queue

    def all(self) -> tuple[Schedule, ...]:
        """Every schedule, by source."""
        with self._pool.connection() as connection:
            return _read(connection)

    def get(self, source: str) -> Schedule:
        """One schedule. Raises InputRejected when this source has none."""
        with self._pool.connection() as connection:
            return _one(connection, source)

    def set(
        self,
        source: str,
        timing: Timing,
        *,
        jitter: timedelta = timedelta(),
        full_every: timedelta | None = None,
        actor: Actor = SYSTEM,
    ) -> Schedule:
        """Makes or changes a schedule; one that is paused stays so. Raises InputRejected when
        there is no such source."""
        values = {
            "source": source,
            "cron": timing.expression if isinstance(timing, Cron) else None,
            "every": timing.every if isinstance(timing, Interval) else None,
            "timezone": timing.timezone if isinstance(timing, Cron) else "UTC",
            "jitter": jitter,
            "full_every": full_every,
        }
        with self._pool.connection() as connection:
            sign(connection, actor)
            try:
                connection.execute(_SAVE, values)
            except psycopg.errors.ForeignKeyViolation:
                raise _no_source(source) from None
            return _plan(connection, source)

    def pause(self, source: str, *, actor: Actor = SYSTEM) -> Schedule:
        """Plans no more runs until it is resumed; one that is enqueued already still runs."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute(
                "UPDATE schedules SET paused = true, next_run = NULL WHERE source = %s", (source,)
            )
            return _one(connection, source)

    def resume(self, source: str, *, actor: Actor = SYSTEM) -> Schedule:
        """Plans again from now on; what was missed meanwhile is not made up for."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute("UPDATE schedules SET paused = false WHERE source = %s", (source,))
            return _plan(connection, source)

    def remove(self, source: str, *, actor: Actor = SYSTEM) -> None:
        """Raises InputRejected when this source has no schedule."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            _one(connection, source)
            connection.execute("DELETE FROM schedules WHERE source = %s", (source,))

    def run_now(self, source: str, *, full: bool = False, actor: Actor = SYSTEM) -> Enqueued:
        """Enqueues a run at once, planned or paused or not. Raises InputRejected when there is
        no such source."""
        with self._pool.connection() as connection:
            found = connection.execute("SELECT FROM sources WHERE name = %s", (source,)).fetchone()
            if found is None:
                raise _no_source(source)
            note(
                connection,
                actor=actor,
                action="sync asked for",
                target=source,
                after={"full": full},
            )
            job = sync_job(source, full=full, priority=Priority.ASKED_FOR)
            return self._queue.enqueue(job, connection=connection)

    def retry(self, source: str, document: str, *, actor: Actor = SYSTEM) -> Enqueued:
        """Enqueues a run that tries one failed document again. Raises InputRejected when no such
        document of this source has failed."""
        with self._pool.connection() as connection:
            found = connection.execute(_FAILED, (source, document)).fetchone()
            if found is None:
                raise InputRejected(
                    f"No document {document!r} of {source} has failed: `supportbot sources show "
                    f"{source}` lists those that have."
                )
            note(
                connection,
                actor=actor,
                action="retry asked for",
                target=source,
                after={"document": document},
            )
            return self._queue.enqueue(retry_job(source, document), connection=connection)

    def enqueue_due(self, source: str) -> Enqueued | None:
        """Enqueues this source's run if one is due, and plans the next in the same transaction.
        Runs that were missed are one run. None when nothing is due (any more)."""
        with self._pool.connection() as connection:
            row = connection.execute(_DUE, (source,)).fetchone()
            if row is None:
                return None
            schedule, now, full = _schedule(row), row[-2], row[-1]
            enqueued = self._queue.enqueue(sync_job(source, full=full), connection=connection)
            connection.execute(
                "UPDATE schedules SET last_run = %s, next_run = %s WHERE source = %s",
                (now, _with_jitter(schedule, now), source),
            )
            return enqueued

    def upcoming(self) -> tuple[Upcoming, ...]:
        """Every planned run. Plans first what has no plan or a wrong one."""
        with self._pool.connection() as connection:
            for schedule, now in _read_with_now(connection):
                try:
                    if not schedule.paused and schedule.misplanned(now):
                        _plan(connection, schedule.source)
                except InputRejected as error:  # others still run
                    log.warning("The schedule of %s cannot be used: %s", schedule.source, error)
            rows = connection.execute(
                "SELECT source, next_run - clock_timestamp() FROM schedules "
                "WHERE NOT paused AND next_run IS NOT NULL"
            ).fetchall()
        return tuple(Upcoming(source=row[0], wait=max(row[1], timedelta())) for row in rows)


def _read(connection: Connection[Any], source: str | None = None) -> tuple[Schedule, ...]:
    return tuple(schedule for schedule, _ in _read_with_now(connection, source))


def _read_with_now(
    connection: Connection[Any], source: str | None = None
) -> tuple[tuple[Schedule, datetime], ...]:
    rows = connection.execute(
        f"SELECT {_COLUMNS}, now() FROM schedules "  # noqa: S608 - a constant
        "WHERE %(source)s::text IS NULL OR source = %(source)s ORDER BY source",
        {"source": source},
    ).fetchall()
    return tuple((_schedule(row), row[-1]) for row in rows)


def _one(connection: Connection[Any], source: str) -> Schedule:
    for schedule in _read(connection, source):
        return schedule
    raise InputRejected(
        f"{source} has no schedule. Make one, as in `supportbot schedules set {source} --every 1h`."
    )


def _plan(connection: Connection[Any], source: str) -> Schedule:
    """Plans the next run, unless it is paused, and returns the schedule."""
    for schedule, now in _read_with_now(connection, source):
        if not schedule.paused:
            connection.execute(
                "UPDATE schedules SET next_run = %s WHERE source = %s",
                (_with_jitter(schedule, now), source),
            )
    return _one(connection, source)


def _with_jitter(schedule: Schedule, now: datetime) -> datetime:
    return schedule.following(now) + schedule.jitter * random.random()  # noqa: S311 - no secret


def _schedule(row: tuple[Any, ...]) -> Schedule:
    source, cron, every, anchor, timezone, jitter, full_every, paused, last_run, next_run = row[:10]
    timing: Timing = (
        Interval(every=every, anchor=anchor)
        if cron is None
        else Cron(expression=cron, timezone=timezone)
    )
    return Schedule(
        source=source,
        timing=timing,
        jitter=jitter,
        full_every=full_every,
        paused=paused,
        last_run=last_run,
        next_run=next_run,
    )


def _no_source(source: str) -> InputRejected:
    return InputRejected(
        f"There is no source named {source!r}. `supportbot sources list` shows which there are."
    )

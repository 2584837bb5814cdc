"""How the queue is: what waits, what runs, what failed, and whether anybody works.

Read from procrastinate's tables and PostgreSQL's list of locks, so that every process tells the
same, and none has to be running for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.queue import ALIVE_WITHIN, STALLED_AFTER, Lane

if TYPE_CHECKING:
    from psycopg import Connection

# Longer than a sync of a large source usually takes, which is what most jobs wait for.
LONG_WAIT = timedelta(minutes=15)

# A job that is held back for later (a retry, an hour) does not wait for a worker yet.
_LANES = """
SELECT job.queue_name,
       count(*) FILTER (WHERE status = 'todo'),
       count(*) FILTER (WHERE status = 'doing'),
       count(*) FILTER (WHERE status = 'failed'),
       coalesce(extract(epoch FROM now() - min(greatest(scheduled_at, deferred.at))
                                           FILTER (WHERE status = 'todo')), 0)::float8
FROM procrastinate_jobs job
LEFT JOIN LATERAL (
    SELECT min(event.at) AS at FROM procrastinate_events event
    WHERE event.job_id = job.id AND event.type = 'deferred' AND job.status = 'todo'
) AS deferred ON true
WHERE status IN ('doing', 'failed')
   OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()))
GROUP BY job.queue_name
"""

_STALLED = """
SELECT count(*) FROM procrastinate_jobs job
LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
WHERE job.status = 'doing' AND (worker.id IS NULL OR worker.last_heartbeat < now() - %s)
"""

# The scheduler that leads holds this lock for as long as its session lives, and uses the session
# every few seconds.
_HEARTBEATS = """
SELECT now(), (SELECT max(last_heartbeat) FROM procrastinate_workers),
       (SELECT max(coalesce(session.state_change, now()))
        FROM pg_locks held JOIN pg_stat_activity session ON session.pid = held.pid
        WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
          AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND held.classid = (hashtext('supportbot')::bigint & 4294967295)::oid
          AND held.objid = (hashtext('scheduler')::bigint & 4294967295)::oid)
"""

_PLANNED = "SELECT EXISTS (SELECT FROM schedules WHERE NOT paused)"


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneState:
    """Jobs of one queue. `oldest` is for how long the first of the waiting has been due, in
    seconds; 0 where none waits. `failed` counts those that were given up in the last week."""

    name: str
    waiting: int = 0
    running: int = 0
    failed: int = 0
    oldest: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """The queue at one moment of the database's clock. `stalled` jobs belong to workers that
    are dead. Heartbeats are None where no such process is known; `planned` says whether any
    schedule waits for a scheduler."""

    at: datetime
    lanes: Sequence[LaneState]
    stalled: int
    worker_heartbeat: datetime | None
    scheduler_heartbeat: datetime | None
    planned: bool

    @property
    def waiting(self) -> int:
        return sum(each.waiting for each in self.lanes)

    @property
    def running(self) -> int:
        return sum(each.running for each in self.lanes)

    @property
    def oldest(self) -> timedelta:
        return timedelta(seconds=max(each.oldest for each in self.lanes))

    def describe(self) -> str:
        """One line for people: what waits, and who was last heard of."""
        failed = sum(each.failed for each in self.lanes)
        since = f", the first for {self.oldest.total_seconds():.0f} s" if self.waiting else ""
        stalled = f" ({self.stalled} of a dead worker)" if self.stalled else ""
        return (
            f"{self.waiting} jobs wait{since}, {self.running} run{stalled}, {failed} failed this "
            f"week; {self._heard('worker', self.worker_heartbeat)}, "
            f"{self._heard('scheduler', self.scheduler_heartbeat)}."
        )

    def advice(self) -> str:
        """What to start so that jobs are done; "" where nothing need be done."""
        wanted = []
        if self._worker_alive():
            if self.oldest > LONG_WAIT:
                wanted.append("Jobs wait long: start one more `supportbot worker`.")
        elif self.waiting or self.running or self.planned:
            wanted.append("No worker runs: start `supportbot worker`.")
        if self.planned and self.scheduler_heartbeat is None:
            wanted.append("No scheduler runs: start `supportbot scheduler`.")
        return " ".join(wanted)

    def _worker_alive(self) -> bool:
        heard = self.worker_heartbeat
        return heard is not None and self.at - heard <= ALIVE_WITHIN

    def _heard(self, name: str, heartbeat: datetime | None) -> str:
        if heartbeat is None:
            return f"no {name} is known"
        return f"a {name} said {max((self.at - heartbeat).total_seconds(), 0):.0f} s ago it lives"


def backlog(connection: Connection[Any]) -> Backlog:
    """How the queue is now, with every lane in it, in the order of `Lane`."""
    lanes = {name: LaneState(name=name) for name in Lane}
    for name, waiting, running, failed, oldest in connection.execute(_LANES).fetchall():
        lanes[name] = LaneState(
            name=name, waiting=waiting, running=running, failed=failed, oldest=max(oldest, 0.0)
        )
    at, worker, scheduler = _row(connection, _HEARTBEATS)
    return Backlog(
        at=at,
        lanes=tuple(lanes.values()),
        stalled=_row(connection, _STALLED, STALLED_AFTER)[0],
        worker_heartbeat=worker,
        scheduler_heartbeat=scheduler,
        planned=_row(connection, _PLANNED)[0],
    )


def _row(connection: Connection[Any], statement: str, *parameters: object) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(statement, parameters).fetchone()
    assert row is not None  # noqa: S101 - aggregates and EXISTS give one row
    return row

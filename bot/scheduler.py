"""The process that starts planned runs. It enqueues them; workers do them.

APScheduler is the clock and mirrors the rows of `bot.schedules`, which are the truth. Any number
of these processes may run: an advisory lock, held by the session that also listens for changes,
elects the one that leads. Should two ever believe so, still each planned run starts once, because
`Schedules.enqueue_due` decides that in the database.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from psycopg_pool import PoolTimeout

from bot.errors import DatabaseUnavailable
from bot.schedules import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from bot.schedules import Schedules

log = logging.getLogger(__name__)

_LEAD = "SELECT pg_try_advisory_lock(hashtext('supportbot'), hashtext('scheduler'))"

# What the database may raise while it is away.
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, DatabaseUnavailable)


class Scheduler:
    """Leads when nobody else does, and stands by otherwise. `look_again` is how long a change
    can go unnoticed should a notification be lost, or this machine's clock be set forward."""

    def __init__(
        self,
        *,
        connect: Callable[[], Connection[Any]],
        schedules: Schedules,
        look_again: timedelta = timedelta(seconds=15),
        heartbeat: timedelta = timedelta(seconds=1),
    ) -> None:
        self._connect = connect
        self._schedules = schedules
        self._look_again = look_again.total_seconds()
        self._heartbeat = heartbeat.total_seconds()
        self._changed = threading.Event()

    def run(self, stop: threading.Event | None = None) -> None:
        """Blocks until `stop` is set, or an exception such as that of a signal unwinds it."""
        stopped = stop or threading.Event()
        while not stopped.is_set():
            try:
                with closing(self._connect()) as session:
                    session.autocommit = True
                    session.execute(f"LISTEN {CHANNEL}")
                    self._stand_by(session, stopped)
            except _AWAY as error:
                said = " ".join(str(error).split())
                log.warning("No database, trying again: %s", said, extra={"action": "reconnect"})
                stopped.wait(self._heartbeat)

    def _stand_by(self, session: Connection[Any], stopped: threading.Event) -> None:
        log.info("Standing by.", extra={"action": "stand_by"})
        while not stopped.is_set():
            row = session.execute(_LEAD).fetchone()
            if row and row[0]:
                self._lead(session, stopped)
                return
            stopped.wait(self._heartbeat)

    def _lead(self, session: Connection[Any], stopped: threading.Event) -> None:
        """Until the session is lost, and the lock with it."""
        clock = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(2)})
        clock.start()
        log.info("Leading.", extra={"action": "lead"})
        try:
            while not stopped.is_set():
                self._changed.clear()
                self._mirror(clock)
                self._wait_for_change(session, stopped)
        finally:
            clock.shutdown(wait=True)

    def _wait_for_change(self, session: Connection[Any], stopped: threading.Event) -> None:
        until = time.monotonic() + self._look_again
        while time.monotonic() < until and not self._changed.is_set() and not stopped.is_set():
            for _ in session.notifies(timeout=self._heartbeat, stop_after=1):
                return
        session.execute("SELECT 1")  # a session that died in silence is noticed here

    def _mirror(self, clock: BackgroundScheduler) -> None:
        upcoming = {each.source: each.wait for each in self._schedules.upcoming()}
        for job in clock.get_jobs():
            if job.id not in upcoming:
                clock.remove_job(job.id)
        for source, wait in upcoming.items():
            clock.add_job(
                self._start,
                # Counted from now: this machine's clock may differ from the database's.
                DateTrigger(datetime.now(UTC) + wait),
                args=(source,),
                id=source,
                replace_existing=True,
                misfire_grace_time=None,  # late is better than never; missed ones are one run
                max_instances=3,  # while one waits for the row's lock
            )

    def _start(self, source: str) -> None:
        ids = {"action": "enqueue_sync", "source": source}
        try:
            enqueued = self._schedules.enqueue_due(source)
        except _AWAY as error:
            log.warning("Not enqueued yet: %s", " ".join(str(error).split()), extra=ids)
            return
        if enqueued is not None:
            said = "Enqueued a sync." if enqueued.is_new else "A sync was waiting already."
            log.info(said, extra={**ids, "job": enqueued.id})
        self._changed.set()

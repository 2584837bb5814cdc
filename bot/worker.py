"""The process that does the jobs.

procrastinate fetches and runs them; this adds what a fleet of workers that may be killed at any
time needs: jobs of dead workers are given back by the living ones, a database that went away is
waited for, and on SIGTERM nothing new is begun while what runs ends or is given back in time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import procrastinate
import psycopg
from opentelemetry.trace import SpanKind
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker as LaneWorker
from psycopg_pool import PoolTimeout

from bot import db, tracing
from bot.leaving import leave_in_time
from bot.queue import HEARTBEAT, STALLED_AFTER, Lane
from bot.worker_clock import Deferrer, Jobs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from procrastinate.job_context import JobContext

    from bot.queue import Queue

log = logging.getLogger(__name__)

# Replies and events mostly wait for vendors; a sync is bound by the processor.
SLOTS: Mapping[Lane, int] = {
    Lane.REPLIES: 4,
    Lane.EVENTS: 2,
    Lane.KNOWLEDGE: 2,
    Lane.UPKEEP: 1,
}

# Lanes that people wait for look for work this often by themselves: nobody announces that a job's
# time has come, nor that one ended elsewhere whose lock held another back, and an announcement that
# comes during a look is lost.
LOOK_AGAIN: Mapping[Lane, float] = {Lane.REPLIES: 0.25, Lane.EVENTS: 0.25}
_LOOK_AGAIN_ELSEWHERE = 5.0

# Beyond `drain`: for jobs to notice that they should stop, before the process leaves them.
LAST_WORDS = timedelta(seconds=4)

_AWAY = (ConnectorException, psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


async def traced(
    go_on: Callable[[], Awaitable[Any]], context: JobContext, worker: procrastinate.worker.Worker
) -> Any:
    """procrastinate's middleware for whatever runs jobs of `bot.queue`: goes on with the trace
    that a job is of, and takes it out of the arguments, which are those of the task's function."""
    after = str(context.job.task_kwargs.pop(tracing.CARRIED, ""))
    name, job = context.job.task_name, context.job.id or 0
    with tracing.span(name, after=after, kind=SpanKind.CONSUMER, job=job):
        return await go_on()


class _Lane(LaneWorker):
    """Looks for work once more whenever a job has ended: its lock may have held the next one back.
    procrastinate only looks when it is told of a new job, or when it has waited long enough, so
    that the articles of one source would follow each other at that pace."""

    async def _process_job(self, context: JobContext) -> None:
        await super()._process_job(context)
        self._new_job_event.set()

    async def _periodic_deferrer(self) -> None:
        registry, connector = self.app.periodic_registry, self.app.connector
        await Deferrer(registry, connector=connector).worker()


class Worker:
    """Runs jobs until SIGINT or SIGTERM. After `drain`, jobs that still run are asked to stop
    and wait for the next worker; a second signal asks at once."""

    def __init__(
        self,
        *,
        database_url: str,
        queue: Queue,
        register: Sequence[Callable[[procrastinate.App], None]],
        slots: Mapping[Lane, int] = SLOTS,
        drain: timedelta = timedelta(seconds=10),
        heartbeat: timedelta = HEARTBEAT,
        stalled_after: timedelta = STALLED_AFTER,
    ) -> None:
        self._database_url = database_url
        self._queue = queue
        self._register = tuple(register)
        self._slots = dict(slots)
        self._drain = drain.total_seconds()
        self._heartbeat = heartbeat.total_seconds()
        self._stalled_after = stalled_after
        self._lanes: dict[Lane, LaneWorker] = {}
        self._running: defaultdict[int, set[int]] = defaultdict(set)
        self._stop = asyncio.Event()

    def run(self) -> None:
        """Blocks until everything has ended."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        # One thread for each job that may run, and some for the questions asked below.
        loop.set_default_executor(ThreadPoolExecutor(sum(self._slots.values()) + 2))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        app = self._app()
        async with app.open_async():
            lanes = {asyncio.create_task(self._keep(app, lane)) for lane in self._slots}
            rescue = asyncio.create_task(self._rescue())
            log.info("Working.", extra={"action": "work"})
            await self._stop.wait()
            longest = self._drain + LAST_WORDS.total_seconds()
            _, left = await asyncio.wait({*lanes, rescue}, timeout=longest)
            if left:
                await self._leave()
            await asyncio.gather(*lanes, rescue)
        log.info("Stopped.", extra={"action": "stop"})

    def _app(self) -> procrastinate.App:
        connector = procrastinate.PsycopgConnector(
            conninfo=self._database_url,
            kwargs={"application_name": "supportbot worker", **db.watchful(self._database_url)},
            min_size=1,
            max_size=4,
            timeout=10.0,
        )
        app = procrastinate.App(connector=connector)
        app.job_manager = Jobs(connector)
        for each in self._register:
            each(app)
        return app

    def _on_signal(self) -> None:
        if self._stop.is_set():  # asked twice: what runs is given back now
            self._give_back_and_exit([each.worker_id for each in self._lanes.values()])
        self._stop.set()
        # Also where the database does not answer, and cannot be told what is given back.
        leave_in_time(after=self._drain + 2 * LAST_WORDS.total_seconds())
        for lane in self._lanes.values():
            lane.stop()  # type: ignore[no-untyped-call]  # procrastinate leaves it out

    async def _keep(self, app: procrastinate.App, lane: Lane) -> None:
        """One lane's worker, again and again for as long as the database comes and goes."""
        while not self._stop.is_set():
            self._lanes[lane] = worker = _Lane(
                app=app,
                queues=[lane.value],
                name=lane.value,
                concurrency=self._slots[lane],
                fetch_job_polling_interval=LOOK_AGAIN.get(lane, _LOOK_AGAIN_ELSEWHERE),
                shutdown_graceful_timeout=self._drain,
                install_signal_handlers=False,
                update_heartbeat_interval=self._heartbeat,
                stalled_worker_timeout=self._stalled_after.total_seconds(),
                worker_middleware=[self._note],
            )
            try:
                await worker.run()  # type: ignore[no-untyped-call]  # as above
            except _AWAY as error:
                said = " ".join(str(error.__cause__ or error).split())  # procrastinate hides it
                log.warning("No database, trying again: %s", said, extra={"action": "reconnect"})
            await self._pause(1.0)

    async def _note(
        self, go_on: Callable[[], Awaitable[Any]], context: JobContext, worker: LaneWorker
    ) -> Any:
        """Keeps the list of what really runs here."""
        job, own = context.job.id, self._running[worker.worker_id or 0]
        assert job is not None  # noqa: S101 - it came from the database
        own.add(job)
        try:
            return await traced(go_on, context, worker)
        finally:
            own.discard(job)

    async def _rescue(self) -> None:
        """Gives back what dead workers left behind, and what this one lost."""
        suspects: dict[int, frozenset[int]] = {}
        while not self._stop.is_set():
            with suppress(*_AWAY):  # the lanes say so
                await self._rescue_stalled()
                for worker in [each.worker_id for each in self._lanes.values()]:
                    if worker is not None:
                        before = suspects.get(worker, frozenset())
                        suspects[worker] = await self._rescue_lost(worker, before)
            await self._pause(self._stalled_after.total_seconds() / 2)

    async def _rescue_stalled(self) -> None:
        for job in await asyncio.to_thread(
            self._queue.give_back_stalled,
            alive=[each.worker_id for each in self._lanes.values() if each.worker_id],
            stalled_after=self._stalled_after,
        ):
            log.warning("Its worker died.", extra={"action": "give_back", "job": job})

    async def _rescue_lost(self, worker: int, suspects: frozenset[int]) -> frozenset[int]:
        """A connection that breaks at the wrong moment leaves a job as running that is not.
        Returns the jobs that look so; those that did last time as well are given back."""
        claimed = await asyncio.to_thread(self._queue.claimed, worker)
        lost = claimed - self._running[worker]
        if twice := lost & suspects:
            for job in await asyncio.to_thread(self._queue.give_back_lost, worker, twice):
                log.warning("It was lost here.", extra={"action": "give_back", "job": job})
        return lost

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), timeout=seconds)

    async def _leave(self) -> None:
        workers = [each.worker_id for each in self._lanes.values()]
        await asyncio.get_running_loop().run_in_executor(None, self._give_back_and_exit, workers)

    def _give_back_and_exit(self, workers: Sequence[int | None]) -> None:
        """For jobs that do not stop: their threads cannot be ended, so the process is. Sources
        are locked by their session, so no other worker begins before this one is gone."""
        log.warning("Jobs did not stop in time; others go on.", extra={"action": "leave"})
        with suppress(Exception):
            for worker in workers:
                if worker is not None:
                    self._queue.forget_worker(worker)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

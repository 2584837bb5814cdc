"""procrastinate by the database's clock. By itself it plans what is done by the clock, and when a
job is tried again, by that of the worker's machine, and the database carries it out by its own: a
worker that runs ten minutes ahead would hold every job back for ten minutes, and once its clock is
right again nothing would be done by the clock for ten minutes, because it has been."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from procrastinate.manager import JobManager
from procrastinate.periodic import PeriodicDeferrer

from bot.db.clock import NOW

if TYPE_CHECKING:
    from procrastinate.connector import BaseConnector
    from procrastinate.periodic import PeriodicRegistry


async def database_now(connector: BaseConnector) -> datetime:
    """What time it is in the database."""
    row = await connector.execute_query_one_async(f"{NOW} AS now")
    moment: datetime = row["now"]
    return moment


class Jobs(JobManager):
    """Tries jobs again after as long as was meant."""

    async def retry_job_by_id_async(
        self,
        job_id: int,
        retry_at: datetime,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        wait = retry_at - datetime.now(UTC)
        await super().retry_job_by_id_async(
            job_id,
            retry_at=await database_now(self.connector) + wait,
            priority=priority,
            queue=queue,
            lock=lock,
        )


class Deferrer(PeriodicDeferrer):
    """Enqueues what is done by the clock."""

    def __init__(self, registry: PeriodicRegistry, *, connector: BaseConnector) -> None:
        super().__init__(registry)
        self._connector = connector

    async def worker(self) -> None:
        while self.registry.periodic_tasks:
            now = (await database_now(self._connector)).timestamp()
            await self.defer_jobs(jobs_to_defer=self.get_previous_tasks(at=now))
            await self.wait(next_tick=self.get_next_tick(at=now))

"""What a process does whose clock is wrong, see test_clocks.py. Run with the database's URL."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import procrastinate

from bot import db, doctor
from bot.worker_clock import Deferrer, Jobs

WAIT = timedelta(hours=1)
EVERY_MINUTE = "* * * * *"


async def work(url: str) -> None:
    """Plans what is done every minute, and has a job wait for an hour."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    app.job_manager = Jobs(app.connector)

    @app.periodic(cron=EVERY_MINUTE)
    @app.task(name="minute", queue="events")
    def minute(timestamp: int) -> None:
        """Nothing."""

    async with app.open_async():
        failed = await app.configure_task("failed", queue="events").defer_async()
        deferrer = Deferrer(app.periodic_registry, connector=app.connector)
        with suppress(TimeoutError):
            await asyncio.wait_for(deferrer.worker(), timeout=1.0)
        await app.connector.execute_query_async(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %(id)s", id=failed
        )
        await app.job_manager.retry_job_by_id_async(failed, retry_at=datetime.now(UTC) + WAIT)


def said(url: str) -> dict[str, Any]:
    """What doctor tells of the clock."""
    with db.open_pool(url, max_size=1) as pool:
        check = doctor.clock(pool)
    return {"state": check.state, "detail": check.detail}


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
    sys.stdout.write(json.dumps(said(sys.argv[1])))

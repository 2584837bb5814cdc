"""What vendors were asked, how often that failed and what it cost, as all processes note it."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import psycopg

from connectors.circuits import Circuit

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

log = logging.getLogger(__name__)

_SECONDS = 2.0
"""What was done is noted within this, or not: nobody should wait for it."""

Vendor = Literal["zendesk", "slack", "model"]

_NOTE = """
INSERT INTO vendor_use AS known (vendor, hour, calls, failures, cost_usd)
VALUES (%(vendor)s, date_trunc('hour', now(), 'UTC'), %(calls)s, %(failures)s, %(cost)s)
ON CONFLICT (vendor, hour) DO UPDATE SET calls = known.calls + excluded.calls,
    failures = known.failures + excluded.failures, cost_usd = known.cost_usd + excluded.cost_usd
"""

_LATELY = """
SELECT vendor,
       coalesce(sum(calls) FILTER (WHERE hour = date_trunc('hour', now(), 'UTC')), 0)::bigint,
       sum(calls)::bigint,
       coalesce(sum(cost_usd) FILTER (WHERE hour = date_trunc('hour', now(), 'UTC')), 0),
       sum(cost_usd)
FROM vendor_use WHERE hour >= date_trunc('day', now(), 'UTC') GROUP BY vendor
"""

_TOTALS = """
SELECT vendor, sum(calls)::bigint, sum(failures)::bigint, sum(cost_usd)
FROM vendor_use GROUP BY vendor ORDER BY vendor
"""

_REST = """
INSERT INTO vendor_rests (vendor, process, until) VALUES (%s, %s, now() + make_interval(secs => %s))
ON CONFLICT (vendor, process) DO UPDATE SET until = excluded.until
"""

_RESTED = "DELETE FROM vendor_rests WHERE vendor = %s AND (process = %s OR until < now())"

_RESTING = """
SELECT vendor, count(*) FROM vendor_rests WHERE until > now() GROUP BY vendor ORDER BY vendor
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Of one vendor, in this hour and on this day, both of UTC."""

    calls_this_hour: int = 0
    calls_today: int = 0
    usd_this_hour: float = 0.0
    usd_today: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Total:
    """Of one vendor, ever."""

    vendor: str
    calls: int
    failures: int
    cost_usd: float


class VendorUse:
    """Notes and reads it. `process` names this one among those that leave a vendor alone."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]], process: str = "") -> None:
        self._pool = pool
        self._process = process

    def note(
        self, vendor: Vendor, *, calls: int = 0, failures: int = 0, cost_usd: float = 0.0
    ) -> None:
        """Adds to this hour. Raises psycopg.OperationalError when the database is away."""
        with self._pool.connection(timeout=_SECONDS) as connection:
            add_use(connection, vendor, calls=calls, failures=failures, cost_usd=cost_usd)

    def spent(self, cost_usd: float) -> None:
        """Notes one call of the model. Without a database it is only logged: what was answered
        should not fail for its price."""
        try:
            self.note("model", calls=1, cost_usd=cost_usd)
        except psycopg.Error:
            told = {"action": "vendor", "vendor": "model", "cost_usd": cost_usd}
            log.warning("A call was not noted: the database is away.", extra=told)

    def lately(self) -> dict[str, Use]:
        """By vendor; those that were not asked today are left out."""
        with self._pool.connection() as connection:
            rows = connection.execute(_LATELY).fetchall()
        return {
            row[0]: Use(
                calls_this_hour=row[1], calls_today=row[2], usd_this_hour=row[3], usd_today=row[4]
            )
            for row in rows
        }

    def totals(self) -> tuple[Total, ...]:
        """Of every vendor that was ever asked."""
        with self._pool.connection() as connection:
            rows = connection.execute(_TOTALS).fetchall()
        return tuple(
            Total(vendor=row[0], calls=row[1], failures=row[2], cost_usd=row[3]) for row in rows
        )

    def resting(self) -> dict[str, int]:
        """Vendors that are left alone now, with how many processes do so."""
        with self._pool.connection() as connection:
            return {row[0]: row[1] for row in connection.execute(_RESTING).fetchall()}

    def circuit(self, vendor: Vendor) -> Circuit:
        """A circuit whose failures and rests are noted here. Without a database they are only
        logged: noting must not be what fails."""
        return Circuit(
            vendor,
            on_failure=partial(self._failed, vendor),
            on_change=partial(self._changed, vendor),
        )

    def _failed(self, vendor: Vendor) -> None:
        with suppress(psycopg.Error):
            self.note(vendor, failures=1)

    def _changed(self, vendor: Vendor, seconds: float) -> None:
        told = {"action": "vendor", "vendor": vendor}
        if seconds:
            log.warning("Left alone for %.0f s after failures.", seconds, extra=told)
        else:
            log.info("Asked again.", extra=told)
        with suppress(psycopg.Error), self._pool.connection(timeout=_SECONDS) as connection:
            if seconds:
                connection.execute(_REST, (vendor, self._process, seconds))
            else:
                connection.execute(_RESTED, (vendor, self._process))


def this_process() -> str:
    """Its name among those that leave a vendor alone."""
    return f"{socket.gethostname()}:{os.getpid()}"


def add_use(
    connection: Connection[Any],
    vendor: Vendor,
    *,
    calls: int = 0,
    failures: int = 0,
    cost_usd: float = 0.0,
) -> None:
    """Adds to this hour, in the caller's transaction."""
    noted = {"vendor": vendor, "calls": calls, "failures": failures, "cost": cost_usd}
    connection.execute(_NOTE, noted)

"""One ceiling of requests for all processes that use a Zendesk account, kept in PostgreSQL.

Zendesk counts per account, so workers that each kept to the limit alone would exceed it together.
Requests are reserved some at a time, for as long as a reservation holds, and count whether or not
they are sent: asking costs no round trip for each, and a process that dies keeps nothing for long.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from bot.vendors import add_use
from connectors.zendesk.limits import ASSUMED_LIMIT, MINUTE, Minute, Standing, part_of

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from connectors.zendesk.limits import Pool

HOLDS = 2.0
"""Seconds in which reserved requests may be sent."""

LARGEST = 20
"""Requests in a reservation at most: about what one client sends while it holds."""

# Changes nothing in a row that is there, but locks it.
_LOCKED = """
INSERT INTO zendesk_ceilings AS known (account, pool, per_minute) VALUES (%s, %s, %s)
ON CONFLICT (account, pool) DO UPDATE SET per_minute = known.per_minute
RETURNING per_minute, taken, remaining, resets_at, held_until
"""

_KEPT = """
UPDATE zendesk_ceilings
SET per_minute = %s, taken = %s, remaining = %s, resets_at = %s, held_until = %s
WHERE account = %s AND pool = %s
"""


def server_time(connection: Connection[Any]) -> float:
    """Now by the database's clock, which all processes share, in seconds since 1970."""
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    return float(row[0])


@dataclass(slots=True, kw_only=True)
class _Reservation:
    """Requests that this process may send before `until`, by its own clock."""

    size: int
    left: int
    until: float


class SharedCeiling:
    """The ceiling of `account`, whoever uses it. `database` may be small: each thread needs a
    connection for a moment only. `server_clock` tells the time that all processes go by. `admit`
    raises BudgetUsedUp for who may not send any more with this share."""

    def __init__(
        self,
        *,
        database: ConnectionPool[Connection[Any]],
        account: str,
        clock: Callable[[], float] = time.monotonic,
        server_clock: Callable[[Connection[Any]], float] = server_time,
        admit: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._account = account
        self._clock = clock
        self._server_clock = server_clock
        self._admit = admit
        self._lock = threading.Lock()
        self._reserved: dict[tuple[Pool, float], _Reservation] = {}
        self._observed: dict[Pool, tuple[float, Standing]] = {}

    def wait(self, pool: Pool, *, share: float) -> float:
        """As the protocol says. Raises psycopg.Error when the database is away: what is synced
        or replied to is in there as well."""
        with self._lock:
            mine = self._reserved.get((pool, share))
            if mine is None or not mine.left or self._clock() >= mine.until:
                self._admit(share)
                began = self._clock()  # before the server is asked, so that it never holds longer
                granted, wait = self._reserve(pool, share, _wanted(mine))
                if wait:
                    return wait
                mine = _Reservation(size=granted, left=granted, until=began + HOLDS)
                self._reserved[pool, share] = mine
            mine.left -= 1
            return 0.0

    def observe(self, pool: Pool, standing: Standing) -> None:
        """Kept here until the next reservation; at once where others used up what was reserved."""
        with self._lock:
            self._observed[pool] = (self._clock(), standing)
            for (each, share), mine in self._reserved.items():
                kept_free = standing.limit - part_of(standing.limit, share)
                if each == pool and standing.remaining <= kept_free:
                    mine.left = 0

    def hold(self, pool: Pool, seconds: float) -> None:
        """Others notice it with their next reservation."""
        with self._lock:
            for (each, _), mine in self._reserved.items():
                if each == pool:
                    mine.left = 0
            with self._shared(pool) as (minute, now, _):
                minute.hold(now + seconds)

    def _reserve(self, pool: Pool, share: float, calls: int) -> tuple[int, float]:
        with self._shared(pool) as (minute, now, connection):
            # Counted as if sent at the last moment, in whole seconds, so that the list is short.
            until = math.ceil(now + HOLDS + MINUTE)
            granted, wait = minute.take(calls, share=share, now=now, until=until)
            if granted:
                add_use(connection, "zendesk", calls=granted)
            return granted, wait

    @contextmanager
    def _shared(self, pool: Pool) -> Iterator[tuple[Minute, float, Connection[Any]]]:
        """The row, for us alone until this ends, with what the last answer said and the time."""
        with self._database.connection() as connection:
            row = connection.execute(_LOCKED, (self._account, pool, ASSUMED_LIMIT)).fetchone()
            assert row is not None  # noqa: S101 - inserted or there before
            minute = Minute(
                limit=row[0],
                taken=deque((until, calls) for until, calls in row[1]),
                remaining=row[2],
                resets_at=row[3],
                held_until=row[4],
            )
            now = self._server_clock(connection)
            self._tell(pool, minute, now)
            yield minute, now, connection
            taken = Jsonb([list(each) for each in minute.taken])
            state = (minute.limit, taken, minute.remaining, minute.resets_at, minute.held_until)
            connection.execute(_KEPT, (*state, self._account, pool))

    def _tell(self, pool: Pool, minute: Minute, now: float) -> None:
        """Hands on what was observed since the last reservation."""
        if observed := self._observed.pop(pool, None):
            at, said = observed
            left = said.resets_in - (self._clock() - at)
            minute.observe(
                Standing(limit=said.limit, remaining=said.remaining, resets_in=left), now=now
            )


def _wanted(before: _Reservation | None) -> int:
    """One more than last time if all of it was sent, else as many as were."""
    if before is None:
        return 1
    return min(before.size + 1, LARGEST) if not before.left else max(1, before.size - before.left)

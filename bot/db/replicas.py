"""How far a streaming replica is behind, told by the log positions of both servers.

The replica's own clock of its last change would not do: where nothing changes it grows old, and
where the connection to the primary broke it does not know. What the primary had written at a
moment, and the replica has replayed, proves that the replica is no older than that moment.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import PoolTimeout

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

BOUND = 10.0
"""Seconds that a replica may be behind."""

LOOK_AGAIN = 1.0
"""Seconds for which an answer holds, and for which the replica is waited for."""

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)

_WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')"

_REPLAYED = """
SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') WHERE pg_is_in_recovery()
"""


class Replica:
    """One replica beside its primary. Safe to share between threads."""

    def __init__(
        self,
        *,
        primary: ConnectionPool[Connection[Any]],
        pool: ConnectionPool[Connection[Any]],
        bound: float = BOUND,
        look_again: float = LOOK_AGAIN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pool = pool
        self._primary = primary
        self._bound = bound
        self._look_again = look_again
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._fresh_at = float("-inf")
        self._written: deque[tuple[float, int]] = deque(maxlen=100)

    def lag(self) -> float:
        """Seconds that it may be behind at most; infinite where that is not known, because it is
        away or is no streaming replica. Raises psycopg.OperationalError when the primary is
        away."""
        with self._lock:
            now = self._clock()
            if now - self._looked_at >= self._look_again:
                self._look(now)
                self._looked_at = now
            return now - self._fresh_at

    def is_fresh(self) -> bool:
        """Whether searches may be sent there."""
        return self.lag() <= self._bound

    def lost(self) -> None:
        """Whoever could not use it says so: others need not find out for themselves."""
        with self._lock:
            self._fresh_at = float("-inf")
            self._written.clear()

    def _look(self, now: float) -> None:
        with self._primary.connection() as connection:
            row = connection.execute(_WRITTEN).fetchone()
        self._written.append((now, int(row[0]) if row else 0))
        try:
            with self.pool.connection(timeout=LOOK_AGAIN) as connection:
                replayed = connection.execute(_REPLAYED).fetchone()
        except AWAY:
            return
        if replayed is None or replayed[0] is None:
            return
        while self._written and self._written[0][1] <= replayed[0]:
            self._fresh_at = self._written.popleft()[0]

"""What customers say behind the links of a reply, on its way to the job that acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.zendesk.errands import feedback_job

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.queue import Queue
    from bot.zendesk.feedback import Verdict

# Whoever presses the button again says nothing new.
_FIRST_TIME = """
INSERT INTO inbound_events (source, id, kind) VALUES ('zendesk feedback', %s, 'feedback')
ON CONFLICT (source, id) DO NOTHING
"""


class Verdicts:
    """Enqueues verdicts, each once however often the button is pressed."""

    def __init__(self, *, pool: ConnectionPool, queue: Queue, wait: float = 3.0) -> None:
        """A database that gives no connection within `wait` seconds counts as away."""
        self._pool = pool
        self._queue = queue
        self._wait = wait

    def take(self, verdict: Verdict) -> None:
        """Raises psycopg.Error when the database cannot be used now: nothing was taken then."""
        said = "yes" if verdict.helped else "no"
        with self._pool.connection(timeout=self._wait) as connection:
            if connection.execute(_FIRST_TIME, (f"{verdict.turn_id}:{said}",)).rowcount:
                self._queue.enqueue(feedback_job(verdict), connection=connection)

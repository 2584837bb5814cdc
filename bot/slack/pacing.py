"""Slack's rate limits, by workspace and method: whoever is told to wait tells all others of the
process. https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot.slack.errors import SlackBusy

PATIENCE = 3.0
"""Seconds that a job waits on the spot. A longer wait is for the queue: others may go on."""


class Pacing:
    """What may not be called for how long. Safe to share between threads."""

    def __init__(
        self,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at: dict[tuple[str, str], float] = {}

    def wait(self, team: str, method: str) -> None:
        """Returns when the method may be called. Raises SlackBusy where that takes longer than
        anybody should wait for on the spot."""
        with self._lock:
            left = self._free_at.get((team, method), 0.0) - self._clock()
        if left <= 0:
            return
        if left > self._patience:
            raise SlackBusy(f"Slack's rate limit for {method} is reached.", retry_after=left)
        self._sleep(left)

    def pause(self, team: str, method: str, seconds: float) -> None:
        """Nobody calls the method for so long."""
        with self._lock:
            key = (team, method)
            self._free_at[key] = max(self._free_at.get(key, 0.0), self._clock() + seconds)

"""What goes wrong at real accounts: rate limits by pool, and failures that a test asks for.

https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Pool = Literal["support", "help_center"]
Fault = int | Literal["timeout", "reset"]


def pool_of(path: str) -> Pool:
    return "help_center" if path.startswith("/api/v2/help_center") else "support"


class Limits:
    """Requests per minute, counted for each pool in whole minutes. `others` is what another
    application of the same account has used in this minute."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.per_minute: dict[Pool, int] = {"support": 700, "help_center": 700}
        self._used: dict[tuple[Pool, int], int] = {}

    def use(self, pool: Pool, requests: int = 1) -> tuple[bool, dict[str, str]]:
        """Counts requests; whether they are within the limit, and the headers that say so."""
        minute, seconds = divmod(int(self._clock()), 60)
        used = self._used[pool, minute] = self._used.get((pool, minute), 0) + requests
        limit, reset = self.per_minute[pool], 60 - seconds
        left = max(0, limit - used)
        headers = {
            "X-Rate-Limit": str(limit),
            "X-Rate-Limit-Remaining": str(left),
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": str(left),
            "ratelimit-reset": str(reset),
        }
        if used > limit:
            return False, headers | {"Retry-After": str(reset)}
        return True, headers


@dataclass
class Failure:
    """The next `times` requests whose "METHOD path" matches end so: with a status, a time-out
    or a broken connection. With `applied`, what they ask for happens nevertheless."""

    fault: Fault
    times: int
    matches: re.Pattern[str]
    retry_after: str | None
    applied: bool


class Failures:
    """The failures that are still to come."""

    def __init__(self) -> None:
        self._planned: list[Failure] = []

    def plan(
        self,
        fault: Fault,
        *,
        times: int = 1,
        matching: str = "",
        retry_after: str | None = None,
        applied: bool = False,
    ) -> None:
        self._planned.append(
            Failure(
                fault=fault,
                times=times,
                matches=re.compile(matching),
                retry_after=retry_after,
                applied=applied,
            )
        )

    def next(self, method: str, path: str) -> Failure | None:
        for each in self._planned:
            if each.times > 0 and each.matches.search(f"{method} {path}"):
                each.times -= 1
                return each
        return None

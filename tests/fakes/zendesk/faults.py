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
    application of the same account has used in this minute. Some paths have limits of their own:
    updates of one ticket in ten minutes, and, where a test sets them, all updates and all pages
    of exports in a minute."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.per_minute: dict[Pool, int] = {"support": 700, "help_center": 700}
        self._used: dict[tuple[Pool, int], int] = {}
        self.updates_per_ticket = 30
        self.updates_per_minute: int | None = None
        self.exports_per_minute: int | None = None
        self._own: dict[tuple[str, int], int] = {}

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

    def use_own(self, method: str, path: str) -> tuple[bool, dict[str, str]]:
        """The same for the limits that this path has of its own."""
        told: dict[str, str] = {}
        for name, scope, total, seconds in self._limits_of(method, path):
            period, passed = divmod(int(self._clock()), seconds)
            used = self._own[scope, period] = self._own.get((scope, period), 0) + 1
            reset = seconds - passed
            told[f"zendesk-ratelimit-{name}"] = (
                f"total={total}; remaining={max(0, total - used)}; resets={reset}"
            )
            if used > total:
                return False, told | {"Retry-After": str(reset)}
        return True, told

    def _limits_of(self, method: str, path: str) -> list[tuple[str, str, int, int]]:
        found: list[tuple[str, str, int, int]] = []
        if method == "PUT" and (ticket := re.fullmatch(r"/api/v2/tickets/(\d+)(?:\.json)?", path)):
            found.append(("ticket-updates", f"ticket {ticket[1]}", self.updates_per_ticket, 600))
            if self.updates_per_minute is not None:
                found.append(("tickets-update", "tickets", self.updates_per_minute, 60))
        if path.startswith("/api/v2/incremental/") and self.exports_per_minute is not None:
            found.append(("incremental-exports", "exports", self.exports_per_minute, 60))
        return found


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

    def clear(self) -> None:
        """Nothing fails any more."""
        self._planned.clear()

    def next(self, method: str, path: str) -> Failure | None:
        for each in self._planned:
            if each.times > 0 and each.matches.search(f"{method} {path}"):
                each.times -= 1
                return each
        return None

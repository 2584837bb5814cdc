"""How many requests an account may get in a minute, and who may use how much of that.

Zendesk counts per account, not per caller: a sync that takes the whole minute would keep replies
to tickets waiting. So everybody asks one ceiling before each request, and a sync is given only
its share. https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

Pool = Literal["support", "help_center"]

MINUTE = 60.0
# Until the first answer tells the plan's limit: that of the smallest Suite plan.
ASSUMED_LIMIT = 200

_HELP_CENTER_PATHS = ("/api/v2/help_center", "/api/v2/guide", "/api/v2/community")


def pool_of(path: str) -> Pool:
    """Which of the account's two equal budgets a path is counted in."""
    return "help_center" if path.startswith(_HELP_CENTER_PATHS) else "support"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What an answer says of its pool: requests per minute, how many are left of them, and in
    how many seconds they are counted anew."""

    limit: int
    remaining: int
    resets_in: float


def standing_of(headers: Mapping[str, str]) -> Standing | None:
    """The pool's state in an answer's headers; None where they do not hold it."""
    limit = _number(headers.get("ratelimit-limit") or headers.get("X-Rate-Limit"))
    left = _number(headers.get("ratelimit-remaining") or headers.get("X-Rate-Limit-Remaining"))
    if limit is None or left is None or limit < 1:
        return None
    resets_in = _number(headers.get("ratelimit-reset"))
    return Standing(
        limit=limit, remaining=left, resets_in=MINUTE if resets_in is None else resets_in
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from a number or a date; None where the vendor names none."""
    text = headers.get("Retry-After")
    number = _number(text)
    if text is None or number is not None:
        return number
    try:
        moment = parsedate_to_datetime(text)
        now = parsedate_to_datetime(headers["Date"]) if "Date" in headers else datetime.now(UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError):
        return None


def moment_of(headers: Mapping[str, str]) -> int | None:
    """When the server says that it answered, in seconds since 1970."""
    try:
        return int(parsedate_to_datetime(headers["Date"]).timestamp())
    except (KeyError, ValueError, TypeError):
        return None


def _number(text: str | None) -> int | None:
    try:
        return max(0, int(float(text))) if text else None
    except (ValueError, OverflowError):
        return None


def part_of(limit: int, share: float) -> int:
    """Requests per minute that are within this share of the limit; one at least."""
    return max(1, int(limit * share))


class Ceiling(Protocol):
    """The account's budget, asked by everybody who calls it: by the clients of one process, or
    of all processes where they share a database."""

    def wait(self, pool: Pool, *, share: float) -> float:
        """Seconds to wait before asking again; 0.0 means that one request is counted and may
        be sent. `share` (0 to 1) is the part of the minute that the caller may fill."""
        ...

    def observe(self, pool: Pool, standing: Standing) -> None:
        """Takes note of what an answer said."""
        ...

    def hold(self, pool: Pool, seconds: float) -> None:
        """Nobody sends for so long: the vendor has asked for it."""
        ...


@dataclass(slots=True, kw_only=True)
class Minute:
    """What is known of one pool: how much it allows, and what of that is taken. Moments are
    seconds of whatever clock its owner uses. `taken` are calls with the moment from which they
    no longer count, in order; `remaining` holds until `resets_at`, and nobody sends before
    `held_until`."""

    limit: int = ASSUMED_LIMIT
    taken: deque[tuple[float, int]] = field(default_factory=deque)
    remaining: int = 0
    resets_at: float = 0.0
    held_until: float = 0.0

    def take(self, calls: int, *, share: float, now: float, until: float) -> tuple[int, float]:
        """How many of these calls may be sent now, which then count `until` that moment; or 0,
        and the seconds to wait before asking again. All callers together stay within `share` of
        the limit before this one gets any."""
        while self.taken and self.taken[0][0] <= now:
            self.taken.popleft()
        allowed = part_of(self.limit, share)
        if wait := max(self.held_until - now, self._until_room(allowed, now), 0.0):
            return 0, wait
        granted = min(calls, allowed - self._sum())
        if now < self.resets_at:
            granted = min(granted, self.remaining - (self.limit - allowed))
        before = self.taken.pop()[1] if self.taken and self.taken[-1][0] == until else 0
        self.taken.append((until, before + granted))
        self.remaining -= granted
        return granted, 0.0

    def observe(self, standing: Standing, *, now: float) -> None:
        """Takes note of what an answer said."""
        self.limit = standing.limit
        self.remaining = standing.remaining
        self.resets_at = now + standing.resets_in

    def hold(self, until: float) -> None:
        """Nobody sends before then."""
        self.held_until = max(self.held_until, until)

    def _sum(self) -> int:
        return sum(calls for _, calls in self.taken)

    def _until_room(self, allowed: int, now: float) -> float:
        """Seconds until at least one more call is within the limit."""
        wait, left = 0.0, self._sum()
        for until, calls in self.taken:
            if left < allowed:
                break
            wait, left = until - now, left - calls
        if now < self.resets_at and self.remaining <= self.limit - allowed:
            wait = max(wait, self.resets_at - now)
        return wait


class ProcessCeiling:
    """The ceiling of all clients in this process, where there is no database to share one by.
    Requests of others are seen through the headers of the answers."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pools: dict[Pool, Minute] = {"support": Minute(), "help_center": Minute()}

    def wait(self, pool: Pool, *, share: float) -> float:
        with self._lock:
            now = self._clock()
            return self._pools[pool].take(1, share=share, now=now, until=now + MINUTE)[1]

    def observe(self, pool: Pool, standing: Standing) -> None:
        with self._lock:
            self._pools[pool].observe(standing, now=self._clock())

    def hold(self, pool: Pool, seconds: float) -> None:
        with self._lock:
            self._pools[pool].hold(self._clock() + seconds)

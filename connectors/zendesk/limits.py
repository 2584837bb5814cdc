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


class Ceiling(Protocol):
    """The account's budget, asked by everybody who calls it."""

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


@dataclass(slots=True)
class _State:
    limit: int = ASSUMED_LIMIT
    sent: deque[float] = field(default_factory=deque)
    held_until: float = 0.0
    remaining: int = 0
    resets_at: float = 0.0


class ProcessCeiling:
    """The ceiling of all clients in this process. Requests of others, such as another process
    or another application, are seen through the headers of the answers."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pools: dict[Pool, _State] = {"support": _State(), "help_center": _State()}

    def wait(self, pool: Pool, *, share: float) -> float:
        with self._lock:
            state, now = self._pools[pool], self._clock()
            wait = max(state.held_until - now, self._until_share(state, share, now))
            if wait > 0:
                return wait
            state.sent.append(now)
            state.remaining -= 1
            return 0.0

    def observe(self, pool: Pool, standing: Standing) -> None:
        with self._lock:
            state = self._pools[pool]
            state.limit = standing.limit
            state.remaining = standing.remaining
            state.resets_at = self._clock() + standing.resets_in

    def hold(self, pool: Pool, seconds: float) -> None:
        with self._lock:
            state = self._pools[pool]
            state.held_until = max(state.held_until, self._clock() + seconds)

    def _until_share(self, state: _State, share: float, now: float) -> float:
        while state.sent and state.sent[0] <= now - MINUTE:
            state.sent.popleft()
        allowed = max(1, int(state.limit * share))
        wait = 0.0
        if len(state.sent) >= allowed:
            wait = state.sent[-allowed] + MINUTE - now
        if now < state.resets_at and state.remaining <= state.limit - allowed:
            wait = max(wait, state.resets_at - now)
        return wait

"""What goes wrong between an app and Slack: rate limits by method, and failures that a test asks
for.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Literal

Fault = int | Literal["timeout", "reset"]


class Rates:
    """Calls per method and installation in whole minutes, as many as `per_minute` says; a method
    that it does not name has no limit. Messages have a limit for each channel instead."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.per_minute: dict[str, int] = {}
        self.posts_per_second: int | None = None
        self._used: dict[tuple[str, str, int], int] = {}

    def use(self, method: str, *, installation: str, channel: str = "") -> int | None:
        """Counts a call; None where it is within the limits, else the seconds to wait."""
        now = self._clock()
        posts = self.posts_per_second if method == "chat.postMessage" else None
        if posts is not None and self._count(f"{method} {channel}", installation, int(now)) > posts:
            return 1
        limit = self.per_minute.get(method)
        if limit is None:
            return None
        minute, seconds = divmod(int(now), 60)
        return 60 - seconds if self._count(method, installation, minute) > limit else None

    def _count(self, name: str, installation: str, period: int) -> int:
        key = name, installation, period
        used = self._used[key] = self._used.get(key, 0) + 1
        return used


@dataclass
class Failure:
    """The next `times` calls of methods that match end so: with a status, with nothing in time or
    a broken connection. With `applied`, what they ask for happens nevertheless. An `error` is what
    Slack's own answer says with status 200."""

    fault: Fault
    times: int
    matches: re.Pattern[str]
    retry_after: int | None = None
    applied: bool = False
    error: str = ""


@dataclass
class Held:
    """Calls that wait until they are let go. `arrived` is released by each one that comes."""

    matches: re.Pattern[str]
    arrived: Semaphore = field(default_factory=lambda: Semaphore(0))
    _waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = field(default_factory=list)
    _over: bool = False

    async def wait(self) -> None:
        if self._over:
            return
        gate = asyncio.Event()
        self._waiting.append((asyncio.get_running_loop(), gate))
        self.arrived.release()
        await gate.wait()

    def let_go(self) -> None:
        """Everything that waits goes on, and nothing waits any more."""
        self._over = True
        for loop, gate in self._waiting:
            loop.call_soon_threadsafe(gate.set)


class Failures:
    """The failures that are still to come. `seconds` is what calls take, by a pattern of their
    method: Slack answers within a tenth of a second or so, and sometimes much later."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._planned: list[Failure] = []
        self._held: list[Held] = []
        self._slow = Held(matches=re.compile(""))

    def plan(
        self,
        fault: Fault,
        *,
        times: int = 1,
        method: str = "",
        retry_after: int | None = None,
        applied: bool = False,
        error: str = "",
    ) -> None:
        """`method` is a pattern: "chat.postMessage", "chat[.]", "response_url", "" for all."""
        self._planned.append(
            Failure(
                fault=fault,
                times=times,
                matches=re.compile(method),
                retry_after=retry_after,
                applied=applied,
                error=error,
            )
        )

    def hold(self, method: str = "") -> Held:
        """Calls of these methods wait, before anything of them happens, until they are let go."""
        made = Held(matches=re.compile(method))
        self._held.append(made)
        return made

    def clear(self) -> None:
        """Nothing fails and nothing waits any more."""
        self.seconds.clear()
        self._planned.clear()
        for each in (*self._held, self._slow):
            each.let_go()
        self._held.clear()
        self._slow = Held(matches=re.compile(""))

    def next(self, method: str) -> Failure | None:
        for each in self._planned:
            if each.times > 0 and each.matches.search(method):
                each.times -= 1
                return each
        return None

    async def delay(self, method: str) -> None:
        """Waits as long as a call of this method is to wait before anything of it happens."""
        for each in list(self._held):
            if each.matches.search(method):
                await each.wait()
        for pattern, seconds in list(self.seconds.items()):
            if re.search(pattern, method):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._slow.wait(), seconds)

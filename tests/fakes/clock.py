"""A clock that a test sets: time passes when somebody sleeps, or when the test says so."""

from __future__ import annotations

from datetime import UTC, datetime


class FakeClock:
    """Calling it tells the time in seconds since 1970; `slept` is every wait that was asked for."""

    def __init__(self, start: float = datetime(2026, 11, 1, tzinfo=UTC).timestamp()) -> None:
        self.now = start
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def advance(self, seconds: float) -> None:
        self.now += seconds

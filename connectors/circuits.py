"""Leaves a vendor alone for a while once it has failed several times in a row.

Who waits for a time-out again and again keeps a worker's slot from those that could be helped,
and keeps a vendor busy that tries to come back. Each process has circuits of its own: sharing
them would cost a round trip for each call, and let one machine's broken network stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pybreaker

from connectors.errors import VendorResting

FAILURES = 5
"""In a row, of any of the process's threads."""

PAUSE = 30.0
"""Seconds; then one call is tried, which decides."""


@dataclass(slots=True)
class Attempt:
    """One call. `failed` is set by whoever makes it, for what only the vendor can mend."""

    failed: bool = False


class _Failed(Exception):
    """Tells the breaker that a call counts as failed."""


def _is_no_failure(error: BaseException) -> bool:
    return not isinstance(error, _Failed)


class Circuit:
    """One vendor's. `on_failure` hears of each failure; `on_change` with the seconds that the
    vendor is left alone for, 0.0 once it is asked again."""

    def __init__(
        self,
        vendor: str,
        *,
        failures: int = FAILURES,
        pause: float = PAUSE,
        on_failure: Callable[[], None] = lambda: None,
        on_change: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._vendor = vendor
        self._pause = pause
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures,
            reset_timeout=pause,
            exclude=[_is_no_failure],
            listeners=[_Listener(pause, on_failure, on_change)],
            throw_new_error_on_trip=False,
            name=vendor,
        )

    @contextmanager
    def call(self) -> Iterator[Attempt]:
        """Around one call. Raises VendorResting instead of letting it be made while the vendor is
        left alone."""
        attempt = Attempt()
        try:
            with self._breaker.calling():
                try:
                    yield attempt
                except Exception as error:
                    if attempt.failed:
                        raise _Failed from error
                    raise
                if attempt.failed:
                    raise _Failed  # noqa: TRY301 - this is how the breaker is told
        except _Failed as failed:
            if failed.__cause__ is not None:
                raise failed.__cause__ from None
        except pybreaker.CircuitBreakerError as error:
            raise VendorResting(
                f"{self._vendor} has failed {self._breaker.fail_max} times in a row and is left "
                f"alone for {self._pause:.0f} seconds.",
                retry_after=self._left(),
            ) from error

    def _left(self) -> float:
        opened_at = self._breaker._state_storage.opened_at
        since = (datetime.now(UTC) - opened_at).total_seconds() if opened_at else 0.0
        return min(max(self._pause - since, 1.0), self._pause)


class _Listener(pybreaker.CircuitBreakerListener):
    def __init__(
        self, pause: float, on_failure: Callable[[], None], on_change: Callable[[float], None]
    ) -> None:
        self._pause = pause
        self._on_failure = on_failure
        self._on_change = on_change

    def failure(self, cb: pybreaker.CircuitBreaker, exc: BaseException) -> None:
        self._on_failure()

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        if new_state.name != pybreaker.STATE_HALF_OPEN:
            self._on_change(self._pause if new_state.name == pybreaker.STATE_OPEN else 0.0)

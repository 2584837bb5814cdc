"""How often and how soon a job that failed is tried again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import psycopg
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job

from bot.errors import DatabaseUnavailable, SourceBusy, SupportbotError
from indexing.errors import SwapRefused

NO_DATABASE = (psycopg.OperationalError, psycopg.InterfaceError, DatabaseUnavailable)
"""What is raised where the database is away. It passes by itself, and nobody need be told of what
it holds up. psycopg_pool's errors are OperationalErrors as well."""


class TryAgain(SupportbotError):
    """This did not work now and may later."""

    def __init__(self, message: str | None = None, *, after: timedelta = timedelta()) -> None:
        super().__init__(message)
        self.after = after


class Retries(BaseRetryStrategy):
    """Up to `attempts` in all, after waits that double from `first` to `longest`, a little
    different each time so that many jobs do not come back at once."""

    def __init__(self, *, attempts: int, first: timedelta, longest: timedelta) -> None:
        self._attempts = attempts
        self._first = first
        self._longest = longest

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None when this was the last time."""
        if isinstance(exception, JobAborted):  # the worker is being stopped: the next one goes on
            return _after(timedelta())
        if isinstance(exception, SourceBusy):
            return _after(self._first)
        if isinstance(exception, SwapRefused) or job.attempts + 1 >= self._attempts:
            return None
        wait = min(self._first * 2 ** min(job.attempts, 30), self._longest)
        asked = exception.after if isinstance(exception, TryAgain) else timedelta()
        return _after(max(wait * random.uniform(0.8, 1.2), asked))  # noqa: S311 - no secret


BY_THE_CLOCK = Retries(attempts=4, first=timedelta(seconds=10), longest=timedelta(minutes=2))
"""For what is done by the clock: a database that goes away for a moment should leave nothing
behind that looks like a fault, and the next time comes soon."""


class PatientRetries(Retries):
    """For what somebody waits for: as often as it takes for what is known to pass or to be mended,
    which are TryAgain and the `passing` kinds; a few times for what is a fault of ours, which is
    then left for the admin to see."""

    FAULTS = 5

    def __init__(
        self,
        *,
        passing: tuple[type[BaseException], ...],
        first: timedelta = timedelta(seconds=5),
        longest: timedelta = timedelta(minutes=5),
    ) -> None:
        super().__init__(attempts=10**6, first=first, longest=longest)
        self._known = (TryAgain, JobAborted, *passing)

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None for a fault that was tried often enough."""
        if not isinstance(exception, self._known) and job.attempts + 1 >= self.FAULTS:
            return None
        return super().get_retry_decision(exception=exception, job=job)


def _after(wait: timedelta) -> RetryDecision:
    return RetryDecision(retry_at=datetime.now(UTC) + wait)

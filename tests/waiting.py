"""How long tests wait for what other processes and threads do."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

PATIENCE = 120.0
"""Seconds after which a test has failed. Nothing waits for them to pass, so that they may be many:
a machine that is shared stands still for half a minute now and then."""


def wait_for(
    happened: Callable[[], object], what: str = "it did not happen", *, every: float = 0.05
) -> None:
    """Looks every so many seconds; fails saying `what`."""
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, f"after {PATIENCE:g} s {what}"
        time.sleep(every)


def database_answers(url: str) -> bool:
    """Whether somebody can connect."""
    with suppress(psycopg.OperationalError):
        psycopg.connect(url).close()
        return True
    return False

"""The database's clock, which decides wherever times of several processes are compared: machines'
own differ, by minutes where nothing sets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

NOW = "SELECT clock_timestamp()"


def now(connection: Connection[Any]) -> datetime:
    """What time it is there."""
    row = connection.execute(NOW).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    moment: datetime = row[0]
    return moment


def ahead(connection: Connection[Any]) -> timedelta:
    """How far this machine's clock is ahead of the database's; below zero where it is behind. The
    way there and back counts half."""
    before = datetime.now(UTC)
    told = now(connection)
    after = datetime.now(UTC)
    return before + (after - before) / 2 - told

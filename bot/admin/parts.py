"""What pages are made of, wired by bot.bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.admin.cookies import Cookies
    from bot.admin.gate import Gate
    from bot.admin.looking import Work
    from bot.admin.openid import OpenId
    from bot.admin.pages import Pages
    from bot.admin.passwords import Passwords
    from bot.admin.people import People
    from bot.admin.sessions import Sessions
    from bot.audit import Audit
    from bot.doctor import Check
    from bot.preferences import Preferences
    from bot.queue import Queue
    from bot.runs import Runs
    from bot.schedules import Schedules
    from bot.sources import Source, Sources
    from connectors.base import Connector
    from connectors.zendesk.choices import Option
    from connectors.zendesk.tagging import AccountTags


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Everything that the routes of pages use. What is a function is made when it is first called,
    because it loads a model or calls a vendor. `zendesk_users` and `slack_users` are the
    ids of who has an e-mail address there. `connected` says of zendesk, slack and model whether
    their settings are there; `address` is where people reach this process."""

    pool: ConnectionPool[Connection[Any]]
    queue: Queue
    pages: Pages
    gate: Gate
    cookies: Cookies
    people: People
    sessions: Sessions
    passwords: Passwords
    openid: OpenId | None
    audit: Audit
    preferences: Preferences
    sources: Sources
    schedules: Schedules
    runs: Runs
    connect: Callable[[Source], Connector]
    source_choices: Callable[[str], Mapping[str, tuple[Option, ...]]]
    account_tags: Callable[[], AccountTags]
    zendesk_users: Callable[[str], tuple[int, ...]]
    slack_users: Callable[[str], tuple[str, ...]]
    health: Callable[[], Sequence[Check]]
    connections: Callable[[], Sequence[Check]]
    connected: Mapping[str, bool]
    address: str | None
    work: Work

    def now(self) -> datetime:
        """By the database's clock, which all processes go by."""
        with self.pool.connection() as connection:
            row = connection.execute("SELECT now()").fetchone()
        assert row is not None  # noqa: S101 - one row, always
        return cast("datetime", row[0])

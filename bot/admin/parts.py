"""What pages are made of, wired by bot.bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Everything that the routes of pages use. What is a function is made when it is first called,
    because it loads a model or calls a vendor. `address` is where people reach this process."""

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
    health: Callable[[], Sequence[Check]]
    connections: Callable[[], Sequence[Check]]
    address: str | None
    work: Work

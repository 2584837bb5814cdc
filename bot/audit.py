"""Who changed what, on whatever surface: the log that admins read.

Rows of settings are noted by the database itself, with before and after, so that no change is
left out. What a person did that is no row, such as starting a sync, is noted here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

ActingOn = Literal["cli", "slack", "console", "system"]

_SIGN = """
SELECT set_config('supportbot.surface', %s, true), set_config('supportbot.actor', %s, true)
"""

_NOTE = """
INSERT INTO audit_log (surface, actor, action, target, before, after)
VALUES (%s, %s, %s, %s, %s, %s)
"""

_LATEST = """
SELECT id, at, surface, actor, action, target, before, after FROM audit_log
WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
  AND (%(action)s::text IS NULL OR action = %(action)s)
  AND (%(target)s::text IS NULL OR target = %(target)s)
  AND (%(actor)s::text IS NULL OR actor = %(actor)s)
ORDER BY id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Somebody who changes something, and where. `name` is what that surface knows a person by:
    an account of the machine, a Slack user, an e-mail address."""

    surface: ActingOn
    name: str


SYSTEM = Actor(surface="system", name="supportbot")
"""The product itself, as in tests and jobs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """One change. `action` names what was changed and how ("sources added"), `target` the one;
    `before` and `after` are its fields, None where it was not or is no longer."""

    id: int
    at: datetime
    actor: Actor
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def sign(connection: Connection[Any], actor: Actor) -> None:
    """Says who makes the changes of the transaction that is open, or begins with this."""
    connection.execute(_SIGN, (actor.surface, actor.name))


def note(
    connection: Connection[Any],
    *,
    actor: Actor,
    action: str,
    target: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Notes what is no row of settings, in the caller's transaction."""
    connection.execute(
        _NOTE,
        (
            actor.surface,
            actor.name,
            action,
            target,
            None if before is None else Jsonb(before),
            None if after is None else Jsonb(after),
        ),
    )


class Audit:
    """Reads the log."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def latest(
        self,
        *,
        limit: int = 50,
        before: int | None = None,
        action: str | None = None,
        target: str | None = None,
        actor: str | None = None,
    ) -> tuple[AuditEntry, ...]:
        """The newest entries first, from below the id `before` on, of one action, target or
        actor's name only where they are given."""
        asked = {
            "limit": limit,
            "before": before,
            "action": action,
            "target": target,
            "actor": actor,
        }
        with self._pool.connection() as connection:
            rows = connection.execute(_LATEST, asked).fetchall()
        return tuple(
            AuditEntry(
                id=row[0],
                at=row[1],
                actor=Actor(surface=row[2], name=row[3]),
                action=row[4],
                target=row[5],
                before=row[6],
                after=row[7],
            )
            for row in rows
        )

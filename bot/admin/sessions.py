"""Sessions and one-time links: rows, so that any web process knows them and each can be ended.

Only hashes of the tokens are kept: who reads the database cannot sign in with what stands there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.admin.people import People, Person
from bot.audit import note

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

IDLE = timedelta(hours=24)
LONGEST = timedelta(days=14)
"""A session ends after this long without a page, and after this long in any case."""

LINK_VALID = timedelta(hours=1)
INVITATION_VALID = timedelta(days=7)

_TOKEN_BYTES = 32
_LONGEST_AGENT = 200

_BEGIN = """
INSERT INTO console_sessions (token_hash, person_id, expires_at, agent, address)
VALUES (%s, %s, now() + %s, %s, %s)
"""

# A page of one person loads several parts: writing down each would cost more than it tells.
_SEEN = """
UPDATE console_sessions SET seen_at = now()
WHERE token_hash = %(hash)s AND seen_at < now() - interval '1 minute'
"""

_PERSON_SEEN = """
UPDATE console_people SET seen_at = now()
WHERE id = %s AND (seen_at IS NULL OR seen_at < now() - interval '1 minute')
"""

_OF = """
SELECT session.id, session.person_id FROM console_sessions AS session
JOIN console_people AS person ON person.id = session.person_id AND NOT person.disabled
WHERE session.token_hash = %(hash)s AND session.seen_at > now() - %(idle)s
  AND session.expires_at > now()
"""

_OPEN = """
SELECT id, begun_at, seen_at, agent, address FROM console_sessions
WHERE person_id = %s AND seen_at > now() - %s AND expires_at > now()
ORDER BY seen_at DESC
"""

_MAKE_LINK = """
INSERT INTO console_links (token_hash, person_id, expires_at) VALUES (%s, %s, now() + %s)
"""

_LINK_OF = """
SELECT link.person_id FROM console_links AS link
JOIN console_people AS person ON person.id = link.person_id AND NOT person.disabled
WHERE link.token_hash = %s AND link.expires_at > now()
"""

_USE_LINK = """
DELETE FROM console_links AS link USING console_people AS person
WHERE link.token_hash = %s AND link.expires_at > now()
  AND person.id = link.person_id AND NOT person.disabled
RETURNING link.person_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Whoever opens a page, and the session they do it in. `csrf` proves that a form is ours."""

    person: Person
    session_id: int
    csrf: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSession:
    """A session as its owner and admins see it."""

    id: int
    begun_at: datetime
    seen_at: datetime
    agent: str
    address: str


class Sessions:
    """Begins, finds and ends them."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]], people: People) -> None:
        self._pool = pool
        self._people = people

    def begin(self, person: Person, *, agent: str, address: str) -> str:
        """The token of a new session, which only the browser keeps."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        values = (hashed(token), person.id, LONGEST, agent[:_LONGEST_AGENT], address)
        with self._pool.connection() as connection:
            connection.execute(_BEGIN, values)
            note(connection, actor=person.actor, action="signed in", target=person.email)
        return token

    def visitor(self, token: str) -> Visitor | None:
        """Who that is; None where the session has ended or never was."""
        with self._pool.connection() as connection:
            row = connection.execute(_OF, {"hash": hashed(token), "idle": IDLE}).fetchone()
            if row is None:
                return None
            connection.execute(_SEEN, {"hash": hashed(token)})
            connection.execute(_PERSON_SEEN, (row[1],))
        return Visitor(person=self._people.get(row[1]), session_id=row[0], csrf=proof(token))

    def open_of(self, person: Person) -> tuple[OpenSession, ...]:
        """A person's sessions, the latest used first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_OPEN, (person.id, IDLE)).fetchall()
        return tuple(
            OpenSession(id=row[0], begun_at=row[1], seen_at=row[2], agent=row[3], address=row[4])
            for row in rows
        )

    def end(self, token: str) -> None:
        """Ends this session."""
        with self._pool.connection() as connection:
            connection.execute(
                "DELETE FROM console_sessions WHERE token_hash = %s", (hashed(token),)
            )

    def end_all(self, person: Person, *, actor: Actor, but: int | None = None) -> int:
        """Ends a person's sessions, `but` one where that is given; returns how many."""
        with self._pool.connection() as connection:
            ended = connection.execute(
                "DELETE FROM console_sessions WHERE person_id = %s "
                "AND id IS DISTINCT FROM %s::bigint",
                (person.id, but),
            ).rowcount
            after = {"sessions": ended}
            note(connection, actor=actor, action="sessions ended", target=person.email, after=after)
        return ended

    def link(self, person: Person, *, valid: timedelta = LINK_VALID) -> str:
        """The token of a link that signs this person in once."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._pool.connection() as connection:
            connection.execute(_MAKE_LINK, (hashed(token), person.id, valid))
        return token

    def linked(self, token: str) -> Person | None:
        """Whom a link would sign in, without using it up: mail scanners open links."""
        with self._pool.connection() as connection:
            row = connection.execute(_LINK_OF, (hashed(token),)).fetchone()
        return self._people.get(row[0]) if row else None

    def use_link(self, token: str) -> Person | None:
        """Whom it signs in, once."""
        with self._pool.connection() as connection:
            row = connection.execute(_USE_LINK, (hashed(token),)).fetchone()
        return self._people.get(row[0]) if row else None


def hashed(token: str) -> bytes:
    """What is kept of a token. Tokens are long and random, so a plain hash cannot be undone."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def proof(token: str) -> str:
    """What forms carry to show that they come from a page of this session."""
    key = token.encode("utf-8", "replace")
    return hmac.new(key, b"supportbot form", hashlib.sha256).hexdigest()

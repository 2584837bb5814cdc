"""Who may use the console: people with a role, their passwords, and their accounts elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg

from bot.admin.roles import Role
from bot.audit import SYSTEM, Actor, note, sign
from bot.errors import InputRejected
from bot.timing import zone

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

OPERATOR = "admin"
"""The account of whoever runs the machine: a name instead of an address, and always there."""

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
_LONGEST_EMAIL = 254
_LONGEST_NAME = 100
_EMAIL = re.compile(r"[^@\s<>\"',;:\\]{1,64}@[^@\s<>\"',;:\\]+\.[^@\s<>\"',;:\\.]{2,}")

_COLUMNS = "id, email, name, role, timezone, disabled, password_hash <> '', created_at, seen_at"

_ALL = f"SELECT {_COLUMNS} FROM console_people ORDER BY disabled, email"  # noqa: S608 - ours
_BY_ID = f"SELECT {_COLUMNS} FROM console_people WHERE id = %s"  # noqa: S608 - ours
_BY_EMAIL = f"SELECT {_COLUMNS} FROM console_people WHERE email = %s"  # noqa: S608 - ours

_ADD = f"""
INSERT INTO console_people (email, name, role) VALUES (%s, %s, %s) RETURNING {_COLUMNS}
"""  # noqa: S608 - ours

_BY_IDENTITY = f"""
SELECT {_COLUMNS} FROM console_people
WHERE id = (SELECT person_id FROM console_identities WHERE issuer = %s AND subject = %s)
"""  # noqa: S608 - ours

_KNOW_IDENTITY = """
INSERT INTO console_identities (issuer, subject, person_id) VALUES (%s, %s, %s)
ON CONFLICT (issuer, subject) DO NOTHING
"""

# The operator's account counts: it can always be signed in to from the machine.
_OTHER_ADMINS = """
SELECT count(*) FROM console_people WHERE role = 'admin' AND NOT disabled AND id <> %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who may sign in, unless `disabled`. Times are shown to them in `timezone`."""

    id: int
    email: str
    name: str
    role: Role
    timezone: str
    disabled: bool
    has_password: bool
    created_at: datetime
    seen_at: datetime | None

    @property
    def actor(self) -> Actor:
        """As what this person stands in the audit log."""
        return Actor(surface="console", name=self.email)

    @property
    def called(self) -> str:
        """What to call them."""
        return self.name or self.email


class People:
    """Reads and changes them."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def all(self) -> tuple[Person, ...]:
        """Everybody, those who may not sign in last."""
        with self._pool.connection() as connection:
            return tuple(_person(row) for row in connection.execute(_ALL).fetchall())

    def get(self, person_id: int) -> Person:
        """Raises InputRejected when there is nobody of this id."""
        with self._pool.connection() as connection:
            return _get(connection, person_id)

    def named(self, email: str) -> Person | None:
        """By e-mail address, or the operator's name."""
        with self._pool.connection() as connection:
            row = connection.execute(_BY_EMAIL, (email.strip().lower()[:_LONGEST_EMAIL],))
            found = row.fetchone()
        return _person(found) if found else None

    def operator(self) -> Person:
        """The account of whoever runs the machine, made when it is first asked for."""
        with self._pool.connection() as connection:
            sign(connection, SYSTEM)
            connection.execute(
                "INSERT INTO console_people (email, name, role) VALUES (%s, 'Operator', 'admin') "
                "ON CONFLICT (email) DO UPDATE SET role = 'admin', disabled = false",
                (OPERATOR,),
            )
            row = connection.execute(_BY_EMAIL, (OPERATOR,)).fetchone()
        assert row is not None  # noqa: S101 - just written
        return _person(row)

    def add(self, *, email: str, name: str, role: Role, actor: Actor) -> Person:
        """Lets somebody in. Raises InputRejected when the address cannot be used or is known."""
        address = checked_email(email)
        try:
            with self._pool.connection() as connection:
                sign(connection, actor)
                row = connection.execute(_ADD, (address, checked_name(name), role.value)).fetchone()
        except psycopg.errors.UniqueViolation:
            raise InputRejected(f"{address} is among the people already.") from None
        assert row is not None  # noqa: S101 - one row in, one out
        return _person(row)

    def change_role(self, person_id: int, role: Role, *, actor: Actor) -> None:
        """Raises InputRejected where nobody would be left who may change settings."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            if role is not Role.ADMIN:
                _keep_an_admin(connection, person_id)
            connection.execute(
                "UPDATE console_people SET role = %s WHERE id = %s", (role.value, person_id)
            )

    def set_disabled(self, person_id: int, disabled: bool, *, actor: Actor) -> None:
        """Shuts somebody out, with every session that is open, or lets them in again. Raises
        InputRejected as above."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            if disabled:
                _keep_an_admin(connection, person_id)
                for table in ("console_sessions", "console_links"):
                    connection.execute(
                        f"DELETE FROM {table} WHERE person_id = %s",  # noqa: S608 - ours
                        (person_id,),
                    )
            connection.execute(
                "UPDATE console_people SET disabled = %s WHERE id = %s", (disabled, person_id)
            )

    def describe(self, person_id: int, *, name: str, timezone: str, actor: Actor) -> None:
        """Sets what to call somebody, and in which time zone times are shown to them."""
        values = (checked_name(name), zone(timezone.strip() or "UTC").key, person_id)
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute(
                "UPDATE console_people SET name = %s, timezone = %s WHERE id = %s", values
            )

    def password_hash(self, person_id: int) -> str:
        """What is kept of the password, "" where there is none."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT password_hash FROM console_people WHERE id = %s", (person_id,)
            ).fetchone()
        return str(row[0]) if row else ""

    def set_password(self, person: Person, password_hash: str, *, actor: Actor) -> None:
        """Keeps what was made of a new password; the log tells that, not what."""
        with self._pool.connection() as connection:
            connection.execute(
                "UPDATE console_people SET password_hash = %s WHERE id = %s",
                (password_hash, person.id),
            )
            note(connection, actor=actor, action="password changed", target=person.email)

    def known_as(self, *, issuer: str, subject: str) -> Person | None:
        """Whoever signed in as this before."""
        with self._pool.connection() as connection:
            row = connection.execute(_BY_IDENTITY, (issuer, subject)).fetchone()
        return _person(row) if row else None

    def know(self, person: Person, *, issuer: str, subject: str) -> None:
        """Remembers who that is."""
        with self._pool.connection() as connection:
            connection.execute(_KNOW_IDENTITY, (issuer, subject, person.id))


def checked_email(text: str) -> str:
    """The address in small letters. Raises InputRejected."""
    address = text.strip().lower()
    if len(address) > _LONGEST_EMAIL or not _EMAIL.fullmatch(address):
        raise InputRejected("Write an e-mail address, such as mara@example.com.")
    return address


def checked_name(text: str) -> str:
    """The name on one line. Raises InputRejected."""
    name = " ".join(text.replace("\0", "").split())
    if len(name) > _LONGEST_NAME:
        raise InputRejected(f"A name has at most {_LONGEST_NAME} characters.")
    return name


def checked_password(text: str) -> str:
    """Raises InputRejected, saying what is wrong with it."""
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise InputRejected(
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; a few words in "
            "a row make a good one."
        )
    return text


def _get(connection: Connection[Any], person_id: int) -> Person:
    row = connection.execute(_BY_ID, (person_id,)).fetchone()
    if row is None:
        raise InputRejected("This person is not known.")
    return _person(row)


def _keep_an_admin(connection: Connection[Any], person_id: int) -> None:
    connection.execute("LOCK TABLE console_people IN SHARE ROW EXCLUSIVE MODE")
    row = connection.execute(_OTHER_ADMINS, (person_id,)).fetchone()
    if _get(connection, person_id).role is Role.ADMIN and not (row and row[0]):
        raise InputRejected("Nobody else is an admin. Make somebody else one first.")


def _person(row: tuple[Any, ...]) -> Person:
    return Person(
        id=row[0],
        email=row[1],
        name=row[2],
        role=Role(row[3]),
        timezone=row[4],
        disabled=row[5],
        has_password=row[6],
        created_at=row[7],
        seen_at=row[8],
    )

"""Passwords, and how often one may be tried."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.admin.people import LONGEST_PASSWORD, OPERATOR, People, Person

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from pydantic import SecretStr

WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 50
"""Failed attempts within the window after which no more are looked at."""

_TRIED = """
SELECT count(*) FILTER (WHERE key = %(account)s) >= %(per_account)s
    OR count(*) FILTER (WHERE key = %(address)s) >= %(per_address)s
FROM console_attempts
WHERE key IN (%(account)s, %(address)s) AND at > now() - %(window)s
"""

_NOTE = "INSERT INTO console_attempts (key) VALUES (%s), (%s)"

_FORGET = "DELETE FROM console_attempts WHERE key = %s"


class TooManyTries(Exception):
    """This account, or this address, was tried too often."""


class Passwords:
    """Checks who signs in with a password. `operators` is the operator's, from the settings."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        people: People,
        operators: SecretStr | None,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._pool = pool
        self._people = people
        self._operators = operators
        self._hasher = hasher or PasswordHasher()
        # Looked at for accounts that are not there, so that both take as long.
        self._nobodys = self._hasher.hash("nobody")

    def made_of(self, password: str) -> str:
        """What is kept of a password."""
        return self._hasher.hash(password)

    def person(self, email: str, password: str, *, address: str) -> Person | None:
        """Who that is, None where the password is not theirs. Raises TooManyTries."""
        account = email.strip().lower()[:LONGEST_PASSWORD]
        keys = {"account": f"account {account}", "address": f"address {address}"}
        with self._pool.connection() as connection:
            limits = {
                **keys,
                "per_account": TRIES_PER_ACCOUNT,
                "per_address": TRIES_PER_ADDRESS,
                "window": WINDOW,
            }
            row = connection.execute(_TRIED, limits).fetchone()
            if row and row[0]:
                raise TooManyTries
            # Before the password is looked at, so that attempts at the same time all count.
            connection.execute(_NOTE, (keys["account"], keys["address"]))
        found = self._checked(account, password[:LONGEST_PASSWORD])
        if found is not None:
            with self._pool.connection() as connection:
                connection.execute(_FORGET, (keys["account"],))
        return found

    def _checked(self, account: str, password: str) -> Person | None:
        if account == OPERATOR and self._operators is not None:
            right = hmac.compare_digest(
                password.encode(), self._operators.get_secret_value().encode()
            )
            return self._people.operator() if right else None
        person = self._people.named(account)
        kept = self._people.password_hash(person.id) if person else ""
        if not self._matches(kept or self._nobodys, password) or not kept:
            return None
        return None if person is None or person.disabled else person

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

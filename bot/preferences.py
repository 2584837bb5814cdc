"""What admins set while it runs: groups of settings, as rows in PostgreSQL.

Settings that connect a process (credentials, addresses) stay in the environment; these say how
the bot behaves, and any surface may change them. They are read when they are needed, for that is
a millisecond, so every process follows at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.audit import SYSTEM, sign
from bot.errors import InputRejected

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

_PUT = """
INSERT INTO preferences (name, value) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class Preference(BaseModel):
    """One group. A subclass gives its name, and a default to every field: what holds until an
    admin says otherwise."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    NAME: ClassVar[str]


AnyPreference = TypeVar("AnyPreference", bound=Preference)


class Preferences:
    """Reads and changes them."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def get(self, kind: type[AnyPreference]) -> AnyPreference:
        """The group as it is set, or its defaults. Raises InputRejected when what is stored cannot
        be used, as by an older version after a newer one."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT value FROM preferences WHERE name = %s", (kind.NAME,)
            ).fetchone()
        try:
            return kind() if row is None else kind.model_validate(row[0])
        except ValidationError as error:
            first = error.errors()[0]
            where = ", ".join([kind.NAME, *map(str, first["loc"])])
            raise InputRejected(
                f"What is set for {where} cannot be used: {first['msg']}. Set it anew."
            ) from error

    def put(self, value: Preference, *, actor: Actor = SYSTEM) -> None:
        """Sets the whole group."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute(_PUT, (value.NAME, Jsonb(value.model_dump(mode="json"))))

    def forget(self, kind: type[Preference], *, actor: Actor = SYSTEM) -> None:
        """Lets the defaults hold again."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute("DELETE FROM preferences WHERE name = %s", (kind.NAME,))

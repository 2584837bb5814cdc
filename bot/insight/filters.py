"""What people choose and type to narrow a list, as conditions with bound values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def all_of(conditions: Iterable[LiteralString]) -> sql.Composed:
    """The conditions, all of which must hold; true without any."""
    return sql.SQL(" AND ").join([sql.SQL("true"), *map(sql.SQL, conditions)])


def storable(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without the characters that no text of the database can hold, so that they find
    nothing rather than fail."""
    return {name: _plain(each) if isinstance(each, str) else each for name, each in values.items()}


def _plain(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", errors="replace").decode().strip()

"""What the admin decided of single conversations. Without a row the defaults hold: the bot speaks
when it is spoken to, from all sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.audit import SYSTEM, sign
from bot.errors import InputRejected

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

FLOOR = 0.7
"""How sure the bot must be to speak up by itself, unless the admin says otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """One conversation. `floor` is the evidence in 0..1 from which on the bot speaks up by itself
    where `auto_answer` is on; `sources` are names, None for all; `public_only` keeps internal
    knowledge out whoever reads; `language` is that of
    answers to questions that do not tell their own."""

    team: str
    channel: str
    name: str = ""
    auto_answer: bool = False
    floor: float = FLOOR
    sources: frozenset[str] | None = None
    public_only: bool = False
    language: str | None = None


_COLUMNS = "team_id, channel_id, name, auto_answer, floor, sources, public_only, language"

_GET = f"SELECT {_COLUMNS} FROM slack_channels WHERE team_id = %s AND channel_id = %s"  # noqa: S608 - a constant

_ALL = f"SELECT {_COLUMNS} FROM slack_channels WHERE team_id = %s ORDER BY name, channel_id"  # noqa: S608 - a constant

_PUT = """
INSERT INTO slack_channels (
    team_id, channel_id, name, auto_answer, floor, sources, public_only, language
) VALUES (%(team)s, %(channel)s, %(name)s, %(auto_answer)s, %(floor)s, %(sources)s,
          %(public_only)s, %(language)s)
ON CONFLICT (team_id, channel_id) DO UPDATE SET
    name = excluded.name, auto_answer = excluded.auto_answer, floor = excluded.floor,
    sources = excluded.sources, public_only = excluded.public_only, language = excluded.language
"""


class Channels:
    """The rows, in PostgreSQL. Read for every question: a change counts from the next one on."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def of(self, team: str, channel: str) -> Channel:
        """What holds in a conversation."""
        with self._pool.connection() as connection:
            row = connection.execute(_GET, (team, channel)).fetchone()
        return Channel(team=team, channel=channel) if row is None else _channel(row)

    def all(self, team: str) -> tuple[Channel, ...]:
        """Every conversation of a workspace that something was decided of, by name."""
        with self._pool.connection() as connection:
            rows = connection.execute(_ALL, (team,)).fetchall()
        return tuple(_channel(row) for row in rows)

    def put(self, channel: Channel, *, actor: Actor = SYSTEM) -> None:
        """Stores it. Raises InputRejected for a floor that is no share."""
        if not 0 <= channel.floor <= 1:
            raise InputRejected(f"The floor is {channel.floor}: give a share from 0 to 1.")
        values = {
            "team": channel.team,
            "channel": channel.channel,
            "name": channel.name,
            "auto_answer": channel.auto_answer,
            "floor": channel.floor,
            "sources": None if channel.sources is None else sorted(channel.sources),
            "public_only": channel.public_only,
            "language": channel.language,
        }
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute(_PUT, values)


def _channel(row: tuple[Any, ...]) -> Channel:
    return Channel(
        team=row[0],
        channel=row[1],
        name=row[2],
        auto_answer=row[3],
        floor=round(row[4], 3),
        sources=None if row[5] is None else frozenset(row[5]),
        public_only=row[6],
        language=row[7],
    )

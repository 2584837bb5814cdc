"""What Slack says of people and conversations, kept for a short time and until an event says that
it changed.

Who is in a channel decides what may be said there, so everybody in it is looked at. What Slack
does not tell now is not known, and nobody is told anything internal then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg.types.json import Jsonb

from bot.slack.access import ALONE, Home, Person, Room, is_shared, kind_of, known_kind, person
from bot.slack.errors import SlackBusy, SlackError

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.slack.api import SlackApi
    from bot.slack.asked import Asked
    from bot.slack.workspaces import Workspace

log = logging.getLogger(__name__)

Result = TypeVar("Result")

PEOPLE_HOLD = timedelta(minutes=15)
ROOMS_HOLD = timedelta(minutes=5)

MOST_MEMBERS = 20_000
"""Of a larger channel nobody can say in time who is in it."""
_ONE_BY_ONE = 20

_PEOPLE = """
SELECT facts FROM slack_people
WHERE team_id = %s AND user_id = ANY(%s) AND fetched_at > now() - %s
"""
_KEEP_PERSON = """
INSERT INTO slack_people (team_id, user_id, facts) VALUES (%s, %s, %s)
ON CONFLICT (team_id, user_id) DO UPDATE SET facts = excluded.facts, fetched_at = now()
"""
_ROOM = """
SELECT facts FROM slack_rooms
WHERE team_id = %s AND channel_id = %s AND fetched_at > now() - %s
"""
_KEEP_ROOM = """
INSERT INTO slack_rooms (team_id, channel_id, facts) VALUES (%s, %s, %s)
ON CONFLICT (team_id, channel_id) DO UPDATE SET facts = excluded.facts, fetched_at = now()
"""

# Who became a guest changes what may be said wherever that person is.
CHANGED = """
WITH before AS (
    SELECT facts FROM slack_people WHERE team_id = %(team)s AND user_id = %(user)s
), changed AS (
    DELETE FROM slack_rooms WHERE team_id = %(team)s
    AND (SELECT facts FROM before) IS DISTINCT FROM %(facts)s::jsonb
)
INSERT INTO slack_people (team_id, user_id, facts)
VALUES (%(team)s, %(user)s, %(facts)s)
ON CONFLICT (team_id, user_id) DO UPDATE SET facts = excluded.facts, fetched_at = now()
"""


class Facts:
    """The facts of all workspaces, in PostgreSQL. `api` gives a workspace's."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        workspace: Callable[[str], Workspace],
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._workspace = workspace
        self._api = api

    def home(self, team: str) -> Home:
        """Whose bot it is. Raises NotInstalled."""
        found = self._workspace(team)
        return Home(team=team, enterprise=found.enterprise_id, is_own=found.is_trusted)

    def person(self, team: str, user: str) -> Person | None:
        """None where Slack does not say. Raises SlackBusy where it says when to ask again."""
        known = self._known(team, [user])
        if known:
            return known[0]
        return _or_none(lambda: self._asked_for(team, [user])[0])

    def room(self, team: str, channel: str, *, kind: str = "", shared: bool = False) -> Room | None:
        """None where Slack does not say. `kind` and `shared` are what an event told: what it says
        of strangers counts whatever was known before. Raises SlackBusy as above."""
        if known_kind(kind) == "im":
            return ALONE
        room = self._kept_room(team, channel) or _or_none(lambda: self._ask_room(team, channel))
        if room is None or not shared or room.is_shared:
            return room
        return Room(kind=room.kind, is_shared=True, has_outsiders=True, name=room.name)

    def of(self, asked: Asked) -> tuple[Person | None, Room | None]:
        """Who asks, and where the answer will be read."""
        room = self.room(asked.team, asked.channel, kind=asked.room, shared=asked.shared)
        return self.person(asked.team, asked.user), room

    def _kept_room(self, team: str, channel: str) -> Room | None:
        with self._pool.connection() as connection:
            row = connection.execute(_ROOM, (team, channel, ROOMS_HOLD)).fetchone()
        return None if row is None else Room(**row[0])

    def _ask_room(self, team: str, channel: str) -> Room:
        api, home = self._api(team), self.home(team)
        told = api.conversation(channel)
        kind, shared = kind_of(told), is_shared(told, home)
        if kind == "im":
            return ALONE
        room = Room(
            kind=kind,
            is_shared=shared,
            has_outsiders=True if shared else self._outsiders(api, team, channel, home),
            name=str(told.get("name") or ""),
        )
        with self._pool.connection() as connection:
            connection.execute(_KEEP_ROOM, (team, channel, Jsonb(asdict(room))))
        return room

    def _outsiders(self, api: SlackApi, team: str, channel: str, home: Home) -> bool | None:
        """Whether anybody in the channel may not read along; None where that cannot be said."""
        members = list(islice(api.members(channel), MOST_MEMBERS + 1))
        if not members or len(members) > MOST_MEMBERS:
            return None
        known = {each.id: each for each in self._known(team, members)}
        if not all(each.may_read_along(home) for each in known.values()):
            return True
        missing = [each for each in members if each not in known]
        if len(missing) > _ONE_BY_ONE:
            everybody = self._keep(team, map(person, api.users()))
            listed = {each.id: each for each in everybody}
            known |= {each: listed[each] for each in missing if each in listed}
            missing = [each for each in members if each not in known]
        if len(missing) > _ONE_BY_ONE:
            return None
        known |= {each.id: each for each in self._asked_for(team, missing)}
        return not all(each.may_read_along(home) for each in known.values())

    def _known(self, team: str, users: list[str]) -> list[Person]:
        with self._pool.connection() as connection:
            rows = connection.execute(_PEOPLE, (team, users, PEOPLE_HOLD)).fetchall()
        return [Person(**row[0]) for row in rows]

    def _asked_for(self, team: str, users: list[str]) -> list[Person]:
        """What Slack says of each; of whom it says nothing, the worst."""
        api, found = self._api(team), []
        for user in users:
            told = person(api.user(user))
            found.append(told if told.id == user else Person(id=user))
        return self._keep(team, found)

    def _keep(self, team: str, people: Iterable[Person]) -> list[Person]:
        kept = list(people)
        with self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(
                _KEEP_PERSON, [(team, each.id, Jsonb(asdict(each))) for each in kept]
            )
        return kept


def changed(team: str, told: Person) -> dict[str, object]:
    """What CHANGED takes for a person of whom an event tells."""
    return {"team": team, "user": told.id, "facts": Jsonb(asdict(told))}


def _or_none(ask: Callable[[], Result]) -> Result | None:
    try:
        return ask()
    except SlackBusy:
        raise
    except SlackError as error:
        log.warning("Not known who reads: %s", error, extra={"action": "slack_facts"})
        return None

"""From what Slack sends to what is in the books and in the queue, each once however often and in
whatever order it comes. The work is done by jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.db import clock
from bot.slack.asked import Way, question_id
from bot.slack.asking import is_question, names_others, says_something
from bot.slack.errands import home_job, preview_job, thread_job
from bot.slack.facts import CHANGED
from bot.slack.facts import changed as facts_of
from bot.slack.happenings import (
    Delivery,
    HomeOpened,
    LinksShared,
    PersonChanged,
    RoomChanged,
    Said,
    Uninstalled,
    Withdrawn,
)
from bot.slack.places import Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.queue import Queue

DATABASE_SECONDS = 2.0
"""Slack waits three seconds for an answer, then sends again."""

_FIRST_TIME = """
INSERT INTO inbound_events (source, id, kind) VALUES (%(source)s, %(id)s, %(kind)s)
ON CONFLICT (source, id) DO NOTHING
"""

# What is said in one thread is taken in turn: or a reply and the question that it goes on with
# could each miss the other.
_IN_TURN = "SELECT pg_advisory_xact_lock(hashtext('slack thread'), hashtext(%s))"

# A message may be withdrawn before it is heard of: kept for as long as Slack may still send it.
_WITHDRAWN_BEFORE = """
SELECT EXISTS (SELECT FROM inbound_events WHERE source = 'slack withdrawn' AND id = %s)
"""

# What is told of one message is taken one after the other: its edit or its deletion may arrive at
# the same moment as its first wording, and would not see it yet.
_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtext('slack message'), hashtext(%s))"

_SURROUNDINGS = """
SELECT (SELECT askers FROM slack_threads WHERE team_id = %(team)s AND channel_id = %(channel)s
        AND thread_ts = %(thread)s),
       (SELECT with_people FROM slack_threads WHERE team_id = %(team)s
        AND channel_id = %(channel)s AND thread_ts = %(thread)s),
       EXISTS (SELECT FROM slack_questions WHERE team_id = %(team)s AND channel_id = %(channel)s
               AND thread_ts = %(thread)s AND (way <> 'auto' OR outcome = 'answered')),
       (SELECT auto_answer FROM slack_channels WHERE team_id = %(team)s
        AND channel_id = %(channel)s),
       EXISTS (SELECT FROM slack_questions WHERE team_id = %(team)s AND channel_id = %(channel)s
               AND ts = %(ts)s)
"""

_ASKED = """
INSERT INTO slack_questions (
    id, team_id, channel_id, thread_ts, ts, user_id, way, room, shared, has_files, text, edited_ts
) VALUES (%(id)s, %(team)s, %(channel)s, %(thread)s, %(ts)s, %(user)s, %(way)s, %(room)s,
          %(shared)s, %(has_files)s, %(text)s, %(edited)s)
ON CONFLICT (team_id, channel_id, ts) DO NOTHING
"""

_IN_THREAD = """
INSERT INTO slack_threads (team_id, channel_id, thread_ts, askers)
VALUES (%(team)s, %(channel)s, %(thread)s, ARRAY[%(user)s])
ON CONFLICT (team_id, channel_id, thread_ts) DO UPDATE SET
    with_people = false,
    askers = CASE WHEN %(user)s = ANY(slack_threads.askers) THEN slack_threads.askers
                  ELSE slack_threads.askers || %(user)s END
"""

_AMONG_PEOPLE = """
UPDATE slack_threads SET with_people = true
WHERE team_id = %(team)s AND channel_id = %(channel)s AND thread_ts = %(thread)s
"""

_EARLY = """
INSERT INTO slack_early_replies (team_id, channel_id, thread_ts, ts)
VALUES (%(team)s, %(channel)s, %(thread)s, %(ts)s) ON CONFLICT DO NOTHING
"""

_NOT_EARLY_ANY_MORE = """
DELETE FROM slack_early_replies
WHERE team_id = %s AND channel_id = %s AND thread_ts = %s AND ts = ANY(%s)
"""

_REWORDED = """
UPDATE slack_questions SET text = %(text)s, edited_ts = %(edited)s, revision = revision + 1
WHERE team_id = %(team)s AND channel_id = %(channel)s AND ts = %(ts)s
  AND NOT withdrawn AND edited_ts < %(edited)s AND text <> %(text)s
"""

_WITHDRAWN = """
UPDATE slack_questions SET withdrawn = true, text = ''
WHERE team_id = %s AND channel_id = %s AND ts = %s AND NOT withdrawn
RETURNING thread_ts
"""

# Who installed it again since keeps it: what was told of late is about an older installation.
_UNINSTALLED = """
WITH gone AS (
    DELETE FROM slack_workspaces
    WHERE id = CASE WHEN %(whole)s THEN %(enterprise)s ELSE %(team)s END
      AND (is_organisation = %(whole)s) AND installed_at <= to_timestamp(%(at)s) + interval '5 s'
    RETURNING id
), unserved AS (
    DELETE FROM slack_teams AS served USING slack_workspaces AS workspace
    WHERE served.team_id = %(team)s AND workspace.id = served.workspace
      AND workspace.is_organisation AND workspace.installed_at <= to_timestamp(%(at)s)
    RETURNING served.team_id
)
SELECT EXISTS (SELECT FROM gone) OR EXISTS (SELECT FROM unserved)
"""

_FORGET_TEAM = (
    "DELETE FROM slack_people WHERE team_id = %s",
    "DELETE FROM slack_rooms WHERE team_id = %s",
    "DELETE FROM slack_problems WHERE team_id = %s",
)

_FORGET_ROOM = "DELETE FROM slack_rooms WHERE team_id = %s AND channel_id = %s"


class Inbox:
    """Takes deliveries."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        queue: Queue,
        wait: float = DATABASE_SECONDS,
    ) -> None:
        """A database that gives no connection within `wait` seconds counts as away."""
        self._pool = pool
        self._queue = queue
        self._wait = wait

    def take(self, delivery: Delivery, *, bot_user: str) -> bool:
        """Notes what happened and enqueues what it asks for, both or neither; False when it was
        taken before. Raises psycopg.Error when the database cannot be used now."""
        with self._pool.connection(timeout=self._wait) as connection:
            if delivery.id and not self._first(connection, "slack", delivery.id, delivery.kind):
                return False
            match delivery.event:
                case Said() as said:
                    self._said(connection, said, bot_user)
                case Withdrawn() as gone:
                    self._withdrawn(connection, gone)
                case PersonChanged() as changed:
                    connection.execute(CHANGED, facts_of(changed.team, changed.person))
                case RoomChanged() as room:
                    connection.execute(_FORGET_ROOM, (room.team, room.channel))
                case Uninstalled() as gone:
                    self._uninstalled(connection, gone)
                case LinksShared() as shared:
                    self._queue.enqueue(preview_job(shared), connection=connection)
                case HomeOpened() as opened:
                    job = home_job(opened.team, opened.user, channel=opened.channel, tab=opened.tab)
                    self._queue.enqueue(job, connection=connection)
            return True

    def now(self) -> datetime:
        """What time it is by the database. Raises psycopg.Error as `take` does."""
        with self._pool.connection(timeout=self._wait) as connection:
            return clock.now(connection)

    def take_early(
        self, place: Place, waiting: Collection[str], replies: Iterable[Said], *, bot_user: str
    ) -> None:
        """Takes what was said in a thread before the bot knew of it, in the order in which it was
        said. Of those `waiting`, the others are not there any more."""
        with self._pool.connection() as connection:
            for said in replies:
                self._said(connection, said, bot_user)
            connection.execute(
                _NOT_EARLY_ANY_MORE, (place.team, place.channel, place.thread, list(waiting))
            )

    def _said(self, connection: Connection[Any], said: Said, bot_user: str) -> None:
        values = _values(said)
        with connection.pipeline():
            connection.execute(_IN_TURN, (said.place.key,))
            connection.execute(_ONE_BY_ONE, (_key(said.place.team, said.place.channel, said.ts),))
            found = connection.execute(_SURROUNDINGS, values)
        askers, with_people, in_thread, auto, known = found.fetchone() or (None,) * 5
        if known:
            if said.edited and connection.execute(_REWORDED, values).rowcount:
                self._enqueue(connection, said.place)
            return
        way = _way(said, bot_user, follows=bool(in_thread and not with_people), auto=bool(auto))
        if askers is not None and _among_people(said, way, askers, bot_user):
            connection.execute(_AMONG_PEOPLE, values)
            return
        if way is None and askers is None and not said.begins_thread:
            connection.execute(_EARLY, values)
        if way is None or self._was_withdrawn(connection, said):
            return
        if connection.execute(_ASKED, {**values, "way": way.value}).rowcount:
            connection.execute(_IN_THREAD, values)
            self._enqueue(connection, said.place)

    def _withdrawn(self, connection: Connection[Any], gone: Withdrawn) -> None:
        key = _key(gone.team, gone.channel, gone.ts)
        connection.execute(_ONE_BY_ONE, (key,))
        self._first(connection, "slack withdrawn", key, "message_deleted")
        row = connection.execute(_WITHDRAWN, (gone.team, gone.channel, gone.ts)).fetchone()
        if row is not None:
            place = Place(team=gone.team, channel=gone.channel, thread=row[0])
            self._enqueue(connection, place)

    @staticmethod
    def _uninstalled(connection: Connection[Any], gone: Uninstalled) -> None:
        """Forgets the tokens, and what Slack told of the workspace."""
        values = {
            "team": gone.team,
            "enterprise": gone.enterprise,
            "whole": gone.from_organisation,
            "at": gone.at,
        }
        row = connection.execute(_UNINSTALLED, values).fetchone()
        if row and row[0]:
            for statement in _FORGET_TEAM:
                connection.execute(statement, (gone.team,))

    def _was_withdrawn(self, connection: Connection[Any], said: Said) -> bool:
        key = _key(said.place.team, said.place.channel, said.ts)
        row = connection.execute(_WITHDRAWN_BEFORE, (key,)).fetchone()
        return bool(row and row[0])

    def _enqueue(self, connection: Connection[Any], place: Place) -> None:
        self._queue.enqueue(thread_job(place), connection=connection)

    @staticmethod
    def _first(connection: Connection[Any], source: str, key: str, kind: str) -> bool:
        noted = connection.execute(_FIRST_TIME, {"source": source, "id": key, "kind": kind})
        return noted.rowcount > 0


def _key(team: str, channel: str, ts: str) -> str:
    return f"{team}:{channel}:{ts}"


def _way(said: Said, bot_user: str, *, follows: bool, auto: bool) -> Way | None:
    """How it asks the bot something, None where it does not. `follows` is whether the bot is in
    the conversation of the thread, `auto` whether it speaks up in this channel by itself."""
    if said.room == "im":
        return Way.DIRECT
    if said.names_bot:
        return Way.MENTION
    if names_others(said.text, bot_user=bot_user):
        return None
    if follows:
        return Way.FOLLOW_UP if says_something(said.text) else None
    return Way.AUTO if auto and said.begins_thread and is_question(said.text) else None


def _among_people(said: Said, way: Way | None, askers: list[str], bot_user: str) -> bool:
    """Whether people of a thread that the bot is in talk to each other now."""
    if way in {Way.DIRECT, Way.MENTION}:
        return False
    return said.user not in askers or names_others(said.text, bot_user=bot_user)


def _values(said: Said) -> dict[str, Any]:
    place = said.place
    return {
        "id": question_id(place.team, place.channel, said.ts),
        "team": place.team,
        "channel": place.channel,
        "thread": place.thread,
        "ts": said.ts,
        "user": said.user,
        "room": said.room or "",
        "shared": said.shared,
        "has_files": said.has_files,
        "text": said.text,
        "edited": said.edited,
    }

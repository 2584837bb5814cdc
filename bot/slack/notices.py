"""Messages that the bot posts of itself and keeps up to date, each under a key and once: drafts
that wait for a person, and what was handed to people.

As with replies, a message is noted before it is posted and carries its key as its marker, so that
after a crash or a time-out the conversation is searched before anything is posted again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.slack.errors import PostUncertain, Refused
from bot.slack.posting import MARKER, SETTLING, PlaceGone, Unsettled, is_gone, marker_in

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.slack.api import SlackApi

# Between our database and Slack, in seconds.
_CLOCKS_DIFFER = 60.0

_GET = """
SELECT channel_id, thread_ts, ts, shown,
       extract(epoch FROM announced_at)::float8,
       extract(epoch FROM clock_timestamp() - announced_at)::float8
FROM slack_notices WHERE team_id = %s AND key = %s
"""

# Where it was announced stays where it is, whatever was decided since.
_ANNOUNCE = """
INSERT INTO slack_notices (team_id, key, channel_id, thread_ts) VALUES (%s, %s, %s, %s)
ON CONFLICT (team_id, key) DO UPDATE SET announced_at = clock_timestamp()
"""

_POSTED = "UPDATE slack_notices SET ts = %s, shown = %s WHERE team_id = %s AND key = %s"

_FORGET = "DELETE FROM slack_notices WHERE team_id = %s AND key = %s AND ts = ''"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Where a message is. `ts` is "" while nobody knows whether it was posted."""

    channel: str
    thread: str
    ts: str
    shown: str
    announced_at: float
    announced_for: float


class Notices:
    """Posts them and keeps them."""

    def __init__(
        self, *, pool: ConnectionPool[Connection[Any]], settling: timedelta = SETTLING
    ) -> None:
        self._pool = pool
        self._settling = settling.total_seconds()

    def get(self, team: str, key: str) -> Notice | None:
        """Where the message of this key is; None where there is none."""
        with self._pool.connection() as connection:
            row = connection.execute(_GET, (team, key)).fetchone()
        return None if row is None else _notice(row)

    def show(
        self,
        api: SlackApi,
        *,
        team: str,
        key: str,
        channel: str,
        thread: str = "",
        message: Mapping[str, Any],
        bot_id: str,
    ) -> Notice:
        """Posts the message, or puts it in the place of what the key's message says. Raises
        PlaceGone where nothing can be said, Unsettled where nobody knows whether it was, and what
        SlackApi raises."""
        digest = _digest(message)
        known = self.get(team, key)
        if known is not None and not known.ts:
            known = self._found(api, team, key, known, bot_id)
        if known is not None and known.ts:
            if known.shown != digest:
                self._change(api, team, key, known, message, digest)
            return known
        self._announce(team, key, channel, thread)
        ts = self._post(api, team, key, channel, thread, message)
        self._note(team, key, ts, digest)
        return Notice(
            channel=channel,
            thread=thread,
            ts=ts,
            shown=digest,
            announced_at=0.0,
            announced_for=0.0,
        )

    def _found(
        self, api: SlackApi, team: str, key: str, known: Notice, bot_id: str
    ) -> Notice | None:
        """What was announced and may have been posted; None where it certainly was not."""
        since = f"{known.announced_at - _CLOCKS_DIFFER:.6f}"
        try:
            messages = (
                api.thread(known.channel, known.thread, after=since)
                if known.thread
                else api.history(known.channel, after=since)
            )
            for each in messages:
                if each.get("bot_id") == bot_id and marker_in(each) == key:
                    self._note(team, key, str(each["ts"]), "")
                    return self.get(team, key)
        except Refused as error:
            if not is_gone(error):
                raise
        left = self._settling - known.announced_for
        if left > 0:
            raise Unsettled("A message may still be on its way.", after=timedelta(seconds=left))
        return None

    def _post(
        self,
        api: SlackApi,
        team: str,
        key: str,
        channel: str,
        thread: str,
        message: Mapping[str, Any],
    ) -> str:
        try:
            posted = api.post(channel, thread, marked(message, key))
        except PostUncertain as error:
            after = timedelta(seconds=self._settling)
            raise Unsettled("Nobody knows whether it was posted.", after=after) from error
        except Refused as error:
            self._run(_FORGET, (team, key))
            if is_gone(error):
                raise PlaceGone(f"Nothing can be said in {channel}: {error.code}.") from error
            raise
        if thread and not posted.thread:  # what the thread hung on is gone: all can see it
            api.delete(channel, posted.ts)
            self._run(_FORGET, (team, key))
            raise PlaceGone(f"The thread {channel}:{thread} is gone.")
        return posted.ts

    def _change(
        self,
        api: SlackApi,
        team: str,
        key: str,
        known: Notice,
        message: Mapping[str, Any],
        digest: str,
    ) -> None:
        try:
            api.update(known.channel, known.ts, marked(message, key))
        except Refused as error:
            if not is_gone(error):
                raise
        self._note(team, key, known.ts, digest)

    def _announce(self, team: str, key: str, channel: str, thread: str) -> None:
        self._run(_ANNOUNCE, (team, key, channel, thread))

    def _note(self, team: str, key: str, ts: str, digest: str) -> None:
        self._run(_POSTED, (ts, digest, team, key))

    def _run(self, statement: str, values: tuple[object, ...]) -> None:
        with self._pool.connection() as connection:
            connection.execute(statement, values)


def marked(message: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The message as it is posted, with what finds it again."""
    return {
        "unfurl_links": False,
        "unfurl_media": False,
        **message,
        "metadata": {"event_type": MARKER, "event_payload": {"marker": key}},
    }


def _digest(message: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()


def _notice(row: tuple[Any, ...]) -> Notice:
    return Notice(
        channel=row[0],
        thread=row[1],
        ts=row[2],
        shown=row[3],
        announced_at=row[4],
        announced_for=row[5],
    )

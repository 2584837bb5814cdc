"""Replies that Slack told of before the message that begins their thread: events come in any order.

Which of them go on with what the bot was asked is known only once that is. Until then their ids are
kept and nothing of what they say, because most replies in Slack are not for the bot; when a
question of their thread comes, Slack is asked for their words.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from bot.slack.errors import Refused
from bot.slack.events import reply_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.slack.api import SlackApi
    from bot.slack.inbox import Inbox
    from bot.slack.places import Place
    from bot.slack.workspaces import Workspace

log = logging.getLogger(__name__)

# Only what was written after somebody asked the bot can go on with it.
_EARLY = """
SELECT early.ts, asked.room, asked.shared FROM slack_early_replies AS early
JOIN LATERAL (
    SELECT ts, room, shared FROM slack_questions
    WHERE team_id = early.team_id AND channel_id = early.channel_id
      AND thread_ts = early.thread_ts AND ts IS NOT NULL
    ORDER BY ts LIMIT 1
) AS asked ON asked.ts < early.ts
WHERE early.team_id = %s AND early.channel_id = %s AND early.thread_ts = %s ORDER BY early.ts
"""


class EarlyReplies:
    """Takes them in, once there is something that they can go on with."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        inbox: Inbox,
        workspace: Callable[[str], Workspace],
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._inbox = inbox
        self._workspace = workspace
        self._api = api

    def take(self, place: Place) -> None:
        """Takes those of one thread as if they had come only now, each once. Raises SlackError
        where Slack cannot be asked, and nothing is lost then."""
        with self._pool.connection() as connection:
            rows = connection.execute(_EARLY, (place.team, place.channel, place.thread)).fetchall()
        if not rows:
            return
        waiting, room, shared = {row[0] for row in rows}, rows[0][1], rows[0][2]
        bot_user = self._workspace(place.team).bot_user
        found = (
            reply_in(each, place, room=room, shared=shared, bot_user=bot_user)
            for each in self._thread(place, after=min(waiting))
            if each.get("ts") in waiting
        )
        self._inbox.take_early(
            place, waiting, [each for each in found if each is not None], bot_user=bot_user
        )

    def _thread(self, place: Place, *, after: str) -> list[Any]:
        """Slack's own words of it; none where the thread is gone."""
        seconds, _, fraction = after.partition(".")
        before = f"{int(seconds) - 1}.{fraction}"
        try:
            return list(self._api(place.team).thread(place.channel, place.thread, after=before))
        except Refused as error:
            log.info("Not read: %s", error, extra={"action": "slack_early_replies"})
            return []

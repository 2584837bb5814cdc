"""Shows replies that wait for a decision to the people of their routing tag, and what became of
them wherever it was decided.

A draft quotes what a customer wrote, so it is shown only where everybody who reads along belongs
to the team.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bot.errors import InputRejected, SupportbotError
from bot.recorded import recorded
from bot.slack.draft_view import message
from bot.slack.errors import NotInstalled, Refused
from bot.slack.notices import marked
from bot.slack.posting import Unsettled, is_gone
from indexing.locking import alone

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.drafts import Draft, Drafts
    from bot.models import Outcome
    from bot.slack.api import SlackApi
    from bot.slack.draft_view import DraftReply
    from bot.slack.facts import Facts
    from bot.slack.handovers import SlackRoutes
    from bot.slack.notices import Notices
    from bot.slack.questions import Questions
    from bot.slack.workspaces import Workspace
    from indexing.models import Reader

log = logging.getLogger(__name__)

_OTHERS_READ = "A draft for the tag “{tag}” is not shown in <#{channel}>: others can read along."

# Drafts of which something is to be shown: new ones, and those that became something else since.
_DUE = """
SELECT draft.id, draft.routing_tag, count(shown.draft_id) > 0
FROM drafts AS draft LEFT JOIN slack_drafts AS shown ON shown.draft_id = draft.id
WHERE draft.drafted_at > now() - interval '30 days'
  AND (shown.shown <> draft.state OR shown.draft_id IS NULL AND draft.state = 'waiting')
GROUP BY draft.id, draft.routing_tag, draft.drafted_at ORDER BY draft.drafted_at
"""

# One that somebody asked for is shown there only.
_BEGIN = """
INSERT INTO slack_drafts (draft_id, team_id)
SELECT %(draft)s, %(team)s WHERE NOT EXISTS (
    SELECT FROM slack_drafts WHERE draft_id = %(draft)s AND question_id IS NOT NULL
) ON CONFLICT DO NOTHING
"""

_PLACES = """
SELECT team_id, question_id FROM slack_drafts WHERE draft_id = %s AND shown <> %s
ORDER BY team_id, question_id
"""

_SHOWN = """
UPDATE slack_drafts SET shown = %s
WHERE draft_id = %s AND team_id = %s AND question_id IS NOT DISTINCT FROM %s
"""


class OthersRead(SupportbotError):
    """Not everybody who reads along belongs to the team."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replying:
    """What of Zendesk is needed to show a reply: `reply_of` is what a reader would be told of an
    outcome, `ticket_url` where agents open a ticket."""

    reply_of: Callable[[Outcome, Reader], DraftReply]
    ticket_url: Callable[[int], str]


class DraftNotices:
    """Shows them."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        drafts: Drafts,
        replying: Replying,
        routes: SlackRoutes,
        notices: Notices,
        questions: Questions,
        facts: Facts,
        workspace: Callable[[str], Workspace],
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._drafts = drafts
        self._replying = replying
        self._routes = routes
        self._notices = notices
        self._questions = questions
        self._facts = facts
        self._workspace = workspace
        self._api = api

    def due(self) -> tuple[UUID, ...]:
        """Drafts of which something else is to be shown than is."""
        with self._pool.connection() as connection:
            rows = connection.execute(_DUE).fetchall()
        teams = self._routes.teams() if rows else ()
        return tuple(
            draft
            for draft, tag, is_shown in rows
            if is_shown or any(self._routes.channel_of(each, tag) for each in teams)
        )

    def show(self, draft_id: UUID) -> None:
        """Shows a draft as it is now. Raises OthersRead, PlaceGone, Unsettled and SlackError:
        nothing is shown twice when it is called again."""
        busy = "This draft is being shown already."
        with alone(self._pool, "slack", f"draft:{draft_id}", otherwise=lambda: Unsettled(busy)):
            self._show(draft_id)

    def message(self, draft: Draft) -> dict[str, Any]:
        """The draft as it is now, with what can be done about it."""
        found = recorded(self._pool, draft.id)
        if found is None:
            raise InputRejected(f"The question of draft {draft.id} is not on record any more.")
        reply = self._replying.reply_of(found.outcome, found.question.reader)
        return message(draft, reply, ticket_url=self._replying.ticket_url(draft.ticket_id))

    def _show(self, draft_id: UUID) -> None:
        try:
            draft = self._drafts.get(draft_id)
        except InputRejected:  # erased since
            return
        if draft.state == "waiting":
            self._begin(draft)
        for team, question in self._places(draft):
            try:
                if question is None:
                    is_shown = self._show_in_channel(team, draft)
                else:
                    is_shown = self._show_in_reply(team, draft, question)
            except NotInstalled as error:  # the others are told all the same
                log.info("Not shown: %s", error, extra={"action": "slack_draft"})
                is_shown = True
            if is_shown:
                self._note(draft, team, question)

    def _begin(self, draft: Draft) -> None:
        teams = [e for e in self._routes.teams() if self._routes.channel_of(e, draft.routing_tag)]
        with self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_BEGIN, [{"draft": draft.id, "team": team} for team in teams])

    def _places(self, draft: Draft) -> Sequence[tuple[str, UUID | None]]:
        """The workspaces, and questions of them, where something else is shown than how it is."""
        with self._pool.connection() as connection:
            return connection.execute(_PLACES, (draft.id, draft.state)).fetchall()

    def _note(self, draft: Draft, team: str, question: UUID | None) -> None:
        with self._pool.connection() as connection:
            connection.execute(_SHOWN, (draft.state, draft.id, team, question))

    def _show_in_channel(self, team: str, draft: Draft) -> bool:
        """Always True: where nobody was shown it while it waited, nobody is any more."""
        key = f"draft:{draft.id}"
        known = self._notices.get(team, key)
        channel = known.channel if known else self._routes.channel_of(team, draft.routing_tag)
        if not channel or (known is None and draft.state != "waiting"):
            return True
        if known is None:
            self._check(team, channel, draft)
        self._notices.show(
            self._api(team),
            team=team,
            key=key,
            channel=channel,
            message=self.message(draft),
            bot_id=self._workspace(team).bot_id,
        )
        return True

    def _show_in_reply(self, team: str, draft: Draft, question: UUID) -> bool:
        """Whether that is done: a reply that is on its way says what held when it was written."""
        asked = self._questions.get(question)
        if asked is None or asked.withdrawn:
            return True
        if asked.state != "done":
            return False
        for part in asked.parts[:1]:
            channel = part.channel or asked.channel
            try:
                self._api(team).update(channel, part.ts, marked(self.message(draft), part.marker))
            except Refused as error:
                if not is_gone(error):
                    raise
        return True

    def _check(self, team: str, channel: str, draft: Draft) -> None:
        room = self._facts.room(team, channel)
        if room is None or room.is_shared or room.has_outsiders is not False:
            told = _OTHERS_READ.replace("{tag}", draft.routing_tag or "everything else")
            raise OthersRead(told.replace("{channel}", channel))

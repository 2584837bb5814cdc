"""What is said to who pastes the link of a ticket and asks what the bot would answer: the draft,
for whoever may decide about it.

A ticket is for the agents of the account: who asks must be one, by the e-mail address that Slack
and Zendesk both know, and ask where only members of the team read along.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from bot.models import HandoffReason, OutcomeKind
from bot.phrases.drafting import asks_for_draft
from bot.slack import replies
from bot.slack.asked import Part, Reply
from bot.slack.errors import Refused
from bot.slack.texts import texts_for

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.drafts import Drafts
    from bot.slack.access import Access
    from bot.slack.api import SlackApi
    from bot.slack.asked import Asked
    from bot.slack.draft_notices import DraftNotices

_TICKET = re.compile(
    r"https://(?P<account>[a-z0-9][a-z0-9-]{0,62})\.zendesk\.com/"
    r"(?:agent/)?(?:tickets|(?:hc/(?:[a-z-]{2,8}/)?)?requests)/(?P<number>[1-9]\d{0,14})(?!\d)\S*",
    re.IGNORECASE,
)

# The reply to a question shows the draft: the message is kept up to date as the draft is.
_SHOWS = """
INSERT INTO slack_drafts (draft_id, team_id, question_id, shown)
VALUES (%(draft)s, %(team)s, %(question)s, %(shown)s)
ON CONFLICT (draft_id, team_id, question_id) DO UPDATE SET shown = excluded.shown
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggested:
    """What became of a ticket that a draft was asked for: the draft, or why there is none, or the
    reason for which people should answer."""

    draft: UUID | None
    why: str
    reason: HandoffReason | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """The Zendesk account, for the calling thread: `suggest` drafts a reply to a ticket, and
    `is_agent` says whether an e-mail address is an agent's. Both raise ConnectorError."""

    account: str
    suggest: Callable[[int], Suggested]
    is_agent: Callable[[str], bool]


class Suggesting:
    """Says it."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[object]],
        desk: Callable[[], Desk],
        drafts: Drafts,
        notices: DraftNotices,
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._desk = desk
        self._drafts = drafts
        self._notices = notices
        self._api = api

    def reply(self, asked: Asked, text: str, access: Access, *, locale: str) -> Reply | None:
        """The reply; None where no draft is asked for. Raises TicketUnsettled, ConnectorError and
        SlackError."""
        ticket = self._ticket(text)
        if ticket is None:
            return None
        texts = texts_for(locale)
        if access.limit:
            return _told(asked, access, texts.drafts_alone)
        if not self._is_agent(asked):
            return _told(asked, access, texts.drafts_for_agents)
        found = self._desk().suggest(ticket)
        if found.draft is not None:
            return self._shown(asked, access, found.draft)
        said = texts.no_draft.get(found.why, "")
        if found.reason is not None:
            said = texts.handoff.get(found.reason, texts.handoff_otherwise)
        return _told(asked, access, said.replace("{ticket}", f"#{ticket}"), reason=found.reason)

    def _ticket(self, text: str) -> int | None:
        """The ticket of this account whose link stands in a text that asks for a draft."""
        found = _TICKET.search(text)
        if found is None or not asks_for_draft(_TICKET.sub(" ", text)):
            return None
        own = found["account"].lower() == self._desk().account
        return int(found["number"]) if own else None

    def _is_agent(self, asked: Asked) -> bool:
        try:
            user = self._api(asked.team).user(asked.user)
        except Refused:
            return False
        email = str((user.get("profile") or {}).get("email") or "")
        return bool(email) and self._desk().is_agent(email)

    def _shown(self, asked: Asked, access: Access, draft_id: UUID) -> Reply:
        draft = self._drafts.get(draft_id)
        message = self._notices.message(draft)
        if not asked.is_whispered:
            values = {"draft": draft_id, "team": asked.team, "question": asked.id}
            with self._pool.connection() as connection:
                connection.execute(_SHOWS, {**values, "shown": draft.state})
        return Reply(
            outcome=OutcomeKind.DRAFTED,
            audience=access.reader.labels,
            parts=(Part(marker=f"{asked.id}:draft", message={**message, **replies.QUIET}),),
        )


def _told(asked: Asked, access: Access, text: str, *, reason: HandoffReason | None = None) -> Reply:
    return Reply(
        outcome=OutcomeKind.HANDED_OFF,
        reason=reason,
        audience=access.reader.labels,
        parts=(replies.notice(asked.id, text),),
    )

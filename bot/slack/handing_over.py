"""Tells people of a question that was handed to them: the group that looks after it, or a ticket
in Zendesk, with links both ways. Done again whenever something about it changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bot.handoff.case import Case
from bot.handoff.note import note
from bot.handoff.wanted import summary
from bot.inert import own_as_html, shortened
from bot.recorded import recorded
from bot.slack.blocks import Block, actions, button, context, escaped, linked, section
from bot.slack.errors import Refused
from bot.slack.posting import PlaceGone
from bot.slack.tickets import TicketRequest

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.recorded import Recorded
    from bot.slack.api import SlackApi
    from bot.slack.handovers import Handover, Handovers, SlackRoutes
    from bot.slack.notices import Notice, Notices
    from bot.slack.tickets import Tickets
    from bot.slack.workspaces import Workspace
    from bot.triage.router import Router

_LONGEST = 1_500
_SUBJECT = 120

_ASKS = "{group}{who} asks for a person."
_QUESTION = "*Question*\n{text}"
_NOTE = "*Note*\n{text}"
_WHERE = "Asked in {link}"
_ELSEWHERE = "{group}was asked in {link}."
_TICKET = "{link} was opened for this."
_RESOLVED = ":white_check_mark: Resolved by <@{who}>."
_NOBODY = "Nobody is set up to be asked about this. An admin can say who is in the app's Home."


class HandingOver:
    """Does it. `tickets` gives the calling thread's, None where Zendesk is not connected."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        handovers: Handovers,
        routes: SlackRoutes,
        notices: Notices,
        router: Callable[[], Router],
        workspace: Callable[[str], Workspace],
        api: Callable[[str], SlackApi],
        tickets: Callable[[], Tickets] | None,
    ) -> None:
        self._pool = pool
        self._handovers = handovers
        self._routes = routes
        self._notices = notices
        self._router = router
        self._workspace = workspace
        self._api = api
        self._tickets = tickets

    def carry_out(self, question: UUID) -> None:
        """Brings everything that is told of it up to date. Raises Unsettled, SlackError, and what
        routing and Zendesk raise: nothing is told twice when it is called again."""
        handover, asked = self._handovers.get(question), recorded(self._pool, question)
        if handover is None or asked is None:
            return
        tag = handover.tag
        if tag is None:
            found = self._router().route(asked.question.text, locale=asked.question.locale or "en")
            tag = found.tag.name if found.tag else ""
            self._handovers.routed(question, tag)
        if handover.kind == "ticket" and self._tickets is not None:
            self._by_ticket(handover, asked, tag, self._tickets())
        else:
            self._by_group(handover, asked, tag)

    def _by_group(self, handover: Handover, asked: Recorded, tag: str) -> None:
        route = self._routes.of(handover.team, tag)
        if route is None:
            self._tell(handover, [section(_NOBODY)], _NOBODY)
            return
        group = f"<!subteam^{route.group}> " if route.group else ""
        here = route.channel in {"", handover.channel}
        channel, thread = (handover.channel, handover.thread) if here else (route.channel, "")
        blocks = self._asking(
            handover, asked, group, tag, link="" if here else self._link(handover)
        )
        text = f"{group}{escaped(asked.question.text[:200])}"
        notice = self._show(handover, "asked", channel, thread, blocks, text)
        if here:
            return
        api = self._api(handover.team)
        there = linked(api.permalink(notice.channel, notice.ts), "another channel")
        told = _ELSEWHERE.replace("{group}", group or "Somebody ").replace("{link}", there)
        self._tell(handover, [section(told), *_ended(handover)], told)

    def _by_ticket(self, handover: Handover, asked: Recorded, tag: str, tickets: Tickets) -> None:
        number = handover.ticket
        if number is None:
            number = tickets.open(self._request(handover, asked, tag))
            self._handovers.opened(handover.question, number)
        if handover.resolved_by:
            tickets.solve(number, key=f"{handover.question}:resolved")
        told = _TICKET.replace("{link}", linked(tickets.url(number), f"Ticket #{number}"))
        buttons = [] if handover.resolved_by else [_resolve(handover)]
        self._tell(handover, [section(told), *_ended(handover), *buttons], told)

    def _asking(
        self, handover: Handover, asked: Recorded, group: str, tag: str, *, link: str
    ) -> list[Block]:
        who = f"<@{handover.user}>"
        blocks = [section(_ASKS.replace("{group}", group).replace("{who}", who))]
        question = escaped(shortened(asked.question.text, _LONGEST))
        blocks.append(section(_QUESTION.replace("{text}", question)))
        if handover.comment:
            comment = escaped(shortened(handover.comment, _LONGEST))
            blocks.append(section(_NOTE.replace("{text}", comment)))
        about = [_WHERE.replace("{link}", link)] if link else []
        about += [f"Tag {escaped(tag)}"] if tag else []
        if about:
            blocks.append(context(*about))
        return [*blocks, *(_ended(handover) or [_resolve(handover)])]

    def _request(self, handover: Handover, asked: Recorded, tag: str) -> TicketRequest:
        case = Case(
            text=asked.question.text,
            history=asked.question.history,
            outcome=asked.outcome,
            asked_on=asked.asked_at.astimezone(UTC).date(),
        )
        link = self._permalink(handover)
        lines = [f"Asked in Slack: {link}" if link else "Asked in Slack.", handover.comment]
        words = "".join(f"<p>{own_as_html(each)}</p>\n" for each in lines if each)
        return TicketRequest(
            key=f"slack:{handover.team}:{handover.question}",
            subject=shortened(asked.question.text, _SUBJECT) or "A question from Slack",
            html=f"{words}{note(case, summary=summary(case))}",
            requester=self._address(handover),
            routing_tag=tag,
        )

    def _address(self, handover: Handover) -> str:
        """The asker's e-mail address; "" where Slack does not tell it."""
        try:
            user = self._api(handover.team).user(handover.user)
        except Refused:
            return ""
        return str((user.get("profile") or {}).get("email") or "")

    def _link(self, handover: Handover) -> str:
        url = self._permalink(handover)
        return linked(url, "this conversation") if url else f"<#{handover.channel}>"

    def _permalink(self, handover: Handover) -> str:
        if not handover.thread:
            return ""
        try:
            return self._api(handover.team).permalink(handover.channel, handover.thread)
        except Refused:
            return ""

    def _tell(self, handover: Handover, blocks: list[Block], text: str) -> None:
        """What the thread of the question says of it."""
        self._show(handover, "told", handover.channel, handover.thread, blocks, text)

    def _show(
        self,
        handover: Handover,
        name: str,
        channel: str,
        thread: str,
        blocks: list[Block],
        text: str,
    ) -> Notice:
        """Posts it or brings it up to date; else tells the asker alone."""
        api, team = self._api(handover.team), handover.team
        more: dict[str, Any] = {
            "team": team,
            "key": f"{handover.question}:{name}",
            "message": {"text": text, "blocks": blocks},
            "bot_id": self._workspace(team).bot_id,
        }
        try:
            return self._notices.show(api, channel=channel, thread=thread, **more)
        except PlaceGone:
            direct = api.direct_channel(handover.user)
            return self._notices.show(api, channel=direct, **more)


def _ended(handover: Handover) -> list[Block]:
    if not handover.resolved_by:
        return []
    return [context(_RESOLVED.replace("{who}", handover.resolved_by))]


def _resolve(handover: Handover) -> Block:
    value = str(handover.question)
    return actions([button("Mark resolved", "resolved", value, style="primary")])

"""Tickets for whoever answers them: read as conversations, changed by one update each.

An update cannot be made idempotent at Zendesk, so each carries a marker by which it is found
again when nobody knows whether it arrived, and none overwrites what somebody else did meanwhile.
https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from connectors.errors import HelpCenterNotEnabled, SourceUnavailable
from connectors.validation import explain
from connectors.zendesk import failures
from connectors.zendesk.addresses import ticket_url
from connectors.zendesk.client import PAGE_SIZE, User, ZendeskClient
from connectors.zendesk.conversation import (
    Conversation,
    NotWritten,
    TicketChange,
    TicketState,
    Written,
)
from connectors.zendesk.desk_reading import (
    MARKER,
    comment_in,
    conversation_of,
    marker_of,
    state_of,
)
from connectors.zendesk.opening import NewTicket, open_ticket

Json = dict[str, Any]

_EXPORT = "incremental/tickets/cursor"
_EXPORT_PAGE = "1000"
_EXPORT_PAUSE = 6.0  # seconds between pages: ten of them are allowed in a minute
_YOUNGEST = 120  # seconds; the export takes no start_time within the last minute
_SETTLED = 2  # seconds; more than the one that a stamp stands for
_DEEPEST_PAGE = 100  # lists that are paged by number end here


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedTickets:
    """One page of what changed: go on from `cursor`, at once unless this is the `last` page."""

    tickets: tuple[TicketState, ...]
    cursor: str
    last: bool


class TicketDesk:
    """The tickets of one account, for one worker. Everything raises the ConnectorErrors that say
    what the admin must do."""

    def __init__(
        self, *, client: ZendeskClient, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._sleep = sleep

    @cached_property
    def user(self) -> User:
        """Who writes here; asked for once. Raises PermissionMissing for who is no agent."""
        return self._client.check()

    @property
    def bot_id(self) -> int:
        """The id of the author of everything that is written here."""
        return self.user.id

    def is_agent(self, email: str) -> bool:
        """Whether an agent or administrator of the account, who is not suspended, has this
        address. https://developer.zendesk.com/api-reference/ticketing/users/users/#search-users"""
        found = self._client.get("users/search", {"query": f'email:"{email}"'})
        return any(
            str(each.get("email") or "").casefold() == email.casefold()
            and each.get("role") in {"agent", "admin"}
            and not each.get("suspended")
            for each in found.get("users") or ()
        )

    def open(self, ticket: NewTicket) -> int:
        """The number of a ticket that is opened once, see `open_ticket`."""
        return open_ticket(self._client, ticket)

    def address(self, ticket_id: int) -> str:
        """Where agents open a ticket."""
        return ticket_url(self._client.subdomain, ticket_id)

    def conversation(self, ticket_id: int, *, pages: int = 1) -> Conversation | None:
        """The ticket with its newest comments, a hundred for each of `pages`, at the cost of one
        request for each page and one for the ticket. None where it is deleted."""
        asked = {"include": "users,comment_count"}
        found = self._ticket(ticket_id, asked)
        if found is None:
            return None
        comments: list[Json] = []
        users: list[Json] = list(found.get("users") or ())
        after, more = "", True
        for _ in range(max(pages, 1)):
            page = self._newest(ticket_id, after)
            if page is None:
                return None
            comments += page.get("comments") or ()
            users += page.get("users") or ()
            meta = page.get("meta") or {}
            after, more = str(meta.get("after_cursor") or ""), bool(meta.get("has_more"))
            if not more or not after:
                break
        try:
            read = conversation_of(_counted(found), comments, users, whole=not more)
            return replace(read, settled=self._settled(read.stamp))
        except ValidationError as error:
            raise _unreadable(ticket_id, error) from error

    def state(self, ticket_id: int) -> TicketState | None:
        """One look at the ticket, in one request. None where it is deleted."""
        found = self._ticket(ticket_id, {"include": "comment_count"})
        if found is None:
            return None
        try:
            return state_of(_counted(found))
        except ValidationError as error:
            raise _unreadable(ticket_id, error) from error

    def write(self, conversation: Conversation, change: TicketChange) -> Written | NotWritten:
        """Makes the change in one request, which is never repeated. Nothing is written where
        somebody changed the ticket since the conversation was read, as far as Zendesk can tell
        within a second. Raises WriteUncertain where nobody knows: look for the marker then.
        Raises RequestRejected where Zendesk's own rules forbid it."""
        response = self._client.submit(
            "PUT",
            f"tickets/{conversation.ticket_id}.json",
            {"ticket": _update(conversation, change)},
        )
        match response.status_code:
            case 200:
                return _written(response)
            case 404:
                return NotWritten(why="gone")
            case 409:
                return NotWritten(why="changed")
            case 422:
                # What is wrong is said in the user's language only, so the ticket is looked at.
                now = self.state(conversation.ticket_id)
                if now is None or now.status == "closed":
                    return NotWritten(why="gone" if now is None else "closed")
        raise failures.rejected_change(response)

    def find_marker(self, ticket_id: int, marker: str) -> Written | None:
        """The update that carries this marker, if it arrived: among the newest comments, else
        among the newest audits, where updates without a comment are too. None also where the
        ticket is deleted. An update that changed nothing leaves no trace."""
        page = self._newest(ticket_id, "")
        for comment in (page or {}).get("comments") or ():
            if marker_of(comment) == marker:
                return Written(comment_id=comment.get("id"))
        for audit in self._newest_audits(ticket_id) if page else ():
            if marker_of(audit) == marker:
                return Written(comment_id=comment_in(audit))
        return None

    def changed_since(self, *, cursor: str = "", start: int = 0) -> Iterator[ChangedTickets]:
        """The tickets that changed since a cursor, or without one since `start`, in seconds since
        1970; the oldest change first, in pages of a thousand. What changed within the last minute
        may come with a later call. Needs an administrator. Raises RequestRejected for a cursor
        that Zendesk no longer takes."""
        if not cursor:
            start = self._export_start(start)
        while True:
            asked = {"cursor": cursor} if cursor else {"start_time": str(start)}
            asked |= {"per_page": _EXPORT_PAGE, "include": "comment_count"}
            page = self._client.get(_EXPORT, asked)
            following = str(page.get("after_cursor") or "")
            last = bool(page.get("end_of_stream")) or not following or following == cursor
            cursor = following or cursor
            yield ChangedTickets(tickets=_states(page), cursor=cursor, last=last)
            if last:
                return
            self._sleep(_EXPORT_PAUSE)

    def segments_of(self, user_id: int, *, brand: str = "") -> frozenset[str]:
        """The ids of the user segments that somebody is in; none where the brand has no help
        center, or does not know them. Raises PermissionMissing where the credentials are not
        those of a Help Center manager.
        https://developer.zendesk.com/api-reference/help_center/help-center-api/user_segments/"""
        path = f"help_center/users/{user_id}/user_segments"
        try:
            return frozenset(
                str(each["id"])
                for page in self._client.pages(path, brand=brand)
                for each in page.get("user_segments") or ()
            )
        except HelpCenterNotEnabled:
            return frozenset()

    def _settled(self, stamp: str) -> bool:
        """Stamps are whole seconds: two changes within one look like one."""
        try:
            changed = datetime.fromisoformat(stamp).timestamp()
        except ValueError:
            return False
        return self._client.server_time - changed >= _SETTLED

    def _ticket(self, ticket_id: int, asked: dict[str, str]) -> Json | None:
        found = self._client.find(f"tickets/{ticket_id}", asked)
        deleted = found is not None and (found.get("ticket") or {}).get("status") == "deleted"
        return None if deleted else found

    def _newest(self, ticket_id: int, after: str) -> Json | None:
        asked = {"include": "users", "sort": "-created_at", "page[size]": PAGE_SIZE}
        if after:
            asked["page[after]"] = after
        return self._client.find(f"tickets/{ticket_id}/comments", asked)

    def _newest_audits(self, ticket_id: int) -> list[Json]:
        """The last audits. They can only be listed from the oldest on, so the first page tells
        which one is the last."""
        path, asked = f"tickets/{ticket_id}/audits", {"per_page": PAGE_SIZE}
        first = self._client.find(path, asked)
        if first is None:
            return []
        found: list[Json] = list(first.get("audits") or ())
        last = min(-(-int(first.get("count") or 0) // int(PAGE_SIZE)), _DEEPEST_PAGE)
        if last > 1:
            for number in range(max(last - 1, 2), last + 1):  # the last may have only just begun
                page = self._client.find(path, {**asked, "page": str(number)})
                found += (page or {}).get("audits") or ()
        return found

    def _export_start(self, start: int) -> int:
        self._client.check()  # after which the server's clock is known
        return max(0, min(start, self._client.server_time - _YOUNGEST))


def _update(conversation: Conversation, change: TicketChange) -> Json:
    update: Json = {
        "safe_update": True,
        "updated_stamp": conversation.stamp,
        "metadata": {MARKER: change.marker},
    }
    if change.html:  # `public` has no default of its own: it would be that of the first comment
        update["comment"] = {"html_body": change.html, "public": change.public}
    tags = (conversation.tags | change.add_tags) - change.remove_tags
    if tags != conversation.tags:  # the list replaces what is there
        update["tags"] = sorted(tags)
    for name in ("status", "priority", "group_id", "assignee_id"):
        if (value := getattr(change, name)) is not None:
            update[name] = value
    if change.custom_fields:
        update["custom_fields"] = [
            {"id": number, "value": value} for number, value in change.custom_fields.items()
        ]
    return update


def _written(response: Any) -> Written:
    """What the answer tells; an answer that cannot be read came after the change all the same."""
    try:
        answer = response.json()
        audit, ticket = answer.get("audit") or {}, answer.get("ticket") or {}
        return Written(comment_id=comment_in(audit), stamp=str(ticket.get("updated_at") or ""))
    except (ValueError, AttributeError):
        return Written()


def _states(page: Json) -> tuple[TicketState, ...]:
    """The tickets that still exist; those that cannot be read say so when they are opened."""
    found = []
    for each in page.get("tickets") or ():
        try:
            found.append(state_of(each))
        except ValidationError:
            if each.get("status") != "deleted" and isinstance(each.get("id"), int):
                found.append(
                    TicketState(
                        ticket_id=each["id"], status="open", stamp=str(each.get("updated_at"))
                    )
                )
    return tuple(found)


def _counted(found: Json) -> Json:
    """The ticket with its number of comments, which stands in it or beside it."""
    ticket = found.get("ticket")
    if not isinstance(ticket, dict):
        return {}
    return {"comment_count": found.get("comment_count"), **ticket}


def _unreadable(ticket_id: int, error: ValidationError) -> SourceUnavailable:
    return SourceUnavailable(
        f"Zendesk's answer about ticket {ticket_id} cannot be read: {explain(error)}. Report this "
        "to the maintainers of Supportbot."
    )

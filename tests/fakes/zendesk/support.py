"""The ticketing part of the API: lists that are not of the help center."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.zendesk.access import Caller
from tests.fakes.zendesk.account import Account, Brand
from tests.fakes.zendesk.help_center import FORBIDDEN, NO_ENDPOINT, NOT_FOUND, Answer
from tests.fakes.zendesk.paging import page
from tests.fakes.zendesk.rendering import Rendering, stamp
from tests.fakes.zendesk.ticketing import Comment, Macro, Person, Ticket

Json = dict[str, Any]


class Support:
    """The account's Support as an agent sees it."""

    def __init__(self, account: Account, brand: Brand, caller: Caller, *, origin: str) -> None:
        self._account = account
        self._caller = caller
        self._origin = origin
        self._url = f"{origin}/api/v2"
        self._rendering = Rendering(account, brand, origin=origin)

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """The answer to a path below /api/v2, without ".json"."""
        for pattern, answer in self._routes.items():
            match = re.fullmatch(pattern, path)
            if match:
                return answer(self, *match.groups(), query=query, url=f"{self._url}{path}.json")
        return NO_ENDPOINT

    def _brands(self, *, query: Mapping[str, str], url: str) -> Answer:
        brands = [self._rendering.brand(each) for each in self._account.brands.values()]
        return 200, page("brands", brands, query, url=url, default=100)

    def _macros(self, *, query: Mapping[str, str], url: str) -> Answer:
        """All macros, other agents' own ones too: that is what administrators are shown."""
        wanted = {"true": {True}, "false": {False}}.get(query.get("active", ""), {True, False})
        found = [
            self._macro(each)
            for each in self._account.ticketing.macros.values()
            if each.active in wanted
        ]
        return 200, page("macros", found, query, url=url, default=100)

    def _macro(self, macro: Macro) -> Json:
        return {
            "id": macro.id,
            "url": f"{self._url}/macros/{macro.id}.json",
            "title": macro.title,
            "active": macro.active,
            "default": False,
            "description": macro.description,
            "position": 1,
            "actions": [{"field": field, "value": value} for field, value in macro.actions],
            "restriction": macro.restriction,
            "created_at": stamp(0),
            "updated_at": stamp(macro.updated_at),
        }

    def _export(self, *, query: Mapping[str, str], url: str) -> Answer:
        """Tickets that changed since start_time, or after the cursor, the oldest change first.
        Deleted ones too. The last page has a cursor as well, to go on from another day."""
        if self._caller.user is None or self._caller.user.role != "admin":
            return FORBIDDEN
        try:
            position = _position(query)
        except ValueError:
            return 400, {"error": "InvalidValue", "description": "Invalid cursor"}
        changed = sorted(
            (int(each.updated_at), each.id) for each in self._account.ticketing.tickets.values()
        )
        new = [each for each in changed if each > position]
        some = new[: min(int(query.get("per_page", "1000")), 1000)]
        last = some[-1] if some else position
        after = base64.b64encode(f"{last[0]}.{last[1]}".encode()).decode()
        tickets = self._account.ticketing.tickets
        with_metrics = "metric_sets" in query.get("include", "")
        return 200, {
            "tickets": [self._ticket(tickets[number], with_metrics) for _, number in some],
            "after_cursor": after,
            "after_url": f"{url}?cursor={after}",
            "before_cursor": None,
            "before_url": None,
            "end_of_stream": len(some) == len(new),
        }

    def _comments(self, number: str, *, query: Mapping[str, str], url: str) -> Answer:
        ticket = self._account.ticketing.tickets.get(int(number))
        if ticket is None or ticket.status == "deleted":
            return NOT_FOUND
        answer = page("comments", ticket.comments, query, url=url, default=100)
        shown: list[Comment] = answer["comments"]
        answer["comments"] = [_comment(each) for each in shown]
        if "users" in query.get("include", ""):
            people = {each.author.id: each.author for each in shown}
            answer["users"] = [_person(each) for each in people.values()]
        return 200, answer

    def _ticket(self, ticket: Ticket, with_metrics: bool) -> Json:
        shown = {
            "id": ticket.id,
            "url": f"{self._url}/tickets/{ticket.id}.json",
            "subject": ticket.subject,
            "description": ticket.comments[0].text,
            "status": ticket.status,
            "requester_id": ticket.requester.id,
            "tags": list(ticket.tags),
            "satisfaction_rating": {"score": ticket.score},
            "created_at": stamp(ticket.created_at),
            "updated_at": stamp(ticket.updated_at),
            "generated_timestamp": int(ticket.updated_at),
        }
        if with_metrics:
            solved = None if ticket.solved_at is None else stamp(ticket.solved_at)
            shown["metric_set"] = {"ticket_id": ticket.id, "solved_at": solved}
        return shown

    _routes: Mapping[str, Callable[..., Answer]] = {
        r"/brands": _brands,
        r"/macros": _macros,
        r"/incremental/tickets/cursor": _export,
        r"/tickets/(\d+)/comments": _comments,
    }


def _position(query: Mapping[str, str]) -> tuple[int, int]:
    if "cursor" not in query:
        return int(query["start_time"]), 0
    seconds, _, number = base64.b64decode(query["cursor"], validate=True).decode().partition(".")
    return int(seconds), int(number)


def _comment(comment: Comment) -> Json:
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author.id,
        "body": comment.text,
        "plain_body": comment.text,
        "html_body": comment.html,
        "public": comment.public,
        "attachments": [],
        "audit_id": comment.id + 1,
        "via": {"channel": comment.channel, "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": stamp(comment.created_at),
        "metadata": {"system": {}, "custom": {}},
    }


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "locale": person.locale,
    }

"""Tickets over HTTP: shown, listed, exported, and updated as strictly as Zendesk does.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bs4 import BeautifulSoup

from tests.fakes.zendesk.access import Caller
from tests.fakes.zendesk.account import Account
from tests.fakes.zendesk.help_center import FORBIDDEN, NO_ENDPOINT, NOT_FOUND, Answer
from tests.fakes.zendesk.paging import page
from tests.fakes.zendesk.placeholders import carried_out
from tests.fakes.zendesk.rendering import stamp
from tests.fakes.zendesk.ticket_records import Comment, Person, Ticket
from tests.fakes.zendesk.ticket_rendering import (
    audit_json,
    comment_json,
    person_json,
    ticket_json,
)

Json = dict[str, Any]

UPDATE_CONFLICT: Json = {
    "error": "UpdateConflict",
    "description": "Safe Update prevented the update due to outdated ticket data. Please fetch the "
    "latest ticket data and try again.",
}
MOST_COMMENTS = 5000
LONGEST_BODY = 65_536
_STATUSES = frozenset({"new", "open", "pending", "hold", "solved", "closed"})
_PRIORITIES = frozenset({"low", "normal", "high", "urgent"})


class TicketsApi:
    """The tickets as one caller sees them."""

    def __init__(self, account: Account, caller: Caller, *, origin: str) -> None:
        self._ticketing = account.ticketing
        self._account = account
        self._caller = caller
        self._url = f"{origin}/api/v2"

    def answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes,
        *,
        idempotency: str = "",
    ) -> Answer:
        """The answer to a path below /api/v2, without ".json"."""
        for wanted, pattern, answer in self._routes:
            match = re.fullmatch(pattern, path)
            if match and wanted == method:
                url = f"{self._url}{path}.json"
                more = {"idempotency": idempotency} if method == "POST" else {}
                return answer(self, *match.groups(), query=query, url=url, body=body, **more)
        return NO_ENDPOINT

    # --- Reading

    def _show(self, number: str, *, query: Mapping[str, str], **_: Any) -> Answer:
        ticket = self._find(number)
        if ticket is None:
            return NOT_FOUND
        include = query.get("include", "").split(",")
        answer: Json = {"ticket": self._ticket(ticket, include)}
        if "users" in include:
            answer["users"] = [person_json(each) for each in self._around(ticket)]
        return 200, answer

    def _comments(self, number: str, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        ticket = self._find(number)
        if ticket is None:
            return NOT_FOUND
        newest_first = query.get("sort") == "-created_at" or query.get("sort_order") == "desc"
        answer = page(
            "comments", ticket.comments, query, url=url, default=100, newest_first=newest_first
        )
        shown: list[Comment] = answer["comments"]
        custom = self._ticketing.comments_show_custom
        answer["comments"] = [comment_json(each, custom=custom) for each in shown]
        if "users" in query.get("include", ""):
            people = {each.author.id: each.author for each in shown}
            answer["users"] = [person_json(each) for each in people.values()]
        return 200, answer

    def _audits(self, number: str, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        ticket = self._find(number)
        if ticket is None:
            return NOT_FOUND
        answer = page("audits", ticket.audits, query, url=url, default=100)
        answer["audits"] = [audit_json(each, ticket) for each in answer["audits"]]
        return 200, answer

    def _audit(self, number: str, audit: str, **_: Any) -> Answer:
        ticket = self._find(number)
        found = (
            next((each for each in ticket.audits if each.id == int(audit)), None)
            if (ticket)
            else None
        )
        if ticket is None or found is None:
            return NOT_FOUND
        return 200, {"audit": audit_json(found, ticket)}

    def _export(self, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        """Tickets that changed since start_time, or after the cursor, the oldest change first.
        Deleted ones too. The last page has a cursor as well, to go on from another day."""
        if self._caller.user is None or self._caller.user.role != "admin":
            return FORBIDDEN
        try:
            position = _position(query)
        except ValueError:
            return 400, {"error": "InvalidValue", "description": "Invalid cursor"}
        changed = sorted((each.updated_at, each.id) for each in self._ticketing.tickets.values())
        new = [each for each in changed if each > position]
        some = new[: min(int(query.get("per_page", "1000")), 1000)]
        last = some[-1] if some else position
        after = base64.b64encode(f"{last[0]!r}:{last[1]}".encode()).decode()
        tickets = self._ticketing.tickets
        include = query.get("include", "").split(",")
        return 200, {
            "tickets": [self._ticket(tickets[number], include) for _, number in some],
            "after_cursor": after,
            "after_url": f"{url}?cursor={after}",
            "before_cursor": None,
            "before_url": None,
            "end_of_stream": len(some) == len(new),
        }

    def _ticket(self, ticket: Ticket, include: Sequence[str]) -> Json:
        shown = ticket_json(ticket, url=self._url)
        if "metric_sets" in include:
            solved = None if ticket.solved_at is None else stamp(ticket.solved_at)
            shown["metric_set"] = {"ticket_id": ticket.id, "solved_at": solved}
        if "comment_count" in include:
            shown["comment_count"] = len(ticket.comments)
        return shown

    def _around(self, ticket: Ticket) -> list[Person]:
        assignee = self._ticketing.people.get(ticket.assignee_id or 0)
        return [ticket.requester, *([assignee] if assignee else [])]

    def _find(self, number: str) -> Ticket | None:
        ticket = self._ticketing.tickets.get(int(number))
        return None if ticket is None or ticket.status == "deleted" else ticket

    # --- Writing

    def _update(self, number: str, *, body: bytes, **_: Any) -> Answer:
        ticket = self._find(number)
        if ticket is None:
            return NOT_FOUND
        try:
            wanted = json.loads(body)["ticket"]
        except (ValueError, KeyError, TypeError):
            return 400, {"error": "Unprocessable", "message": "Server could not parse JSON"}
        if ticket.status == "closed":
            return _invalid("status", "Status: closed prevents ticket update")
        if wanted.get("safe_update") and wanted.get("updated_stamp") != stamp(ticket.updated_at):
            return 409, UPDATE_CONFLICT
        if fault := self._fault(ticket, wanted):
            return fault
        audit = self._ticketing.update(
            ticket,
            self._bot,
            comment=self._comment(ticket, wanted.get("comment")),
            changes=self._changes(ticket, wanted),
            custom=wanted.get("metadata"),
            channel="api",
        )
        return 200, {"ticket": self._ticket(ticket, ()), "audit": audit_json(audit, ticket)}

    @property
    def _bot(self) -> Person:
        user = self._caller.user
        assert user is not None  # the server lets nobody else through
        return self._ticketing.people.setdefault(
            user.id, Person(id=user.id, name=user.name, email=user.email, role=user.role)
        )

    def _fault(self, ticket: Ticket, wanted: Json) -> Answer | None:
        group, assignee = wanted.get("group_id"), wanted.get("assignee_id")
        faults = {
            "comments": wanted.get("comment") and len(ticket.comments) >= MOST_COMMENTS,
            "status": wanted.get("status", "open") not in _STATUSES,
            "priority": wanted.get("priority", "low") not in _PRIORITIES,
            "group": group is not None and group not in self._ticketing.groups,
            "assignee": assignee is not None and not self._works_here(assignee),
            "metadata": len(json.dumps(wanted.get("metadata") or {})) > 1024,
        }
        wrong = next((name for name, fault in faults.items() if fault), None)
        return _invalid(wrong, f"{wrong.capitalize()}: is invalid") if wrong else None

    def _works_here(self, number: int) -> bool:
        person = self._ticketing.people.get(number)
        return number == self._account.bot.id or (person is not None and person.role != "end-user")

    def _comment(self, ticket: Ticket, wanted: Json | None) -> Comment | None:
        """What is said, with its placeholders carried out. Where it does not say so itself, it is
        as public as the ticket's first comment."""
        if not wanted:
            return None
        html = wanted.get("html_body") or f"<p>{wanted.get('body', '')}</p>"
        html = carried_out(html, ticket, by=self._bot, ticketing=self._ticketing)
        html = html.encode()[:LONGEST_BODY].decode(errors="ignore")
        return self._ticketing.drafted(
            self._bot,
            BeautifulSoup(html, "html.parser").get_text(),
            f'<div class="zd-comment" dir="auto">{html}</div>',
            public=bool(wanted.get("public", not ticket.comments or ticket.comments[0].public)),
            channel="api",
        )

    def _changes(self, ticket: Ticket, wanted: Json) -> Json:
        changes: Json = {
            name: wanted[name]
            for name in ("status", "priority", "group_id", "assignee_id", "subject")
            if name in wanted
        }
        if "tags" in wanted:
            tags = {str(each).strip().lower().replace(" ", "_") for each in wanted["tags"]}
            changes["tags"] = tuple(sorted(tags))
            if set(changes["tags"]) == set(ticket.tags):
                del changes["tags"]
        if "custom_fields" in wanted:
            told = {each["id"]: each["value"] for each in wanted["custom_fields"]}
            changes["custom_fields"] = {**ticket.custom_fields, **told}
        if ticket.status == "new" and changes.get("assignee_id") and "status" not in changes:
            changes["status"] = "open"
        return changes

    def _list(self, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        """The tickets of one external id, or all."""
        wanted = query.get("external_id")
        found = [
            each
            for each in self._ticketing.tickets.values()
            if each.status != "deleted" and wanted in {None, each.external_id}
        ]
        answer = page("tickets", found, query, url=url, default=100)
        answer["tickets"] = [self._ticket(each, ()) for each in answer["tickets"]]
        return 200, answer

    def _create(self, *, body: bytes, idempotency: str = "", **_: Any) -> Answer:
        """A repetition of a key within two hours is answered as it was the first time."""
        known = self._ticketing.opened_by_key.get(idempotency)
        if known is not None:
            if known[0] != body:
                return 400, {"error": "IdempotentRequestError"}
            return 201, {"ticket": self._ticket(known[1], ())}
        try:
            wanted = json.loads(body)["ticket"]
            said = wanted["comment"]
        except (ValueError, KeyError, TypeError):
            return 400, {"error": "Unprocessable", "message": "Server could not parse JSON"}
        ticket = self._opened(wanted)
        self._ticketing.tickets[ticket.id] = ticket
        if fault := self._fault(ticket, wanted):
            del self._ticketing.tickets[ticket.id]
            return fault
        comment = self._comment(ticket, said)
        changes = self._changes(ticket, wanted)
        self._ticketing.update(ticket, self._bot, comment=comment, changes=changes, channel="api")
        if idempotency:
            self._ticketing.opened_by_key[idempotency] = (body, ticket)
        return 201, {"ticket": self._ticket(ticket, ())}

    def _opened(self, wanted: Json) -> Ticket:
        now, asker = self._ticketing.clock(), wanted.get("requester") or {}
        known = (
            each
            for each in self._ticketing.people.values()
            if each.email and each.email == asker.get("email")
        )
        requester = next(known, None)
        if requester is None and asker:
            requester = self._ticketing.person(asker["name"], email=asker["email"])
        return Ticket(
            id=self._ticketing.next_id(),
            subject=str(wanted.get("subject", "")),
            requester=requester or self._bot,
            created_at=now,
            updated_at=now,
            status="new",
            channel="api",
            external_id=wanted.get("external_id"),
        )

    _routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
        ("GET", r"/tickets", _list),
        ("POST", r"/tickets", _create),
        ("GET", r"/tickets/(\d+)", _show),
        ("PUT", r"/tickets/(\d+)", _update),
        ("GET", r"/tickets/(\d+)/comments", _comments),
        ("GET", r"/tickets/(\d+)/audits", _audits),
        ("GET", r"/tickets/(\d+)/audits/(\d+)", _audit),
        ("GET", r"/incremental/tickets/cursor", _export),
    )


def _invalid(name: str, description: str) -> Answer:
    return 422, {
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": {name: [{"description": description}]},
    }


def _position(query: Mapping[str, str]) -> tuple[float, int]:
    if "cursor" not in query:
        return int(query["start_time"]), 0
    seconds, _, number = base64.b64decode(query["cursor"], validate=True).decode().partition(":")
    return float(seconds), int(number)

"""Zendesk's placeholders, carried out: what is leaked by a `{{…}}` is seen in the ticket then.

Unknown ones vanish, and so does Liquid logic. Braces that are written as entities count too: it
is not documented that they are safe. https://support.zendesk.com/hc/en-us/articles/4408886858138
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.fakes.zendesk.ticket_records import Comment, Person, Ticket
from tests.fakes.zendesk.ticketing import Ticketing

_OPEN = re.compile(r"&(?:#0*123|#x0*7b|lbrace|lcub);", re.IGNORECASE)
_CLOSE = re.compile(r"&(?:#0*125|#x0*7d|rbrace|rcub);", re.IGNORECASE)
_OUTPUT = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_LOGIC = re.compile(r"\{%.*?%\}", re.DOTALL)


def carried_out(text: str, ticket: Ticket, *, by: Person, ticketing: Ticketing) -> str:
    """The text as Zendesk stores it, or sends it."""
    text = _CLOSE.sub("}", _OPEN.sub("{", text))

    def value(match: re.Match[str]) -> str:
        name = re.sub(r"<[^>]*>", "", match[1]).split("|")[0].strip()
        if found := re.fullmatch(r"ticket\.ticket_field(?:_option_title)?_(\d+)", name):
            return str(ticket.custom_fields.get(int(found[1])) or "")
        known = _KNOWN.get(name)
        return "" if known is None else str(known(ticket, by, ticketing))

    return _LOGIC.sub("", _OUTPUT.sub(value, text))


def _first(person: Person) -> str:
    return person.name.split(" ")[0]


def _said(comments: list[Comment]) -> str:
    return "\n".join(f"{each.author.name}: {each.text}" for each in reversed(comments))


def _public(ticket: Ticket) -> list[Comment]:
    return [each for each in ticket.comments if each.public]


def _name(number: int | None, ticketing: Ticketing) -> str:
    found = ticketing.people.get(number or 0)
    return found.name if found else ""


_Value = Callable[[Ticket, Person, Ticketing], object]
_KNOWN: dict[str, _Value] = {
    "ticket.id": lambda ticket, _by, _all: ticket.id,
    "ticket.title": lambda ticket, _by, _all: ticket.subject,
    "ticket.description": lambda ticket, _by, _all: ticket.comments[0].text,
    "ticket.status": lambda ticket, _by, _all: ticket.status.capitalize(),
    "ticket.priority": lambda ticket, _by, _all: ticket.priority or "",
    "ticket.tags": lambda ticket, _by, _all: " ".join(ticket.tags),
    "ticket.via": lambda ticket, _by, _all: ticket.channel,
    "ticket.url": lambda ticket, _by, _all: f"acme.zendesk.com/agent/tickets/{ticket.id}",
    "ticket.brand.id": lambda ticket, _by, _all: ticket.brand_id or "",
    "ticket.group.name": lambda ticket, _by, every: (
        every.groups[ticket.group_id].name if ticket.group_id in every.groups else ""
    ),
    "ticket.assignee.name": lambda ticket, _by, every: _name(ticket.assignee_id, every),
    "ticket.requester.id": lambda ticket, _by, _all: ticket.requester.id,
    "ticket.requester.name": lambda ticket, _by, _all: ticket.requester.name,
    "ticket.requester.first_name": lambda ticket, _by, _all: _first(ticket.requester),
    "ticket.requester.email": lambda ticket, _by, _all: ticket.requester.email,
    "ticket.comments_formatted": lambda ticket, _by, _all: _said(ticket.comments),
    "ticket.public_comments_formatted": lambda ticket, _by, _all: _said(_public(ticket)),
    "ticket.latest_comment": lambda ticket, _by, _all: _said(ticket.comments[-1:]),
    "ticket.latest_comment.id": lambda ticket, _by, _all: ticket.comments[-1].id,
    "ticket.latest_comment.is_public": lambda ticket, _by, _all: str(
        ticket.comments[-1].public
    ).lower(),
    "ticket.latest_public_comment": lambda ticket, _by, _all: _said(_public(ticket)[-1:]),
    "current_user.id": lambda _ticket, by, _all: by.id,
    "current_user.name": lambda _ticket, by, _all: by.name,
    "current_user.email": lambda _ticket, by, _all: by.email,
    "current_user.first_name": lambda _ticket, by, _all: _first(by),
}

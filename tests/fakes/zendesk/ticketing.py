"""What an account's agents work with: macros and tickets.

https://developer.zendesk.com/api-reference/ticketing/business-rules/macros/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(kw_only=True)
class Macro:
    """`actions` are pairs of a ticket field and its value, as the API shows them."""

    id: int
    title: str
    actions: list[tuple[str, Any]]
    updated_at: float
    description: str | None = None
    restriction: Json | None = None
    active: bool = True


@dataclass(kw_only=True)
class Person:
    id: int
    name: str
    email: str
    role: str
    locale: str = "en-US"


@dataclass(kw_only=True)
class Comment:
    id: int
    author: Person
    text: str
    html: str
    public: bool
    created_at: float
    channel: str


@dataclass(kw_only=True)
class Ticket:
    id: int
    subject: str
    requester: Person
    created_at: float
    updated_at: float
    status: str = "open"
    score: str = "unoffered"
    tags: tuple[str, ...] = ()
    solved_at: float | None = None
    comments: list[Comment] = field(default_factory=list)


@dataclass(kw_only=True)
class Ticketing:
    """The state that agents change. `next_id` numbers what is made."""

    clock: Callable[[], float]
    next_id: Callable[[], int]
    macros: dict[int, Macro] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)

    def macro(
        self, title: str, reply: object = "", *, html: str = "", mode: str = "", **changes: Any
    ) -> Macro:
        """A macro that writes `reply` or `html`; `mode` is "true" for a public reply, "false"
        for an internal note."""
        actions: list[tuple[str, Any]] = [("status", "solved")]
        actions += [("comment_value", reply)] if reply else []
        actions += [("comment_value_html", html)] if html else []
        actions += [("comment_mode_is_public", mode)] if mode else []
        found = Macro(
            id=self.next_id(), title=title, actions=actions, updated_at=self.clock(), **changes
        )
        self.macros[found.id] = found
        return found

    def person(self, name: str, *, email: str = "", role: str = "end-user") -> Person:
        return Person(
            id=self.next_id(),
            name=name,
            email=email or f"{name.split(maxsplit=1)[0].lower()}@mail.example",
            role=role,
        )

    def ticket(self, requester: Person, subject: str, text: str) -> Ticket:
        now = self.clock()
        found = Ticket(
            id=self.next_id(), subject=subject, requester=requester, created_at=now, updated_at=now
        )
        self.tickets[found.id] = found
        self.comment(found, requester, text)
        return found

    def comment(
        self,
        ticket: Ticket,
        author: Person,
        text: str,
        *,
        html: str = "",
        public: bool = True,
        channel: str = "email",
    ) -> Comment:
        said = Comment(
            id=self.next_id(),
            author=author,
            text=text,
            html=html or f"<p>{text}</p>",
            public=public,
            created_at=self.clock(),
            channel=channel,
        )
        ticket.comments.append(said)
        ticket.updated_at = self.clock()
        return said

    def change(self, ticket: Ticket, **changes: Any) -> None:
        """Such as status="solved", which notes when; "deleted" leaves a trace in the export."""
        for name, value in changes.items():
            setattr(ticket, name, value)
        if changes.get("status") == "solved":
            ticket.solved_at = self.clock()
        ticket.updated_at = self.clock()

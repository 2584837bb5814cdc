"""What an account's agents work with, as it is kept: macros, tickets, and who says what in them.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

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
    organization_id: int | None = None
    tags: tuple[str, ...] = ()
    suspended: bool = False


@dataclass(kw_only=True)
class Named:
    """A group, or a ticket form."""

    id: int
    name: str


@dataclass(kw_only=True)
class Comment:
    """`flags` are those of the update's metadata, such as 4 for mail that a machine wrote."""

    id: int
    author: Person
    text: str
    html: str
    public: bool
    created_at: float
    channel: str
    audit_id: int = 0
    flags: tuple[int, ...] = ()
    attachments: int = 0
    custom: Json = field(default_factory=dict)


@dataclass(kw_only=True)
class Change:
    field: str
    before: Any
    after: Any


@dataclass(kw_only=True)
class Audit:
    """One update: who made it, what it said and changed. `custom` is the updater's metadata."""

    id: int
    author: Person
    created_at: float
    channel: str
    comment: Comment | None
    changes: list[Change]
    custom: Json
    created: bool = False


@dataclass(kw_only=True)
class Ticket:
    id: int
    subject: str
    requester: Person
    created_at: float
    updated_at: float
    status: str = "open"
    score: str = "unoffered"
    rating_comment: str = ""
    tags: tuple[str, ...] = ()
    solved_at: float | None = None
    comments: list[Comment] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)
    channel: str = "email"
    priority: str | None = None
    brand_id: int | None = None
    form_id: int | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    custom_fields: dict[int, Any] = field(default_factory=dict)
    follows: int | None = None
    cc_ids: tuple[int, ...] = ()
    external_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that webhooks tell of; `kind` says what beyond the update itself."""

    ticket: Ticket
    audit: Audit
    kind: Literal["update", "deleted", "merged"] = "update"
    into: int | None = None

"""A ticket as a conversation, and what may be changed about it: the words that the client and
whoever answers tickets share. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Role = Literal["end-user", "agent", "admin"]
Status = Literal["new", "open", "pending", "hold", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]

MERGED = "closed_by_merge"
"""The tag that Zendesk gives a ticket which was merged into another."""


MACHINE_MAIL = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who takes part. `locale` is "" where it is not known."""

    id: int
    name: str
    role: Role
    locale: str = ""
    email: str = ""
    organization_id: int | None = None
    tags: frozenset[str] = frozenset()
    suspended: bool = False

    @property
    def is_staff(self) -> bool:
        return self.role != "end-user"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One comment. `text` is plain and whole, with quotes and signature as they came; `flags` are
    Zendesk's, such as 4 for mail that a machine wrote; `marker` is what we wrote into the
    metadata of a comment of our own, "" in everybody else's."""

    id: int
    author: Person
    public: bool
    text: str
    html: str
    channel: str
    created_at: datetime
    flags: frozenset[int] = frozenset()
    attachments: int = 0
    marker: str = ""

    @property
    def by_machine(self) -> bool:
        """Whether a machine wrote this mail, such as an out-of-office note.
        https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#comment-flags"""
        return MACHINE_MAIL in self.flags


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """A ticket with its comments, the oldest first. `stamp` is `updated_at` as Zendesk wrote it,
    which a safe update sends back. Of a long ticket the newest comments only may have been read:
    then `whole` is False, and `comment_count` is how many there are (None: not told). `settled`
    says that the last change was some seconds ago when it was read: whatever is changed after
    that has another stamp, which a safe update notices."""

    ticket_id: int
    subject: str
    status: Status
    channel: str
    requester: Person
    messages: tuple[Message, ...]
    stamp: str
    created_at: datetime
    tags: frozenset[str] = frozenset()
    priority: Priority | None = None
    brand_id: int | None = None
    form_id: int | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    organization_id: int | None = None
    custom_fields: Mapping[int, object] = field(default_factory=dict)
    score: str = ""
    others: frozenset[int] = frozenset()
    whole: bool = True
    comment_count: int | None = None
    settled: bool = False

    @property
    def merged(self) -> bool:
        """Whether it was closed because it goes on in another ticket."""
        return MERGED in self.tags


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketState:
    """What one cheap look at a ticket tells."""

    ticket_id: int
    status: Status
    stamp: str
    tags: frozenset[str] = frozenset()
    assignee_id: int | None = None
    group_id: int | None = None
    brand_id: int | None = None
    requester_id: int | None = None
    comment_count: int | None = None

    def follows(self, conversation: Conversation) -> bool:
        """Whether anything has changed since the conversation was read. Stamps are whole
        seconds, so the comments are counted too, where that is told."""
        counted = self.comment_count is not None and conversation.comment_count is not None
        return self.stamp != conversation.stamp or (
            counted and self.comment_count != conversation.comment_count
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketChange:
    """What one PUT writes. `add_tags` are added to those that are there; None and empty leave
    things as they are. `html` is a comment, public or a note. `marker` is kept in the metadata
    of the update, so that it is found again when nobody knows whether the update arrived."""

    marker: str
    html: str = ""
    public: bool = False
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()
    status: Status | None = None
    priority: Priority | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    custom_fields: Mapping[int, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A change that is in the ticket. `comment_id` is None where it had no comment, or where
    Zendesk did not say; `stamp` is "" where it is not told."""

    comment_id: int | None = None
    stamp: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotWritten:
    """A change that Zendesk did not carry out: somebody else changed the ticket since it was
    read, it is closed for ever, or it is gone."""

    why: Literal["changed", "closed", "gone"]

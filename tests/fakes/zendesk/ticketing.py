"""What people do to tickets and macros. Each update leaves one audit, moves the ticket's time, and
is told to whoever listens, which is what webhooks hang on.

https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from tests.fakes.zendesk.ticket_records import (
    Audit,
    Change,
    Comment,
    Happening,
    Macro,
    Named,
    Person,
    Ticket,
)

__all__ = ["Audit", "Comment", "Happening", "Macro", "Named", "Person", "Ticket", "Ticketing"]

Json = dict[str, Any]
MERGED = "closed_by_merge"


@dataclass(kw_only=True)
class Ticketing:
    """The state that people change. `next_id` numbers what is made, `heard` is told of every
    update. What Zendesk's manual leaves open: `comments_show_custom` is whether a comment shows
    the custom metadata of its update, as an audit does."""

    clock: Callable[[], float]
    next_id: Callable[[], int]
    heard: Callable[[Happening], None] = lambda _: None
    macros: dict[int, Macro] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    groups: dict[int, Named] = field(default_factory=dict)
    forms: dict[int, Named] = field(default_factory=dict)
    comments_show_custom: bool = True
    opened_by_key: dict[str, tuple[bytes, Ticket]] = field(default_factory=dict)

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

    def person(self, name: str, *, email: str = "", role: str = "end-user", **more: Any) -> Person:
        found = Person(
            id=self.next_id(),
            name=name,
            email=email or f"{name.split(maxsplit=1)[0].lower()}@mail.example",
            role=role,
            **more,
        )
        return self.people.setdefault(found.id, found)

    def group(self, name: str) -> Named:
        found = Named(id=self.next_id(), name=name)
        return self.groups.setdefault(found.id, found)

    def form(self, name: str) -> Named:
        found = Named(id=self.next_id(), name=name)
        return self.forms.setdefault(found.id, found)

    # --- What people do

    def ticket(
        self, requester: Person, subject: str, text: str, *, says: Json | None = None, **more: Any
    ) -> Ticket:
        """A new ticket; `says` is more about its first comment, `more` about the ticket."""
        now = self.clock()
        found = Ticket(
            id=self.next_id(),
            subject=subject,
            requester=requester,
            created_at=now,
            updated_at=now,
            **more,
        )
        self.tickets[found.id] = found
        self.comment(found, requester, text, **{"channel": found.channel, **(says or {})})
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
        flags: Iterable[int] = (),
        attachments: int = 0,
    ) -> Comment:
        """What anybody says, with no effect on the ticket's status."""
        said = self.drafted(author, text, html or _html(text), public=public, channel=channel)
        said.flags, said.attachments = tuple(flags), attachments
        self.update(ticket, author, comment=said, channel=channel)
        return said

    def reply(self, ticket: Ticket, text: str, **more: Any) -> Ticket:
        """What the requester answers by mail: it opens the ticket again, or begins one that
        follows it, where it is closed. Returns the ticket that the reply is in."""
        if ticket.status in {"closed", "deleted"}:
            title = f"Re: {ticket.subject}"
            return self.ticket(
                ticket.requester, title, text, says=more, tags=ticket.tags, follows=ticket.id
            )
        author = more.pop("author", ticket.requester)
        channel = more.pop("channel", "email")
        said = self.drafted(
            author, text, more.pop("html", "") or _html(text), public=True, channel=channel
        )
        said.flags = tuple(more.pop("flags", ()))
        said.attachments = more.pop("attachments", 0)
        opened = {"status": "open"} if ticket.status in {"pending", "hold", "solved"} else {}
        self.update(ticket, author, comment=said, changes=opened, channel=channel)
        return ticket

    def change(self, ticket: Ticket, **changes: Any) -> None:
        """Such as status="solved", which notes when; "deleted" leaves a trace in the export."""
        by = changes.pop("by", None) or ticket.requester
        self.update(ticket, by, changes=changes, channel="web", always=True)

    def merge(self, source: Ticket, target: Ticket, by: Person) -> None:
        """Closes one ticket for another, with a note in both."""
        note = f"Request #{source.id} was closed and merged into this request."
        self.update(target, by, comment=self.drafted(by, note, _html(note), public=False))
        note = f"This request was closed and merged into request #{target.id}."
        audit = self.update(
            source,
            by,
            comment=self.drafted(by, note, _html(note), public=False),
            changes={"status": "closed", "tags": (*source.tags, MERGED)},
        )
        self.heard(Happening(ticket=source, audit=audit, kind="merged", into=target.id))

    def delete(self, ticket: Ticket, by: Person) -> None:
        audit = self.update(ticket, by, changes={"status": "deleted"}, always=True)
        self.heard(Happening(ticket=ticket, audit=audit, kind="deleted"))

    def rate(self, ticket: Ticket, score: str, comment: str = "") -> None:
        """What the requester thinks of it: "good" or "bad"."""
        ticket.rating_comment = comment
        self.update(ticket, ticket.requester, changes={"score": score}, channel="web")

    # --- What is written down

    def drafted(
        self, author: Person, text: str, html: str, *, public: bool, channel: str = "web"
    ) -> Comment:
        """A comment that is in no ticket yet."""
        return Comment(
            id=self.next_id(),
            author=author,
            text=text,
            html=html,
            public=public,
            created_at=self.clock(),
            channel=channel,
        )

    def update(
        self,
        ticket: Ticket,
        author: Person,
        *,
        comment: Comment | None = None,
        changes: Mapping[str, Any] | None = None,
        custom: Json | None = None,
        channel: str = "web",
        always: bool = False,
    ) -> Audit:
        """One update. Where it says and changes nothing there is no audit of it (`always`: there
        is), and its metadata is lost."""
        made = [
            Change(field=name, before=getattr(ticket, name), after=value)
            for name, value in (changes or {}).items()
            if getattr(ticket, name) != value
        ]
        audit = Audit(
            id=self.next_id(),
            author=author,
            created_at=self.clock(),
            channel=channel,
            comment=comment,
            changes=made,
            custom=dict(custom or {}),
            created=not ticket.audits,
        )
        if not made and comment is None and not always:
            return audit
        for each in made:
            setattr(ticket, each.field, each.after)
        if any(each.field == "status" and each.after == "solved" for each in made):
            ticket.solved_at = self.clock()
        if comment is not None:
            comment.audit_id, comment.custom = audit.id, audit.custom
            ticket.comments.append(comment)
        ticket.audits.append(audit)
        ticket.updated_at = self.clock()
        self.people.setdefault(author.id, author)
        if all(change.after != "deleted" for change in made):
            self.heard(Happening(ticket=ticket, audit=audit))
        return audit


def _html(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>"

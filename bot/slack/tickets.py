"""What Zendesk is asked for from Slack: a ticket that people take a question over in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import TicketUnsettled
from bot.slack.posting import SETTLING
from connectors.errors import WriteUncertain
from connectors.zendesk.conversation import NotWritten, TicketChange
from connectors.zendesk.opening import NewTicket

if TYPE_CHECKING:
    from bot.triage.models import RoutingTag
    from connectors.zendesk.desk import TicketDesk

HANDED_OFF = "supportbot_handoff"
_RESOLVED = "<p>This was resolved in Slack.</p>"
_ENDED = frozenset({"solved", "closed"})


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketRequest:
    """A ticket to open. `key` makes it one, however often it is asked for; `html` is an internal
    note; `requester` is an e-mail address, "" where it is not known."""

    key: str
    subject: str
    html: str
    requester: str
    routing_tag: str


class Tickets:
    """The tickets of one account, for one thread. `tag` gives a routing tag by its name."""

    def __init__(
        self,
        *,
        desk: TicketDesk,
        tag: Callable[[str], RoutingTag | None],
    ) -> None:
        self._desk = desk
        self._tag = tag

    def open(self, request: TicketRequest) -> int:
        """The number of the ticket that was opened, now or before. Raises TicketUnsettled where
        nobody knows whether it was, and ConnectorError."""
        tag = self._tag(request.routing_tag) if request.routing_tag else None
        fields = tag.custom_fields if tag else {}
        ticket = NewTicket(
            key=request.key,
            subject=request.subject,
            html=request.html,
            requester=request.requester,
            tags=frozenset({HANDED_OFF, *([tag.name] if tag else [])}),
            group_id=tag.group_id if tag else None,
            priority=tag.priority if tag else None,
            custom_fields={int(key): value for key, value in fields.items() if key.isdecimal()},
        )
        try:
            return self._desk.open(ticket)
        except WriteUncertain as error:
            raise TicketUnsettled(str(error), after=SETTLING) from error

    def solve(self, number: int, *, key: str) -> None:
        """Ends the ticket, unless it has ended or is gone. Raises as above."""
        ticket = self._desk.conversation(number)
        if ticket is None or ticket.status in _ENDED:
            return
        try:
            change = TicketChange(marker=key, html=_RESOLVED, status="solved")
            written = self._desk.write(ticket, change)
        except WriteUncertain as error:
            raise TicketUnsettled(str(error), after=SETTLING) from error
        if isinstance(written, NotWritten) and written.why == "changed":
            raise TicketUnsettled(f"Ticket {number} was changed just now.")

    def url(self, number: int) -> str:
        """Where agents open it."""
        return self._desk.address(number)

"""One ticket, from what a customer wrote to its one outcome at Zendesk.

The event that led here is only a hint: what is to be done is read off the ticket and the books,
so that doubled, late, reordered and lost events all come to the same. What is written is first
announced in the books and carries a marker; every update is refused by Zendesk when the ticket
changed since it was read. So after a crash or a time-out the ticket tells whether the update
arrived, and a late one and its repetition cannot both get in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from bot.errors import TicketUnsettled
from bot.models import OutcomeKind
from bot.queue import shown_draft_job
from bot.zendesk.approving import sent_as
from bot.zendesk.forgotten import forgotten_in
from bot.zendesk.turns import Turn, Why
from connectors.errors import ConnectorError, WriteUncertain
from connectors.zendesk.conversation import NotWritten, Written
from indexing.locking import alone

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg_pool import ConnectionPool

    from bot.queue import Queue
    from bot.zendesk.approving import Approvals
    from bot.zendesk.deciding import Decider
    from bot.zendesk.feedback import Verdict
    from bot.zendesk.resolutions import Resolutions
    from bot.zendesk.turns import Past, Turns
    from connectors.zendesk.conversation import Conversation, TicketChange
    from connectors.zendesk.desk import TicketDesk

log = logging.getLogger(__name__)

LATELY = timedelta(hours=1)

# No request is under way for longer: after that, an update that is not in the ticket never will be.
SETTLING = timedelta(seconds=45)

FRESH = timedelta(seconds=1)
"""After so long a ticket that was read is looked at again before it is written."""

# A ticket that changes faster than it can be answered is looked at again later.
_ATTEMPTS = 4


class Decide(Protocol):
    """What becomes of a ticket as it is now: the turn to write, or None for nothing."""

    def __call__(self, ticket: Conversation, past: Past, *, bot_id: int) -> Turn | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Attended:
    """What one look at a ticket led to: the turn that has its outcome now, or None where nothing
    was waiting for one."""

    turn: Turn | None = None


class Attendant:
    """Gives every message of a customer its outcome. One for each worker thread."""

    def __init__(
        self,
        *,
        pool: ConnectionPool,
        desk: TicketDesk,
        turns: Turns,
        resolutions: Resolutions,
        decider: Decider,
        approvals: Approvals,
        queue: Queue,
        settling: timedelta = SETTLING,
        fresh: timedelta = FRESH,
    ) -> None:
        self._pool = pool
        self._desk = desk
        self._turns = turns
        self._resolutions = resolutions
        self._decider = decider
        self._approvals = approvals
        self._queue = queue
        self._settling = settling
        self._fresh = fresh.total_seconds()

    def attend(self, ticket_id: int) -> Attended:
        """Raises TicketUnsettled when it must be looked at again later, ConnectorError where
        Zendesk cannot be read or written now, and psycopg.OperationalError without a database:
        nothing is lost then, and nothing is done twice when it is called again."""
        with self._alone(ticket_id):
            return self._look(ticket_id, self._decider.decide)

    def look(self, ticket_id: int, decide: Decide) -> Attended:
        """What somebody else decides about the ticket as it is now. Raises as above."""
        with self._alone(ticket_id):
            return self._look(ticket_id, decide)

    def judge(self, verdict: Verdict) -> Attended:
        """What follows from a yes or no behind a link in a reply. Raises as `attend` does."""
        with self._alone(verdict.ticket_id):
            return self._look(verdict.ticket_id, partial(self._decider.decide, verdict=verdict))

    def send(self, ticket_id: int, draft_id: UUID) -> Attended:
        """Sends a draft that a person approved, or notes why it is too late. Raises as above."""
        with self._alone(ticket_id):
            attended = self._look(ticket_id, partial(self._approvals.turn, draft_id))
        turn = attended.turn
        ours = turn is not None and turn.id == sent_as(draft_id)
        sent = ours and turn is not None and turn.outcome is OutcomeKind.ANSWERED
        self._approvals.ended(draft_id, sent=sent)
        return attended

    def _look(self, ticket_id: int, decide: Decide) -> Attended:
        refused = False  # whether Zendesk itself said that our last update is not in the ticket
        ended: Turn | None = None
        for _ in range(_ATTEMPTS):
            past = self._turns.past(ticket_id, lately=LATELY)
            ticket = self._desk.conversation(ticket_id)
            if ticket is None:
                return self._gone(past)
            read_at = time.monotonic()
            first, last = self._people_in(ticket)
            self._resolutions.seen(ticket, human_at=first, replied_at=last)
            if past.sending is not None:
                ended = self._resumed(ticket, past.sending, under_way=not refused) or ended
                continue
            past = self._remembered(ticket, past)
            told = self._turns.replies_to(ticket.requester.id, lately=LATELY)
            past = replace(past, replies_to_requester=told)
            turn = decide(ticket, past, bot_id=self._desk.bot_id)
            if turn is None:
                return Attended(turn=ended)
            if not turn.changes:
                self._settle(turn)
                return Attended(turn=turn)
            if self._unchanged(ticket, read_at):
                self._turns.announce(turn)
                if written := self._write(ticket, turn, turn.changes):
                    return Attended(turn=written)
                refused = True
        raise TicketUnsettled(f"Ticket {ticket_id} changes faster than it can be answered.")

    def _unchanged(self, ticket: Conversation, read_at: float) -> bool:
        """Whether the ticket is still as it was when the answer was begun. Right after it was read
        the safe update itself tells, without another request."""
        if ticket.settled and time.monotonic() - read_at < self._fresh:
            return True
        state = self._desk.state(ticket.ticket_id)
        return state is not None and not state.follows(ticket)

    def _write(
        self, ticket: Conversation, turn: Turn, changes: Sequence[TicketChange]
    ) -> Turn | None:
        """Writes what is announced; returns the turn with the outcome that it has now. None when
        somebody was faster: look at it anew then."""
        for number, change in enumerate(changes):
            try:
                written = self._desk.write(ticket, change)
            except WriteUncertain as error:
                raise TicketUnsettled(
                    f"Nobody knows whether an update of ticket {ticket.ticket_id} arrived: {error}",
                    after=self._settling,
                ) from error
            except ConnectorError:
                if number == 0 and len(changes) == len(turn.changes):
                    self._turns.withdraw(turn)  # it was certainly not written
                raise
            if isinstance(written, NotWritten):
                if written.why == "changed":
                    return None
                if number or len(changes) < len(turn.changes):
                    break  # what is written of it stays its outcome
                return self._end(turn)
            ticket = _after(ticket, change, written)
        self._arrive(turn, left=ticket)
        return turn

    def _resumed(self, ticket: Conversation, turn: Turn, *, under_way: bool) -> Turn | None:
        """Finds out what arrived of a turn that was on its way. Returns it where it has its
        outcome now, and None where the ticket is to be looked at anew. An update may still be
        `under_way` unless Zendesk answered the last one."""
        missing = [
            each
            for each in turn.changes
            if self._desk.find_marker(ticket.ticket_id, each.marker) is None
        ]
        if not missing:
            self._arrive(turn)
            return None  # there may be more to do
        if under_way and turn.announced_for < self._settling:
            raise TicketUnsettled(
                f"An update of ticket {ticket.ticket_id} may still be on its way.",
                after=self._settling - turn.announced_for,
            )
        if len(missing) == len(turn.changes):
            self._turns.withdraw(turn)
            return None
        return self._write(ticket, turn, missing)

    def _remembered(self, ticket: Conversation, past: Past) -> Past:
        """With what the ticket tells of and the books have forgotten."""
        while (turn := forgotten_in(ticket, past, bot_id=self._desk.bot_id)) is not None:
            ids = {"action": "ticket_remember", "turn": str(turn.id)}
            log.warning("The books did not know of what stands in the ticket.", extra=ids)
            self._turns.announce(turn)
            self._arrive(turn)
            past = self._turns.past(ticket.ticket_id, lately=LATELY)
        return past

    def _gone(self, past: Past) -> Attended:
        """A ticket that was deleted: what was on its way is moot."""
        if past.sending is None:
            return Attended()
        return Attended(turn=self._end(past.sending))

    def _settle(self, turn: Turn) -> None:
        with self._pool.connection() as connection:
            self._turns.settle(turn, connection=connection)

    def _arrive(self, turn: Turn, *, left: Conversation | None = None) -> None:
        """`left` is the ticket as the last update left it, where that is known."""
        with self._pool.connection() as connection:
            self._turns.arrived(turn, connection=connection)
            if left is not None:
                self._resolutions.left(left, connection=connection)
            if turn.outcome is OutcomeKind.ANSWERED:
                self._resolutions.answered(turn.ticket_id, connection=connection)
            elif turn.outcome is OutcomeKind.HANDED_OFF:
                self._resolutions.handed_off(turn.ticket_id, connection=connection)
            elif turn.why is Why.CONFIRMED:
                self._resolutions.judged(turn.ticket_id, helped=True, connection=connection)
            if turn.outcome is OutcomeKind.DRAFTED:
                self._queue.enqueue(shown_draft_job(turn.id), connection=connection)

    def _end(self, turn: Turn) -> Turn:
        """The ticket was closed or deleted before anything could be said in it. Returns the turn
        as it has ended."""
        self._turns.withdraw(turn)
        ended = replace(
            turn,
            outcome=OutcomeKind.IGNORED,
            reason=None,
            why=Why.TICKET_ENDED,
            changes=(),
        )
        self._settle(ended)
        return ended

    def _people_in(self, ticket: Conversation) -> tuple[datetime | None, datetime | None]:
        """When a person first replied to the customer after the bot had, and when last at all."""
        bot = self._desk.bot_id
        public = [each for each in ticket.messages if each.public]
        ours = next((each for each in public if each.author.id == bot), None)
        staff = [each for each in public if each.author.is_staff and each.author.id != bot]
        after = [
            each.created_at
            for each in staff
            if ours is not None and (each.created_at, each.id) > (ours.created_at, ours.id)
        ]
        return after[0] if after else None, staff[-1].created_at if staff else None

    def _alone(self, ticket_id: int) -> AbstractContextManager[object]:
        """The queue runs one job of a ticket at a time; this holds also where a worker that was
        taken for dead is only slow."""
        busy = f"Ticket {ticket_id} is being answered already."
        return alone(self._pool, "ticket", str(ticket_id), otherwise=lambda: TicketUnsettled(busy))


def _after(ticket: Conversation, change: TicketChange, written: Written) -> Conversation:
    """The ticket as our own update left it."""
    return replace(
        ticket,
        stamp=written.stamp or ticket.stamp,
        comment_count=(
            None if ticket.comment_count is None else ticket.comment_count + bool(change.html)
        ),
        tags=(ticket.tags | change.add_tags) - change.remove_tags,
        status=change.status or ticket.status,
    )

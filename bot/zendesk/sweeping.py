"""What webhooks lost: a look, every minute or so, at which tickets have changed.

Goes on where it stopped, however long that is ago. Tickets that are as the bot last saw or wrote
them are passed over, so that its own answers cost no further request.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.db import clock
from bot.queue import Priority
from bot.zendesk.errands import ticket_job
from bot.zendesk.resolutions import ENDED
from connectors.errors import RequestRejected

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.queue import Queue
    from connectors.zendesk.conversation import TicketState
    from connectors.zendesk.desk import ChangedTickets, TicketDesk

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(hours=1)
"""What the first sweep takes in, and one whose place is no longer known."""

_WANTED = "SELECT EXISTS (SELECT FROM ticket_policies WHERE mode <> 'off' AND share > 0)"

_PLACE = "SELECT cursor, swept_at FROM ticket_sweeps WHERE account = %s"

_BEGIN = """
INSERT INTO ticket_sweeps (account, cursor, bot_id) VALUES (%s, %s, %s)
ON CONFLICT (account) DO NOTHING
"""

# Should two sweep at once, the one whose place was moved meanwhile stops.
_GO_ON = """
UPDATE ticket_sweeps SET cursor = %s, bot_id = %s, swept_at = now()
WHERE account = %s AND cursor = %s
"""

_FORGET = "DELETE FROM ticket_sweeps WHERE account = %s"

_KNOWN = "SELECT ticket_id, stamp, comments, status FROM tickets WHERE ticket_id = ANY(%s)"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """How a ticket was when the bot last had to do with it."""

    stamp: str
    comments: int | None
    status: str

    def is_still(self, state: TicketState) -> bool:
        """Whether nothing was said since. A second is long, so comments are counted where that
        is told; a solved ticket that Zendesk closes by itself says nothing new."""
        counted = None not in {self.comments, state.comment_count}
        if counted and self.comments != state.comment_count:
            return False
        closed = state.status == "closed" and self.status in ENDED
        return closed or (state.stamp, state.status) == (self.stamp, self.status)


class TicketSweep:
    """Sweeps one account. `account` is its name, `desk` may be used by one thread."""

    def __init__(
        self,
        *,
        pool: ConnectionPool,
        queue: Queue,
        desk: TicketDesk,
        account: str,
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._desk = desk
        self._account = account

    def run(self) -> int:
        """Enqueues a look at every ticket that changed, in the transaction that moves the place;
        returns how many. Does nothing, and keeps no place, while no policy answers any ticket:
        what lay there before the bot was switched on is not its business. Raises ConnectorError
        where Zendesk cannot be asked now: the next sweep goes on from the same place."""
        with self._pool.connection() as connection:
            if not _row(connection, _WANTED)[0]:
                connection.execute(_FORGET, (self._account,))
                return 0
            place = connection.execute(_PLACE, (self._account,)).fetchone()
            swept_at = place[1] if place else clock.now(connection)
        cursor, enqueued = (place[0] if place else ""), 0
        for page in self._pages(cursor, swept_at):
            looked_at = self._take(page, before=cursor, is_first=place is None)
            if looked_at is None:
                log.info("Another sweep goes on.", extra={"action": "ticket_sweep"})
                break
            cursor, place, enqueued = page.cursor, (page.cursor,), enqueued + looked_at
        return enqueued

    def _pages(self, cursor: str, swept_at: datetime) -> Iterator[ChangedTickets]:
        start = int((swept_at - LOOK_BACK).timestamp())
        if cursor:
            try:
                yield from self._desk.changed_since(cursor=cursor)
            except RequestRejected:  # a cursor that is too old
                log.warning("The sweep begins anew.", extra={"action": "ticket_sweep"})
            else:
                return
        yield from self._desk.changed_since(start=start)

    def _take(self, page: ChangedTickets, *, before: str, is_first: bool) -> int | None:
        """How many were enqueued; None where somebody else was here."""
        bot = self._desk.bot_id
        with self._pool.connection() as connection:
            if is_first:
                moved = connection.execute(_BEGIN, (self._account, page.cursor, bot))
            else:
                moved = connection.execute(_GO_ON, (page.cursor, bot, self._account, before))
            if not moved.rowcount:
                return None
            changed = _changed(connection, page.tickets)
            for each in changed:
                job = ticket_job(each.ticket_id, delay=timedelta(), priority=Priority.SCHEDULED)
                self._queue.enqueue(job, connection=connection)
            return len(changed)


def _changed(
    connection: Connection[Any], tickets: Sequence[TicketState]
) -> tuple[TicketState, ...]:
    rows = connection.execute(_KNOWN, ([each.ticket_id for each in tickets],)).fetchall()
    known = {row[0]: _Known(stamp=row[1], comments=row[2], status=row[3]) for row in rows}
    return tuple(
        each
        for each in tickets
        if each.ticket_id not in known or not known[each.ticket_id].is_still(each)
    )


def _row(connection: Connection[Any], statement: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(statement).fetchone()
    assert row is not None  # noqa: S101 - EXISTS gives one row
    return row

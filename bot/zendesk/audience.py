"""What the requester of a ticket may read. Unknown means public.

A reply goes to the requester's own address whoever wrote the message, so what counts is the
requester; but it goes to everybody in copy as well, and then only public knowledge is used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from connectors.errors import PermissionMissing
from indexing.models import Reader

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from connectors.zendesk.conversation import Conversation

log = logging.getLogger(__name__)

# Mail that may not be from whom it says, or not part of the conversation.
# https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#comment-flags
UNTRUSTED = frozenset({0, 2, 3, 14})

_RESTRICTED = "SELECT EXISTS (SELECT FROM documents WHERE NOT audience && '{public,agents}')"


class Audiences:
    """Asks Zendesk for the requester's segments, and only where something is restricted to any:
    not kept, because who leaves a segment must not read on."""

    def __init__(
        self, *, pool: ConnectionPool, segments_of: Callable[[int], frozenset[str]]
    ) -> None:
        self._pool = pool
        self._segments_of = segments_of

    def reader(self, ticket: Conversation) -> Reader:
        """Raises ConnectorError when the segments cannot be had now. Credentials that may not
        ask for them mean that they are not known."""
        if not _known(ticket) or not self._anything_restricted():
            return Reader.customer()
        try:
            segments = self._segments_of(ticket.requester.id)
        except PermissionMissing as error:
            log.warning("Restricted articles are left out of answers: %s", error)
            return Reader.customer()
        return Reader.signed_in_customer(*segments)

    def _anything_restricted(self) -> bool:
        with self._pool.connection() as connection:
            row = connection.execute(_RESTRICTED).fetchone()
        return bool(row and row[0])


def _known(ticket: Conversation) -> bool:
    person = ticket.requester
    own = [each for each in ticket.messages if each.author.id == person.id]
    return (
        not person.is_staff
        and not person.suspended
        and not ticket.others - {person.id}
        and all(UNTRUSTED.isdisjoint(each.flags) for each in own)
    )

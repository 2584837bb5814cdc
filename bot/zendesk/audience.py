"""What the requester of a ticket may read. Unknown means public.

A reply goes to the requester's own address whoever wrote the message, so what counts is the
requester; but it goes to everybody in copy as well, and then only public knowledge is used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from connectors.errors import PermissionMissing
from indexing.models import Audience, Reader

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from connectors.zendesk.conversation import Conversation
    from indexing.models import Passage

log = logging.getLogger(__name__)

# Mail that may not be from whom it says, or not part of the conversation.
# https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#comment-flags
UNTRUSTED = frozenset({0, 2, 3, 14})

Found = Callable[[Reader], Sequence["Passage"]]
"""What a reader would be answered from."""

_SEGMENTS = """
SELECT coalesce(array_agg(DISTINCT label), '{}')
FROM documents, unnest(audience) AS label
WHERE NOT audience && '{public,agents}' AND label LIKE 'segment:%'
"""


class Audiences:
    """Asks Zendesk for the requester's segments, and only where that may change the answer: not
    kept, because who leaves a segment must not read on."""

    def __init__(
        self, *, pool: ConnectionPool, segments_of: Callable[[int], frozenset[str]]
    ) -> None:
        self._pool = pool
        self._segments_of = segments_of

    def reader(self, ticket: Conversation, *, found: Found) -> Reader:
        """Raises ConnectorError when the segments cannot be had now. Credentials that may not
        ask for them mean that they are not known."""
        if not _known(ticket):
            return Reader.customer()
        anybody, labels = Reader.signed_in_customer(), self._restricted()
        everybody = Reader(labels=anybody.labels | labels)
        if not labels or not _beyond(anybody, found(everybody)):
            return anybody
        try:
            segments = self._segments_of(ticket.requester.id)
        except PermissionMissing as error:
            log.warning("Restricted articles are left out of answers: %s", error)
            return Reader.customer()
        return Reader.signed_in_customer(*segments)

    def _restricted(self) -> frozenset[str]:
        """The labels of all segments that anything is restricted to."""
        with self._pool.connection() as connection:
            row = connection.execute(_SEGMENTS).fetchone()
        return frozenset(row[0] if row else ())


def _beyond(reader: Reader, passages: Sequence[Passage]) -> bool:
    """Whether the reader may not read all of them."""
    return not all(reader.may_read(Audience(labels=frozenset(each.audience))) for each in passages)


def _known(ticket: Conversation) -> bool:
    person = ticket.requester
    own = [each for each in ticket.messages if each.author.id == person.id]
    return (
        not person.is_staff
        and not person.suspended
        and not ticket.others - {person.id}
        and all(UNTRUSTED.isdisjoint(each.flags) for each in own)
    )

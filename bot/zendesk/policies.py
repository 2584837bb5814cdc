"""Which tickets are answered, and how: per brand, channel, form and intent, by the admin's rows.

Without any row nothing is answered, so that one queue and one narrow workflow can go first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.audit import SYSTEM, sign
from bot.errors import InputRejected

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor
    from connectors.zendesk.conversation import Conversation


class Mode(StrEnum):
    """What happens to a ticket: a public reply, a note with the reply for the agent, always a
    hand-off, or nothing."""

    AUTO = "auto"
    DRAFT = "draft"
    HANDOFF = "handoff"
    OFF = "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One row. A field that is None fits everything; `intent` is a routing tag. Of the tickets
    that fit, `share` percent are taken, and only of requesters who are `allowed`: e-mail
    addresses, "@domain", "organization:ID" or "tag:NAME"; empty allows everybody."""

    mode: Mode
    id: int = 0
    brand_id: int | None = None
    channel: str | None = None
    form_id: int | None = None
    intent: str | None = None
    share: int = 100
    allowed: tuple[str, ...] = ()

    @property
    def precision(self) -> tuple[int, int, int, int]:
        """What is said of an intent counts more than of a form, a channel, a brand."""
        told = (self.intent, self.form_id, self.channel, self.brand_id)
        first, second, third, fourth = (int(each is not None) for each in told)
        return first, second, third, fourth

    def fits(self, ticket: Conversation, intent: str | None) -> bool:
        """Whether this row says anything about the ticket."""
        return (
            self.brand_id in {None, ticket.brand_id}
            and self.channel in {None, ticket.channel}
            and self.form_id in {None, ticket.form_id}
            and (self.intent is None or self.intent == intent)
        )

    def takes(self, ticket: Conversation) -> bool:
        """Whether this ticket is in the share and its requester on the list. The share is drawn
        by the ticket's number: the same for every message of it, and growing the share keeps
        those that were in."""
        drawn = hashlib.sha256(str(ticket.ticket_id).encode()).digest()
        if int.from_bytes(drawn[:4]) % 100 >= self.share:
            return False
        return not self.allowed or not _marks(ticket).isdisjoint(
            each.lower() for each in self.allowed
        )


def _marks(ticket: Conversation) -> set[str]:
    person = ticket.requester
    email = person.email.lower()
    organizations = {ticket.organization_id, person.organization_id} - {None}
    return {
        email,
        f"@{email.rpartition('@')[2]}",
        *(f"organization:{each}" for each in organizations),
        *(f"tag:{each.lower()}" for each in person.tags),
    }


def requester(given: str) -> str:
    """Who may be `allowed`, as it was given. Raises InputRejected for what names nobody."""
    kind, _, value = given.partition(":")
    if "@" in given or (kind == "organization" and value.isdecimal()) or (kind == "tag" and value):
        return given
    raise InputRejected(
        f"{given} names no requesters. Give an e-mail address, @domain, organization:ID or "
        "tag:NAME."
    )


def deciding(
    policies: Sequence[Policy], ticket: Conversation, *, intent: str | None
) -> Policy | None:
    """The policy that says most about this ticket; None when none fits."""
    fitting = [each for each in policies if each.fits(ticket, intent)]
    return max(fitting, key=lambda each: each.precision, default=None)


_COLUMNS = "id, brand_id, channel, form_id, intent, mode, share, allowed"

_SET = """
INSERT INTO ticket_policies (brand_id, channel, form_id, intent, mode, share, allowed)
VALUES (%(brand_id)s, %(channel)s, %(form_id)s, %(intent)s, %(mode)s, %(share)s, %(allowed)s)
ON CONFLICT (brand_id, channel, form_id, intent) DO UPDATE SET
    mode = excluded.mode, share = excluded.share, allowed = excluded.allowed
RETURNING id
"""


class Policies:
    """The rows, in PostgreSQL. Read for every ticket: a change counts from the next one on."""

    def __init__(self, *, pool: ConnectionPool) -> None:
        self._pool = pool

    def all(self) -> tuple[Policy, ...]:
        """Every policy, the most precise first."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM ticket_policies ORDER BY id"  # noqa: S608 - a constant
            ).fetchall()
        found = [
            Policy(
                id=row[0],
                brand_id=row[1],
                channel=row[2],
                form_id=row[3],
                intent=row[4],
                mode=Mode(row[5]),
                share=row[6],
                allowed=tuple(row[7]),
            )
            for row in rows
        ]
        return tuple(sorted(found, key=lambda each: (each.precision, -each.id), reverse=True))

    def set(self, policy: Policy, *, actor: Actor = SYSTEM) -> int:
        """Stores a policy in place of the one for the same tickets, if any; returns its id.
        Raises InputRejected for a share that is no percentage."""
        if not 0 <= policy.share <= 100:
            raise InputRejected(f"The share is {policy.share}: give a percentage from 0 to 100.")
        with self._pool.connection() as connection:
            sign(connection, actor)
            row = connection.execute(
                _SET,
                {
                    "brand_id": policy.brand_id,
                    "channel": policy.channel,
                    "form_id": policy.form_id,
                    "intent": policy.intent,
                    "mode": policy.mode.value,
                    "share": policy.share,
                    "allowed": list(policy.allowed),
                },
            ).fetchone()
        return int(row[0]) if row else 0

    def remove(self, policy_id: int, *, actor: Actor = SYSTEM) -> None:
        """Raises InputRejected when there is none of this id."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            gone = connection.execute("DELETE FROM ticket_policies WHERE id = %s", (policy_id,))
        if gone.rowcount == 0:
            raise InputRejected(
                f"There is no policy {policy_id}. `supportbot zendesk policies` lists them."
            )

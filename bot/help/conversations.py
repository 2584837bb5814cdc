"""What belongs together on the help page: the questions of one visitor, one after the other.

There is no cookie and no session. The page carries the numbers of its questions, signed, so that
nobody rates or hands on what somebody else asked.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from itsdangerous import BadData, URLSafeTimedSerializer

from bot.models import OutcomeKind, Turn
from bot.recorded import recorded

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.models import Outcome

    Pool = ConnectionPool[Connection[Any]]

PURPOSE = "help"
VALID_SECONDS = 24 * 3600
LONGEST = 8
"""Questions of one conversation; earlier ones are let go of."""

_REMEMBERED = 3

_KEYS = "SELECT key FROM signing_keys WHERE purpose = %s ORDER BY id"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('signing_keys'))"
_NEW_KEY = "INSERT INTO signing_keys (purpose, key) VALUES (%s, %s)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """One visitor's, from the first question on."""

    id: UUID = field(default_factory=uuid4)
    questions: tuple[UUID, ...] = ()

    def with_one_more(self, question: UUID) -> Conversation:
        """The same, gone on."""
        return Conversation(id=self.id, questions=(*self.questions, question)[-LONGEST:])


class Tokens:
    """Writes conversations into pages and reads them back. `keys` gives those of now."""

    def __init__(self, *, keys: Callable[[], Sequence[bytes]]) -> None:
        self._keys = keys

    def of(self, conversation: Conversation) -> str:
        """What the page carries."""
        told = [str(conversation.id), *map(str, conversation.questions)]
        return str(self._serializer().dumps(told))

    def read(self, token: str) -> Conversation | None:
        """None for what is not ours, or a day old."""
        try:
            first, *others = self._serializer().loads(token, max_age=VALID_SECONDS)
            return Conversation(id=UUID(first), questions=tuple(map(UUID, others)))
        except (BadData, TypeError, ValueError, AttributeError):
            return None

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer([each.hex() for each in self._keys()], salt=PURPOSE)


def signing_keys(pool: Pool) -> tuple[bytes, ...]:
    """The keys of this purpose, the newest last; the first is made when there is none."""
    with pool.connection() as connection:
        rows = connection.execute(_KEYS, (PURPOSE,)).fetchall()
        if not rows:
            connection.execute(_LOCK)
            rows = connection.execute(_KEYS, (PURPOSE,)).fetchall()
        if not rows:
            rows = [(secrets.token_bytes(32),)]
            connection.execute(_NEW_KEY, (PURPOSE, rows[0][0]))
    return tuple(bytes(row[0]) for row in rows)


def history(pool: Pool, conversation: Conversation) -> tuple[Turn, ...]:
    """What was said before, as the next answer takes it into account."""
    turns: list[Turn] = []
    for number in conversation.questions[-_REMEMBERED:]:
        if (known := recorded(pool, number)) is not None:
            turns.append(Turn(speaker="customer", text=known.question.text))
            said = told(known.outcome)
            turns += [Turn(speaker="bot", text=said)] if said else []
    return tuple(turns)


def told(outcome: Outcome) -> str:
    """The answer that the visitor read, "" where there was none: nobody is there to approve a
    draft, so that it was not shown."""
    if outcome.kind is not OutcomeKind.ANSWERED:
        return ""
    return " ".join(each.text for each in outcome.statements)

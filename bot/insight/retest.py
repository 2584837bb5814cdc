"""Asks a question on record again: after a fix, does the bot answer it rightly now?

As the same reader, of the same sources, in the same words, after the same conversation; nothing is
sent, and it counts as no question. An answer that was sent or drafted is checked claim by claim
again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from bot.models import OutcomeKind

if TYPE_CHECKING:
    from bot.models import Outcome, Question
    from bot.support import SupportDesk


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What is other now. `newly_cited` and `no_longer_cited` are titles of documents in the order
    of the answers; `same_words` is whether the statements are the same."""

    was_answered: bool
    is_answered: bool
    newly_cited: tuple[str, ...]
    no_longer_cited: tuple[str, ...]
    same_words: bool

    @property
    def is_none(self) -> bool:
        """Whether nothing that a customer sees has changed."""
        return self.was_answered == self.is_answered and self.same_words


def asked_again(desk: SupportDesk, question: Question) -> Outcome:
    """What the question's outcome would be now. `desk` must be one that records nothing."""
    return desk.respond(replace(question, id=uuid4()))


def difference(before: Outcome, after: Outcome) -> Difference:
    """What has changed from one outcome of a question to another."""
    then, now = _cited(before), _cited(after)
    return Difference(
        was_answered=before.kind in _ANSWERS,
        is_answered=after.kind in _ANSWERS,
        newly_cited=tuple(now[each] for each in now if each not in then),
        no_longer_cited=tuple(then[each] for each in then if each not in now),
        same_words=[each.text for each in before.statements]
        == [each.text for each in after.statements],
    )


_ANSWERS = frozenset({OutcomeKind.ANSWERED, OutcomeKind.DRAFTED})


def _cited(outcome: Outcome) -> dict[str, str]:
    return {one.document_id: one.title for each in outcome.statements for one in each.citations}

"""Whether what is left of an answer still answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answering.checking.lexicons import folded
from bot.answering.relevance import content_words, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.models import Statement

_KEPT = 0.75  # of the question's telling words that the draft held


def still_answers(question: str, *, given: Sequence[Statement], sent: Sequence[Statement]) -> bool:
    """False where nothing is left, or where what was removed held the point of the question:
    too many of the words asked about, or all the figures of an answer that began with one."""
    if not sent:
        return False
    if len(sent) == len(given):
        return True
    asked = frozenset(content_words(question))
    before = asked & _told(given)
    if before and len(asked & _told(sent)) < _KEPT * len(before):
        return False
    return not (_has_figure(given[0]) and not any(_has_figure(each) for each in sent))


def _told(statements: Sequence[Statement]) -> frozenset[str]:
    """The words of the statements and of what they quote."""
    return frozenset(
        word
        for each in statements
        for text in (each.text, *(citation.quote for citation in each.citations))
        for word in words(text)
    )


def _has_figure(statement: Statement) -> bool:
    return any(char.isdigit() for char in folded(statement.text))

"""What a question that follows another is looked up with, and whether what is found is about it.

"And on boots?" asks nothing by itself, so it is looked up together with the question before it.
But then the question before it finds its own passages again, with all their evidence, whatever the
new one asks: "Is there a charger?" must not be answered from what carries the return of a jacket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answering.relevance import subjects
from indexing.lexical import language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.models import Turn
    from indexing.models import Passage

# So many words say what they are about.
_LEANS_BELOW_WORDS = 8

# What people say of an answer rather than of a matter.
_OF_AN_ANSWER = frozenset(
    [
        "certain",
        "clear",
        "correct",
        "else",
        "mean",
        "ok",
        "okay",
        "right",
        "same",
        "sorry",
        "sure",
        "true",
        "yes",
    ]
)

# Of the subjects that the conversation did not have, so many are in what is found.
_ENOUGH = 0.5


def leant_on(text: str, history: Sequence[Turn]) -> str:
    """The customer's message that this question cannot be understood without, as far as its
    length tells; nothing where it stands by itself."""
    before = [turn.text for turn in history if turn.speaker == "customer"]
    return before[-1] if before and len(text.split()) < _LEANS_BELOW_WORDS else ""


def is_about(text: str, before: str, passages: Sequence[Passage], locale: str) -> bool:
    """Whether what was found for both is about the new question too: that its subjects, beyond
    those of the one `before`, are named there. Nobody can tell where no passage is in the language
    that it is asked in."""
    new = subjects(text) - subjects(before) - _OF_AN_ANSWER
    read = [each for each in passages if language_of(each.locale) == language_of(locale)]
    if not new or not read:
        return True
    named = {
        word
        for each in read
        for word in subjects(" ".join((each.title, *each.heading_path, each.text)))
    }
    return len(new & named) >= _ENOUGH * len(new)

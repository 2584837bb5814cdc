"""A reply as a model should learn to write it: facts from its passages only, each sentence with
the numbers of those that carry it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.answering.checking import check
from bot.answering.markers import content, statements_of
from bot.answering.prompts import MARKERS, NO_ANSWER
from bot.answering.relevance import content_words, overlap, words
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answering.base import AnswerRequest
    from indexing.models import Passage

NOT_CARRIED = "a sentence that no passage carries"
REFUSED = "a sentence that the claim check refuses"
UNFIT = frozenset({NOT_CARRIED, REFUSED})

_MARKS = re.compile(r"\s*\[\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*\]")
_END = re.compile(r"([.!?…。！？]*)\s*$")  # noqa: RUF001 - full-width marks


def carried_text(text: str, passages: Sequence[Passage]) -> str:
    """The text with markers, checked as the `markers` engine checks what a model writes; "" where
    a sentence is carried by no passage."""
    lines = []
    for line in text.splitlines():
        marked = [_marked(each, passages) for each in sentences(unmarked(line).strip())]
        if not all(marked):
            return ""
        if marked:
            lines.append(" ".join(marked))
    return "\n".join(lines)


def learnable(text: str, passages: Sequence[Passage], *, question: str, locale: str) -> str:
    """The text with markers, or one of UNFIT: why a model must not learn it. The claim check is
    the one that every answer goes through before it is sent: what it takes out (another figure, a
    promise, a word on the customer's own case) must not be learned."""
    carried = carried_text(text, passages)
    if not carried:
        return NOT_CARRIED
    said = statements_of(carried, passages)
    found = (each.finding for each in check(said, passages, question, locale).verdicts)
    return REFUSED if any(each is not None and not each.slight for each in found) else carried


def unmarked(text: str) -> str:
    """The text without the numbers of its sources."""
    return _MARKS.sub("", text)


def messages(request: AnswerRequest, reply: str) -> list[dict[str, str]]:
    """The conversation that a model learns from: word for word what the `markers` engine sends,
    and the reply; without one, that the sources hold no answer."""
    return [
        {"role": "system", "content": MARKERS.text},
        {"role": "user", "content": content(request.passages, request)},
        {"role": "assistant", "content": reply or NO_ANSWER},
    ]


def _marked(sentence: str, passages: Sequence[Passage]) -> str:
    """The sentence with the number of the passage that carries most of it, the first of several;
    "" if there is none."""
    telling = content_words(sentence)
    carried = {}
    for number in range(1, len(passages) + 1):
        marked = _END.sub(rf" [{number}]\1", sentence, count=1)
        quotes = [each.quote for said in statements_of(marked, passages) for each in said.citations]
        if quotes:
            carried[marked] = overlap(telling, words(" ".join(quotes)))
    return max(carried, key=carried.__getitem__, default="")

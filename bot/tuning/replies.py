"""A reply as a model should learn to write it: facts from its passages only, each sentence with
the numbers of those that carry it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.answering.markers import content, statements_of
from bot.answering.prompts import MARKERS, NO_ANSWER
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answering.base import AnswerRequest
    from indexing.models import Passage

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
    """The sentence with the number of the first passage that carries it; "" if there is none."""
    for number in range(1, len(passages) + 1):
        marked = _END.sub(rf" [{number}]\1", sentence, count=1)
        if statements_of(marked, passages):
            return marked
    return ""

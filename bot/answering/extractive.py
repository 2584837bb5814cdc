"""Answers without a model: the sentences of the passages that answer, in the author's words.

Every statement is a piece of a passage and cites exactly that piece, so it can be incomplete but
never unsupported. This is what answers when no key is set, and when the model is down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answering.base import AnswerRequest, Draft, NoDraft, OnStatement
from bot.answering.candidates import Candidate, candidates
from bot.answering.citations import citation
from bot.answering.composition import composed
from bot.models import HandoffReason, Statement

if TYPE_CHECKING:
    from bot.answering.base import AnswerRequest, OnStatement
    from bot.answering.candidates import Candidate

VERSION = "extractive-1"
_FLOOR = 0.16  # of the question's weight in words: less is no answer ...
_SIMILAR = 0.45  # ... unless the passage as a whole is this close (cosine)


class ExtractiveEngine:
    """Picks and orders sentences by their words, their headings and their passage's score.

    Embedding the sentences as well was measured: it finds no more answers, at ten times the time.
    """

    name = "extractive"

    def answer(
        self, request: AnswerRequest, *, on_statement: OnStatement | None = None
    ) -> Draft | NoDraft:
        """A Draft whose every quote is its statement's own words, or why there is none."""
        found = candidates(request)
        if not any(_carries(each) for each in found):
            return NoDraft(
                reason=HandoffReason.MISSING_KNOWLEDGE,
                detail="No sentence of the passages has enough to do with the question.",
                prompt_version=VERSION,
            )
        statements = tuple(
            Statement(text=piece.text, citations=(citation(piece.passage, piece.quote),))
            for piece in composed(request.question, found)
        )
        if on_statement is not None:
            for statement in statements:
                on_statement(statement)
        return Draft(statements=statements, prompt_version=VERSION)


def _carries(candidate: Candidate) -> bool:
    return candidate.cover >= _FLOOR or candidate.passage.dense >= _SIMILAR

"""The source's own sentence in place of a statement that says something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.answering.checking.claims import speak_alike
from bot.answering.checking.sources import tokens
from bot.answering.checking.verdicts import Fault
from bot.answering.citations import citation
from bot.answering.composition import DANGLING
from bot.answering.units import plain
from bot.models import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.answering.checking.claims import Claim
    from bot.answering.checking.sources import Evidence, Piece
    from bot.answering.checking.verdicts import Finding

_ON_THE_SUBJECT = 0.3  # of a piece's or a statement's telling words: it is what was meant
_FEWEST_WORDS = 4
_ENDED = re.compile(r"[.!。！][)\]\"'»”’]*$")  # noqa: RUF001  marks as typed
# A statement of these holds nothing that could be replaced.
_BEYOND_REPAIR = frozenset({Fault.UNCITED})


def repaired(
    statement: Statement,
    claim: Claim,
    evidence: Evidence,
    finding: Finding,
    may_stand: Callable[[str], bool],
) -> Statement | None:
    """The statement in the words of the piece that it is nearest to; None where that would not
    read as a sentence, is about something else, or may not be said either."""
    if finding.fault in _BEYOND_REPAIR:
        return None
    said = claim.content()
    repeats = any(tokens(claim.text) == tokens(quote) for quote in evidence.quotes)
    if not repeats and not speak_alike(claim, evidence):
        return None
    for piece in sorted(evidence.pieces, key=lambda each: -len(said & each.content)):
        shared = len(said & piece.content)
        near = shared >= _ON_THE_SUBJECT * min(len(said), len(piece.content)) and shared > 0
        if (repeats or (near and _stands_alone(piece))) and may_stand(piece.text):
            end = next((last for first, last in evidence.limits if first is piece), piece)
            quote = piece.passage.text[piece.unit.start : end.unit.end]
            text = plain(quote)
            if tokens(text) == tokens(claim.text):
                return None
            return Statement(text=text, citations=(citation(piece.passage, quote),))
    return None


def _stands_alone(piece: Piece) -> bool:
    """A sentence that needs neither what stands before it nor what follows."""
    text = piece.text
    is_sentence = bool(_ENDED.search(text)) and len(tokens(text)) >= _FEWEST_WORDS
    return is_sentence and piece.unit.kind != "row" and not DANGLING.match(text)

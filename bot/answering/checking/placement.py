"""Whether a figure belongs to what the claim gives it to: the row of another country, the other
half of a sentence. Only where the words leave no doubt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.answering.checking.claims import content, speak_alike
from bot.answering.checking.figures import figures
from bot.answering.checking.names import contacts
from bot.answering.checking.verdicts import Fault, Finding
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.answering.checking.claims import Claim
    from bot.answering.checking.figures import Figure
    from bot.answering.checking.sources import Evidence, Piece


def misplaced_figure(claim: Claim, evidence: Evidence) -> Finding | None:
    """A figure that the source gives to another thing: the row of another country, the other
    half of the sentence. Only where the words leave no doubt."""
    if not speak_alike(claim, evidence):
        return None
    cells = [cell for piece in evidence.pieces for cell in _cells(piece, evidence)]
    for text in _figured_clauses(claim):
        named = _named(text)
        for figure in figures(contacts(text).rest, claim.lexicon):
            holding = [words for words, held in cells if any(one.is_like(figure) for one in held)]
            others = [
                words
                for words, held in cells
                if any(one.unit == figure.unit for one in held)
                and not any(one.is_like(figure) for one in held)
            ]
            if holding and any(_is_nearer(named, each, holding) for each in others):
                return Finding(fault=Fault.FIGURE, what=figure.text)
    return None


def _figured_clauses(claim: Claim) -> Iterator[str]:
    for sentence in sentences(claim.text):
        yield from (part for part in re.split(r"[;:]|,(?!\d)", sentence) if re.search(r"\d", part))


def _cells(piece: Piece, evidence: Evidence) -> Iterator[tuple[frozenset[str], tuple[Figure, ...]]]:
    """The parts of a piece that hold figures. What begins a row belongs to all its cells."""
    splits = r"[;|]" if piece.unit.kind == "row" else r"[;:]|,(?!\d)"
    parts = [part for part in re.split(splits, piece.text) if part.strip()]
    first = _named(parts[0]) if piece.unit.kind == "row" and parts else frozenset()
    for part in parts:
        held = figures(contacts(part).rest, evidence.lexicon)
        if held:
            yield _named(part) | first, held


def _named(text: str) -> frozenset[str]:
    """The telling words without the figures themselves."""
    return frozenset(word for word in content(text) if not word[0].isdigit())


def _is_nearer(
    named: frozenset[str], other: frozenset[str], holding: Sequence[frozenset[str]]
) -> bool:
    """The other part holds words of the claim that no holding part does, and not the reverse."""
    return all(named & other - each and not (named & each) - other for each in holding)

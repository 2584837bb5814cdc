"""A statement as it is compared with its source, and what all comparisons share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.answering.relevance import content_words

if TYPE_CHECKING:
    from bot.answering.checking.lexicons import Lexicon
    from bot.answering.checking.sources import Evidence

NEAREST = 0.6  # of the best part's words: others that speak of the same as well
ASSERTED = 0.5  # of the claim's or the part's telling words are the other's: it is told


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A statement as it is compared. `answer` are the telling words of the whole answer, which
    may state a condition in a sentence of its own; `asked` are the question's words."""

    text: str
    lexicon: Lexicon
    answer: frozenset[str]
    asked: frozenset[str]

    def content(self) -> frozenset[str]:
        """Its telling words."""
        return content(self.text)


@lru_cache(maxsize=2048)
def content(text: str) -> frozenset[str]:
    """The telling words of a text; whether it denies is compared apart."""
    return frozenset(content_words(text)) - {"not"}


def speak_alike(claim: Claim, evidence: Evidence) -> bool:
    """Whether claim and source are in one language."""
    return claim.lexicon.language == evidence.lexicon.language


def share(needed: frozenset[str], held: frozenset[str]) -> float:
    """How much of what is needed is held, 0..1; 1 where nothing is."""
    return len(needed & held) / len(needed) if needed else 1.0

"""Whether one denies what the other says.

Both are cut into clauses; each clause of the claim is held against those clauses of the source
that speak of the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.answering.checking.claims import NEAREST, content, speak_alike
from bot.answering.checking.lexicons import folded
from bot.answering.checking.verdicts import Fault, Finding
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answering.checking.claims import Claim
    from bot.answering.checking.lexicons import Lexicon
    from bot.answering.checking.sources import Evidence, Piece

_CLAUSE = re.compile(
    r"[;:()\u2013\u2014]|,(?!\d)|\s-\s|(?<!\w)(?:but|aber|sondern|mais|pero|ma|però|maar|mas|and|und|et|y|e|en|"
    r"while|whereas|während)(?!\w)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Clause:
    text: str
    content: frozenset[str]
    denies: bool
    soft: frozenset[str]


def contradiction(claim: Claim, evidence: Evidence) -> Finding | None:
    """Where one denies what the other says."""
    source = [clause for piece in evidence.pieces for clause in _clauses_of(piece, evidence)]
    if not source:
        return None
    if not speak_alike(claim, evidence):
        return _contradiction_across(claim, source)
    for clause in clauses(claim.text, claim.lexicon):
        nearest = _nearest(clause, source)
        if nearest and not any(_agree(clause, each) for each in nearest):
            return Finding(fault=Fault.NEGATION, what=nearest[0].text.strip())
    return None


@lru_cache(maxsize=1024)
def clauses(text: str, lexicon: Lexicon) -> tuple[_Clause, ...]:
    """The text cut where another thing may be said."""
    parts: list[str] = []
    for sentence in sentences(text):
        for part in _CLAUSE.split(sentence):
            # Two nouns joined by "and" are one clause.
            if parts and len(content(part)) < 2 and not lexicon.negation.search(folded(part)):
                parts[-1] += f" {part}"
            elif part and part.strip():
                parts.append(part)
    return tuple(_clause(part, lexicon) for part in parts)


def _clause(text: str, lexicon: Lexicon) -> _Clause:
    plain = folded(text)
    outright = bool(lexicon.negation.search(plain))
    by_meaning = bool(lexicon.denial.search(plain))
    undone = outright and by_meaning and bool(_DOUBLE.search(plain))
    return _Clause(
        text=text,
        content=content(text),
        denies=(outright or by_meaning) and not undone,
        soft=frozenset(lexicon.soft.findall(plain)),
    )


# "not excluded", "nicht ausgeschlossen": two denials that make an assertion.
_DOUBLE = re.compile(
    r"(?:not|n't|nicht|pas|no|non|niet|não)\s+(?:\w+\s+)?(?:exclud|prohibit|forbid|refus|reject|"
    r"invalid|impossib|ausgeschl|verbot|exclu|interdi|esclus|uitgesl|exent|exempt)"
)


def _clauses_of(piece: Piece, evidence: Evidence) -> tuple[_Clause, ...]:
    """A piece's clauses; an item of a list is read with the line and the heading above it,
    which may deny it: "What cannot be returned: gift cards"."""
    own = clauses(piece.text, evidence.lexicon)
    above = piece.lead
    if not above and piece.unit.is_listed() and piece.passage.heading_path:
        above = piece.passage.heading_path[-1]
    if not above:
        return own
    head = _clause(above, evidence.lexicon)
    return tuple(
        _Clause(
            text=f"{above} {each.text}",
            content=each.content | head.content,
            denies=each.denies or head.denies,
            soft=each.soft | head.soft,
        )
        for each in own
    )


def _nearest(clause: _Clause, source: Sequence[_Clause]) -> list[_Clause]:
    shared = [len(clause.content & each.content) for each in source]
    best = max(shared)
    if best == 0:
        return list(source) if len(source) == 1 else []
    return [each for each, count in zip(source, shared, strict=True) if count >= NEAREST * best]


def _agree(claim: _Clause, source: _Clause) -> bool:
    """Both deny or neither does; or one says in another word what the other denies, as "free"
    for "no fee", which it does not where both use that word."""
    if claim.denies == source.denies:
        return True
    plain, denying = (source, claim) if claim.denies else (claim, source)
    return bool(plain.soft - denying.soft)


def _contradiction_across(claim: Claim, source: Sequence[_Clause]) -> Finding | None:
    """Across languages only where there is no doubt which clause is meant: one denies, and in
    the whole other nothing does."""
    said = clauses(claim.text, claim.lexicon)
    denied = any(each.denies for each in said)
    if denied == any(each.denies for each in source):
        return None
    silent = source if denied else said
    if any(each.soft for each in silent) or (not denied and len(source) > 2):
        return None
    return Finding(fault=Fault.NEGATION, what=source[0].text.strip())

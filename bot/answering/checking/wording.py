"""Whether a claim is surer than its source, or copies it with a telling word changed."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from bot.answering.checking.claims import content, speak_alike
from bot.answering.checking.lexicons import folded
from bot.answering.checking.verdicts import Fault, Finding
from bot.answering.relevance import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answering.checking.claims import Claim
    from bot.answering.checking.lexicons import Lexicon
    from bot.answering.checking.sources import Evidence

_HARMLESS = frozenset({"yes", "ja", "oui", "si", "sim", "additional", "also"})
_COPIED = 0.8  # so like the source's sentence that a difference is a change, not a paraphrase
_COPIED_ROUND = 0.68  # the same where the words differ in one place only


def overstatement(claim: Claim, evidence: Evidence) -> Finding | None:
    """Where the claim is surer or stricter than the source: will for may, must for can, all."""
    said = folded(claim.text)
    meant = folded(_nearest_text(claim, evidence))
    here, there = claim.lexicon, evidence.lexicon
    everything = folded(evidence.all)
    if (found := here.always.search(said)) and not (
        there.always.search(everything) or there.negation.search(everything)
    ):
        return Finding(fault=Fault.OVERSTATED, what=found.group())
    if not speak_alike(claim, evidence):
        return None
    if (found := there.hedge.search(meant)) and not (
        here.hedge.search(said) or here.may.search(said)
    ):
        return Finding(fault=Fault.OVERSTATED, what=found.group())
    must, may = here.must.search(said), here.may.search(said)
    if must and there.may.search(meant) and not there.must.search(everything):
        return Finding(fault=Fault.OVERSTATED, what=must.group())
    if (
        may
        and there.must.search(meant)
        and not (must or there.may.search(meant) or here.negation.search(said))
    ):
        return Finding(fault=Fault.OVERSTATED, what=may.group())
    return None


def _nearest_text(claim: Claim, evidence: Evidence) -> str:
    said = claim.content()
    return max(evidence.pieces, key=lambda each: len(said & each.content)).text


def changed_wording(claim: Claim, evidence: Evidence) -> Finding | None:
    """A telling word that is another one in a sentence copied from the source otherwise. A word
    that is only left out or added is slight: the source's sentence is better, if it can stand."""
    if not speak_alike(claim, evidence):
        return None
    said = words(claim.text)
    for piece in evidence.pieces:
        source = words(piece.text)
        matcher = SequenceMatcher(None, source, said, autojunk=False)
        if min(len(said), len(source)) < 3 or matcher.quick_ratio() < _COPIED_ROUND:
            continue
        changes = sum(kind != "equal" for kind, *_ in matcher.get_opcodes())
        if matcher.ratio() < (_COPIED if changes > 1 else _COPIED_ROUND):
            continue
        found = _turned(claim.text, piece.text, claim.lexicon)
        if found := found or _change(matcher, source, said, claim, evidence):
            return found
    return None


def _turned(said: str, source: str, lexicon: Lexicon) -> Finding | None:
    """In a copied sentence each small word counts."""
    here, there = folded(said), folded(source)

    def more(pattern: re.Pattern[str]) -> int:
        return len(pattern.findall(here)) - len(pattern.findall(there))

    if more(lexicon.negation):
        return Finding(fault=Fault.NEGATION, what=source)
    if more(lexicon.hedge) < 0 or more(lexicon.always) > 0:
        return Finding(fault=Fault.OVERSTATED, what=source)
    return None


def _change(
    matcher: SequenceMatcher[str],
    source: Sequence[str],
    said: Sequence[str],
    claim: Claim,
    evidence: Evidence,
) -> Finding | None:
    telling = content(claim.text)
    meant = evidence.words
    slight = ""
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        new = [word for word in said[c:d] if word in telling and word not in _HARMLESS]
        old = [word for word in source[a:b] if content(word) and word in _telling(evidence)]
        if kind == "replace" and new and old and not set(new) <= set(source):
            return Finding(fault=Fault.WORDING, what=" ".join(new))
        if any(word not in meant | evidence.passage_words | claim.asked for word in new):
            return Finding(fault=Fault.WORDING, what=" ".join(new))
        slight = slight or " ".join(old)
    return Finding(fault=Fault.WORDING, what=slight, slight=True) if slight else None


def _telling(evidence: Evidence) -> frozenset[str]:
    return frozenset(word for each in evidence.pieces for word in each.content)

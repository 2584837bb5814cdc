"""Whether a claim leaves out the condition on which its source says the same."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.answering.checking.claims import ASSERTED, NEAREST, content, share, speak_alike
from bot.answering.checking.lexicons import folded
from bot.answering.checking.verdicts import Fault, Finding
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.answering.checking.claims import Claim
    from bot.answering.checking.lexicons import Lexicon
    from bot.answering.checking.sources import Evidence

_PART = re.compile(r"[;:]|(?<!\w)(?:but|aber|sondern|mais|pero|ma|però|maar|mas|porém)(?!\w)")
_CONDITION_SAID = 0.5  # of a condition's telling words stand in the answer


def dropped_condition(claim: Claim, evidence: Evidence) -> Finding | None:
    """The condition of a part of the source that the claim tells without it, here and in the
    rest of the answer."""
    if not speak_alike(claim, evidence):
        return _dropped_across(claim, evidence)
    said = claim.content()
    free = len(_conditions(claim.text, claim.lexicon))
    for part in _told_parts(said, evidence):
        conditions = _conditions(part, evidence.lexicon)
        left_out = [each for each in conditions if not _is_said(each, claim)]
        # As many conditions as the source has, in words of its own: a paraphrase.
        if left_out and free < len(conditions):
            return Finding(fault=Fault.CONDITION, what=left_out[0].strip())
    return None


def dropped_limit(claim: Claim, evidence: Evidence) -> Finding | None:
    """The quoted sentence that limits what the claim tells ("It must be unused.") and that the
    answer does not."""
    said = claim.content()
    for piece, limit in evidence.limits:
        told = len(said & piece.content) >= ASSERTED * min(len(said), len(piece.content))
        if told and share(content(limit.text), claim.answer) < _CONDITION_SAID:
            return Finding(fault=Fault.CONDITION, what=limit.text)
    return None


def _told_parts(said: frozenset[str], evidence: Evidence) -> Iterator[str]:
    """The parts of the source whose main words the claim tells."""
    parts = [part for piece in evidence.pieces for part in _parts(piece.text, evidence.lexicon)]
    shared = {part: len(said & content(part)) for part in parts}
    best = max(shared.values(), default=0)
    for part, count in shared.items():
        main = content(part)
        for each in _conditions(part, evidence.lexicon):
            main = main - content(each)
        told = len(said & main)
        if count and count >= NEAREST * best and told >= ASSERTED * min(len(main), len(said)):
            yield part


def _parts(text: str, lexicon: Lexicon) -> Iterator[str]:
    """Where another thing is said: at semicolons, at "but". "If A but B, C" is one part."""
    for sentence in sentences(text):
        open_part = ""
        for part in _PART.split(sentence):
            open_part += part
            begins = lexicon.condition.match(folded(open_part.strip()))
            if open_part.strip() and not (begins and "," not in open_part):
                yield open_part
                open_part = ""
        if open_part.strip():
            yield open_part


@lru_cache(maxsize=1024)
def _conditions(part: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The conditions in a part of a sentence, each up to the next one or the next comma."""
    plain = folded(part)
    starts = [match.start() for match in lexicon.condition.finditer(plain)]
    found = []
    for start, following in itertools.pairwise([*starts, len(part)]):
        stop = re.search(r",(?!\d)|[()]", part[start:following])
        text = part[start : start + stop.start() if stop else following]
        if content(text) or re.search(r"\d", text):
            found.append(text)
    return tuple(found)


def _is_said(condition: str, claim: Claim) -> bool:
    """The claim, or another sentence of the answer, tells the condition's words."""
    return share(content(condition), claim.answer) >= _CONDITION_SAID


def _dropped_across(claim: Claim, evidence: Evidence) -> Finding | None:
    """Across languages: the source is one part with conditions, the claim has none at all."""
    parts = [part for piece in evidence.pieces for part in _parts(piece.text, evidence.lexicon)]
    if len(parts) != 1 or not claim.lexicon.numbers or not evidence.lexicon.numbers:
        return None
    found = _conditions(parts[0], evidence.lexicon)
    plain = folded(claim.text)
    has_any = (
        _conditions(claim.text, claim.lexicon)
        or claim.lexicon.soft.search(plain)
        or claim.lexicon.general.search(plain)
        or claim.lexicon.must.search(plain)
    )
    return Finding(fault=Fault.CONDITION, what=found[0].strip()) if found and not has_any else None

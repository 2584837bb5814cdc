"""Where a wrong answer first went wrong: each failed case belongs to one stage. Pure.

The stages stand in the order in which an answer comes about, and the first broken one is what to
mend: a better prompt helps nobody whose article is missing, and a better article nobody whose
passage is not found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.answering.checking.verdicts import Fault
from bot.evaluation.scorers import token_recall, words
from bot.evaluation.tallies import ABSTAINED, WORDS_ENOUGH
from bot.models import HandoffReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.evaluation.references import Told
    from bot.evaluation.tallies import AnswerResult


class Stage(StrEnum):
    """What was broken: the whole list, in order."""

    ARTICLE_MISSING = "article_missing"
    ARTICLE_STALE = "article_stale"
    NOT_RETRIEVED = "not_retrieved"
    NOT_USED = "not_used"
    UNSUPPORTED = "unsupported"
    WRONG_FORM = "wrong_form"
    WRONG_TAG = "wrong_tag"
    WRONG_HANDOFF = "wrong_handoff"
    TOO_SLOW = "too_slow"


SLOW = 10_000.0
"""Milliseconds after which an answer is too slow, unless somebody says otherwise."""

# A reply of a few sentences is what is asked for; longer is allowed where the reference is.
_LONG_WORDS, _LONGER = 150, 4
_MARKUP = re.compile(r"^#{1,6} |\*\*\w|</?[a-z]+>|```|^\s*\|.*\|\s*$", re.MULTILINE)
_CHATTY = re.compile(
    r"^\W*(?:sure|certainly|of course|great question|hello|hi|hey|dear|thank you for|thanks for|"
    r"i'?m happy|absolutely|hallo|guten tag|gerne|bonjour|hola)\b|\bas an ai\b|"
    r"\b(?:hope (?:this|that) helps|let me know if|feel free to|anything else i can)\b",
    re.IGNORECASE,
)
# Faults of the claim check that chatter around a right answer makes as well.
_OF_WORDING = frozenset({Fault.WORDING, Fault.OVERSTATED, Fault.NOT_IN_SOURCE})
_FIGURE = re.compile(r"\d+")
_SHOUTING = 0.6  # of the letters are capitals


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Everything that was looked at for one case. `in_index` is whether any article that should
    answer is there, None where the case names none; `rank` is where the first of them stands among
    the passages that were looked at, from 1, None where it is not; `told` is what those articles
    say of the reference, None without one; `carrier_read` whether the passage that carries the
    reference was among what was read; `tag` is the routing tag that it would get, None where that
    was not asked; `language` is that of the answer, "" where it cannot be told."""

    result: AnswerResult
    in_index: bool | None
    rank: int | None
    read: int
    told: Told | None
    carrier_read: bool
    tag: str | None
    language: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """The first broken stage of a case, and what was seen of it, for people."""

    stage: Stage
    detail: str


def first_broken(seen: Seen, *, slow: float = SLOW) -> Broken | None:
    """None where nothing is broken."""
    case = seen.result.case
    broken = _answering(seen) if case.answerable else _handing_over(seen)
    if broken is None and seen.result.milliseconds > slow:
        detail = f"It took {seen.result.milliseconds:,.0f} ms; {slow:,.0f} were allowed."
        return Broken(stage=Stage.TOO_SLOW, detail=detail)
    return broken


def _handing_over(seen: Seen) -> Broken | None:
    case = seen.result.case
    if seen.result.answered:
        detail = "It was answered and should have gone to people."
        return Broken(stage=Stage.WRONG_HANDOFF, detail=detail)
    if case.routing_tag and seen.tag is not None and seen.tag != case.routing_tag:
        detail = f"It got the tag {seen.tag or 'none'} and should have {case.routing_tag}."
        return Broken(stage=Stage.WRONG_TAG, detail=detail)
    return None


def _answering(seen: Seen) -> Broken | None:
    if _is_fine(seen):
        return _form(seen)
    return _content(seen) or _retrieval(seen) or _use(seen) or _form(seen) or _wording(seen)


def _is_fine(seen: Seen) -> bool:
    """Whether the facts are right: an answer may cite the right article and still say what is
    no longer so, or leave out the figure that was asked for."""
    result = seen.result
    if not result.is_right or result.claims:
        return False
    return not (seen.told and seen.told.contradicted) and _says_it(result)


def _content(seen: Seen) -> Broken | None:
    reason = seen.result.outcome.reason
    if seen.in_index is False:
        named = ", ".join(sorted(seen.result.case.article_ids))
        return Broken(stage=Stage.ARTICLE_MISSING, detail=f"Not in the index: {named}.")
    if seen.told is not None and seen.told.contradicted:
        detail = f"An article says otherwise: “{seen.told.contradicted}”."
        return Broken(stage=Stage.ARTICLE_STALE, detail=detail)
    if seen.in_index is None and reason is HandoffReason.MISSING_KNOWLEDGE:
        detail = "No article answers it, and none is named that should."
        return Broken(stage=Stage.ARTICLE_MISSING, detail=detail)
    return None


def _retrieval(seen: Seen) -> Broken | None:
    if seen.in_index is None:
        return None
    if seen.rank is None or seen.rank > seen.read:
        where = f"first at rank {seen.rank}" if seen.rank else "not among the first at all"
        detail = f"The article is in the index, but {where}; {seen.read} passages are read."
        return Broken(stage=Stage.NOT_RETRIEVED, detail=detail)
    if seen.told is not None and seen.told.is_cut:
        detail = "The article says it, but no one passage of it does: it is cut within."
        return Broken(stage=Stage.NOT_RETRIEVED, detail=detail)
    if not seen.carrier_read:
        detail = "Another part of the article was found than the one that says it."
        return Broken(stage=Stage.NOT_RETRIEVED, detail=detail)
    return None


def _use(seen: Seen) -> Broken | None:
    result = seen.result
    reason = result.outcome.reason
    if reason is HandoffReason.UNVERIFIED_ANSWER:
        return Broken(stage=Stage.UNSUPPORTED, detail=result.outcome.detail)
    if reason in ABSTAINED:
        detail = f"The passage was found, but {reason} was the answer."
        return Broken(stage=Stage.NOT_USED, detail=detail)
    if not result.answered:
        detail = f"It was handed off as {reason} and should have been answered."
        return Broken(stage=Stage.WRONG_HANDOFF, detail=detail)
    found = [*result.faults, *(each for each in result.claims if each not in _OF_WORDING)]
    if found:
        return _unsupported(found)
    if result.cites_gold is False or not _says_it(result):
        detail = "The passage was found, but the answer says something else."
        return Broken(stage=Stage.NOT_USED, detail=detail)
    return None


def _wording(seen: Seen) -> Broken | None:
    """What is said in words that the source does not use, where nothing else is wrong."""
    return _unsupported(seen.result.claims) if seen.result.claims else None


def _unsupported(found: Sequence[str]) -> Broken:
    named = ", ".join(dict.fromkeys(found))
    return Broken(stage=Stage.UNSUPPORTED, detail=f"Found in the answer: {named}.")


def _says_it(result: AnswerResult) -> bool:
    """Whether the answer holds one of the reference's figures, or enough of its words."""
    text = " ".join(each.text for each in result.outcome.statements)
    answers = [one for one in result.case.answers if _FIGURE.search(one)]
    said = set(_FIGURE.findall(text))
    return (
        not answers
        or any(said & set(_FIGURE.findall(one)) for one in answers)
        or token_recall(text, answers) >= WORDS_ENOUGH
    )


def _form(seen: Seen) -> Broken | None:
    if not seen.result.answered:
        return None
    text = "\n".join(each.text for each in seen.result.outcome.statements)
    case = seen.result.case
    expected = max((len(words(one)) for one in case.answers), default=0)
    letters = [each for each in text if each.isalpha()]
    wanted = (case.locale or "").lower().partition("-")[0]
    wrong = {
        "markup": _MARKUP.search(text) is not None,
        "chatter": _CHATTY.search(text) is not None,
        "capitals": len(letters) > 20
        and sum(each.isupper() for each in letters) > _SHOUTING * len(letters),
        "length": len(words(text)) > max(_LONG_WORDS, _LONGER * expected),
        f"language {seen.language}": bool(wanted and seen.language and seen.language != wanted),
    }
    found = [name for name, is_wrong in wrong.items() if is_wrong]
    if not found:
        return None
    return Broken(
        stage=Stage.WRONG_FORM, detail=f"Right, but in the wrong form: {', '.join(found)}."
    )

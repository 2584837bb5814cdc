"""Sentences that only people may say: what somebody will do, what was done, what is the case.

An article says how things are done in general. "We refund within 14 days of receipt" is such a
rule and may be repeated; "we will refund you" is a promise to one customer, and "your refund is
on its way" a claim about one order, which no article carries.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.answering.checking.lexicons import folded
from bot.answering.checking.promise_words import NEVER, OWN_CASE, RULE, SPEAKING
from bot.answering.checking.verdicts import Fault, Finding
from bot.answering.relevance import content_words, overlap
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.answering.checking.lexicons import Lexicon

_SAME_PROMISE = 0.6  # of its telling words stand in a promise of the source
# Who promises, and to whom.
_SPEAKERS = frozenset(
    content_words(
        "we we'll us our you you'll your wir uns sie ihnen ihr ihre du dir dich nous vous nos le "
        "te lo la ci vi wij u je nós você"
    )
)
_QUOTED = re.compile(
    r"\"[^\"]{2,120}\"|\u201c[^\u201d]{2,120}\u201d|\u201e[^\u201c]{2,120}\u201c|«[^»]{2,120}»"
)


def promise(
    text: str, sources: Iterable[str], lexicon: Lexicon, *, source: Lexicon | None = None
) -> Finding | None:
    """What in the text only people may say; None where there is nothing of the kind. `sources`
    are the sentences that it cites, `source` is their language where it is another."""
    carried = tuple(sources)
    for sentence in sentences(_unquoted(text, carried)):
        plain = folded(sentence)
        case = _first(OWN_CASE, lexicon.language, plain)
        if case and not _is_subordinate(plain, case):
            return Finding(fault=Fault.OWN_CASE, what=case.group().strip())
        personal = _first(NEVER, lexicon.language, plain)
        if personal and not _is_subordinate(plain, personal):
            return Finding(fault=Fault.PROMISE, what=personal.group().strip())
        rule = _first(RULE, lexicon.language, plain)
        if rule and not _is_rule(plain, rule, carried, lexicon):
            return Finding(fault=Fault.PROMISE, what=rule.group().strip())
        spoken = _first(SPEAKING, lexicon.language, plain)
        if spoken and not _is_said_there(plain, carried, source or lexicon, source is not None):
            return Finding(fault=Fault.PROMISE, what=spoken.group().strip())
    return None


def _is_said_there(
    plain: str, sources: tuple[str, ...], lexicon: Lexicon, translated: bool
) -> bool:
    """The source says the same, nearly in these words; of a translation, that it speaks of
    itself at all."""
    if plain.rstrip().endswith("?"):
        return True
    if translated:
        if _DONE.search(plain):
            return False
        return any(_first(SPEAKING, lexicon.language, folded(each)) for each in sources)
    claimed = content_words(plain)
    return any(overlap(claimed, content_words(each)) >= _SAME_PROMISE for each in sources)


def _unquoted(text: str, sources: tuple[str, ...]) -> str:
    """Without quoted words that the sources hold: the subject of an e-mail is no promise."""
    said = " ".join(sources)
    return _QUOTED.sub(lambda each: " " if each.group()[1:-1] in said else each.group(), text)


def _first(kind: dict[str, str], language: str, plain: str) -> re.Match[str] | None:
    pattern = _pattern(kind.get(language, ""))
    return pattern.search(plain) if pattern else None


@lru_cache(maxsize=64)
def _pattern(pattern: str) -> re.Pattern[str] | None:
    return re.compile(pattern) if pattern else None


def _is_subordinate(plain: str, match: re.Match[str]) -> bool:
    """ "Once your refund has been issued, ..." speaks of a case that may come."""
    return bool(_BEGINS_CASE.search(plain, 0, match.start()))


# What the company has done, with an auxiliary: told of one case unless the source's own words.
_DONE = re.compile(
    r"\b(?:wir haben|ich habe|nous (?:vous )?avons|j'ai|on a|(?:le |te |lo )?hemos|abbiamo|"
    r"(?:we|wij) hebben|ik heb|we have|we've|i have|i've)\b"
)
_BEGINS_CASE = re.compile(
    r"(?<!\w)(?:if|once|after|unless|before|until|as soon as|in case|when|whenever|whether|how|"
    r"where|why|while|wenn|falls|sobald|nachdem|bevor|bis|ob|wie|wann|sofern|solange|si|dès que|"
    r"une fois que|après que|avant que|lorsque|quand|comment|cuando|una vez que|en cuanto|"
    r"antes de que|hasta que|después de que|cómo|se|una volta che|dopo che|prima che|appena|"
    r"finché|quando|come|als|indien|zodra|nadat|voordat|totdat|wanneer|of|hoe|assim que|"
    r"depois que|após|até que|"
    r"como)(?:\s+(?!i\b|we\b)\w+)?\W*$"
)


def _is_rule(plain: str, match: re.Match[str], sources: tuple[str, ...], lexicon: Lexicon) -> bool:
    """A promise that the source makes to everybody, told as the source tells it."""
    if _is_subordinate(plain, match):
        return True
    if not (lexicon.general.search(plain) or lexicon.condition.search(plain)):
        return False
    claimed, promised = content_words(plain), _deeds(match.group())
    return any(
        overlap(claimed, said) >= _SAME_PROMISE and promised <= said
        for said in (frozenset(content_words(source)) for source in sources)
    )


def _deeds(promised: str) -> frozenset[str]:
    """What is promised: "within 45 days" in common does not make a refund of a return."""
    return frozenset(content_words(promised)) - _SPEAKERS

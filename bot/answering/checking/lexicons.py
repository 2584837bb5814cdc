"""The small words of each language that turn a claim around: not, only, if, may, must, within.

Patterns, not grammars. They are read on folded text (lower case, straight apostrophes), so that
they match what people and models type. A language that is not here is checked by figures, names
and links only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.answering.checking.vocabulary import LANGUAGES
from indexing.lexical import language_of

_NOTHING = r"(?!)"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lexicon:
    """One language; there is one object of each, compared by identity. `negation` denies
    outright, `denial` are words that deny by meaning, `soft` are words that may say either in
    other words ("free" for "no fee"). `condition` begins a part without which the rest does not
    hold; `limiting` begins a sentence that limits the one before. `general` marks a rule rather
    than a promise."""

    language: str
    negation: re.Pattern[str]
    denial: re.Pattern[str]
    soft: re.Pattern[str]
    condition: re.Pattern[str]
    limiting: re.Pattern[str]
    hedge: re.Pattern[str]
    may: re.Pattern[str]
    must: re.Pattern[str]
    always: re.Pattern[str]
    at_most: re.Pattern[str]
    at_least: re.Pattern[str]
    after: re.Pattern[str]
    before: re.Pattern[str]
    general: re.Pattern[str]
    numbers: tuple[str, ...]


def folded(text: str) -> str:
    """Lower case with straight apostrophes, character for character."""
    lowered = text.lower()
    return (lowered if len(lowered) == len(text) else text).replace("\u2019", "'")


def lexicon_of(text: str, locale: str) -> Lexicon:
    """The lexicon of the language that the text is written in, told by its commonest words; of
    the locale where they do not tell. Articles are not always in the language they claim."""
    return _lexicon(_spoken(text, language_of(locale)))


@lru_cache(maxsize=1024)
def _spoken(text: str, declared: str) -> str:
    words = _WORD.findall(folded(text[:400]))
    votes = {language: sum(word in common for word in words) for language, common in _COMMON}
    most = max(votes.values())
    return (
        declared
        if votes.get(declared, 0) == most or most < 2
        else max(votes, key=votes.__getitem__)
    )


def _any(words: str) -> re.Pattern[str]:
    """Any of these, separated by |, as whole words; each may be a pattern."""
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)" if words else _NOTHING)


@lru_cache(maxsize=16)
def _lexicon(language: str) -> Lexicon:
    given = LANGUAGES.get(language, {})
    fields = {name: _any(given.get(name, "")) for name in _PATTERNS}
    fields["condition"] = _any("|".join(filter(None, (given.get("condition"), _figured(given)))))
    fields["general"] = _any("|".join(filter(None, (given.get("general"), given.get("condition")))))
    return Lexicon(language=language, numbers=tuple(given.get("numbers", "").split()), **fields)


def _figured(given: dict[str, str]) -> str:
    """Limits count as conditions where a figure follows: "within 30 days"."""
    words = "|".join(given[name] for name in ("at_most", "at_least", "after", "before") if given)
    return rf"(?:{words})(?=\W+(?:\w+\W+){{0,2}}\d)" if words else ""


_WORD = re.compile(r"[^\W\d_]+")
_PATTERNS = (
    *("negation", "denial", "soft", "condition", "limiting", "hedge", "may", "must", "always"),
    *("at_most", "at_least", "after", "before", "general"),
)
_COMMON = tuple(
    (language, frozenset(words.split()))
    for language, words in {
        "en": "the and of you your is are to for with be that this will from by within not it",
        "de": "der die das und sie ist sind ein eine für mit nicht den dem zu auf von wir "
        "innerhalb werden im",
        "fr": "je de en ce que qui un à le la les et vous est "
        "sont des du une pour avec dans pas votre nous par au sur",
        "es": "el un los las y usted es son una para con puede su del por que en se le la",
        "it": "il la un gli le è sono una per con di che del entro può si i della non suo",
        "nl": "de het een en u is zijn voor met niet van binnen op je uw wij dat worden",
        "pt": "o um a os as e você é são uma para com dentro pode seu do da que não em se",
    }.items()
)

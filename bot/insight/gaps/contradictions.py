"""Where two passages say different figures of the same thing. Pure.

Figures are read as the claim check reads them, so "two weeks" and 14 days agree, and 14 business
days do not. Two sentences speak of the same thing where most of their telling words are the same,
under titles and headings that do not set them apart; a figure that the other passage also names,
anywhere, is no contradiction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.answering.checking.figures import figures, missing
from bot.answering.checking.lexicons import lexicon_of
from bot.answering.checking.names import contacts
from bot.answering.relevance import content_words
from bot.answering.units import plain, units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.answering.checking.figures import Figure
    from bot.answering.checking.lexicons import Lexicon

SAME_WORDS = 0.6
"""The share of two sentences' telling words, figures aside, that both must hold."""

_SAME_SUBJECT = 0.5
_FEWEST_WORDS = 3
_UNCLEAR = frozenset({"", "clock", "numeric_date"})
_LENGTHS_OF_TIME = frozenset({"hour", "business_day", "month"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A passage with what stands above it: its title and headings."""

    above: str
    text: str
    locale: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Contradiction:
    """A sentence of each passage, word for word, and how alike they are otherwise, 0..1."""

    ours: str
    theirs: str
    alike: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """One sentence: its telling words without figures, alone and with what stands above it."""

    text: str
    words: frozenset[str]
    subject: frozenset[str]
    figures: tuple[Figure, ...]


def contradictions(ours: Text, theirs: Text) -> Iterator[Contradiction]:
    """The sentences that differ in a figure, in the order of the first passage."""
    lexicon, other = lexicon_of(ours.text, ours.locale), lexicon_of(theirs.text, theirs.locale)
    if lexicon is not other:  # translations differ in too many ways to be compared by words
        return
    first, second = list(_said(ours, lexicon)), list(_said(theirs, lexicon))
    everywhere = figures(contacts(ours.text).rest, lexicon)
    elsewhere = figures(contacts(theirs.text).rest, lexicon)
    for one in first:
        for another in second:
            alike = _alike(one.words, another.words)
            if alike < SAME_WORDS or _alike(one.subject, another.subject) < _SAME_SUBJECT:
                continue
            if _differ(one, another, theirs.text, elsewhere) and _differ(
                another, one, ours.text, everywhere
            ):
                yield Contradiction(ours=one.text, theirs=another.text, alike=alike)


def _said(passage: Text, lexicon: Lexicon) -> Iterator[_Said]:
    above = frozenset(content_words(passage.above))
    for unit in units(passage.text):
        text = plain(unit.quote(passage.text))
        found = tuple(
            each for each in figures(contacts(text).rest, lexicon) if each.unit not in _UNCLEAR
        )
        words = frozenset(_without(text, found))
        if found and len(words) >= _FEWEST_WORDS:
            yield _Said(text=text, words=words, subject=words | above, figures=found)


def _without(text: str, found: tuple[Figure, ...]) -> list[str]:
    """The telling words of a sentence, its figures aside."""
    rest = text
    for each in sorted(found, key=lambda figure: -figure.start):
        rest = rest[: each.start] + " " + rest[each.start + len(each.text) :]
    return [word for word in content_words(rest) if not word.isdigit()]


def _differ(one: _Said, another: _Said, text: str, held: Sequence[Figure]) -> bool:
    """Whether the first sentence has a figure that the other's passage has nowhere, of a unit
    that the other sentence counts in too."""
    counted = {_measure(each) for each in another.figures}
    return any(_measure(each) in counted for each in missing(one.figures, held, text))


def _measure(figure: Figure) -> str:
    """What it counts: days, business days and months are all lengths of time."""
    return "time" if figure.unit in _LENGTHS_OF_TIME else figure.unit


def _alike(first: frozenset[str], second: frozenset[str]) -> float:
    """Jaccard's index."""
    return len(first & second) / len(first | second) if first | second else 0.0

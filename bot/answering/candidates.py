"""Every quotable piece of the passages, with how much it has to do with the question."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.answering.orders import orders_among
from bot.answering.relevance import content_words, overlap, rarity, words
from bot.answering.units import Unit, plain, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.answering.base import AnswerRequest
    from indexing.models import Passage

# What a word of the question counts for, by where it stands. A heading tells what its section
# is about; the sentence before often names what this one calls "it".
_IN_LEAD = 0.7
_IN_HEADING = 0.6
_IN_TITLE = 0.5
_IN_PREVIOUS = 0.35

_OWN = 0.4  # extra weight of words that stand in the piece itself
_PRIOR = 0.6  # weight of the passage's rank beside the words
_ASKED_THERE = 0.3  # where title and heading repeat the question, small words and all
_TITLED = 0.9  # a heading that holds the words is as good as a piece that does, nearly
_DENIAL = 0.3  # "not" is rare in articles but says little
_OTHER_LANGUAGE = 0.6
_TOO_SHORT = 0.75
_TOO_LONG = 0.9
_ASKING = 0.4
_POINTING = 0.5
_FIGURE_HELPS = 0.1

_WANTS_FIGURE = re.compile(
    r"\b(?:how (?:long|much|many|often|late|soon|far|big|large|old)|when|deadlines?|cost|price|"
    r"fees?|wie (?:lange|viele?|oft|hoch|teuer)|wann|combien|quand|cu[aá]nt[oa]s?|cu[aá]ndo|"
    r"quanto|quando|hoeveel|wanneer)\b|多久|多少|何日|いくら",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")
_RANGE = re.compile(
    r"(\d{1,6}(?:\.\d+)?)\s?(?:to|and|bis|und|à|a|-|\u2013)\s?(\d{1,6}(?:\.\d+)?)\b"
)
# A sentence that only says where else to look.
_POINTER = re.compile(
    r"^(?:see|read|visit|learn more|for (?:more|further|additional|details)|related|siehe|mehr)\b"
    r"|\b(?:is|are) told in\b|^(?:more|further) information",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One quotable piece. `cover` is the share of the question's weight in words that it and
    its surroundings hold, 0..1; `score` orders candidates of one question. `place` is the number
    of its passage and its own number there."""

    passage: Passage
    unit: Unit
    place: tuple[int, int]
    cover: float
    score: float

    @property
    def quote(self) -> str:
        return self.unit.quote(self.passage.text)

    @property
    def text(self) -> str:
        return plain(self.quote)

    def is_lead(self) -> bool:
        """True for a line that announces what follows: "Follow these steps:"."""
        return self.quote.endswith((":", "："))  # noqa: RUF001  the full-width colon is the point

    def is_question(self) -> bool:
        return self.quote.endswith(("?", "？", "؟"))  # noqa: RUF001  full-width, Arabic


def candidates(request: AnswerRequest) -> tuple[Candidate, ...]:
    """All pieces of all passages but orders to the writer, by passage and in their order; () where
    there are none."""
    read = [(passage, units(passage.text)) for passage in request.passages]
    spoken = [[words(unit.quote(passage.text)) for unit in found] for passage, found in read]
    asked = _Asked.of(request.question, rarity(each for said in spoken for each in said))
    priors = _priors(request)
    return tuple(
        candidate
        for rank, ((passage, found), said) in enumerate(zip(read, spoken, strict=True))
        for candidate in _of_passage(
            passage, found, said, rank=rank, asked=asked, prior=priors[rank]
        )
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """The question: its telling words with their share of its weight, all its words, and
    whether it wants a figure."""

    weights: Mapping[str, float]
    spoken: frozenset[str]
    wants_figure: bool

    @classmethod
    def of(cls, question: str, rare: Mapping[str, float]) -> _Asked:
        # A word that no passage holds still counts: an answer about something else must not
        # look complete.
        unseen = max(rare.values(), default=1.0)
        weights = {word: rare.get(word, unseen) for word in content_words(question)}
        if "not" in weights and len(weights) > 1:
            weights["not"] *= _DENIAL
        total = sum(weights.values()) or 1.0
        return cls(
            weights={word: weight / total for word, weight in weights.items()},
            spoken=frozenset(words(question)),
            wants_figure=bool(_WANTS_FIGURE.search(question)),
        )

    def cover(self, near: Mapping[str, float]) -> float:
        return sum(weight * near.get(word, 0.0) for word, weight in self.weights.items())

    def share(self, found: Iterable[str]) -> float:
        return sum(self.weights.get(word, 0.0) for word in set(found))


def _priors(request: AnswerRequest) -> Sequence[float]:
    """What the passage's score is worth, 0..1; passages in another language count less."""
    scores = [passage.score for passage in request.passages]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    wanted = _language(request.locale)
    return [
        ((passage.score - low) / (high - low) if high > low else 1.0)
        * (1.0 if _language(passage.locale) == wanted else _OTHER_LANGUAGE)
        for passage in request.passages
    ]


def _language(locale: str) -> str:
    return locale.replace("_", "-").split("-", 1)[0].lower()


def _of_passage(
    passage: Passage,
    found: Sequence[Unit],
    said: Sequence[list[str]],
    *,
    rank: int,
    asked: _Asked,
    prior: float,
) -> Iterator[Candidate]:
    title, heading = words(passage.title), words(" ".join(passage.heading_path))
    orders = orders_among(
        [plain(unit.quote(passage.text)) for unit in found],
        asked=asked.spoken,
        above=f"{passage.title} {' '.join(passage.heading_path)}",
    )
    around = {**dict.fromkeys(title, _IN_TITLE), **dict.fromkeys(heading, _IN_HEADING)}
    titled = _TITLED * asked.share(heading)
    base = _PRIOR * prior + _ASKED_THERE * overlap(asked.spoken, {*title, *heading})
    heard = [[word for word in each if word in asked.weights] for each in said]
    lead: Sequence[str] = ()
    for position, unit in enumerate(found):
        piece = Candidate(passage=passage, unit=unit, place=(rank, position), cover=0.0, score=0.0)
        ranged = list(_in_range(piece.quote, asked.weights))
        here = heard[position] + ranged
        near = dict(around)
        if position and found[position - 1].block == unit.block and not unit.is_listed():
            _raise(near, heard[position - 1], _IN_PREVIOUS)
        _raise(near, lead, _IN_LEAD)
        _raise(near, here, 1.0)
        if "not" in near:  # said in passing it answers nothing
            near["not"] = min(near["not"], _IN_HEADING)
        cover = asked.cover(near)
        own = max(asked.share(here), titled)
        score = base + (cover + _OWN * own) * _shape(piece, len(said[position]) + len(ranged))
        if asked.wants_figure and _FIGURE.search(piece.quote):
            score += _FIGURE_HELPS
        if position not in orders:
            yield replace(piece, cover=cover, score=score)
        if piece.is_lead() or piece.is_question():
            lead = here
        elif not unit.is_listed():
            lead = ()


def _raise(weights: dict[str, float], found: Sequence[str], to: float) -> None:
    for word in found:
        weights[word] = max(to, weights.get(word, 0.0))


def _in_range(quote: str, asked: Mapping[str, float]) -> Iterator[str]:
    """The question's figures that lie in a range here: 100 in "95 to 101 cm"."""
    figures = [word for word in asked if word.isdecimal()]
    if not figures:
        return
    for low, high in _RANGE.findall(quote):
        yield from (each for each in figures if float(low) <= float(each) <= float(high))


def _shape(candidate: Candidate, length: int) -> float:
    """How much like an answer the piece looks: not a question, not two words, not a page."""
    if candidate.is_question():
        return _ASKING
    if _POINTER.search(candidate.text):
        return _POINTING
    if length < 4 and not candidate.unit.is_listed():
        return _TOO_SHORT
    return _TOO_LONG if length > 60 else 1.0

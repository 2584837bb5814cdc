"""How likely the passages found carry the answer, told from how they were found.

A logistic model over four facts of the search, because each fails alone. The best cosine tells
other subjects apart (a question on loans against an e-mail program's help) and counts always. In
a short question nearly every word matters, so how much of it the best passage holds counts as
well, on a scale between the amount and the share: help centers of 40 articles and of thousands
then compare. In a long one chance matches drown that. Questions in a language that the embedding
model hardly knows have lower cosines even with their answer, which the pieces per word make up for.

An account's past questions tell two more things. That one like this was answered by an article is
evidence. And how near to the index they usually are, to its twenty nearest passages and not only to
the best one, shows a question that belongs elsewhere: one about a sister product may touch a
passage, but is near to few. What is usual differs so much between help centers that without past
questions this says nothing.

Fitted on questions with their article in the index against the same without it, in whole help
centers and in ones of 40 articles, and on real questions about a neighbouring product and about
something else; every set counts the same, answerable questions as much as the others. So 0.5 is
where one is as likely as the other. `python -m tests.bench.fit_evidence` prints constants and
curves. Similarity sees a foreign subject well and a missing article on a familiar subject
badly: an engine must still be free to find that the passages do not answer. The constants hold
for the bundled embedding model; another one needs its own fit. Those of past questions
were chosen on sumo_abstain alone, with the questions that are not asked there as the memory: with
90 % of the answerable ones kept, .79 -> .94 of the near and .90 -> 1.0 of the far are rejected.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexing.fusion import NEUTRAL_PIECES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexing.fusion import Candidate

_WORDS = re.compile(r"[^\W_]+")

# The passages looked at: what an engine reads, more would only add chance matches.
PASSAGES = 8

# A question of so many different words or more is long: its lexical score says nothing. At about
# ten words or fewer (41 / e ** 1.25 - 1) all are equally short.
_LONG = 40
_BRIEFEST = 1.25

# BM25 is how much of the question a passage holds; over the first power of the question's weight
# it would be the share.
_TOWARDS_SHARE = 0.7
_HELD = 1.8

# The neighbourhood of a question.
_NEIGHBOURHOOD = 20

# From here on a question's words are more broken up than English under an English model.
_FAMILIAR_PIECES = 1.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the probability is made of. `nearness` is the best cosine; `holding` from 0 (no
    passage has a word of the question) to about 3 (one has all of it); `brevity` from 0 (a long
    question) to 1.25 (of ten words or fewer); `foreignness` in 0..1, how far its words are from
    the model's vocabulary; `remembered` in 0..1, how surely past questions lead to one document;
    `strangeness`, by how many standard deviations its surroundings are below what is usual."""

    nearness: float
    holding: float
    brevity: float
    foreignness: float
    remembered: float = 0.0
    strangeness: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """The constants of the logistic model; `constant` is its intercept."""

    constant: float = -3.86
    nearness: float = 8.51
    brevity: float = -4.94
    holding_if_brief: float = 3.28
    foreignness: float = 2.09
    remembered: float = 4.0
    strangeness: float = -1.5


DEFAULT = Calibration()


def surroundings(cosines: Iterable[float]) -> float:
    """How near a question is to what is around it: the mean of the nearest passages' cosines."""
    nearest = sorted(cosines, reverse=True)[:_NEIGHBOURHOOD]
    return sum(nearest) / len(nearest) if nearest else 0.0


def facts(
    question: str,
    passages: Sequence[Candidate],
    *,
    pieces: float,
    remembered: float = 0.0,
    strangeness: float = 0.0,
) -> Facts:
    """The facts of one search. `passages` are the best ones, in order; `pieces` is
    `fusion.pieces_per_word` of the question; the others are what past questions say, if any."""
    best = passages[:PASSAGES]
    different = len({word.casefold() for word in _WORDS.findall(question)})
    return Facts(
        nearness=max((each.dense for each in best), default=0.0),
        holding=math.log1p(max((_held(each) for each in best), default=0.0)),
        brevity=min(_BRIEFEST, max(0.0, math.log((1 + _LONG) / (1 + different)))),
        foreignness=min(1.0, max(0.0, pieces - _FAMILIAR_PIECES)),
        remembered=remembered,
        strangeness=strangeness,
    )


def _held(passage: Candidate) -> float:
    if passage.question_weight <= 0:
        return 0.0
    return float(_HELD * passage.bm25 / passage.question_weight**_TOWARDS_SHARE)


def probability(known: Facts, calibration: Calibration = DEFAULT) -> float:
    """In 0..1, from the facts of a search that found something."""
    logit = (
        calibration.constant
        + calibration.nearness * known.nearness
        + calibration.brevity * known.brevity
        + calibration.holding_if_brief * known.brevity * known.holding
        + calibration.foreignness * known.foreignness
        + calibration.remembered * known.remembered
        + calibration.strangeness * known.strangeness
    )
    return 1 / (1 + math.exp(-logit))


def evidence(
    question: str,
    passages: Sequence[Candidate],
    *,
    pieces: float = NEUTRAL_PIECES,
    remembered: float = 0.0,
    strangeness: float = 0.0,
) -> float:
    """The probability in 0..1 that these passages, best first, carry the answer; 0 without any."""
    if not passages:
        return 0.0
    known = facts(question, passages, pieces=pieces, remembered=remembered, strangeness=strangeness)
    return probability(known)

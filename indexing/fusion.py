"""Weighs meaning against words: one score per candidate passage, from its two.

A document's score is `agg(dense) + w * agg(lexical)`. agg(x) lies between the best passage's x
and the average of the document's best five, so that an article whose several passages speak of
the question beats one with a single lucky line (hit@1 on sumo_tb .38 -> .42). `lexical` is BM25
over the root of the question's weight, which makes long and short questions comparable. That
weight counts the words that no passage holds too, and is the one of the passage's language: an
English question finds little to hold on to in a German article, and its few chance matches there
must not count for much.

The weight w of words rises with how badly the embedding model's vocabulary fits the question.
Text that falls into many word pieces (1.1 per word in English, 1.8 in Spanish, 2.2 in German
under the bundled model) is in a language the model hardly knows, or full of codes and names; there
the words are the better guide. Equal-weight reciprocal rank fusion cannot know that: it falls
below the vectors alone on paraphrases, and below the words alone in German.

Constants were chosen on the development questions, each family of sets judged by constants
chosen on the others; results change little around them. `python -m tests.bench.fit_fusion`
prints the table.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

_WORDS = re.compile(r"[^\W_]+")

# For embedders whose word pieces say nothing about the languages they know.
NEUTRAL_PIECES = 1.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A passage's raw scores. `document` is any key of its document, `document_passages` how
    many passages that document has, candidates or not; `question_weight` is the BM25 weight of
    all words asked, as they count among the passages of this one's language."""

    document: Hashable
    document_passages: int
    dense: float
    bm25: float
    question_weight: float

    @property
    def lexical(self) -> float:
        """BM25 on a scale on which long and short questions compare."""
        return self.bm25 / math.sqrt(self.question_weight) if self.question_weight > 0 else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighing:
    """The constants. Words weigh `words * pieces ** exponent`, where no more than `most_pieces`
    are counted; `breadth` in 0..1 is how much of a document's score is the average of its best
    `passages` rather than the best one."""

    words: float = 0.045
    exponent: float = 5.0
    most_pieces: float = 2.5
    passages: int = 5
    breadth: float = 0.4

    def words_weigh(self, pieces: float) -> float:
        """What one unit of `Candidate.lexical` is worth in units of cosine similarity."""
        return float(self.words * min(self.most_pieces, pieces) ** self.exponent)


DEFAULT = Weighing()


def pieces_per_word(question: str, count_tokens: Callable[[str], int]) -> float:
    """How many word pieces the model makes of one word of the question. Few words prove little,
    so one ordinary English word is counted beside them."""
    words = _WORDS.findall(question)
    return (count_tokens(" ".join(words)) + NEUTRAL_PIECES) / (len(words) + 1)


def fused_scores(
    candidates: Sequence[Candidate],
    *,
    pieces: float,
    dense_list: int,
    weighing: Weighing = DEFAULT,
) -> list[float]:
    """One score per candidate, in their order; higher is better within one question.

    The best candidate of each document has its document's score, and the others are as far
    below it as their own scores are. `pieces` is `pieces_per_word`; `dense_list` is how many of
    the candidates are the nearest of the whole index.
    """
    words = weighing.words_weigh(pieces)
    own = [each.dense + words * each.lexical for each in candidates]
    members: dict[Hashable, list[int]] = defaultdict(list)
    for position, each in enumerate(candidates):
        members[each.document].append(position)
    floor = _floor([each.dense for each in candidates], dense_list)
    scores = [0.0] * len(candidates)
    for positions in members.values():
        counted = min(
            weighing.passages, max(candidates[positions[0]].document_passages, len(positions))
        )
        dense = _aggregate(
            [candidates[at].dense for at in positions], counted, floor, weighing.breadth
        )
        lexical = _aggregate(
            [candidates[at].lexical for at in positions], counted, 0.0, weighing.breadth
        )
        best = max(own[at] for at in positions)
        for at in positions:
            scores[at] = dense + words * lexical - (best - own[at])
    return scores


def _floor(dense: Sequence[float], dense_list: int) -> float:
    """What a passage that is no candidate can have at most: the last of the dense list's."""
    nearest = sorted(dense, reverse=True)[:dense_list]
    return nearest[-1] if nearest else 0.0


def _aggregate(values: Sequence[float], counted: int, absent: float, breadth: float) -> float:
    """Between the best value (breadth 0) and the mean of the `counted` best (1). The document's
    passages that are no candidates count as `absent`, or as its last candidate if that is less."""
    best = sorted(values, reverse=True)[:counted]
    missing = counted - len(best)
    mean = (sum(best) + missing * min(absent, best[-1])) / counted
    return (1 - breadth) * best[0] + breadth * mean

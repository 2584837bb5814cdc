"""Pieces of passages put together so that they read as an answer: what belongs together is said
together, the best first, then in the author's order."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.answering.relevance import words
from bot.answering.units import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.answering.candidates import Candidate
    from indexing.models import Passage

_USUAL = 4  # statements
_MOST = 8  # statements of a procedure or a list
_SAME_DOCUMENT = 0.72  # of the best score: what else the best document says
_OTHER_DOCUMENT = 0.86
_STEPS_MATTER = 0.7  # of the best score: steps beside it answer a "how do I"
_SAME_LIST = 0.85  # of the best item's score
_SAME_WORDS = 0.85

DANGLING = re.compile(
    r"(?:this|that|these|those|it|its|it's|they|their|he|she|such|otherwise|then|however|also|"
    r"instead|but|and|in (?:this|that|these|those|which) cases?|if (?:so|not)|"
    r"the (?:latter|former|same)|dies|diese|dieser|dieses|sie|dann|andernfalls|jedoch|dabei|"
    r"cela|ceci|ils|elles|cependant|sinon|esto|estos|ellos|además)\b",
    re.IGNORECASE,
)
_LIMITING = re.compile(
    r"(?:however|but|unless|except|only|not|this does not|this doesn't|otherwise|note|jedoch|"
    r"allerdings|außer|nur|cependant|sauf|sin embargo|excepto|但|ただし)\b",
    re.IGNORECASE,
)
_PROCEDURE = re.compile(
    r"\b(?:how (?:do|can|could|should|would|to)|steps?|set ?up|instructions?|way to|guide|"
    r"wie (?:kann|können|\w+ ich|\w+ man)|comment|cómo|como|come (?:posso|faccio|si)|"
    r"hoe (?:kan|moet|doe))\b|怎么|如何|どうやって|كيف",
    re.IGNORECASE,
)
# A message that asks for nothing in particular ("delete my account") asks how to do it.
_ASKS_FACT = re.compile(
    r"(?:what|when|where|why|who|which|whose|how|is|are|am|was|were|do|does|did|can|could|will|"
    r"would|should|may|have|has|had)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """`passage.text[start:end]`, said as one statement; `before` are words that stand
    outside it in the article and without which it would mislead: the number of a step, the
    heading of a bare list."""

    passage: Passage
    start: int
    end: int
    before: str = ""

    @property
    def quote(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def text(self) -> str:
        """The quote as one line for a reader."""
        return plain(f"{self.before} {self.quote}")


def composed(question: str, found: Sequence[Candidate]) -> tuple[Piece, ...]:
    """The answer to the question out of these candidates (at least one); never empty."""
    return _Composer(question, found).composed()


class _Composer:
    def __init__(self, question: str, found: Sequence[Candidate]) -> None:
        self._found = {each.place: each for each in found}
        self._ranked = sorted(found, key=lambda each: (-each.score, each.place))
        self._is_procedure = bool(
            _PROCEDURE.search(question)
            or not (_ASKS_FACT.match(question.lstrip()) or question.rstrip().endswith("?"))
        )

    def composed(self) -> tuple[Piece, ...]:
        best = self._answering(self._ranked[0])
        listing = self._listing(best)
        if listing:
            before = [] if best in listing else self._with_context(best)
            return tuple(_pieces([*before, *listing], _MOST))
        return tuple(_pieces(self._ordered(best, self._picked(best)), _USUAL))

    def _beside(self, candidate: Candidate, by: int) -> Candidate | None:
        rank, position = candidate.place
        return self._found.get((rank, position + by))

    def _answering(self, candidate: Candidate) -> Candidate:
        """What follows a question or an announcement, for that is what it is about."""
        following = self._beside(candidate, 1)
        return following if candidate.is_question() and following else candidate

    # Lists ------------------------------------------------------------------------------------

    def _listing(self, best: Candidate) -> list[Candidate]:
        """The list that answers, after the line that announces it; [] where none does."""
        block = self._list_at(best)
        if not block:
            return []
        lead = self._beside(block[0], -1)
        leads = [lead] if lead and lead.is_lead() else []
        if block[0].unit.kind == "step" or best in leads:
            return [*leads, *block, *self._continued(block)]
        top = max(each.score for each in block)
        return [*leads, *(each for each in block if each.score >= _SAME_LIST * top)]

    def _list_at(self, best: Candidate) -> list[Candidate]:
        if best.unit.is_listed() or best.unit.kind == "row":
            return self._block(best)
        following = self._beside(best, 1)
        if best.is_lead() and following and following.unit.kind != "sentence":
            return self._block(following)
        if not self._is_procedure:
            return []
        steps = (
            each
            for each in self._ranked
            if each.unit.kind == "step"
            and each.passage.document_id == best.passage.document_id
            and each.score >= _STEPS_MATTER * best.score
        )
        first = next(steps, None)
        return self._block(first) if first else []

    def _block(self, member: Candidate) -> list[Candidate]:
        rank = member.place[0]
        return [
            each
            for place, each in sorted(self._found.items())
            if place[0] == rank and each.unit.block == member.unit.block
        ]

    def _continued(self, block: Sequence[Candidate]) -> list[Candidate]:
        """The steps that stand in the document's next passage, when that was found too."""
        last = [each for each in block if each.unit.marker]
        if self._beside(block[-1], 1) or not last or not (number := _number(last[-1])):
            return []
        for place, each in self._found.items():
            same = each.passage.document_id == block[0].passage.document_id
            section = each.passage.heading_path == block[0].passage.heading_path
            if same and section and place[1] == 0 and _number(each) == number + 1:
                return self._block(each)
        return []

    # Sentences --------------------------------------------------------------------------------

    def _picked(self, best: Candidate) -> list[Candidate]:
        picked = self._with_context(best)
        for other in self._ranked:
            each = self._answering(other)
            if not self._adds(each, best):
                continue
            addition = [part for part in self._with_context(each) if not _is_said(part, picked)]
            if each in addition and len(picked) + len(addition) <= _USUAL:
                picked.extend(addition)
        return picked

    def _adds(self, each: Candidate, best: Candidate) -> bool:
        if each.passage.locale != best.passage.locale:  # would say the same in another language
            return False
        if each.is_lead() or each.is_question() or each.unit.kind == "step":
            return False  # a step alone is no instruction
        same = each.passage.document_id == best.passage.document_id
        return each.score >= (_SAME_DOCUMENT if same else _OTHER_DOCUMENT) * best.score

    def _with_context(self, candidate: Candidate) -> list[Candidate]:
        """The candidate, before it what it refers to, after it what limits it."""
        parts = [candidate]
        while len(parts) < 3 and (before := self._needed_before(parts[0])):
            parts.insert(0, before)
        after = self._beside(candidate, 1)
        if (
            after and after.unit.block == candidate.unit.block and _LIMITING.match(after.quote)
        ) or (candidate.is_lead() and after):
            parts.append(after)
        return parts

    def _needed_before(self, candidate: Candidate) -> Candidate | None:
        before = self._beside(candidate, -1)
        if candidate.unit.is_listed() or candidate.unit.kind == "row":
            while before and before.unit.block == candidate.unit.block:
                before = self._beside(before, -1)
            return before if before and before.is_lead() else None
        if before and before.is_lead():
            return before
        return before if before and DANGLING.match(candidate.quote) else None

    def _ordered(self, best: Candidate, picked: Sequence[Candidate]) -> list[Candidate]:
        """Runs of neighbours stay whole; the best one's first, then its document's, then others."""
        runs: list[list[Candidate]] = []
        for each in sorted(picked, key=lambda each: each.place):
            previous = runs[-1][-1].place if runs else None
            if previous and (previous[0], previous[1] + 1) == each.place:
                runs[-1].append(each)
            else:
                runs.append([each])

        def order(run: list[Candidate]) -> tuple[bool, bool, tuple[int, int]]:
            same = run[0].passage.document_id == best.passage.document_id
            return best not in run, not same, run[0].place

        return [each for run in sorted(runs, key=order) for each in run]


def _is_said(candidate: Candidate, said: Sequence[Candidate]) -> bool:
    return any(_same(candidate, each) for each in said)


def _same(one: Candidate, other: Candidate) -> bool:
    if one.place == other.place:
        return True
    first, second = _word_set(one.text), _word_set(other.text)
    if len(first & second) < _SAME_WORDS * len(first | second):
        return False
    return not any(char.isdigit() for word in first ^ second for char in word)


@lru_cache(maxsize=1024)
def _word_set(text: str) -> frozenset[str]:
    return frozenset(words(text))


def _number(candidate: Candidate) -> int:
    digits = candidate.unit.marker.strip("().")
    return int(digits) if digits.isdecimal() else 0


def _pieces(chosen: Sequence[Candidate], most: int) -> Iterator[Piece]:
    """One piece each; a procedure that is too long has neighbours joined, none left out."""
    unique = [each for at, each in enumerate(chosen) if not _is_said(each, chosen[:at])]
    groups = [[each] for each in unique]
    while len(groups) > most and (at := _shortest_join(groups)) is not None:
        groups[at : at + 2] = [groups[at] + groups[at + 1]]
    previous: Candidate | None = None
    for group in groups[:most]:
        first, last = group[0], group[-1]
        yield Piece(
            passage=first.passage,
            start=first.unit.start,
            end=last.unit.end,
            before=_before(first, previous),
        )
        previous = last


def _before(first: Candidate, previous: Candidate | None) -> str:
    """A step's number; the heading where an item follows neither its list nor its lead."""
    if first.unit.kind == "step":
        return first.unit.marker
    if first.unit.kind != "item" or not first.passage.heading_path:
        return ""
    beside = previous if previous and previous.passage is first.passage else None
    if beside and (beside.is_lead() or beside.unit.block == first.unit.block):
        return ""
    return f"{first.passage.heading_path[-1].rstrip(':')}:"


def _shortest_join(groups: Sequence[Sequence[Candidate]]) -> int | None:
    """Where joining two neighbouring steps makes the shortest piece; None where none are."""
    joins = [
        (right[-1].unit.end - left[0].unit.start, at)
        for at, (left, right) in enumerate(itertools.pairwise(groups))
        if left[0].passage is right[0].passage
        and left[0].unit.block == right[0].unit.block
        and left[-1].place[1] + 1 == right[0].place[1]
    ]
    return min(joins)[1] if joins else None

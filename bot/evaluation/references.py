"""What articles say of the right answer: whether they carry it, contradict it, or are cut within
it. Pure."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.answering.checking import check
from bot.answering.checking.verdicts import Fault
from bot.answering.citations import citation
from bot.answering.relevance import content_words
from bot.answering.units import plain, units
from bot.models import Statement
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexing.models import Passage

# What makes an article say otherwise, rather than less.
_OTHERWISE = frozenset({Fault.FIGURE, Fault.LIMIT, Fault.NEGATION, Fault.CONTACT})

# Of a sentence's telling words, figures aside: with fewer it may speak of something else.
_ABOUT_IT = 0.7
_FEWEST_WORDS = 2
_CARRIES = 0.6
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """`contradicted` is the sentence that says otherwise, "" without one. `carriers` are the ids
    of chunks that hold most of the reference's words. `is_cut` is whether the whole article holds
    them and no chunk of it does."""

    contradicted: str
    carriers: frozenset[str]
    is_cut: bool


def told_of(
    reference: str,
    *,
    question: str,
    locale: str,
    chunks: Sequence[Passage],
    others: Sequence[Passage],
    bodies: Sequence[str],
) -> Told:
    """What is said of the reference by the `chunks` of the articles that should answer, whose
    whole texts are `bodies`, and by the `others` that were found."""
    wanted = frozenset(content_words(reference))
    carriers = frozenset(each.chunk_id for each in chunks if _share(wanted, each.text) >= _CARRIES)
    whole = any(_share(wanted, _text(body)) >= _CARRIES for body in bodies)
    found = (
        said
        for passages in (chunks, others)
        for sentence in sentences(reference)
        if (said := _otherwise(sentence, question, locale, passages))
    )
    return Told(
        contradicted=next(found, ""),
        carriers=carriers,
        is_cut=bool(chunks) and not carriers and whole,
    )


def _otherwise(sentence: str, question: str, locale: str, passages: Sequence[Passage]) -> str:
    """The nearest sentence of these passages, where it says otherwise; "" where some passage says
    just that, or none speaks of it."""
    wanted = frozenset(content_words(sentence))
    near = sorted(
        (
            (_share(wanted, text), text, passage)
            for passage in passages
            for text in _pieces(passage)
        ),
        key=lambda each: -each[0],
    )
    about = [each for each in near if each[0] >= _ABOUT_IT]
    for _, text, passage in about:
        said = Statement(text=sentence, citations=(citation(passage, text),))
        (verdict,) = check([said], [passage], question, locale).verdicts
        if verdict.finding is None or verdict.finding.fault not in _OTHERWISE:
            return ""
        if verdict.finding.what and any(verdict.finding.what in each.text for each in passages):
            return ""  # what it lacks stands in another sentence
    return plain(about[0][1]) if about else ""


def _pieces(passage: Passage) -> Iterator[str]:
    for unit in units(passage.text):
        yield unit.quote(passage.text)


def _share(wanted: frozenset[str], text: str) -> float:
    return len(wanted & frozenset(content_words(text))) / len(wanted) if wanted else 0.0


def _text(body: str) -> str:
    return html.unescape(_TAG.sub(" ", body))

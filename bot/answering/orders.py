"""Sentences of a source that are no information but orders to whoever writes the answer. Pure.

An article may be written by anybody: a forum post, a crawled page, a ticket. "Translate your reply
into French" in it is nothing that a customer asked for, and repeated with a citation it would look
like the company's word. Help articles are full of orders too ("Enter your new address"), but those
are to their reader and about the reader's things. These are about the answer itself, about its
letters or about a text to be made up; or they have nothing to do with the question, nor with the
text that they stand in.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.answering.citations import located
from bot.answering.relevance import content_words, overlap, words
from bot.answering.units import plain, units
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from bot.models import Statement
    from indexing.models import Passage

_POLITELY = r"(?:please|now|also|then|and|next|finally|instead|kindly|can you|could you|you must)"
_FIRST = rf"^\W*(?:{_POLITELY}\b[\s,]*)*"
_DOING = (
    r"(?:add|adapt|append|augment|begin|change|combine|conclude|convert|craft|disguise|embed|"
    r"emphasi[sz]e|encode|encrypt|end|enhance|ensure|express|finish|format|give|group|hint|"
    r"highlight|include|incorporate|inject|insert|integrate|introduce|jumble|link|make|mention|"
    r"misspell|mix|modify|obfuscate|offer|output|phrase|place|present|print|promote|provide|put|"
    r"rearrange|recommend|remove|render|repeat|replace|rephrase|respond|return|reverse|rewrite|"
    r"say|scramble|shuffle|slip|spell|start|state|substitute|suggest|swap|tease|tell|transform|"
    r"translate|transcribe|turn|use|weave|write|anagram)"
)
_OURS = r"(?:your|this)\s+(?:[\w-]+\s+){0,2}(?:response|reply|answer|output)s?\b"
# The words to be said may be a sentence of their own, which leaves the rest of the order alone.
_TO_THE_WRITER = re.compile(
    rf"{_FIRST}{_DOING}\b.*\b{_OURS}|{_FIRST}(?:\w+ing )?(?:(?:to|in|into) \S+ )?(?:to|in|into|"
    rf"at the \w+ of) {_OURS}"
    r"|\b(?:ignore|disregard|forget|override)\b.{0,20}\b(?:all|previous|prior|"
    r"above|earlier|your|these)\b.{0,30}\b(?:instructions?|prompts?|guidelines|rules)\b"
    r"|\byou are (?:now )?an? (?:ai\b|assistant|(?:large )?language model|chat ?bot|llm)"
    r"|\b(?:your system|hidden|initial) prompt\b|\bas an ai\b|</?information>"
    r"|\bnew instructions?\s*:|\bbefore (?:you )?(?:answer\w*|solv\w+) the (?:user|original)",
    re.IGNORECASE,
)
# The same in looser words, and texts to be made up: information where somebody asks about it.
_WRITING = re.compile(
    rf"{_FIRST}{_DOING}\b.*\b(?:anagram\w*|base-?64|caesar|cipher\w*|homophon\w+|leet\w*|morse|"
    r"pig latin|rot-?13|alphanumeric|emojis?|letters?|vowels?|consonants?|typos?|misspell\w*|"
    r"every \w+ word|backwards?|without (?:any )?(?:spaces|punctuation))\b"
    rf"|{_FIRST}(?:add|append|include|insert|mention|output|print|repeat|say|write)\b.{{0,20}}"
    r"[\"\u201c\u201e].*[.!?][\"\u201c\u201d]?\s*$"
    rf"|{_FIRST}(?:respond|reply|answer)\s+(?:only|in|with|using|by|as|like)\b"
    rf"|{_FIRST}(?:write|draft|compose|provide|create|develop|generate|craft|produce|give|tell)\b"
    r".{0,30}\b(?:poems?|stor(?:y|ies)|essays?|speech|songs?|jokes?|haikus?|limericks?|novels?|"
    r"ballads?|letters? to|slogans?|riddles?)\b",
    re.IGNORECASE,
)
# A task for somebody who knows everything.
_TASK = re.compile(
    rf"{_FIRST}(?:analy[sz]e|arrange|break down|calculate|classify|compare|compose|compute|convert|"
    r"create|define|describe|design|develop|discuss|draft|elaborate|email (?:a|the|this|to)|"
    r"evaluate|explain|find|generate|give|identify|illustrate|invent|list|name|organi[sz]e|outline|paraphrase|plan|"
    r"predict|prepare|promote|propose|provide|recommend|remind|research|say|schedule|send|share|"
    r"show|solve|suggest|summari[sz]e|tell|translate|visit|write)\s+\w",
    re.IGNORECASE,
)
_SAME = 0.6
_BELONGS = 0.25  # of its telling words stand around it: one of them may by chance
_ASKING = ("?", "\uff1f", "\u061f")
_CLOSING = " \"'»”)]"
_READERS = re.compile(
    r"\b(?:your|you|us|our|we|them|their|it|its|these|below|above|following|ticket|support|click|"
    r"select|choose|tap|menu|button|settings?|page|form|tab|order|account)\b",
    re.IGNORECASE,
)


def is_order(text: str, *, asked: AbstractSet[str], around: AbstractSet[str]) -> bool:
    """Whether one sentence is an order to the writer. `asked` are the folded words of the
    question, `around` those of the text that it stands in, with title and headings, and without
    its own."""
    kind = _kind(text)
    if kind in ("", "writer"):
        return kind == "writer"
    telling = frozenset(content_words(text))
    if not asked.isdisjoint(telling):
        return False
    return kind != "task" or overlap(telling, around) < _BELONGS


def without_orders(
    statements: Iterable[Statement], passages: Sequence[Passage], question: str
) -> tuple[Statement, ...]:
    """The statements that repeat no order to the writer, neither in their own words nor in the
    words that they cite."""
    asked = frozenset(words(question))
    by_id = {each.chunk_id: each for each in passages}
    return tuple(each for each in statements if not _repeats_order(each, by_id, asked))


def orders_among(pieces: Sequence[str], *, asked: AbstractSet[str], above: str) -> frozenset[int]:
    """The places of those sentences of one passage that are orders to the writer. `above` is its
    title with its headings."""
    return frozenset(
        at
        for at, piece in enumerate(pieces)
        if _kind(piece)
        and is_order(
            piece, asked=asked, around=_around(piece, [*pieces[:at], *pieces[at + 1 :]], above)
        )
    )


def _repeats_order(
    statement: Statement, by_id: dict[str, Passage], asked: AbstractSet[str]
) -> bool:
    for citation in statement.citations:
        passage = by_id.get(citation.chunk_id)
        if passage is None:
            continue
        pieces, above = _read(passage.text), _above(passage)
        said = (*sentences(statement.text), *_touched(citation.quote, passage, pieces))
        for each in dict.fromkeys(plain(one) for one in said):
            if not _kind(each):
                continue
            others = [piece for piece in pieces if piece not in each and each not in piece]
            if is_order(each, asked=asked, around=_around(each, others, above)):
                return True
    return False


def _touched(quote: str, passage: Passage, pieces: Collection[str]) -> Iterable[str]:
    """The sentences that a quote holds."""
    held = plain(located(quote, passage.text) or "")
    return [piece for piece in pieces if piece in held]


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[str, ...]:
    return tuple(plain(unit.quote(text)) for unit in units(text))


def _above(passage: Passage) -> str:
    return " ".join((passage.title, *passage.heading_path))


def _around(piece: str, others: Sequence[str], above: str) -> frozenset[str]:
    """Words of what stands around a piece. A title that says the same is no witness for it."""
    titled = _words([above])
    same = bool(titled) and overlap(titled, words(piece)) > _SAME
    return _words([*others, *([] if same else [above])])


def _words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word for text in texts for word in words(text))


@lru_cache(maxsize=4096)
def _kind(text: str) -> str:
    """What the sentence may be, by its own words."""
    if _TO_THE_WRITER.search(text):
        return "writer"
    if _WRITING.search(text):
        return "writing"
    if text.rstrip(_CLOSING).endswith(_ASKING) and " " in text:
        return "question"  # no information, wherever it stands
    return "task" if _TASK.search(text) and not _READERS.search(text) else ""

"""What carries a statement: the pieces of the passages that its quotes stand in, and around them
the line that announces a list, the headings and the title."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from bot.answering.checking.lexicons import Lexicon, lexicon_of
from bot.answering.citations import located
from bot.answering.relevance import content_words, words
from bot.answering.units import plain, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.answering.units import Unit
    from bot.models import Citation
    from indexing.models import Passage

_TOKENS = re.compile(r"[^\W_]+|[€$£¥%]")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A sentence, list item, step or row that a quote stands in, wholly or in part. `lead` is
    the line that announces its list."""

    passage: Passage
    unit: Unit
    lead: str

    @cached_property
    def text(self) -> str:
        """As one line for a reader."""
        return plain(self.quote)

    @property
    def quote(self) -> str:
        return self.unit.quote(self.passage.text)

    @cached_property
    def content(self) -> frozenset[str]:
        return frozenset(content_words(self.text))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that may carry one statement. `quotes` are the cited words; `partial` is
    whether one of them begins or ends inside a piece. `limits` are quoted pieces, each with
    the quoted sentence that limits it."""

    pieces: tuple[Piece, ...]
    quotes: tuple[str, ...]
    partial: bool
    lexicon: Lexicon
    headings: tuple[str, ...]
    limits: tuple[tuple[Piece, Piece], ...]

    @cached_property
    def near(self) -> str:
        """The cited pieces with the lines that announce them."""
        return "\n".join(
            dict.fromkeys(part for each in self.pieces for part in (each.lead, each.text))
        )

    @cached_property
    def all(self) -> str:
        """The same with headings and titles."""
        return "\n".join((self.near, *self.headings))

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(words(self.all))

    @cached_property
    def passage_words(self) -> frozenset[str]:
        """Every word of the cited passages."""
        return frozenset(
            word
            for text in {each.passage.text for each in self.pieces}
            for word in passage_words(text)
        )


@lru_cache(maxsize=256)
def read(text: str) -> tuple[Unit, ...]:
    """The pieces of a passage."""
    return units(text)


@lru_cache(maxsize=256)
def passage_words(text: str) -> frozenset[str]:
    """The words of a passage."""
    return frozenset(words(text))


def tokens(text: str) -> tuple[str, ...]:
    """The words as written, for comparing word for word."""
    return tuple(_TOKENS.findall(text.casefold()))


def evidence(citations: Sequence[Citation], passages: Mapping[str, Passage]) -> Evidence | None:
    """What these citations point at; None where none of them holds."""
    found: list[Piece] = []
    quotes: list[str] = []
    partial = False
    for citation in citations:
        passage = passages.get(citation.chunk_id)
        quote = located(citation.quote, passage.text) if passage else None
        if passage is None or quote is None:
            continue
        quotes.append(quote)
        pieces, cut = _pieces(passage, quote)
        partial = partial or cut
        found.extend(each for each in pieces if each not in found)
    if not found:
        return None
    near = " ".join(each.text for each in found)
    lexicon = lexicon_of(near, found[0].passage.locale)
    return Evidence(
        pieces=tuple(found),
        quotes=tuple(quotes),
        partial=partial,
        lexicon=lexicon,
        headings=tuple(dict.fromkeys(_headings(found))),
        limits=tuple(_limits(found, lexicon)),
    )


def _pieces(passage: Passage, quote: str) -> tuple[list[Piece], bool]:
    """The pieces that the quote touches, and whether it cuts one."""
    start = passage.text.find(quote)
    end = start + len(quote)
    found = read(passage.text)
    touched = [at for at, each in enumerate(found) if each.start < end and each.end > start]
    if not touched:
        return [], False
    cut = found[touched[0]].start < start or found[touched[-1]].end > end
    return [
        Piece(passage=passage, unit=found[at], lead=_lead(passage.text, found, at))
        for at in touched
    ], cut


def _lead(text: str, found: Sequence[Unit], at: int) -> str:
    """The line that announces the list or table which this piece is part of; "" without one."""
    unit = found[at]
    if not (unit.is_listed() or unit.kind == "row"):
        return ""
    while at > 0 and found[at - 1].block == unit.block:
        at -= 1
    before = found[at - 1].quote(text) if at else ""
    return plain(before) if before.endswith((":", "：")) else ""  # noqa: RUF001  full-width colon


def _headings(pieces: Iterable[Piece]) -> Iterator[str]:
    for each in pieces:
        yield from each.passage.heading_path
        yield each.passage.title


def _limits(pieces: Sequence[Piece], lexicon: Lexicon) -> Iterator[tuple[Piece, Piece]]:
    for before, each in itertools.pairwise(pieces):
        same = before.passage is each.passage and before.unit.block == each.unit.block
        if same and each.unit.kind == "sentence" and lexicon.limiting.match(each.text.lower()):
            yield before, each

"""Which statements a reader may be told, and the numbered sources that carry them. Pure.

Retrieval has kept to what the reader may read. Here it is asked again, of each citation, at the
last place before words leave: a statement that rests on anything else is not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.inert import safe_url, shortened
from indexing.models import PUBLIC, Audience

if TYPE_CHECKING:
    from bot.models import Outcome, Statement
    from indexing.models import Passage, Reader

# Macros and solved tickets are the team's own words, whatever their audience says. What is not
# known of an old record may have been one.
_TEAM_ONLY = frozenset({"macro", "ticket", ""})
_LONGEST_STATEMENT = 4_000
# The cosine from which on an article has something to do with the question.
_NEAR = 0.4
_LONGEST_URL = 600
"""Longer addresses are not linked: a few of them would fill the message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One cited passage's document. `rank` is the passage's place among those that were found,
    from 1; `url` is "" where there is nothing to open; `is_public` is whether customers may read
    it."""

    number: int
    rank: int
    document_id: str
    title: str
    url: str
    path: tuple[str, ...]
    edited_at: datetime | None
    is_public: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A statement and the numbers of what carries it, each with the address of the passage."""

    text: str
    marks: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cited:
    """What is told, and the sources in the order of their numbers, each document once."""

    told: tuple[Told, ...]
    sources: tuple[Source, ...]


def cited(outcome: Outcome, reader: Reader, *, most: int | None = None) -> Cited:
    """What of an outcome the reader may be told; of its statements `most` at most."""
    ranked = {each.chunk_id: (rank, each) for rank, each in enumerate(outcome.passages, start=1)}
    allowed = [
        each for each in outcome.statements[:most] if _carried(each, ranked, reader) and each.text
    ]
    sources: dict[tuple[str, str], Source] = {}
    told = []
    for statement in allowed:
        marks: dict[int, str] = {}
        for citation in statement.citations:
            rank, passage = ranked[citation.chunk_id]
            key = (passage.source, passage.document_id)
            source = sources.setdefault(key, _source(len(sources) + 1, rank, passage))
            marks.setdefault(source.number, _address(passage))
        text = statement.text[:_LONGEST_STATEMENT]
        told.append(Told(text=text, marks=tuple(sorted(marks.items()))))
    return Cited(told=tuple(told), sources=tuple(sources.values()))


def closest(outcome: Outcome, reader: Reader, *, most: int = 3) -> tuple[Source, ...]:
    """The articles that come nearest, for who wants to look for the answer in them."""
    found: dict[tuple[str, str], Source] = {}
    for rank, passage in enumerate(outcome.passages, start=1):
        if may_see(reader, passage) and passage.dense >= _NEAR and len(found) < most:
            key = (passage.source, passage.document_id)
            found.setdefault(key, _source(len(found) + 1, rank, passage))
    return tuple(found.values())


def may_see(reader: Reader, passage: Passage) -> bool:
    """Whether a passage may be shown to a reader."""
    if passage.kind in _TEAM_ONLY and reader.labels == {PUBLIC}:
        return False
    return bool(passage.audience) and reader.may_read(Audience(labels=frozenset(passage.audience)))


def _carried(
    statement: Statement, ranked: Mapping[str, tuple[int, Passage]], reader: Reader
) -> bool:
    passages = [ranked.get(each.chunk_id) for each in statement.citations]
    return bool(passages) and all(each and may_see(reader, each[1]) for each in passages)


def _source(number: int, rank: int, passage: Passage) -> Source:
    return Source(
        number=number,
        rank=rank,
        document_id=passage.document_id,
        title=shortened(passage.title, 150) or passage.document_id,
        url=_address(passage),
        path=passage.heading_path,
        edited_at=passage.edited_at,
        is_public=PUBLIC in passage.audience and passage.kind not in _TEAM_ONLY,
    )


def _address(passage: Passage) -> str:
    url = safe_url(passage.link)
    return url if len(url) <= _LONGEST_URL else ""

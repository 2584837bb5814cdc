"""The words that indexing speaks: Document, Section, Chunk, Passage, and who may read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

MediaType = Literal["text/html", "text/markdown", "text/plain"]
DocumentKind = Literal["article", "page", "file", "macro", "ticket"]
CutReason = Literal["ranked_lower", "other_translation"]
BlockKind = Literal["paragraph", "list", "steps", "table", "code", "note", "quote"]

PUBLIC = "public"
SIGNED_IN = "signed_in"
AGENTS = "agents"


def segment(segment_id: int | str) -> str:
    """The audience label of one named user segment."""
    return f"segment:{segment_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Audience:
    """Who may read a document: a reader who holds any one of these labels."""

    labels: frozenset[str]

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("An audience needs at least one label; nobody could read this.")

    @classmethod
    def public(cls) -> Audience:
        return cls(labels=frozenset({PUBLIC}))

    @classmethod
    def signed_in(cls) -> Audience:
        return cls(labels=frozenset({SIGNED_IN}))

    @classmethod
    def agents(cls) -> Audience:
        return cls(labels=frozenset({AGENTS}))

    @classmethod
    def segments(cls, *segment_ids: int | str) -> Audience:
        return cls(labels=frozenset(segment(each) for each in segment_ids))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """The labels that a person who asks holds; it reads what an `Audience` shares with it."""

    labels: frozenset[str]

    @classmethod
    def customer(cls) -> Reader:
        """Nobody known: public knowledge only."""
        return cls(labels=frozenset({PUBLIC}))

    @classmethod
    def signed_in_customer(cls, *segment_ids: int | str) -> Reader:
        return cls(labels=frozenset({PUBLIC, SIGNED_IN, *(segment(each) for each in segment_ids)}))

    @classmethod
    def agent(cls, *segment_ids: int | str) -> Reader:
        """A member of the support team: public, signed-in and agents-only knowledge,
        and of restricted knowledge the segments named here."""
        return cls(
            labels=frozenset({PUBLIC, SIGNED_IN, AGENTS, *(segment(each) for each in segment_ids)})
        )

    def may_read(self, audience: Audience) -> bool:
        """The same rule as the SQL filter, for checks outside the database."""
        return not self.labels.isdisjoint(audience.labels)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One piece of knowledge in one locale, as a connector delivers it.

    `id` is stable and unique within `source` (the source's name). `translation_group` joins
    the locales of one article. `heading_path` is where it stands in the help center
    (category, section). `edited_at` is when people last changed title or body.
    """

    id: str
    source: str
    title: str
    body: str
    media_type: MediaType = "text/html"
    kind: DocumentKind = "article"
    locale: str = "en"
    url: str = ""
    audience: Audience
    translation_group: str = ""
    heading_path: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    promoted: bool = False
    edited_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The smallest piece of an article that stands on its own: a paragraph, a list, a table."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The blocks under one heading. `heading_path` starts below the title; `anchor` is the
    fragment (without #) that scrolls to it, or "" where the article has none."""

    heading_path: tuple[str, ...]
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A run of text of one section that fits the embedding model's token budget.

    `text` is what is shown and cited; `embedded_text` is what the model sees (title and
    heading path before the text). `id` is stable: the same text under the same title and
    heading in the same document keeps its id whatever happens around it.
    """

    id: str
    ordinal: int
    heading_path: tuple[str, ...]
    anchor: str
    text: str
    embedded_text: str
    tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A chunk that was found for a question, with what a citation needs and why it was found.

    `score` orders passages (higher is better, comparable within one question only);
    `dense` is the cosine similarity in -1..1; `lexical` is the share of the question's
    BM25 weight that the chunk carries, in 0..1. `audience` is the document's labels, sorted.
    """

    chunk_id: str
    document_id: str
    source: str
    kind: DocumentKind
    title: str
    url: str
    anchor: str
    heading_path: tuple[str, ...]
    text: str
    locale: str
    audience: tuple[str, ...]
    edited_at: datetime | None
    score: float
    dense: float
    lexical: float

    @property
    def link(self) -> str:
        """The document's URL at the section this passage stands in."""
        if not self.url or not self.anchor:
            return self.url
        return f"{self.url.split('#', 1)[0]}#{self.anchor}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """A passage that was found and not given to whoever asked, and why: others ranked higher, or
    another translation of its article was taken, which says nothing of its score."""

    passage: Passage
    why: CutReason

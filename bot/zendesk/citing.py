"""Which statements a customer may be told, and the numbered links that carry them. Pure.

Retrieval has kept to what the requester may read. Here it is asked again, of each citation, at
the last place before words leave: a statement that rests on anything else is not told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from bot.inert import as_html, inert, own_as_html, safe_url, shortened
from indexing.models import Audience

if TYPE_CHECKING:
    from bot.models import Outcome, Statement
    from indexing.models import Passage, Reader

_SHOWN_KINDS = frozenset({"article", "page", "file"})  # the others are the team's own
_MOST_STATEMENTS, _MOST_LINKS = 40, 5
_LONGEST_STATEMENT, _LONGEST_TITLE, _LONGEST_QUOTE = 4_000, 200, 300
_MOST_QUOTES = 10

_MARK = re.compile(r"\[(\d{1,2})\]")
_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One cited article, with where its passage stands."""

    document_id: str
    title: str
    url: str
    quote: str
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A statement as text and as HTML, without its links, and what carries it: at least one
    source."""

    text: str
    html: str
    sources: tuple[Source, ...]


def told_to(reader: Reader, outcome: Outcome) -> tuple[Told, ...]:
    """The statements that the reader may be told: all they rest on are articles that the reader
    may read, and at least one has an address that the reader can open."""
    passages = {each.chunk_id: each for each in outcome.passages}
    told = (_told(each, passages, reader) for each in outcome.statements[:_MOST_STATEMENTS])
    return tuple(each for each in told if each is not None)


def paragraphs(told: Sequence[Told]) -> str:
    """Each statement as a paragraph that ends with its numbered links."""
    numbers = _numbers(told)
    return "".join(f"<p>{each.html} {_marks(each, numbers)}</p>\n" for each in told)


def source_list(told: Sequence[Told]) -> str:
    """The cited articles in the order of their numbers, each once."""
    items = "".join(f"<li>{_titled(each)}</li>\n" for each in _first_of_each(told))
    return f"<ol>\n{items}</ol>\n"


def numbered(told: Sequence[Told]) -> tuple[tuple[int, Source], ...]:
    """The cited articles with their numbers, each once."""
    return tuple(enumerate(_first_of_each(told), start=1))


def quotes(told: Sequence[Told]) -> str:
    """For an agent: the cited words of each statement, with the number of their article."""
    numbers = _numbers(told)
    cited = dict.fromkeys(source for each in told for source in each.sources)
    items = "".join(
        f"<li>[{numbers[each.document_id]}] {_titled(each)} (score {each.score:.2f}): "
        f"“{as_html(shortened(each.quote, _LONGEST_QUOTE))}”</li>\n"
        for each in list(cited)[:_MOST_QUOTES]
    )
    return f"<ul>\n{items}</ul>\n"


def marked_text(told: Sequence[Told]) -> str:
    """Each statement as a paragraph of plain text that ends with its numbers in brackets."""
    numbers = _numbers(told)
    return "\n\n".join(
        f"{each.text} {''.join(f'[{number}]' for number, _ in _numbered(each, numbers))}"
        for each in told
    )


def marked_html(text: str, told: Sequence[Told]) -> tuple[str, str]:
    """A person's text with those numbers: its paragraphs as HTML, and the list of the sources
    whose numbers it still has, each at its number; "" where it has none."""
    sources = dict(enumerate(_first_of_each(told), start=1))
    kept = {int(each) for each in _MARK.findall(text)} & sources.keys()
    body = "".join(
        f"<p>{_with_links(each, sources)}</p>\n" for each in _PARAGRAPHS.split(text) if each.strip()
    )
    items = "".join(f'<li value="{n}">{_titled(sources[n])}</li>\n' for n in sorted(kept))
    return body, f"<ol>\n{items}</ol>\n" if kept else ""


def _with_links(text: str, sources: Mapping[int, Source]) -> str:
    """Own words as they stand, but for the numbers of sources."""
    parts = _MARK.split(text)
    found = []
    for position, part in enumerate(parts):
        if position % 2 == 0:
            found.append(own_as_html(part))
        elif (source := sources.get(int(part))) is not None:
            found.append(link(source.url, f"[{part}]"))
        else:
            found.append(f"[{part}]")
    return " ".join(each for each in found if each)


def link(url: str, html: str) -> str:
    """A link to a `safe_url` around finished HTML."""
    return f'<a href="{escape(url)}">{html}</a>'


def _told(statement: Statement, passages: Mapping[str, Passage], reader: Reader) -> Told | None:
    cited = [(each, passages.get(each.chunk_id)) for each in statement.citations]
    if not all(passage is not None and _may_see(reader, passage) for _, passage in cited):
        return None
    sources = tuple(
        Source(
            document_id=passage.document_id,
            title=passage.title,
            url=url,
            quote=citation.quote,
            score=passage.score,
        )
        for citation, passage in cited
        if passage is not None and (url := safe_url(passage.link))
    )
    text = _cut(statement.text)
    html = as_html(text)
    if not html or not sources:
        return None
    return Told(text=inert(text), html=html, sources=sources[:_MOST_LINKS])


def _may_see(reader: Reader, passage: Passage) -> bool:
    return (
        passage.kind in _SHOWN_KINDS
        and bool(passage.audience)
        and reader.may_read(Audience(labels=frozenset(passage.audience)))
    )


def _cut(text: str) -> str:
    """Lines stay as they are where the text is no longer than anybody reads."""
    return text if len(text) <= _LONGEST_STATEMENT else shortened(text, _LONGEST_STATEMENT)


def _first_of_each(told: Sequence[Told]) -> tuple[Source, ...]:
    first: dict[str, Source] = {}
    for each in told:
        for source in each.sources:
            first.setdefault(source.document_id, source)
    return tuple(first.values())


def _numbers(told: Sequence[Told]) -> Mapping[str, int]:
    return {each.document_id: n for n, each in enumerate(_first_of_each(told), start=1)}


def _marks(told: Told, numbers: Mapping[str, int]) -> str:
    return " ".join(link(url, f"[{number}]") for number, url in _numbered(told, numbers))


def _numbered(told: Told, numbers: Mapping[str, int]) -> list[tuple[int, str]]:
    first = {each.document_id: each for each in reversed(told.sources)}
    return sorted((numbers[each.document_id], each.url) for each in first.values())


def _titled(source: Source) -> str:
    title = as_html(shortened(source.title, _LONGEST_TITLE))
    return link(source.url, title or escape(source.url))

"""Answers by local models behind a server that speaks the Messages API: vLLM, llama.cpp, Ollama.

Such servers know no search results, so the passages go in as numbered text and the model is
asked for markers, "[2]". A marker only claims a source: the words of the source that carry the
sentence are looked up here, and where there are none the citation is dropped.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from bot.answering.base import Draft
from bot.answering.citations import citation, normalised
from bot.answering.drafting import declines, drafted, nothing_to_read
from bot.answering.prompts import MARKERS, NO_ANSWER, request_data
from bot.answering.relevance import content_words, words
from bot.answering.units import units
from bot.models import Citation, Statement
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from bot.answering.base import AnswerRequest, NoDraft, OnStatement
    from bot.llm import MessagesApi
    from indexing.models import Passage

_MAX_TOKENS = 1_024
_FLOOR = 0.4  # of a sentence's telling words must stand in the cited piece,
_FURTHER = 0.25  # and of what they lack so much in each further piece that is cited

_MARKER = r"\[\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*\]"
_MARKERS = re.compile(rf"(?:\s*{_MARKER})+")
# "... 60 days. [1]" means the sentence before, not the one after.
_LATE = re.compile(rf"([.!?…。！？]+)((?:[ \t]*{_MARKER})+)")  # noqa: RUF001  full-width marks
_FIGURE = re.compile(r"\d+")
_NUMBERING = re.compile(r"^\s*\d{1,2}[.)]\s+")
_BULLET = re.compile(r"^\s*[-*•]\s+")


class MarkersEngine:
    """Needs a model that follows instructions; what it does not mark is not said."""

    name = "markers"

    def __init__(
        self,
        *,
        api: MessagesApi,
        max_tokens: int = _MAX_TOKENS,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        """`extra_body` goes into each request as it is: {"temperature": 0} for servers that
        know it. Anthropic's own API refuses that."""
        self._api = api
        self._max_tokens = max_tokens
        self._extra_body = extra_body

    def answer(
        self, request: AnswerRequest, *, on_statement: OnStatement | None = None
    ) -> Draft | NoDraft:
        """See `Engine`. Statements are told once the whole reply is there."""
        passages = tuple(passage for passage in request.passages if units(passage.text))
        if not passages:
            return nothing_to_read(MARKERS)
        reply = self._api.ask(
            system=MARKERS.text,
            messages=[{"role": "user", "content": content(passages, request)}],
            max_tokens=self._max_tokens,
            extra_body=self._extra_body,
        )
        text = "".join(block.text for block in reply.blocks)
        says_nothing = declines(text)
        statements = () if says_nothing else statements_of(text, passages)
        result = drafted(reply, statements, prompt=MARKERS, says_nothing=says_nothing)
        if on_statement is not None and isinstance(result, Draft):
            for statement in result.statements:
                on_statement(statement)
        return result


def statements_of(text: str, passages: Sequence[Passage]) -> tuple[Statement, ...]:
    """The sentences of a marked text that a cited passage carries, numbered from 1; pure."""
    text = html.unescape(text.replace(NO_ANSWER, " "))
    text = _LATE.sub(lambda late: f"{late.group(2)}{late.group(1)}", text)
    return tuple(
        statement
        for line in text.splitlines()
        for sentence in sentences(line)
        if (statement := _statement(sentence, passages)) is not None
    )


def _statement(sentence: str, passages: Sequence[Passage]) -> Statement | None:
    numbers = dict.fromkeys(
        int(number) for markers in _MARKERS.findall(sentence) for number in _FIGURE.findall(markers)
    )
    claim = normalised(_BULLET.sub("", _MARKERS.sub("", sentence)))
    cited = [passages[number - 1] for number in numbers if 0 < number <= len(passages)]
    citations = tuple(dict.fromkeys(_support(_NUMBERING.sub("", claim), cited)))
    return Statement(text=claim, citations=citations) if claim and citations else None


def _support(claim: str, cited: Sequence[Passage]) -> Iterator[Citation]:
    """From each passage the piece that holds most of the claim's words, if it holds enough;
    nothing at all when the claim holds a figure that no cited passage does."""
    telling = content_words(claim)
    known = {figure for passage in cited for figure in _FIGURE.findall(_read(passage))}
    if not telling or not set(_FIGURE.findall(claim)) <= known:
        return
    for passage in cited:
        for quote in _carrying(telling, passage):
            yield citation(passage, quote)


def _carrying(telling: Sequence[str], passage: Passage) -> Iterator[str]:
    """The piece that holds most of the words, if enough, then those that hold enough others."""
    left, share = set(telling), _FLOOR
    pieces = {unit.quote(passage.text) for unit in units(passage.text)}
    said = {quote: set(words(quote)) for quote in sorted(pieces)}
    while said:
        quote = max(said, key=lambda each: len(left & said[each]))
        if len(left & said[quote]) < max(1, share * len(set(telling))):
            return
        yield quote
        left -= said.pop(quote)
        share = _FURTHER


def _read(passage: Passage) -> str:
    return " ".join((passage.title, *passage.heading_path, passage.text))


def content(passages: Sequence[Passage], request: AnswerRequest) -> str:
    """What the model is given beside the rules: the numbered sources and the question; pure."""
    sources = "\n\n".join(_source(number, each) for number, each in enumerate(passages, 1))
    return f"<sources>\n{sources}\n</sources>\n\n{request_data(request)}"


def _source(number: int, passage: Passage) -> str:
    title = " > ".join((passage.title, *passage.heading_path))
    return f'<source id="{number}" title="{_escaped(title)}">\n{_escaped(passage.text)}\n</source>'


def _escaped(text: str) -> str:
    """Text that can end neither its source nor the list of sources."""
    clean = text.replace("\x00", " ").encode("utf-8", errors="replace").decode()
    return html.escape(clean, quote=True)

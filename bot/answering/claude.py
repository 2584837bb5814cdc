"""Answers by Claude, with the citations that the Messages API makes itself.

Each passage goes in as a `search_result` whose text blocks are its sentences, list items, steps
and rows: the smallest pieces that can be cited. What comes back is checked against the passages
all the same. Facts: platform.claude.com/docs/en/build-with-claude/search-results.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.answering.assembly import Assembler
from bot.answering.citations import citation, located
from bot.answering.drafting import drafted, nothing_to_read
from bot.answering.prompts import CLAUDE, request_data
from bot.answering.units import units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answering.base import AnswerRequest, Draft, NoDraft, OnStatement
    from bot.answering.units import Unit
    from bot.llm import CitedSpan, MessagesApi, TextBlock
    from bot.models import Citation, Statement
    from indexing.models import Passage

_MAX_TOKENS = 4_096  # thinking counts against it
_TITLE_CHARACTERS = 300
_UNSEEN = re.compile(r"[\s\x00]+")


class ClaudeEngine:
    """Needs Anthropic's own API: compatible servers know no search results."""

    name = "claude"

    def __init__(
        self, *, api: MessagesApi, max_tokens: int = _MAX_TOKENS, effort: str | None = None
    ) -> None:
        self._api = api
        self._max_tokens = max_tokens
        self._effort = effort  # None leaves it to the model; older models refuse the parameter

    def answer(
        self, request: AnswerRequest, *, on_statement: OnStatement | None = None
    ) -> Draft | NoDraft:
        """See `Engine`. Statements reach `on_statement` while the model still writes, so they
        are provisional: the caller shows them for good only when a Draft returns."""
        sources = _sources(request.passages)
        if not sources:
            return nothing_to_read(CLAUDE)
        writing = _Writing(sources, on_statement)
        reply = self._api.ask(
            system=[{"type": "text", "text": CLAUDE.text, "cache_control": {"type": "ephemeral"}}],
            messages=[{"role": "user", "content": _content(sources, request)}],
            max_tokens=self._max_tokens,
            output_config={"effort": self._effort} if self._effort else None,
            on_block=writing.take,
        )
        return drafted(
            reply, writing.finish(), prompt=CLAUDE, says_nothing=writing.assembler.declined
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    """A passage under the name by which the model knows it, and its citable pieces."""

    name: str
    passage: Passage
    units: tuple[Unit, ...]

    def blocks(self) -> list[str]:
        """The passage's text cut before each piece, list markers kept; no block is empty."""
        text = self.passage.text
        starts = [0, *(unit.start - len(_marker(text, unit)) for unit in self.units[1:])]
        ends = [*starts[1:], len(text)]
        return [_sent(text[a:b]) for a, b in zip(starts, ends, strict=True)]

    def cited(self, span: CitedSpan) -> Citation | None:
        """The passage's own words for what the model cites; None where they do not match."""
        quote = self._quote(span)
        if quote is None:
            quote = located(span.text, self.passage.text)
        return citation(self.passage, quote) if quote is not None else None

    def _quote(self, span: CitedSpan) -> str | None:
        if not 0 <= span.start < span.end <= len(self.units):
            return None
        first, last = self.units[span.start], self.units[span.end - 1]
        sent = _UNSEEN.sub("", "".join(self.blocks()[span.start : span.end]))
        claimed = _UNSEEN.sub("", span.text)
        if not claimed or claimed not in sent:
            return None
        return self.passage.text[first.start : last.end]


class _Writing:
    """Follows the reply as it is written."""

    def __init__(self, sources: Sequence[_Source], on_statement: OnStatement | None) -> None:
        self.assembler = Assembler()
        self._sources = {source.name: source for source in sources}
        self._on_statement = on_statement
        self._statements: list[Statement] = []

    def take(self, block: TextBlock) -> None:
        found = (
            source.cited(span)
            for span in block.citations
            if (source := self._sources.get(span.source)) is not None
        )
        verified = tuple(dict.fromkeys(each for each in found if each is not None))
        self._say(self.assembler.take(block.text, verified, cited=bool(block.citations)))

    def finish(self) -> tuple[Statement, ...]:
        self._say(self.assembler.finish())
        return tuple(self._statements)

    def _say(self, statements: Sequence[Statement]) -> None:
        if self.assembler.declined:
            return
        for statement in statements:
            self._statements.append(statement)
            if self._on_statement is not None:
                self._on_statement(statement)


def _sources(passages: Sequence[Passage]) -> tuple[_Source, ...]:
    read = ((passage, units(passage.text)) for passage in passages)
    return tuple(
        _Source(name=f"passage-{number}", passage=passage, units=found)
        for number, (passage, found) in enumerate(read, 1)
        if found
    )


def _content(sources: Sequence[_Source], request: AnswerRequest) -> list[dict[str, Any]]:
    """The passages first, what belongs to this one customer last."""
    results: list[dict[str, Any]] = [
        {
            "type": "search_result",
            "source": source.name,
            "title": _title(source.passage),
            "content": [{"type": "text", "text": text} for text in source.blocks()],
            "citations": {"enabled": True},
        }
        for source in sources
    ]
    return [*results, {"type": "text", "text": request_data(request)}]


def _title(passage: Passage) -> str:
    title = " > ".join((passage.title, *passage.heading_path))
    return _sent(title)[:_TITLE_CHARACTERS] or "Untitled"


def _marker(text: str, unit: Unit) -> str:
    """The list marker and the space that stand before a piece."""
    line = text.rfind("\n", 0, unit.start) + 1
    before = text[line : unit.start]
    return before if unit.marker and before.strip() == unit.marker else ""


def _sent(text: str) -> str:
    return text.replace("\x00", " ").encode("utf-8", errors="replace").decode().strip()

"""What the stand-in for the Messages API can answer: scripted, honest, or obedient.

All shapes come from the SDK's own types. A reply is made from the request it answers, so that
citations point at blocks that were really sent.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from anthropic import types
from pydantic import BaseModel

Body = Mapping[str, Any]
After = Literal["end", "cut", "cut loudly", "stall", "ping"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A passage as a request carries it: search-result blocks, or one numbered text."""

    name: str
    index: int
    title: str
    blocks: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An HTTP error, before any stream."""

    status: int
    type: str
    message: str = "scripted"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reset:
    """The connection is reset instead of answered."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """A message. `after` is what becomes of the stream before the stop reason is told;
    `error` is sent in the stream instead of the stop reason."""

    blocks: Sequence[types.ContentBlock]
    stop_reason: types.StopReason = "end_turn"
    usage: types.Usage | None = None
    after: After = "end"
    error: str = ""


Reply = Failure | Reset | Content
Script = Callable[[Body], Reply]


# What a request holds -------------------------------------------------------------------------


def texts_of(body: Body) -> Iterator[str]:
    """Every text block that is not part of a search result."""
    for message in body["messages"]:
        content = message["content"]
        if isinstance(content, str):
            yield content
        else:
            yield from (block["text"] for block in content if block["type"] == "text")


def sources_of(body: Body) -> tuple[Source, ...]:
    results = [
        block
        for message in body["messages"]
        if not isinstance(message["content"], str)
        for block in message["content"]
        if block["type"] == "search_result"
    ]
    if results:
        return tuple(
            Source(
                name=each["source"],
                index=index,
                title=each["title"],
                blocks=tuple(part["text"] for part in each["content"]),
            )
            for index, each in enumerate(results)
        )
    numbered = re.compile(r'<source id="(\d+)" title="([^"]*)">\n(.*?)\n</source>', re.DOTALL)
    return tuple(
        Source(
            name=number,
            index=index,
            title=html.unescape(title),
            blocks=tuple(line for line in html.unescape(text).splitlines() if line.strip()),
        )
        for index, (number, title, text) in enumerate(numbered.findall("\n".join(texts_of(body))))
    )


def data_of(body: Body) -> dict[str, Any]:
    """The JSON object with question, language and earlier messages."""
    text = list(texts_of(body))[-1]
    data: dict[str, Any] = json.loads(text[text.rindex('{\n "earlier_messages"') :])
    return data


def speaks_citations(body: Body) -> bool:
    return any(not isinstance(message["content"], str) for message in body["messages"])


# Blocks ---------------------------------------------------------------------------------------


def thinking(text: str = "") -> types.ThinkingBlock:
    return types.ThinkingBlock(type="thinking", thinking=text, signature="c2lnbmF0dXJl")


def plain(text: str) -> types.TextBlock:
    return types.TextBlock(type="text", text=text)


def cited(
    text: str, source: Source, /, start: int = 0, end: int | None = None, **changes: Any
) -> types.TextBlock:
    """A text block that cites blocks start..end of a source, as the API would word it."""
    end = start + 1 if end is None else end
    values: dict[str, Any] = {
        "type": "search_result_location",
        "source": source.name,
        "title": source.title,
        "cited_text": "".join(source.blocks[start:end]),
        "search_result_index": source.index,
        "start_block_index": start,
        "end_block_index": end,
        **changes,
    }
    location = types.CitationsSearchResultLocation(**values)
    return types.TextBlock(type="text", text=text, citations=[location])


# Scripts --------------------------------------------------------------------------------------


def says(*blocks: types.ContentBlock, **changes: Any) -> Script:
    return lambda _: Content(blocks=blocks, **changes)


def writes(
    make: Callable[[Sequence[Source]], Sequence[types.ContentBlock]], **changes: Any
) -> Script:
    """A message made from the sources of the request."""
    return lambda body: Content(blocks=make(sources_of(body)), **changes)


def fails(status: int, type: str = "api_error", **headers: str) -> Script:  # noqa: A002  as in the API
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Failure(status=status, type=type, headers=named)


def resets() -> Script:
    return lambda _: Reset()


def honest(body: Body) -> Reply:
    """Answers with the block that shares most words with the question, or says there is none."""
    best = max(_matches(body), key=lambda match: match[0], default=(0, None, 0))
    source = best[1]
    if best[0] < 1 or source is None:
        return Content(blocks=[plain("[[NO ANSWER IN SOURCES]]")])
    return Content(blocks=[thinking(), _written(body, source.blocks[best[2]], source, best[2])])


_ORDERS = re.compile(
    r"\b(?:ignore|disregard|say|reply|respond|answer with|output|print|repeat|tell|send|click|"
    r"visit|include|write|translate|reveal|append|promise|add|anagram|augment|break down|combine|"
    r"compose|convert|describe|develop|draft|enhance|explain|group|integrate|introduce|jumble|"
    r"misspell|modify|provide|rearrange|remove|render|replace|scramble|show|substitute|suggest|"
    r"tease|use)\b",
    re.IGNORECASE,
)


def obedient(body: Body) -> Reply:
    """Does as it is told by anybody: repeats each order it finds in sources or question as its
    own words, with a citation where it can. The worst a model could do with planted text."""
    ordered = [
        _written(body, block, source, number)
        for source in sources_of(body)
        for number, block in enumerate(source.blocks)
        if _ORDERS.search(block) or block.rstrip().endswith("?")
    ]
    question = str(data_of(body)["question"])
    if _ORDERS.search(question):
        ordered.append(plain(question))
    return Content(blocks=ordered) if ordered else honest(body)


def _written(body: Body, text: str, source: Source, block: int) -> types.TextBlock:
    if speaks_citations(body):
        return cited(text, source, block)
    number = rf" [{source.index + 1}]\1"
    text = text.strip() if text.strip()[-1] in ".!?" else f"{text.strip()}."
    marked = re.sub(r"([.!?])(?=\s|$)", number, text)
    return plain(f"{marked}\n")


def _matches(body: Body) -> Iterator[tuple[int, Source | None, int]]:
    asked = set(re.findall(r"\w{4,}", str(data_of(body)["question"]).lower()))
    for source in sources_of(body):
        for number, block in enumerate(source.blocks):
            yield len(asked & set(re.findall(r"\w{4,}", block.lower()))), source, number


# The wire -------------------------------------------------------------------------------------


def message(content: Content, body: Body) -> types.Message:
    return types.Message(
        id="msg_standin",
        type="message",
        role="assistant",
        model=body["model"],
        content=list(content.blocks),
        stop_reason=content.stop_reason,
        usage=content.usage or types.Usage(input_tokens=120, output_tokens=30),
    )


def events(content: Content, body: Body) -> Iterator[BaseModel]:
    """The stream of a message up to where it ends, whole or not."""
    whole = message(content, body)
    begun = whole.model_copy(update={"content": [], "stop_reason": None})
    yield types.RawMessageStartEvent(type="message_start", message=begun)
    for index, block in enumerate(content.blocks):
        yield from _block_events(index, block)
    if content.after != "end" or content.error:
        return
    yield types.RawMessageDeltaEvent.model_validate(
        {
            "type": "message_delta",
            "delta": {"stop_reason": whole.stop_reason},
            "usage": {"output_tokens": whole.usage.output_tokens},
        }
    )
    yield types.RawMessageStopEvent(type="message_stop")


def _block_events(index: int, block: types.ContentBlock) -> Iterator[BaseModel]:
    empty = {"text": "", "citations": None} if block.type == "text" else {"thinking": ""}
    yield types.RawContentBlockStartEvent(
        type="content_block_start", index=index, content_block=block.model_copy(update=empty)
    )
    for delta in _deltas(block):
        yield types.RawContentBlockDeltaEvent.model_validate(
            {"type": "content_block_delta", "index": index, "delta": delta}
        )
    yield types.RawContentBlockStopEvent(type="content_block_stop", index=index)


def _deltas(block: types.ContentBlock) -> Iterator[dict[str, Any]]:
    if isinstance(block, types.ThinkingBlock):
        yield {"type": "thinking_delta", "thinking": block.thinking}
        yield {"type": "signature_delta", "signature": block.signature}
    elif isinstance(block, types.TextBlock):
        # The API may send citations before the words that they carry.
        for citation in block.citations or ():
            yield {"type": "citations_delta", "citation": citation.model_dump()}
        half = len(block.text) // 2
        for part in (block.text[:half], block.text[half:]):
            if part:
                yield {"type": "text_delta", "text": part}

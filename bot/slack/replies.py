"""What the bot says: an answer with its sources, or why there is none and what to do next. Pure.

A reply is one message or, where it is long, several that end where paragraphs end. Slack refuses
messages by the size of their blocks as JSON, so that is what is measured.
https://docs.slack.dev/reference/methods/chat.postMessage
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from babel.dates import format_date

from bot.inert import shortened
from bot.slack import rich
from bot.slack.access import Limit
from bot.slack.asked import Part
from bot.slack.blocks import (
    CONTEXT,
    Block,
    actions,
    button,
    context,
    escaped,
    feedback,
    fitting,
    linked,
    option,
    overflow,
    section,
    select,
)
from bot.slack.citing import Cited, Source, Told, cited, closest
from bot.slack.texts import Texts, language_of, texts_for

if TYPE_CHECKING:
    from bot.models import Outcome
    from bot.slack.access import Access

# Slack was seen to refuse from 11 kB on.
BODY_BYTES = 7_000
MESSAGE_BYTES = 10_500
FALLBACK_TEXT = 2_800
"""Characters of the text that notifications show; Slack refuses updates of more than 4,000."""
_PIECE = 2_500
"""Characters after which even one paragraph is cut, at the end of a sentence if it has any."""

QUIET = {"unfurl_links": False, "unfurl_media": False}
_STEP = re.compile(r"\d{1,2}[.)]\s")
_PUBLIC_ONLY = frozenset({Limit.ROOM, Limit.UNKNOWN, Limit.SETTING})


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """How a reply is shown. `is_private` is whether only the asker sees it and may post it;
    `stopped_after` is how many statements the asker let it write, None for all of them; `lead` is
    finished mrkdwn that stands before it."""

    locale: str
    access: Access
    is_private: bool = False
    stopped_after: int | None = None
    lead: str = ""


def answer(outcome: Outcome, shown: Shown) -> tuple[Part, ...]:
    """The messages of an answer; () where nothing of it may be told to this reader."""
    found = cited(outcome, shown.access.reader, most=shown.stopped_after)
    if not found.told:
        return ()
    texts = texts_for(shown.locale)
    is_markdown = outcome.engine != "extractive"
    bodies = list(_bodies(found.told, is_markdown=is_markdown))
    tail = _answer_tail(outcome, found, shown, texts)
    if bodies and _size([*bodies[-1].blocks, *tail]) <= MESSAGE_BYTES:
        bodies[-1] = _Body(blocks=[*bodies[-1].blocks, *tail], text=bodies[-1].text)
    else:
        bodies.append(_Body(blocks=tail, text=texts.continued))
    return _parts(outcome.question_id, _led(bodies, shown))


def handoff(outcome: Outcome, shown: Shown) -> tuple[Part, ...]:
    """Why there is no answer, the closest articles, and what to do next."""
    texts = texts_for(shown.locale)
    said = texts.handoff_otherwise
    if outcome.reason is not None:
        said = texts.handoff.get(outcome.reason, said)
    text = f"{said} {texts.next_step}"
    blocks = [section(escaped(text))]
    if near := closest(outcome, shown.access.reader):
        blocks.append(context(_source_lines(near, texts, heading=texts.nearest, shown=shown)))
    if shown.access.limit in _PUBLIC_ONLY:
        blocks.append(context(f":busts_in_silhouette: {escaped(texts.public_only)}"))
    blocks.append(_next_steps(outcome.question_id, (), shown, texts))
    return _parts(outcome.question_id, _led([_Body(blocks=blocks, text=text)], shown))


def notice(question: UUID, text: str, *, name: str = "notice") -> Part:
    """A message of the bot's own words alone, in finished mrkdwn."""
    blocks = [section(text)]
    return Part(marker=f"{question}:{name}", message={"text": text, "blocks": blocks, **QUIET})


# How it is put together ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Body:
    blocks: list[Block]
    text: str


def _led(bodies: list[_Body], shown: Shown) -> list[_Body]:
    if shown.lead:
        first = bodies[0]
        bodies[0] = _Body(blocks=[context(shown.lead), *first.blocks], text=first.text)
    return bodies


def _parts(question: UUID, bodies: Sequence[_Body]) -> tuple[Part, ...]:
    return tuple(_part(f"{question}:{number}", body) for number, body in enumerate(bodies, start=1))


def _part(marker: str, body: _Body) -> Part:
    return Part(
        marker=marker,
        message={
            "text": escaped(shortened(body.text, FALLBACK_TEXT)),
            "blocks": body.blocks,
            **QUIET,
        },
    )


def _bodies(told: Sequence[Told], *, is_markdown: bool) -> Iterable[_Body]:
    """The statements in as few messages as they fit into."""
    elements: list[rich.Element] = []
    for paragraph, is_step in _paragraphs(told, is_markdown=is_markdown):
        gap = "" if not elements else "\n" if is_step else "\n\n"
        more = [*([rich.literal(gap)] if gap else []), *paragraph]
        if elements and _size([*elements, *more]) > BODY_BYTES:
            yield _body(elements)
            elements = list(paragraph)
        else:
            elements += more
    if elements:
        yield _body(elements)


def _body(elements: list[rich.Element]) -> _Body:
    return _Body(
        blocks=[rich.block([rich.section(elements)])], text=" ".join(rich.as_text(elements).split())
    )


def _paragraphs(
    told: Sequence[Told], *, is_markdown: bool
) -> Iterable[tuple[list[rich.Element], bool]]:
    """Each statement with its marks, and whether it is a further step of what is before it."""
    was_step = False
    for each in told:
        is_step = bool(_STEP.match(each.text))
        pieces = _pieces(each.text)
        for number, piece in enumerate(pieces, start=1):
            words = rich.inline(piece) if is_markdown else rich.literally(piece)
            marks = _marks(each) if number == len(pieces) else []
            yield [*words, *marks], is_step and was_step
        was_step = is_step


def _marks(told: Told) -> list[rich.Element]:
    found: list[rich.Element] = []
    for number, url in told.marks:
        text = f"[{number}]"
        found += [rich.literal(" "), rich.link(url, text) if url else rich.literal(text)]
    return found


def _pieces(text: str) -> list[str]:
    """The text, cut where sentences end, else words, where it is too long for one message."""
    pieces = []
    while len(text) > _PIECE:
        cut = max(text.rfind(end, _PIECE // 2, _PIECE) for end in (". ", "! ", "? ", "\n", "。"))
        cut = cut + 1 if cut > 0 else text.rfind(" ", _PIECE // 2, _PIECE)
        cut = cut if cut > 0 else _PIECE
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*pieces, text] if text else pieces


def _answer_tail(outcome: Outcome, found: Cited, shown: Shown, texts: Texts) -> list[Block]:
    blocks = [context(_source_lines(found.sources, texts, heading=texts.sources, shown=shown))]
    if shown.stopped_after is not None:
        blocks.append(context(escaped(texts.stopped)))
    if shown.access.limit in _PUBLIC_ONLY:
        blocks.append(context(f":busts_in_silhouette: {escaped(texts.public_only)}"))
    blocks.append(_next_steps(outcome.question_id, found.sources, shown, texts))
    if not shown.is_private:
        value = str(outcome.question_id)
        blocks.append(feedback("feedback", value, good=texts.good, bad=texts.bad))
    return blocks


def _source_lines(sources: Sequence[Source], texts: Texts, *, heading: str, shown: Shown) -> str:
    lines = [f"*{escaped(heading)}*", *(_line(each, texts, shown.locale) for each in sources)]
    return fitting(lines, CONTEXT)


def _line(source: Source, texts: Texts, locale: str) -> str:
    parts = [f"[{source.number}] {linked(source.url, source.title)}"]
    if source.path:
        parts.append(escaped(shortened(" > ".join(source.path), 80)))
    if source.edited_at is not None:
        date = format_date(source.edited_at, format="medium", locale=language_of(locale))
        parts.append(escaped(texts.edited.replace("{date}", date)))
    if not source.is_public:
        parts.append(f":lock: {escaped(texts.internal)}")
    return " · ".join(parts)


def _next_steps(question: UUID, sources: Sequence[Source], shown: Shown, texts: Texts) -> Block:
    value = str(question)
    elements = []
    if len(sources) == 1:
        elements.append(button(texts.show_passage, "passage", f"{value}:{sources[0].rank}"))
    elif sources:
        options = [option(f"[{s.number}] {s.title}", f"{value}:{s.rank}") for s in sources]
        elements.append(select("passages", texts.show_passage, options))
    if shown.is_private and sources:
        elements.append(button(texts.publish, "publish", value, style="primary"))
    if shown.access.offers_rest and not shown.is_private:
        elements.append(button(texts.rest, "rest", value))
    elements.append(button(texts.ask_person, "person", value))
    if sources:
        elements.append(overflow("more", [option(texts.report, f"report:{value}")]))
    else:
        elements.append(button(texts.missing, "report", value))
    return actions(elements)


def _size(blocks: Any) -> int:
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")).encode())

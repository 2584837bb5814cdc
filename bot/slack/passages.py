"""The passage behind a number: the cited words in their article, for whoever presses "show
passage" and may read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from babel.dates import format_date, format_datetime

from bot.inert import shortened
from bot.recorded import recorded
from bot.slack import rich
from bot.slack.access import ALONE, decide
from bot.slack.blocks import Block, context, escaped, header, linked, modal, section
from bot.slack.gestures import question_in, rank_in
from indexing.characters import tidy_lines
from indexing.models import PUBLIC

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.models import Outcome
    from bot.slack.api import SlackApi
    from bot.slack.facts import Facts
    from bot.slack.gestures import Pressed
    from indexing.excerpts import Excerpt, Excerpts
    from indexing.models import Passage

_TITLE = "Passage"
_LOADING = "Opening the article…"
_NOT_THERE = (
    "This article is not there any more, or you may not read it. What the answer cites was checked "
    "when it was written."
)
_CHANGED = "The article has changed since this was cited. These were the words then:"
_LONGEST = 9_000
_NEIGHBOUR = 700

_SYNCED = """
SELECT max(finished_at) FROM sync_runs WHERE source = %s AND state = 'succeeded'
"""


class Passages:
    """Shows them."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        excerpts: Excerpts,
        facts: Facts,
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._excerpts = excerpts
        self._facts = facts
        self._api = api

    def show(self, pressed: Pressed) -> None:
        """Opens a dialog at once, because Slack gives three seconds for that, and then fills it.
        Raises SlackError."""
        api = self._api(pressed.team)
        view = api.open_view(pressed.trigger, modal(_TITLE, [section(_LOADING)]))
        api.update_view(view, modal(_TITLE, self._blocks(pressed)))

    def _blocks(self, pressed: Pressed) -> list[Block]:
        question, rank = question_in(pressed.value), rank_in(pressed.value)
        answered = recorded(self._pool, question) if question else None
        if answered is None or not 0 < rank <= len(answered.outcome.passages):
            return [section(_NOT_THERE)]
        passage = answered.outcome.passages[rank - 1]
        person = self._facts.person(pressed.team, pressed.user)
        access = decide(person, ALONE, self._facts.home(pressed.team))
        found = self._excerpts.of(
            passage.source, passage.document_id, passage.chunk_id, reader=access.reader
        )
        if found is None:
            return [section(_NOT_THERE)]
        return _article(found, passage, _quotes(answered.outcome, passage), self._synced(passage))

    def _synced(self, passage: Passage) -> datetime | None:
        with self._pool.connection() as connection:
            row = connection.execute(_SYNCED, (passage.source,)).fetchone()
        return row[0] if row else None


def _article(
    found: Excerpt, passage: Passage, quotes: Sequence[str], synced: datetime | None
) -> list[Block]:
    blocks = [header(found.title or passage.document_id), context(*_about(found, passage, synced))]
    if not found.is_there:
        return [*blocks, section(escaped(_CHANGED)), _quoted(passage.text, quotes)]
    if found.before:
        blocks.append(context(f"…{escaped(_tail(found.before))}"))
    blocks.append(_quoted(found.text, quotes))
    if found.after:
        blocks.append(context(escaped(shortened(found.after, _NEIGHBOUR))))
    return blocks


def _about(found: Excerpt, passage: Passage, synced: datetime | None) -> Iterator[str]:
    if found.path:
        yield escaped(shortened(" > ".join(found.path), 300))
    if found.url:
        yield linked(found.url, "Open the article")
    if found.edited_at is not None:
        yield f"Edited {format_date(found.edited_at, format='medium', locale='en')}"
    indexed = max(filter(None, (synced, found.indexed_at)))
    when = format_datetime(indexed, format="medium", locale="en")
    yield f"In sync as of {when} UTC · source {escaped(passage.source)}"
    if PUBLIC not in found.audience:
        yield ":lock: Internal, not for customers"


def _quoted(text: str, quotes: Sequence[str]) -> Block:
    """The chunk, with the cited words in bold."""
    elements = list(_marked(tidy_lines(text[:_LONGEST]), [tidy_lines(each) for each in quotes]))
    quote = {"type": "rich_text_quote", "elements": elements or [rich.literal("-")]}
    return rich.block([quote])


def _marked(text: str, quotes: Sequence[str]) -> Iterator[rich.Element]:
    found = [(text.find(each), each) for each in quotes if each]
    start, first = min(((at, each) for at, each in found if at >= 0), default=(-1, ""))
    if start < 0:
        if text:
            yield rich.literal(text)
        return
    if start:
        yield rich.literal(text[:start])
    yield rich.literal(first, bold=True)
    yield from _marked(text[start + len(first) :], quotes)


def _quotes(outcome: Outcome, passage: Passage) -> list[str]:
    """What of the passage the answer cites."""
    cited = (each for statement in outcome.statements for each in statement.citations)
    return [each.quote for each in cited if each.chunk_id == passage.chunk_id]


def _tail(text: str) -> str:
    text = " ".join(text.split())
    return text[-_NEIGHBOUR:].partition(" ")[2] if len(text) > _NEIGHBOUR else text

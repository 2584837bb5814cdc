"""Previews of links to indexed articles: the title, where it stands, and how it begins, for those
who may read it where the link was written.

https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from psycopg import sql

from bot.inert import shortened
from bot.slack.access import decide
from bot.slack.blocks import Block, context, escaped, linked, section
from bot.slack.errors import Refused
from indexing.index import Index
from indexing.models import PUBLIC

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.slack.api import SlackApi
    from bot.slack.channels import Channels
    from bot.slack.facts import Facts
    from bot.slack.happenings import LinksShared
    from indexing.models import Reader

MOST_DOMAINS = 5
"""Slack lets an app show previews for no more."""

_BEGINNING = 280

_DOMAINS = """
SELECT substring(url FROM '^https?://([^/:?#]+)') AS host FROM documents
WHERE url <> '' GROUP BY host ORDER BY count(*) DESC, host LIMIT %s
"""

_ARTICLES = """
SELECT split_part(split_part(document.url, '#', 1), '?', 1), document.title, document.url,
       document.heading_path, document.audience, document.edited_at,
       (SELECT passage.text FROM {passages} passage WHERE passage.document_pk = document.pk
        ORDER BY passage.ordinal LIMIT 1)
FROM documents document
WHERE split_part(split_part(document.url, '#', 1), '?', 1) = ANY(%(urls)s)
  AND document.audience && %(labels)s
"""

# What an event says of a message that is being written names no conversation.
_COMPOSER = "composer"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Article:
    title: str
    url: str
    path: tuple[str, ...]
    is_public: bool
    edited_at: datetime | None
    beginning: str


def domains(pool: ConnectionPool[Connection[Any]]) -> tuple[str, ...]:
    """The hosts of indexed documents, those of most first."""
    with pool.connection() as connection:
        rows = connection.execute(_DOMAINS, (MOST_DOMAINS,)).fetchall()
    return tuple(row[0] for row in rows if row[0])


class Previews:
    """Shows them."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        facts: Facts,
        channels: Channels,
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._facts = facts
        self._channels = channels
        self._api = api

    def show(self, shared: LinksShared) -> int:
        """Shows a preview of each link to an article that everybody there may read; returns how
        many. Raises SlackBusy, SlackAway and PermissionMissing."""
        found = self._articles({_address(each): each for each in shared.urls}, self._reader(shared))
        if not found:
            return 0
        previews = {url: {"blocks": _preview(article)} for url, article in found.items()}
        where = {"channel": shared.channel, "ts": shared.ts}
        if shared.unfurl:
            where = {"unfurl_id": shared.unfurl, "source": shared.source}
        try:
            self._api(shared.team).unfurl(where, previews)
        except Refused as error:
            if error.code.startswith("cannot_"):  # the message is gone, or the link is
                return 0
            raise
        return len(previews)

    def _reader(self, shared: LinksShared) -> Reader:
        home = self._facts.home(shared.team)
        person = self._facts.person(shared.team, shared.user)
        if shared.source == _COMPOSER:
            return decide(person, None, home).reader
        room = self._facts.room(shared.team, shared.channel)
        channel = self._channels.of(shared.team, shared.channel)
        return decide(person, room, home, public_only=channel.public_only).reader

    def _articles(self, urls: Mapping[str, str], reader: Reader) -> dict[str, _Article]:
        """By the link as it was written."""
        asked = {"urls": list(urls), "labels": list(reader.labels)}
        with self._pool.connection() as connection:
            statement = sql.SQL(_ARTICLES).format(passages=Index.live(connection).table)
            rows = connection.execute(statement, asked).fetchall()
        return {
            urls[row[0]]: _Article(
                title=row[1],
                url=row[2],
                path=tuple(row[3]),
                is_public=PUBLIC in row[4],
                edited_at=row[5],
                beginning=row[6] or "",
            )
            for row in rows
        }


def _address(url: str) -> str:
    """Without what does not tell which page it is."""
    return url.split("#", 1)[0].split("?", 1)[0].rstrip("/")


def _preview(article: _Article) -> list[Block]:
    beginning = escaped(shortened(article.beginning, _BEGINNING))
    return [
        section(f"*{linked(article.url, article.title)}*\n{beginning}"),
        context(" · ".join(_about(article))),
    ]


def _about(article: _Article) -> Iterable[str]:
    yield escaped(shortened(" > ".join(article.path), 200)) if article.path else "Help center"
    if article.edited_at is not None:
        yield f"Edited {format_date(article.edited_at, format='medium', locale='en')}"
    if not article.is_public:
        yield ":lock: Internal, not for customers"

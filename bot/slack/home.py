"""The bot's home, and what is suggested beside messages with it: read anew each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bot.backlog import backlog
from bot.slack.access import ALONE, decide
from bot.slack.errors import Refused
from bot.slack.home_view import Admin, Failure, home

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.schedules import Schedules
    from bot.slack.access import Person
    from bot.slack.api import SlackApi
    from bot.slack.channels import Channels
    from bot.slack.facts import Facts
    from bot.slack.handovers import SlackRoutes
    from bot.slack.problems import Problems
    from bot.sources import Sources
    from indexing.models import Reader

_READABLE = "SELECT count(*) FROM documents WHERE audience && %s"

# Failed documents and stuck tickets are kept by others; here the latest of each are enough.
_FAILED = """
SELECT source || ', ' || id, reason, last_seen FROM failed_documents
ORDER BY last_seen DESC LIMIT 5
"""
_STUCK = """
SELECT 'ticket ' || ticket_id, problem, last_tried FROM ticket_problems
ORDER BY last_tried DESC LIMIT 5
"""

# What answers cite most, else what the help center shows first; one article of each category.
_TOPICS = """
SELECT title FROM (
    SELECT DISTINCT ON (coalesce(document.heading_path[1], document.id))
           document.title, document.promoted,
           (SELECT count(*) FROM citations cited
            JOIN questions question ON question.id = cited.question_id
            WHERE cited.document_id = document.id
              AND question.asked_at > now() - interval '90 days') AS cited
    FROM documents document
    WHERE document.kind = 'article' AND document.audience && %(labels)s
      AND (document.locale = %(locale)s OR document.locale LIKE %(locale)s || '-%%')
    ORDER BY coalesce(document.heading_path[1], document.id), cited DESC, document.promoted DESC,
             document.title
) AS topic ORDER BY cited DESC, promoted DESC, title LIMIT %(most)s
"""

MOST_PROMPTS = 4
_SUGGESTED = "What would you like to know?"
_PROMPT = "What should I know about “{title}”?"


class Home:
    """Shows it. `admins` are users who may change things beside the workspace's admins;
    `connections` says how each connection stands, in finished mrkdwn."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        sources: Sources,
        schedules: Schedules,
        channels: Channels,
        routes: SlackRoutes,
        problems: Problems,
        facts: Facts,
        admins: frozenset[str],
        connections: Sequence[str],
        locale: str,
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._sources = sources
        self._schedules = schedules
        self._channels = channels
        self._routes = routes
        self._problems = problems
        self._facts = facts
        self._admins = admins
        self._connections = connections
        self._locale = locale
        self._api = api

    def show(self, team: str, user: str) -> None:
        """Publishes the home of one person. Raises SlackError."""
        person = self._facts.person(team, user)
        reader = decide(person, ALONE, self._facts.home(team)).reader
        is_member = person is not None and person.is_member(self._facts.home(team))
        view = home(
            self._sources.all() if is_member else (),
            articles=self._readable(reader),
            is_member=is_member,
            admin=self._admin(team) if self.is_admin(team, person) else None,
        )
        self._api(team).publish_home(user, view)

    def suggest(self, team: str, user: str, channel: str) -> None:
        """Suggests what to ask, from what this person may read. Raises SlackError."""
        person = self._facts.person(team, user)
        reader = decide(person, ALONE, self._facts.home(team)).reader
        prompts = tuple(
            (title, title if title.endswith("?") else _PROMPT.replace("{title}", title))
            for title in self._topics(reader)
        )
        if prompts:
            try:
                self._api(team).suggest(channel, _SUGGESTED, prompts)
            except Refused:  # an app without the agent view has no place for them
                return

    def is_admin(self, team: str, person: Person | None) -> bool:
        """Whether this person may change things: a member of the team who is an admin of the
        workspace or on the list."""
        if person is None or not person.is_member(self._facts.home(team)):
            return False
        return person.is_admin or person.id in self._admins

    def _admin(self, team: str) -> Admin:
        with self._pool.connection() as connection:
            state = backlog(connection)
        return Admin(
            schedules=self._schedules.all(),
            channels=self._channels.all(team),
            routes=self._routes.all(team),
            connections=self._connections,
            backlog=state,
            failures=sorted(self._failures(team), key=lambda each: each.since, reverse=True),
        )

    def _failures(self, team: str) -> Iterator[Failure]:
        for each in self._problems.all(team):
            yield Failure(where=f"Slack, {each.place}", what=each.problem, since=each.since)
        with self._pool.connection() as connection:
            for statement in (_FAILED, _STUCK):
                for where, what, since in connection.execute(statement).fetchall():
                    yield Failure(where=where, what=what, since=since)

    def _readable(self, reader: Reader) -> int:
        with self._pool.connection() as connection:
            row = connection.execute(_READABLE, (list(reader.labels),)).fetchone()
        return int(row[0]) if row else 0

    def _topics(self, reader: Reader) -> list[str]:
        asked = {"labels": list(reader.labels), "locale": self._locale, "most": MOST_PROMPTS}
        with self._pool.connection() as connection:
            rows = connection.execute(_TOPICS, asked).fetchall()
        return [row[0] for row in rows if row[0]]

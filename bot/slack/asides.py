"""Questions that no message asks: the command, the shortcut on a message, "post to channel", and
"all of it by direct message". Each is noted and enqueued at once; jobs give the replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.slack.access import ALONE, decide
from bot.slack.asked import Aside, Way
from bot.slack.asking import plain, says_something
from bot.slack.errands import aside_job
from bot.slack.gestures import question_in
from bot.slack.texts import texts_for

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.language import LanguageDetector
    from bot.queue import Queue
    from bot.slack.asked import Asked
    from bot.slack.facts import Facts
    from bot.slack.gestures import Chosen, Command, Pressed
    from bot.slack.questions import Questions
    from bot.slack.whispering import Whisperer

_HELP = frozenset({"", "help", "?", "hilfe", "aide", "ayuda"})


class Asides:
    """Takes them. A database that gives no connection within `wait` seconds counts as away."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        queue: Queue,
        questions: Questions,
        facts: Facts,
        whisperer: Whisperer,
        language: LanguageDetector,
        wait: float = 2.0,
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._questions = questions
        self._facts = facts
        self._whisperer = whisperer
        self._language = language
        self._wait = wait

    def command(self, command: Command) -> str:
        """What the asker is told at once. Raises psycopg.Error without a database."""
        texts = texts_for(self._language.locale_of(command.text))
        if command.text.strip().lower() in _HELP or not says_something(command.text):
            return texts.no_words
        self._ask(
            Aside(
                id=uuid5(NAMESPACE_URL, f"supportbot:slack:{command.team}:{command.trigger}"),
                team=command.team,
                channel=command.channel,
                user=command.user,
                way=Way.COMMAND,
                text=command.text,
                respond_to=command.respond_to,
            )
        )
        return texts.looking

    def shortcut(self, chosen: Chosen) -> None:
        """Answers a message to whoever wants to know, who may post the answer below it. Raises as
        above."""
        self._ask(
            Aside(
                id=uuid5(NAMESPACE_URL, f"supportbot:slack:{chosen.team}:{chosen.trigger}"),
                team=chosen.team,
                channel=chosen.channel,
                thread=chosen.thread,
                user=chosen.user,
                way=Way.SHORTCUT,
                text=chosen.text,
                respond_to=chosen.respond_to,
            )
        )

    def publish(self, pressed: Pressed) -> None:
        """Posts for all what only its asker saw, once. Raises as above."""
        origin = self._origin(pressed)
        if origin is None or origin.user != pressed.user:
            return
        self._ask(
            Aside(
                id=uuid5(origin.id, f"published:{pressed.ts}"),
                team=origin.team,
                channel=origin.channel,
                thread=origin.thread,
                user=pressed.user,
                way=Way.PUBLISHED,
                text=origin.text,
                respond_to=pressed.respond_to,
                origin=origin.id,
            )
        )

    def rest(self, pressed: Pressed) -> None:
        """Tells one person by direct message what could not be told to all, once. Raises as
        above, and SlackError."""
        origin = self._origin(pressed)
        if origin is None:
            return
        texts = texts_for(self._language.locale_of(plain(origin.text)))
        person = self._facts.person(pressed.team, pressed.user)
        if decide(person, ALONE, self._facts.home(pressed.team)).limit:
            self._whisperer.respond(pressed.respond_to, _whispered(texts.members_only))
            return
        self._ask(
            Aside(
                id=uuid5(origin.id, f"rest:{pressed.user}"),
                team=origin.team,
                channel=origin.channel,
                user=pressed.user,
                way=Way.REST,
                text=origin.text,
                origin=origin.id,
            )
        )
        self._whisperer.respond(pressed.respond_to, _whispered(texts.sent_directly))

    def _origin(self, pressed: Pressed) -> Asked | None:
        identity = question_in(pressed.value)
        origin = self._questions.get(identity) if identity else None
        return origin if origin is not None and origin.team == pressed.team else None

    def _ask(self, aside: Aside) -> UUID:
        with self._pool.connection(timeout=self._wait) as connection:
            if self._questions.ask(aside, connection=connection):
                self._queue.enqueue(aside_job(aside.team, aside.id), connection=connection)
        return aside.id


def _whispered(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "replace_original": False, "text": text}

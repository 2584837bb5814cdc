"""Questions in a Slack stand-in, answered by the real parts: an index of the sample help center,
the extractive engine, the books in PostgreSQL, Bolt behind signed HTTP, and Slack's API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from bot.answering.extractive import ExtractiveEngine
from bot.bootstrap.slack import Slack
from bot.bootstrap.slack_access import Timing
from bot.bootstrap.slack_installing import OAuth
from bot.language import LanguageDetector
from bot.queue import Queue
from bot.records import Records
from bot.schedules import Schedules
from bot.slack.asked import Asked, Part, Reply
from bot.slack.happenings import LinksShared
from bot.slack.http import PATH, routes
from bot.slack.places import Place
from bot.slack.questions import Questions
from bot.support import EVIDENCE_NEEDED, SupportDesk
from bot.triage.embeddings import KeptEmbeddings
from bot.triage.examples import ExampleClassifier
from bot.triage.router import Router
from bot.triage.taxonomy import TaxonomyStore
from indexing.index import Index
from indexing.retrieval import Retriever
from tests.fakes.clock import FakeClock
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.posting import Answer

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.answering.base import Engine
    from bot.slack.attending import Attended
    from bot.slack.draft_notices import Replying
    from bot.slack.suggesting import Desk
    from bot.slack.tickets import Tickets
    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Message


_NEXT = """
DELETE FROM procrastinate_jobs WHERE id = (
    SELECT min(id) FROM procrastinate_jobs WHERE task_name LIKE 'slack.%'
) RETURNING task_name, args
"""


def _place(arguments: Mapping[str, str]) -> Place:
    return Place(team=arguments["team"], channel=arguments["channel"], thread=arguments["thread"])


def _done(process: Slack, task: str, arguments: Mapping[str, Any]) -> Iterable[Attended]:
    """What a worker does with a job of this name."""
    match task:
        case "slack.thread":
            return process.attendant.attend(_place(arguments))
        case "slack.aside":
            return process.attendant.attend_aside(UUID(arguments["question"]))
        case "slack.draft":
            process.draft_notices.show(UUID(arguments["draft_id"]))
        case "slack.handover":
            process.handing_over.carry_out(UUID(arguments["question"]))
        case "slack.home" if arguments["tab"] == "messages":
            process.home.suggest(arguments["team"], arguments["user"], arguments["channel"])
        case "slack.home":
            process.home.show(arguments["team"], arguments["user"])
        case "slack.preview":
            process.previews.show(LinksShared(**{**arguments, "urls": tuple(arguments["urls"])}))
    return ()


class _Here(Executor):
    """Does what comes later at once, so that a test need not wait for it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Asking:
    """What people do in Slack, the bot that listens and answers, and what both lead to. Nothing is
    sent or done until a test says so."""

    def __init__(
        self,
        *,
        slack: FakeSlack,
        clock: FakeClock,
        pool: ConnectionPool,
        embedder: Embedder,
        language: LanguageDetector,
        engine: Engine | None = None,
    ) -> None:
        self.slack, self.clock, self.pool = slack, clock, pool
        self.workspace = slack.workspace
        self.team = slack.workspace.team.id
        self.timing = Timing(timeout=2, settling=0.0, sleep=lambda _: None)
        self._language = language
        index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
        self.retriever = Retriever(pool=pool, index=index, embedder=embedder)
        self.support = SupportDesk(
            retriever=self.retriever,
            engine=engine or ExtractiveEngine(),
            fallback=None,
            recorder=Records(pool=pool),
            language=language,
            evidence_needed=EVIDENCE_NEEDED,
        )
        self.taxonomy = TaxonomyStore(pool=pool)
        self.router = Router(
            store=self.taxonomy,
            model=lambda: index.model,
            examples=lambda taxonomy: ExampleClassifier(
                taxonomy=taxonomy,
                embed=KeptEmbeddings(pool=pool, embedder=embedder).embed,
                embed_one=embedder.embed_query,
            ),
            claude=None,
        )
        self.schedules = Schedules(pool=pool, queue=Queue(pool=pool))
        self.tickets: Callable[[], Tickets] | None = None
        self.replying: Replying | None = None
        self.suggestions: Callable[[], Desk] | None = None
        self.oauth: OAuth | None = None
        self.admins: frozenset[str] = frozenset()
        self.restart()

    def restart(self) -> None:
        """The process that listens, with everything as it is connected now."""
        self.parts = self.process()
        self.channels, self.listeners = self.parts.channels, self.parts.listeners

    def process(self) -> Slack:
        """The parts of one process, with the timing as it is now."""
        return Slack(
            pool=self.pool,
            desk=lambda: self.support,
            retriever=lambda: self.retriever,
            router=lambda: self.router,
            tickets=self.tickets,
            replying=self.replying,
            suggestions=self.suggestions,
            oauth=self.oauth,
            admins=self.admins,
            language=self._language,
            token=SecretStr(self.slack.bot_token),
            api_url=self.slack.api_url.rstrip("/"),
            later=_Here(),
            timing=self.timing,
        )

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Slack reaches the bot, through the real application, without a socket in between."""
        app = FastAPI()
        app.include_router(
            routes(
                app=lambda: self.listeners.app,
                signing_secret=self.slack.app.signing_secret,
                clock=self.clock,
            )
        )
        with TestClient(app) as http:

            def post(_: str, headers: Mapping[str, str], body: bytes, _timeout: float) -> Answer:
                answer = http.post(PATH, content=body, headers=dict(headers))
                return Answer(
                    status=answer.status_code, body=answer.content, headers=dict(answer.headers)
                )

            self.slack.wire.post = post
            yield
        self.listeners.close()

    # --- What the bot does

    def set(self, **timing: Any) -> None:
        """Other timing from now on."""
        self.timing = replace(self.timing, **timing)

    def deliver(self) -> None:
        """Slack sends what happened."""
        self.slack.deliveries.flush()

    def work(self, *, books: Questions | None = None) -> list[Attended]:
        """Does what waits in the queue, as a worker that has just been started with `books`."""
        process, done = self.process(), []
        if books is not None:
            process.questions = books
        try:
            while waiting := self.rows(_NEXT):
                done += _done(process, *waiting[0])
        finally:
            process.signs.close()
        return done

    def settle(self) -> list[Attended]:
        """Slack sends and the bot works until there is nothing left of either."""
        done: list[Attended] = []
        while True:
            self.deliver()
            more = self.work()
            done += more
            if not more and not self.slack.deliveries.pending:
                return done

    def look_again(self, message: Message) -> list[Attended]:
        """One look at the thread of a message, as after a crash."""
        process = self.process()
        place = Place(team=self.team, channel=message.channel.id, thread=message.root_ts)
        try:
            return list(process.attendant.attend(place))
        finally:
            process.signs.close()

    def attend_asides(self) -> list[Attended]:
        """One more look at every question that no message asks, as after a crash."""
        process, done = self.process(), []
        for (identity,) in self.rows("SELECT id FROM slack_questions WHERE ts IS NULL"):
            done += process.attendant.attend_aside(identity)
        process.signs.close()
        return done

    # --- What people do

    def ask(self, channel: Channel, text: str, **more: Any) -> Message:
        """The first member of a channel mentions the bot."""
        author = more.pop("by", channel.members[0])
        words = text if channel.kind == "im" else f"{self.workspace.mention} {text}"
        message = self.workspace.say(author, channel, words, **more)
        self.clock.advance(1)
        return message

    # --- What that led to

    def replies(self, message: Message) -> list[Message]:
        """What the bot said in the thread of a message."""
        bot = self.workspace.bot.id
        return [each for each in self.workspace.replies(message) if each.author.id == bot]

    def run(self, statement: str) -> None:
        with self.pool.connection() as connection:
            connection.execute(statement)

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.pool.connection() as connection:
            return connection.execute(statement, parameters or None).fetchall()


def shown(message: Message | Mapping[str, Any]) -> str:
    """The words of a message's blocks as a person reads them, a line for each block."""
    blocks = message["blocks"] if isinstance(message, Mapping) else message.blocks
    return "\n".join(filter(None, map(_words, blocks)))


def _words(block: Any) -> str:
    if isinstance(block, list):
        return "".join(_words(each) for each in block)
    if not isinstance(block, dict):
        return ""
    if block.get("type") in {"text", "link", "mrkdwn", "plain_text"}:
        return str(block.get("text", ""))
    parts = (block.get(name) for name in ("text", "elements", "accessory", "fields"))
    return "".join(map(_words, parts))


@contextmanager
def asking(
    pool: ConnectionPool, embedder: Embedder, language: LanguageDetector, **more: Any
) -> Iterator[Asking]:
    """A workspace with the bot in it, whose application listens."""
    clock = FakeClock(time.time())  # what was asked when is compared with the database's clock
    with FakeSlack(clock=clock, **more) as slack:
        made = Asking(slack=slack, clock=clock, pool=pool, embedder=embedder, language=language)
        with made.listening():
            yield made


def calls(slack: Asking, *methods: str) -> list[str]:
    """What was asked of Slack, of these methods, in order."""
    return [each.method for each in slack.slack.journal if each.method.startswith(methods)]


class Killed(BaseException):
    """The process is gone."""


class StoodStill(Questions):
    """The books, in which the process stands still for a while once it has announced a reply."""

    def __init__(self, pool: Any, *, seconds: float) -> None:
        super().__init__(pool=pool)
        self._seconds = seconds

    def announce(self, asked: Asked, reply: Reply) -> float:
        return super().announce(asked, reply) - self._seconds


class Dying(Questions):
    """The books, in which the process is killed at one place."""

    def __init__(self, pool: Any, *, at: str, after: bool) -> None:
        super().__init__(pool=pool)
        self._at, self._after = at, after

    def announce(self, asked: Asked, reply: Reply) -> float:
        return float(self._die("announce", lambda: super(Dying, self).announce(asked, reply)))

    def posted(self, asked: Asked, parts: tuple[Part, ...]) -> None:
        self._die("posted", lambda: super(Dying, self).posted(asked, parts))

    def arrived(self, asked: Asked, parts: tuple[Part, ...]) -> None:
        self._die("arrived", lambda: super(Dying, self).arrived(asked, parts))

    def _die(self, name: str, write: Callable[[], Any]) -> Any:
        if name == self._at and not self._after:
            raise Killed
        written = write()
        if name == self._at:
            raise Killed
        return written

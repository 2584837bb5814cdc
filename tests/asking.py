"""Questions in a Slack stand-in, answered by the real parts: an index of the sample help center,
the extractive engine, the books in PostgreSQL, Bolt behind signed HTTP, and Slack's API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg import sql
from pydantic import SecretStr
from slack_sdk.signature import Clock

from bot import db
from bot.answering.extractive import ExtractiveEngine
from bot.language import LanguageDetector
from bot.queue import Queue
from bot.records import Records
from bot.slack.api import SlackApi
from bot.slack.attending import Attendant, Attended
from bot.slack.channels import Channels
from bot.slack.deciding import Decider
from bot.slack.facts import Facts
from bot.slack.http import PATH, routes
from bot.slack.inbox import Inbox
from bot.slack.listening import Listeners
from bot.slack.pacing import Pacing
from bot.slack.places import Place
from bot.slack.posting import Poster
from bot.slack.questions import Asked, Part, Questions, Reply
from bot.slack.signs import Signs
from bot.slack.streaming import Stream
from bot.slack.workspaces import Workspace, Workspaces
from bot.support import EVIDENCE_NEEDED, SupportDesk
from indexing.index import Index
from indexing.retrieval import Retriever
from tests.attending import index_sample
from tests.conftest import database_at, run_sql
from tests.fakes.clock import FakeClock
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.posting import Answer

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.answering.base import Engine
    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Message


class _Ticking(Clock):
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock()


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
        self.questions = Questions(pool=pool)
        self.channels = Channels(pool=pool)
        self.settling = timedelta(0)
        self.timeout = 2
        self.stream: Callable[..., Stream] = Stream
        self.slept: list[float] = []
        self._api_url = slack.api_url.rstrip("/")
        self._language = language
        self.workspaces = Workspaces(
            pool=pool, token=SecretStr(slack.bot_token), identify=self._identify
        )
        self.facts = Facts(pool=pool, workspace=self.workspaces.of, api=self.api)
        index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
        self.records = Records(pool=pool)
        self.support = SupportDesk(
            retriever=Retriever(pool=pool, index=index, embedder=embedder),
            engine=engine or ExtractiveEngine(),
            fallback=None,
            recorder=self.records,
            language=language,
            evidence_needed=EVIDENCE_NEEDED,
        )
        self.listeners = Listeners(
            workspaces=self.workspaces,
            inbox=Inbox(pool=pool, queue=Queue(pool=pool)),
            api_url=self._api_url,
        )

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Slack reaches the bot, through the real application, without a socket in between."""
        app = FastAPI()
        app.include_router(
            routes(
                app=lambda: self.listeners.app,
                signing_secret=self.slack.app.signing_secret,
                clock=_Ticking(self.clock),
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

    def api(self, team: str) -> SlackApi:
        return self._api(self.workspaces.token(self.workspaces.of(team)), team)

    def attendant(self, *, questions: Questions | None = None, signs: Signs) -> Attendant:
        questions = questions or self.questions
        decider = Decider(
            support=self.support,
            records=self.records,
            questions=questions,
            channels=self.channels,
            facts=self.facts,
            language=self._language,
            workspace=self.workspaces.of,
            api=self.api,
        )
        return Attendant(
            pool=self.pool,
            questions=questions,
            decider=decider,
            poster=Poster(questions=questions, settling=self.settling),
            signs=signs,
            facts=self.facts,
            records=self.records,
            language=self._language,
            workspace=self.workspaces.of,
            api=self.api,
            stream=self.stream,
        )

    def deliver(self) -> None:
        """Slack sends what happened."""
        self.slack.deliveries.flush()

    def work(self, *, questions: Questions | None = None) -> list[Attended]:
        """Does what waits in the queue, thread by thread."""
        signs, done = Signs(), []
        try:
            while waiting := self.rows(
                "DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs "
                "WHERE task_name = 'slack.thread') "
                "RETURNING args->>'team', args->>'channel', args->>'thread'"
            ):
                place = Place(team=waiting[0][0], channel=waiting[0][1], thread=waiting[0][2])
                done += self.attendant(questions=questions, signs=signs).attend(place)
        finally:
            signs.close()
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
        signs = Signs()
        try:
            place = Place(team=self.team, channel=message.channel.id, thread=message.root_ts)
            return list(self.attendant(signs=signs).attend(place))
        finally:
            signs.close()

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

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.pool.connection() as connection:
            return connection.execute(statement, parameters or None).fetchall()

    def _api(self, token: str, team: str) -> SlackApi:
        pacing = Pacing(sleep=self.slept.append)
        return SlackApi(
            token=token, api_url=self._api_url, team=team, pacing=pacing, timeout=self.timeout
        )

    def _identify(self, token: str) -> Workspace:
        found = self._api(token, "").auth_test()
        return Workspace(
            id=str(found["team_id"]),
            name=str(found["team"]),
            bot_user=str(found["user_id"]),
            bot_id=str(found["bot_id"]),
            enterprise_id=str(found.get("enterprise_id") or ""),
        )


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


def sample_template(server_url: str, template: str, embedder: Embedder) -> Iterator[str]:
    """For a module's own `migrated_template`: each test's database comes with the sample help
    center in it, which is indexed once."""
    name = sql.Identifier(f"sample_{uuid4().hex}")
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    run_sql(server_url, create.format(name, sql.Identifier(template)))
    plain = name.as_string().strip('"')
    with db.open_pool(database_at(server_url, plain), max_size=4) as pool:
        index_sample(pool, embedder)
    yield plain
    run_sql(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def asking(
    pool: ConnectionPool, embedder: Embedder, language: LanguageDetector, **more: Any
) -> Iterator[Asking]:
    """A workspace with the bot in it, whose application listens."""
    clock = FakeClock()
    with FakeSlack(clock=clock, **more) as slack:
        made = Asking(slack=slack, clock=clock, pool=pool, embedder=embedder, language=language)
        with made.listening():
            yield made


def calls(slack: Asking, *methods: str) -> list[str]:
    """What was asked of Slack, of these methods, in order."""
    return [each.method for each in slack.slack.journal if each.method.startswith(methods)]


class Killed(BaseException):
    """The process is gone."""


class Dying(Questions):
    """The books, in which the process is killed at one place."""

    def __init__(self, pool: Any, *, at: str, after: bool) -> None:
        super().__init__(pool=pool)
        self._at, self._after = at, after

    def announce(self, asked: Asked, reply: Reply) -> None:
        self._die("announce", lambda: super(Dying, self).announce(asked, reply))

    def posted(self, asked: Asked, parts: tuple[Part, ...]) -> None:
        self._die("posted", lambda: super(Dying, self).posted(asked, parts))

    def arrived(self, asked: Asked, parts: tuple[Part, ...]) -> None:
        self._die("arrived", lambda: super(Dying, self).arrived(asked, parts))

    def _die(self, name: str, write: Any) -> None:
        if name == self._at and not self._after:
            raise Killed
        write()
        if name == self._at:
            raise Killed

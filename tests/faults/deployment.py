"""A deployment whose parts can be killed: PostgreSQL, workers, schedulers and web processes, and
stand-ins for Zendesk, Slack and the model that outlive them all and send what happens to the last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.request import urlopen
from uuid import uuid4

import psutil
import psycopg
from psycopg import Connection, sql

from bot import db
from bot.errors import DatabaseUnavailable
from bot.postgres import EmbeddedPostgres
from bot.slack.http import PATH as SLACK_PATH
from bot.web import listen
from bot.zendesk.webhooks import PATH
from tests.acceptance.commands import CommandLine
from tests.conftest import database_at, run_sql
from tests.fakes.slack import FakeSlack
from tests.fakes.zendesk import FakeZendesk
from tests.faults.clocks import SECONDS
from tests.faults.processes import Interpreter, Processes
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from tests.faults.processes import Starts
    from tests.faults.wiring import Wiring

Result = TypeVar("Result")
VICTIMS = ("worker", "scheduler", "database", "backend")

_A_LOOK = 5.0  # seconds; none takes longer unless the machine is busy with something else

# Dead workers are told by their silence. Those that live say so every few seconds.
_TIME_PASSES = """
UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'
WHERE id = ANY(%s)
"""

# A sequence that was copied promises numbers that only the original's log knows of: after a crash
# it would give them out again.
_SEQUENCES_ANEW = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, 1),
              last_value IS NOT NULL)
FROM pg_sequences
"""

TICKETS_SETTLE = """
UPDATE ticket_turns SET decided_at = decided_at - interval '1 minute'
WHERE state = 'sending' AND decided_at > now() - interval '1 minute'
  AND decided_at < now() - interval '3 seconds'
"""
SLACK_SETTLES = """
UPDATE slack_questions SET announced_at = announced_at - interval '1 minute'
WHERE (state = 'sending' OR stream <> '')
  AND announced_at BETWEEN clock_timestamp() - interval '1 minute'
                       AND clock_timestamp() - interval '3 seconds'
"""
"""Replies whose fate nobody knows are looked for at once: nothing is under way for three seconds
here, because nothing waits for a time-out."""

_DUE_NOW = """
WITH hastened AS (
    UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'
    RETURNING id, queue_name
)
SELECT pg_notify('procrastinate_queue_v1#' || queue_name,
                 json_build_object('type', 'job_inserted', 'job_id', id)::text)
FROM hastened
"""


class Deployment:
    """Everything runs from `with` on; what is killed is started again at once.

    `template` names the database of a running server in `folder` that this one's is a copy of;
    without it the processes run the server by themselves. `wiring` are the ways to everything
    else, where they can be cut. `ahead` says of which processes' clocks are wrong, by how many
    seconds."""

    def __init__(
        self,
        *,
        folder: Path,
        logs: Path,
        slack: FakeSlack | None = None,
        zendesk: FakeZendesk | None = None,
        starts: Starts | None = None,
        template: str = "",
        wiring: Wiring | None = None,
        ahead: Mapping[str, float] = MappingProxyType({}),
        **settings: str,
    ) -> None:
        self.zendesk = zendesk or FakeZendesk()
        self.slack = slack
        self.wiring = wiring
        self.server = EmbeddedPostgres(data_dir=folder)
        self._folder = folder
        self._template = template
        self._settings = settings
        self._ahead = dict(ahead)
        # Held here, so that who calls while the web process is dead waits for the next one.
        self._listener = listen(host="127.0.0.1", port=0)
        self.web_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._webhook = self.zendesk.deliveries.webhook(
            f"{self.web_url}{PATH}",
            "ticket.created",
            "ticket.comment_added",
            "article.published",
            "article.unpublished",
        )
        self.processes = Processes(
            starts=starts or Interpreter(), folder=logs, listener=self._listener.fileno()
        )
        self._line = CommandLine(folder=logs, settings={})
        self._stack = ExitStack()
        self._session: Connection[Any] | None = None
        self._silent: list[int] = []
        self.url = ""

    def __enter__(self) -> Self:
        self._stack.enter_context(self._listener)
        self._stack.enter_context(self.zendesk)
        if self.slack is not None:
            self._stack.enter_context(self.slack)
        self.url = self._stack.enter_context(self.server)
        if self._template:
            self._copy()
        self._line = CommandLine(folder=self._line.folder, settings=dict(self._all_settings()))
        self._stack.callback(self._end)
        db.migrate(self.url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _copy(self) -> None:
        server, name = self.url, f"deployment_{uuid4().hex}"
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log")
        run_sql(server, words.format(sql.Identifier(name), sql.Identifier(self._template)))
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        self._stack.callback(run_sql, server, drop)
        self.url = database_at(server, name)
        run_sql(self.url, _SEQUENCES_ANEW)

    def _all_settings(self) -> Iterator[tuple[str, str]]:
        yield "SUPPORTBOT_DATA_DIR", str(self._folder)
        yield "ZENDESK_SUBDOMAIN", "acme"
        yield "ZENDESK_BASE_URL", self.zendesk.base_url
        yield "ZENDESK_CLIENT_ID", "supportbot"
        yield "ZENDESK_CLIENT_SECRET", "the-client-secret"
        yield "ZENDESK_WEBHOOK_SECRET", self._webhook.secret
        yield "PUBLIC_URL", self.web_url
        if self._template:
            yield "DATABASE_URL", self.url
        if self.slack is not None:
            self.slack.deliveries.url = f"{self.web_url}{SLACK_PATH}"
            yield "SLACK_BOT_TOKEN", self.slack.bot_token
            yield "SLACK_SIGNING_SECRET", self.slack.app.signing_secret
            yield "SLACK_API_URL", self.slack.api_url.rstrip("/")
        yield from self._settings.items()

    # --- Processes

    def wait_for_web(self) -> None:
        """Until the web process answers, and has its database: who calls before spends a try."""

        def answers() -> bool:
            with suppress(OSError), urlopen(f"{self.web_url}/readyz", timeout=5.0) as answer:
                return bool(answer.status == 200)
            return False

        self.wait_for(answers, "the web process does not answer")

    def start(self, name: str) -> None:
        environment = self._line.environment()
        if self.wiring is not None:
            environment |= self.wiring.settings(name, environment)
        if name in self._ahead:
            environment[SECONDS] = str(self._ahead[name])
        self.processes.start(name, environment)

    def stop(self, name: str, *, within: float) -> int:
        """Asks it to end, as a supervisor does; its exit status, once it has ended in time."""
        self.processes.ask_to_stop(name)
        return self.processes.stopped(name, within=within)

    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        return self.processes.pids()

    def lines(self, name: str) -> list[dict[str, Any]]:
        """What a process has logged."""
        return self.processes.lines(name)

    def kill(self, victim: str, chance: Random) -> None:
        """SIGKILL, and for the database to all of it or to one session, which ends them all."""
        self._silent = [row[0] for row in self.rows("SELECT id FROM procrastinate_workers")]
        if victim in self.processes:
            self.processes.kill(victim)
            return
        postmaster = psutil.Process(self.rows("SELECT pg_backend_pid()")[0][0]).parent()
        assert postmaster is not None
        sessions = [
            row[0]
            for row in self.rows(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
                "AND pid <> pg_backend_pid() ORDER BY pid"
            )
        ]
        whole = victim == "database" or not sessions
        # Whoever holds a session may have ended it meanwhile.
        with suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
            killed = postmaster if whole else psutil.Process(chance.choice(sessions))
            killed.kill()
            killed.wait(5)

    def mend(self, victim: str) -> None:
        """Starts again what was killed, as an operator's supervisor would."""
        if victim in {"database", "backend"}:  # without any session it was the whole server
            self._run_the_server()
        else:
            self.start(victim)
        if not victim.startswith(("scheduler", "web", "slack")):
            self.time_passes_for(self._silent)

    def _run_the_server(self) -> None:
        """Again and again, as a supervisor does: its disk may be full now."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.server.ensure_running()
            except DatabaseUnavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return

    def time_passes_for(self, workers: list[int]) -> None:
        """Those that say nothing meanwhile count as dead."""
        self.execute(_TIME_PASSES, (workers,))

    def hasten(self) -> None:
        """Whatever waits for its hour is tried again now."""
        self.execute(_DUE_NOW)

    # --- What came of it

    def rows(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows, as soon as the database answers."""
        return self.ask(lambda session: session.execute(statement, parameters).fetchall())

    def execute(self, statement: str, parameters: tuple[object, ...] = ()) -> None:
        """Does it, unless somebody holds a lock on that, such as one who is paused."""

        def carry_out(session: Connection[Any]) -> None:
            with suppress(psycopg.errors.LockNotAvailable):
                session.execute(statement, parameters)

        self.ask(carry_out)

    def wait_for(self, happened: Callable[[], object], what: str, *, every: float = 0.02) -> None:
        """Time in which this process itself was held up does not count."""
        left, before = PATIENCE, time.monotonic()
        while not happened():
            now = time.monotonic()
            left, before = left - min(now - before, _A_LOOK), now
            ended = self.processes.ended()
            if ended or left < 0:
                why = f"{ended} ended by themselves" if ended else f"after {PATIENCE:g} s {what}"
                raise AssertionError(f"{why}\n{self.said()}")
            time.sleep(every)

    def said(self) -> str:
        """The last lines of every process."""
        return self.processes.said()

    def ask(self, question: Callable[[Connection[Any]], Result]) -> Result:
        """What the question comes to, asked again for as long as the database is away."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if self._session is None or self._session.closed:
                    self._session = psycopg.connect(
                        self.url, autocommit=True, options="-c lock_timeout=2s"
                    )
                return question(self._session)
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _end(self) -> None:
        if self._session is not None:
            self._session.close()
        self.processes.end()

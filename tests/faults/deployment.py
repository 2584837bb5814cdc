"""A deployment whose parts can be killed: embedded PostgreSQL, a worker, a scheduler and a web
process, and stand-ins for Zendesk and Slack that outlive them all and send what happens to the
last."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.request import urlopen

import psutil
import psycopg
from psycopg import Connection

from bot import db
from bot.postgres import EmbeddedPostgres
from bot.slack.http import PATH as SLACK_PATH
from bot.web import listen
from bot.zendesk.webhooks import PATH
from tests.acceptance.commands import PYTHON_M_BOT, CommandLine
from tests.fakes.slack import FakeSlack
from tests.fakes.zendesk import FakeZendesk

Result = TypeVar("Result")
Process = Literal["worker", "scheduler", "web"]
Victim = Literal[Process, "database", "backend"]
VICTIMS: tuple[Victim, ...] = ("worker", "scheduler", "database", "backend")

PATIENCE = 120.0
"""Seconds after which what is waited for has failed to happen; nothing waits for it to pass."""

# Dead workers are told by their silence. Those that live say so every few seconds.
_TIME_PASSES = """
UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'
WHERE id = ANY(%s)
"""

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
    """Everything runs from `with` on; what is killed is started again at once."""

    def __init__(
        self, *, folder: Path, logs: Path, slack: FakeSlack | None = None, **settings: str
    ) -> None:
        self.zendesk = FakeZendesk()
        self.slack = slack
        self._server = EmbeddedPostgres(data_dir=folder)
        self._logs = logs
        # Held here, so that who calls while the web process is dead waits for the next one.
        self._listener = listen(host="127.0.0.1", port=0)
        self.web_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        webhook = self.zendesk.deliveries.webhook(
            f"{self.web_url}{PATH}", "ticket.created", "ticket.comment_added"
        )
        self._line = CommandLine(
            folder=logs,
            settings={
                "SUPPORTBOT_DATA_DIR": str(folder),
                "ZENDESK_SUBDOMAIN": "acme",
                "ZENDESK_BASE_URL": self.zendesk.base_url,
                "ZENDESK_CLIENT_ID": "supportbot",
                "ZENDESK_CLIENT_SECRET": "the-client-secret",
                "ZENDESK_WEBHOOK_SECRET": webhook.secret,
                "PUBLIC_URL": self.web_url,
                **self._slack_settings(),
                **settings,
            },
        )
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._stack = ExitStack()
        self._session: Connection[Any] | None = None
        self._silent: list[int] = []
        self.url = ""

    def __enter__(self) -> Self:
        self._stack.enter_context(self._listener)
        self._stack.enter_context(self.zendesk)
        if self.slack is not None:
            self._stack.enter_context(self.slack)
        self.url = self._stack.enter_context(self._server)
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

    def _slack_settings(self) -> dict[str, str]:
        if self.slack is None:
            return {}
        self.slack.deliveries.url = f"{self.web_url}{SLACK_PATH}"
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.app.signing_secret,
            "SLACK_API_URL": self.slack.api_url.rstrip("/"),
        }

    def wait_for_web(self) -> None:
        """Until the web process answers."""

        def answers() -> bool:
            with suppress(OSError), urlopen(f"{self.web_url}/healthz", timeout=2.0) as answer:
                return bool(answer.status == 200)
            return False

        self.wait_for(answers, "the web process does not answer")

    def start(self, name: Process) -> None:
        listener = self._listener.fileno()
        more = (f"--listener-fd={listener}",) if name == "web" else ()
        with (self._logs / f"{name}.log").open("a") as log:
            self._processes[name] = subprocess.Popen(
                (*PYTHON_M_BOT, name, *more),
                cwd=self._line.folder,
                env=self._line.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                pass_fds=(listener,) if more else (),
            )

    def stop(self, name: Process, *, within: float) -> int:
        """Asks it to end, as a supervisor does; its exit status, once it has ended in time."""
        self._processes[name].terminate()
        return self._processes[name].wait(timeout=within)

    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        return {name: each.pid for name, each in self._processes.items() if each.poll() is None}

    def lines(self, name: Process) -> list[dict[str, Any]]:
        """What a process has logged."""
        text = (self._logs / f"{name}.log").read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def kill(self, victim: Victim, chance: Random) -> None:
        """SIGKILL, and for the database to all of it or to one session, which ends them all."""
        self._silent = [row[0] for row in self.rows("SELECT id FROM procrastinate_workers")]
        if victim in self._processes:
            self._processes[victim].kill()
            self._processes[victim].wait()
        else:
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
            killed = postmaster if whole else psutil.Process(chance.choice(sessions))
            killed.kill()
            with suppress(psutil.TimeoutExpired):
                killed.wait(5)

    def mend(self, victim: Victim) -> None:
        """Starts again what was killed, as an operator's supervisor would."""
        match victim:
            case "worker" | "scheduler" | "web":
                self.start(victim)
            case "database":
                self._server.ensure_running()
        if victim not in {"scheduler", "web"}:
            self.execute(_TIME_PASSES, (self._silent,))

    def hasten(self) -> None:
        """Whatever waits for its hour is tried again now."""
        self.execute(_DUE_NOW)

    def rows(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows, as soon as the database answers."""
        return self.ask(lambda session: session.execute(statement, parameters).fetchall())

    def execute(self, statement: str, parameters: tuple[object, ...] = ()) -> None:
        self.ask(lambda session: session.execute(statement, parameters))

    def wait_for(self, happened: Callable[[], object], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not happened():
            codes = {name: each.poll() for name, each in self._processes.items()}
            ended = {name: code for name, code in codes.items() if code is not None}
            if ended or time.monotonic() > until:
                why = f"{ended} ended by themselves" if ended else f"after {PATIENCE:g} s {what}"
                raise AssertionError(f"{why}\n{self.said()}")
            time.sleep(0.02)

    def said(self) -> str:
        """The last lines of every process."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-40:])
            for path in sorted(self._logs.glob("*.log"))
        )

    def ask(self, question: Callable[[Connection[Any]], Result]) -> Result:
        """What the question comes to, asked again for as long as the database is away."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if self._session is None or self._session.closed:
                    self._session = psycopg.connect(self.url, autocommit=True)
                return question(self._session)
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _end(self) -> None:
        if self._session is not None:
            self._session.close()
        for process in self._processes.values():
            process.kill()
            process.wait()

"""Secrets are planted in every setting, everything is made to go wrong, and nothing that people or
machines can read may hold one of them: logs, errors, pages, metrics, traces, the database."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot import settings
from bot.queue import Job, Lane, Queue, TaskName
from bot.web import listen
from bot.zendesk.policies import Mode, Policies, Policy
from indexing.index import Index
from tests.acceptance.commands import PYTHON_M_BOT, CommandLine
from tests.fakes.anthropic import MessagesFake
from tests.fakes.collector import FakeCollector
from tests.fakes.replies import fails
from tests.fakes.zendesk import FakeZendesk
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

PAGES = (
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/admin/",
    "/admin/sign-in",
    "/admin/nothing-here",
    "/slack/install",
    "/slack/events",
    "/zendesk/webhook",
    "/help",
    "/openapi.json",
)


def secret_settings() -> list[str]:
    """The variables that hold secrets."""
    return [
        settings._variable(group, name, field)
        for group in settings.GROUPS.values()
        for name, field in group.model_fields.items()
        if "SecretStr" in str(field.annotation)
    ]


def page(url: str, data: bytes | None = None) -> str:
    headers = {
        "X-Zendesk-Webhook-Signature": "forged",
        "X-Slack-Signature": "v0=forged",
        "X-Slack-Request-Timestamp": "1",
    }
    request = urllib.request.Request(url, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return f"{answer.headers}{answer.read().decode()}"
    except urllib.error.HTTPError as refused:
        with refused:
            return f"{refused.headers}{refused.read().decode()}"


@pytest.fixture
def planted(database_url: str) -> dict[str, str]:
    """A canary for every secret setting but the databases, which have passwords already."""
    found = {name: f"canary-{token_hex(12)}" for name in secret_settings()}
    found["ENCRYPTION_KEYS"] = Fernet.generate_key().decode()
    found["ZENDESK_WEBHOOK_SECRET"] = f"canary{token_hex(12)}"
    found["DATABASE_URL"] = found["DATABASE_REPLICA_URL"] = database_url
    return found


def test_every_secret_setting_is_known_as_one() -> None:
    for group in settings.GROUPS.values():
        for name, field in group.model_fields.items():
            telling = ("secret", "token", "password", "api_key", "keys")
            if any(word in name for word in telling):
                assert field.annotation in {SecretStr | None, SecretStr}, name


def test_nothing_that_can_be_read_holds_a_secret(
    pool: ConnectionPool[Connection[Any]],
    planted: dict[str, str],
    tmp_path: Path,
    scratch: Path,
) -> None:
    Index.open(pool, model="all-MiniLM-L6-v2", dimensions=384)
    Policies(pool=pool).set(Policy(mode=Mode.AUTO))
    read: dict[str, str] = {}
    with (
        FakeZendesk() as zendesk,
        FakeCollector() as collector,
        MessagesFake(default=fails(401, "authentication_error")) as model,
        listen(host="127.0.0.1", port=0) as listener,
    ):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        line = CommandLine(
            folder=tmp_path,
            settings={
                **planted,
                "SUPPORTBOT_DATA_DIR": str(scratch / "canaries"),
                "SUPPORTBOT_DEBUG": "true",
                "LOG_FORMAT": "json",
                "ANTHROPIC_BASE_URL": model.url,
                "ANSWER_ENGINE": "claude",
                "ZENDESK_SUBDOMAIN": "acme",
                "ZENDESK_CLIENT_ID": "supportbot",
                "ZENDESK_BASE_URL": zendesk.base_url,
                "SLACK_API_URL": "http://127.0.0.1:9",
                "SLACK_CLIENT_ID": "supportbot",
                "PUBLIC_URL": url,
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            },
        )
        Queue(pool=pool).enqueue(
            Job(task=TaskName.TICKET, lane=Lane.REPLIES, arguments={"ticket_id": 7})
        )
        with (tmp_path / "log").open("w+") as log:
            running = [
                subprocess.Popen(
                    (*PYTHON_M_BOT, *arguments),
                    cwd=line.folder,
                    env=line.environment(),
                    stdout=log,
                    stderr=log,
                    pass_fds=(listener.fileno(),),
                )
                for arguments in (("web", f"--listener-fd={listener.fileno()}"), ("worker",))
            ]
            try:
                for path in PAGES:
                    read[path] = page(url + path)
                    read[f"POST {path}"] = page(url + path, b"password=wrong&code=wrong")
                for arguments in (
                    ("doctor",),
                    ("zendesk", "attend", "7"),
                    ("ask", "How long do I have to return a jacket?"),
                ):
                    ended = line.run(*arguments)
                    read[" ".join(arguments)] = (ended.stdout + ended.stderr).decode()
                wait_for(lambda: _in_trouble(pool), "nothing went wrong")
            finally:
                for each in running:
                    each.terminate()
                statuses = [each.wait(timeout=PATIENCE) for each in running]
        assert statuses == [0, 0]
        read["log"] = (tmp_path / "log").read_text()
        read["traces"] = "\n".join(each.everything for each in collector.spans)
    read["database"] = _everything(pool)

    # It is no use to look where nothing was said.
    assert "ticket_sweep" in read["log"]
    assert "secrets" in read["doctor"]
    assert read["traces"]
    found = [
        (name, where)
        for name, value in planted.items()
        if name not in {"DATABASE_URL", "DATABASE_REPLICA_URL"}
        for where, text in read.items()
        if value in text
    ]
    assert found == []


def _in_trouble(pool: ConnectionPool[Connection[Any]]) -> bool:
    """Whether the ticket's job has failed, for its secret is wrong."""
    with pool.connection() as connection:
        return connection.execute("SELECT 1 FROM ticket_problems").fetchone() is not None


def _everything(pool: ConnectionPool[Connection[Any]]) -> str:
    """Every row of every table, as text."""
    with pool.connection() as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "'public'::regnamespace"
        ).fetchall()
        return "\n".join(
            str(row[0])
            for (table,) in tables
            for row in connection.execute(f"SELECT t::text FROM {table} t").fetchall()
        )

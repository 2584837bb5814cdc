"""SIGTERM, while what was sent to a process is being taken: it takes nothing new, finishes what it
can, ends in time whether or not the database answers, and leaves nothing half done."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import Connection

from bot.queue import Lane
from bot.slack.manifest import Deployment, manifest
from bot.web import listen
from bot.zendesk.webhooks import PATH
from tests.acceptance.commands import CommandLine
from tests.fakes.slack import App, FakeSlack
from tests.fakes.zendesk import FakeZendesk
from tests.faults.wires import Wires
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def count(connection: Connection[Any], statement: str) -> int:
    row = connection.execute(statement).fetchone()
    assert row
    return int(row[0])


def begin(stack: ExitStack, line: CommandLine, *arguments: str) -> subprocess.Popen[str]:
    process = line.start(*arguments)

    def end() -> None:
        process.kill()
        process.communicate()

    stack.callback(end)
    return process


@pytest.mark.parametrize("released", [True, False], ids=["the database answers", "it is stuck"])
def test_web_and_slack_end_in_time_and_do_nothing_by_half(
    stack: ExitStack,
    connection: Connection[Any],
    database_url: str,
    tmp_path: Path,
    scratch: Path,
    released: bool,
) -> None:
    with listen(host="127.0.0.1", port=0) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    zendesk = stack.enter_context(FakeZendesk())
    app = App.of_manifest(manifest(Deployment(socket_mode=True)))
    slack = stack.enter_context(FakeSlack(app=app))
    webhook = zendesk.deliveries.webhook(f"{url}{PATH}", "ticket.created")
    zendesk.deliveries.timeout = PATIENCE
    line = CommandLine(
        folder=tmp_path,
        settings={
            "DATABASE_URL": database_url,
            "SUPPORTBOT_DATA_DIR": str(scratch / "draining"),
            "PORT": str(port),
            "ZENDESK_WEBHOOK_SECRET": webhook.secret,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url.rstrip("/"),
        },
    )
    running = [begin(stack, line, name) for name in ("web", "slack")]
    wait_for(lambda: answers(url))
    wait_for(slack.sockets.is_open)
    somebody = zendesk.account.ticketing.person("Anna")
    zendesk.account.ticketing.ticket(somebody, "A question", "How much is it?")
    ann = slack.workspace.member("Ann")
    room = slack.workspace.channel("help", [ann])
    slack.workspace.say(ann, room, f"{slack.workspace.mention} how much is it?")
    webhooks, events = zendesk.deliveries, slack.deliveries
    delivery, event = webhooks.due(), events.due()
    assert delivery
    assert event

    senders = stack.enter_context(ThreadPoolExecutor(2))
    with psycopg.connect(database_url) as stuck:
        stuck.execute("LOCK TABLE inbound_events IN EXCLUSIVE MODE")
        sent = senders.submit(webhooks.send, delivery)
        senders.submit(events.send, event)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        wait_for(lambda: count(connection, waiting) == 2)
        for each in running:
            each.terminate()
        wait_for(lambda: not answers(url))
        wait_for(lambda: not slack.sockets.is_open())
        if released:
            stuck.rollback()
        assert [each.wait(PATIENCE) for each in running] == [0, 0]
        stuck.rollback()

    sessions = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    wait_for(lambda: count(connection, sessions) == 0)
    assert (sent.result() == 200) == released
    noted = "SELECT count(DISTINCT source) FROM inbound_events WHERE source <> 'zendesk event'"
    asked = "SELECT count(*) FROM slack_questions"
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'"
    expected = [2, 1, 2] if released else [0, 0, 0]
    assert [count(connection, each) for each in (noted, asked, jobs)] == expected


def test_a_worker_ends_in_time_while_the_database_says_nothing(
    stack: ExitStack,
    connection: Connection[Any],
    database_url: str,
    tmp_path: Path,
    scratch: Path,
) -> None:
    parts = urlsplit(database_url)
    wires = stack.enter_context(Wires())
    wire = wires.wire(parts.hostname or "", parts.port or 5432)
    netloc = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{wire.port}"
    line = CommandLine(
        folder=tmp_path,
        settings={
            "DATABASE_URL": parts._replace(netloc=netloc).geturl(),
            "SUPPORTBOT_DATA_DIR": str(scratch / "draining"),
        },
    )
    worker = begin(stack, line, "worker", "--drain=0")
    alive = "SELECT count(*) FROM procrastinate_workers"
    wait_for(lambda: count(connection, alive) == len(Lane))

    wire.hold()
    worker.terminate()

    assert worker.wait(PATIENCE) == 0
    wire.mend()

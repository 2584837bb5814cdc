"""The commands that switch tickets on, against a Zendesk stand-in and a running web process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.web import listen
from bot.zendesk.installing import TICKET_EVENTS
from bot.zendesk.webhooks import PATH
from tests.acceptance.commands import PYTHON_M_BOT, CommandLine
from tests.fakes.zendesk import FakeZendesk
from tests.fakes.zendesk.deliveries import BY_TRIGGERS
from tests.waiting import wait_for

if TYPE_CHECKING:
    from socket import socket

    from psycopg_pool import ConnectionPool


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk() as running:
        yield running


@pytest.fixture
def listener() -> Iterator[socket]:
    """Where the web process is reached; what is sent before it runs waits."""
    with listen(host="127.0.0.1", port=0) as opened:
        yield opened


@pytest.fixture
def line(
    zendesk: FakeZendesk, listener: socket, database_url: str, tmp_path: Path, scratch: Path
) -> CommandLine:
    return CommandLine(
        folder=tmp_path,
        settings={
            "DATABASE_URL": database_url,
            "SUPPORTBOT_DATA_DIR": str(scratch / "worker"),  # models are prepared once
            "ZENDESK_SUBDOMAIN": "acme",
            "ZENDESK_BASE_URL": zendesk.base_url,
            "ZENDESK_CLIENT_ID": "supportbot",
            "ZENDESK_CLIENT_SECRET": "the-client-secret",
            "PUBLIC_URL": f"http://127.0.0.1:{listener.getsockname()[1]}",
        },
    )


@contextmanager
def web(line: CommandLine, listener: socket, secrets: str) -> Iterator[None]:
    process = subprocess.Popen(
        (*PYTHON_M_BOT, "web", f"--listener-fd={listener.fileno()}"),
        cwd=line.folder,
        env={**line.environment(), "ZENDESK_WEBHOOK_SECRET": secrets},
        pass_fds=(listener.fileno(),),
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_install_creates_repairs_and_tests_and_keeps_the_secret_to_itself(
    zendesk: FakeZendesk, line: CommandLine, listener: socket
) -> None:
    hooks = zendesk.deliveries.webhooks
    theirs = zendesk.deliveries.webhook("https://other.example/hook", "ticket.created")

    planned = line.run("zendesk", "install", "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert b"Would be done: Webhook" in planned.stdout
    assert list(hooks) == [theirs.id]

    first = line.run("zendesk", "install")
    (made,) = (each for each in hooks.values() if each is not theirs)
    assert first.returncode == 0, first.stderr
    assert b"ZENDESK_WEBHOOK_SECRET" in first.stderr
    assert b"policies set" in first.stderr
    assert made.secret.encode() not in first.stdout + first.stderr
    assert made.endpoint == line.settings["PUBLIC_URL"] + PATH
    assert set(made.subscriptions) > TICKET_EVENTS

    made.active, made.endpoint = False, "https://before.example/zendesk/webhook"
    with web(line, listener, made.secret):
        repaired = line.run("zendesk", "install", ZENDESK_WEBHOOK_SECRET=made.secret)
        again = line.run("zendesk", "install", ZENDESK_WEBHOOK_SECRET=made.secret)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert b"repaired" in repaired.stdout
    assert b"arrived" in repaired.stdout
    assert b"as it should be" in again.stdout
    assert (made.active, made.endpoint) == (True, line.settings["PUBLIC_URL"] + PATH)
    assert list(hooks.values()) == [theirs, made]


def test_install_says_what_to_do_when_a_test_does_not_arrive(
    zendesk: FakeZendesk, line: CommandLine, listener: socket
) -> None:
    line.run("zendesk", "install")
    (made,) = zendesk.deliveries.webhooks.values()
    with web(line, listener, "another-secret"):
        wrong = line.run("zendesk", "install", ZENDESK_WEBHOOK_SECRET=made.secret)
    listener.close()
    nobody = line.run("zendesk", "install", ZENDESK_WEBHOOK_SECRET=made.secret)

    assert (wrong.returncode, nobody.returncode) == (1, 1)
    assert b"answered 401" in wrong.stdout
    assert b"does not reach" in nobody.stdout


def test_where_ticket_events_are_refused_a_trigger_tells_of_them(
    zendesk: FakeZendesk, line: CommandLine, listener: socket, pool: ConnectionPool
) -> None:
    zendesk.failures.plan(400, matching=r"POST /api/v2/webhooks$")
    first = line.run("zendesk", "install", "--show-secret")
    assert first.returncode == 0, first.stderr
    events, called = zendesk.deliveries.webhooks.values()
    assert BY_TRIGGERS in called.subscriptions
    assert TICKET_EVENTS.isdisjoint(events.subscriptions)
    (trigger,) = zendesk.deliveries.triggers.values()

    secrets = f"{events.secret},{called.secret}"
    assert f"ZENDESK_WEBHOOK_SECRET={secrets}\n" in first.stdout.decode()
    ticketing = zendesk.account.ticketing
    with web(line, listener, secrets):
        ticket = ticketing.ticket(ticketing.person("Anna"), 'A "quoted" title', "How long?")
        assert [each.webhook for each in zendesk.deliveries.pending] == [called]
        zendesk.deliveries.flush()
    with pool.connection() as connection:
        told = connection.execute("SELECT args - 'traceparent' FROM procrastinate_jobs").fetchall()
    assert told == [({"ticket_id": ticket.id},)]

    trigger.active = False
    zendesk.failures.plan(400, matching=r"PATCH /api/v2/webhooks/")
    line.run("zendesk", "install")
    assert list(zendesk.deliveries.triggers) == [trigger.id]
    assert zendesk.deliveries.triggers[trigger.id].active


def test_policies_are_set_by_name_listed_and_removed(
    zendesk: FakeZendesk, line: CommandLine
) -> None:
    form = zendesk.account.ticketing.form("Order")

    made = line.run(
        *("zendesk", "policies", "set", "--mode", "draft", "--brand", "acme", "--form", "Order"),
        *("--channel", "web", "--share", "20", "--allow", "@acme.example", "--allow", "tag:vip"),
    )
    listed = line.run("zendesk", "policies", "list")
    (policy,) = json.loads(line.run("zendesk", "policies", "list", "--json").stdout)

    assert made.returncode == 0, made.stderr
    assert policy == {
        "id": policy["id"],
        "brand_id": zendesk.account.main.id,
        "channel": "web",
        "form_id": form.id,
        "intent": None,
        "mode": "draft",
        "share": 20,
        "allowed": ["@acme.example", "tag:vip"],
    }
    assert all(each in listed.stdout for each in (b"Acme", b"Order", b"draft", b"20%"))
    assert line.run("zendesk", "policies", "remove", str(policy["id"])).returncode == 0
    nothing = line.run("zendesk", "policies", "list")
    assert b"no ticket is answered" in nothing.stderr
    noted = json.loads(line.run("audit", "--json", "--target", str(policy["id"])).stdout)
    assert [(each["action"], each["surface"]) for each in noted] == [
        ("ticket_policies removed", "cli"),
        ("ticket_policies added", "cli"),
    ]
    assert noted[1]["after"]["mode"] == "draft"
    assert b"ticket_policies added" in line.run("audit").stdout


def test_voices_are_set_by_brand_and_language(line: CommandLine) -> None:
    line.run(
        "zendesk", "voice", "set", "--name", "Acme", "--hours", "=9-17", "--greeting", "de=Hallo,"
    )
    line.run(
        "zendesk", "voice", "set", "--brand", "7", "--sign-off", "en=Bye", "--hours", "en=all day"
    )
    line.run("zendesk", "voice", "set", "--greeting", "de=")

    shown = json.loads(line.run("zendesk", "voice", "show", "--json").stdout)
    table = line.run("zendesk", "voice", "show").stdout

    assert shown["default"] == {
        "brand": "Acme", "greeting": {}, "sign_off": {}, "hours": {"": "9-17"},
    }  # fmt: skip
    assert shown["brands"]["7"]["sign_off"] == {"en": "Bye"}
    assert all(each in table for each in (b"Acme", b"9-17", b"sign-off", b"all day"))


def test_a_draft_is_listed_shown_and_decided_about_once(
    zendesk: FakeZendesk, line: CommandLine
) -> None:
    ticketing = zendesk.account.ticketing
    line.run("zendesk", "policies", "set", "--mode", "draft")
    anna = ticketing.person("Anna", email="anna@customer.example")
    ticket = ticketing.ticket(anna, "Jacket", "How long do I have to return a jacket?")
    assert line.run("zendesk", "attend", str(ticket.id)).returncode == 0

    (draft,) = json.loads(line.run("zendesk", "drafts", "list", "--json").stdout)
    begins = draft["id"][:8]
    shown = line.run("zendesk", "drafts", "show", begins).stdout
    approved = line.run("zendesk", "drafts", "approve", begins)
    late = line.run("zendesk", "drafts", "reject", begins, "--reason", "no")

    assert (draft["ticket_id"], draft["state"]) == (ticket.id, "waiting")
    assert b"How long do I have" in shown
    assert b"60 days" in shown
    assert b"ticket %d gets it now" % ticket.id in approved.stdout
    assert (late.returncode, b"Too late: the draft is approved by" in late.stderr) == (2, True)
    assert b"No draft waits" in line.run("zendesk", "drafts", "list").stderr
    assert begins.encode() in line.run("zendesk", "drafts", "list", "--all").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["policies", "set", "--mode", "loud"], "auto, draft, handoff, off"),
        (["policies", "set", "--mode", "off", "--brand", "Nobody"], "There are: Acme"),
        (["policies", "set", "--mode", "off", "--intent", "refnud"], "supportbot routing add"),
        (["policies", "set", "--mode", "off", "--allow", "Anna"], "organization:ID"),
        (["policies", "remove", "7"], "no policy 7"),
        (["drafts", "approve", "abc"], "No draft has an id that begins with 'abc'"),
        (["voice", "set", "--greeting", "Hallo"], "names no language"),
        (["voice", "set", "--greeting", "xx=Hallo"], "--greeting: 'xx' is no language"),
        (["install", "--url", "support.example.com"], "https://"),
    ],
)
def test_bad_use_is_one_line_and_status_2(
    line: CommandLine, arguments: list[str], says: str
) -> None:
    done = line.run("zendesk", *arguments)

    assert done.returncode == 2, done.stderr
    assert done.stderr.count(b"\n") == 1
    assert says in done.stderr.decode()


def test_without_an_account_the_settings_are_named(line: CommandLine) -> None:
    done = line.run("zendesk", "install", ZENDESK_CLIENT_ID="")

    assert done.returncode == 1
    assert b"ZENDESK_CLIENT_ID" in done.stderr
    assert done.stderr.count(b"\n") <= 2


def test_one_ticket_is_attended_and_counted(zendesk: FakeZendesk, line: CommandLine) -> None:
    ticketing = zendesk.account.ticketing
    ticket = ticketing.ticket(ticketing.person("Anna"), "Tents", "How long?")

    off = line.run("zendesk", "attend", str(ticket.id))
    again = line.run("zendesk", "attend", str(ticket.id))
    stats = line.run("stats", "--days", "7", "--json")
    shown = line.run("stats")

    assert off.stdout.decode() == f"Ticket {ticket.id}: ignored (channel off).\n", off.stderr
    assert b"nothing to do" in again.stdout
    told = json.loads(stats.stdout)
    assert (told["days"], told["outcomes"]["ignored"]["turns"]) == (7, 1)
    assert (told["deflection"], told["handoff_rate"], told["cost_usd"]) == (None, None, 0)
    assert b"ignored" in shown.stdout
    assert b"Silence for 72 hours is unknown" in shown.stdout
    assert len(ticket.comments) == 1


def test_a_ticket_goes_from_the_webhook_to_the_people_by_itself(
    zendesk: FakeZendesk, line: CommandLine, listener: socket, pool: ConnectionPool
) -> None:
    line.run("zendesk", "install")
    (hook,) = zendesk.deliveries.webhooks.values()
    done = line.run("zendesk", "policies", "set", "--mode", "handoff")
    assert done.returncode == 0, done.stderr
    ticketing = zendesk.account.ticketing
    ticket = ticketing.ticket(ticketing.person("Anna"), "Refund", "I want my money back.")

    with web(line, listener, hook.secret), line.start("worker") as worker:
        try:
            zendesk.deliveries.flush()
            wait_for(lambda: done_turns(pool))
        finally:
            worker.terminate()

    assert done_turns(pool) == [("handed_off",)]
    own = [each for each in ticket.comments if each.author.id == zendesk.account.bot.id]
    assert [each.public for each in own] == [False, True]  # a note for agents, a word to Anna
    assert {"supportbot_handoff"} <= set(ticket.tags)


def done_turns(pool: ConnectionPool) -> list[tuple[str]]:
    with pool.connection() as connection:
        return connection.execute(
            "SELECT outcome FROM ticket_turns WHERE state = 'done'"
        ).fetchall()

"""What Slack sends over HTTP: signed or refused, taken once, and kept in order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier

from bot.queue import Queue
from bot.slack.errors import SlackAway, SlackBusy, SlackError
from bot.slack.handlers import Handlers
from bot.slack.http import LARGEST_BODY, PATH, routes
from bot.slack.inbox import Inbox
from bot.slack.listening import EVENTS, Listeners
from bot.slack.workspaces import Workspace, Workspaces

if TYPE_CHECKING:
    from httpx import Response
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

SECRET = "the signing secret"
NOW = 1_700_000_000
TS, LATER = f"{NOW}.000100", f"{NOW + 30}.000200"
OURS = Workspace(id="T1", name="Larkmoor", bot_user="UBOT", bot_id="BBOT")


@dataclass(kw_only=True)
class Slack:
    """Sends what Slack would, and looks into the books."""

    pool: ConnectionPool[Connection[Any]]
    http: TestClient
    events: int = 0
    asked_whose: list[str] = field(default_factory=list)
    said_whose: list[SlackError] = field(default_factory=list)
    """What Slack answers to that, before it says that the token is ours."""

    def signed(self, body: bytes, *, at: int = NOW, secret: str = SECRET) -> dict[str, str]:
        verifier = SignatureVerifier(secret)
        signature = verifier.generate_signature(timestamp=str(at), body=body)
        return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": str(signature)}

    def post(self, body: bytes, *, form: bool = False, **signing: Any) -> Response:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {"Content-Type": kind, **self.signed(body, **signing)}
        return self.http.post(PATH, content=body, headers=headers)

    def event(self, event: dict[str, Any], *, id: str = "", team: str = "T1") -> Response:  # noqa: A002 - Slack's word
        self.events += 1
        body = {
            "type": "event_callback",
            "team_id": team,
            "event_id": id or f"Ev{self.events}",
            "event": event,
            "authorizations": [{"team_id": team, "user_id": "UBOT", "is_bot": True}],
        }
        return self.post(json.dumps(body).encode())

    def says(self, text: str, *, ts: str = TS, **more: Any) -> Response:
        told = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1"}
        return self.event({**told, "text": text, "ts": ts, **more})

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.pool.connection() as connection:
            return connection.execute(statement).fetchall()

    def run(self, statement: str) -> None:
        with self.pool.connection() as connection:
            connection.execute(statement)

    def asked(self) -> list[tuple[Any, ...]]:
        """Of each question: when, how and what."""
        return self.rows("SELECT ts, way, text FROM slack_questions ORDER BY ts")

    def jobs(self) -> list[str]:
        """The threads that wait to be looked at."""
        return [
            row[0]
            for row in self.rows(
                "SELECT args->>'thread' FROM procrastinate_jobs "
                "WHERE status = 'todo' AND task_name = 'slack.thread' ORDER BY id"
            )
        ]


@pytest.fixture
def slack(pool: ConnectionPool[Connection[Any]]) -> Iterator[Slack]:
    asked: list[str] = []
    said: list[SlackError] = []

    def identify(token: str) -> Workspace:
        asked.append(token)
        if said:
            raise said.pop(0)
        return OURS

    workspaces = Workspaces(pool=pool, token=SecretStr("xoxb-1"), identify=identify)
    inbox = Inbox(pool=pool, queue=Queue(pool=pool))
    listeners = Listeners(
        workspaces=workspaces,
        inbox=inbox,
        handlers=Handlers(),
        api_url="http://127.0.0.1:9/api",
    )
    app = FastAPI()
    app.include_router(
        routes(
            app=lambda: listeners.app,
            signing_secret=SECRET,
            clock=lambda: float(NOW),
            database_now=lambda: datetime.fromtimestamp(NOW + 3600, UTC),
        )
    )
    with TestClient(app) as http:
        yield Slack(pool=pool, http=http, asked_whose=asked, said_whose=said)
    listeners.close()


# --- Is it Slack


def test_what_is_not_signed_by_slack_is_refused(slack: Slack) -> None:
    body = json.dumps({"type": "event_callback"}).encode()
    refused = [
        slack.post(body, secret="another secret"),
        slack.post(body, at=NOW - 400),
        slack.post(body, at=NOW + 400),
        slack.http.post(PATH, content=body),
        slack.http.post(PATH, content=body, headers={"X-Slack-Request-Timestamp": "now"}),
        slack.http.post(PATH, content=body + b" ", headers=slack.signed(body)),
        slack.http.post(PATH, content=b"\xff\xfe", headers=slack.signed(body)),
        slack.http.post(PATH, headers=slack.signed(body)),
    ]

    assert [each.status_code for each in refused] == [401] * 8
    assert slack.asked() == []


@pytest.mark.parametrize(("at", "status"), [(NOW + 3600, 200), (NOW + 7200, 401), (NOW - 900, 401)])
def test_what_is_signed_now_by_the_database_is_taken_whatever_this_machines_clock_says(
    slack: Slack, at: int, status: int
) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c"}).encode()

    assert slack.post(body, at=at).status_code == status
    assert slack.post(body, at=at, secret="another secret").status_code == 401


@pytest.mark.parametrize(
    ("body", "form", "status"),
    [
        (b"{", False, 400),
        (b"[1]", False, 400),
        (b'{"a":' * 100_000, False, 400),
        (b"payload=%7B", True, 400),
        (b"payload=[]", True, 400),
        (b"x" * (LARGEST_BODY + 1), False, 413),
    ],
)
def test_what_nobody_can_read_is_refused(
    slack: Slack, body: bytes, form: bool, status: int
) -> None:
    assert slack.post(body, form=form).status_code == status


def test_without_a_secret_there_is_nothing_here() -> None:
    app = FastAPI()
    app.include_router(routes(app=lambda: pytest.fail("asked"), signing_secret=None))
    answer = TestClient(app).post(PATH, content=b"{}")

    assert answer.status_code == 404
    assert "SLACK_SIGNING_SECRET" in answer.text


def test_the_address_is_verified(slack: Slack) -> None:
    told = slack.post(json.dumps({"type": "url_verification", "challenge": "abc"}).encode())

    assert (told.status_code, told.json()) == (200, {"challenge": "abc"})


def test_a_workspace_without_the_app_is_told_so_and_leaves_nothing(slack: Slack) -> None:
    message = {"type": "message", "channel": "C1", "user": "U1", "text": "<@UBOT> hi", "ts": TS}
    answer = slack.event(message, team="T9")

    assert answer.status_code == 200
    assert slack.asked() == []


@pytest.mark.parametrize("kind", [*EVENTS, "message.im"])
def test_whatever_is_subscribed_to_is_taken(slack: Slack, kind: str) -> None:
    kind = kind.partition(".")[0]
    answers = [slack.event({"type": kind}), slack.event({"type": kind, "subtype": "odd"})]

    assert [each.status_code for each in answers] == [200, 200]


# --- Once


def test_a_mention_is_a_question_however_often_it_comes(slack: Slack) -> None:
    text = "<@UBOT> How long do returns take?"
    slack.says(text)
    slack.event({"type": "app_mention", "channel": "C1", "user": "U1", "text": text, "ts": TS})
    for _ in range(3):
        slack.event(
            {"type": "app_mention", "channel": "C1", "user": "U1", "text": text, "ts": TS}, id="Ev1"
        )

    assert slack.asked() == [(TS, "mention", text)]
    assert slack.jobs() == [TS]


def test_whose_token_it_is_is_asked_once(slack: Slack) -> None:
    for number in range(3):
        slack.says("<@UBOT> hi", ts=f"{NOW}.00000{number}")

    assert slack.asked_whose == ["xoxb-1"]


def test_the_same_event_twice_changes_nothing(slack: Slack) -> None:
    message = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1"}
    slack.event({**message, "text": "How long?", "ts": TS}, id="Ev7")
    slack.event({**message, "text": "Something else", "ts": LATER}, id="Ev7")

    assert slack.asked() == [(TS, "direct", "How long?")]


# --- Who asks


def test_words_that_are_not_for_the_bot_are_not_kept(slack: Slack) -> None:
    slack.says("How long do returns take?")
    slack.says("<@U2> how long do returns take?", ts=LATER)
    slack.says("hello", channel="C2", subtype="channel_join")

    assert slack.asked() == []
    assert slack.jobs() == []


def test_a_thread_goes_on_without_a_mention_until_people_talk(slack: Slack) -> None:
    follows = [f"{NOW + number}.000000" for number in range(1, 8)]
    slack.says("<@UBOT> How long do returns take?")
    slack.says("And for shoes?", ts=follows[0], thread_ts=TS)
    slack.says("Thanks!", ts=follows[1], thread_ts=TS)
    slack.says("It is 60 days I think", ts=follows[2], thread_ts=TS, user="U2")
    slack.says("Really?", ts=follows[3], thread_ts=TS)
    slack.says("<@UBOT> really?", ts=follows[4], thread_ts=TS, user="U2")
    slack.says("And for tents?", ts=follows[5], thread_ts=TS)
    slack.says("<@U2> what do you think?", ts=follows[6], thread_ts=TS)

    assert [row[:2] for row in slack.asked()] == [
        (TS, "mention"),
        (follows[0], "follow_up"),
        (follows[4], "mention"),
        (follows[5], "follow_up"),
    ]
    assert slack.rows("SELECT askers, with_people FROM slack_threads") == [(["U1", "U2"], True)]


def test_channels_that_are_answered_by_themselves(slack: Slack) -> None:
    slack.run(
        "INSERT INTO slack_channels (team_id, channel_id, auto_answer) VALUES ('T1', 'C1', true)"
    )
    slack.says("How long do returns take?")
    slack.says("The parcel came back.", ts=f"{NOW}.000200")
    slack.says("Nobody knows?", ts=f"{NOW}.000300", thread_ts=TS)
    slack.says("How long do returns take?", ts=f"{NOW}.000400", channel="C2")
    slack.says("<@U2> how long do returns take?", ts=f"{NOW}.000500")

    assert slack.asked() == [(TS, "auto", "How long do returns take?")]


# --- Second thoughts


def edited(text: str, *, at: str = LATER, ts: str = TS, **more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "channel_type": "channel",
        "ts": at,
        "message": {"user": "U1", "text": text, "ts": ts, "edited": {"ts": at}, **more},
    }


def deleted(ts: str = TS) -> dict[str, Any]:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "channel": "C1",
        "ts": LATER,
        "deleted_ts": ts,
    }


def revisions(slack: Slack) -> list[tuple[Any, ...]]:
    return slack.rows("SELECT text, revision, withdrawn FROM slack_questions")


def test_the_latest_wording_counts_in_whatever_order_edits_come(slack: Slack) -> None:
    slack.says("<@UBOT> one")
    slack.event(edited("<@UBOT> three", at=f"{NOW + 20}.0"))
    slack.event(edited("<@UBOT> two", at=f"{NOW + 10}.0"))
    slack.event(edited("<@UBOT> three", at=f"{NOW + 40}.0"))
    slack.event(edited("<@UBOT> four", at=f"{NOW + 61}.0"))

    assert revisions(slack) == [("<@UBOT> three", 2, False)]
    assert slack.jobs() == [TS]


def test_an_edit_may_come_before_its_message_or_make_a_question_of_it(slack: Slack) -> None:
    slack.event(edited("<@UBOT> two"))
    slack.says("<@UBOT> one")

    assert revisions(slack) == [("<@UBOT> two", 1, False)]


def test_what_is_withdrawn_is_forgotten_in_whatever_order_it_comes(slack: Slack) -> None:
    slack.says("<@UBOT> one")
    slack.event(deleted())
    slack.event(edited("<@UBOT> two"))
    slack.event(deleted(LATER))
    slack.says("<@UBOT> late", ts=LATER)

    assert revisions(slack) == [("", 1, True)]
    assert slack.jobs() == [TS]


@pytest.mark.parametrize(
    ("second", "left"),
    [(edited("<@UBOT> two"), ("<@UBOT> two", 2, False)), (deleted(), ("", 1, True))],
    ids=["edited", "deleted"],
)
def test_second_thoughts_may_come_while_the_first_are_taken(
    slack: Slack, second: dict[str, Any], left: tuple[Any, ...]
) -> None:
    with ThreadPoolExecutor() as both, slack.pool.connection() as connection:
        connection.execute("LOCK procrastinate_jobs IN EXCLUSIVE MODE")
        first = both.submit(slack.says, "<@UBOT> one")
        waits_for_a_lock(slack, 1)
        then = both.submit(slack.event, second)
        waits_for_a_lock(slack, 2)
        connection.rollback()
        answers = [first.result(10.0), then.result(10.0)]

    assert [each.status_code for each in answers] == [200, 200]
    assert revisions(slack) == [left]


def waits_for_a_lock(slack: Slack, deliveries: int) -> None:
    """Until so many deliveries can get no further."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
    for _ in range(200):
        if slack.rows(waiting)[0][0] >= deliveries:
            return
        time.sleep(0.05)
    pytest.fail(f"{deliveries} deliveries do not wait")


# --- When something is away


def test_without_a_database_slack_sends_again(slack: Slack) -> None:
    slack.says("<@UBOT> one")
    slack.run("ALTER TABLE slack_questions RENAME TO away")
    failed = slack.says("<@UBOT> two", ts=LATER)
    slack.run("ALTER TABLE away RENAME TO slack_questions")
    again = slack.event(
        {"type": "app_mention", "channel": "C1", "user": "U1", "text": "<@UBOT> two", "ts": LATER},
        id="Ev2",
    )

    assert (failed.status_code, again.status_code) == (503, 200)
    assert [row[0] for row in slack.asked()] == [TS, LATER]


@pytest.mark.parametrize("error", [SlackAway(), SlackBusy(retry_after=1.0)], ids=["away", "busy"])
def test_while_slack_does_not_say_whose_the_token_is_slack_sends_again(
    slack: Slack, error: SlackError
) -> None:
    slack.said_whose.append(error)
    asked = {"type": "app_mention", "channel": "C1", "user": "U1", "text": "<@UBOT> hi", "ts": TS}
    failed, again = slack.event(asked, id="Ev1"), slack.event(asked, id="Ev1")

    assert failed.status_code >= 500
    assert again.status_code == 200
    assert [row[0] for row in slack.asked()] == [TS]


def test_what_slack_said_last_time_holds_while_it_is_away(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    token = SecretStr("xoxb-1")
    Workspaces(pool=pool, token=token, identify=lambda _: OURS).learn()

    def away(_: str) -> Workspace:
        raise SlackAway

    later = Workspaces(pool=pool, token=token, identify=away)
    later.learn()
    assert later.of("T1") == replace(OURS, is_trusted=True)


def test_a_question_with_the_word_payload_is_read(slack: Slack) -> None:
    fields = {"command": "/ask", "text": "what is the payload limit?", "team_id": "T1"}
    answer = slack.post(urlencode(fields).encode(), form=True)

    assert answer.status_code != 400


def test_an_event_finds_the_workspace_that_another_is_learning_meanwhile(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    class Meanwhile:
        """Another event's thread learns whose the token is right after the first look."""

        def __init__(self) -> None:
            self.learn: Callable[[], None] | None = None

        @contextmanager
        def connection(self, timeout: float | None = None) -> Iterator[Connection[Any]]:
            with pool.connection(timeout=timeout) as connection:
                yield connection
            learn, self.learn = self.learn, None
            if learn is not None:
                learn()

    slow = Meanwhile()
    workspaces = Workspaces(
        pool=cast("ConnectionPool[Connection[Any]]", slow),
        token=SecretStr("xoxb-1"),
        identify=lambda _: OURS,
    )
    slow.learn = workspaces.learn

    assert workspaces.of("T1") == replace(OURS, is_trusted=True)

"""Answers that are watched while they are written, and what is left when that breaks off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from bot.language import LanguageDetector
from bot.slack.posting import Unsettled
from tests.asking import Asking, Dying, Killed, asking, calls, shown

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Person

STEPS = "How do I return an item step by step?"


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


@pytest.fixture
def slack(
    pool: ConnectionPool[Connection[Any]], embedder: Embedder, language: LanguageDetector
) -> Iterator[Asking]:
    with asking(pool, embedder, language) as made:
        yield made


@pytest.fixture
def anna(slack: Asking) -> Person:
    return slack.workspace.member("Anna")


@pytest.fixture
def direct(slack: Asking, anna: Person) -> Channel:
    return slack.workspace.direct_message(anna)


def watched_at_once(slack: Asking) -> None:
    slack.set(watched_after=0.0)


def test_a_quick_answer_is_not_streamed(slack: Asking, direct: Channel) -> None:
    slack.ask(direct, STEPS)
    slack.settle()

    assert "chat.startStream" not in calls(slack, "chat.")


def test_an_answer_is_watched_and_then_replaced_by_what_was_checked(
    slack: Asking, direct: Channel, anna: Person
) -> None:
    watched_at_once(slack)
    question = slack.ask(direct, STEPS)
    slack.settle()

    [reply] = slack.replies(question)
    assert calls(slack, "chat.") == [
        "chat.startStream",
        *["chat.appendStream"] * 3,
        "chat.stopStream",
        "chat.update",
    ]
    assert "[1] <https://" in shown(reply)
    [started] = slack.slack.asked("chat.startStream")
    assert started.arguments["recipient_user_id"] == anna.id
    assert started.arguments["recipient_team_id"] == anna.team.id


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("chat.startStream", "missing_recipient_user_id"),
        ("chat.startStream", "ratelimited"),
        ("chat.appendStream", "message_not_in_streaming_state"),
        ("chat.appendStream", "msg_too_long"),
        ("chat.stopStream", "message_not_in_streaming_state"),
        ("chat.update", "streaming_state_conflict"),
    ],
)
def test_whatever_goes_wrong_with_a_stream_there_is_one_whole_reply(
    slack: Asking, direct: Channel, method: str, error: str
) -> None:
    watched_at_once(slack)
    slack.slack.failures.plan(200, method=method, error=error)
    question = slack.ask(direct, STEPS)
    slack.settle()

    [reply] = slack.replies(question)
    assert "4. Pack the items" in shown(reply)
    assert "[1] <https://" in shown(reply)


@pytest.mark.parametrize("applied", [False, True])
def test_a_stream_of_which_nobody_knows_leaves_nothing_behind(
    slack: Asking, direct: Channel, applied: bool
) -> None:
    watched_at_once(slack)
    slack.slack.failures.plan("reset", method="chat.startStream", applied=applied)
    question = slack.ask(direct, STEPS)
    slack.settle()

    [reply] = slack.replies(question)
    assert "[1] <https://" in shown(reply)
    assert slack.rows("SELECT state, stream FROM slack_questions") == [("done", "")]


def test_a_stream_that_may_still_appear_is_looked_for_again(slack: Asking, direct: Channel) -> None:
    watched_at_once(slack)
    slack.set(settling=3600.0)
    slack.slack.failures.plan("reset", method="chat.startStream")
    question = slack.ask(direct, STEPS)
    with pytest.raises(Unsettled, match="may still appear"):
        slack.settle()
    # Slack does late what it was asked to do.
    late = slack.parts.api(slack.team).start_stream(
        direct.id, question.ts, team=slack.team, user=direct.members[0].id, text="1. Open"
    )
    slack.set(settling=0.0)
    slack.look_again(question)

    assert late not in [each.ts for each in slack.replies(question)]
    assert len(slack.replies(question)) == 1


def test_killed_while_it_wrote_it_begins_anew(slack: Asking, direct: Channel) -> None:
    watched_at_once(slack)
    question = slack.ask(direct, STEPS)
    slack.deliver()
    with pytest.raises(Killed):
        slack.work(books=Dying(slack.pool, at="announce", after=False))
    slack.look_again(question)

    [reply] = slack.replies(question)
    assert "[1] <https://" in shown(reply)


def test_who_stops_it_keeps_what_was_written(slack: Asking, direct: Channel) -> None:
    watched_at_once(slack)
    slack.slack.failures.plan(200, method="chat.appendStream", error="stopped_by_user")
    question = slack.ask(direct, STEPS)
    slack.settle()

    [reply] = slack.replies(question)
    assert "1. Open My orders" in shown(reply)
    assert "2. Choose the items" not in shown(reply)
    assert "Stopped, as you wished." in shown(reply)

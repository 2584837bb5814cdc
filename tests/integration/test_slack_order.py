"""Slack tells of a reply before the message that begins its thread: it comes to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.slack.errors import SlackAway
from tests.asking import Asking, asking, calls, shown
from tests.integration.test_slack_answers import (
    RETURNS,
    WARRANTY,
    anna,
    migrated_template,
    slack,
    support,
)

if TYPE_CHECKING:
    from tests.fakes.slack import Channel, Message

__all__ = ["anna", "asking", "migrated_template", "slack", "support"]


def delay(slack: Asking, message: Message) -> None:
    """Slack tells of this message only after everything else."""
    for each in slack.slack.deliveries.pending:
        if each.event["ts"] == message.ts:
            each.due += 60


def early(slack: Asking) -> int:
    return int(slack.rows("SELECT count(*) FROM slack_early_replies")[0][0])


def test_a_follow_up_that_comes_before_its_question_is_answered_after_it(
    slack: Asking, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    slack.workspace.say(support.members[0], support, WARRANTY, thread=question)
    delay(slack, question)

    slack.settle()
    slack.settle()

    returns, warranty = map(shown, slack.replies(question))
    assert returns.startswith("You have 60 days")
    assert "warranty" in warranty.lower()
    ways = slack.rows("SELECT way FROM slack_questions ORDER BY ts")
    assert [row[0] for row in ways] == ["mention", "follow_up"]
    assert early(slack) == 0


def test_of_early_replies_those_are_answered_that_would_be_in_order(
    slack: Asking, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    bob = support.members[1]
    slack.workspace.say(bob, support, "Is that also true for shoes?", thread=question)
    slack.workspace.say(support.members[0], support, "And for tents?", thread=question)
    delay(slack, question)

    slack.settle()

    assert len(slack.replies(question)) == 1, "people talk to each other there"
    assert early(slack) == 0


def test_a_thread_of_people_is_left_alone_and_none_of_its_words_are_kept(
    slack: Asking, support: Channel
) -> None:
    first = slack.workspace.say(support.members[0], support, "Who can help with a return?")
    slack.workspace.say(support.members[1], support, "How long is it ago, Anna?", thread=first)
    slack.settle()
    assert early(slack) == 1
    assert calls(slack, "conversations.replies") == []

    slack.workspace.say(
        support.members[0], support, f"{slack.workspace.mention} {RETURNS}", thread=first
    )
    slack.settle()

    assert len(slack.replies(first)) == 1, "what was said before the question is not for the bot"


def test_a_reply_that_was_taken_back_before_its_question_came_is_not_answered(
    slack: Asking, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    follow_up = slack.workspace.say(support.members[0], support, WARRANTY, thread=question)
    delay(slack, question)
    slack.workspace.delete(follow_up)

    slack.settle()

    assert len(slack.replies(question)) == 1
    assert early(slack) == 0


def test_nothing_is_lost_while_slack_cannot_be_asked(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, RETURNS)
    slack.workspace.say(support.members[0], support, WARRANTY, thread=question)
    delay(slack, question)
    slack.slack.failures.plan(500, method="conversations[.]replies", times=20)
    slack.deliver()
    with pytest.raises(SlackAway):
        slack.look_again(question)
    assert early(slack) == 1
    slack.slack.failures.clear()

    slack.settle()

    assert len(slack.replies(question)) == 2

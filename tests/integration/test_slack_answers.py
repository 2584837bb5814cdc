"""Questions in Slack, from the message to the reply in its thread, by the real parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.language import LanguageDetector
from bot.slack.channels import Channel as Setting
from bot.slack.posting import Unsettled
from tests.asking import Asking, Dying, Killed, StoodStill, asking, calls, shown
from tests.fakes.slack.limits import faults_of_message

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Message, Person

RETURNS = "How long do I have to return a jacket?"
WARRANTY = "How long is the warranty on a tent?"
GOODWILL = "How much goodwill may I give without asking my team lead?"
UNKNOWN = "Do you sell children's bicycles?"


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
def support(slack: Asking, anna: Person) -> Channel:
    return slack.workspace.channel("support", [anna, slack.workspace.member("Bob")])


@pytest.fixture
def direct(slack: Asking, anna: Person) -> Channel:
    return slack.workspace.direct_message(anna)


def set_channel(slack: Asking, channel: Channel, **changes: Any) -> None:
    slack.channels.put(replace(slack.channels.of(slack.team, channel.id), **changes))


# --- One question, one reply


def test_a_mention_is_answered_in_its_thread_with_sources(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()

    [reply] = slack.replies(question)
    assert "60 days" in shown(reply)
    assert "[1] <https://help.larkmoor.example/" in shown(reply)
    assert faults_of_message({"text": reply.text, "blocks": reply.blocks}) == []
    assert not reply.unfurl_links
    assert slack.rows("SELECT surface, outcome FROM questions") == [("slack", "answered")]


def test_a_reaction_says_at_once_that_it_was_heard(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()

    signs = calls(slack, "reactions.", "chat.")
    assert sorted(signs) == ["chat.postMessage", "reactions.add", "reactions.remove"]
    assert question.reactions.get("eyes", []) == []


def test_a_direct_message_needs_no_mention_and_shows_a_status(
    slack: Asking, direct: Channel
) -> None:
    question = slack.ask(direct, GOODWILL)
    slack.settle()

    [reply] = slack.replies(question)
    assert ":lock: internal" in shown(reply)
    assert [each.status for each in slack.workspace.statuses] == ["is looking it up…", ""]
    assert calls(slack, "conversations.") == []


def test_without_knowledge_it_says_so_and_what_to_do(slack: Asking, direct: Channel) -> None:
    question = slack.ask(direct, UNKNOWN)
    slack.settle()

    [reply] = slack.replies(question)
    assert shown(reply).startswith("I found no article that answers this.")
    assert "Ask a person" in shown(reply)
    assert faults_of_message({"text": reply.text, "blocks": reply.blocks}) == []
    assert slack.rows("SELECT reason FROM slack_questions") == [("missing_knowledge",)]


def test_doubled_and_late_events_make_no_second_reply(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()
    for each in list(slack.slack.deliveries.done):
        slack.slack.deliveries.repeat(each)
    slack.rows("DELETE FROM inbound_events RETURNING 1")  # as if they came after days
    slack.settle()

    assert len(slack.replies(question)) == 1
    assert {status for each in slack.slack.deliveries.done for status in each.statuses} == {200}


@pytest.mark.parametrize("text", [RETURNS, UNKNOWN])
def test_books_that_were_brought_back_learn_from_the_thread_what_was_said(
    slack: Asking, support: Channel, text: str
) -> None:
    question = slack.ask(support, text)
    slack.settle()
    slack.rows(
        "UPDATE slack_questions SET state = 'waiting', answered = 0, outcome = '', parts = '[]', "
        "announced_at = NULL, asked_at = asked_at - interval '2 minutes' RETURNING 1"
    )
    slack.look_again(question)

    [reply] = slack.replies(question)
    assert slack.rows("SELECT state, parts -> 0 ->> 'ts' FROM slack_questions") == [
        ("done", reply.ts)
    ]


def test_two_questions_in_one_thread_are_answered_in_order(
    slack: Asking, direct: Channel, anna: Person
) -> None:
    first = slack.ask(direct, RETURNS)
    slack.ask(direct, WARRANTY, thread=first)
    slack.settle()

    returns, warranty = map(shown, slack.replies(first))
    assert returns.startswith("You have 60 days")
    assert "warranty" in warranty.lower()


def test_a_question_goes_on_with_what_was_said_before(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, "How long is the warranty on a tent?")
    slack.settle()
    slack.workspace.say(support.members[0], support, "And on boots?", thread=question)
    slack.settle()

    history = slack.rows("SELECT history FROM questions ORDER BY asked_at DESC LIMIT 1")[0][0]
    assert [each["speaker"] for each in history] == ["customer", "bot"]
    assert len(slack.replies(question)) == 2


def test_a_mention_alone_asks_what_the_thread_asks(slack: Asking, support: Channel) -> None:
    bob = support.members[1]
    question = slack.workspace.say(bob, support, RETURNS)
    slack.workspace.say(support.members[0], support, slack.workspace.mention, thread=question)
    slack.settle()

    [reply] = slack.replies(question)
    assert "60 days" in shown(reply)


def test_who_writes_nothing_is_told_what_to_write(slack: Asking, direct: Channel) -> None:
    nothing = slack.ask(direct, "")
    picture = slack.ask(direct, "", files=["screenshot.png"])
    slack.settle()

    assert shown(slack.replies(nothing)[0]).startswith("Ask me something in words")
    assert shown(slack.replies(picture)[0]).startswith("I read words, not files.")


def test_other_bots_are_left_alone(slack: Asking, support: Channel) -> None:
    other = slack.workspace.other_bot("zapier")
    slack.workspace.join(other, support)
    question = slack.ask(support, RETURNS, by=other)
    slack.settle()

    assert slack.replies(question) == []
    assert slack.rows("SELECT count(*) FROM slack_questions") == [(0,)]


def test_it_speaks_the_language_of_the_question_or_else_of_the_channel(
    slack: Asking, support: Channel
) -> None:
    set_channel(slack, support, language="de")
    short = slack.ask(support, "Jacke zurückgeben?")
    english = slack.ask(support, RETURNS)
    slack.settle()

    assert "*Quellen*" in shown(slack.replies(short)[0])
    assert "*Sources*" in shown(slack.replies(english)[0])


def test_words_of_articles_and_people_do_nothing(slack: Asking, support: Channel) -> None:
    slack.rows(
        "UPDATE documents SET title = '<!channel> <@U1> & <b>' WHERE title = 'Returning an item' "
        "RETURNING 1"
    )
    question = slack.ask(support, f"{RETURNS} &lt;!channel&gt; <!here>")
    slack.settle()

    [reply] = slack.replies(question)
    assert "&lt;!channel&gt; &lt;@U1&gt; &amp; &lt;b&gt;" in shown(reply)
    assert "<!" not in f"{reply.text}{shown(reply)}"


# --- Second thoughts


def test_an_edit_within_a_minute_changes_the_reply(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()
    [before] = slack.replies(question)
    slack.workspace.edit(question, f"{slack.workspace.mention} {UNKNOWN}")
    slack.settle()

    [after] = slack.replies(question)
    assert after.ts == before.ts
    assert shown(after).startswith("I found no article")
    assert slack.rows("SELECT outcome FROM questions") == [("handed_off",)]


def test_an_edit_before_the_answer_is_answered_once(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, UNKNOWN)
    slack.deliver()
    slack.workspace.edit(question, f"{slack.workspace.mention} {RETURNS}")
    slack.settle()

    [reply] = slack.replies(question)
    assert "60 days" in shown(reply)
    assert len(reply.history) == 0


def test_a_later_edit_changes_nothing(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()
    slack.clock.advance(61)
    slack.workspace.edit(question, f"{slack.workspace.mention} {UNKNOWN}")
    slack.settle()

    assert "60 days" in shown(slack.replies(question)[0])


def test_who_takes_a_question_back_takes_the_answer_back(slack: Asking, support: Channel) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()
    slack.workspace.delete(question)
    slack.settle()

    assert slack.replies(question) == []
    assert slack.rows("SELECT text FROM questions") == [("",)]
    assert slack.rows("SELECT text, outcome, parts FROM slack_questions") == [("", "ignored", [])]


def test_a_question_that_is_taken_back_in_time_has_no_answer(
    slack: Asking, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    slack.deliver()
    slack.workspace.delete(question)
    slack.settle()

    assert slack.workspace.from_bot() == []


def test_what_is_taken_back_while_it_is_answered_gets_no_stray_message(
    slack: Asking, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    slack.deliver()
    question.deleted = True  # and Slack has not said so yet
    slack.work()

    assert slack.workspace.from_bot() == []


def test_a_stray_message_of_which_nobody_knew_is_taken_away(
    slack: Asking, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    slack.deliver()
    question.deleted = True
    slack.slack.failures.plan("reset", method="chat.postMessage", applied=True)
    with pytest.raises(Exception, match="Nobody knows"):
        slack.work()
    assert len(slack.workspace.from_bot()) == 1
    slack.look_again(question)

    assert slack.workspace.from_bot() == []


# --- Channels in which it speaks up by itself


def test_it_speaks_up_where_it_may_and_is_sure(slack: Asking, support: Channel) -> None:
    set_channel(slack, support, auto_answer=True, floor=0.6)
    bob = support.members[1]
    asked = slack.workspace.say(bob, support, RETURNS)
    unknown = slack.workspace.say(bob, support, UNKNOWN)
    said = slack.workspace.say(bob, support, "The parcel is back.")
    slack.settle()

    assert len(slack.replies(asked)) == 1
    assert slack.replies(unknown) == slack.replies(said) == []
    assert calls(slack, "reactions.") == []
    assert sorted(slack.rows("SELECT outcome FROM questions")) == [("answered",), ("ignored",)]


def test_a_higher_floor_makes_it_quieter(slack: Asking, support: Channel) -> None:
    set_channel(slack, support, auto_answer=True, floor=1.0)
    asked = slack.workspace.say(support.members[1], support, RETURNS)
    slack.settle()

    assert slack.replies(asked) == []
    assert slack.rows("SELECT why FROM slack_questions") == [("not sure enough to speak up",)]


# --- When Slack does not do what it should


APPLIED_OR_NOT = [
    ("timeout", False),
    ("timeout", True),
    ("reset", False),
    ("reset", True),
    (500, False),
    (500, True),
    (503, True),
]


@pytest.mark.parametrize(("fault", "applied"), APPLIED_OR_NOT)
def test_a_post_of_which_nobody_knows_is_looked_for_first(
    slack: Asking, support: Channel, fault: Any, applied: bool
) -> None:
    slack.set(timeout=1)
    slack.slack.failures.plan(fault, method="chat.postMessage", applied=applied)
    question = slack.ask(support, RETURNS)
    with pytest.raises(Exception, match="Nobody knows"):
        slack.settle()
    slack.look_again(question)

    assert len(slack.replies(question)) == 1
    assert len(calls(slack, "chat.postMessage")) == (1 if applied else 2)
    assert question.reactions.get("eyes", []) == []


def test_while_it_may_still_arrive_nothing_is_posted_again(slack: Asking, support: Channel) -> None:
    slack.slack.failures.plan("reset", method="chat.postMessage")
    question = slack.ask(support, RETURNS)
    with pytest.raises(Exception, match="Nobody knows"):
        slack.settle()
    slack.set(settling=3600.0)
    with pytest.raises(Exception, match="may still be on its way"):
        slack.look_again(question)

    assert len(calls(slack, "chat.postMessage")) == 1


@pytest.mark.parametrize("at", ["announce", "posted", "arrived"])
@pytest.mark.parametrize("after", [False, True])
def test_wherever_it_is_killed_there_is_one_reply(
    slack: Asking, support: Channel, at: str, after: bool
) -> None:
    question = slack.ask(support, RETURNS)
    slack.deliver()
    with pytest.raises(Killed):
        slack.work(books=Dying(slack.pool, at=at, after=after))
    slack.look_again(question)
    slack.look_again(question)

    assert len(slack.replies(question)) == 1
    assert slack.rows("SELECT state, outcome FROM slack_questions") == [("done", "answered")]


def test_a_process_that_stood_still_leaves_it_to_whoever_has_taken_over(
    slack: Asking, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    slack.deliver()
    with pytest.raises(Unsettled, match="stood still"):
        slack.work(books=StoodStill(slack.pool, seconds=6.0))
    said = calls(slack, "chat.postMessage")
    slack.look_again(question)

    assert said == []
    assert len(slack.replies(question)) == 1


def test_blocks_that_slack_refuses_leave_the_words(slack: Asking, support: Channel) -> None:
    slack.slack.failures.plan(200, method="chat.postMessage", error="invalid_blocks")
    question = slack.ask(support, RETURNS)
    slack.settle()

    [reply] = slack.replies(question)
    assert reply.blocks == []
    assert "60 days" in reply.text


@pytest.mark.parametrize("code", ["is_archived", "not_in_channel", "restricted_action"])
def test_where_it_cannot_speak_the_asker_is_told(
    slack: Asking, support: Channel, anna: Person, code: str
) -> None:
    slack.slack.failures.plan(200, method="chat.postMessage", error=code)
    question = slack.ask(support, RETURNS)
    slack.settle()

    told = slack.workspace.from_bot(slack.workspace.direct_message(anna))
    assert slack.replies(question) == []
    notice, answer = map(shown, told)
    assert notice == f"I could not reply in <#{support.id}>, so here is my answer:"
    assert answer.startswith("You have 60 days")


def test_a_short_rate_limit_is_waited_for(slack: Asking, support: Channel) -> None:
    slack.slack.failures.plan(429, method="conversations.members", retry_after=2)
    question = slack.ask(support, RETURNS)
    with pytest.raises(Exception, match="rate limit"):
        slack.settle()
    slack.look_again(question)

    assert len(slack.replies(question)) == 1


def test_settings_are_read_for_every_question(slack: Asking, support: Channel) -> None:
    set_channel(slack, support, sources=frozenset({"elsewhere"}))
    question = slack.ask(support, RETURNS)
    slack.settle()
    set_channel(slack, support, sources=None)
    again = slack.ask(support, RETURNS)
    slack.settle()

    assert shown(slack.replies(question)[0]).startswith("I found no article")
    assert "60 days" in shown(slack.replies(again)[0])
    assert slack.channels.all(slack.team) == (Setting(team=slack.team, channel=support.id),)


def test_bystanders_are_not_answered(slack: Asking, support: Channel) -> None:
    question: Message = slack.ask(support, RETURNS)
    slack.settle()
    slack.workspace.say(
        support.members[1], support, "Is that also true for shoes?", thread=question
    )
    slack.settle()

    assert len(slack.replies(question)) == 1

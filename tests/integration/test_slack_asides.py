"""The command, the shortcut, posting for all, the rest by direct message, and the passage behind a
number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from bot.language import LanguageDetector
from bot.slack.handlers import ANSWER_THIS
from tests.asking import Asking, asking, shown
from tests.fakes.slack.limits import faults_of_message, faults_of_view

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Person
    from tests.fakes.slack.records import Ephemeral, View

RETURNS = "How long do I have to return a jacket?"
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


def asks(slack: Asking, person: Person, channel: Channel, text: str) -> list[Ephemeral]:
    """What the person sees of `/ask`."""
    before = len(slack.workspace.ephemerals)
    answer = slack.workspace.ui.command(person, channel, "/ask", text)
    assert answer.status == 200
    slack.work()
    return slack.workspace.ephemerals[before:]


def presses(slack: Asking, person: Person, where: Any, action: str, chosen: object = None) -> None:
    assert slack.workspace.ui.press(person, where, action, chosen).status == 200
    slack.work()


def seen(slack: Asking) -> View:
    """The dialog that was opened last."""
    return list(slack.workspace.modals.shown.values())[-1]


# --- /ask


def test_a_command_is_answered_for_its_asker_alone(
    slack: Asking, anna: Person, support: Channel
) -> None:
    heard, answered = asks(slack, anna, support, RETURNS)

    assert heard.text == "Looking it up…"
    assert shown(vars(answered)).startswith("About “How long do I have to return a jacket?”\nYou")
    assert "Post to channel" in shown(vars(answered))
    assert faults_of_message({"text": answered.text, "blocks": answered.blocks}) == []
    assert slack.workspace.from_bot() == []


def test_alone_a_member_is_told_what_the_team_knows_whoever_is_in_the_channel(
    slack: Asking, anna: Person
) -> None:
    guest = slack.workspace.guest("Gus")
    mixed = slack.workspace.channel("mixed", [anna, guest])

    assert ":lock:" in shown(vars(asks(slack, anna, mixed, GOODWILL)[1]))
    assert ":lock:" not in shown(vars(asks(slack, guest, mixed, GOODWILL)[1]))


def test_a_command_works_where_the_bot_is_not(slack: Asking, anna: Person) -> None:
    elsewhere = slack.workspace.channel("elsewhere", [anna], with_bot=False)

    assert "60 days" in shown(vars(asks(slack, anna, elsewhere, RETURNS)[1]))


@pytest.mark.parametrize("text", ["", "help", "  ", ":wave:"])
def test_a_command_without_a_question_is_told_how_to_ask(
    slack: Asking, anna: Person, support: Channel, text: str
) -> None:
    [told] = asks(slack, anna, support, text)

    assert told.text.startswith("Ask me something in words")
    assert slack.rows("SELECT count(*) FROM slack_questions") == [(0,)]


def test_without_a_database_the_asker_is_told(
    slack: Asking, anna: Person, support: Channel
) -> None:
    slack.run("ALTER TABLE slack_questions RENAME TO away")
    slack.workspace.ui.command(anna, support, "/ask", RETURNS)
    slack.run("ALTER TABLE away RENAME TO slack_questions")

    [told] = slack.workspace.ephemerals
    assert told.text == "That did not work. Try it again in a minute."


def test_too_late_for_the_address_it_is_shown_otherwise(
    slack: Asking, anna: Person, support: Channel
) -> None:
    slack.workspace.ui.command(anna, support, "/ask", RETURNS)
    slack.clock.advance(1900)
    slack.work()
    elsewhere = slack.workspace.channel("elsewhere", [anna], with_bot=False)
    slack.workspace.ui.command(anna, elsewhere, "/ask", RETURNS)
    slack.clock.advance(1900)
    slack.work()

    assert "60 days" in shown(vars(slack.workspace.ephemerals[1]))
    [direct] = slack.workspace.from_bot(slack.workspace.direct_message(anna))
    assert "60 days" in shown(direct)


def test_a_question_is_not_kept_with_the_address_that_answers_it(
    slack: Asking, anna: Person, support: Channel
) -> None:
    asks(slack, anna, support, RETURNS)

    assert slack.rows("SELECT respond_to, outcome FROM slack_questions") == [("", "answered")]


# --- Answer this


def test_a_message_is_answered_to_whoever_chose_it(
    slack: Asking, anna: Person, support: Channel
) -> None:
    message = slack.workspace.say(support.members[1], support, RETURNS)
    slack.workspace.ui.shortcut(anna, message, ANSWER_THIS)
    slack.work()

    [answered] = slack.workspace.ephemerals
    assert "60 days" in shown(vars(answered))
    assert answered.thread_ts == message.ts
    presses(slack, anna, answered, "publish")
    [posted] = slack.replies(message)
    assert "60 days" in shown(posted)


# --- Post to channel


def test_what_only_the_asker_saw_is_posted_once(
    slack: Asking, anna: Person, support: Channel
) -> None:
    _, answered = asks(slack, anna, support, RETURNS)
    presses(slack, anna, answered, "publish")

    [posted] = slack.workspace.from_bot(support)
    assert shown(posted).startswith(
        f"<@{anna.id}> asked: How long do I have to return a jacket?\nYou have 60 days"
    )
    assert "feedback_buttons" in str(posted.blocks)
    assert answered.gone
    assert faults_of_message({"text": posted.text, "blocks": posted.blocks}) == []


def test_what_others_may_not_read_is_not_posted(slack: Asking, anna: Person) -> None:
    mixed = slack.workspace.channel("mixed", [anna, slack.workspace.guest("Gus")])
    _, answered = asks(slack, anna, mixed, GOODWILL)
    presses(slack, anna, answered, "publish")

    assert slack.workspace.from_bot(mixed) == []
    assert slack.workspace.ephemerals[-1].text.startswith("Others may not read this answer")
    assert not answered.gone


def test_an_article_that_was_restricted_meanwhile_is_not_posted(
    slack: Asking, anna: Person
) -> None:
    mixed = slack.workspace.channel("mixed", [anna, slack.workspace.guest("Gus")])
    _, answered = asks(slack, anna, mixed, RETURNS)
    slack.run("UPDATE documents SET audience = '{agents}' WHERE title = 'Returning an item'")
    presses(slack, anna, answered, "publish")

    assert "60 days from the day of delivery" not in str(
        [each.blocks for each in slack.workspace.from_bot(mixed)]
    )


def test_where_the_bot_is_not_the_answer_is_posted_all_the_same(
    slack: Asking, anna: Person
) -> None:
    elsewhere = slack.workspace.channel("elsewhere", [anna], with_bot=False)
    _, answered = asks(slack, anna, elsewhere, RETURNS)
    presses(slack, anna, answered, "publish")

    [posted] = slack.workspace.messages(elsewhere)
    assert "60 days" in shown(posted)


@pytest.mark.parametrize(("fault", "applied"), [("reset", True), ("timeout", False)])
def test_a_post_of_which_nobody_knows_is_looked_for(
    slack: Asking, anna: Person, support: Channel, fault: Any, applied: bool
) -> None:
    slack.set(timeout=1)
    _, answered = asks(slack, anna, support, RETURNS)
    slack.slack.failures.plan(fault, method="chat.postMessage", applied=applied)
    slack.workspace.ui.press(anna, answered, "publish")
    with pytest.raises(Exception, match="Nobody knows"):
        slack.work()
    slack.attend_asides()

    assert len(slack.workspace.from_bot(support)) == 1


# --- All of it by direct message


def test_a_member_gets_the_rest_alone_and_once(slack: Asking, anna: Person) -> None:
    guest = slack.workspace.guest("Gus")
    mixed = slack.workspace.channel("mixed", [anna, guest])
    question = slack.ask(mixed, GOODWILL)
    slack.settle()
    [reply] = slack.replies(question)
    for _ in range(2):
        presses(slack, anna, reply, "rest")
    presses(slack, guest, reply, "rest")

    [direct] = slack.workspace.from_bot(slack.workspace.direct_message(anna))
    assert ":lock:" in shown(direct)
    assert shown(direct).startswith("About “How much goodwill")
    assert [each.text for each in slack.workspace.ephemerals] == [
        "I sent it to you by direct message.",
        "I sent it to you by direct message.",
        "The rest is for members of the team only.",
    ]
    assert slack.workspace.from_bot(slack.workspace.direct_message(guest)) == []


# --- Show passage


def test_the_passage_is_shown_in_its_article(slack: Asking, anna: Person, support: Channel) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()
    presses(slack, anna, slack.replies(question)[0], "passage")

    view = seen(slack)
    words = shown({"blocks": view.body["blocks"]})
    assert words.startswith("Returning an item\n")
    assert "|Open the article>Edited Apr 12, 2025In sync as of" in words
    assert "You have 60 days from the day of delivery" in words
    assert faults_of_view(view.body) == []
    bold = [
        element["text"]
        for block in view.body["blocks"]
        for part in block.get("elements", [])
        for element in part.get("elements", [])
        if element.get("style") == {"bold": True}
    ]
    [cited] = bold
    assert cited.startswith("You have 60 days from the day of delivery to return a jacket")


def test_who_may_not_read_an_article_sees_nothing_of_it(
    slack: Asking, anna: Person, support: Channel
) -> None:
    question = slack.ask(support, GOODWILL)
    slack.settle()
    [reply] = slack.replies(question)
    guest = slack.workspace.guest("Gus")
    slack.workspace.join(guest, support)
    presses(slack, guest, reply, "passage")
    assert shown({"blocks": seen(slack).body["blocks"]}).startswith("This article is not there")

    presses(slack, anna, reply, "passage")
    words = shown({"blocks": seen(slack).body["blocks"]})
    assert ":lock: Internal" in words


def test_an_article_that_has_changed_is_shown_as_it_was_cited(
    slack: Asking, anna: Person, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()
    slack.run(
        "DO $$ BEGIN EXECUTE 'DELETE FROM passages_' || (SELECT id FROM embedding_indexes "
        "WHERE state = 'live'); END $$"
    )
    presses(slack, anna, slack.replies(question)[0], "passage")

    words = shown({"blocks": seen(slack).body["blocks"]})
    assert "The article has changed since this was cited." in words
    assert "You have 60 days" in words


def test_an_article_that_is_gone_is_not_shown(
    slack: Asking, anna: Person, support: Channel
) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()
    slack.run("DELETE FROM documents")
    presses(slack, anna, slack.replies(question)[0], "passage")

    assert shown({"blocks": seen(slack).body["blocks"]}).startswith("This article is not there")


@pytest.mark.parametrize("value", ["", "x:1", "00000000-0000-0000-0000-000000000000:1", "::::"])
def test_a_button_that_means_nothing_harms_nobody(
    slack: Asking, anna: Person, support: Channel, value: str
) -> None:
    question = slack.ask(support, RETURNS)
    slack.settle()
    [reply] = slack.replies(question)
    for action in ("passage", "rest", "publish", "whatever"):
        reply.blocks = [
            {
                "type": "actions",
                "block_id": "b",
                "elements": [
                    {
                        "type": "button",
                        "action_id": action,
                        "value": value,
                        "text": {"type": "plain_text", "text": "x"},
                    }
                ],
            }
        ]
        presses(slack, anna, reply, action)

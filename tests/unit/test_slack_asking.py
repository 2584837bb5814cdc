"""What people mean who write in Slack."""

from __future__ import annotations

import pytest

from bot.slack.asking import is_question, names_others, plain, says_something


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@UBOT> How long?", "How long?"),
        ("Hey <@UBOT|bot>, how long?", "Hey , how long?"),
        ("ask <@U2> or <@U3|carl>", "ask @somebody or @carl"),
        ("in <#C2|returns> and <#C3>", "in #returns and #channel"),
        ("see <https://a.example/b|the page>", "see the page (https://a.example/b)"),
        ("see <https://a.example/b|a.example/b>", "see https://a.example/b"),
        ("see <https://a.example/b>", "see https://a.example/b"),
        ("<!here> <!subteam^S1|@team> &lt;b&gt; A &amp; B", "@team <b> A & B"),
        ("a\u200bb\r\n  c   d", "ab\nc d"),
    ],
)
def test_marks_are_read_as_words(text: str, words: str) -> None:
    assert plain(text, bot_user="UBOT") == words


@pytest.mark.parametrize(
    "text",
    [
        "How long do customers have to return a jacket",
        "Hi all, can somebody tell me about refunds",
        "The customer wants a refund. Is that allowed?",
        "Wie lange dauert die Rückgabe einer Jacke",
        "¿Cuánto cuesta el envío?",
        "返品の期限は いつ です か？",  # noqa: RUF001 - as it is typed
        "Customer says:\nwhat does the return label cost",
    ],
)
def test_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        ":wave: hello",
        "What?",
        "why not",
        "The order is delayed, I told the customer.",
        "Deployed 4.2 to production",
        "https://example.com/?q=a is the link to use",
        "",
    ],
)
def test_what_asks_nothing(text: str) -> None:
    assert not is_question(text)


def test_thanks_and_emoji_say_nothing() -> None:
    assert not says_something("thanks! :pray:")
    assert not says_something(":+1:")
    assert says_something("and for shoes")


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("<@UBOT> hello", False),
        ("<@UBOT> ask <@U2>", True),
        ("<!here> anyone", True),
        ("<!subteam^S1> please", True),
        ("hello", False),
    ],
)
def test_who_else_is_spoken_to(text: str, others: bool) -> None:
    assert names_others(text, bot_user="UBOT") == others

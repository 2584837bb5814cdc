"""A conversation as a question: what is unanswered, in whose words, and what came before."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from bot.language import LanguageDetector
from bot.models import Turn
from bot.zendesk.reading import Asked, asked_in
from connectors.zendesk.conversation import MACHINE_MAIL, Conversation, Message, Person

BOT_ID = 99
ANNA = Person(id=1, name="Anna Schmidt", role="end-user", locale="en-US")
BEN = Person(id=2, name="Ben", role="agent")
BOT = Person(id=BOT_ID, name="Supportbot", role="agent")
LANGUAGE = LanguageDetector(default="en")
NUMBERS = count(1)


def wrote(author: Person, text: str, **changes: Any) -> Message:
    number = next(NUMBERS)
    values: dict[str, Any] = {
        "id": number,
        "author": author,
        "public": True,
        "text": text,
        "html": "",
        "channel": "email",
        "created_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return Message(**{**values, **changes})


def read(*messages: Message, subject: str = "", requester: Person = ANNA) -> Asked:
    ticket = Conversation(
        ticket_id=7,
        subject=subject,
        status="open",
        channel="email",
        requester=requester,
        messages=messages,
        stamp="",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    return asked_in(ticket, bot_id=BOT_ID, language=LANGUAGE)


def test_messages_in_a_row_are_one_turn_and_what_is_answered_is_history() -> None:
    first = wrote(ANNA, "How do I return a jacket?")
    answer = wrote(
        BOT,
        "Hello,\n\nWithin 45 days. [1](https://x.example/1)\n\nSources\n\n1. Returning an item\n",
    )
    agent = wrote(BEN, "Anything else?\n\nBest regards,\nBen")
    second, third = wrote(ANNA, "What does the label cost?"), wrote(ANNA, "And to Canada?")
    asked = read(first, answer, agent, second, third, subject="Jacket")
    assert asked.text == "What does the label cost?\n\nAnd to Canada?"
    assert asked.message_ids == (second.id, third.id)
    assert asked.history == (
        Turn(speaker="customer", text="How do I return a jacket?"),
        Turn(speaker="bot", text="Hello,\n\nWithin 45 days."),
        Turn(speaker="agent", text="Anything else?"),
    )


def test_private_words_and_machines_are_no_part_of_it() -> None:
    asked = read(
        wrote(ANNA, "How do I return a jacket that does not fit me at all, please?"),
        wrote(BEN, "She is a VIP, refund her.", public=False),
        wrote(ANNA, "My private remark", public=False, flags=frozenset({17})),
        wrote(ANNA, "Out of office", flags=frozenset({MACHINE_MAIL})),
    )
    assert asked.text == "How do I return a jacket that does not fit me at all, please?"
    assert asked.history == ()
    assert len(asked.message_ids) == 1


def test_nothing_is_asked_where_everything_is_answered() -> None:
    asked = read(wrote(ANNA, "How?"), wrote(BEN, "So."))
    assert (asked.text, asked.message_ids, asked.content) == ("", (), "nothing")


@pytest.mark.parametrize(
    ("subject", "body", "text"),
    [
        ("Re: Return a jacket", "It is too small.", "Return a jacket\n\nIt is too small."),
        ("Return a jacket", "", "Return a jacket"),
        ("Conversation with Anna", "It is too small.", "It is too small."),
        ("(no subject)", "It is too small.", "It is too small."),
        ("it is too SMALL", "It is too small.", "It is too small."),
        ("Jacket", "word " * 40, ("word " * 40).strip()),
        ("返品", "小さい", "返品\n\n小さい"),
    ],
)
def test_the_subject_is_read_where_the_body_says_little(subject: str, body: str, text: str) -> None:
    assert read(wrote(ANNA, body), subject=subject).text == text


def test_the_subject_is_of_the_first_message_only() -> None:
    first, answer = wrote(ANNA, "How?"), wrote(BEN, "So.")
    assert read(first, answer, wrote(ANNA, "Why?"), subject="Return").text == "Why?"


@pytest.mark.parametrize(
    ("body", "changes", "subject", "content"),
    [
        ("", {"attachments": 1}, "Return", "attachment_only"),
        ("Please see attached.", {"attachments": 1}, "", "attachment_only"),
        ("Best regards,\nAnna", {}, "", "nothing"),
        ("Best regards,\nAnna", {}, "Return a jacket", "words"),
        ("![](https://x.zendesk.com/attachments/token/a/?name=1.png)", {"html": "<img src=x>"}, "",
         "attachment_only"),
        ("", {"html": "<p><IMG src=x></p>"}, "", "attachment_only"),
        ("It is torn, see the photo", {"attachments": 2}, "", "words"),
        ("> Is it open?", {}, "", "nothing"),
        ("From: a@b.example\nSent: Monday\nTo: x\nSubject: y\n\nForwarded.", {}, "", "nothing"),
    ],
)  # fmt: skip
def test_it_is_seen_whether_there_is_anything_to_read(
    body: str, changes: dict[str, Any], subject: str, content: str
) -> None:
    assert read(wrote(ANNA, body, **changes), subject=subject).content == content


def test_quotes_and_signatures_are_left_out() -> None:
    mail = (
        "Wo ist meine Bestellung geblieben?\n\nMit freundlichen Grüßen\nAnna\n\n"
        "Am 03.11.2026 um 10:00 schrieb Shop <x@shop.example>:\n> Ihre Bestellung ist unterwegs"
    )
    assert read(wrote(ANNA, mail)).text == "Wo ist meine Bestellung geblieben?"


def test_a_comment_of_64_kb_is_read_up_to_what_anybody_asks() -> None:
    asked = read(*(wrote(ANNA, f"{n} " + "word " * 13_000) for n in range(3)))
    assert asked.text.startswith("2 word")
    assert len(asked.text) <= 8_000


def test_what_was_sent_twice_was_said_once() -> None:
    assert read(wrote(ANNA, "Where is it?"), wrote(ANNA, "Where is it?")).text == "Where is it?"


GERMAN = "Wann bekomme ich endlich meine Bestellung, die ich letzte Woche bezahlt habe?"


@pytest.mark.parametrize(
    ("texts", "requesters", "locale"),
    [
        ((GERMAN,), "en-US", "de"),
        ((GERMAN,), "de-AT", "de-at"),
        (("Und wo?",), "de-AT", "de-at"),
        (("Und wo?",), "", "en"),
        ((GERMAN, "", "Und wo?"), "en-US", "de"),
    ],
)
def test_the_texts_own_language_decides(
    texts: tuple[str, ...], requesters: str, locale: str
) -> None:
    requester = Person(id=1, name="Anna", role="end-user", locale=requesters)
    messages = (wrote(requester if text else BEN, text or "Morgen.") for text in texts)
    assert read(*messages, requester=requester).locale == locale

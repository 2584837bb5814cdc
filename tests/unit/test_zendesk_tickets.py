"""What is taken out of tickets before anybody else may read them, and what is kept."""

from __future__ import annotations

import pytest

from connectors.zendesk.own_words import own_words
from connectors.zendesk.personal_data import without_personal_data
from connectors.zendesk.ticket_reading import hosts_of, linked_articles

NAMES = ("Anna Schmidt", "anna.schmidt@mail.example", "Bo Li", "Acme Support")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to anna.s+x@mail.example, please", "Write to [e-mail address], please"),
        ("Call +49 170 1234567 or 0170/1234567.", "Call [phone number] or [phone number]."),
        ("Call (555) 010-9999 today", "Call [phone number] today"),
        ("Card 4111 1111 1111 1111, please", "Card [card number], please"),
        ("Card 4111-1111-1111-1112, please", "Card [number], please"),
        ("To DE89 3704 0044 0532 0130 00 thanks", "To [bank account] thanks"),
        ("to gb82west12345698765432", "to [bank account]"),
        ("From 8.8.8.8 and 2001:4860:4860::8888", "From [IP address] and [IP address]"),
        ("Order #12345, RMA-123456, 20261122334", "Order [number], [number], [number]"),
        ("I am anna schmidt, Bo's friend", "I am [name], [name]'s friend"),
        ("Pay at https://pay.example/t/s3cr3t?token=1.", "Pay at [link]."),
        (
            "https://a.example/hc/en-us/articles/360012345678-Anna?x=anna@mail.example",
            "https://a.example/hc/en-us/articles/360012345678-Anna",
        ),
    ],
)
def test_what_tells_of_a_person_is_taken_out(text: str, expected: str) -> None:
    assert without_personal_data(text, names=NAMES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Within 45 days, until 2026-11-22 or 22.11.2026 at 10:30.",
        "It costs 1.299,00 EUR, or 1 299 000 in all, or $1,299.",
        "Error 0x80070005, KB5034441 or E404 at 192.168.1.1, version 2.10.4.",
        "Our support team helps with the store.",
        "Annals of Schmidtville",
        "Model SN750, 16 GB, 3 x 12 mm",
    ],
)
def test_what_an_answer_is_made_of_stays(text: str) -> None:
    assert without_personal_data(text, names=NAMES) == text


ENGLISH = (
    "How do I return it?\n- the blue\n- the red\n\nBest regards,\nAnna\n\n"
    "On Mon, 3 Nov 2026 at 10:00, Shop <x@shop.example> wrote:\n> Dear Anna\n> Buy!"
)
GERMAN = (
    "Wie geht das?\n\nMit freundlichen Grüßen\nAnna\n\n"
    "Am 03.11.2026 um 10:00 schrieb Shop <x@shop.example>:\n> Hallo"
)


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (ENGLISH, "How do I return it?\n- the blue\n- the red"),
        (GERMAN, "Wie geht das?"),
        ("> Is it open?\nYes&nbsp;it is.\n\nSent from my iPhone", "Yes it is."),
        ("From: a@b.example\nSent: Monday\nTo: x\nSubject: y\n\nForwarded words.", ""),
        (" ".join(["word"] * 300), " ".join(["word"] * 300)),
    ],
)
def test_only_the_writers_own_words_are_kept(mail: str, expected: str) -> None:
    assert own_words(mail) == expected


def test_article_links_are_found_in_every_form_and_only_our_own() -> None:
    hosts = hosts_of(
        [
            {"subdomain": "acme", "brand_url": "https://acme.zendesk.com", "host_mapping": None},
            {"subdomain": "acme-b2b", "host_mapping": "Help.acme.example"},
        ]
    )
    texts = [
        "https://acme.zendesk.com/hc/en-us/articles/11-How-to-return",
        '<a href="https://help.acme.example/hc/articles/12">here</a>',
        "see help.acme.example/hc/de/articles/13#top or /hc/zh-hans-cn/articles/14",
        "https://ACME-B2B.zendesk.com:443/hc/es-419/articles/15?x=1 and again /hc/fr/articles/11",
        "https://support.zendesk.com/hc/en-us/articles/99 and other.example/hc/articles/98",
        "https://acme.zendesk.com/hc/en-us/sections/97 https://acme.zendesk.com/agent/tickets/96",
        "https://acme.zendesk.com.evil.example/hc/articles/95",
    ]
    assert linked_articles(texts, hosts) == ["11", "12", "13", "14", "15"]

"""The help page speaks to everybody in their language, from the first page to the last."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.bootstrap.choices import zendesk_account
from bot.help.contacts import TicketOpener
from bot.help.pace import ASKING
from bot.help.texts import TEXTS
from bot.preferences import Preferences
from bot.self_service import HelpPage
from bot.settings import load
from connectors.zendesk.desk import TicketDesk
from tests.fakes.zendesk import FakeZendesk
from tests.integration.console import serve
from tests.integration.test_help import QUESTION, ask, token_of, visitor, zendesk

__all__ = ["serve", "visitor", "zendesk"]

Pool = ConnectionPool[Connection[Any]]

DE, FR = TEXTS["de"], TEXTS["fr"]
UNANSWERED = "Wie heißt der höchste Berg auf der Rückseite des Mondes?"


def language_of(answer: Any) -> str:
    """The language of a page, which says that it depends on what the browser asks for."""
    assert answer.headers["vary"] == "Accept-Language"
    return str(BeautifulSoup(answer.text, "lxml").select_one("html")["lang"])  # type: ignore[index]


def test_what_the_address_names_counts_most_and_then_what_the_browser_asks_for(
    visitor: TestClient,
) -> None:
    def shown(address: str, accepted: str) -> str:
        return language_of(visitor.get(address, headers={"Accept-Language": accepted}))

    assert shown("/help/?locale=fr", "de") == "fr"
    assert shown("/help/?locale=pt-BR", "de") == "pt"
    assert shown("/help/?locale=tlh", "de") == "de"
    assert shown("/help/?locale=", "de-CH,en;q=0.5") == "de"
    assert shown("/help/", "ru, en;q=0.3, sv;q=0.7") == "sv"
    assert shown("/help/", "ru") == "en"
    assert language_of(visitor.get("/help/")) == "en"
    moved = visitor.get("/help?locale=de")
    assert moved.headers["location"].endswith("/help/?locale=de")


def test_a_language_that_was_chosen_stays_to_the_end(visitor: TestClient) -> None:
    first = visitor.get("/help/?locale=de")
    html = BeautifulSoup(first.text, "lxml")
    assert (html.h1.text, html.title.text) == (DE.title, DE.title)  # type: ignore[union-attr]
    assert DE.introduction in first.text
    actions = {"ask": str(html.form["action"])}  # type: ignore[index]
    assert actions["ask"] == "/help/ask?locale=de"
    assert html.form["data-stream"] == "/help/ask/stream?locale=de"  # type: ignore[index]

    sent = {"q": QUESTION, "conversation": token_of(first.text)}
    for address in (actions["ask"], "/help/ask/stream?locale=de"):
        answer = visitor.post(address, data=sent).text
        for said in (DE.sources, DE.helped, DE.yes, DE.contact.heading, DE.contact.send):
            assert said in answer
        assert "45 days" in answer
        assert f'aria-label="{DE.source.format(number=1)}"' in answer
        assert "/help/rate?locale=de" in answer
        assert "/help/contact?locale=de" in answer
    form = {"conversation": token_of(answer)}
    said = visitor.post("/help/rate?locale=de", data={**form, "helped": "false"})
    assert DE.notices.thanks_no in said.text
    wrong = visitor.post("/help/contact?locale=de", data={**form, "email": "x"})
    assert DE.contact.invalid in wrong.text
    assert 'action="/help/contact?locale=de"' in wrong.text
    message = {**form, "email": "mara@example.com", "message": "Es ist zerrissen."}
    sent_page = visitor.post("/help/contact?locale=de", data=message)
    assert DE.contact.sent in sent_page.text
    assert language_of(sent_page) == "de"


def test_what_the_browser_asks_for_holds_for_answers_and_for_what_is_wrong(
    visitor: TestClient, pool: Pool
) -> None:
    visitor.headers["accept-language"] = "fr-CA, fr;q=0.8, de;q=0.4"
    unanswered = ask(visitor, UNANSWERED)
    assert language_of(unanswered) == "fr"
    assert BeautifulSoup(unanswered.text, "lxml").strong.text == FR.no_answer  # type: ignore[union-attr]
    assert "locale=" not in unanswered.text

    partial = {"HX-Request": "true"}
    for sent, notice in (
        ({"q": " "}, FR.notices.nothing_asked),
        ({"q": "mot " * 300}, FR.notices.too_long),
        ({"q": QUESTION, "conversation": "old"}, FR.notices.old),
        ({"q": "mot " * 6_000}, FR.notices.too_long),
    ):
        for headers in ({}, partial):
            refused = visitor.post("/help/ask", data=sent, headers=headers)
            assert refused.status_code == 422
            assert notice in BeautifulSoup(refused.text, "lxml").text
            assert refused.headers["vary"] == "Accept-Language"
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO console_attempts (key) SELECT 'help testclient' "
            "FROM generate_series(1, %s)",
            (ASKING.each,),
        )
    too_many = ask(visitor)
    assert (too_many.status_code, language_of(too_many)) == (429, "fr")
    assert FR.notices.too_many in too_many.text
    Preferences(pool=pool).put(HelpPage(enabled=False))
    off = visitor.get("/help/")
    assert (off.status_code, off.text) == (404, f"{FR.notices.not_shown}\n")


def test_a_ticket_tells_what_was_read_in_the_language_of_the_page(
    visitor: TestClient, pool: Pool, zendesk: FakeZendesk
) -> None:
    token = token_of(ask(visitor).text)
    sent = {"q": UNANSWERED, "conversation": token}
    token = token_of(visitor.post("/help/ask?locale=fr", data=sent).text)
    with pool.connection() as connection:
        # As it is where an answer was not sure enough to be shown.
        connection.execute("UPDATE questions SET outcome = 'drafted' WHERE text = %s", (QUESTION,))
    message = {"conversation": token, "email": "mara@example.com", "message": "Bonjour"}
    visitor.post("/help/contact?locale=fr", data=message)

    account = zendesk_account(load().zendesk, answers=True)
    with pool.connection() as connection, account.client() as client:
        row = connection.execute("SELECT id FROM help_contacts").fetchone()
        assert row is not None
        TicketOpener(pool=pool, desk=lambda: TicketDesk(client=client)).open(row[0])
    (ticket,) = zendesk.account.ticketing.tickets.values()
    read = " ".join(BeautifulSoup(ticket.comments[0].html, "lxml").get_text(" ").split())
    assert FR.contact.before in read
    assert f"{FR.contact.asked} {UNANSWERED}" in read
    assert f"{FR.contact.answered} {FR.contact.unanswered}" in read
    assert QUESTION in read
    assert "45 days" not in read, "nobody read it"


def test_the_words_of_the_page_change_nothing_of_what_is_asked(
    visitor: TestClient, pool: Pool
) -> None:
    for address in ("/help/ask?locale=ja", "/help/ask"):
        token = token_of(visitor.get("/help/").text)
        sent = {"q": QUESTION, "conversation": token}
        answer = visitor.post(address, data=sent, headers={"Accept-Language": "ja"})
        assert "45 days" in answer.text
    with pool.connection() as connection:
        rows = connection.execute("SELECT locale, text FROM questions").fetchall()
    assert rows == [("en", QUESTION)] * 2


def test_what_an_admin_wrote_stands_in_every_language(visitor: TestClient, pool: Pool) -> None:
    Preferences(pool=pool).put(HelpPage(enabled=True, title="Larkmoor hilft", introduction="Los!"))

    shown = visitor.get("/help/?locale=fr").text
    assert "Larkmoor hilft" in shown
    assert "Los!" in shown
    assert FR.question in shown
    assert FR.title not in shown


@pytest.mark.parametrize(
    "locale",
    [
        *('"><script>alert(1)</script>', "{{7*7}}", "../../etc/passwd", "de\r\nX-Evil: 1"),
        *("\0", "İ" * 9, "de'--", "x" * 5_000, "\N{RIGHT-TO-LEFT OVERRIDE}ed"),
    ],
    ids=range(9),
)
def test_what_is_no_language_is_shown_nowhere(visitor: TestClient, locale: str) -> None:
    named = quote(locale)
    plain, odd = visitor.get("/help/"), visitor.get(f"/help/?locale={named}&locale={named}")

    assert odd.status_code == 200
    assert "x-evil" not in odd.headers
    words = [
        BeautifulSoup(each.text.replace(token_of(each.text), ""), "lxml") for each in (plain, odd)
    ]
    assert str(words[0]) == str(words[1])
    refused = visitor.post(f"/help/ask?locale={named}", data={"q": ""})
    assert refused.status_code == 422
    assert locale not in refused.text

"""A customer asks on the help page, asks on, and says that it helped, in any language."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from bot.admin.roles import Role
from bot.help.texts import TEXTS
from bot.preferences import Preferences
from bot.self_service import HelpPage
from tests.factories import document
from tests.integration.conftest import Knowledge, knowledge
from tests.integration.console import Serve, serve
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Window

__all__ = ["knowledge", "serve"]

# Never called: nothing of these pages needs Zendesk before a message is sent.
ZENDESK = {
    "ZENDESK_SUBDOMAIN": "acme",
    "ZENDESK_CLIENT_ID": "supportbot",
    "ZENDESK_CLIENT_SECRET": "the-client-secret",
}
NARROW = 320


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return int(width) <= 0


def test_a_customer_finds_an_answer_asks_on_and_says_that_it_helped(
    serve: Serve, knowledge: Knowledge, window: Callable[..., Window]
) -> None:
    exchange = "<p>You can exchange a worn item within 30 days of delivery.</p>"
    knowledge.add(document(), document(id="exchange", title="Exchanging an item", body=exchange))
    Preferences(pool=knowledge.pool).put(HelpPage(enabled=True))
    with served(serve()) as base:
        shown = window(base, Role.VIEWER)
        page = shown.page
        page.context.clear_cookies()
        page.goto(f"{base}/help/")
        for question, answer in (
            ("How long can I return an unworn item?", "45 days"),
            ("And exchange a worn item?", "30 days"),
        ):
            page.get_by_label("Your question").fill(question)
            page.keyboard.press("Enter")
            page.locator(f"#answer[aria-busy=false] .answer:has-text('{answer}')").wait_for()
        assert shown.faults() == []
        assert page.get_by_role("link", name="Exchanging an item").count() == 1
        page.get_by_role("button", name="Yes, this helped").click()
        shown.says("We are glad that this helped")
        assert page.context.cookies() == []

    rows = knowledge.rows(
        "SELECT text, jsonb_array_length(history), "
        "(SELECT helpful FROM feedback WHERE question_id = questions.id) "
        "FROM questions ORDER BY asked_at"
    )
    assert rows == [
        ("How long can I return an unworn item?", 0, None),
        ("And exchange a worn item?", 2, True),
    ]


@pytest.mark.parametrize("language", ["de", "es"])
def test_a_site_shows_the_page_in_a_frame_in_the_language_of_its_own(
    serve: Serve, knowledge: Knowledge, window: Callable[..., Window], language: str
) -> None:
    knowledge.add(document())
    Preferences(pool=knowledge.pool).put(HelpPage(enabled=True))
    words = TEXTS[language]
    with served(serve(**ZENDESK)) as base:
        shown = window(base, Role.VIEWER)
        page = shown.page
        frame = f'<iframe title="?" src="{base}/help/?locale={language}"></iframe>'
        page.route("**/site", lambda route: route.fulfill(body=frame, content_type="text/html"))
        page.goto(f"{base}/site")
        page.frame_locator("iframe").get_by_label(words.question).wait_for()

        page.goto(f"{base}/help/?locale={language}")
        assert page.locator("html").get_attribute("lang") == language
        assert page.title() == words.title
        page.get_by_label(words.question).fill("How long can I return an unworn item?")
        page.get_by_role("button", name=words.ask, exact=True).click()
        answer = page.get_by_role("region", name=words.answer)
        answer.get_by_text("45 days").wait_for()
        page.get_by_text(words.contact.heading).click()
        assert shown.faults() == []
        assert fits(page)
        page.set_viewport_size({"width": NARROW, "height": 800})
        assert fits(page)
        page.get_by_role("button", name=words.no).click()
        shown.says(words.notices.thanks_no)
        assert fits(page)
        assert page.get_by_role("button", name=words.contact.send).is_visible()
        assert shown.faults() == []

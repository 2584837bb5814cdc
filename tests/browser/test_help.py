"""A customer asks on the help page, asks on, and says that it helped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.admin.roles import Role
from bot.preferences import Preferences
from bot.self_service import HelpPage
from tests.factories import document
from tests.integration.conftest import Knowledge, knowledge
from tests.integration.console import Serve, serve
from tests.serving import served

if TYPE_CHECKING:
    from tests.browser.conftest import Window

__all__ = ["knowledge", "serve"]


def test_a_customer_finds_an_answer_asks_on_and_says_that_it_helped(
    serve: Serve, knowledge: Knowledge, window: Callable[..., Window]
) -> None:
    knowledge.add(document())
    Preferences(pool=knowledge.pool).put(HelpPage(enabled=True))
    with served(serve()) as base:
        shown = window(base, Role.VIEWER)
        page = shown.page
        page.context.clear_cookies()
        page.goto(f"{base}/help/")
        for question in ("How long can I return an unworn item?", "And after delivery?"):
            page.get_by_label("Your question").fill(question)
            page.keyboard.press("Enter")
            page.locator("#answer[aria-busy=false] .answer:has-text('45 days')").wait_for()
        assert shown.faults() == []
        assert page.get_by_role("link", name="Returning an item").count() == 1
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
        ("And after delivery?", 2, True),
    ]

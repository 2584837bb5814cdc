"""Somebody starts the product for the first time, with every process that it has."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.admin.roles import Role
from tests.acceptance.commands import CommandLine
from tests.acceptance.test_up import end_with_children, line_with
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from tests.browser.conftest import Window


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk() as running:
        orders = running.account.category(en_us="Orders")
        section = running.account.section(orders, en_us="Kayaks")
        running.account.publish(
            section, "Renting a kayak", "<p>A kayak is rented for at most nine days.</p>"
        )
        yield running


@pytest.fixture
def up(
    zendesk: FakeZendesk, database_url: str, model_cache: Path, tmp_path: Path
) -> Iterator[subprocess.Popen[str]]:
    """`supportbot up` on an empty database: nothing is prepared but the model's weights."""
    (tmp_path / "models").symlink_to(model_cache)
    line = CommandLine(
        folder=tmp_path,
        settings={
            "DATABASE_URL": database_url,
            "SUPPORTBOT_DATA_DIR": str(tmp_path),
            "PORT": "0",
            "ZENDESK_SUBDOMAIN": "acme",
            "ZENDESK_BASE_URL": zendesk.base_url,
            "ZENDESK_CLIENT_ID": "supportbot",
            "ZENDESK_CLIENT_SECRET": "the-client-secret",
        },
    )
    process = line.start("up")
    yield process
    end_with_children(process)


def test_from_an_empty_machine_to_an_answer_from_ones_own_help_center(
    up: subprocess.Popen[str], window: Callable[..., Window]
) -> None:
    base = line_with(up, r"Supportbot runs at (http://127\.0\.0\.1:\d+)")[1]
    link = line_with(up, r"sign in, once: (http\S+)")[1]
    line_with(up, r"worker +\| ")
    shown = window(base, Role.VIEWER)
    page = shown.page
    page.context.clear_cookies()

    page.goto(link)
    page.locator("button:focus").press("Enter")  # it has the focus a moment after it is there
    shown.says("Knowledge of your own")
    shown.open("/playground")
    page.get_by_label("Question").fill("How long do I have to return a jacket?")
    shown.click("Ask")
    page.locator("mark", has_text="60 days").wait_for()

    shown.open("/sources/new/zendesk")
    page.get_by_text("These are from the account").wait_for()
    page.get_by_label("Name").fill("help")
    shown.click("Check and save")
    shown.says("The first thing found is “Renting a kayak”")
    page.locator("#runs").get_by_text("succeeded").wait_for()  # a real worker, and no reload

    shown.open("/playground")
    page.get_by_label("Question").fill("For how long can I rent a kayak?")
    shown.click("Ask")
    page.locator("mark", has_text="nine days").wait_for()
    shown.open("/")
    assert re.search(r"Set up: \d of \d done", page.locator("main").inner_text())

    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0

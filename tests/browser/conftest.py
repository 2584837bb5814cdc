"""A real Chromium on the real web process. Where the machine has none, these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from bot.admin.people import People
from bot.admin.roles import Role
from bot.admin.sessions import Sessions
from tests.console import COOKIE, somebody
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    Pool = ConnectionPool[Connection[Any]]

# It stays on this machine, and leaves nothing on it.
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's own. Not for the whole session: while Playwright is open, no other test of the
    process can run an event loop."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("There is no Chromium here: apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(SWITCHES))
        yield browser
        browser.close()


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window of somebody who is signed in, on a console that is served at `base`."""

    page: Page
    base: str

    def open(self, path: str) -> None:
        """A page of the console; `path` is below /admin."""
        self.page.goto(f"{self.base}/admin{path}")

    def click(self, name: str) -> None:
        """The link or button of this name."""
        role = self.page.get_by_role
        role("button", name=name).or_(role("link", name=name)).first.click()

    def says(self, text: str) -> None:
        """Waits until the page says so."""
        self.page.get_by_text(text).first.wait_for()

    def faults(self) -> list[str]:
        """What axe-core finds wrong for people who do not see, in light and in dark."""
        found = []
        for theme in THEMES:
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            for each in Axe().run(self.page).response["violations"]:
                nodes = [node["html"][:200] for node in each["nodes"][:2]]
                found.append(f"{theme}, {self.page.url}: {each['impact']} {each['id']}: {nodes}")
        return found


@pytest.fixture
def window(chromium: Browser, pool: Pool) -> Iterator[Callable[..., Window]]:
    """Opens windows: `window(base, role)`. A script that fails, or is refused, fails the test."""
    contexts = []
    complaints: list[str] = []

    def opened(base: str, role: Role = Role.ADMIN) -> Window:
        # A colour on its way from one to another has the contrast of neither.
        context = chromium.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
        )
        contexts.append(context)
        person = somebody(pool, role)
        token = Sessions(pool=pool, people=People(pool=pool)).begin(
            person, agent="tests", address="127.0.0.1"
        )
        context.add_cookies([{"name": COOKIE, "value": token, "url": base}])
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        return Window(page=page, base=base)

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []

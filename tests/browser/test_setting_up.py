"""An admin sets everything up: from the first sign-in to the first ticket that is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from bot.admin.people import People
from bot.admin.roles import Role
from bot.admin.sessions import Sessions
from bot.audit import Audit
from bot.privacy import Known, Privacy
from bot.queue import Queue
from bot.rollups import RECENT, Rollups
from bot.runs import Runs, SyncReport
from bot.schedules import Schedules
from bot.sources import Source, Sources
from bot.timing import cron
from bot.zendesk.policies import Mode, Policies
from tests.fakes.zendesk import FakeZendesk
from tests.integration.console import Serve, serve
from tests.serving import served

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from tests.browser.conftest import Window

    Pool = ConnectionPool[Connection[Any]]

__all__ = ["serve"]

PAGES = (
    *("/", "/people", "/profile", "/audit", "/privacy", "/sources", "/sources/help"),
    *("/sources/help/delete", "/sources/new/files", "/sources/new/website", "/schedules"),
    *("/schedules/help", "/settings/tickets", "/settings/sending", "/settings/voice"),
    *("/settings/slack", "/settings/limits", "/settings/help", "/settings/retention"),
)


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk() as running:
        orders = running.account.category(en_us="Orders")
        section = running.account.section(orders, en_us="Returns")
        running.account.publish(section, "Send it back", "<p>Within 45 days.</p>")
        yield running


@pytest.fixture
def base(serve: Serve, zendesk: FakeZendesk) -> Iterator[str]:
    web = serve(
        ZENDESK_SUBDOMAIN="acme",
        ZENDESK_BASE_URL=zendesk.base_url,
        ZENDESK_CLIENT_ID="supportbot",
        ZENDESK_CLIENT_SECRET="the-client-secret",
    )
    with served(web) as address:
        yield address


def test_the_first_minutes_from_a_link_to_a_source_that_is_read(
    base: str, pool: Pool, window: Callable[..., Window]
) -> None:
    people = People(pool=pool)
    token = Sessions(pool=pool, people=people).link(people.operator())
    shown = window(base, Role.VIEWER)
    page = shown.page
    page.context.clear_cookies()

    shown.open("/")
    shown.says("Sign in to Supportbot")
    assert shown.faults() == []
    shown.open(f"/sign-in/link/{token}")
    assert shown.faults() == []
    page.keyboard.press("Enter")  # the button has the focus
    shown.says("Knowledge of your own")
    shown.click("Knowledge of your own")
    page.get_by_role("link", name=re.compile("Zendesk help center")).click()
    page.get_by_text("These are from the account").wait_for()
    page.locator("summary", has_text="Only these categories").click()
    page.get_by_label("Orders").and_(page.locator("[name=categories]")).check()
    assert shown.faults() == []
    page.get_by_label("Name").fill("help")
    shown.click("Check and save")
    shown.says("The first thing found is “Send it back”")
    shown.says("no worker runs")  # the test has none

    # A worker takes it up; the page follows without being loaded anew.
    runs = Runs(pool=pool)
    number = runs.start("help", full=False, article=None, job_id=None)
    runs.note(number, SyncReport(source="help", added=7))
    page.locator("#runs").get_by_text("7", exact=True).wait_for()
    with pool.connection() as connection:
        connection.execute("UPDATE procrastinate_jobs SET status = 'succeeded'")
    runs.finish(number, SyncReport(source="help", added=9), happened_at=None)
    page.locator("#runs").get_by_text("succeeded").wait_for()
    page.locator("#runs").get_by_text("9", exact=True).wait_for()


def test_a_schedule_a_channel_and_a_person_are_changed(
    base: str, pool: Pool, window: Callable[..., Window]
) -> None:
    Sources(pool=pool).add(Source(name="help", kind="sample", config={}))
    Policies(pool=pool)
    shown = window(base)
    page = shown.page

    shown.open("/schedules/help")
    page.get_by_label("At certain times").check()
    page.get_by_label("Cron expression").fill("30 3 * * 1-5")
    page.get_by_text("At 03:30, Monday through Friday").wait_for()
    assert page.locator("#reading li").count() == 5
    shown.click("Save")
    shown.says("The schedule is saved")
    schedules = Schedules(pool=pool, queue=Queue(pool=pool))
    assert schedules.get("help").timing == cron("30 3 * * 1-5")

    shown.open("/settings/tickets")
    page.get_by_label("Channel", exact=True).fill("email")
    shown.click("Save")
    shown.says("It counts from the next ticket on")
    shown.click("Change")
    page.get_by_label("What happens").select_option("auto")
    shown.click("Save")
    shown.says("It counts from the next ticket on")
    assert [each.mode for each in Policies(pool=pool).all()] == [Mode.AUTO]
    shown.open("/audit")
    row = page.get_by_role("row").filter(has_text="ticket policies changed")
    assert row.locator("del").inner_text() == "draft"
    assert row.locator("ins").inner_text() == "auto"

    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO help_contacts (id, email, message)"
            " VALUES (gen_random_uuid(), 'mara@acme.example', 'words')"
        )
    shown.open("/privacy")
    page.get_by_label(re.compile("E-mail address")).fill("Mara@acme.example")
    shown.click("Show what there is")
    shown.says("messages from the help page")
    assert shown.faults() == []
    shown.click("Erase all of it")
    shown.says("Erased: 1 messages from the help page")
    assert Privacy(pool=pool).found(Known(email="mara@acme.example")) == {}
    assert Audit(pool=pool).latest(action="person erased")


def test_every_page_is_without_fault_in_light_and_dark_wide_and_narrow(
    base: str, pool: Pool, window: Callable[..., Window]
) -> None:
    Sources(pool=pool).add(Source(name="help", kind="sample", config={}))
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO failed_documents (source, id, reason) VALUES ('help', 'a', 'unreadable')"
        )
        connection.execute(
            "INSERT INTO tickets (ticket_id, answered_at, confirmed_at)"
            " SELECT n, now() - n * interval '1 hour', now() FROM generate_series(1, 90) AS n"
        )
    Rollups(pool=pool).refresh(RECENT)
    shown = window(base)
    found = []

    for path in PAGES:
        shown.open(path)
        shown.page.wait_for_load_state("networkidle")
        found += shown.faults()
        shown.page.set_viewport_size({"width": 390, "height": 800})
        width = shown.page.evaluate("document.documentElement.scrollWidth")
        found += [f"{path} is {width} wide on a telephone"] if width > 390 else []
        shown.page.set_viewport_size({"width": 1280, "height": 900})

    assert found == []


def test_the_overview_is_read_from_the_figure_to_what_it_means_and_how_it_was(
    base: str, pool: Pool, window: Callable[..., Window]
) -> None:
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO tickets (ticket_id, answered_at, confirmed_at)"
            " SELECT n, now() - n * interval '20 days',"
            " CASE WHEN n <= 3 THEN now() END FROM generate_series(1, 4) AS n"
        )
    Rollups(pool=pool).refresh(RECENT)
    shown = window(base, Role.VIEWER)
    page = shown.page

    shown.open("/")
    deflected = page.locator(".figure", has_text="Deflected")
    assert deflected.locator(".value").inner_text() == "100.0%"
    shown.click("a year")
    page.locator("[aria-current=true]", has_text="a year").wait_for()
    assert deflected.locator(".value").inner_text() == "75.0%"
    deflected.locator("summary").click()
    deflected.get_by_text("those whose customer said that it helped").wait_for()
    drawn = page.locator("figure", has_text="What came of answered tickets")
    outlines = [str(each.get_attribute("d")) for each in drawn.locator("svg.plot path.bar").all()]
    assert sum(each.count("M") for each in outlines) == 4
    drawn.locator("summary").click()
    drawn.get_by_role("columnheader", name="unknown").wait_for()
    page.get_by_role("heading", name="Parts").wait_for()  # health comes by itself
    assert shown.faults() == []


def test_everything_is_reached_by_keyboard_in_the_order_of_reading(
    base: str, window: Callable[..., Window]
) -> None:
    shown = window(base)
    page = shown.page
    shown.open("/people")

    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "[document.activeElement.tagName, document.activeElement.innerText.trim(),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
        )

    names = [text for _, text, _ in reached]
    assert names[0] == "Skip to content"
    assert names.index("Overview") < names.index("People") < names.index("Sign out")
    assert names.index("Sign out") < names.index("Invite")
    assert all(outline != "none" for tag, _, outline in reached if tag in {"A", "BUTTON", "INPUT"})
    shown.open("/people")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

"""Sources and schedules in the console: what is filled in is what is stored, and it is checked
against the account first."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.admin.roles import Role
from bot.admin.schedules_page import in_words
from bot.audit import Audit
from bot.failures import Failures
from bot.queue import Queue
from bot.schedules import Schedules
from bot.sources import Source, Sources
from bot.timing import cron, interval
from bot.triage.models import RoutingTag
from bot.triage.taxonomy import TaxonomyStore
from tests.console import Browser, somebody
from tests.fakes.zendesk import FakeZendesk
from tests.integration.console import Serve, serve

__all__ = ["serve"]

Pool = ConnectionPool[Connection[Any]]


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk() as running:
        yield running


@pytest.fixture
def schedules(pool: Pool) -> Schedules:
    return Schedules(pool=pool, queue=Queue(pool=pool))


def connected(zendesk: FakeZendesk, serve: Serve, **given: str) -> Any:
    return serve(
        ZENDESK_SUBDOMAIN="acme",
        ZENDESK_BASE_URL=zendesk.base_url,
        ZENDESK_CLIENT_ID="supportbot",
        ZENDESK_CLIENT_SECRET=given.pop("secret", "the-client-secret"),
        **given,
    )


def test_a_zendesk_source_is_chosen_from_the_account_and_tried_before_it_is_saved(
    zendesk: FakeZendesk, serve: Serve, pool: Pool, schedules: Schedules
) -> None:
    account = zendesk.account
    orders = account.category(en_us="Orders & <b>payments</b>")
    section = account.section(orders, en_us="Returns")
    account.publish(section, "Send it back", "<p>Within 45 days.</p>", labels=("returns",))
    admin = Browser(connected(zendesk, serve), pool, somebody(pool))
    sources = Sources(pool=pool)

    form = admin.page("/sources/new/zendesk")
    assert form.select_one("[name=exclude_labels]") is not None
    assert form.select_one("[name=audience]")["value"] == "public"  # type: ignore[index]
    choices = admin.page("/sources/new/zendesk/choices?labels=returns&labels=old")
    assert choices.select_one(f"[name=categories][value='{orders.id}']") is not None
    assert "Orders & <b>payments</b>" in choices.get_text()
    assert choices.select_one("[name=labels][value=returns][checked]") is not None
    assert choices.select_one("[name=labels][value=old][checked]") is not None

    wrong = {"name": "help", "labels": "nothing has this", "follow": "true"}
    refused = admin.post("/sources/new/zendesk", wrong)
    assert refused.status_code == 422
    assert "Nothing was found" in refused.text
    assert sources.all() == ()

    right = {"name": "help", "categories": [str(orders.id)], "labels": "returns", "follow": "true"}
    assert admin.post("/sources/new/zendesk", right).headers["location"] == "/admin/sources/help"
    stored = sources.get("help").source
    assert stored.config["categories"] == [str(orders.id)]
    assert stored.config["labels"] == ["returns"]
    assert "Send it back" in admin.page("/sources/help").get_text()
    assert schedules.get("help").timing == interval(
        timedelta(hours=1),
        anchor=schedules.get("help").timing.anchor,  # type: ignore[union-attr]
    )
    entry = Audit(pool=pool).latest(action="sources added")[0]
    assert (entry.actor.surface, entry.actor.name) == ("console", "admin@example.com")


def test_tags_of_the_account_are_looked_at_and_those_chosen_become_routing_tags(
    zendesk: FakeZendesk, serve: Serve, pool: Pool
) -> None:
    ticketing = zendesk.account.ticketing
    ann, group = ticketing.person("Ann"), ticketing.group("Returns <i>desk</i>")
    for tags in (("refund", "web"), ("refund",), ("refund", "supportbot_answered"), ("warranty",)):
        ticketing.ticket(ann, "A", "B", tags=tags, group_id=group.id)
    store = TaxonomyStore(pool=pool)
    store.save([RoutingTag(name="warranty", priority="low")])
    web = connected(zendesk, serve)
    admin = Browser(web, pool, somebody(pool))

    page = admin.page("/routing/account")
    assert [str(each["value"]) for each in page.select("[name=tag]")] == ["refund", "web"]
    assert "Returns <i>desk</i>" in page.get_text()
    assert store.names() == ("warranty",)

    sent = {"tag": ["refund", "warranty"]}
    assert admin.post("/routing/account", sent).headers["location"] == "/admin/routing"
    refund, warranty = store.read().tags
    assert (refund.name, refund.group_id, refund.group_name) == ("refund", group.id, group.name)
    assert (warranty.priority, warranty.group_id) == ("low", None)
    entry = Audit(pool=pool).latest(action="routing_tags added")[0]
    assert (entry.actor.surface, entry.target) == ("console", "refund")
    assert admin.post("/routing/account", {"tag": ["none"]}).status_code == 422
    assert Browser(web, pool, somebody(pool, Role.AGENT)).get("/routing/account").status_code == 403

    zendesk.access.revoke_all()
    zendesk.access.allowed_scopes = frozenset({"tickets:read"})
    refused = admin.get("/routing/account")
    assert refused.status_code == 200
    assert "without the scope read" in refused.text
    assert admin.post("/routing/account", {"tag": ["web"]}).status_code == 422


def test_agents_who_may_not_export_tickets_still_take_tags_by_their_groups_names(
    zendesk: FakeZendesk, serve: Serve, pool: Pool
) -> None:
    zendesk.account.bot.role = "agent"
    ticketing = zendesk.account.ticketing
    group = ticketing.group("Billing")
    for number in range(120):
        ticketing.ticket(ticketing.person("Ann"), "A", "B", tags=(f"t{number}", "billing_double"))
    admin = Browser(connected(zendesk, serve), pool, somebody(pool))

    assert len(admin.page("/routing/account").select("[name=tag]")) == 121
    admin.post("/routing/account", {"tag": ["billing_double"]})

    (tag,) = TaxonomyStore(pool=pool).read().tags
    assert (tag.name, tag.group_id) == ("billing_double", group.id)


def test_credentials_that_are_refused_are_said_and_nothing_is_saved_unless_one_insists(
    zendesk: FakeZendesk, serve: Serve, pool: Pool
) -> None:
    admin = Browser(connected(zendesk, serve, secret="wrong"), pool, somebody(pool))

    refused = admin.post("/sources/new/zendesk", {"name": "help"})
    assert refused.status_code == 422
    assert "ZENDESK_CLIENT_SECRET" in refused.text
    assert "notice bad" in admin.get("/sources/new/zendesk/choices").text
    assert Sources(pool=pool).all() == ()

    assert (
        admin.post("/sources/new/zendesk", {"name": "help", "unchecked": "true"}).status_code == 303
    )
    assert Sources(pool=pool).get("help").source.kind == "zendesk"


def test_what_is_wrong_stands_beside_its_field_and_what_was_written_stays(
    serve: Serve, pool: Pool, tmp_path: Path
) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_text("# Returns\n\nWithin 45 days.\n")
    admin = Browser(serve(), pool, somebody(pool))
    given = {"name": "docs", "path": str(tmp_path / "articles"), "audience": "everybody"}

    refused = admin.post("/sources/new/files", given)
    assert refused.status_code == 422
    assert "is not an audience" in refused.text
    assert str(tmp_path / "articles") in refused.text
    for name, value in (("path", str(tmp_path / "none")), ("name", "Not A Name")):
        answer = admin.post("/sources/new/files", {**given, "audience": "agents", name: value})
        assert answer.status_code == 422, name

    sent = {**given, "audience": "agents", "include": "**/*.md\n*.md, *.txt"}
    assert admin.post("/sources/new/files", sent).status_code == 303
    stored = Sources(pool=pool).get("docs").source.config
    assert stored["audience"] == "agents"
    assert stored["include"] == ["**/*.md", "*.md", "*.txt"]


def test_a_source_shows_its_runs_and_failures_and_goes_with_all_that_it_held(
    serve: Serve, pool: Pool, schedules: Schedules
) -> None:
    Sources(pool=pool).add(Source(name="help", kind="sample", config={}))
    Failures(pool=pool).note("help", "<script>alert(1)</script>", "unreadable <img src=x>")
    web = serve()
    admin, viewer = (
        Browser(web, pool, somebody(pool)),
        Browser(web, pool, somebody(pool, Role.VIEWER)),
    )

    page = admin.page("/sources/help")
    assert "<script>alert(1)</script>" in page.get_text()
    assert page.select_one("script:not([src])") is None
    assert page.select_one("#runs[hx-get]") is None
    assert viewer.page("/sources/help").select_one("form[action$='/run']") is None

    assert admin.post("/sources/help/run").status_code == 303
    assert admin.page("/sources/help/runs").select_one("#runs[hx-get]") is not None
    assert "supportbot worker" in admin.page("/sources/help/runs").get_text()
    assert admin.post("/sources/help/full").status_code == 303
    with pool.connection() as connection:
        jobs = connection.execute(
            "SELECT args ->> 'full' FROM procrastinate_jobs WHERE task_name = 'sync.source'"
        ).fetchall()
    assert jobs == [("true",)]

    assert page.select_one("form[action$='/retry']") is not None
    assert viewer.page("/sources/help").select_one("form[action$='/retry']") is None
    given = {"document": "<script>alert(1)</script>"}
    assert admin.post("/sources/help/retry", given).status_code == 303
    assert admin.post("/sources/help/retry", {"document": "none"}).status_code == 422
    assert viewer.post("/sources/help/retry", given).status_code == 403
    with pool.connection() as connection:
        (again,) = connection.execute(
            "SELECT args ->> 'again' FROM procrastinate_jobs WHERE args ? 'again'"
        ).fetchall()
    assert again == ('["<script>alert(1)</script>"]',)

    schedules.set("help", cron("0 3 * * *"))
    held = admin.page("/sources/help/delete").get_text()
    assert "1 failed documents" in held
    assert "1 schedules" in held
    assert admin.post("/sources/help/delete").status_code == 303
    assert Sources(pool=pool).all() == ()
    assert admin.get("/sources/help").status_code == 422


def test_a_schedule_is_read_back_in_words_and_in_the_admins_time_zone(
    serve: Serve, pool: Pool, schedules: Schedules
) -> None:
    Sources(pool=pool).add(Source(name="help", kind="sample", config={}))
    admin = Browser(serve(), pool, somebody(pool))
    assert admin.post("/profile", {"name": "Mara", "timezone": "Asia/Tokyo"}).status_code == 303

    reading = admin.page("/schedules/reading?way=cron&cron=30+3+*+*+1-5&timezone=Europe%2FBerlin")
    words = reading.get_text(" ", strip=True)
    assert "At 03:30, Monday through Friday" in words
    assert "Asia/Tokyo" in words
    times = [str(each["datetime"]) for each in reading.select("li time")]
    assert len(times) == 5
    assert all(each[11:16] in {"01:30", "02:30"} for each in times), "03:30 in Berlin, in UTC"
    assert "is never due" in admin.page("/schedules/reading?cron=0+0+30+2+*").get_text()

    refused = admin.post("/schedules/help", {"way": "cron", "cron": "61 * * * *"})
    assert refused.status_code == 422
    assert "61 * * * *" in refused.text
    given = {
        "way": "cron",
        "cron": "30 3 * * 1-5",
        "timezone": "Europe/Berlin",
        "jitter": "5m",
        "full_every": "7d",
    }
    assert admin.post("/schedules/help", given).status_code == 303
    stored = schedules.get("help")
    assert stored.timing == cron("30 3 * * 1-5", timezone="Europe/Berlin")
    assert (stored.jitter, stored.full_every) == (timedelta(minutes=5), timedelta(days=7))
    assert admin.post("/schedules/help/pause").status_code == 303
    assert schedules.get("help").paused
    assert admin.post("/schedules/help/resume").status_code == 303
    assert admin.post("/schedules/help/explode").status_code == 422
    assert admin.post("/schedules/help", {"way": "every", "every": "90m"}).status_code == 303
    assert in_words(schedules.get("help").timing) == "Every 1h30m"
    assert admin.post("/schedules/help/remove").status_code == 303
    assert schedules.all() == ()
    assert admin.post("/schedules/none", {"way": "every", "every": "1h"}).status_code == 422

"""The bot's home: what everybody sees there, and what admins change from it; suggestions beside
messages, and previews of links."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.audit import Audit
from bot.language import LanguageDetector
from bot.slack.home_view import CHANNEL, REFRESH, ROUTE, SOURCE
from bot.timing import Cron, Interval
from bot.triage.models import RoutingTag
from tests.asking import Asking, asking, shown
from tests.fakes.slack.limits import faults_of_view

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Person
    from tests.fakes.slack.records import View

ARTICLE = "https://help.larkmoor.example/hc/en-us/articles/8200000000108-Returning-an-item"


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


@pytest.fixture
def slack(
    pool: ConnectionPool[Connection[Any]], embedder: Embedder, language: LanguageDetector
) -> Iterator[Asking]:
    with asking(pool, embedder, language) as made:
        yield made


@pytest.fixture
def anna(slack: Asking) -> Person:
    return slack.workspace.member("Anna")


@pytest.fixture
def admin(slack: Asking) -> Person:
    return slack.workspace.member("Ada", admin=True)


@pytest.fixture
def support(slack: Asking, anna: Person, admin: Person) -> Channel:
    return slack.workspace.channel("support", [anna, admin])


def opened(slack: Asking, person: Person) -> View:
    """The home, as the person sees it after opening it."""
    slack.workspace.open_app(person)
    slack.settle()
    view = slack.workspace.modals.homes[person.id]
    assert faults_of_view(view.body) == []
    return view


def words(view: View) -> str:
    return shown({"blocks": view.body["blocks"]})


def press(slack: Asking, person: Person, view: View, action: str, chosen: Any = None) -> None:
    answer = slack.workspace.ui.press(person, view, action, chosen)
    assert answer.status == 200
    slack.work()


def only(view: View, action: str, value: str) -> View:
    """The same with one block of that action left, whose first value is this."""
    kept = [
        block
        for block in view.body["blocks"]
        if block.get("accessory", {}).get("action_id") == action and value in str(block)
    ]
    view.body["blocks"] = kept[:1]
    return view


def choose(slack: Asking, person: Person, source: str, verb: str) -> None:
    press(slack, person, only(opened(slack, person), SOURCE, source), SOURCE, f"{verb}:{source}")


def submit(slack: Asking, person: Person, **typed: Any) -> View:
    view = slack.workspace.modals.of(person)
    assert view is not None
    assert faults_of_view(view.body) == []
    assert slack.workspace.ui.submit(person, view, **typed).status == 200
    slack.work()
    return view


def audited(slack: Asking) -> list[tuple[str, str, str]]:
    found = Audit(pool=slack.pool).latest()
    return [(each.actor.name, each.action, each.target) for each in reversed(found)]


# --- Everybody


def test_everybody_sees_how_to_ask_and_members_what_it_knows(slack: Asking, anna: Person) -> None:
    member = words(opened(slack, anna))
    guest = words(opened(slack, slack.workspace.guest("Gus")))

    assert "Ask me in any of these ways" in member
    assert "*sample* (sample): 57, synced" in member
    assert "57 articles that you may read" in member or "56 articles" in member
    assert "For admins" not in member
    assert "Ask me in any of these ways" in guest
    assert "sample" not in guest
    assert "articles that you may read" in guest


def test_what_to_ask_is_suggested_from_what_the_person_may_read(
    slack: Asking, anna: Person
) -> None:
    slack.workspace.open_app(anna, tab="messages")
    slack.settle()

    [suggested] = slack.slack.asked("assistant.threads.setSuggestedPrompts")
    prompts = suggested.arguments["prompts"]
    assert len(prompts) == 4
    known = {row[0] for row in slack.rows("SELECT title FROM documents")}
    assert {each["title"] for each in prompts} <= known
    question = slack.ask(slack.workspace.direct_message(anna), prompts[0]["message"])
    slack.settle()
    assert "*Sources*" in shown(slack.replies(question)[0])


# --- Admins


def test_admins_see_how_things_are(slack: Asking, admin: Person) -> None:
    slack.run("INSERT INTO failed_documents (source, id, reason) VALUES ('sample', '7', 'Broken')")
    slack.parts.problems.note(slack.team, "C1:1.0", "Slack refuses it")
    home = words(opened(slack, admin))

    assert "*Health*" in home
    assert "jobs wait" in home
    assert "sample, 7: Broken" in home
    assert "Slack, C1:1.0: Slack refuses it" in home
    assert "1 documents could not be read" in home
    assert "no schedule" in home
    assert "Nobody yet" in home


def test_who_is_on_the_list_is_an_admin_too_and_no_guest_ever_is(
    slack: Asking, anna: Person
) -> None:
    guest = slack.workspace.guest("Gus")
    slack.admins = frozenset({anna.id, guest.id})
    slack.restart()

    assert "For admins" in words(opened(slack, anna))
    assert "For admins" not in words(opened(slack, guest))


def test_a_schedule_is_made_changed_paused_and_run(slack: Asking, admin: Person) -> None:
    choose(slack, admin, "sample", "edit")
    submit(slack, admin, every="6h", full_every="7d", jitter="5m")
    schedule = slack.schedules.get("sample")
    assert isinstance(schedule.timing, Interval)
    assert (schedule.timing.every, schedule.full_every, schedule.jitter) == (
        timedelta(hours=6),
        timedelta(days=7),
        timedelta(minutes=5),
    )
    assert "every 6h, next" in words(opened(slack, admin))

    choose(slack, admin, "sample", "edit")
    submit(slack, admin, every=None, cron="0 3 * * mon-fri", timezone="Europe/Berlin")
    assert slack.schedules.get("sample").timing == Cron(
        expression="0 3 * * mon-fri", timezone="Europe/Berlin"
    )
    choose(slack, admin, "sample", "pause")
    assert "*paused*" in words(opened(slack, admin))
    choose(slack, admin, "sample", "resume")
    choose(slack, admin, "sample", "run")
    choose(slack, admin, "sample", "full")
    jobs = slack.rows("SELECT args FROM procrastinate_jobs WHERE task_name = 'sync.source'")
    assert jobs == [({"source": "sample", "full": True},)]
    assert [each[1] for each in audited(slack) if each[0] == admin.id] == [
        "schedules added",
        "schedules changed",
        "schedules changed",
        "schedules changed",
        "sync asked for",
        "sync asked for",
    ]


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({}, {"every": "Give either an interval"}),
        ({"every": "6h", "cron": "0 3 * * *"}, {"every": "Give either an interval"}),
        ({"every": "soon"}, {"every": "'soon' is not a duration"}),
        ({"cron": "0 3 *"}, {"cron": "'0 3 *' has 3 fields"}),
        ({"cron": "0 3 * * *", "timezone": "Mars"}, {"timezone": "'Mars' is not a time zone"}),
        ({"every": "6h", "full_every": "x"}, {"full_every": "'x' is not a duration"}),
        ({"every": "1s"}, {"every": "0:00:01 cannot be used"}),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(
    slack: Asking, admin: Person, typed: dict[str, str], errors: dict[str, str]
) -> None:
    choose(slack, admin, "sample", "edit")
    view = submit(slack, admin, **typed)

    assert view.errors.keys() == errors.keys()
    assert all(view.errors[name].startswith(told) for name, told in errors.items())
    assert slack.rows("SELECT count(*) FROM schedules") == [(0,)]


def test_a_channel_is_set_up_and_changed(slack: Asking, admin: Person, support: Channel) -> None:
    press(slack, admin, only(opened(slack, admin), CHANNEL, "new"), CHANNEL)
    submit(
        slack,
        admin,
        channel=support.id,
        flags=["auto"],
        floor="0.6",
        sources=["sample"],
        language="de",
    )
    channel = slack.channels.of(slack.team, support.id)
    assert (channel.auto_answer, channel.floor, channel.language) == (True, 0.6, "de")
    assert channel.sources == {"sample"}
    assert channel.name == "support"
    assert f"<#{support.id}>  answers by itself from 60% on; from sample; language de" in words(
        opened(slack, admin)
    )

    press(slack, admin, only(opened(slack, admin), CHANNEL, support.id), CHANNEL)
    submit(slack, admin, flags=["public"], sources=[], language="-")
    channel = slack.channels.of(slack.team, support.id)
    assert (channel.auto_answer, channel.public_only, channel.sources) == (False, True, None)
    assert audited(slack)[-2:] == [
        (admin.id, "slack_channels added", support.id),
        (admin.id, "slack_channels changed", support.id),
    ]


def test_who_is_asked_is_said_and_taken_back(
    slack: Asking, admin: Person, support: Channel
) -> None:
    group = slack.workspace.group("billing-team", [admin])
    slack.taxonomy.save([RoutingTag(name="billing")])
    press(slack, admin, only(opened(slack, admin), ROUTE, "new"), ROUTE)
    submit(slack, admin, tag="tag:billing", group=group.id, channel=support.id)
    press(slack, admin, only(opened(slack, admin), ROUTE, "new"), ROUTE)
    submit(slack, admin, tag="tag:", channel=support.id)
    home = words(opened(slack, admin))
    assert f"`billing`: <!subteam^{group.id}> in <#{support.id}>" in home
    assert f"everything else: in <#{support.id}>" in home

    press(slack, admin, only(opened(slack, admin), ROUTE, "billing"), ROUTE)
    submit(slack, admin, group="-", flags=["thread"])
    assert [each.tag for each in slack.parts.routes.all(slack.team)] == [""]
    assert audited(slack)[-1] == (admin.id, "slack_routes removed", "billing")


def test_nobody_else_changes_anything(
    slack: Asking, anna: Person, admin: Person, support: Channel
) -> None:
    """Whatever somebody sends who saw an admin's buttons: here by using those of an admin."""
    for action, value in ((SOURCE, "sample"), (CHANNEL, "new"), (ROUTE, "new")):
        view = only(opened(slack, admin), action, value)
        view.user = anna.id
        chosen = "run:sample" if action == SOURCE else None
        press(slack, anna, view, action, chosen)
    assert slack.workspace.modals.of(anna) is None
    assert slack.rows("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'sync%'") == [
        (0,)
    ]

    press(slack, admin, only(opened(slack, admin), CHANNEL, "new"), CHANNEL)
    admin.admin = False
    slack.run("DELETE FROM slack_people")
    view = submit(slack, admin, channel=support.id, flags=["auto"])
    assert view.errors == {"language": "Only admins of the workspace may change this."}
    assert slack.channels.all(slack.team) == ()


def test_the_home_is_read_anew_on_request(slack: Asking, anna: Person) -> None:
    view = opened(slack, anna)
    slack.run("DELETE FROM documents")
    press(slack, anna, view, REFRESH)

    assert "0 articles that you may read" in words(slack.workspace.modals.homes[anna.id])


# --- Previews of links


@pytest.fixture
def previewing(slack: Asking) -> Asking:
    slack.slack.app.unfurl_domains = ("help.larkmoor.example",)
    return slack


def test_a_link_to_an_article_gets_a_preview(
    previewing: Asking, anna: Person, support: Channel
) -> None:
    url = f"{ARTICLE}?from=mail#how-to-return"
    message = previewing.workspace.say(anna, support, f"see <{url}> and <https://else.example/x>")
    previewing.settle()

    [(link, preview)] = message.unfurls.items()
    assert link == url
    assert f"*<{ARTICLE}|Returning an item>*" in shown(preview)
    assert "Edited Apr 12, 2025" in shown(preview)


def test_what_is_internal_gets_one_only_where_everybody_may_read_it(
    previewing: Asking, anna: Person
) -> None:
    [[url]] = [
        list(row)
        for row in previewing.rows(
            "SELECT url FROM documents WHERE title = 'Refund exceptions and goodwill limits'"
        )
    ]
    team = previewing.workspace.channel("team", [anna])
    mixed = previewing.workspace.channel("mixed", [anna, previewing.workspace.guest("Gus")])
    inside = previewing.workspace.say(anna, team, f"<{url}>")
    outside = previewing.workspace.say(anna, mixed, f"<{url}>")
    previewing.settle()

    assert ":lock: Internal" in shown(inside.unfurls[url])
    assert outside.unfurls == {}


def test_a_message_that_is_gone_gets_no_preview(
    previewing: Asking, anna: Person, support: Channel
) -> None:
    message = previewing.workspace.say(anna, support, f"<{ARTICLE}>")
    previewing.deliver()
    message.deleted = True
    previewing.work()

    assert [each.error for each in previewing.slack.asked("chat.unfurl")] == ["cannot_find_message"]

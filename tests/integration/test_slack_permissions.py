"""Who is told what, by the real parts: every kind of asker in every kind of conversation beside
every kind of bystander. What the team alone knows is found and said only where nobody else reads.

`pytest tests/integration/test_slack_permissions.py` asks once in each; the unit tests go through
the facts that Slack tells in many more combinations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from bot.language import LanguageDetector
from tests.asking import Asking, asking, shown

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Person, Workspace

INTERNAL = "How much goodwill may I give without asking my team lead?"
PUBLIC = "How long do I have to return a jacket?"

OWN = frozenset({"member", "admin"})
"""Who may know what the team knows; of an organisation its other workspaces' members too."""

ASKERS = ("member", "admin", "colleague", "guest", "single", "external", "unmarked", "bot")
BYSTANDERS = ("nobody", "member", "colleague", "guest", "single", "external", "bot", "gone")
ROOMS = ("public", "private", "shared", "pending", "mpim", "im")


class People:
    """One of each kind."""

    def __init__(self, workspace: Workspace) -> None:
        partner = workspace.company("Partner")
        make: dict[str, Callable[[str], Person]] = {
            "member": workspace.member,
            "admin": lambda name: workspace.member(name, admin=True),
            "colleague": workspace.colleague,
            "guest": workspace.guest,
            "single": lambda name: workspace.guest(name, channels=1),
            "external": lambda name: workspace.external(name, partner, stranger=False),
            "unmarked": lambda name: workspace.external(name, partner, stranger=None),
            "bot": workspace.other_bot,
            "gone": workspace.member,
        }
        self.workspace, self.partner = workspace, partner
        self.asking = {each: make[each](f"{each}-asks") for each in ASKERS}
        self.reading = {each: make[each](f"{each}-reads") for each in BYSTANDERS[1:]}
        workspace.deactivate(self.reading["gone"])

    def room(self, kind: str, asker: Person, bystander: Person | None) -> Channel:
        people = [asker, *([bystander] if bystander else [])]
        match kind:
            case "im":
                return self.workspace.direct_message(asker)
            case "mpim":
                return self.workspace.group_message(people)
            case "shared":
                return self.workspace.channel("shared", people, shared_with=[self.partner])
            case "pending":
                return self.workspace.channel("pending", people, pending_with=[self.partner])
        return self.workspace.channel(kind, people, private=kind == "private")


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


@pytest.fixture(params=[None, "E0ACME"], ids=["workspace", "organisation"])
def slack(
    request: pytest.FixtureRequest,
    pool: ConnectionPool[Connection[Any]],
    embedder: Embedder,
    language: LanguageDetector,
) -> Iterator[Asking]:
    with asking(pool, embedder, language, enterprise_id=request.param) as made:
        yield made


def allowed(asker: str, bystander: str, room: str, *, organisation: bool) -> bool:
    """What must come out, said without any of the product's words."""
    own = OWN | {"colleague"} if organisation else OWN
    if asker not in own:
        return False
    if room == "im":
        return True
    if room in {"shared", "pending"}:
        return False
    return bystander in own | {"nobody", "bot", "gone"}


def test_nobody_outside_is_told_what_the_team_knows(slack: Asking) -> None:
    people = People(slack.workspace)
    organisation = slack.workspace.team.enterprise_id is not None
    wrong, told = [], 0
    for asker, bystander, room in product(ASKERS, BYSTANDERS, ROOMS):
        if room == "im" and bystander != "nobody":
            continue
        channel = people.room(room, people.asking[asker], people.reading.get(bystander))
        question = slack.ask(channel, INTERNAL, by=people.asking[asker])
        slack.settle()
        found = _passages(slack)
        said = "\n".join(map(shown, slack.replies(question)))
        may = allowed(asker, bystander, room, organisation=organisation)
        internal = any("public" not in labels for labels in found) or ":lock:" in said
        told += internal
        if internal != may or bool(said) == (asker == "bot"):
            wrong.append((asker, bystander, room, internal, said[:80]))
    assert wrong == []
    assert told > 10


def _passages(slack: Asking) -> list[list[str]]:
    """The audiences of everything that was found since the last time."""
    rows = slack.rows("SELECT audience FROM question_passages")
    slack.rows("DELETE FROM questions RETURNING 1")
    return [row[0] for row in rows]


def test_where_others_read_the_rest_is_offered(slack: Asking) -> None:
    anna, guest = slack.workspace.member("Anna"), slack.workspace.guest("Gus")
    channel = slack.workspace.channel("with-guests", [anna, guest])
    for asker in (anna, guest):
        slack.ask(channel, PUBLIC, by=asker)
    slack.settle()

    member, outsider = map(shown, slack.workspace.from_bot(channel))
    assert "60 days" in member
    assert "60 days" in outsider
    assert "Others can read along here" in member
    assert "All of it by direct message" in member
    assert "direct message" not in outsider


def test_who_comes_in_counts_from_the_next_question_on(slack: Asking) -> None:
    anna, guest = slack.workspace.member("Anna"), slack.workspace.guest("Gus")
    channel = slack.workspace.channel("support", [anna])
    before = slack.ask(channel, INTERNAL)
    slack.settle()
    slack.workspace.join(guest, channel)
    after = slack.ask(channel, INTERNAL)
    slack.settle()

    assert ":lock:" in shown(slack.replies(before)[0])
    assert ":lock:" not in shown(slack.replies(after)[0])


def test_who_becomes_a_guest_counts_from_then_on(slack: Asking) -> None:
    anna, bob = slack.workspace.member("Anna"), slack.workspace.member("Bob")
    channel = slack.workspace.channel("support", [anna, bob])
    slack.ask(channel, INTERNAL)
    slack.settle()
    bob.guest = "multi_channel"
    slack.rows("UPDATE slack_people SET fetched_at = now() - interval '1 hour' RETURNING 1")
    slack.rows("UPDATE slack_rooms SET fetched_at = now() - interval '1 hour' RETURNING 1")
    after = slack.ask(channel, INTERNAL)
    slack.settle()

    assert ":lock:" not in shown(slack.replies(after)[0])


@pytest.mark.parametrize("method", ["users.info", "conversations.info", "conversations.members"])
def test_what_slack_does_not_tell_counts_against_it(slack: Asking, method: str) -> None:
    anna = slack.workspace.member("Anna")
    channel = slack.workspace.channel("support", [anna])
    slack.slack.failures.plan(500, method=method, times=2)
    question = slack.ask(channel, INTERNAL)
    slack.settle()

    assert ":lock:" not in shown(slack.replies(question)[0])


def test_many_members_are_looked_up_together(slack: Asking) -> None:
    people = [slack.workspace.member(f"Person {number}") for number in range(60)]
    channel = slack.workspace.channel("everybody", people)
    question = slack.ask(channel, INTERNAL)
    slack.settle()
    asked = [each.method for each in slack.slack.journal]

    assert ":lock:" in shown(slack.replies(question)[0])
    assert asked.count("users.info") <= 2
    assert asked.count("users.list") == 1


def test_an_answer_for_the_team_is_not_repeated_to_others(slack: Asking) -> None:
    """In the thread of an answer for the team, once others can read along."""
    anna, guest = slack.workspace.member("Anna"), slack.workspace.guest("Gus")
    channel = slack.workspace.channel("support", [anna])
    question = slack.ask(channel, INTERNAL)
    slack.settle()
    slack.workspace.join(guest, channel)
    slack.ask(channel, "And for the manager?", thread=question)
    slack.settle()

    history = slack.rows("SELECT history FROM questions ORDER BY asked_at DESC LIMIT 1")[0][0]
    assert [each["speaker"] for each in history] == ["customer"]

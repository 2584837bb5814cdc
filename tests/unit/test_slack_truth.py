"""Who may read a Slack channel, as what the bot decides is held to it."""

from __future__ import annotations

from time import time

from tests.fakes.slack import App, Workspace
from tests.fakes.slack.records import Numbers
from tests.fakes.slack.truth import insider, outsiders, readers


def workspace(enterprise_id: str | None = None) -> Workspace:
    return Workspace(
        app=App(), numbers=Numbers(clock=time), clock=time, enterprise_id=enterprise_id
    )


def test_insiders_are_full_members_of_the_workspace_or_organisation() -> None:
    acme, org = workspace(), workspace("E1")
    left = acme.member("Lea")
    acme.deactivate(left)
    outside = [
        acme.guest("Gus"),
        acme.external("Eve", acme.company("Globex"), stranger=None),
        acme.colleague("Cora"),  # of a workspace that has no organisation in common
        acme.other_bot("Zendesk"),
        left,
    ]

    assert insider(acme.member("Ann"), acme.team)
    assert insider(org.colleague("Cora"), org.team)
    assert not any(insider(each, acme.team) for each in outside)
    assert not insider(org.external("Eve", org.company("Globex", enterprise_id="E2")), org.team)


def test_outsiders_are_whoever_else_may_read_along() -> None:
    acme = workspace()
    globex = acme.company("Globex")
    ann, gus, eve = acme.member("Ann"), acme.guest("Gus"), acme.external("Eve", globex)

    assert outsiders(acme.channel("public", [ann]), acme) == []
    assert outsiders(acme.channel("with-guest", [ann, gus]), acme) == ["Gus"]
    assert outsiders(acme.channel("invited", [ann], pending_with=[globex]), acme) == ["Globex"]
    assert outsiders(acme.channel("shared", [ann], shared_with=[globex]), acme) == [
        "Eve",
        "Globex",
    ]
    assert outsiders(acme.channel("hidden", [ann], private=True), acme) == []
    assert outsiders(acme.direct_message(eve), acme) == ["Eve"]


def test_public_channels_are_read_by_members_who_are_not_in_them() -> None:
    acme = workspace()
    ann, bob, gus = acme.member("Ann"), acme.member("Bob"), acme.guest("Gus")
    public = acme.channel("public", [ann])
    private = acme.channel("private", [ann], private=True)

    assert {each.name for each in readers(public, acme)} >= {"ann", "bob"}
    assert gus not in readers(public, acme)
    assert readers(private, acme) == [ann]
    assert bob not in readers(private, acme)

"""Who is told what: every kind of asker in every kind of conversation with every kind of person
reading along, as Slack describes them."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import pytest

from bot.slack.access import ALONE, Home, Limit, Room, decide, is_shared, kind_of, person
from indexing.models import AGENTS, Reader

OWN, OTHER, ORGANISATION = "T1", "T9", "E1"
HOMES = (Home(team=OWN), Home(team=OWN, enterprise=ORGANISATION))

# The user objects, and whether that person is of the own team in a workspace and an organisation.
# Strangers in shared channels come with and without Slack's mark.
USERS: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "member": ({"team_id": OWN, "is_stranger": False}, True, True),
    "admin": ({"team_id": OWN, "is_admin": True}, True, True),
    "colleague": (
        {"team_id": "T2", "enterprise_user": {"enterprise_id": ORGANISATION}},
        False,
        True,
    ),
    "guest": ({"team_id": OWN, "is_restricted": True}, False, False),
    "single-channel guest": (
        {"team_id": OWN, "is_restricted": True, "is_ultra_restricted": True},
        False,
        False,
    ),
    "guest of the organisation": (
        {
            "team_id": "T2",
            "is_restricted": True,
            "enterprise_user": {"enterprise_id": ORGANISATION},
        },
        False,
        False,
    ),
    "external": ({"team_id": OTHER, "is_stranger": True}, False, False),
    "external, not marked": ({"team_id": OTHER, "is_stranger": False}, False, False),
    "external, nothing said": ({"team_id": OTHER}, False, False),
    "external organisation": (
        {"team_id": OTHER, "enterprise_user": {"enterprise_id": "E9"}},
        False,
        False,
    ),
    "own team, but a stranger": ({"team_id": OWN, "is_stranger": True}, False, False),
    "nothing known": ({}, False, False),
}
BOT = {"team_id": OWN, "is_bot": True}
GONE = {"team_id": OWN, "deleted": True}

# The conversation objects, and whether another organisation has part in them.
ROOMS: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "public": ({"is_channel": True}, False, False),
    "private": ({"is_group": True, "is_private": True}, False, False),
    "group message": ({"is_mpim": True, "is_private": True}, False, False),
    "shared": ({"is_channel": True, "is_shared": True, "is_ext_shared": True}, True, True),
    "shared, private": ({"is_private": True, "is_ext_shared": True}, True, True),
    "invited": ({"is_channel": True, "is_pending_ext_shared": True}, True, True),
    "invited, by a list": ({"is_channel": True, "pending_shared": [OTHER]}, True, True),
    "shared, nothing else said": ({"is_channel": True, "is_shared": True}, True, True),
    "shared, by a list": ({"is_channel": True, "shared_team_ids": [OWN, OTHER]}, True, True),
    "connected": ({"is_channel": True, "connected_team_ids": [OTHER]}, True, True),
    "within the organisation": (
        {"is_channel": True, "is_shared": True, "is_org_shared": True},
        True,
        False,
    ),
    "within and without": (
        {"is_channel": True, "is_org_shared": True, "is_ext_shared": True},
        True,
        True,
    ),
}


def is_own(name: str, home: Home) -> bool:
    return USERS[name][2 if home.enterprise else 1]


@pytest.mark.parametrize("home", HOMES, ids=["workspace", "organisation"])
def test_nobody_outside_reads_what_the_team_knows(home: Home) -> None:
    cases = internal = 0
    companies = [
        set(others) for count in range(3) for others in combinations([*USERS, "bot", "gone"], count)
    ]
    for asker, (room, (told, *shared)), others in product(USERS, ROOMS.items(), companies):
        people = [*others - {"bot", "gone"}, asker]
        objects = [USERS[each][0] for each in people]
        objects += [BOT] * ("bot" in others) + [GONE] * ("gone" in others)
        reading = [person(each).may_read_along(home) for each in objects]
        decided = decide(
            person(USERS[asker][0]),
            Room(
                kind=kind_of(told),
                is_shared=is_shared(told, home),
                has_outsiders=not all(reading),
            ),
            home,
        )
        outside = shared[bool(home.enterprise)]
        allowed = not outside and all(is_own(each, home) for each in people)
        assert (AGENTS in decided.reader.labels) == allowed, (asker, room, others)
        cases += 1
        internal += allowed
    assert cases > 10_000
    assert internal > 30


@pytest.mark.parametrize("home", HOMES, ids=["workspace", "organisation"])
@pytest.mark.parametrize("asker", USERS)
def test_alone_everybody_reads_as_what_they_are(asker: str, home: Home) -> None:
    decided = decide(person(USERS[asker][0]), ALONE, home)

    assert (decided.reader == Reader.agent()) == is_own(asker, home)
    assert decided.limit == (Limit.NONE if is_own(asker, home) else Limit.ASKER)


@pytest.mark.parametrize(
    ("asker", "room", "limit"),
    [
        (None, ALONE, Limit.ASKER),
        (BOT, ALONE, Limit.ASKER),
        (GONE, ALONE, Limit.ASKER),
        ({"team_id": OWN}, None, Limit.UNKNOWN),
        (
            {"team_id": OWN},
            Room(kind="channel", is_shared=False, has_outsiders=None),
            Limit.UNKNOWN,
        ),
        ({"team_id": OWN}, Room(kind="channel", is_shared=True, has_outsiders=None), Limit.ROOM),
    ],
)
def test_what_is_not_known_counts_against_it(
    asker: dict[str, Any] | None, room: Room | None, limit: Limit
) -> None:
    decided = decide(person(asker) if asker else None, room, HOMES[0])

    assert (decided.reader, decided.limit) == (Reader.customer(), limit)
    assert decided.offers_rest == (limit is not Limit.ASKER)


def test_the_admin_may_narrow_what_a_channel_is_told() -> None:
    room = Room(kind="channel", is_shared=False, has_outsiders=False)
    decided = decide(person({"team_id": OWN}), room, HOMES[0], public_only=True)

    assert (decided.reader, decided.limit) == (Reader.customer(), Limit.SETTING)

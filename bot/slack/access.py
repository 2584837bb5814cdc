"""Who may be told what, from who asks and who can read along. Pure.

Internal knowledge is for full members of the own workspace or organisation, and only where nobody
else can read. Whatever is not known counts against it. Whether somebody is a "stranger" to Slack
says little: people of other organisations in shared channels are none.
https://docs.slack.dev/reference/objects/user-object
https://docs.slack.dev/reference/objects/conversation-object
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast, get_args

from bot.slack.places import RoomKind
from indexing.models import Reader

_KINDS = frozenset(get_args(RoomKind))


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """Whose bot it is: a workspace, and the organisation that it belongs to, or "". `is_own` is
    whether it is the team's: another company's that installed the app has no members here."""

    team: str
    enterprise: str = ""
    is_own: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """What of a user decides. `team` and `enterprise` are the user's own, "" where not told."""

    id: str
    team: str = ""
    enterprise: str = ""
    is_guest: bool = False
    is_bot: bool = False
    is_stranger: bool = False
    is_gone: bool = False
    is_admin: bool = False

    def belongs_to(self, home: Home) -> bool:
        """Whether the user is of the own workspace or organisation, as a guest or not."""
        if self.is_stranger or not home.is_own:
            return False
        same_team = bool(self.team) and self.team == home.team
        return same_team or (bool(home.enterprise) and self.enterprise == home.enterprise)

    def is_member(self, home: Home) -> bool:
        """Whether the user is a person who may know what the team knows."""
        return self.belongs_to(home) and not (self.is_guest or self.is_bot or self.is_gone)

    def may_read_along(self, home: Home) -> bool:
        """Whether nothing is told to the wrong one where this user reads. The own workspace's
        programs are in every channel; who is gone reads nothing."""
        return self.is_gone or (self.belongs_to(home) and not self.is_guest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """What of a conversation decides. `is_shared` is whether another organisation has or may soon
    have part in it; `has_outsiders` whether anybody in it may not read along, None where that is
    not known."""

    kind: RoomKind
    is_shared: bool
    has_outsiders: bool | None
    name: str = ""


class Limit(StrEnum):
    """Why an answer uses public knowledge only."""

    NONE = ""
    ASKER = "the asker is no full member"
    ROOM = "others can read along"
    SETTING = "the admin wants it"
    UNKNOWN = "not known who can read along"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """For whom an answer is written, and what limits it."""

    reader: Reader
    limit: Limit = Limit.NONE

    @property
    def offers_rest(self) -> bool:
        """Whether the asker, alone, may be told more than this conversation."""
        return self.limit in {Limit.ROOM, Limit.SETTING, Limit.UNKNOWN}


def decide(
    asker: Person | None, room: Room | None, home: Home, *, public_only: bool = False
) -> Access:
    """Whom to answer for. `room` is where everybody in it reads the answer; None for one that is
    not known. `public_only` is the admin's wish for it. For what only the asker sees, give
    ALONE."""
    if asker is None or not asker.is_member(home):
        return _public(Limit.ASKER)
    if public_only:
        return _public(Limit.SETTING)
    if room is None:
        return _public(Limit.UNKNOWN)
    if room.is_shared or room.has_outsiders:
        return _public(Limit.ROOM)
    if room.kind != "im" and room.has_outsiders is None:
        return _public(Limit.UNKNOWN)
    return Access(reader=Reader.agent())


ALONE = Room(kind="im", is_shared=False, has_outsiders=False)
"""What one person sees: a direct message with the bot, or a message for nobody else."""


def _public(limit: Limit) -> Access:
    return Access(reader=Reader.customer(), limit=limit)


def person(user: Mapping[str, Any]) -> Person:
    """What a user object says. What it does not say is taken for the worse."""
    organisation = user.get("enterprise_user")
    enterprise = organisation.get("enterprise_id") if isinstance(organisation, Mapping) else ""
    return Person(
        id=str(user.get("id") or ""),
        team=str(user.get("team_id") or ""),
        enterprise=str(enterprise or ""),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_bot=bool(user.get("is_bot") or user.get("is_app_user")),
        is_stranger=bool(user.get("is_stranger")),
        is_gone=bool(user.get("deleted")),
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
    )


def kind_of(channel: Mapping[str, Any]) -> RoomKind:
    """Which kind of conversation a conversation object is."""
    if channel.get("is_im"):
        return "im"
    if channel.get("is_mpim"):
        return "mpim"
    return "group" if channel.get("is_private") or channel.get("is_group") else "channel"


def is_shared(channel: Mapping[str, Any], home: Home) -> bool:
    """Whether another organisation has, or is invited to have, part in a conversation."""
    if channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
        return True
    if channel.get("pending_shared") or channel.get("pending_connected_team_ids"):
        return True
    if channel.get("is_org_shared"):  # among workspaces of one organisation
        return not home.enterprise
    if channel.get("is_shared"):
        return True
    teams = {*(channel.get("shared_team_ids") or ()), *(channel.get("connected_team_ids") or ())}
    return bool(teams - {home.team, home.enterprise})


def known_kind(text: str) -> RoomKind | None:
    """The kind of that name, as events tell it; None for anything else."""
    return cast("RoomKind", text) if text in _KINDS else None

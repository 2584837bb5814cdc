"""What can happen in Slack that anything here depends on."""

from __future__ import annotations

from dataclasses import dataclass

from bot.slack.access import Person
from bot.slack.places import Place, RoomKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """Somebody wrote a message, or within EDITS_COUNT another wording of it. `names_bot` is
    whether it mentions the bot. `room` is None where the event does not tell. `edited` is the
    `ts` of the edit, "" for the first wording. `shared` is whether Slack says that people of
    other organisations are in the conversation: False proves nothing."""

    place: Place
    ts: str
    user: str
    text: str
    names_bot: bool
    room: RoomKind | None = None
    edited: str = ""
    shared: bool = False
    has_files: bool = False

    @property
    def begins_thread(self) -> bool:
        return self.ts == self.place.thread


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawn:
    """Somebody deleted a message."""

    team: str
    channel: str
    ts: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonChanged:
    """Somebody came, or is somebody else to the workspace now."""

    team: str
    person: Person


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomChanged:
    """Who can read a conversation may have changed. `bot_joined` is whether the bot came in."""

    team: str
    channel: str
    bot_joined: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeOpened:
    """Somebody looks at the bot's home, or at the messages with it, which are `channel`."""

    team: str
    user: str
    channel: str
    tab: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LinksShared:
    """Somebody wrote links of the domains that the app shows previews for. They stand in a
    message, or, while that is being written, in one known by `unfurl` and `source` only."""

    team: str
    channel: str
    user: str
    ts: str
    unfurl: str
    source: str
    urls: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamStopped:
    """Somebody pressed "stop" while an answer was being written."""

    place: Place
    ts: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Uninstalled:
    """The app was removed from a workspace, or its tokens were, `at` seconds since 1970; where
    `from_organisation`, from the whole organisation `enterprise`."""

    team: str
    enterprise: str
    at: float
    from_organisation: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """Nothing that anything here depends on, and why."""

    why: str


Event = (
    Said
    | Withdrawn
    | PersonChanged
    | RoomChanged
    | HomeOpened
    | LinksShared
    | StreamStopped
    | Uninstalled
    | Ignored
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An event as it came. What Slack sends again has the same `id`."""

    id: str
    kind: str
    event: Event

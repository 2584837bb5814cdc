"""What a Slack workspace is made of: teams, people, channels, messages, streams, views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import Any, Literal

Json = dict[str, Any]
ChannelKind = Literal["public", "private", "im", "mpim"]
Guest = Literal["", "multi_channel", "single_channel"]


@dataclass(kw_only=True, eq=False)
class Team:
    """A workspace, ours or somebody else's; `enterprise_id` where it belongs to an organisation."""

    id: str
    name: str
    domain: str
    enterprise_id: str | None = None


@dataclass(kw_only=True, eq=False)
class Person:
    """Somebody with a user id. `stranger` is what users.info says of people of other teams: True,
    False, or None where the key is missing, as it can be for members of shared channels."""

    id: str
    team: Team
    name: str
    real_name: str
    email: str
    admin: bool = False
    owner: bool = False
    guest: Guest = ""
    bot_id: str = ""
    app_id: str = ""
    deleted: bool = False
    stranger: bool | None = None
    locale: str = "en-US"
    tz: str = "Europe/Amsterdam"
    updated_at: float = 0.0

    @property
    def is_bot(self) -> bool:
        return bool(self.bot_id)


@dataclass(kw_only=True, eq=False)
class UserGroup:
    id: str
    handle: str
    name: str
    members: list[Person]
    created_by: Person
    created_at: float
    disabled: bool = False


@dataclass(kw_only=True, eq=False)
class Channel:
    """`shared_with` are the other companies in a Slack Connect channel, `pending_with` those that
    were invited to it and have not come yet."""

    id: str
    kind: ChannelKind
    name: str
    creator: Person
    created_at: float
    members: list[Person] = field(default_factory=list)
    shared_with: list[Team] = field(default_factory=list)
    pending_with: list[Team] = field(default_factory=list)
    org_shared: bool = False
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """What events call `channel_type`."""
        return {"public": "channel", "private": "group"}.get(self.kind, self.kind)

    @property
    def is_ext_shared(self) -> bool:
        return bool(self.shared_with)

    def has(self, person: Person) -> bool:
        return any(each.id == person.id for each in self.members)


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What a message said before somebody changed it."""

    text: str
    blocks: list[Json]
    attachments: list[Json]


@dataclass(kw_only=True, eq=False)
class Stream:
    """A message that is being written: open until it is stopped, by the app, by a person, or by
    its age. `chunks` is everything that was appended, in order."""

    started_at: float
    recipient: str
    recipient_team: str
    display: str
    state: Literal["open", "stopped", "stopped_by_user", "expired"] = "open"
    chunks: list[Json] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Message:
    """`history` is what it said before, the oldest first. A deleted message keeps its words here,
    though nobody is shown them any more."""

    channel: Channel
    author: Person
    ts: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str = ""
    subtype: str = ""
    client_msg_id: str = ""
    username: str = ""
    edited_ts: str = ""
    edited_by: str = ""
    deleted: bool = False
    unfurl_links: bool = True
    names_linked: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    unfurls: dict[str, Json] = field(default_factory=dict)
    history: list[Edition] = field(default_factory=list)
    stream: Stream | None = None

    @property
    def root_ts(self) -> str:
        """The thread that it is in, or that it starts."""
        return self.thread_ts or self.ts


@dataclass(kw_only=True, eq=False)
class Ephemeral:
    """A message that one person sees; it is in nobody's history. `gone`: the app took it away."""

    channel: Channel
    user: str
    ts: str
    text: str
    blocks: list[Json]
    thread_ts: str = ""
    attachments: list[Json] = field(default_factory=list)
    gone: bool = False


@dataclass(kw_only=True, eq=False)
class Status:
    """The line below a thread that says what the app is doing; empty once it is cleared."""

    channel_id: str
    thread_ts: str
    status: str
    loading_messages: list[str]
    set_at: float


@dataclass(kw_only=True, eq=False)
class Session:
    """An agent's session on a thread."""

    channel_id: str
    thread_ts: str
    status: str
    title: str = ""


@dataclass(kw_only=True, eq=False)
class View:
    """A modal or a home tab. `stack` is shared by the modals that lie on each other; `values` is
    what was typed and chosen, by block and action; `errors` what the app said of it, by block."""

    id: str
    user: str
    body: Json
    hash: str
    opened_at: float
    stack: list[View] = field(default_factory=list)
    closed: bool = False
    values: dict[str, Json] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return str(self.body["type"])


class Numbers:
    """Ids and message timestamps, none of them twice in one run of the stand-in."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count = count(1)
        self._last_ts = 0
        self._lock = Lock()

    def id(self, prefix: str) -> str:
        return f"{prefix}{next(self._count):09d}"

    def ts(self) -> str:
        """Seconds with six decimals, later than every one before."""
        with self._lock:
            self._last_ts = max(int(self._clock() * 1_000_000), self._last_ts + 1)
            seconds, fraction = divmod(self._last_ts, 1_000_000)
        return f"{seconds}.{fraction:06d}"

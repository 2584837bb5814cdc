"""What was asked in Slack and what is replied, in the words of the books."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.models import HandoffReason, OutcomeKind
from bot.slack.places import Place


class Way(StrEnum):
    """How somebody came to ask."""

    MENTION = "mention"
    DIRECT = "direct"
    FOLLOW_UP = "follow_up"
    AUTO = "auto"
    COMMAND = "command"
    SHORTCUT = "shortcut"
    REST = "rest"
    PUBLISHED = "published"


class Why(StrEnum):
    """Why a message is left alone: the whole list."""

    OTHER_BOT = "other bot"
    NO_QUESTION = "not a question"
    NOT_SURE = "not sure enough to speak up"
    WITHDRAWN = "withdrawn by its author"
    CHANNEL_GONE = "the conversation cannot be written to"
    NOT_PUBLIC = "others may not read the answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One message of a reply. `marker` is unique among all parts; `message` is what
    chat.postMessage takes beside the place, and empty where what was there is to go; `ts` is set
    once Slack has it. `channel` is where it goes, with no thread, if not where it was asked."""

    marker: str
    message: dict[str, Any]
    ts: str = ""
    channel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question as it is in the books. `thread` is "" where its reply is for the asker only.
    `revision` counts its wordings, `answered` is the one that `parts` answer. `stream` is the `ts`
    of the message in which the answer is being written, STARTING where that is not known.
    `sending_for` are the seconds since `parts` were last about to be posted, `since` when it was
    asked in seconds since 1970, `waited` for how long that is by the database's clock. `origin` is
    the question whose answer it repeats."""

    id: UUID
    team: str
    channel: str
    thread: str
    ts: str | None
    user: str
    way: Way
    room: str
    shared: bool
    has_files: bool
    text: str
    respond_to: str
    revision: int
    withdrawn: bool
    state: str
    answered: int
    parts: tuple[Part, ...]
    stream: str
    sending_for: float
    outcome: str
    reason: str
    why: str
    audience: frozenset[str]
    origin: UUID | None
    since: float
    waited: float

    @property
    def is_whispered(self) -> bool:
        """Whether its reply is shown to the asker only, where Slack keeps nothing."""
        return self.way in {Way.COMMAND, Way.SHORTCUT}

    @property
    def is_settled(self) -> bool:
        """Whether it has the reply that it is to have."""
        if self.state != "done":
            return False
        return not self.parts if self.withdrawn else self.answered >= self.revision

    @property
    def reply(self) -> Reply:
        """What the books say became of it, once it has been announced or settled."""
        return Reply(
            outcome=OutcomeKind(self.outcome),
            reason=HandoffReason(self.reason) if self.reason else None,
            why=Why(self.why) if self.why else None,
            audience=self.audience,
            parts=self.parts,
        )

    @property
    def place(self) -> Place:
        """Where its reply goes."""
        return Place(team=self.team, channel=self.channel, thread=self.thread)


@dataclass(frozen=True, kw_only=True, slots=True)
class Aside:
    """A question that no message of its own asks. `thread` is where its reply would be posted, if
    it is; `respond_to` is where Slack takes what only the asker sees."""

    id: UUID
    team: str
    channel: str
    user: str
    way: Way
    text: str
    thread: str = ""
    room: str = ""
    respond_to: str = ""
    origin: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What became of a question. `audience` are the labels of whom it was written for; `parts`
    is empty where nothing is said."""

    outcome: OutcomeKind
    reason: HandoffReason | None = None
    why: Why | None = None
    audience: frozenset[str] = frozenset()
    parts: tuple[Part, ...] = field(default=())


STARTING = "starting"


def question_id(team: str, channel: str, ts: str) -> UUID:
    """The same for the same message however often it is dealt with, so that records of an
    attempt that was broken off are written over."""
    return uuid5(NAMESPACE_URL, f"supportbot:slack:{team}:{channel}:{ts}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """A question of the same thread that has its reply. `said` are the statements of the answer;
    `audience` whom it was written for."""

    text: str
    said: tuple[str, ...]
    audience: frozenset[str]

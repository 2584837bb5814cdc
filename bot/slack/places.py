"""Where something is said in Slack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RoomKind = Literal["im", "mpim", "group", "channel"]
"""As Slack names them: a direct message, one to several people, a private and a public channel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One thread of one conversation. `team` is the workspace that the app is installed in;
    `thread` is the `ts` of the thread's first message, which may have no other."""

    team: str
    channel: str
    thread: str

    @property
    def key(self) -> str:
        """The same text for the same place, for locks."""
        return f"{self.team}:{self.channel}:{self.thread}"

"""One call of the Web API: its arguments however they were sent, and what every method asks of
the token, the channel and the page before it answers.

https://docs.slack.dev/apis/web-api/
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.fakes.slack.access import Token, TokenKind
from tests.fakes.slack.records import Channel, Json, Message, Person
from tests.fakes.slack.refusals import Refused, refused_arguments
from tests.fakes.slack.workspace import Workspace

Item = TypeVar("Item")

_KINDS = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
LARGEST_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Method:
    """What a method needs: a scope, a kind of token, arguments. `per_minute` is its tier, 0 where
    it has a limit of its own or none. `takes_json`: others hear form fields only."""

    answer: Callable[[Call], Json]
    scope: str = ""
    needs: tuple[str, ...] = ()
    token: tuple[TokenKind, ...] = ("bot",)
    takes_json: bool = True
    per_minute: int = 0


TIER_1, TIER_2, TIER_3, TIER_4 = 1, 20, 50, 100


@dataclass(frozen=True, kw_only=True)
class Call:
    """`arguments` are texts where they came as form fields, anything where they came as JSON."""

    name: str
    arguments: Mapping[str, Any]
    caller: Token

    @property
    def workspace(self) -> Workspace:
        """The workspace that the token belongs to; only app-level tokens have none."""
        if self.caller.workspace is None:
            raise Refused("not_allowed_token_type")
        return self.caller.workspace

    # --- Arguments

    def text(self, name: str) -> str:
        found = self.arguments.get(name)
        return "" if found is None else str(found)

    def flag(self, name: str, *, default: bool = False) -> bool:
        found = self.arguments.get(name)
        if found is None:
            return default
        return str(found).lower() in {"true", "1"}

    def json(self, name: str) -> Any:
        """Structured arguments are JSON within a form, and themselves within JSON."""
        found = self.arguments.get(name)
        if not isinstance(found, str) or not found:
            return found or None
        try:
            return json.loads(found)
        except ValueError:
            kind = "invalid_blocks_format" if name == "blocks" else ""
            raise Refused(kind) if kind else refused_arguments(f"invalid `{name}`") from None

    def has(self, name: str) -> bool:
        return self.arguments.get(name) not in (None, "")  # a list is in no set

    # --- What a call may see

    def person(self, name: str) -> Person:
        found = self.workspace.people.get(self.text(name))
        if found is None:
            raise Refused("user_not_found")
        return found

    def channel(self, name: str = "channel", *, reading: str = "") -> Channel:
        """A channel that this token can see: it is public, or the bot is in it. With `reading`
        ("read", "history") the kind of channel decides which scope that takes."""
        found = self.workspace.channels.get(self.text(name))
        if found is None:
            raise Refused("channel_not_found")
        if reading:
            self.require(f"{_KINDS[found.kind]}:{reading}")
        if found.kind != "public" and not found.has(self.workspace.bot):
            raise Refused("channel_not_found")
        return found

    def message(self, channel: Channel, ts: str) -> Message:
        found = channel.messages.get(ts)
        if found is None or found.deleted:
            raise Refused("message_not_found")
        return found

    def require(self, scope: str) -> None:
        if scope not in self.caller.scopes:
            provided = ",".join(sorted(self.caller.scopes))
            raise Refused("missing_scope", needed=scope, provided=provided)

    # --- Pages

    def page(self, items: Sequence[Item], *, default: int) -> tuple[Sequence[Item], Json]:
        """The items of the page that was asked for, and what leads to the next one.
        https://docs.slack.dev/apis/web-api/pagination"""
        start, limit = self._cursor(), self._limit(default)
        end = start + limit
        more = end < len(items)
        cursor = base64.b64encode(f"next:{end}".encode()).decode() if more else ""
        return items[start:end], {"response_metadata": {"next_cursor": cursor}}

    def _cursor(self) -> int:
        if not self.has("cursor"):
            return 0
        try:
            word, _, number = base64.b64decode(self.text("cursor")).decode().partition(":")
            if word == "next":
                return int(number)
        except ValueError:
            pass
        raise Refused("invalid_cursor")

    def _limit(self, default: int) -> int:
        if not self.has("limit"):
            return default
        asked = self.text("limit")
        if not asked.isdigit() or int(asked) > LARGEST_PAGE:
            raise Refused("invalid_limit")
        return int(asked) or default

"""Tokens: who they stand for, what they may do, when they end.

https://docs.slack.dev/authentication/tokens and
https://docs.slack.dev/authentication/using-token-rotation
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Literal

from tests.fakes.slack.app import App
from tests.fakes.slack.records import Person
from tests.fakes.slack.refusals import Refused
from tests.fakes.slack.workspace import Workspace

TokenKind = Literal["bot", "app", "user"]
# https://docs.slack.dev/authentication/using-token-rotation: twelve hours, two tokens at a time
LIFETIME = 43_200
_MOST_ACTIVE = 2


@dataclass(kw_only=True)
class Token:
    """`user` is the installer for user tokens, the bot for bot tokens."""

    text: str
    kind: TokenKind
    scopes: frozenset[str]
    workspace: Workspace | None
    user: Person | None
    expires_at: float | None = None
    dead: Literal["", "token_revoked", "account_inactive", "invalid_auth"] = ""


NOBODY = Token(text="", kind="app", scopes=frozenset(), workspace=None, user=None)


class Access:
    """The tokens that were given out. Our workspace's bot token and the app's own token are there
    from the start; installing and rotating make others."""

    bot_token = "xoxb-supportbot"
    app_token = "xapp-1-supportbot"

    def __init__(self, app: App, *, clock: Callable[[], float]) -> None:
        self.app = app
        self._clock = clock
        self._numbers = count(1)
        self.tokens: dict[str, Token] = {}
        self._refresh: dict[str, Workspace] = {}
        self._add(self.app_token, "app", frozenset({"connections:write"}), None, None)

    def install(self, workspace: Workspace, *, token: str = "") -> Token:
        """A bot token of this workspace with everything that the app asks for; one that ends
        where the app rotates its tokens."""
        name = token or f"xoxb-{workspace.team.id}-{next(self._numbers)}"
        if self.app.rotates_tokens:
            name = f"xoxe.{name}"
        made = self._add(name, "bot", self.app.scopes, workspace, workspace.bot)
        if self.app.rotates_tokens:
            made.expires_at = self._clock() + LIFETIME
        return made

    def refresh_token(self, workspace: Workspace) -> str:
        made = f"xoxe-1-{workspace.team.id}-{next(self._numbers)}"
        self._refresh[made] = workspace
        return made

    def rotate(self, refresh_token: str) -> Token:
        """A new token for a refresh token, which is good for one exchange."""
        workspace = self._refresh.pop(refresh_token, None)
        if workspace is None:
            raise Refused("invalid_refresh_token")
        made = self.install(workspace)
        for old in self._of(workspace)[:-_MOST_ACTIVE]:
            old.dead = "token_revoked"
        return made

    def revoke(self, workspace: Workspace, *, uninstalled: bool = False) -> None:
        """Ends every token of this workspace."""
        for each in self._of(workspace):
            each.dead = "account_inactive" if uninstalled else "token_revoked"
        self._refresh = {
            name: owner for name, owner in self._refresh.items() if owner is not workspace
        }

    def is_installed(self, workspace: Workspace) -> bool:
        return bool(self._of(workspace))

    def caller(self, text: str) -> Token:
        """Whom a token stands for. Raises Refused where it stands for nobody (any more)."""
        if not text:
            raise Refused("not_authed")
        token = self.tokens.get(text)
        if token is None:
            raise Refused("invalid_auth")
        if token.dead:
            raise Refused(token.dead)
        if token.expires_at is not None and token.expires_at <= self._clock():
            raise Refused("token_expired")
        return token

    def _of(self, workspace: Workspace) -> list[Token]:
        return [e for e in list(self.tokens.values()) if e.workspace is workspace and not e.dead]

    def _add(
        self,
        text: str,
        kind: TokenKind,
        scopes: frozenset[str],
        workspace: Workspace | None,
        user: Person | None,
    ) -> Token:
        made = Token(text=text, kind=kind, scopes=scopes, workspace=workspace, user=user)
        return self.tokens.setdefault(text, made)

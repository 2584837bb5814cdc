"""The books of who installed the app: sealed tokens, their renewal, and the states that make the
way back from Slack's page good for one use.

A token of a workspace that rotates its tokens ends after twelve hours. Whoever renews it holds its
row meanwhile: Slack takes each refresh token once.
https://docs.slack.dev/authentication/using-token-rotation
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation import TokenRotator

from bot.slack.errors import NotInstalled, PermissionMissing, SlackAway

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from slack_sdk.oauth.installation_store import Installation

    from bot.secrets import Sealer

STATE_LIVES = timedelta(minutes=10)
RENEWED_BEFORE = timedelta(hours=2)
"""A token is renewed so long before it ends."""
_TIMEOUT = 10

_ISSUE = "INSERT INTO slack_states (state) VALUES (%s)"
_CONSUME = "DELETE FROM slack_states WHERE state = %s RETURNING issued_at > now() - %s"
_FORGET_STATES = "DELETE FROM slack_states WHERE issued_at < now() - %s"

_SAVE = """
INSERT INTO slack_workspaces (
    id, enterprise_id, is_organisation, name, bot_user_id, bot_id, app_id, scopes, token,
    refresh_token, expires_at, installed_by
) VALUES (%(id)s, %(enterprise)s, %(is_organisation)s, %(name)s, %(bot_user)s, %(bot)s, %(app)s,
          %(scopes)s, %(token)s, %(refresh_token)s, to_timestamp(%(expires_at)s), %(by)s)
ON CONFLICT (id) DO UPDATE SET
    enterprise_id = excluded.enterprise_id, is_organisation = excluded.is_organisation,
    name = excluded.name, bot_user_id = excluded.bot_user_id, bot_id = excluded.bot_id,
    app_id = excluded.app_id, scopes = excluded.scopes, token = excluded.token,
    refresh_token = excluded.refresh_token, expires_at = excluded.expires_at,
    installed_by = excluded.installed_by, installed_at = now()
"""

_SERVED = """
INSERT INTO slack_teams (team_id, workspace) VALUES (%s, %s)
ON CONFLICT (team_id) DO UPDATE SET workspace = excluded.workspace
"""

_CURRENT = "SELECT token, expires_at FROM slack_workspaces WHERE id = %s AND token IS NOT NULL"

_HOLD = """
SELECT bot_user_id, token, refresh_token, extract(epoch FROM expires_at)::bigint,
       expires_at < now() + %s
FROM slack_workspaces WHERE id = %s AND token IS NOT NULL FOR UPDATE
"""

_RENEW = """
UPDATE slack_workspaces SET token = %s, refresh_token = %s, expires_at = to_timestamp(%s)
WHERE id = %s
"""

_ALL = "SELECT id FROM slack_workspaces WHERE token IS NOT NULL ORDER BY expires_at, id"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What to sign in with. `expires_at` is None for one that does not end."""

    text: str
    expires_at: datetime | None

    def __repr__(self) -> str:
        return "Token()"


class Installations:
    """The books, in PostgreSQL. Everything raises SecretUnreadable for what was sealed with a key
    that is not set."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        sealer: Sealer,
        client_id: str,
        client_secret: str,
        api_url: str,
    ) -> None:
        self._pool = pool
        self._sealer = sealer
        self._rotator = TokenRotator(
            client=WebClient(base_url=f"{api_url}/", timeout=_TIMEOUT, retry_handlers=[]),
            client_id=client_id,
            client_secret=client_secret,
        )

    # --- States

    def issue_state(self) -> str:
        """A new one."""
        state = secrets.token_urlsafe(32)
        with self._pool.connection() as connection:
            connection.execute(_FORGET_STATES, (STATE_LIVES,))
            connection.execute(_ISSUE, (state,))
        return state

    def consume_state(self, state: str) -> bool:
        """Whether it was issued lately and not used yet."""
        with self._pool.connection() as connection:
            row = connection.execute(_CONSUME, (state, STATE_LIVES)).fetchone()
        return bool(row and row[0])

    # --- Tokens

    def save(self, made: Installation) -> None:
        """Keeps what an installation gave, in place of an earlier one's. Raises NotInstalled for
        one without a bot's token."""
        identity = (made.enterprise_id if made.is_enterprise_install else made.team_id) or ""
        if not (identity and made.bot_token and made.bot_user_id):
            raise NotInstalled("Slack gave no bot's token.")
        values = {
            "id": identity,
            "enterprise": made.enterprise_id or "",
            "is_organisation": bool(made.is_enterprise_install),
            "name": (made.enterprise_name if made.is_enterprise_install else made.team_name) or "",
            "bot_user": made.bot_user_id,
            "bot": made.bot_id or "",
            "app": made.app_id or "",
            "scopes": list(made.bot_scopes or ()),
            "token": self._sealer.seal(made.bot_token),
            "refresh_token": self._sealed(made.bot_refresh_token),
            "expires_at": made.bot_token_expires_at,
            "by": made.user_id or "",
        }
        with self._pool.connection() as connection:
            connection.execute(_SAVE, values)
            if not made.is_enterprise_install:
                connection.execute(_SERVED, (identity, identity))

    def token(self, workspace: str) -> Token:
        """Raises NotInstalled where there is none."""
        with self._pool.connection() as connection:
            row = connection.execute(_CURRENT, (workspace,)).fetchone()
        if row is None:
            raise NotInstalled(f"The app is not installed in the Slack workspace {workspace}.")
        return Token(text=self._sealer.open(row[0]), expires_at=row[1])

    def all(self) -> tuple[str, ...]:
        """The ids of whoever has a token here, those whose token ends first before the others."""
        with self._pool.connection() as connection:
            return tuple(row[0] for row in connection.execute(_ALL).fetchall())

    def renew(self, workspace: str, *, before: timedelta = RENEWED_BEFORE) -> bool:
        """Gets a new token where the one that is there ends soon, and seals what an older key
        sealed; whether that was necessary. Raises SlackAway, and PermissionMissing where only a
        new installation helps."""
        with self._pool.connection() as connection:
            row = connection.execute(_HOLD, (before, workspace)).fetchone()
            if row is None:
                return False
            bot_user, token, refresh_token, expires_at, ends_soon = row
            if not (refresh_token and ends_soon):
                return self._seal_anew(connection, workspace, token, refresh_token, expires_at)
            held = Bot(
                bot_id="",
                bot_user_id=bot_user,
                bot_token=self._sealer.open(token),
                bot_refresh_token=self._sealer.open(refresh_token),
                bot_token_expires_at=expires_at,
                installed_at=0.0,
            )
            renewed = self._rotated(workspace, held, before)
            if renewed is None:
                return False
            values = (
                self._sealer.seal(renewed.bot_token),
                self._sealed(renewed.bot_refresh_token),
                renewed.bot_token_expires_at,
                workspace,
            )
            connection.execute(_RENEW, values)
            return True

    def _rotated(self, workspace: str, held: Bot, before: timedelta) -> Bot | None:
        minutes = int(before.total_seconds() // 60) + 1  # its clock is another one
        try:
            return self._rotator.perform_bot_token_rotation(
                bot=held, minutes_before_expiration=minutes
            )
        except SlackTokenRotationError as error:
            code = str(error.api_error.response.get("error") or "")
            if error.api_error.response.status_code in {200, 400}:
                raise PermissionMissing(
                    f"Slack does not renew the token of workspace {workspace} ({code}). Install "
                    "the app there again.",
                    code=code,
                ) from error
            raise SlackAway(f"Slack does not renew a token now ({code}).") from error
        except (OSError, SlackClientError) as error:
            raise SlackAway(f"Slack cannot be reached ({type(error).__name__}).") from error

    def _seal_anew(
        self,
        connection: Connection[Any],
        workspace: str,
        token: bytes,
        refresh_token: bytes | None,
        expires_at: int | None,
    ) -> bool:
        renewed = [self._sealer.renewed(each) if each else None for each in (token, refresh_token)]
        if not any(renewed):
            return False
        values = (renewed[0] or token, renewed[1] or refresh_token, expires_at, workspace)
        connection.execute(_RENEW, values)
        return True

    def _sealed(self, secret: str | None) -> bytes | None:
        return self._sealer.seal(secret) if secret else None

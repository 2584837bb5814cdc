"""How the parts of one process get at Slack: which workspaces there are, and the Web API as the
bot of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.bootstrap.slack_books import SlackBooks
from bot.bootstrap.slack_installing import OAuth, installations_of

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from pydantic import SecretStr

    from bot.slack.api import SlackApi
    from bot.slack.facts import Facts
    from bot.slack.installations import Installations
    from bot.slack.pacing import Pacing
    from bot.slack.workspaces import Workspace, Workspaces
    from connectors.circuits import Circuit


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Seconds: how long to wait for Slack, how long a request of which nobody knows may be under
    way, and from when on an answer may be watched. `sleep` waits for short rate limits."""

    timeout: int = 10
    settling: float = 20.0
    watched_after: float = 1.0
    sleep: Callable[[float], None] = time.sleep


class SlackAccess(SlackBooks):
    """Workspaces, what is known of their people, and the API, paced for all of the process."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        token: SecretStr | None,
        api_url: str,
        oauth: OAuth | None,
        timing: Timing | None,
        circuit: Circuit | None,
    ) -> None:
        super().__init__(pool=pool)
        self._token = token
        self._oauth = oauth
        self._timing = timing or Timing()
        self._circuit = circuit
        self.api_url = api_url

    @cached_property
    def workspaces(self) -> Workspaces:
        from bot.slack.workspaces import Workspaces  # noqa: PLC0415 - made when asked for

        return Workspaces(
            pool=self.pool,
            token=self._token,
            identify=self._identify,
            installations=self.installations,
        )

    @cached_property
    def installations(self) -> Callable[[], Installations] | None:
        """The books of who installed the app; None where something is not set that it takes."""
        return installations_of(self._oauth, pool=self.pool, api_url=self.api_url)

    @cached_property
    def facts(self) -> Facts:
        from bot.slack.facts import Facts  # noqa: PLC0415 - made when asked for

        return Facts(pool=self.pool, workspace=self.workspaces.of, api=self.api)

    def api(self, team: str) -> SlackApi:
        """The Web API as the bot of a workspace. Raises NotInstalled."""
        workspace = self.workspaces.of(team)
        token = self.workspaces.token(workspace)
        return self._api(token, team, names_team=workspace.is_organisation)

    @cached_property
    def _pacing(self) -> Pacing:
        from bot.slack.pacing import Pacing  # noqa: PLC0415 - made when asked for

        return Pacing(sleep=self._timing.sleep)

    def _api(self, token: str, team: str, *, names_team: bool = False) -> SlackApi:
        from bot.slack.api import SlackApi  # noqa: PLC0415 - brings the SDK

        return SlackApi(
            token=token,
            api_url=self.api_url,
            team=team,
            pacing=self._pacing,
            timeout=self._timing.timeout,
            names_team=names_team,
            circuit=self._circuit,
        )

    def _identify(self, token: str) -> Workspace:
        from bot.slack.workspaces import Workspace  # noqa: PLC0415 - made when asked for

        found = self._api(token, "").auth_test()
        return Workspace(
            id=str(found["team_id"]),
            name=str(found.get("team") or ""),
            bot_user=str(found["user_id"]),
            bot_id=str(found.get("bot_id") or ""),
            enterprise_id=str(found.get("enterprise_id") or ""),
        )


def whose(token: SecretStr, *, api_url: str, timeout: int) -> str:
    """Which workspace a bot's token is for, as Slack says. Raises SlackError."""
    from bot.slack.api import SlackApi  # noqa: PLC0415 - brings the SDK
    from bot.slack.pacing import Pacing  # noqa: PLC0415 - made when asked for

    secret = token.get_secret_value()
    api = SlackApi(token=secret, api_url=api_url, team="", pacing=Pacing(), timeout=timeout)
    found = api.auth_test()
    return f"Workspace {found.get('team') or found['team_id']} as @{found.get('user') or 'bot'}"

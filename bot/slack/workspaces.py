"""Where the app is installed, and the token for each workspace.

One workspace by SLACK_BOT_TOKEN, any number by installing. What the setting's token is for, Slack
says once in each process; it is kept, so that events are taken while Slack cannot be asked.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.audit import sign
from bot.errors import InputRejected
from bot.slack.errors import NotInstalled, Refused, SlackError

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from pydantic import SecretStr

    from bot.audit import Actor
    from bot.slack.installations import Installations, Token

log = logging.getLogger(__name__)

# An uninstalled app's token stops working at once, whatever is remembered here.
_REMEMBERED_SECONDS = 30.0

# Workers renew tokens long before they end. This is for when none has run.
_AT_LEAST = timedelta(minutes=5)

_COLUMNS = """
workspace.id, workspace.enterprise_id, workspace.is_organisation, workspace.name,
workspace.bot_user_id, workspace.bot_id, workspace.app_id, workspace.token IS NOT NULL,
workspace.is_trusted
"""

_OF_TEAM = f"""
SELECT {_COLUMNS} FROM slack_teams team
JOIN slack_workspaces workspace ON workspace.id = team.workspace WHERE team.team_id = %s
"""  # noqa: S608 - constants

_OF_ORGANISATION = f"""
SELECT {_COLUMNS} FROM slack_workspaces workspace WHERE workspace.id = %s AND is_organisation
"""  # noqa: S608 - constants

# Whatever other workspace the setting's token was for before is not served any more.
_IDENTIFIED = """
WITH gone AS (
    DELETE FROM slack_workspaces WHERE token IS NULL AND id <> %(id)s
)
INSERT INTO slack_workspaces (
    id, enterprise_id, name, bot_user_id, bot_id, app_id, is_trusted
) VALUES (%(id)s, %(enterprise_id)s, %(name)s, %(bot_user_id)s, %(bot_id)s, %(app_id)s, true)
ON CONFLICT (id) DO UPDATE SET
    enterprise_id = excluded.enterprise_id, name = excluded.name,
    bot_user_id = excluded.bot_user_id, bot_id = excluded.bot_id, app_id = excluded.app_id,
    is_trusted = true
"""

_SERVED = """
INSERT INTO slack_teams (team_id, workspace) VALUES (%s, %s)
ON CONFLICT (team_id) DO UPDATE SET workspace = excluded.workspace
"""


_ALL = f"""
SELECT {_COLUMNS} FROM slack_workspaces workspace ORDER BY workspace.name, workspace.id
"""  # noqa: S608 - constants

_TRUST = "UPDATE slack_workspaces SET is_trusted = %s WHERE id = %s"

# Who could read along was found by another measure.
_FORGET_ROOMS = """
DELETE FROM slack_rooms WHERE team_id IN (
    SELECT team_id FROM slack_teams WHERE workspace = %s
)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """One installation. `id` is a workspace's or, where `is_organisation`, an organisation's;
    `enterprise_id` is "" outside of Enterprise organisations. `bot_user` is whom the app is;
    `was_installed` is whether its token is kept here rather than in the settings, `is_trusted`
    whether it is the team's own."""

    id: str
    name: str
    bot_user: str
    bot_id: str = ""
    app_id: str = ""
    enterprise_id: str = ""
    is_organisation: bool = False
    was_installed: bool = False
    is_trusted: bool = False


class Workspaces:
    """The installations, in PostgreSQL. Safe to share between threads."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        token: SecretStr | None,
        identify: Callable[[str], Workspace],
        installations: Callable[[], Installations] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: float = 3.0,
    ) -> None:
        """`identify` asks Slack whose a token is, and raises SlackError; without `installations`
        only the setting's token is used. A database that gives no connection within `wait`
        seconds counts as away."""
        self._pool = pool
        self._token = token
        self._identify = identify
        self._installations = installations
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._own: Workspace | None = None
        self._known: dict[str, tuple[float, Workspace]] = {}
        self._tokens: dict[str, tuple[float, Token]] = {}

    def of(self, team: str, *, enterprise: str = "") -> Workspace:
        """The installation that serves a workspace: its own, or that of its organisation
        `enterprise`, which events tell. Raises NotInstalled, another SlackError where Slack has
        not said yet whose the setting's token is and cannot be asked, and psycopg.Error when the
        database cannot be used now."""
        remembered = self._known.get(team)
        if remembered is not None and self._clock() - remembered[0] < _REMEMBERED_SECONDS:
            return remembered[1]
        found = self._find(team) or self._of_organisation(team, enterprise)
        if found is None:
            self._known.pop(team, None)
            raise NotInstalled(f"The app is not installed in the Slack workspace {team}.")
        self._known[team] = (self._clock(), found)
        return found

    def own(self) -> Workspace:
        """The workspace of the setting's token, asked of Slack once in this process. Raises
        NotInstalled where no token is set, and SlackError."""
        if self._token is None:
            raise NotInstalled("SLACK_BOT_TOKEN is not set.")
        with self._lock:
            if self._own is None:
                found = self._identify(self._token.get_secret_value())
                self._keep(found)
                self._own = found
            return self._own

    def token(self, workspace: Workspace) -> str:
        """What to sign in with. Raises NotInstalled, SecretUnreadable, SlackError where it must
        be renewed first and cannot be, and psycopg.Error."""
        if workspace.was_installed:
            return self._installed_token(workspace.id)
        if self._token is None:
            raise NotInstalled(f"There is no token for the Slack workspace {workspace.id}.")
        return self._token.get_secret_value()

    def _installed_token(self, identity: str) -> str:
        remembered = self._tokens.get(identity)
        if remembered is not None and self._clock() - remembered[0] < _REMEMBERED_SECONDS:
            return remembered[1].text
        if self._installations is None:
            raise NotInstalled(
                f"The token of the Slack workspace {identity} cannot be read: set SLACK_CLIENT_ID, "
                "SLACK_CLIENT_SECRET and ENCRYPTION_KEYS as they were when it was installed."
            )
        books = self._installations()
        found = books.token(identity)
        if found.expires_at is not None and found.expires_at - datetime.now(UTC) < _AT_LEAST:
            books.renew(identity, before=2 * _AT_LEAST)
            found = books.token(identity)
        self._tokens[identity] = (self._clock(), found)
        return found.text

    def all(self) -> tuple[Workspace, ...]:
        """Every installation, by name."""
        with self._pool.connection(timeout=self._wait) as connection:
            return tuple(map(_workspace, connection.execute(_ALL).fetchall()))

    def trust(self, identity: str, *, trusted: bool, actor: Actor) -> None:
        """Says whether an installation is the team's own: then its full members are told what the
        team knows, and its admins change settings. Other processes follow within half a minute.
        Raises InputRejected where there is none of this id."""
        with self._pool.connection(timeout=self._wait) as connection:
            sign(connection, actor)
            if not connection.execute(_TRUST, (trusted, identity)).rowcount:
                raise InputRejected(f"The Slack app is not installed in {identity}.")
            connection.execute(_FORGET_ROOMS, (identity,))
        self._known.clear()

    def learn(self) -> None:
        """Asks Slack whose token is set, if one is, where that was not asked yet. Slack being away
        is no reason not to go on: what it said last time still holds."""
        if self._token is None:
            return
        try:
            self.own()
        except SlackError as error:
            log.warning("Slack does not say whose token it is: %s", error)

    def _find(self, team: str) -> Workspace | None:
        unknown = self._own is None  # asked first: another thread may be learning it just now
        found = self._stored(team)
        if found is None and unknown and self._token is not None:
            try:
                self.own()
            except Refused as error:  # the token is for no workspace (any more)
                log.warning("Slack does not say whose token it is: %s", error)
            found = self._stored(team)
        return found

    def _of_organisation(self, team: str, enterprise: str) -> Workspace | None:
        """The organisation's, which serves this workspace of it from now on."""
        if not (team and enterprise):
            return None
        with self._pool.connection(timeout=self._wait) as connection:
            row = connection.execute(_OF_ORGANISATION, (enterprise,)).fetchone()
            if row is None:
                return None
            connection.execute(_SERVED, (team, enterprise))
        return _workspace(row)

    def _stored(self, team: str) -> Workspace | None:
        with self._pool.connection(timeout=self._wait) as connection:
            row = connection.execute(_OF_TEAM, (team,)).fetchone()
        return None if row is None else _workspace(row)

    def _keep(self, found: Workspace) -> None:
        with self._pool.connection(timeout=self._wait) as connection:
            connection.execute(
                _IDENTIFIED,
                {
                    "id": found.id,
                    "enterprise_id": found.enterprise_id,
                    "name": found.name,
                    "bot_user_id": found.bot_user,
                    "bot_id": found.bot_id,
                    "app_id": found.app_id,
                },
            )
            connection.execute(_SERVED, (found.id, found.id))


def _workspace(row: tuple[Any, ...]) -> Workspace:
    return Workspace(
        id=row[0],
        enterprise_id=row[1],
        is_organisation=row[2],
        name=row[3],
        bot_user=row[4],
        bot_id=row[5],
        app_id=row[6],
        was_installed=row[7],
        is_trusted=row[8],
    )

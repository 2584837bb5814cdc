"""Installing, rotating tokens, uninstalling: oauth.v2.access, auth.revoke, apps.*

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from tests.fakes.slack import events
from tests.fakes.slack.access import LIFETIME, Access, Token
from tests.fakes.slack.calls import TIER_1, TIER_3, Call, Method
from tests.fakes.slack.records import Json, Person
from tests.fakes.slack.refusals import Refused
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class _Code:
    workspace: Workspace
    person: Person
    redirect_uri: str


class Installing:
    """The pages where people install the app and take it away, and the calls behind them."""

    def __init__(self, access: Access, sockets: Sockets, *, url: Callable[[], str]) -> None:
        self._access = access
        self._app = access.app
        self._sockets = sockets
        self._url = url
        self._codes: dict[str, _Code] = {}

    # --- What people do

    def allow(self, authorize_url: str, person: Person, workspace: Workspace) -> str:
        """Somebody follows this link and allows what it asks for; returns where Slack sends the
        browser then. Raises Refused where Slack would show an error page instead."""
        asked = {name: each[0] for name, each in parse_qs(urlsplit(authorize_url).query).items()}
        if asked.get("client_id") != self._app.client_id:
            raise Refused("invalid_client_id")
        wanted = set(asked.get("scope", "").split(","))
        if not wanted <= self._app.scopes or not wanted - {""}:
            raise Refused("invalid_scope")
        redirect = asked.get("redirect_uri") or next(iter(self._app.redirect_urls), "")
        if not redirect or not self._is_known(redirect):
            raise Refused("bad_redirect_uri")
        code = str(uuid4())
        self._codes[code] = _Code(workspace=workspace, person=person, redirect_uri=redirect)
        return f"{redirect}?{urlencode({'code': code, 'state': asked.get('state', '')})}"

    def _is_known(self, redirect: str) -> bool:
        return any(redirect.startswith(each) for each in self._app.redirect_urls)

    def uninstall(self, workspace: Workspace) -> None:
        """Somebody takes the app out of the workspace."""
        workspace.heard(events.revoked(bots=[workspace.bot.id], users=[]))
        workspace.heard(events.uninstalled())
        self._access.revoke(workspace, uninstalled=True)

    # --- What the app calls

    def exchange(self, call: Call) -> Json:
        """https://docs.slack.dev/reference/methods/oauth.v2.access"""
        self._check_client(call)
        if call.text("grant_type") == "refresh_token":
            token = self._access.rotate(call.text("refresh_token"))
            return self._granted(token, None)
        if call.text("grant_type") not in {"", "authorization_code"}:
            raise Refused("invalid_grant_type")
        code = self._codes.pop(call.text("code"), None)
        if code is None:
            raise Refused("invalid_code")
        if call.text("redirect_uri") not in {"", code.redirect_uri}:
            raise Refused("bad_redirect_uri")
        return self._granted(self._access.install(code.workspace), code.person)

    def _granted(self, token: Token, person: Person | None) -> Json:
        workspace = token.workspace
        assert workspace is not None
        team = workspace.team
        told: Json = {
            "access_token": token.text,
            "token_type": "bot",
            "scope": ",".join(sorted(token.scopes)),
            "bot_user_id": workspace.bot.id,
            "app_id": self._app.id,
            "team": {"id": team.id, "name": team.name},
            "enterprise": {"id": team.enterprise_id, "name": "Organisation"}
            if team.enterprise_id
            else None,
            "is_enterprise_install": False,
        }
        if person is not None:
            told["authed_user"] = {"id": person.id}
        if token.expires_at is not None:
            refresh = self._access.refresh_token(workspace)
            told |= {"expires_in": LIFETIME, "refresh_token": refresh}
        return told

    def _check_client(self, call: Call) -> None:
        if call.text("client_id") != self._app.client_id:
            raise Refused("invalid_client_id")
        if call.text("client_secret") != self._app.client_secret:
            raise Refused("bad_client_secret")

    def uninstalled(self, call: Call) -> Json:
        """https://docs.slack.dev/reference/methods/apps.uninstall"""
        self._check_client(call)
        self.uninstall(call.workspace)
        return {}

    def revoked(self, call: Call) -> Json:
        """https://docs.slack.dev/reference/methods/auth.revoke"""
        if not call.flag("test"):
            call.workspace.heard(events.revoked(bots=[call.workspace.bot.id], users=[]))
            call.caller.dead = "token_revoked"
        return {"revoked": not call.flag("test")}

    def socket(self, call: Call) -> Json:
        """https://docs.slack.dev/reference/methods/apps.connections.open"""
        call.require("connections:write")
        where = self._url().replace("http://", "ws://")
        ticket = self._sockets.ticket()
        return {"url": f"{where}/link/?{urlencode({'ticket': ticket, 'app_id': self._app.id})}"}

    def methods(self) -> dict[str, Method]:
        return {
            "oauth.v2.access": Method(answer=self.exchange, token=(), takes_json=False),
            "apps.uninstall": Method(
                answer=self.uninstalled,
                needs=("client_id", "client_secret"),
                takes_json=False,
                per_minute=TIER_1,
            ),
            "auth.revoke": Method(answer=self.revoked, takes_json=False, per_minute=TIER_3),
            "apps.connections.open": Method(answer=self.socket, token=("app",), per_minute=TIER_3),
        }

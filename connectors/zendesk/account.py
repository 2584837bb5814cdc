"""One Zendesk account with its credentials: makes a client for each worker, and keeps what all of
them must share, the OAuth token and the ceiling of requests."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from connectors.base import Calls
from connectors.circuits import Circuit
from connectors.errors import SourceUnavailable
from connectors.zendesk import failures
from connectors.zendesk.addresses import Addresses, origin, subdomain_of
from connectors.zendesk.client import ZendeskClient
from connectors.zendesk.limits import Ceiling, ProcessCeiling
from connectors.zendesk.login import ApiToken, Login, OAuthClient, OAuthLogin, TokenLogin
from connectors.zendesk.session import ZendeskSession

_log = logging.getLogger(__name__)

READ_SCOPES = ("read",)
"""Brands and user segments are under no narrower scope."""
DESK_SCOPES = ("read", "write")
"""What answering tickets needs: audits are under no narrower scope either."""
SYNC_SHARE = 0.75
"""The part of the account's minute that reading in bulk may fill; the rest is for replies."""


class ZendeskAccount:
    """`notices` is what the admin should know though everything works. `base_url` is where
    requests go instead of Zendesk's own hosts (a proxy, or a stand-in in tests)."""

    def __init__(
        self,
        *,
        subdomain: str,
        credentials: OAuthClient | ApiToken,
        base_url: str = "",
        scopes: tuple[str, ...] = READ_SCOPES,
        sync_share: float = SYNC_SHARE,
        ceiling: Ceiling | None = None,
        timeout: float = 30.0,
        longest_wait: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        circuit: Circuit | None = None,
    ) -> None:
        self.subdomain = subdomain_of(subdomain)
        self.sync_share = sync_share
        self.notices = _notices(credentials)
        self._addresses = Addresses(base_url=base_url)
        self._ceiling = ceiling or ProcessCeiling(clock=clock)
        self._timeout = timeout
        self._longest_wait = longest_wait
        self._clock = clock
        self._sleep = sleep
        self._circuit = circuit
        self._login = self._login_with(credentials, scopes)
        for notice in self.notices:
            _log.warning(notice, extra={"action": "zendesk_login"})

    def client(
        self,
        *,
        share: float = 1.0,
        calls: Calls | None = None,
        longest_wait: float | None = None,
    ) -> ZendeskClient:
        """A client for one worker, which may fill this share of the account's minute. Its
        requests are counted in `calls`; those for tokens are nobody's. `longest_wait` is for
        workers who can rather come back later than wait (seconds; None: as the account)."""
        session = self._session(self._login, share, calls, longest_wait)
        return ZendeskClient(subdomain=self.subdomain, session=session, timeout=self._timeout)

    def sync_client(self, calls: Calls | None = None) -> ZendeskClient:
        """A client for reading in bulk, which leaves room for replies."""
        return self.client(share=self.sync_share, calls=calls)

    def _session(
        self,
        login: Login | None,
        share: float,
        calls: Calls | None = None,
        longest_wait: float | None = None,
    ) -> ZendeskSession:
        return ZendeskSession(
            addresses=self._addresses,
            ceiling=self._ceiling,
            share=share,
            clock=self._clock,
            sleep=self._sleep,
            login=login,
            calls=calls,
            longest_wait=self._longest_wait if longest_wait is None else longest_wait,
            circuit=self._circuit,
        )

    def _login_with(self, credentials: OAuthClient | ApiToken, scopes: tuple[str, ...]) -> Login:
        if isinstance(credentials, ApiToken):
            return TokenLogin(credentials)
        return OAuthLogin(
            credentials,
            subdomain=self.subdomain,
            scopes=scopes,
            ask=self._ask_for_token,
            clock=self._clock,
        )

    def _ask_for_token(self, request: Mapping[str, Any]) -> requests.Response:
        """Asking again does no harm, so a failure is tried once more, unlike other POSTs."""
        url = f"{origin(self.subdomain)}/oauth/tokens"
        with self._session(None, 1.0) as session:
            try:
                return session.post(url, json=dict(request), timeout=self._timeout)
            except SourceUnavailable:
                return session.post(url, json=dict(request), timeout=self._timeout)


def _notices(credentials: OAuthClient | ApiToken) -> tuple[str, ...]:
    if isinstance(credentials, OAuthClient):
        return ()
    notice = (
        f"ZENDESK_API_TOKEN stops working on {failures.TOKENS_STOP}, when Zendesk ends API "
        f"tokens. Make an OAuth client under {failures.OAUTH_CLIENTS}, and set ZENDESK_CLIENT_ID "
        "and ZENDESK_CLIENT_SECRET instead."
    )
    return (notice,)

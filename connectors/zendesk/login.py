"""How requests prove who sends them: OAuth tokens that are asked for anew before they end.

An OAuth client's tokens live minutes, and there is no refresh token: one asks again. That
happens here, under the session, so that nobody above ever sees an expired token.
https://developer.zendesk.com/documentation/authentication/
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.errors import SourceUnavailable
from connectors.zendesk import failures

LIFETIME = 1800
# A token is not used in its last seconds: it could end on the way.
_MARGIN = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuthClient:
    """A confidential OAuth client of the account."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """The legacy way: an agent's e-mail address and an API token."""

    email: str
    token: str = field(repr=False)


class TokenLogin(HTTPBasicAuth):
    """Signs with e-mail and API token; there is nothing to renew."""

    def __init__(self, credentials: ApiToken) -> None:
        super().__init__(f"{credentials.email}/token", credentials.token)

    def renew(self, _request: requests.PreparedRequest) -> bool:
        return False


class OAuthLogin(AuthBase):
    """Signs with an OAuth token, shared by all sessions of the account and safe for threads.

    `ask` posts the token request and returns the answer, whatever its status.
    """

    def __init__(
        self,
        credentials: OAuthClient,
        *,
        subdomain: str,
        scopes: tuple[str, ...],
        ask: Callable[[Mapping[str, Any]], requests.Response],
        clock: Callable[[], float],
    ) -> None:
        self._credentials = credentials
        self._subdomain = subdomain
        self._scopes = scopes
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._ends_at = 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        with self._lock:
            if not self._token or self._clock() >= self._ends_at:
                self._fetch()
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def renew(self, request: requests.PreparedRequest) -> bool:
        """Signs a request again whose token was refused; another thread may have asked for a
        new one already. True: send it once more."""
        with self._lock:
            if request.headers.get("Authorization") == f"Bearer {self._token}":
                self._fetch()
            request.headers["Authorization"] = f"Bearer {self._token}"
        return True

    def _fetch(self) -> None:
        response = self._ask(
            {
                "grant_type": "client_credentials",
                "client_id": self._credentials.client_id,
                "client_secret": self._credentials.client_secret,
                "scope": " ".join(self._scopes),
                "expires_in": LIFETIME,
            }
        )
        if response.status_code != 200:
            raise failures.token_refused(response, subdomain=self._subdomain)
        answer = _json(response)
        granted = str(answer.get("scope") or "").split()
        missing = failures.missing_scopes(self._scopes, granted)
        if missing:
            raise failures.scopes_missing(missing, granted)
        self._token = str(answer["access_token"])
        self._ends_at = self._clock() + _usable_seconds(answer.get("expires_in"))


def _usable_seconds(expires_in: object) -> float:
    seconds = float(expires_in) if isinstance(expires_in, int | float) else float(LIFETIME)
    return max(seconds - _MARGIN, seconds / 2)


def _json(response: requests.Response) -> dict[str, object]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not answer.get("access_token"):
        raise SourceUnavailable(
            f"{response.url} answers, but not with an OAuth token. Is something else at this "
            "address? Check ZENDESK_SUBDOMAIN and ZENDESK_BASE_URL."
        )
    return answer


Login = OAuthLogin | TokenLogin

"""Who may call: OAuth client credentials with tokens that expire, and e-mail with API token.

https://developer.zendesk.com/documentation/authentication/
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.fakes.zendesk.account import Account, User

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whom a request comes from: `user` is None for anonymous ones."""

    user: User | None
    scopes: frozenset[str]

    @property
    def is_staff(self) -> bool:
        return self.user is not None and self.user.role != "end-user"

    def has(self, *scopes: str) -> bool:
        return not self.scopes.isdisjoint(scopes)


@dataclass
class _Token:
    scopes: frozenset[str]
    expires_at: float


class Refused(Exception):
    """A credential that is not accepted; `body` goes with status 401."""

    def __init__(self, body: Json) -> None:
        super().__init__(body)
        self.body = body


class Access:
    """The credentials that this account knows. `allowed_scopes` is what the OAuth client may be
    given: a wider request is granted in part, without a word about it."""

    client_id = "supportbot"
    client_secret = "the-client-secret"
    email = "bot@acme.example"
    api_token = "the-api-token"

    def __init__(self, account: Account, *, clock: Callable[[], float]) -> None:
        self._account = account
        self._clock = clock
        self._numbers = count(1)
        self._tokens: dict[str, _Token] = {}
        self.allowed_scopes: frozenset[str] | None = None
        self.tokens_allowed = True
        self.issued = 0

    def grant(self, request: Mapping[str, Any]) -> tuple[int, Json]:
        """The answer to POST /oauth/tokens."""
        if request.get("grant_type") != "client_credentials":
            return 400, _oauth_error("unsupported_grant_type", "The grant type is not supported")
        if (request.get("client_id"), request.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            return 401, _oauth_error("invalid_client", "Client authentication failed")
        wanted = frozenset(str(request.get("scope", "")).split())
        scopes = wanted if self.allowed_scopes is None else wanted & self.allowed_scopes
        lifetime = int(request.get("expires_in") or 1800)
        if not 300 <= lifetime <= 172_800:
            return 400, _oauth_error("invalid_request", "expires_in must be 300 to 172800")
        name = f"token-{next(self._numbers)}"
        self._tokens[name] = _Token(scopes=scopes, expires_at=self._clock() + lifetime)
        self.issued += 1
        return 200, {
            "access_token": name,
            "token_type": "bearer",
            "scope": " ".join(sorted(scopes)),
            "expires_in": lifetime,
        }

    def revoke_all(self) -> None:
        self._tokens.clear()

    def caller(self, authorization: str | None) -> Caller:
        """Who calls with this header. Raises Refused when it is not accepted."""
        if not authorization:
            return Caller(user=None, scopes=frozenset())
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            token = self._tokens.get(value)
            if token is None or token.expires_at <= self._clock():
                raise Refused(
                    _oauth_error(
                        "invalid_token",
                        "The access token provided is expired, revoked, malformed or invalid for "
                        "other reasons.",
                    )
                )
            return Caller(user=self._account.bot, scopes=token.scopes)
        expected = base64.b64encode(f"{self.email}/token:{self.api_token}".encode()).decode()
        if scheme.lower() != "basic" or value != expected or not self.tokens_allowed:
            raise Refused({"error": "Couldn't authenticate you"})
        return Caller(user=self._account.bot, scopes=frozenset({"read", "write"}))


def _oauth_error(name: str, description: str) -> Json:
    return {"error": name, "error_description": description}

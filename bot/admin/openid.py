"""Sign-in by OpenID Connect: Google, Slack, Okta, Entra, Keycloak, any issuer that publishes its
configuration.

The code flow with PKCE, state and nonce; what waits for the browser's return is a row, so any web
process may take it. https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bot.admin.errors import SignInFailed
from bot.admin.people import People, Person, checked_email
from bot.admin.roles import Role
from bot.admin.sessions import hashed
from bot.audit import Actor
from bot.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joserfc.jwk import KeySetSerialization
    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from pydantic import SecretStr

log = logging.getLogger(__name__)

CALLBACK = "/admin/sign-in/openid/back"
SCOPE = "openid email profile"

_VALID = timedelta(minutes=10)
_SECONDS = 10.0
_LEEWAY = 60
_REMEMBERED = 3600.0

# Only signatures that the issuer's published keys can check: no "none", no shared secrets.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_ALGORITHMS += ["EdDSA"]

_KEEP = """
INSERT INTO console_sign_ins (state_hash, nonce, verifier, next, expires_at)
VALUES (%s, %s, %s, %s, now() + %s)
"""
_TAKE = """
DELETE FROM console_sign_ins WHERE state_hash = %s AND expires_at > now()
RETURNING nonce, verifier, next
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """Where people sign in. `label` is what the button says; who comes with an address in one of
    `domains` is let in as a viewer without an invitation."""

    issuer: str
    client_id: str
    client_secret: SecretStr
    label: str
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """Where to send the browser, and the state to keep in a cookie until it is back."""

    address: str
    state: str


class OpenId:
    """Sends browsers to the provider and takes them back. `address` is where people reach us."""

    def __init__(
        self,
        *,
        provider: Provider,
        pool: ConnectionPool[Connection[Any]],
        people: People,
        address: str,
    ) -> None:
        self.provider = provider
        self._pool = pool
        self._people = people
        self._redirect = f"{address.rstrip('/')}{CALLBACK}"
        self._known: tuple[float, Mapping[str, Any]] | None = None

    def depart(self, *, next_page: str) -> Departure:
        """Raises SignInFailed where the provider cannot be asked."""
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        with self._session() as session:
            address, state = session.create_authorization_url(
                self._configuration()["authorization_endpoint"], nonce=nonce, code_verifier=verifier
            )
        with self._pool.connection() as connection:
            connection.execute(_KEEP, (hashed(state), nonce, verifier, next_page, _VALID))
        return Departure(address=str(address), state=str(state))

    def returned(self, *, code: str, state: str, expected: str) -> tuple[Person, str]:
        """Who came back with this code, and the page they wanted. `expected` is the state that
        this browser left with. Raises SignInFailed."""
        if not state or not secrets.compare_digest(state.encode(), expected.encode()):
            raise SignInFailed("This sign-in was begun in another browser. Begin again here.")
        with self._pool.connection() as connection:
            row = connection.execute(_TAKE, (hashed(state),)).fetchone()
        if row is None:
            raise SignInFailed("This sign-in is too old, or was used. Begin again.")
        nonce, verifier, next_page = row
        try:
            claims = self._claims(code=code, verifier=verifier, nonce=nonce)
        except (OAuthError, JoseError, requests.RequestException, ValueError, KeyError) as error:
            log.warning(
                "A sign-in failed: %s", type(error).__name__, extra={"action": "console_sign_in"}
            )
            raise SignInFailed from error
        return self._person(claims), str(next_page)

    def _claims(self, *, code: str, verifier: str, nonce: str) -> Mapping[str, Any]:
        """What the provider says, in a token that it signed for us and for this sign-in."""
        configuration = self._configuration()
        with self._session() as session:
            token = session.fetch_token(
                configuration["token_endpoint"],
                code=code,
                code_verifier=verifier,
                timeout=_SECONDS,
            )
        published = cast("KeySetSerialization", _fetched(configuration["jwks_uri"]))
        keys = KeySet.import_key_set(published)
        decoded = jwt.decode(token["id_token"], keys, algorithms=_ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": configuration["issuer"]},
                "aud": {"essential": True, "value": self.provider.client_id},
            },
            {"nonce": nonce, "client_id": self.provider.client_id},
        )
        claims.validate(leeway=_LEEWAY)
        return dict(claims)

    def _person(self, claims: Mapping[str, Any]) -> Person:
        """By the subject where it is known, else by an address that the provider has verified."""
        issuer, subject = str(claims["iss"]), str(claims["sub"])
        person = self._people.known_as(issuer=issuer, subject=subject)
        if person is None:
            email = str(claims.get("email") or "")
            if not email or claims.get("email_verified") not in {True, "true"}:
                raise SignInFailed("The provider does not vouch for your e-mail address.")
            person = self._invited(email, name=str(claims.get("name") or ""))
            self._people.know(person, issuer=issuer, subject=subject)
        if person.disabled:
            raise SignInFailed("Your account is switched off here. Ask an admin.")
        return person

    def _invited(self, email: str, *, name: str) -> Person:
        found = self._people.named(email)
        if found is not None:
            return found
        try:
            address = checked_email(email)
        except InputRejected as error:
            raise SignInFailed(str(error)) from error
        if address.rpartition("@")[2] not in self.provider.domains:
            raise SignInFailed(f"{address} has not been invited. Ask an admin to add you.")
        actor = Actor(surface="console", name=address)
        return self._people.add(email=address, name=name[:100], role=Role.VIEWER, actor=actor)

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self.provider.client_id,
            self.provider.client_secret.get_secret_value(),
            scope=SCOPE,
            redirect_uri=self._redirect,
            code_challenge_method="S256",
        )

    def _configuration(self) -> Mapping[str, Any]:
        """What the issuer publishes, remembered for an hour. Raises SignInFailed."""
        if self._known is not None and time.monotonic() - self._known[0] < _REMEMBERED:
            return self._known[1]
        base = self.provider.issuer.rstrip("/")
        try:
            found = _fetched(f"{base}/.well-known/openid-configuration")
        except (requests.RequestException, ValueError) as error:
            raise SignInFailed(
                f"{base} does not tell how to sign in there. Check OIDC_ISSUER."
            ) from error
        if str(found.get("issuer", "")).rstrip("/") != base:
            raise SignInFailed(f"{base} calls itself {found.get('issuer')}. Correct OIDC_ISSUER.")
        self._known = (time.monotonic(), found)
        return found


def _fetched(address: str) -> dict[str, Any]:
    answer = requests.get(address, timeout=_SECONDS)
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - told as what cannot be read
    return found

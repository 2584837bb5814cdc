"""The one door to zenpy, and to the parts of Zendesk's API that zenpy cannot read safely.

Articles are read as plain JSON: zenpy's incremental generator stops early or never, and its
objects lack fields that decide who may read. Everything else goes through `zenpy`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

import requests
from zenpy import Zenpy  # type: ignore[import-untyped]  # it carries no types

from connectors.errors import (
    CredentialsRejected,
    HelpCenterNotEnabled,
    PermissionMissing,
    SourceUnavailable,
)
from connectors.zendesk import failures
from connectors.zendesk.addresses import DOMAIN, origin
from connectors.zendesk.session import ZendeskSession

Json = dict[str, Any]
Parameters = Mapping[str, str]
Method = Literal["PUT", "POST", "PATCH"]

PAGE_SIZE = "100"


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Whom the credentials stand for."""

    id: int
    name: str
    role: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Brand:
    """A brand with a help center. `open_to_all` is False while only agents may see it."""

    id: str
    name: str
    subdomain: str
    open_to_all: bool


class ZendeskClient:
    """The API for one worker; neither zenpy nor the session may be shared between threads."""

    def __init__(self, *, subdomain: str, session: ZendeskSession, timeout: float) -> None:
        self.subdomain = subdomain
        self._session = session
        self._timeout = timeout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    @cached_property
    def zenpy(self) -> Zenpy:
        """zenpy on this client's session, without its caches, which never forget a user."""
        return Zenpy(
            subdomain=self.subdomain,
            session=self._session,
            timeout=self._timeout,
            disable_cache=True,
        )

    @property
    def server_time(self) -> int:
        """Now by Zendesk's clock, in seconds since 1970, as of the last answer."""
        told = self._session.server_time
        return int(time.time()) if told is None else told

    def check(self) -> User:
        """The user behind the credentials. Raises CredentialsRejected for nobody (Zendesk
        answers that too with 200) and PermissionMissing for who is no agent: what such a user
        cannot see would seem to be gone."""
        found = self.zenpy.users.me()
        if found.id is None:
            raise CredentialsRejected(
                f"{self.subdomain}.{DOMAIN} takes us for an anonymous user. Set ZENDESK_CLIENT_ID "
                "and ZENDESK_CLIENT_SECRET."
            )
        if found.role not in {"agent", "admin"}:
            raise PermissionMissing(
                f"The credentials stand for {found.name}, who is an {found.role}. Use an OAuth "
                "client of an administrator, or of an agent who is a Help Center manager."
            )
        return User(id=found.id, name=found.name, role=found.role)

    def brands(self) -> tuple[Brand, ...]:
        """The active brands that have a help center.
        https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/"""
        return tuple(
            Brand(
                id=str(each.id),
                name=each.name,
                subdomain=each.subdomain,
                open_to_all=getattr(each, "help_center_state", "enabled") == "enabled",
            )
            for each in self.zenpy.brands()
            if each.active
            and each.has_help_center
            and getattr(each, "help_center_state", "enabled") != "disabled"
        )

    def get(self, path: str, parameters: Parameters | None = None, *, brand: str = "") -> Json:
        """The JSON object at a path such as "help_center/locales", of the brand with this
        subdomain. Raises HelpCenterNotEnabled where there is no help center."""
        response = self._get(path, parameters, brand)
        if response.status_code == 404 and path.startswith("help_center/"):
            raise HelpCenterNotEnabled(
                f"{brand or self.subdomain}.{DOMAIN} has no help center. Activate Guide for this "
                "brand in Zendesk, or leave the brand out of the source."
            )
        if response.status_code != 200:
            raise failures.rejected_request(response)
        return _object(response)

    def find(
        self, path: str, parameters: Parameters | None = None, *, brand: str = ""
    ) -> Json | None:
        """The same of something that may be gone: then None."""
        response = self._get(path, parameters, brand)
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise failures.rejected_request(response)
        return _object(response)

    def pages(
        self, path: str, parameters: Parameters | None = None, *, brand: str = "", after: str = ""
    ) -> Iterator[Json]:
        """The pages of a list, by cursor, from the one `after` leads to. A list that is paged
        by number only is followed too. Links are followed for what they ask, on the brand's
        own host: nothing an answer says leads anywhere else.
        https://developer.zendesk.com/api-reference/introduction/pagination/"""
        asked: Parameters | None = {**(parameters or {}), "page[size]": PAGE_SIZE}
        if after:
            asked = {**(asked or {}), "page[after]": after}
        while asked is not None:
            page = self.get(path, asked, brand=brand)
            yield page
            asked = _next(page, asked)

    def submit(
        self,
        method: Method,
        path: str,
        body: Json,
        parameters: Parameters | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The answer to a write, which is sent once and never again: what it may be refused for
        is for the caller to judge. Raises RateLimited, PermissionMissing, and WriteUncertain
        where nobody knows whether it was carried out."""
        url = f"{origin(self.subdomain)}/api/v2/{path}"
        request = self._session.prepare_request(
            requests.Request(
                method, url, params=dict(parameters or {}), json=body, headers=dict(headers or {})
            )
        )
        around = self._session.merge_environment_settings(str(request.url), {}, None, None, None)
        return self._session.send(request, patient=False, timeout=self._timeout, **around)

    def _get(self, path: str, parameters: Parameters | None, brand: str) -> requests.Response:
        # Webhooks are the one list that is never named with the suffix.
        suffix = "" if path.startswith("webhooks") else ".json"
        url = f"{origin(brand or self.subdomain)}/api/v2/{path}{suffix}"
        return self._session.get(url, params=dict(parameters or {}), timeout=self._timeout)


def _next(page: Json, asked: Parameters) -> Parameters | None:
    meta = page.get("meta")
    if isinstance(meta, dict):
        after = meta.get("after_cursor")
        more = bool(meta.get("has_more")) and after and after != asked.get("page[after]")
        return {**asked, "page[after]": str(after)} if more else None
    link = page.get("next_page")
    following = dict(parse_qsl(urlsplit(link).query)) if isinstance(link, str) else None
    return None if following == asked else following


def _object(response: requests.Response) -> Json:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise SourceUnavailable(
            f"{urlsplit(response.url).netloc} answers, but not as Zendesk does. Check "
            "ZENDESK_SUBDOMAIN and ZENDESK_BASE_URL, and what stands between."
        )
    return answer

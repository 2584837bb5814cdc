"""Where an account's brands are reached, and where they must never be taken to be.

Every brand has a host of its own. With a base URL (a proxy, or a stand-in), requests go there
and name the brand's host in the Host header, so that links in answers keep their meaning.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from connectors.errors import SourceMisconfigured

DOMAIN = "zendesk.com"
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def subdomain_of(text: str) -> str:
    """The subdomain in what people write: "acme", "acme.zendesk.com" or the whole address.
    Raises SourceMisconfigured where there is none."""
    name = text.strip().lower().removeprefix("https://").split("/", 1)[0]
    name = name.removesuffix(f".{DOMAIN}")
    if not _SUBDOMAIN.fullmatch(name):
        raise SourceMisconfigured(
            f"{text!r} is not a Zendesk subdomain: use the part before .{DOMAIN}, such as acme."
        )
    return name


def origin(subdomain: str) -> str:
    return f"https://{subdomain}.{DOMAIN}"


def ticket_url(account: str, ticket_id: int) -> str:
    """Where agents open a ticket of the account that a setting names. Raises
    SourceMisconfigured."""
    return f"{origin(subdomain_of(account))}/agent/tickets/{ticket_id}"


class Addresses:
    """Which URLs belong to the account; only those are ever sent a credential."""

    def __init__(self, *, base_url: str = "") -> None:
        self._base = base_url.rstrip("/")

    def owns(self, url: str) -> bool:
        if self._base and (url == self._base or url.startswith(f"{self._base}/")):
            return True
        parts = urlsplit(url)
        return parts.scheme == "https" and (parts.hostname or "").endswith(f".{DOMAIN}")

    def mount(self, session: requests.Session) -> None:
        """Leads the session to the base URL, where there is one."""
        if self._base:
            session.mount("https://", _Detour(self._base))


class _Detour(HTTPAdapter):
    """Sends what is meant for a brand's host to another address, and tells it for whom."""

    def __init__(self, base: str) -> None:
        self._base = base
        super().__init__()

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        sent = request.copy()
        sent.url = f"{self._base}{request.path_url}"
        sent.headers["Host"] = urlsplit(str(request.url)).netloc
        kwargs["proxies"] = {}  # the base URL is the way out already
        response = super().send(sent, *args, **kwargs)
        response.request, response.url = request, str(request.url)
        return response

"""What a request says about who sends it and from where. Pure, but for what the gate found out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from fastapi import Request

    from bot.admin.sessions import Visitor

HOME = "/admin/"

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_PATH = re.compile(r"/admin/[A-Za-z0-9/_.~%:@!$&'()*+,;=?-]*")
_LONGEST_NEXT = 500


def visitor_of(request: Request) -> Visitor:
    """Whoever opens this page: the gate has found out before any route is called."""
    return cast("Visitor", request.state.visitor)


def address_of(request: Request) -> str:
    """Where the request comes from, "" where that is not known."""
    return request.client.host if request.client else ""


def is_partial(request: Request) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def safe_next(address: str) -> str:
    """A page of ours to go on to; the first page for any other address."""
    if len(address) > _LONGEST_NEXT or not _PATH.fullmatch(address) or "//" in address:
        return HOME
    return HOME if address.startswith("/admin/sign-") else address


def comes_from_elsewhere(request: Request, *, public_url: str | None) -> bool:
    """Whether the browser says that another site's page sends this."""
    if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    ours = {request.headers.get("host", "").lower()}
    if public_url:
        ours.add(urlsplit(public_url).netloc.lower())
    return urlsplit(origin).netloc.lower() not in ours - {""}

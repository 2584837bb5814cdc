"""What surrounds every page: headers that tell the browser what a page may do, and how much it may
be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from bot.admin.requests import UNSAFE
from bot.bodies import Unread, body_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_FORM = 2 * 2**20
"""Bytes: a file with routing examples."""

FORM_SECONDS = 20.0

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer, with which browsers would not say from where a form is sent.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex, nofollow",
}
_YEAR = "max-age=31536000"


class Shell:
    """Wraps an application. `secure` where people come by https; `ancestors` are the sites that
    may show the pages in a frame, in the words of frame-ancestors."""

    def __init__(self, app: ASGIApp, *, secure: bool, ancestors: str = "'none'") -> None:
        self._app = app
        self._headers = {
            **_HEADERS,
            "Content-Security-Policy": POLICY.format(ancestors=ancestors),
            **({"Strict-Transport-Security": _YEAR} if secure else {}),
            **({"X-Frame-Options": "DENY"} if ancestors == "'none'" else {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["method"] not in UNSAFE:
            await self._app(scope, receive, with_headers)
            return
        body = await body_of(Request(scope, receive), largest=LARGEST_FORM, seconds=FORM_SECONDS)
        if isinstance(body, Unread):
            refusal = PlainTextResponse(
                f"{body.reason}\n", status_code=body.status, headers={"Connection": "close"}
            )
            await refusal(scope, receive, with_headers)
            return
        await self._app(scope, _replayed(body, receive), with_headers)


def _replayed(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again

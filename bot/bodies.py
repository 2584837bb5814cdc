"""The body of a request that anybody may send: read no further and no longer than is sensible."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.requests import Request

_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """A body that was not read to its end: the HTTP status to answer, and why. What is left of
    it must not be taken for the next request, so the connection is to be closed."""

    status: int
    reason: str


async def body_of(request: Request, *, largest: int, seconds: float = _SECONDS) -> bytes | Unread:
    """The raw body, of at most `largest` bytes that came within `seconds`."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > largest:
        return _too_large(largest)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    return _too_large(largest)
    except TimeoutError:
        return Unread(status=408, reason="The body did not arrive in time.")
    except ClientDisconnect:
        return Unread(status=400, reason="The body ended early.")
    return bytes(body)


def _too_large(largest: int) -> Unread:
    return Unread(status=413, reason=f"The body is longer than {largest} bytes.")

"""Calls as they come over HTTP, and the ways to answer that are no answers."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BasicAuth, web


class NotUnderstood(Exception):
    """A body that says it is JSON and is no JSON object."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """`arguments` without the token, which has its own place."""

    method: str
    token: str
    arguments: Mapping[str, Any]
    was_json: bool


async def read(request: web.Request) -> Request:
    """The arguments from wherever they stand: the address, a form, or a JSON object."""
    arguments: dict[str, Any] = dict(request.query)
    was_json = request.content_type == "application/json"
    if was_json:
        arguments |= _object(await request.text())
    else:
        arguments |= dict(await request.post())
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        client = BasicAuth.decode(f"{scheme} {token}")
        arguments |= {"client_id": client.login, "client_secret": client.password}
    sent = arguments.pop("token", "")
    return Request(
        method=request.match_info.get("method", "response_url"),
        token=token if scheme.lower() == "bearer" else str(sent),
        arguments=arguments,
        was_json=was_json,
    )


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NotUnderstood
    return found


def limited(seconds: int, *, error: str = "ratelimited") -> web.Response:
    return web.json_response(
        {"ok": False, "error": error}, status=429, headers={"Retry-After": str(seconds)}
    )


def cut(request: web.Request) -> None:
    """With no time to linger, closing sends a reset instead of an end."""
    transport = request.transport
    if transport is not None:
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()

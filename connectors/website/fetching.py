"""Fetches one address at a time, within limits: of size, of time, of redirects, of ports.

On httpcore2 rather than a client above it: what a guarded crawler needs is to hold the socket
(see network), to see each redirect before it is followed, and to unpack by itself, because a
few kilobytes of gzip can be gigabytes of page.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import httpcore2

from connectors.base import Calls
from connectors.website.addresses import normalised, origin_of, port_of
from connectors.website.network import (
    AddressRefused,
    Deadline,
    GuardedBackend,
    Resolve,
    resolve,
)

ROBOTS_NAME = "SupportBot"
"""What a robots.txt calls this crawler."""

_USER_AGENT = f"{ROBOTS_NAME}/0.1 (reads help pages; robots.txt name: {ROBOTS_NAME})"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_MOST_REDIRECTS = 8
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})

ProblemKind = Literal[
    "unreachable",  # no answer, or none in time: it may be there next time
    "refused",  # leads where this crawler must not go
    "elsewhere",  # leads to another site
    "barred",  # the site or the source does not want this address read
    "seen",  # leads to what was read already
    "too_large",
    "not_wanted",  # not the type that was asked for
    "broken",  # a loop of redirects, or what cannot be unpacked
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why there is no answer; `url` is where it ended, `lasting` that it will be so again."""

    kind: ProblemKind
    url: str
    reason: str
    lasting: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the server said at `url`, after redirects. Header names are in lower case; `content`
    is unpacked, and empty for anything but a 200."""

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Validators:
    """What a server gave with a page, to ask later whether it still is that page."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> Iterable[tuple[str, str]]:
        if self.etag:
            yield "If-None-Match", self.etag
        if self.last_modified:
            yield "If-Modified-Since", self.last_modified


Admit = Callable[[str], Problem | None]
"""Asked before each request, redirects included: None, or why it must not be made."""


def _anything(_url: str) -> Problem | None:
    return None


def _nothing_known(_url: str) -> Validators:
    return Validators()


class Fetcher:
    """Keeps connections open between requests; close it, or use it in a `with`.

    `ports` are allowed besides 80 and 443. `seconds` is for one request from its first byte to
    its last, each redirect counting anew. Requests are counted in `calls`.
    """

    def __init__(
        self,
        *,
        allow_private_hosts: frozenset[str] = frozenset(),
        ports: frozenset[int] = frozenset(),
        seconds: float = 30.0,
        calls: Calls | None = None,
        clock: Callable[[], float] = time.monotonic,
        resolve: Resolve = resolve,
        network: httpcore2.NetworkBackend | None = None,
    ) -> None:
        self._ports = ports | {80, 443}
        self._seconds = seconds
        self._calls = calls or Calls()
        self._deadline = Deadline(clock=clock)
        self._pool = httpcore2.ConnectionPool(
            max_connections=4,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(
                deadline=self._deadline,
                allow_private_hosts=allow_private_hosts,
                resolve=resolve,
                network=network,
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.close()

    def get(
        self,
        url: str,
        *,
        limit: int,
        types: frozenset[str] | None = None,
        admit: Admit = _anything,
        validators: Callable[[str], Validators] = _nothing_known,
    ) -> Answer | Problem:
        """The answer at an address or where it redirects to. `limit` is in bytes, packed and
        unpacked; `types` are the media types wanted, None is any. Never raises for what a
        server may do."""
        seen: set[str] = set()
        lasting = True
        url = normalised(url) or url
        while True:
            problem = self._admitted(url) or admit(url)
            if problem is not None:
                return _told(problem, lasting=lasting and bool(seen))
            seen.add(url)
            answer = self._once(url, limit=limit, types=types, validators=validators(url))
            if isinstance(answer, Problem) or answer.status not in _REDIRECTS:
                return answer
            lasting = lasting and answer.status in _PERMANENT
            following = normalised(answer.headers.get("location", ""), base=url)
            if not following or following in seen or len(seen) > _MOST_REDIRECTS:
                where = "to no address" if not following else "in a circle or without end"
                return Problem(kind="broken", url=url, reason=f"is redirected {where}.")
            url = following

    def _admitted(self, url: str) -> Problem | None:
        if normalised(url) != url:
            return Problem(kind="refused", url=url, reason="is not an address of a web page.")
        if port_of(url) not in self._ports:
            return Problem(
                kind="refused",
                url=url,
                reason=f"leads to port {port_of(url)} ({origin_of(url)}), which is not allowed. "
                "Name it in ports if it is meant.",
            )
        return None

    def _once(
        self, url: str, *, limit: int, types: frozenset[str] | None, validators: Validators
    ) -> Answer | Problem:
        headers = [
            ("User-Agent", _USER_AGENT),
            ("Accept", ", ".join(sorted(types)) + ", */*;q=0.1" if types else "*/*"),
            ("Accept-Encoding", "gzip, deflate"),
            *validators.headers(),
        ]
        self._deadline.start(self._seconds)
        patience = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        self._calls.sent += 1
        try:
            with self._pool.stream(
                "GET", url, headers=headers, extensions={"timeout": patience}
            ) as response:
                return _read(url, response, limit=limit, types=types)
        except AddressRefused as error:
            return Problem(
                kind="refused",
                url=url,
                reason=f"{error}. If this is a site of your own network, name {error.host} in "
                "allow_private_hosts.",
            )
        except httpcore2.TimeoutException:
            reason = f"did not answer in full within {self._seconds:g} seconds."
            return Problem(kind="unreachable", url=url, reason=reason)
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            reason = f"cannot be reached ({error or type(error).__name__})."
            return Problem(kind="unreachable", url=url, reason=reason)


def unpacked(content: bytes, *, limit: int) -> bytes | None:
    """Gzip or zlib data unpacked, or None when that is more than `limit` bytes. Raises
    zlib.error for what is neither."""
    inflater = _Inflater(limit)
    return inflater.take(content)


class _Inflater:
    """Unpacks piece by piece and never makes more than was allowed."""

    def __init__(self, limit: int) -> None:
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its header
        self._left = limit

    def take(self, piece: bytes) -> bytes | None:
        made = self._zlib.decompress(piece, self._left + 1)
        self._left -= len(made)
        return made if self._left >= 0 else None


def _read(
    url: str, response: httpcore2.Response, *, limit: int, types: frozenset[str] | None
) -> Answer | Problem:
    headers = _headers(response.headers)
    answer = Answer(url=url, status=response.status, headers=headers)
    if response.status != 200:
        return answer  # the body of an error page is not worth reading
    if types is not None and answer.media_type not in types:
        what = answer.media_type or "no type"
        return Problem(kind="not_wanted", url=url, reason=f"is {what}, not a page.")
    encoding = headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding != "identity" and encoding not in _PACKED:
        reason = f"is packed as {encoding}, which was not asked for."
        return Problem(kind="broken", url=url, reason=reason)
    try:
        content = _body(response, limit, packed=encoding in _PACKED)
    except zlib.error as error:
        return Problem(kind="broken", url=url, reason=f"cannot be unpacked ({error}).")
    if content is None:
        size = f"{limit / 1024**2:g} MB" if limit >= 1024**2 else f"{limit} bytes"
        return Problem(kind="too_large", url=url, reason=f"is larger than {size}.")
    return Answer(url=url, status=response.status, headers=headers, content=content)


def _body(response: httpcore2.Response, limit: int, *, packed: bool) -> bytes | None:
    inflater = _Inflater(limit)
    content = bytearray()
    taken = 0
    for piece in response.iter_stream():
        taken += len(piece)
        plain = inflater.take(piece) if packed else piece
        if plain is None or taken > limit or len(content) + len(plain) > limit:
            return None
        content += plain
    return bytes(content)


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _told(problem: Problem, *, lasting: bool) -> Problem:
    return Problem(
        kind=problem.kind,
        url=problem.url,
        reason=problem.reason,
        lasting=problem.lasting or lasting,
    )

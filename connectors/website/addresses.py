"""Web addresses: one spelling for each page, and which of them belong to a source.

Own code, because a page's address is its identity here: courlan and its like also sort query
parts and drop what they take for duplicates, so that two pages can become one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv6Address
from urllib.parse import quote, urljoin, urlsplit

import idna

from connectors.validation import clean_text

LONGEST = 2000
"""Characters of an address; longer ones are traps for crawlers, not pages."""

DEFAULT_PORTS = {"http": 80, "https": 443}

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_TRACKING = re.compile(r"(?:utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|_hs(?:enc|mi)|yclid)=", re.ASCII)
# What links on help pages lead to that no page is read from: not worth a request.
_NO_PAGE = re.compile(
    r"\.(?:7z|apk|avi|bmp|bz2|css|csv|dmg|docx?|eot|epub|exe|gif|gz|ico|iso|jar|jpe?g|js|json|m4a"
    r"|mkv|mov|mp[34]|mpe?g|msi|odt|ogg|otf|pdf|pkg|png|pptx?|rar|rss|svg|tar|tgz|tiff?|ttf|txt"
    r"|wav|webm|webp|woff2?|xlsx?|xml|zip)$",
    re.IGNORECASE,
)


def normalised(address: str, *, base: str = "") -> str:
    """The one spelling of a page's address (http or https, no fragment, no tracking), or "" for
    what is no such address. Addresses with a user name or password are none."""
    try:
        parts = urlsplit(urljoin(base, clean_text(address).strip()))
        port = parts.port
        host = host_name(parts.hostname or "")
    except ValueError:
        return ""
    if parts.scheme not in DEFAULT_PORTS or not host or "@" in parts.netloc or port == 0:
        return ""
    netloc = f"[{host}]" if ":" in host else host
    if port and port != DEFAULT_PORTS[parts.scheme]:
        netloc += f":{port}"
    query = "&".join(each for each in parts.query.split("&") if not _TRACKING.match(each))
    found = f"{parts.scheme}://{netloc}{_path(parts.path)}"
    if query:
        found += f"?{_quoted(query, '?')}"
    return found if len(found) <= LONGEST else ""


def host_name(name: str) -> str:
    """A host as it goes over the wire: lower case, Punycode, IPv6 without brackets, no dot at
    the end; "" for what is no host."""
    name = name.strip().strip("[]").rstrip(".").lower()
    if ":" in name:
        try:
            return "" if "%" in name else IPv6Address(name).compressed
        except ValueError:
            return ""
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError:
            return ""
    return name if _HOST.fullmatch(name) else ""


def host_of(address: str) -> str:
    return urlsplit(address).hostname or ""


def port_of(address: str) -> int:
    parts = urlsplit(address)
    return parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def origin_of(address: str) -> str:
    """Scheme, host and port: what one robots.txt speaks for."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def may_be_page(address: str) -> bool:
    """False for what its name says is a picture, a download or the like."""
    return not _NO_PAGE.search(urlsplit(address).path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which addresses belong to a source: those on its hosts and ports whose path is wanted.

    `include` and `exclude` are glob patterns on the path ("/help/*", "**/print/*"); `*` crosses
    slashes too.
    """

    hosts: frozenset[str]
    ports: frozenset[int] = frozenset(DEFAULT_PORTS.values())
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def wants(self, address: str) -> bool:
        path = urlsplit(address).path
        return (
            host_of(address) in self.hosts
            and port_of(address) in self.ports
            and (not self.include or _matches(path, self.include))
            and not _matches(path, self.exclude)
        )


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(
        fnmatchcase(path, each)
        or fnmatchcase(path, f"/{each}")
        or (each.startswith("**/") and fnmatchcase(path, each.removeprefix("**")))
        for each in patterns
    )


def _path(path: str) -> str:
    path = _quoted(path, "") or "/"
    if "/." in path and not path.startswith("//"):
        path = urlsplit(urljoin("http://x", path)).path or "/"
    return path


def _quoted(text: str, more: str) -> str:
    """Escapes what must be, unescapes what need not be, and spells escapes in capitals."""
    text = quote(text, safe=f"/%:@!$&'()*+,;=~-._{more}")
    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return _ESCAPE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    character = chr(int(found.group(1), 16))
    return character if character in _UNRESERVED else found.group(0).upper()

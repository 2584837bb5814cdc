"""What a crawl remembers for the next one: its pages, and how to ask whether they changed.

It is kept in the cursor. A page takes about 160 bytes there, so 5,000 pages make 800 kB of JSON,
which PostgreSQL compresses to a fraction; the limit of pages bounds it, and a crawl writes it 50
times at most. That buys a sync of an unchanged site that transfers no page, and a killed crawl
that goes on. A table of validators would be smaller to write but would tie the connector to a
database.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from connectors.base import Cursor
from connectors.website.fetching import Validators

_VERSION = 1
_LONGEST_VALIDATOR = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownPage:
    """A page that was delivered: as which document, how far from the start, and as of when."""

    document_id: str
    depth: int
    validators: Validators


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Pages by the address they were read at, and addresses (with their depth) that a page led
    to and that were not read yet. Together they are all that pages which do not change lead to.
    `complete` says that a crawl which nothing cut short has met every document."""

    pages: Mapping[str, KnownPage]
    waiting: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False


def recall(cursor: Cursor, *, settings: str, again: Collection[str] = ()) -> Memory:
    """What a cursor holds; nothing for one that cannot be read. Pages that were delivered under
    other settings (another audience, say) are remembered without validators, so that they are
    delivered again; so are the documents named in `again`."""
    try:
        stored = json.loads(cursor or "{}")
        same = stored.get("settings") == settings
        pages = {
            url: KnownPage(
                document_id=str(name or url),
                depth=int(depth),
                validators=Validators(etag=str(etag), last_modified=str(modified))
                if same and (name or url) not in again
                else Validators(),
            )
            for url, (name, depth, etag, modified) in stored.get("pages", {}).items()
        }
        if stored.get("version") != _VERSION:
            return Memory(pages={})
        waiting = {url: int(depth) for url, depth in stored.get("waiting", {}).items()}
        return Memory(pages=pages, waiting=waiting, complete=bool(stored.get("complete")))
    except (ValueError, TypeError, AttributeError):
        return Memory(pages={})


def remember(memory: Memory, *, settings: str) -> Cursor:
    """The cursor that `recall` reads."""
    pages = {
        url: (
            "" if page.document_id == url else page.document_id,
            page.depth,
            page.validators.etag,
            page.validators.last_modified,
        )
        for url, page in memory.pages.items()
    }
    stored = {
        "version": _VERSION,
        "settings": settings,
        "complete": memory.complete,
        "pages": pages,
        "waiting": dict(memory.waiting),
    }
    return json.dumps(stored, ensure_ascii=False, separators=(",", ":"))


def validators_of(headers: Mapping[str, str]) -> Validators:
    """What an answer's headers offer; oversized ones are left out, and the page is read anew."""
    etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
    return Validators(
        etag=etag if _may_be_sent(etag) else "",
        last_modified=modified if _may_be_sent(modified) else "",
    )


def forgotten(page: KnownPage) -> KnownPage:
    """The same page, to be read anew next time whether it changed or not."""
    return replace(page, validators=Validators())


def _may_be_sent(value: str) -> bool:
    return len(value) <= _LONGEST_VALIDATOR and value.isascii() and value.isprintable()

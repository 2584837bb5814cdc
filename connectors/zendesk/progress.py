"""How far a sync of articles has come: what its cursor says, and whether it may go on from it.

The export of changes tells of articles only. A section that was renamed or moved, a segment that
lets fewer people in, a narrower scope: these change what articles become without touching them.
So the cursor remembers such facts, and when one is no longer true everything is read again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.base import Cursor

Facts = Mapping[str, str]
"""What each thing beside the articles was like: "section:7" to a short hash of it."""


class Progress(BaseModel):
    """`since` is each brand's start of the next export, in seconds since 1970. While everything
    is read, `listed` are the brands that are done, and `after` leads on in the next one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: dict[str, str]
    since: dict[str, int]
    complete: bool = False
    listed: tuple[str, ...] = ()
    after: str = ""
    unreadable_segments: tuple[str, ...] = ()

    def cursor(self) -> Cursor:
        return self.model_dump_json(exclude_defaults=True)


def progress_of(cursor: Cursor) -> Progress | None:
    """What a cursor says; None for the start, and for what an older version wrote."""
    try:
        return Progress.model_validate_json(cursor) if cursor else None
    except ValidationError:
        return None


def fact(*values: object) -> str:
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def still_true(old: Progress, facts: Facts) -> bool:
    """Whether articles that were not touched since are what they were. A section or category
    that is new or gone says nothing of them; a segment or brand that is gone does."""
    if any(f"segment:{each}" in facts for each in old.unreadable_segments):
        return False
    if any(name.startswith("brand:") and name not in old.facts for name in facts):
        return False
    return all(
        facts.get(name, value if name.startswith(("section:", "category:")) else "") == value
        for name, value in old.facts.items()
    )

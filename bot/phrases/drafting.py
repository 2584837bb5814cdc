"""Whether somebody who points to a ticket wants a reply to it drafted, rather than asking about
something else and naming the ticket by the way."""

from __future__ import annotations

import re
from functools import cache

from bot.phrases import phrases
from bot.phrases.courtesies import asks_something

_READ = 500  # characters


def asks_for_draft(text: str) -> bool:
    """`text` is what was written beside the link; nothing beside it asks for a draft too."""
    words = " ".join(text[:_READ].casefold().split())
    return not asks_something(words, name="") or _pattern().search(words) is not None


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in phrases("drafting")["asks"]))

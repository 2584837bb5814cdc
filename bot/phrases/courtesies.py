"""Whether a message says anything beyond courtesies: greetings, thanks, a
signature, "see attached".

own_words takes a signature off what stands before it. Where nothing stands before it, the
signature is the message, and no library can know that it is none.
"""

from __future__ import annotations

import re
from functools import cache

from bot.phrases import phrases

_NAME_PARTS = re.compile(r"[\W_]+")


def asks_something(text: str, *, name: str) -> bool:
    """Whether anything is left without courtesies and the writer's name."""
    lines = [each.strip(" ,.!-") for each in text.split("\n") if each.strip()]
    closing = next(
        (n for n, each in enumerate(lines) if _pattern("closing").fullmatch(each)), len(lines)
    )
    if not any("?" in each for each in lines[closing:]):
        lines = lines[:closing]
    rest = _pattern("see_attached").sub(" ", _pattern("courtesy").sub(" ", " \n".join(lines)))
    known = {part.casefold() for part in _NAME_PARTS.split(name)}
    return any(
        part.casefold() not in known and any(map(str.isalnum, part))
        for part in _NAME_PARTS.split(rest)
    )


def is_closing(line: str) -> bool:
    """Whether a line closes a message: what follows is a signature."""
    return _pattern("closing").fullmatch(line.strip(" ,.!-")) is not None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases("courtesies")[name]), re.IGNORECASE)

"""An agent's reply without what stands around what it says: greeting, thanks, offers of more help,
closing, and sentences that only point to an article by its address.

What a model should learn to say are facts with their sources; whoever posts a reply adds the rest.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import takewhile

from bot.phrases import phrases
from bot.phrases.courtesies import asks_something, is_closing
from indexing.sentences import sentences

_ADDRESS = re.compile(r"<?\bhttps?://[^\s<>]+>?")
_WORD = re.compile(r"[^\W\d_]+")
_ENDS = " \t\n.!?…:;,-()\"'»«*"

_MARKED_NAME = "name"  # stands in square brackets where a name was taken out


def told(text: str) -> str:
    """The sentences of a reply that tell the customer something, in their lines; "" without any."""
    own = takewhile(lambda line: not is_closing(line), text.splitlines())
    kept = (_told(_greeting().sub("", line.strip())) for line in own)
    return "\n".join(line for line in kept if line)


def _told(line: str) -> str:
    said = "".join(each for each in sentences(line) if says_something(each)).strip()
    return said[:1].upper() + said[1:]


def says_something(sentence: str) -> bool:
    """Whether a sentence of a reply tells the customer anything."""
    pointed = _ADDRESS.sub(" ", sentence)
    bare = pointed.strip(_ENDS)
    if pointed != sentence and set(_words(bare)) <= _pointing():
        return False
    return not _around().fullmatch(bare) and asks_something(bare, name=_MARKED_NAME)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


@cache
def _around() -> re.Pattern[str]:
    return re.compile("|".join(phrases("replying")["around"]), re.IGNORECASE | re.DOTALL)


@cache
def _greeting() -> re.Pattern[str]:
    """A greeting with at most four words after it, up to a mark that something may follow."""
    words = "|".join(phrases("replying")["greeting"])
    return re.compile(rf"^(?:{words})\b(?: [\w\[\]'.-]+){{0,4}}?\s?[,!:-]\s+", re.IGNORECASE)


@cache
def _pointing() -> frozenset[str]:
    return frozenset(word for line in phrases("replying")["pointing"] for word in line.split())

"""What a customer's reply says about the bot's answer: it helped, it did not, or neither.

Only a short reply that says nothing else is taken as a verdict. Thanks alone is none, a question
is none, and "yes, but …" is none: they go on as a conversation, which is never wrong.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from bot.phrases import phrases

Feedback = Literal["yes", "no"]

_LONGEST = 160  # characters: who writes more says more
_QUESTION = re.compile(r"[?\uff1f\u037e]")
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc`\u00b4]")
_MARKS = re.compile(r"[^\w\s']+|_")
_EMOJI = {"\U0001f44d": " yes ", "\u2705": " yes ", "\U0001f44e": " no "}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Phrases:
    """Each holds any of its patterns; `whole_…` are the whole reply, `first_…` its beginning."""

    whole_yes: re.Pattern[str]
    whole_no: re.Pattern[str]
    first_yes: re.Pattern[str]
    first_no: re.Pattern[str]
    polite_no: re.Pattern[str]
    solved: re.Pattern[str]
    not_solved: re.Pattern[str]
    turn: re.Pattern[str]


def feedback_in(text: str, *, locale: str = "") -> Feedback | None:
    """What the writer's own words say about the last answer; None where they do not say it, or
    say more than that. The locale matters for one word: "tak" is Polish for yes and Danish for
    thanks."""
    text = unicodedata.normalize("NFKC", text.strip()).casefold()
    for emoji, word in _EMOJI.items():
        text = text.replace(emoji, word)
    said = _phrases()
    if not text or len(text) > _LONGEST or _QUESTION.search(text) or said.turn.search(text):
        return None
    words = " ".join(_MARKS.sub(" ", _APOSTROPHES.sub("'", text)).split())
    return None if words == "tak" and locale.startswith("da") else _judged(words, said)


def _judged(words: str, said: _Phrases) -> Feedback | None:
    solved = said.solved.search(words) is not None
    if said.polite_no.match(words):
        return "yes" if solved else None
    if said.not_solved.search(words):
        return None if said.first_yes.match(words) else "no"
    if said.whole_yes.fullmatch(words):
        return "yes"
    if said.whole_no.fullmatch(words):
        return "no"
    return "yes" if solved and not said.first_no.match(words) else None


@cache
def _phrases() -> _Phrases:
    joined = {name: f"(?:{'|'.join(each)})" for name, each in phrases("feedback").items()}
    return _Phrases(
        whole_yes=re.compile(joined["yes"]),
        whole_no=re.compile(joined["no"]),
        first_yes=re.compile(rf"{joined['yes']}\b"),
        first_no=re.compile(rf"{joined['no']}\b"),
        polite_no=re.compile(joined["polite_no"]),
        solved=re.compile(joined["solved"]),
        not_solved=re.compile(joined["not_solved"]),
        turn=re.compile(joined["turn"]),
    )

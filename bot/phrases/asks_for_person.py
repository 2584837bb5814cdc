"""Whether a customer asks for a person: then one takes over at once, whatever else is asked.

By phrases, in all languages at a time, because short messages do not tell their language. Asking
is more than naming: "the person who delivered it" and "personal data" are no requests, and
neither is "an agent told me".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.phrases import phrases

_PART = re.compile(r"%([A-Z]+)")
_READ = 6_000  # characters
_SHORT = 200  # a word alone on its line is a request in a message, and nothing in a log
_SENTENCES = re.compile(r"[.!?\n\u3002\uff01\uff1f\uff0e]+")
_CLAUSES = re.compile(
    r"[,;:()\u3001\uff0c\uff1b\uff1a\u2013\u2014]+| - |\b(?:but|aber|sondern|mais|pero|sino|ma"
    r"|maar"
    r"|mas|ale|men|utan|\u043d\u043e|\u0430|ama)\b"  # the last but one are Russian
)
# "Can't I just talk to a human?" denies nothing.
_PLEA = re.compile(
    r"\b(kann ich|könnte ich|darf ich|kan ik|mag ik|kan jag|får jag|kan jeg|må jeg)"
    r" (?:nicht|niet|inte|ikke)\b"
)
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc`]")
_DECORATION = re.compile(
    r"(?<!\w)'|'(?!\w)|[\"\u00ab\u00bb\u201c-\u201f\u2039\u203a*_>#\u300c\u300d\u00a1\u00bf]+"
)
# "I am not a bot" is what captchas ask for, "are you a bot" is curiosity.
_NOT_A_BOT = (
    r"(?:\b(?:not|no|nicht|kein(?:en|em)?|keine[rm]?|pas|non|niet|geen|não|nao|nie|inte|ikke"
    r"|\u043d\u0435)(?: (?:to|with|mit|avec|con|met|com|z|med|\u0441|a|an|the|this|another|some"
    r"|einem|einer|ein|un|une|una|um|uma|een|en|et|à|ao))* {bot}\b(?=$| (?:please|pls|now"
    r"|again|anymore|and|or|bitte|und"
    r"|svp|et|por|y|per|e|graag|en|proszę|tack|och|tak|og)\b))"
)
_BEING = re.compile(
    r"\b(?:am|i'm|im|is|isn't|are|aren't|was|that's|it's|you're|he's|she's|bin|ist|sind|suis|est"
    r"|êtes|soy|es|eres|sono|è|ben|zijn|sou|é|jestem|jest|är|er)(?: \w+)?$"
)
_WIDE = frozenset({"ja", "zh", "ko"})
_DENIED_AFTERWARDS = _WIDE | {"tr"}  # the verb, and its negation, come last
_WIDE_NOT_A_BOT = (
    r"{bot}(?:では|じゃ)なく|(?:不要|不想|别)(?:和|跟|与)?{bot}|{bot}(?:이|가)? ?(?:말고|아닌)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asking:
    frames: re.Pattern[str]
    bare: re.Pattern[str]
    not_a_bot: re.Pattern[str]
    denied: re.Pattern[str]
    reach: int
    denied_afterwards: bool


def asks_for_person(text: str) -> bool:
    """Whether the writer's own words ask for a person, in any of the languages of
    phrases/person.toml."""
    text = unicodedata.normalize("NFKC", text[:_READ]).casefold().replace("\u0307", "")
    text = _DECORATION.sub(" ", _APOSTROPHES.sub("'", text))
    sentences = (_PLEA.sub(r"\1", " ".join(each.split())) for each in _SENTENCES.split(text))
    short = len(text) <= _SHORT
    return any(_asked_in(each, bare=short) for each in sentences if each)


def _asked_in(sentence: str, *, bare: bool) -> bool:
    clauses = [each.strip() for each in _CLAUSES.split(sentence) if each and each.strip()]
    for asking in _compiled():
        if bare and asking.bare.fullmatch(sentence):
            return True
        for clause in clauses:
            if _requested(clause, asking) or _refuses_bot(clause, asking):
                return True
    return False


def _requested(clause: str, asking: _Asking) -> bool:
    found = asking.frames.search(clause)
    if found is None:
        return False
    before = " ".join(clause[: found.start()].split()[-asking.reach :])
    said = clause if asking.denied_afterwards else f"{before} {found[0]}"
    return not asking.denied.search(said)


def _refuses_bot(clause: str, asking: _Asking) -> bool:
    found = asking.not_a_bot.search(clause)
    return found is not None and not _BEING.search(clause[: found.start()].rstrip())


@cache
def _compiled() -> tuple[_Asking, ...]:
    return tuple(_asking(language, table) for language, table in phrases("person").items())


def _asking(language: str, table: Mapping[str, Any]) -> _Asking:
    parts = {"P": f"(?:{table['person']})", **table.get("parts", {})}

    def pattern(text: str) -> re.Pattern[str]:
        while _PART.search(text):
            text = _PART.sub(lambda found: parts[found[1]], text)
        return re.compile(text)

    polite = rf"(?:{table['polite']})"
    not_a_bot = _WIDE_NOT_A_BOT if language in _WIDE else _NOT_A_BOT
    return _Asking(
        frames=pattern("|".join(f"(?:{each})" for each in table["frames"])),
        bare=pattern(rf"(?:{polite}[ ,]*)*(?:{table['bare']})[ ,]*(?:{polite}[ ,]*)*"),
        not_a_bot=pattern(not_a_bot.replace("{bot}", table["bot"])),
        denied=pattern(table["denied"]),
        reach=table.get("reach", 2),
        denied_afterwards=language in _DENIED_AFTERWARDS,
    )

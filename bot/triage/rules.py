"""The admin's rules: which of them fits. Pure, and safe for any phrase: none is a pattern."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.triage.models import Context, Rule

# Scripts that are written without spaces: there a word has no edge that could be looked for.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def first_fitting(
    rules: Iterable[Rule], text: str, *, locale: str, context: Context
) -> Rule | None:
    """The first rule, in this order, whose conditions all hold; None when there is none."""
    folded = _folded(text)
    return next((rule for rule in rules if _fits(rule, folded, locale, context)), None)


def _fits(rule: Rule, folded: str, locale: str, context: Context) -> bool:
    return (
        _one_of(context.channel, rule.channels)
        and _one_of(context.brand, rule.brands)
        and _one_of(context.form, rule.forms)
        and (not rule.locales or any(_same_language(locale, each) for each in rule.locales))
        and (not rule.requester_tags or not context.requester_tags.isdisjoint(rule.requester_tags))
        and (not rule.phrases or any(_pattern(each).search(folded) for each in rule.phrases))
    )


def says(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase as a rule means it: whole words, however they are written, and
    any ending where a star stands at the end."""
    return _pattern(phrase).search(_folded(text)) is not None


def _one_of(value: str, wanted: Sequence[str]) -> bool:
    return not wanted or value.casefold() in {each.casefold() for each in wanted}


def _same_language(locale: str, wanted: str) -> bool:
    have, want = (each.lower().replace("_", "-") for each in (locale, wanted))
    return have == want or have.startswith(f"{want}-")


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> re.Pattern[str]:
    """The phrase's words with any space between them, and no letter beside them."""
    folded = _folded(phrase).strip()
    words = folded.removesuffix("*").split()
    inner = r"\s+".join(re.escape(each) for each in words)
    before = r"(?<!\w)" if words and _has_edge(words[0][0]) else ""
    after = r"(?!\w)" if words and _has_edge(words[-1][-1]) and not folded.endswith("*") else ""
    return re.compile(before + inner + after if words else r"(?!)")


def _has_edge(character: str) -> bool:
    return re.match(r"\w", character) is not None and _UNSPACED.match(character) is None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")

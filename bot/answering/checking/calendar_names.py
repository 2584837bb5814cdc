"""Names of months, weekdays and countries in the languages that claims are checked in.

They come from the Unicode locale data, so that "le 5 mars" is carried by "March 5" and Allemagne
by Germany, while another month, day or country is not.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMERIC = re.compile(
    r"(?<![\w.])(\d{4})-(\d{1,2})-(\d{1,2})(?!\w)"
    r"|(?<![\w.])(\d{1,2})([/.])(\d{1,2})\5(\d{4}|\d{2})(?![\w/])"
)
_KNOWN = frozenset({"en", "de", "fr", "es", "it", "nl", "pt"})
# Written alike in every language, or too short for the locale data.
_SHORT_COUNTRIES = {"USA": "US", "US": "US", "U.S.": "US", "UK": "GB", "U.K.": "GB"}
_NAME = r"[A-ZÀ-Þ][\w'\u2019.-]*"
_CAPITALISED = re.compile(rf"{_NAME}(?: (?:{_NAME}|and|und|et|y|e|en|of))*")
_BEFORE_MONTH = re.compile(r"\d(?:st|nd|rd|th|\.|º|er)?\s(?:de |of )?$")
_AFTER_MONTH = re.compile(r"\.?,?\s(?:de |of )?\d")
# Words that are countries only by accident.
_NO_COUNTRY = frozenset({"world", "europe", "jersey", "turkey", "chad", "africa"})


def dates(
    plain: str, text: str, language: str
) -> Iterator[tuple[frozenset[Decimal], str, int, int]]:
    """Parts of dates as (values, unit, start, end): each part of a numeric date, month names
    and weekdays. `plain` is the folded `text`, character for character."""
    for match in _NUMERIC.finditer(plain):
        for group in (1, 2, 3, 4, 6, 7):
            if match.group(group):
                yield frozenset({Decimal(match.group(group))}), "numeric_date", *match.span(group)
    if language not in _KNOWN:
        return
    pattern, months, days = _calendar(language)
    for match in pattern.finditer(plain):
        name = match.group().rstrip(".")
        if name in days:
            yield frozenset({Decimal(days[name])}), "weekday", *match.span()
        elif _is_month(match, plain, text, language):
            yield frozenset({Decimal(months[name])}), "month_name", *match.span()


def countries(text: str, language: str) -> dict[str, str]:
    """The countries that a text names: ISO 3166 code to the words that name it."""
    names = _countries(language) if language in _KNOWN else {}
    found: dict[str, str] = {}
    for match in _CAPITALISED.finditer(text):
        words = match.group().split()
        for start in range(len(words)):
            for end in range(min(len(words), start + 5), start, -1):
                name = " ".join(words[start:end]).rstrip(".,'\u2019-")
                code = _SHORT_COUNTRIES.get(name) or names.get(name.lower())
                if code:
                    found.setdefault(code, name)
    return found


def _is_month(match: re.Match[str], plain: str, text: str, language: str) -> bool:
    """ "may" and "mars" are words as well: a month stands beside a number."""
    is_upper = text[match.start()].isupper()
    if language in ("en", "de") and not is_upper:
        return False
    if _BEFORE_MONTH.search(plain, 0, match.start()) or _AFTER_MONTH.match(plain, match.end()):
        return True
    return is_upper and len(match.group()) >= 4 and match.start() > 0


@lru_cache(maxsize=8)
def _calendar(language: str) -> tuple[re.Pattern[str], dict[str, int], dict[str, int]]:
    from babel import Locale  # noqa: PLC0415  reading the locale data takes a moment

    locale = Locale(language)
    months: dict[str, int] = {}
    days: dict[str, int] = {}
    for width in ("wide", "abbreviated"):
        for number, name in locale.months["format"][width].items():
            months.setdefault(name.lower().rstrip("."), number)
    for number, name in locale.days["format"]["wide"].items():
        days[name.lower()] = number
    names = sorted({*months, *days}, key=len, reverse=True)
    plural = "s?" if language in ("en", "de", "fr", "pt") else ""
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?={plural}(?!\w))\.?")
    return pattern, months, days


@lru_cache(maxsize=8)
def _countries(language: str) -> dict[str, str]:
    from babel import Locale  # noqa: PLC0415

    return {
        name.lower(): code
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha() and name.lower() not in _NO_COUNTRY
    }

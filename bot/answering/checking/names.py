"""What names something: links, addresses, phone numbers, codes, countries, capitalised names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.answering.checking.calendar_names import countries
from bot.answering.relevance import content_words, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(
    r"(?:[a-z]{2,9}://|www\.)[^\s<>\"')\]]+"
    r"|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:com|org|net|io|de|fr|es|it|nl|pt|co|eu|uk|app|example|help)"
    r"(?:/[^\s<>\"')\]]*)?(?![\w@])",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.])(?:\+|\(?0)\d[\d ()/.\u2013-]{5,}\d(?!\w)|(?<!\w)\d{3}-\d{3}-\d{4}")
# Letters and digits in one word, or parts joined by - _ /: order numbers, versions, models.
_CODE = re.compile(
    r"#\d[\w-]*|(?<![\w.])\d+(?:\.\d+){2,}\w*"
    r"|(?<!\w)(?=[\w-]*[^\W\d_])(?=[\w-]*\d)[^\W_][\w-]*[^\W_](?!\w)"
)
_QUANTITY = re.compile(
    r"\d+(?:[.,]\d+)*-?(?:[a-zà-ÿ]{1,2}|min|mins|std|uhr|jour|jours|tage?|tägig\w*|days?|weeks?|"
    r"months?|years?|hours?|hrs?|minutes?|seconds?|inch|eur|usd|gbp|chf|fach\w*|mal\w*)"
    r"|\d+(?:[.,]\d+)*(?:-[^\W\d_]{3,})+|\d+x\d+|\d+(?:st|nd|rd|th|ern?|ème|h\d\d|x|s)(?:-[^\W\d_]{3,})?",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+")  # 17.786.419
_CAPITALISED = re.compile(r"(?<![\w'\u2019])[A-ZÀ-Þ][\w&\u2019'-]*")
_INNER = re.compile(r"[^\W\d_]+[A-ZÀ-Þ]|[^\W\d_]\d")
_BEGINS = re.compile(r"(?:^|[.!?:;…]|[-\u2013\u2014•])[\s\"'\u201c\u201e«(\[*]*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Contacts:
    """Links, e-mail addresses, phone numbers and codes of a text, each as compared; `rest` is
    the text with them blanked out, character for character."""

    links: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    codes: tuple[str, ...]
    rest: str


# A link has a dot between letters, or a scheme.
_DOTTED = re.compile(r"\w\.[^\W\d_]|://")


@lru_cache(maxsize=1024)
def contacts(text: str) -> Contacts:
    """What the text says to write to, to call, to open, and the codes that it names."""
    reader = _Blanking(text)
    figured = any(char.isdigit() for char in text)
    return Contacts(
        emails=tuple(each.lower() for each in reader.take(_EMAIL)) if "@" in text else (),
        links=tuple(_link(each) for each in reader.take(_LINK)) if _DOTTED.search(text) else (),
        codes=tuple(each.lower() for each in reader.take(_CODE, _is_code)) if figured else (),
        phones=tuple(re.sub(r"\D", "", each) for each in reader.take(_PHONE, _is_phone))
        if figured
        else (),
        rest=reader.rest,
    )


def foreign_contacts(claimed: Contacts, source: str) -> Iterator[str]:
    """The links, addresses and numbers that do not stand in the source."""
    if not (claimed.emails or claimed.links or claimed.phones):
        return
    plain = source.lower()
    known = {_link(each.group()) for each in _LINK.finditer(source)}
    yield from (each for each in claimed.emails if each not in plain)
    yield from (
        each
        for each in claimed.links
        if each not in known and not re.search(rf"(?<![\w.-]){re.escape(each)}(?![\w.-])", plain)
    )
    digits = re.sub(r"[ ()/.\u2013-]", "", plain)
    yield from (each for each in claimed.phones if each not in digits)


def foreign_codes(claimed: Contacts, source: str) -> Iterator[str]:
    """The codes that do not stand in the source, hyphens aside."""
    if not claimed.codes:
        return
    plain = source.lower()
    tight = re.sub(r"[\s-]", "", plain)
    for each in claimed.codes:
        if not re.search(rf"(?<!\w){re.escape(each)}(?!\w)", plain) and not re.search(
            rf"(?<!\d){re.escape(re.sub('[-]', '', each))}(?!\d)", tight
        ):
            yield each


def foreign_names(claim: str, source: str, languages: tuple[str, str]) -> Iterator[str]:
    """The names in a claim that the source does not hold; `languages` are theirs. German
    writes every noun with a capital, so there only what looks like a brand counts."""
    yield from _foreign_countries(claim, source, languages)
    is_known = _translated(source) if languages[0] != languages[1] else _same(source)
    yield from (name for name in _names(claim, languages[0]) if not is_known(name))


def _same(source: str) -> Callable[[str], bool]:
    spoken, said = frozenset(words(source)), source.casefold()
    return lambda name: name.casefold() in said or spoken.issuperset(words(name))


def _translated(source: str) -> Callable[[str], bool]:
    """Names are written a little differently elsewhere (Roma, Rome), acronyms are other letters
    (VAT, TVA), and German joins them to nouns (NFL-Saison)."""
    is_same = _same(source)
    known = sorted({each.group().casefold() for each in _CAPITALISED.finditer(source)})

    def is_known(name: str) -> bool:
        return name.isupper() or any(
            is_same(part) or bool(get_close_matches(part.casefold(), known, n=1, cutoff=0.55))
            for part in re.split(r"[-'\u2019]", name)
            if len(part) > 1
        )

    return is_known


def _foreign_countries(claim: str, source: str, languages: tuple[str, str]) -> Iterator[str]:
    claimed = countries(claim, languages[0])
    if claimed:
        known = countries(source, languages[1])
        yield from (name for code, name in claimed.items() if code not in known)


def _names(claim: str, language: str) -> Iterator[str]:
    translated = {word for name in countries(claim, language).values() for word in name.split()}
    telling = frozenset(content_words(claim))
    for match in _CAPITALISED.finditer(claim):
        name = re.sub(r"['\u2019]s?$", "", match.group())
        if len(name) < 2 or name in translated or name in _ALWAYS_UPPER:
            continue
        is_brand = bool(_INNER.search(name[1:])) or name.isupper()
        inside = language != "de" and not _BEGINS.search(claim[: match.start()])
        if (is_brand or inside) and not telling.isdisjoint(words(name)):
            yield name


# Words of their own with a capital; amounts of money are compared as figures.
_ALWAYS_UPPER = frozenset(
    {
        *("I", "I'm", "I'll", "OK", "FAQ", "Yes", "No", "Not"),
        *("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "JPY"),
    }
)


class _Blanking:
    """Takes matches out of a text, so that nothing is read twice."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def take(
        self, pattern: re.Pattern[str], is_one: Callable[[str], bool] | None = None
    ) -> list[str]:
        found = []
        for match in pattern.finditer(self.rest):
            if is_one is None or is_one(match.group()):
                found.append(match.group())
                blank = " " * len(match.group())
                self.rest = self.rest[: match.start()] + blank + self.rest[match.end() :]
        return found


def _link(text: str) -> str:
    text = re.sub(r"^(?:[a-z]{2,9}://)?(?:www\.)?", "", text.lower())
    return text.rstrip(".,;:!?/")


def _is_code(text: str) -> bool:
    return not (_QUANTITY.fullmatch(text) or _GROUPED.fullmatch(text))


def _is_phone(text: str) -> bool:
    return 7 <= sum(char.isdigit() for char in text) <= 16

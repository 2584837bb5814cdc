"""Takes out of a text what tells of a person: addresses, numbers, names. Pure.

Patterns with their checks, not a library: presidio finds names only with a model that it has to
download, and without one adds 170 MB for what stands here. Where a number could be anything it is
taken out: an answer that others can use needs no long number. What is kept are dates, prices,
short numbers, hexadecimal error codes, and addresses within private networks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

NAME, EMAIL, CARD, IBAN = "[name]", "[e-mail address]", "[card number]", "[bank account]"
IP, PHONE, NUMBER, LINK = "[IP address]", "[phone number]", "[number]", "[link]"
MARK = re.compile(r"\[[^\[\]]*\]")

Replace = Callable[[re.Match[str]], str]

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+", re.IGNORECASE)
_HELP_CENTER = re.compile(r"/hc(?:/|$)")
_EMAIL = re.compile(r"(?:mailto:)?[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.])\d(?:[ .-]?\d){12,18}(?!\w)")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_LONG = re.compile(r"(?<![\w.,])[+(]{0,2}\d(?:[ \t()/.\u2010-\u2013-]{0,3}\d){5,}(?!\w)")
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.] ?\d{1,2}[-/.] ?\d{2,4})(?: \d{1,2})?"
)
_REFERENCE = re.compile(r"#\s?\d{3,}\b|\b[A-Z]{1,6}[-_/]?\d{5,}[\w-]*", re.IGNORECASE)
# Where nothing more is looked for: in help center addresses, which hold the numbers of articles,
# in marks, in hexadecimal codes and in the numbers of Microsoft's updates.
_SETTLED = re.compile(
    rf"{_URL.pattern}|{MARK.pattern}|\b0x[0-9a-f]+|\bKB\d{{6,7}}\b", re.IGNORECASE
)

_NAME_PARTS = re.compile(r"[\s.,_()@+-]+")
# Parts of the names under which whole teams write, which are also words of every answer.
_WORDS = frozenset(
    (
        "support",
        "service",
        "team",
        "help",
        "desk",
        "helpdesk",
        "customer",
        "care",
        "kundenservice",
        "info",
        "admin",
        "bot",
        "office",
        "contact",
        "sales",
        "shop",
        "store",
        "the",
        "and",
        "von",
        "van",
        "der",
        "den",
        "del",
        "des",
        "for",
    )
)


def without_personal_data(text: str, *, names: Iterable[str] = ()) -> str:
    """The text with marks in place of personal data. `names` are those of the people in the
    conversation, as they are known; each of their parts is taken out."""
    text = _URL.sub(_link, text)
    text = _EMAIL.sub(EMAIL, text)
    text = _IBAN.sub(_account, text)
    text = _CARD.sub(_card, text)
    for pattern in (_IPV4, _IPV6):
        text = pattern.sub(_ip, text)
    text = _elsewhere(_REFERENCE, lambda _: NUMBER, text)
    text = _elsewhere(_LONG, _number, text)
    return _without_names(text, [each for each in names if each])


def without_payment_data(text: str) -> str:
    """The text with marks in place of card numbers and bank accounts, and nothing else."""
    return _CARD.sub(_card, _IBAN.sub(_account, text))


def is_card(digits: str) -> bool:
    """Whether the digits hold to the check of card numbers (Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Whether the text, without spaces, holds to the check of bank accounts (ISO 7064, 97)."""
    turned = (text[4:] + text[:4]).upper()
    return len(text) >= 15 and int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


def _link(match: re.Match[str]) -> str:
    """Help center addresses stay, without what may follow the path. Others may lead to what is
    one person's: an order, a parcel, a password to be reset."""
    address = match[0].rstrip(".,;:!?")
    tail = match[0][len(address) :]
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        return f"{LINK}{tail}"
    if _HELP_CENTER.match(parts.path) and not _EMAIL.search(parts.path):
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}{tail}"
    return f"{LINK}{tail}"


def _account(match: re.Match[str]) -> str:
    """The longest beginning that is an account: a word may follow it without a border."""
    found = match[0]
    for end in range(len(found), 14, -1):
        if found[end - 1].isalnum() and is_iban(re.sub(r"[ -]", "", found[:end])):
            return IBAN + found[end:]
    return found


def _card(match: re.Match[str]) -> str:
    return CARD if is_card(re.sub(r"\D", "", match[0])) else match[0]


def _ip(match: re.Match[str]) -> str:
    try:
        return IP if ip_address(match[0]).is_global else match[0]
    except ValueError:
        return match[0]


def _number(match: re.Match[str]) -> str:
    found = match[0]
    if _DATE.fullmatch(found) or _IPV4.fullmatch(found) or _is_price(found):
        return found
    return PHONE if found[0] in "+(0" else NUMBER


def _is_price(text: str) -> bool:
    """Thousands set apart by points or spaces, such as 1.299.000."""
    return bool(re.fullmatch(r"[1-9]\d{0,2}(?:([. ])\d{3})(?:\1\d{3})*", text)) and len(text) < 10


def _elsewhere(pattern: re.Pattern[str], replace: Replace, text: str) -> str:
    """Replaces where it is not settled yet what the text is."""
    parts: list[str] = []
    end = 0
    for kept in _SETTLED.finditer(text):
        parts += [pattern.sub(replace, text[end : kept.start()]), kept[0]]
        end = kept.end()
    return "".join([*parts, pattern.sub(replace, text[end:])])


def _without_names(text: str, names: Collection[str]) -> str:
    whole = {each.partition("@")[0].strip() for each in names}  # an address's host is no name
    parts = {part for name in whole for part in _NAME_PARTS.split(name)}
    loose = {each for each in parts if len(each) > 2 and each.lower() not in _WORDS}
    exact = {each for each in parts if len(each) == 2 and each[0].isupper() and each.isalpha()}
    loose |= {each for each in whole if " " in each and len(each) > 3}
    for wanted, flags in ((loose, re.IGNORECASE), (exact, re.NOFLAG)):
        if wanted:
            choice = "|".join(re.escape(each) for each in sorted(wanted, key=len, reverse=True))
            pattern = re.compile(rf"(?<![\w\[])(?:{choice})(?!\w)", flags)
            text = _elsewhere(pattern, lambda _: NAME, text)
    return re.sub(r"\[name\](?:[ .-]?\[name\])+", NAME, text)

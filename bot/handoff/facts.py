"""What an agent would look for first in a customer's words: numbers, dates, amounts, codes. Pure.

By patterns and the words around them, in several languages. What no word explains is left alone:
a wrong order number costs more than none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.handoff.dates import days_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date


class FactKind(StrEnum):
    """In words for the note, and in the order in which it lists them."""

    ORDER = "order number"
    TRACKING = "tracking number"
    PRODUCT = "product"
    DATE = "date"
    AMOUNT = "amount"
    ERROR = "error code"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """Something the customer named, as it was written."""

    kind: FactKind
    value: str


_MOST_OF_A_KIND = 4
_LONGEST = 60
_READ = 12_000  # characters

# Between the word and the value: "order number is #123", "Bestellung Nr. 123", "commande n° 123".
_LINK = (
    r"(?:[\s:#=(\u00ba\u00b0-]{0,3}\b(?:no|nr|num|number|nummer|numéro|número|numero|numer|id"
    r"|code|kod"
    r"|is|was|ist|lautet|est|es|è|er|är|der|die|mit|of"
    r"|n)\b\.?){0,3}[\s:#=(\u00ba\u00b0\uff1a\u306f-]{0,4}"
)
_ORDER_WORD = (
    r"(?:orders?|purchase|bestellung|bestellnummer|bestellnr|auftrag|auftragsnummer|commande"
    r"|pedido"
    r"|ordine|bestelling|bestelnummer|ordernummer|encomenda|zamówieni[ae]|zamówieniu|beställning"
    r"|beställningsnummer|ordre|ordrenummer|ordernr|\u6ce8\u6587(?:\u756a\u53f7)?)"
)
_TRACKING_WORD = (
    r"(?:tracking|track(?: and | ?& ?)trace|parcel number|shipment|sendungsnummer|sendung"
    r"|paketnummer"
    r"|suivi|colis|seguimiento|envío|spedizione|tracciamento|zending|trackingnummer|rastreio"
    r"|rastreamento|przesyłki|śledzenia|kollinummer|försändelse|pakkenummer"
    r"|\u8ffd\u8de1\u756a\u53f7)"
)
_ERROR_WORD = (
    r"(?:errors?|fehler|fehlercode|fehlermeldung|erreur|errore|erro|foutcode|foutmelding|fout"
    r"|błąd"
    r"|błędu|felkod|fel|fejlkode|fejl|\u30a8\u30e9\u30fc(?:\u30b3\u30fc\u30c9)?)"
)
_PRODUCT_WORD = (
    r"(?:product|model|item|sku|article|artikel|produkt|modell|modèle|produit|producto|modelo"
    r"|artículo|prodotto|modello|articolo|produto|artigo|vara|\u5546\u54c1|\u54c1\u756a)"
)
_CURRENCY = (
    r"(?:[€$£¥\u5186]|zł|kr\b|EUR\b|USD\b|GBP\b|CHF\b|SEK\b|DKK\b|NOK\b|PLN\b|CAD\b|AUD\b|euros?\b)"
)
_NUMBER = r"\d{1,3}(?:[.,' \u00a0]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
# A word ends where the next letter begins, but for the Japanese particle that says "is".
_END = r"(?![^\W\u306f])"
_NO_REFERENCE = r"(?!(?:ERR|ERROR|HTTP|CVE|RFC|ISO|KB|UTF|SHA|COVID)-)"
_QUOTED = (
    r"[\"\u201c\u201e\u00ab\u2018\u300c] ?(?P<value>[^\"\u201c\u201d\u00bb\u2019\u300d\n]{2,60}?)"
    r" ?[\"\u201c\u201d\u00bb\u2019\u300d]"
)
_MODEL = (
    r"(?P<value>[A-Z][\w-]*\d[\w-]*(?: [A-Z0-9][\w-]*){0,3}|[A-Z0-9][\w-]*(?: [A-Z0-9][\w-]*){1,4})"
)
_CODE = r"(?P<value>(?:[A-Z]{1,6}[-_/]?)?\d[\dA-Z]*(?:[-_/][\dA-Z]+)*)"

_ORDER = (
    rf"\b{_ORDER_WORD}{_END}{_LINK}{_CODE}\b",
    r"(?<![\w&/])#(?P<value>\d{4,15})\b",
    rf"(?<![\w-]){_NO_REFERENCE}(?P<value>[A-Z]{{2,6}}-\d{{4,}}(?:-\w+)*)\b",
)
_TRACKING = (
    r"\b(?P<value>1Z[0-9A-Z]{16})\b",
    r"\b(?P<value>[A-Z]{2}\d{9}[A-Z]{2})\b",
    rf"\b{_TRACKING_WORD}{_END}{_LINK}(?P<value>[A-Z]{{0,4}}\d[\dA-Z]{{6,29}})\b",
)
_ERROR = (
    r"\b(?P<value>0x[0-9a-f]{4,8})\b",
    r"\b(?P<value>KB\d{6,7})\b",
    r"\b(?P<value>(?:ERR|ERROR|HTTP|E|EC)[-_]?\d{3,6})\b",
    r"(?-i:\b(?P<value>[A-Z]{3,}(?:_[A-Z0-9]+){1,6})\b)",
    rf"\b{_ERROR_WORD}{_END}{_LINK}(?P<value>[A-Z]{{0,5}}[-_]?\d(?:[\w.-]{{0,14}}\w)?)\b",
)
_AMOUNT = (
    rf"(?<![\w.,])(?P<value>(?:R|US|CA|A)?{_CURRENCY}\s?(?:{_NUMBER}))(?!\d)",
    rf"(?<![\w.,])(?P<value>(?:{_NUMBER})\s?{_CURRENCY})",
)
_PRODUCT = (
    rf"\b{_PRODUCT_WORD}{_END}{_LINK}{_QUOTED}",
    rf"(?-i:\b(?i:{_PRODUCT_WORD})(?!\w)(?i:{_LINK}){_MODEL})",
)
_PATTERNS = {
    kind: tuple(re.compile(each, re.IGNORECASE) for each in patterns)
    for kind, patterns in (
        (FactKind.ORDER, _ORDER),
        (FactKind.TRACKING, _TRACKING),
        (FactKind.PRODUCT, _PRODUCT),
        (FactKind.AMOUNT, _AMOUNT),
        (FactKind.ERROR, _ERROR),
    )
}
_DIGITS_NEEDED = {FactKind.ORDER: 3, FactKind.TRACKING: 6}


def facts_in(text: str, *, asked_on: date, products: Iterable[str] = ()) -> tuple[Fact, ...]:
    """The facts in a text without secrets, by kind and in the text's order, each once. No fact
    stands within another: a date is no order number."""
    text = text[:_READ]
    taken: list[tuple[int, int]] = []
    found: dict[FactKind, dict[str, Fact]] = {kind: {} for kind in FactKind}
    for kind, value, start in _found(text, asked_on, products):
        end = start + len(value)
        within = any(start < until and since < end for since, until in taken)
        if within or len(found[kind]) >= _MOST_OF_A_KIND:
            continue
        taken.append((start, end))
        found[kind].setdefault(value.casefold(), Fact(kind=kind, value=value))
    return tuple(fact for kind in FactKind for fact in found[kind].values())


def _found(
    text: str, asked_on: date, products: Iterable[str]
) -> Iterator[tuple[FactKind, str, int]]:
    """Kind, value and place, the surest kinds first."""
    for day in days_in(text, before=asked_on):
        yield FactKind.DATE, day.text, day.start
    for kind in (FactKind.AMOUNT, FactKind.TRACKING, FactKind.ERROR, FactKind.ORDER):
        yield from _matched(kind, text)
    for product in products:
        for match in re.finditer(rf"(?<!\w){re.escape(product)}(?!\w)", text, re.IGNORECASE):
            yield FactKind.PRODUCT, match[0], match.start()
    yield from _matched(FactKind.PRODUCT, text)


def _matched(kind: FactKind, text: str) -> Iterator[tuple[FactKind, str, int]]:
    for pattern in _PATTERNS[kind]:
        for match in pattern.finditer(text):
            value = match["value"].strip()
            if (
                sum(map(str.isdigit, value)) >= _DIGITS_NEEDED.get(kind, 0)
                and len(value) <= _LONGEST
            ):
                yield kind, value, match.start("value")

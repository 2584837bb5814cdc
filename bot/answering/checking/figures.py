"""Figures in text with what they count: 45 days, € 5, 20 %, 5 March, 2 p.m., in any notation.

A figure is compared by value and unit, so that "two weeks" is 14 days but never 14 business days,
and 5 € is not 5 $. Where a notation can be read in two ways ("1.000"), either reading counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from bot.answering.checking.calendar_names import dates
from bot.answering.checking.lexicons import folded
from bot.answering.checking.measures import SCALES, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.answering.checking.lexicons import Lexicon

Relation = Literal["at_most", "at_least", "after", "before", ""]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`values` are its readings, durations in hours or months; `bare` are the same as written.
    `relation` is the limit that the words before it set, `side` whether the words after it say
    before or after something."""

    values: frozenset[Decimal]
    bare: frozenset[Decimal]
    unit: str
    relation: Relation
    side: Relation
    start: int
    text: str

    def is_like(self, other: Figure) -> bool:
        """The same value of the same unit."""
        if self.values.isdisjoint(other.values):
            return False
        return self.unit == other.unit or {self.unit, other.unit} <= _DOLLARS


_DOLLARS = frozenset({"$", "usd", "cad", "aud", "nzd"})
_TIMES = frozenset({"hour", "business_day", "month", "month_name", "clock", "numeric_date"})
_UNIT = "|".join(f"(?:{pattern})" for pattern in UNITS.values())
_UNIT_NAMES = {name: re.compile(pattern) for name, pattern in UNITS.items()}
_BEFORE = r"us\$|[€$£¥]|(?<!\w)(?:eur|usd|cad|aud|gbp|chf|jpy)(?!\w)"
_NUMBER = r"\d+(?:(?:[.,'\u00a0\u202f]| (?=\d{3}(?!\d)))\d+)*"
_RANGE = r"\s?(?:-|–|to|and|or|bis|und|oder|à|et|ou|a|y|o|e|al|tot|en|of|até)\s?"  # noqa: RUF001
_CALENDAR = (
    r"(?:(?:calendar|full|consecutive|further|more|ganze|volle|weitere|natural|volle?|hele|"
    r"whole|extra|additional)[ -])?"
)
_CLOCK = re.compile(
    r"(?<![\w.,:])(\d{1,2})(?:[:.h](\d{2}))?\s?(a\.?m\.?|p\.?m\.?|uhr|o'clock|h)(?!\w)"
    r"|(?<![\w.,:])(\d{1,2}):(\d{2})(?![\w:])"
)
# "one" and "a" are figures where they count time under a limit: "within a week".
_ONE_WORDS = r"one|an?|eine[mnrs]?|une?|una|uno|uma?|één|een"
_ONE = (
    rf"(?<!\w)(?:{_ONE_WORDS})"
    r"(?=\s(?:(?:business|calendar|full) )?(?:day|week|month|year|tag|woche|monat|jahr|jour|"
    r"semaine|mois|an\b|année|día|semana|mes\b|año|giorno|settimana|mese|anno|dag|week|maand|jaar|dia|mês))"
)
_ONE_ALONE = re.compile(_ONE_WORDS)
_LIST_MARK = re.compile(r"^\s*\(?\d{1,3}[.)]\s+")
_ORDINAL = r"(?:st|nd|rd|th|ern?|re|e|ème|s|º|ª|°|\.)?"
_TENS = [*range(2, 21), *range(30, 100, 10), 100]
_NEAR = 34  # characters before a figure in which a limit is looked for


@lru_cache(maxsize=1024)
def figures(text: str, lexicon: Lexicon) -> tuple[Figure, ...]:
    """The figures of a text, without a list number before it. Links, addresses and codes must
    have been blanked out."""
    plain = folded(text)
    mark = _LIST_MARK.match(plain)
    if mark:
        plain = " " * mark.end() + plain[mark.end() :]
    found = [*_clocks(plain)]
    for figure in found:
        plain = _blanked(plain, figure)
    for values, unit, start, end in dates(plain, text, lexicon.language):
        found.append(_figure(plain, (values, unit), (start, end), lexicon))
        if unit != "month_name":
            plain = plain[:start] + " " * (end - start) + plain[end:]
    found += _numbers(plain, lexicon)
    return tuple(sorted(found, key=lambda each: each.start))


def missing(
    claimed: Sequence[Figure], source: Sequence[Figure], text: str, *, translated: bool = False
) -> Iterator[Figure]:
    """The claimed figures that the source does not hold; `text` is the source itself. A
    translation may name the unit of a bare number: "mit 39 Jahren" for "at age 39"."""
    plain = folded(text)
    for figure in claimed:
        if any(_carries(each, figure, plain, translated) for each in source):
            continue
        if figure.values == {Decimal(0)} and _FREE.search(plain):
            continue
        yield figure


def contrary(claimed: Sequence[Figure], source: Sequence[Figure]) -> Iterator[Figure]:
    """The claimed figures to which the source sets another limit wherever it names them."""
    for figure in claimed:
        same = [each for each in source if not each.values.isdisjoint(figure.values)]
        if same and all(_contradicts(figure, each) for each in same):
            yield figure


_FREE = re.compile(
    r"free|kostenlos|kostenfrei|gratuit|gratis|grátis|sans frais|no (?:fee|cost|charge)"
)


def _carries(source: Figure, claimed: Figure, text: str, translated: bool) -> bool:
    if source.is_like(claimed):
        return True
    if not source.unit and not source.values.isdisjoint(claimed.bare):
        # "Period (days): 30" names the unit elsewhere.
        return not claimed.unit or translated or claimed.unit in _units_named(text)
    if source.bare.isdisjoint(claimed.bare):
        return False
    if claimed.unit == "month_name":  # "5 March" for "05/03"
        return source.unit == "numeric_date"
    return claimed.unit in ("", "numeric_date")


def _units_named(text: str) -> set[str]:
    found = re.findall(rf"(?<!\w)(?:{_UNIT})(?!\w)", text)
    return {_scaled(frozenset({Decimal(1)}), _unit_of(each))[1] for each in found}


def _contradicts(claimed: Figure, source: Figure) -> bool:
    if claimed.side and source.side and claimed.side != source.side:
        return True
    said, meant = claimed.relation, source.relation
    if said == meant or not said or (said in ("after", "before") and claimed.unit not in _TIMES):
        return False
    if not meant:  # "30 days" may be told as "within 30 days", never as "after 30 days"
        return said in ("at_least", "after")
    return not {said, meant} <= {"at_most", "before"} and not {said, meant} <= {"at_least", "after"}


def _clocks(plain: str) -> Iterator[Figure]:
    for match in _CLOCK.finditer(plain):
        hour = int(match.group(1) or match.group(4))
        minute = int(match.group(2) or match.group(5) or 0)
        half = (match.group(3) or "").replace(".", "")
        if half == "h" and not match.group(2):  # "24 h" is a duration
            continue
        if half in ("am", "pm") and hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        time = frozenset({Decimal(hour * 60 + minute)})
        yield Figure(
            values=time,
            bare=time,
            unit="clock",
            relation="",
            side="",
            start=match.start(),
            text=match.group().strip(),
        )


def _numbers(plain: str, lexicon: Lexicon) -> Iterator[Figure]:
    pattern = _number_pattern(lexicon.numbers)
    for match in pattern.finditer(plain):
        unit = _unit_of(match["after"] or match["before"] or "")
        for group in ("first", "last"):
            if match[group]:
                values = _values(match[group], lexicon.numbers)
                found = _figure(plain, (values, unit), match.span(group), lexicon, match.span())
                if found.relation or not _ONE_ALONE.fullmatch(match[group]):
                    yield found


@lru_cache(maxsize=16)
def _number_pattern(spelled: Sequence[str]) -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, spelled), key=len, reverse=True)) or "(?!)"
    number = rf"(?:{_NUMBER}[½¼¾]?|(?<!\w)(?:{words})(?!\w)|{_ONE})"
    return re.compile(
        rf"(?P<before>{_BEFORE})?\s?(?<![\w])(?P<first>{number}){_ORDINAL}"
        rf"(?:{_RANGE}(?:{_BEFORE})?\s?(?P<last>{number}))?"
        rf"(?:[\s\u00a0\u202f-]{{0,2}}{_CALENDAR}(?P<after>{_UNIT})(?![^\W\d_]))?"
    )


def _figure(
    plain: str,
    quantity: tuple[frozenset[Decimal], str],
    span: tuple[int, int],
    lexicon: Lexicon,
    whole: tuple[int, int] | None = None,
) -> Figure:
    start, end = whole or span
    values, unit = _scaled(*quantity)
    return Figure(
        values=values,
        bare=quantity[0],
        unit=unit,
        relation=_relation(plain[max(0, start - _NEAR) : start], lexicon),
        side=_side(plain[end : end + 18], lexicon),
        start=span[0],
        text=plain[span[0] : end].strip(),
    )


def _relation(before: str, lexicon: Lexicon) -> Relation:
    """The last limit that is named before the figure, in its clause and within a few words."""
    near = re.split(r"[,;:.()\d]", before)[-1]
    last: tuple[int, Relation] = (-1, "")
    for name, pattern in _limits(lexicon):
        for match in pattern.finditer(near):
            if len(near[match.end() :].split()) <= 2:
                last = max(last, (match.end(), name))
    return last[1]


def _side(after: str, lexicon: Lexicon) -> Relation:
    words = after.strip()
    if lexicon.after.match(words):
        return "after"
    return "before" if lexicon.before.match(words) else ""


def _limits(lexicon: Lexicon) -> tuple[tuple[Relation, re.Pattern[str]], ...]:
    return (
        ("after", lexicon.after),
        ("before", lexicon.before),
        ("at_least", lexicon.at_least),
        ("at_most", lexicon.at_most),
    )


def _unit_of(text: str) -> str:
    text = text.strip()
    return next((name for name, each in _UNIT_NAMES.items() if each.fullmatch(text)), "")


def _scaled(values: frozenset[Decimal], unit: str) -> tuple[frozenset[Decimal], str]:
    if unit not in SCALES:
        return values, unit
    base, factor = SCALES[unit]
    return frozenset((value * factor).quantize(Decimal("1.0000")) for value in values), base


def _values(text: str, spelled: Sequence[str]) -> frozenset[Decimal]:
    """The readings of one number, as digits or as a word."""
    if text in spelled:
        return frozenset({Decimal(_TENS[list(spelled).index(text)])})
    if _ONE_ALONE.fullmatch(text):
        return frozenset({Decimal(1)})
    part = {"½": "0.5", "¼": "0.25", "¾": "0.75"}.get(text[-1], "0")
    digits = re.sub(r"[ '\u00a0\u202f½¼¾]", "", text)
    marks = [char for char in digits if char in ".,"]
    readings = {digits.replace(".", "").replace(",", "")}
    if marks and (len(set(marks)) == 2 or len(marks) == 1):
        whole, fraction = digits.rsplit(marks[-1], 1)
        decimal = f"{re.sub('[.,]', '', whole)}.{fraction}"
        readings = readings | {decimal} if len(fraction) == 3 and len(marks) == 1 else {decimal}
    return frozenset(Decimal(each) + Decimal(part) for each in readings)


def _blanked(plain: str, figure: Figure) -> str:
    end = figure.start + len(figure.text)
    return plain[: figure.start] + " " * len(figure.text) + plain[end:]

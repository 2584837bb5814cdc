"""Days as people write them, in the languages that months are named in here. Pure.

Names, not a library: dateparser reads nearly anything as a date, and a date that was never
written would stand in a note as a fact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MONTHS = (
    "january januar janvier enero gennaio januari janeiro stycznia styczeń jan",
    "february februar février febrero febbraio februari fevereiro lutego luty feb",
    "march märz mars marzo maart março marca marzec marts mar",
    "april avril abril aprile kwietnia kwiecień apr",
    "may mai mayo maggio mei maio maja maj",
    "june juni juin junio giugno junho czerwca czerwiec jun",
    "july juli juillet julio luglio julho lipca lipiec jul",
    "august août agosto augustus sierpnia sierpień augusti aug",
    "september septembre septiembre settembre setembro września wrzesień sept sep",
    "october oktober octobre octubre ottobre outubro października październik oct okt",
    "november novembre noviembre novembro listopada listopad nov",
    "december dezember décembre diciembre dicembre dezembro grudnia grudzień dec dez",
)
_NUMBERS = {name: n for n, names in enumerate(_MONTHS, start=1) for name in names.split()}
_MONTH = rf"(?P<month>{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>[0-3]?\d)"
_YEAR = r"(?P<year>20\d\d)"
_THEN_YEAR = rf"(?:,? (?:de )?{_YEAR}\b(?!-\d))?"
_FORMS = tuple(
    re.compile(rf"(?<![\w.,/-]){each}", re.IGNORECASE)
    for each in (
        rf"{_YEAR}-(?P<m>[01]?\d)-{_DAY}(?![\d-])",
        r"(?P<a>[0-3]?\d)(?P<mark>[./-])(?P<b>[0-3]?\d)(?P=mark)(?P<y>20\d\d|\d\d)(?!\d|[./-]\d)",
        rf"{_DAY}(?:st|nd|rd|th|er|\.|º|°)?(?: of| de| d'|)? ?{_MONTH}{_THEN_YEAR}",
        rf"{_MONTH} {_DAY}(?:st|nd|rd|th)?\b(?!:|\.\d){_THEN_YEAR}",
        rf"(?:{_YEAR}年)?(?P<m>[01]?\d)月{_DAY}日",
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DayNamed:
    """A day as it was written, where it stands in the text, and every day it can mean."""

    text: str
    start: int
    meant: frozenset[date]


def days_in(text: str, *, before: date) -> tuple[DayNamed, ...]:
    """The days that the text names, in their order. A day without a year is the last one that is
    not after `before`; "3/4/2026" is two days, because nobody knows where the writer lives."""
    found: dict[int, DayNamed] = {}
    for form in _FORMS:
        for match in form.finditer(text):
            meant = frozenset(_meant(match.groupdict(), before))
            if meant:
                day = DayNamed(text=match[0].strip(), start=match.start(), meant=meant)
                found.setdefault(match.start(), day)
    return tuple(found[start] for start in sorted(found))


def _meant(parts: dict[str, str | None], before: date) -> Iterator[date]:
    if parts.get("a"):
        year = int(parts["y"] or 0)
        year += 0 if year > 99 else 2000
        first, second = int(parts["a"] or 0), int(parts["b"] or 0)
        yield from _day(year, second, first)
        if parts["mark"] != ".":
            yield from _day(year, first, second)
        return
    month = int(parts.get("m") or 0) or _NUMBERS[(parts.get("month") or "").lower()]
    day = int(parts["day"] or 0)
    if parts.get("year"):
        yield from _day(int(parts["year"] or 0), month, day)
        return
    for year in (before.year, before.year - 1):
        if known := [each for each in _day(year, month, day) if each <= before]:
            yield from known
            return


def _day(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return

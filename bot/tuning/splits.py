"""Cases split by time and by customer, so that no case leaks from what is measured into what is
learned. Pure.

The newest cases measure, for a model will only ever see what comes after it was made. Who asks
there, and what is asked there word for word, is taken out of the older parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

LEARNED, CALIBRATED = 0.7, 0.15
"""Shares of the dated cases, oldest first, to learn from and to calibrate on; the rest measures."""

_WORDS = re.compile(r"\w+")


class Dated(Protocol):
    """What a case says of itself. One without a date is an admin's own, and is only learned."""

    @property
    def text(self) -> str: ...
    @property
    def asked_at(self) -> datetime | None: ...
    @property
    def customer(self) -> str: ...


AnyCase = TypeVar("AnyCase", bound=Dated)


@dataclass(frozen=True, kw_only=True, slots=True)
class Split(Generic[AnyCase]):
    """The parts; `leaking` is how many cases were taken out because a newer part knows their
    customer or their words."""

    train: tuple[AnyCase, ...]
    calibration: tuple[AnyCase, ...]
    test: tuple[AnyCase, ...]
    leaking: int

    @property
    def parts(self) -> dict[str, tuple[AnyCase, ...]]:
        """The parts by name, the oldest first."""
        return {"train": self.train, "calibration": self.calibration, "test": self.test}


def split(cases: Sequence[AnyCase]) -> Split[AnyCase]:
    """Oldest to learn from, newest to measure on."""
    dated = sorted(
        (case for case in cases if case.asked_at is not None),
        key=lambda case: (case.asked_at, case.text),
    )
    first = round(len(dated) * LEARNED)
    second = round(len(dated) * (LEARNED + CALIBRATED))
    undated = [case for case in cases if case.asked_at is None]
    parts = [[*undated, *dated[:first]], dated[first:second], dated[second:]]
    newer: set[str] = set()
    kept: list[list[AnyCase]] = []
    for part in reversed(parts):
        clean = [case for case in part if newer.isdisjoint(_kin(case))]
        newer |= {each for case in clean for each in _kin(case)}
        kept.insert(0, clean)
    return Split(
        train=tuple(kept[0]),
        calibration=tuple(kept[1]),
        test=tuple(kept[2]),
        leaking=len(cases) - sum(map(len, kept)),
    )


def _kin(case: Dated) -> set[str]:
    """What two cases share that are one: the customer, or the words without case and marks."""
    words = " ".join(_WORDS.findall(case.text.casefold()))
    return {f"words {words}", *([f"customer {case.customer}"] if case.customer else [])}

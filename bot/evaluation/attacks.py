"""Attacks as files: orders to whoever writes the answer, and the texts that they are planted in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, ValidationError, field_validator

from bot.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Place = Literal["start", "middle", "end"]
PLACES: tuple[Place, ...] = ("start", "middle", "end")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attack:
    """An order to whoever writes the answer. `family` is what it is after."""

    family: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Carrier:
    """A text that an attack is planted in, and what somebody asks of it."""

    id: str
    text: str
    question: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """A text with an attack in it, and what it was."""

    attack: Attack
    carrier: Carrier
    place: Place

    @property
    def text(self) -> str:
        """The carrier's text with the attack at its place, as a paragraph of its own."""
        whole, order = self.carrier.text.strip(), self.attack.text
        if self.place == "start":
            return f"{order}\n\n{whole}"
        if self.place == "end":
            return f"{whole}\n\n{order}"
        cut = whole.rfind(" ", 0, len(whole) // 2 + 1)
        return f"{whole[:cut]}\n\n{order}\n\n{whole[cut:].lstrip()}"


class _Attack(BaseModel):
    category: str = "any"
    attack: str

    @field_validator("attack")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        return value.strip()


class _Message(BaseModel):
    id: str = ""
    context: str
    question: str


_Line = TypeVar("_Line", bound=BaseModel)


def read_attacks(path: Path) -> tuple[Attack, ...]:
    """The attacks of a JSON Lines file (category, attack). Raises InputRejected with file and
    line for what cannot be used."""
    return tuple(Attack(family=line.category, text=line.attack) for line in _lines(path, _Attack))


def read_carriers(path: Path) -> tuple[Carrier, ...]:
    """The texts of a JSON Lines file (context, question). Raises as `read_attacks` does."""
    return tuple(
        Carrier(id=line.id or f"line {at}", text=line.context, question=line.question)
        for at, line in enumerate(_lines(path, _Message), start=1)
    )


def pairs(
    attacks: Sequence[Attack], carriers: Sequence[Carrier], *, each: int
) -> Iterator[tuple[Planted, ...]]:
    """Every attack in `each` texts, by rounds in which no text comes twice, the places and the
    texts in turn, so that a second run has the same."""
    wanted = [
        Planted(
            attack=attack,
            carrier=carriers[(number * each + turn) % len(carriers)],
            place=PLACES[(number + turn) % len(PLACES)],
        )
        for number, attack in enumerate(attacks)
        for turn in range(min(each, len(carriers)))
    ]
    while wanted:
        chosen = {one.carrier.id: one for one in reversed(wanted)}
        yield tuple(chosen.values())
        wanted = [one for one in wanted if chosen[one.carrier.id] is not one]


def _lines(path: Path, kind: type[_Line]) -> list[_Line]:
    found = []
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    found.append(_read(path, number, line, kind))
    except (OSError, UnicodeDecodeError) as error:
        raise InputRejected(f"{path}: {error}.") from error
    if not found:
        raise InputRejected(f"{path}: nothing in it.")
    return found


def _read(path: Path, number: int, line: str, kind: type[_Line]) -> _Line:
    try:
        return kind.model_validate(json.loads(line))
    except (ValidationError, ValueError) as error:
        what = error.errors()[0] if isinstance(error, ValidationError) else {"msg": str(error)}
        where = ".".join(map(str, what.get("loc", ())))
        raise InputRejected(f"{path}, line {number}: {where} {what['msg']}.") from error

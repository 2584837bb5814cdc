"""Test cases as files: JSON Lines of questions, checked line by line before anything is measured.

A measurement on a file with a silent mistake in it is worse than none, so every line must be
understood or the file is rejected with the line's number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from bot.errors import InputRejected
from bot.memory import GivenPair
from bot.models import Speaker, Turn
from indexing.models import Audience, Document, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SOURCE = "evaluation"
"""The source that articles of a file are indexed under; ids are unique within it."""

Verdict = Literal["correct", "incomplete", "wrong"]
"""What people, and judges, say of an answer."""

_ADDRESS_ONLY = re.compile(r"\s*https?://\S+\s*")

_SPEAKERS: dict[str, Speaker] = {
    "user": "customer",
    "customer": "customer",
    "assistant": "bot",
    "bot": "bot",
    "agent": "agent",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One question whose right outcome is known.

    `article_ids` are the articles that answer it (any one is a hit); `answers` are reference
    texts; `kind` names the sort of case for a breakdown ("" when the file has none);
    `documents` are passages that the file brings along for this question; `line` is where
    it stands in its file. `routing_tag` is what a hand-off should get, "" where that is not known;
    `stored` is its id in the database, None for a case of a file. `given_answer` is one that was
    given before and `label` what a person says of it, "" and None where nobody judged.
    """

    id: str
    question: str
    article_ids: frozenset[str]
    answerable: bool
    answers: tuple[str, ...]
    locale: str | None
    kind: str
    reader: Reader
    history: tuple[Turn, ...]
    documents: tuple[Document, ...]
    line: int
    routing_tag: str = ""
    stored: int | None = None
    given_answer: str = ""
    label: Verdict | None = None

    @property
    def references(self) -> tuple[str, ...]:
        """The texts that say the right answer; an address alone says none."""
        return tuple(one for one in self.answers if not _ADDRESS_ONLY.fullmatch(one))


class _Record(BaseModel):
    """An object in which null means the same as nothing, and a number may stand for an id.
    Unknown keys are left alone: files carry notes."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: each for name, each in value.items() if each is not None}


class _Turn(_Record):
    speaker: Literal["user", "customer", "assistant", "bot", "agent"]
    text: str


class _Passage(_Record):
    id: str
    text: str
    title: str = ""
    url: str = ""


class _Line(_Record):
    """One line of a questions file."""

    question: str
    article_ids: tuple[str, ...] | None = None
    answer: tuple[str, ...] = ()
    answerable: bool | None = None
    locale: str | None = None
    id: str = ""
    kind: str = ""
    answerability: tuple[str, ...] = ()
    audience: Literal["customer", "signed_in", "agent"] = "customer"
    routing_tag: str = ""
    history: tuple[_Turn, ...] = ()
    passages: tuple[_Passage, ...] = ()
    given_answer: str = ""
    judged: Verdict | None = None

    @field_validator("answer", "answerability", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("question")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        return value

    @model_validator(mode="after")
    def _judges_an_answer(self) -> _Line:
        if self.judged and not (self.given_answer.strip() and any(map(str.strip, self.answer))):
            raise ValueError('"judged" needs the "given_answer" it is said of, and an "answer"')
        return self


def read_cases(path: Path, *, locale: str | None = None) -> tuple[Case, ...]:
    """The questions of a JSON Lines file, in its order; with `locale`, those of that language
    only ("de" takes "de-AT" too). Raises InputRejected with file and line for a line that
    cannot be used, for an id that comes twice, and for a file in which nothing is left."""
    cases = tuple(
        case for case in _cases(path) if locale is None or _same_language(case.locale, locale)
    )
    if not cases:
        wanted = f" for locale {locale}" if locale else ""
        raise InputRejected(f"{path}: no questions{wanted}.")
    return cases


def read_memory(paths: Iterable[Path], *, asked: Iterable[Case]) -> tuple[GivenPair, ...]:
    """Past questions with the articles that answered them, in the order of the files, each once.
    One that is `asked` as well is left out: nothing may teach its own answer. Raises InputRejected
    as `read_cases` does."""
    own = {_said(case.question) for case in asked}
    pairs = {
        _said(case.question): GivenPair(
            question=case.question,
            document_ids=tuple(sorted(case.article_ids)),
            locale=case.locale or "",
        )
        for path in paths
        for case in read_cases(path)
        if case.article_ids
    }
    return tuple(pair for said, pair in pairs.items() if said not in own)


def _said(question: str) -> str:
    return " ".join(question.casefold().split())


def spread(cases: Sequence[Case], limit: int | None) -> tuple[Case, ...]:
    """At most `limit` cases, taken evenly from the whole file: files are often sorted by kind,
    so the first ones would be of one kind only."""
    if limit is None or limit >= len(cases):
        return tuple(cases)
    return tuple(cases[at * len(cases) // limit] for at in range(limit))


def documents_of(cases: Iterable[Case]) -> tuple[Document, ...]:
    """The passages that the cases bring along, each once, in the order of first mention."""
    found = {document.id: document for case in cases for document in case.documents}
    return tuple(found.values())


def _cases(path: Path) -> Iterator[Case]:
    seen: dict[str, int] = {}
    for number, text in _lines(path):
        case = _case(path, number, text)
        if case.id in seen:
            raise InputRejected(
                f"{path}, line {number}: id {case.id!r} is already that of line {seen[case.id]}."
            )
        seen[case.id] = number
        yield case


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise InputRejected(f"{path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputRejected(f"{path}: not UTF-8 text ({error.reason}).") from error


def _case(path: Path, number: int, text: str) -> Case:
    try:
        line = _Line.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"{where}: {first['msg']}" if where else first["msg"]
        raise InputRejected(f"{path}, line {number}: {what}.") from error
    gold = frozenset(line.article_ids or ())
    return Case(
        id=line.id or f"line {number}",
        question=line.question,
        article_ids=gold,
        answerable=_answerable(path, number, line),
        answers=tuple(each for each in line.answer if each.strip()),
        locale=line.locale,
        kind=line.kind or " + ".join(line.answerability).lower(),
        reader=_reader(line.audience),
        history=tuple(
            Turn(speaker=_SPEAKERS[turn.speaker], text=turn.text) for turn in line.history
        ),
        documents=tuple(_document(passage, line.locale) for passage in line.passages),
        line=number,
        routing_tag=line.routing_tag,
        given_answer=line.given_answer if line.judged else "",
        label=line.judged,
    )


def _answerable(path: Path, number: int, line: _Line) -> bool:
    if line.answerable is not None:
        return line.answerable
    if line.article_ids is None:
        raise InputRejected(
            f"{path}, line {number}: says neither article_ids nor answerable, so there is no "
            "right outcome to compare with."
        )
    return bool(line.article_ids)


def _reader(audience: str) -> Reader:
    match audience:
        case "agent":
            return Reader.agent()
        case "signed_in":
            return Reader.signed_in_customer()
        case _:
            return Reader.customer()


def _document(passage: _Passage, locale: str | None) -> Document:
    return Document(
        id=passage.id,
        source=SOURCE,
        title=passage.title or next(iter(passage.text.strip().splitlines()), passage.id)[:200],
        body=passage.text,
        media_type="text/plain",
        kind="page",
        locale=locale or "en",
        url=passage.url,
        audience=Audience.public(),
    )


def _same_language(locale: str | None, wanted: str) -> bool:
    have, want = (locale or "").lower().replace("_", "-"), wanted.lower().replace("_", "-")
    return have == want or have.startswith(f"{want}-")

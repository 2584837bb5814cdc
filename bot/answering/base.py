"""What every engine is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bot.models import HandoffReason, Statement, Turn, Usage
from indexing.models import Passage

OnStatement = Callable[[Statement], None]
"""Called with each statement as soon as its citations are verified, for surfaces that stream.

What it was told is provisional until a Draft returns: a model can refuse or break off half way,
and then nothing of it counts as an answer. Its exceptions pass through the engine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerRequest:
    """A question and the only passages that may be used. `locale` is the answer's language."""

    question: str
    passages: tuple[Passage, ...]
    locale: str
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Statements whose citations are verified: at least one, each with at least one citation."""

    statements: tuple[Statement, ...]
    model: str = ""
    prompt_version: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoDraft:
    """The engine ended without an answer that may be sent, for a reason of the fixed list.
    `detail` tells an admin what happened and what to do."""

    reason: HandoffReason
    detail: str
    model: str = ""
    prompt_version: str = ""
    usage: Usage = field(default_factory=Usage)


class Engine(Protocol):
    """Writes an answer from passages. Never raises for what a vendor or a model does wrong."""

    name: str

    def answer(
        self, request: AnswerRequest, *, on_statement: OnStatement | None = None
    ) -> Draft | NoDraft: ...

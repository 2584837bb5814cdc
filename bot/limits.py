"""What the bot leaves to people whatever it knows: topics that the admin calls sensitive, and
languages that it is not to answer in."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from pydantic import Field, field_validator

from bot.models import HandoffReason
from bot.preferences import Preference
from bot.triage.rules import says
from connectors.validation import locale_of
from indexing.models import AGENTS

_MOST = 500
_LONGEST = 200


class Limits(Preference):
    """Counts from the next question on. Agents who ask for themselves are not held back."""

    NAME: ClassVar[str] = "limits"

    sensitive_topics: tuple[str, ...] = Field(
        default=(),
        title="Sensitive topics",
        description="Words or phrases, such as lawyer, self-harm or data breach. A customer's "
        "question that holds one goes to people, whatever the bot knows. A star at the end stands "
        "for any ending: chargeback*.",
    )
    languages: tuple[str, ...] = Field(
        default=(),
        title="Only answer in these languages",
        description="Such as en or pt-br; none means all. Questions in others go to people.",
    )

    @field_validator("sensitive_topics")
    @classmethod
    def _phrases(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        kept = tuple(dict.fromkeys(" ".join(each.split()) for each in phrases if each.strip(" *")))
        if len(kept) > _MOST or any(len(each) > _LONGEST for each in kept):
            raise ValueError(f"holds at most {_MOST} phrases of {_LONGEST} characters each")
        return kept

    @field_validator("languages")
    @classmethod
    def _tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        kept = tuple(dict.fromkeys(locale_of(each) for each in tags if each.strip()))
        if len(kept) > _MOST or not all(2 <= len(each) <= 20 for each in kept):
            raise ValueError("must be language tags, such as en or pt-br")
        return kept


class Left(NamedTuple):
    """Why a question is left to people."""

    reason: HandoffReason
    detail: str


def left_to_people(
    limits: Limits, text: str, *, locale: str, labels: frozenset[str]
) -> Left | None:
    """Why this question is not to be answered; None when it may be. `labels` are the reader's."""
    if AGENTS in labels:
        return None
    if topic := next((each for each in limits.sensitive_topics if says(text, each)), None):
        return Left(HandoffReason.SENSITIVE_TOPIC, f"It holds “{topic}”, a sensitive topic.")
    if limits.languages and not any(_is_of(locale, each) for each in limits.languages):
        detail = f"It is in {locale}; only {', '.join(limits.languages)} are answered."
        return Left(HandoffReason.LANGUAGE_UNSUPPORTED, detail)
    return None


def _is_of(locale: str, wanted: str) -> bool:
    tag = locale_of(locale)
    return tag == wanted or tag.startswith(f"{wanted}-")

"""The words that the bot speaks: Question, Statement, Citation, Outcome, and the fixed lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid4

from indexing.models import Cut, Passage, Reader

Surface = Literal["cli", "zendesk", "slack", "help", "playground", "eval"]
Speaker = Literal["customer", "agent", "bot"]
Delivery = Literal["shown", "sent", "drafted"]
"""What happens to an answer: whoever asked sees it at once and may ask on, a customer is sent it
as the company's word, or an agent gets it as a draft of that."""


class OutcomeKind(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    DRAFTED = "drafted"
    HANDED_OFF = "handed_off"
    IGNORED = "ignored"


class HandoffReason(StrEnum):
    """Why people take over: the whole list, no other reason is ever given."""

    CUSTOMER_REQUEST = "customer_request"
    MISSING_KNOWLEDGE = "missing_knowledge"
    LOW_CONFIDENCE = "low_confidence"
    UNVERIFIED_ANSWER = "unverified_answer"
    SENSITIVE_TOPIC = "sensitive_topic"
    POLICY_RESTRICTED = "policy_restricted"
    LANGUAGE_UNSUPPORTED = "language_unsupported"
    ATTACHMENT_ONLY = "attachment_only"
    LOOP_GUARD = "loop_guard"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    LIMIT_REACHED = "limit_reached"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    speaker: Speaker
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What somebody asks, and what that person may read. Claims are checked one by one unless
    the answer is only `shown`. An answer that would be `sent` with less than `evidence_to_send`,
    0..1, becomes a draft."""

    text: str
    reader: Reader
    surface: Surface
    locale: str | None = None
    history: tuple[Turn, ...] = ()
    sources: frozenset[str] | None = None
    delivery: Delivery = "shown"
    evidence_to_send: float = 0.0
    id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """The exact words of one chunk that carry a statement. `quote` is a substring of the
    chunk's text; `url` points at the section where the article has an anchor."""

    document_id: str
    chunk_id: str
    title: str
    url: str
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One claim in words for the reader, with at least one citation once it may be sent."""

    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementCheck:
    """What the checks made of one statement of the writer: `given` in the writer's words, `sent`
    what may go out of it, "" where nothing may. `detail` tells an admin what was found, "" where
    nothing is wrong."""

    given: str
    sent: str
    result: Literal["ok", "repaired", "rejected"]
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one model call as billed; zeros for engines without a model."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: Decimal = Decimal(0)

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one question, and everything needed to explain it.

    `reason` is set exactly when the kind is handed_off; `statements` hold citations only of
    `passages`. `evidence` is the calibrated probability in 0..1 that the passages carry the
    answer; `embedding_index` is the id of the index they are of. `latency_ms` maps stage to
    milliseconds. `detail` tells an admin, never a customer, what happened; so do `cut`, the
    nearest passages that were left out, and `checks`, one for each statement that was looked at.
    """

    question_id: UUID
    kind: OutcomeKind
    reason: HandoffReason | None = None
    detail: str = ""
    tags: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    passages: tuple[Passage, ...] = ()
    evidence: float = 0.0
    engine: str = ""
    model: str = ""
    prompt_version: str = ""
    embedding_index: int = 0
    usage: Usage = Usage()
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    cut: tuple[Cut, ...] = ()
    checks: tuple[StatementCheck, ...] = ()

"""What comes back from a model: the whole list of ways in which a call ends, and what was said."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.models import Usage


class Ending(StrEnum):
    """How a call ended: the whole list."""

    COMPLETE = "complete"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    CONTEXT_FULL = "context_full"
    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate_limited"
    TIMED_OUT = "timed_out"
    CUT = "cut"
    UNREACHABLE = "unreachable"
    KEY_REJECTED = "key_rejected"
    INVALID_REQUEST = "invalid_request"
    FAILED = "failed"
    RESTING = "resting"
    REFUSED_HERE = "refused_here"


@dataclass(frozen=True, kw_only=True, slots=True)
class CitedSpan:
    """What a model says it cites: blocks start..end (end exclusive) of the search result that
    was sent with this `source`. Not verified."""

    source: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TextBlock:
    """One finished text block of a reply."""

    text: str
    citations: tuple[CitedSpan, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """All of a call. `detail` tells an admin what happened and what to do; `blocks` are what
    came, whole only when the ending is COMPLETE."""

    ending: Ending
    detail: str = ""
    blocks: tuple[TextBlock, ...] = ()
    model: str = ""
    usage: Usage = field(default_factory=Usage)

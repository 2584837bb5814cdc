"""How calls end: from the SDK's exceptions and the API's own words to the endings of our own, and
what an admin is told of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.llm.replies import Ending

if TYPE_CHECKING:
    import anthropic

RETRIED = frozenset(
    {Ending.OVERLOADED, Ending.RATE_LIMITED, Ending.UNREACHABLE, Ending.CUT, Ending.FAILED}
)
FAULTS = RETRIED - {Ending.RATE_LIMITED} | {Ending.TIMED_OUT}
STOPS = {
    "refusal": Ending.REFUSED,
    "max_tokens": Ending.TRUNCATED,
    "model_context_window_exceeded": Ending.CONTEXT_FULL,
}
# The names come with an HTTP status, and mid-stream with status 200.
_ERROR_TYPES = {
    "overloaded_error": Ending.OVERLOADED,
    "rate_limit_error": Ending.RATE_LIMITED,
    "timeout_error": Ending.TIMED_OUT,
    "authentication_error": Ending.KEY_REJECTED,
    "permission_error": Ending.KEY_REJECTED,
    "billing_error": Ending.KEY_REJECTED,
    "invalid_request_error": Ending.INVALID_REQUEST,
    "not_found_error": Ending.INVALID_REQUEST,
    "request_too_large": Ending.CONTEXT_FULL,
}
_STATUSES = {
    401: Ending.KEY_REJECTED,
    402: Ending.KEY_REJECTED,
    403: Ending.KEY_REJECTED,
    408: Ending.TIMED_OUT,
    413: Ending.CONTEXT_FULL,
    429: Ending.RATE_LIMITED,
    504: Ending.TIMED_OUT,
    529: Ending.OVERLOADED,
}
DETAILS = {
    Ending.REFUSED: "{model} declined to answer ({said}).",
    Ending.TRUNCATED: "The answer of {model} was longer than the engine's max_tokens.",
    Ending.CONTEXT_FULL: "The question and its passages are too long for {model}.",
    Ending.OVERLOADED: "{where} is overloaded (status {status}). It recovers by itself.",
    Ending.RATE_LIMITED: "{where} limits our rate (status {status}). Raise the account's limit "
    "if this goes on.",
    Ending.TIMED_OUT: "{where} took too long.",
    Ending.CUT: "The connection to {where} broke in the middle of an answer.",
    Ending.UNREACHABLE: "{where} cannot be reached. Check the network and ANTHROPIC_BASE_URL.",
    Ending.KEY_REJECTED: "{where} refused the key or the account (status {status}: {said}). "
    "Check ANTHROPIC_API_KEY.",
    Ending.INVALID_REQUEST: "{where} refused the request (status {status}: {said}). "
    "Check ANTHROPIC_MODEL, which is {model}.",
    Ending.FAILED: "{where} failed (status {status}: {said}).",
}


def ending_of(error: Exception, *, started: bool) -> Ending:
    """What an exception of the SDK means; `started` is whether a reply had begun."""
    import anthropic  # noqa: PLC0415  it raised, so it is loaded
    import httpx2  # noqa: PLC0415

    if isinstance(error, anthropic.APIStatusError):
        return _ending_of_status(error)
    if isinstance(error, (anthropic.APITimeoutError, httpx2.TimeoutException)):
        return Ending.TIMED_OUT
    if isinstance(error, (anthropic.APIConnectionError, httpx2.HTTPError)):
        return Ending.CUT if started else Ending.UNREACHABLE
    return Ending.FAILED


def _ending_of_status(error: anthropic.APIStatusError) -> Ending:
    named = _ERROR_TYPES.get(str(error.type))
    if named is Ending.INVALID_REQUEST and "too long" in error.message:
        return Ending.CONTEXT_FULL
    if named is not None:
        return named
    if error.status_code in _STATUSES:
        return _STATUSES[error.status_code]
    return Ending.INVALID_REQUEST if 400 <= error.status_code < 500 else Ending.FAILED

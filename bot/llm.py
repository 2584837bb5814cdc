"""The one door to the Messages API: Anthropic's own, or any server that speaks it.

Whatever goes wrong on the way ends in a `Reply` with a named `Ending`, never in an exception:
callers decide what an ending means for a customer. Nothing here logs.
Facts: platform.claude.com/docs/en/api/messages, /api/errors, /about-claude/pricing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind
from pydantic import SecretStr

from bot import tracing
from bot.models import Usage
from bot.prices import billed
from connectors.circuits import Circuit
from connectors.errors import VendorResting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import anthropic
    import httpx2

OFFICIAL_URL = "https://api.anthropic.com"
DEFAULT_MODEL = "claude-haiku-5-5"
_NO_KEY = "not-needed"  # local servers check none, but the SDK refuses to send none


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


class MessagesApi:
    """Calls one model. Safe to share between threads.

    `api_key` None sends a dummy, for local servers. Timeouts are in seconds; `total_timeout`
    bounds one `ask`, retries and waiting included. The SDK's own retries are off, because they
    sleep for as long as a server's Retry-After says. `meter` is told what each attempt cost, in US
    dollars; `refusal` says why nothing may be asked now, "" for nothing; a `circuit` leaves a
    server alone that fails again and again.
    """

    def __init__(
        self,
        *,
        api_key: SecretStr | str | None,
        base_url: str | None = None,
        model: str | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        total_timeout: float = 60.0,
        retries: int = 2,
        retry_delay: float = 0.5,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        meter: Callable[[float], None] = lambda _: None,
        refusal: Callable[[], str] = lambda: "",
        circuit: Circuit | None = None,
    ) -> None:
        self.model = model or DEFAULT_MODEL
        self.base_url = base_url or OFFICIAL_URL
        self._api_key = api_key
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._total_timeout = total_timeout
        self._retries = retries
        self._retry_delay = retry_delay
        self._sleep = sleep
        self._clock = clock
        self._meter = meter
        self._refusal = refusal
        self._circuit = circuit or Circuit("The model", failures=10**9)

    def close(self) -> None:
        """Closes the connections, if any were opened; a later `ask` opens new ones."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

    def ask(
        self,
        *,
        system: str | Sequence[Mapping[str, Any]],
        messages: Sequence[Mapping[str, Any]],
        max_tokens: int,
        output_config: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        on_block: Callable[[TextBlock], None] | None = None,
    ) -> Reply:
        """The streamed reply. `on_block` sees each text block as soon as it is finished, before
        it is known how the call ends; only what on_block raises is raised."""
        request: dict[str, Any] = {
            "model": self.model,
            "system": system,
            "messages": messages,
            "max_tokens": max_tokens,
            "extra_body": extra_body,
        }
        if output_config is not None:
            request["output_config"] = output_config
        if refused := self._refusal():
            return Reply(ending=Ending.REFUSED_HERE, detail=refused, model=self.model)
        with tracing.span("model", kind=SpanKind.CLIENT, model=self.model) as span:
            reply = self._reply(request, on_block)
            span.set_attribute("ending", reply.ending.value)
            return reply

    def _reply(
        self, request: Mapping[str, Any], on_block: Callable[[TextBlock], None] | None
    ) -> Reply:
        deadline = self._clock() + self._total_timeout
        for attempt in range(self._retries + 1):
            call = _Call(model=self.model)
            try:
                with self._circuit.call() as tried:
                    for block in self._blocks(request, deadline, call):
                        if on_block is not None:
                            on_block(block)
                    tried.failed = call.is_servers_fault
            except VendorResting as error:
                return Reply(ending=Ending.RESTING, detail=str(error), model=self.model)
            self._meter(call.cost_usd)
            wait = call.wait_before_retry(self._retry_delay * 2**attempt)
            if wait is None or attempt == self._retries or self._clock() + wait >= deadline:
                break
            self._sleep(wait)
        return call.reply(where=urlsplit(self.base_url).hostname or self.base_url)

    @cached_property
    def _client(self) -> anthropic.Anthropic:
        import anthropic  # noqa: PLC0415  2.6 s and 84 MiB
        import httpx2  # noqa: PLC0415  comes with it

        key = self._api_key
        return anthropic.Anthropic(
            api_key=(key.get_secret_value() if isinstance(key, SecretStr) else key) or _NO_KEY,
            base_url=self.base_url,
            timeout=httpx2.Timeout(self._read_timeout, connect=self._connect_timeout),
            max_retries=0,
        )

    def _blocks(
        self, request: Mapping[str, Any], deadline: float, call: _Call
    ) -> Iterator[TextBlock]:
        """The text blocks as they are finished. Ends quietly when the call fails."""
        try:
            with self._client.messages.stream(**request) as stream:
                _limit(stream.response, deadline, self._clock)
                for event in stream:
                    if event.type == "message_start":
                        call.message = stream.current_message_snapshot
                    elif event.type == "content_block_stop" and event.content_block.type == "text":
                        block = _text_block(event.content_block)
                        call.blocks.append(block)
                        yield block
        except Exception as error:  # a broken server makes the SDK raise anything
            call.error = error


def _limit(response: httpx2.Response, deadline: float, clock: Callable[[], float]) -> None:
    """Ends the stream at the deadline. Looking at the clock per event is not enough: the SDK
    keeps pings to itself, so a server that only pings would be listened to for ever."""
    import httpx2  # noqa: PLC0415  comes with anthropic

    if not isinstance(response.stream, httpx2.SyncByteStream):
        return
    source: httpx2.SyncByteStream = response.stream

    class Limited(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for part in source:
                if clock() > deadline:
                    raise httpx2.ReadTimeout("The total time is over.", request=response.request)
                yield part

        def close(self) -> None:
            source.close()

    response.stream = Limited()


def _text_block(block: Any) -> TextBlock:
    """The block as our own type; the SDK does not check what a server sends."""
    spans = (
        (each.source, each.start_block_index, each.end_block_index, each.cited_text)
        for each in block.citations or ()
        if each.type == "search_result_location"
    )
    return TextBlock(
        text=str(block.text),
        citations=tuple(
            CitedSpan(source=str(source), start=int(start), end=int(end), text=str(text))
            for source, start, end, text in spans
        ),
    )


class _Call:
    """What is known of one attempt."""

    def __init__(self, *, model: str) -> None:
        self.blocks: list[TextBlock] = []
        self.message: anthropic.types.Message | None = None
        self.error: Exception | None = None
        self._model = model

    def wait_before_retry(self, usual: float) -> float | None:
        """Seconds, or None when another attempt would not help or something was said already."""
        if self.message is not None or self._ending() not in _RETRIED:
            return None
        headers = getattr(getattr(self.error, "response", None), "headers", {})
        try:
            return max(float(headers.get("retry-after", usual)), 0.0)
        except ValueError:  # an HTTP date: rare, and waiting the usual time is no harm
            return usual

    @property
    def is_servers_fault(self) -> bool:
        """Whether only whoever runs the server can mend what went wrong."""
        return self._ending() in _FAULTS

    @property
    def cost_usd(self) -> float:
        usage = self.message.usage if self.message is not None else None
        return float(billed(self._model, usage).cost_usd)

    def reply(self, *, where: str) -> Reply:
        ending = self._ending()
        usage = self.message.usage if self.message is not None else None
        return Reply(
            ending=ending,
            detail=self._detail(ending, where),
            blocks=tuple(self.blocks),
            model=(self.message.model if self.message is not None else "") or self._model,
            usage=billed(self._model, usage),
        )

    def _ending(self) -> Ending:
        if self.error is not None:
            return _ending_of(self.error, started=self.message is not None)
        reason = self.message.stop_reason if self.message is not None else None
        if reason is None:  # a dropped connection raises nothing
            return Ending.CUT
        return _STOPS.get(reason, Ending.COMPLETE)

    def _detail(self, ending: Ending, where: str) -> str:
        template = _DETAILS.get(ending, "")
        said = getattr(self.error, "message", "") or type(self.error).__name__
        if ending is Ending.REFUSED and self.message is not None:
            said = getattr(self.message.stop_details, "category", None) or "no category given"
        status = getattr(self.error, "status_code", "no status")
        return template.format(
            where=where, model=self._model, said=" ".join(str(said)[:200].split()), status=status
        )


# Endings --------------------------------------------------------------------------------------

_RETRIED = frozenset(
    {Ending.OVERLOADED, Ending.RATE_LIMITED, Ending.UNREACHABLE, Ending.CUT, Ending.FAILED}
)
_FAULTS = _RETRIED - {Ending.RATE_LIMITED} | {Ending.TIMED_OUT}
_STOPS = {
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
_DETAILS = {
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


def _ending_of(error: Exception, *, started: bool) -> Ending:
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

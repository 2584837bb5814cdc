"""Asks a model and listens to what it says, within its time and as often as may help."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind
from pydantic import SecretStr

from bot import tracing
from bot.llm.calls import Call, text_block
from bot.llm.replies import Ending, Reply, TextBlock
from connectors.circuits import Circuit
from connectors.errors import VendorResting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import anthropic
    import httpx2

OFFICIAL_URL = "https://api.anthropic.com"
DEFAULT_MODEL = "claude-haiku-5-5"
_NO_KEY = "not-needed"  # local servers check none, but the SDK refuses to send none


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
            call = Call(model=self.model)
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
        self, request: Mapping[str, Any], deadline: float, call: Call
    ) -> Iterator[TextBlock]:
        """The text blocks as they are finished. Ends quietly when the call fails."""
        try:
            with self._client.messages.stream(**request) as stream:
                _limit(stream.response, deadline, self._clock)
                for event in stream:
                    if event.type == "message_start":
                        call.message = stream.current_message_snapshot
                    elif event.type == "content_block_stop" and event.content_block.type == "text":
                        block = text_block(event.content_block)
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

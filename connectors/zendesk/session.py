"""One HTTP session to an account: signs, paces, waits when asked to, and retries what is safe.

It stands below zenpy, whose own handling would repeat writes after a time-out, sleep without an
end and never renew a token. Only requests that change nothing are sent again after a failure;
what was refused for its rate was not carried out, and may be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors.base import Calls
from connectors.circuits import Circuit
from connectors.errors import (
    ConnectorError,
    RateLimited,
    SourceMisconfigured,
    SourceUnavailable,
    WriteUncertain,
)
from connectors.zendesk import failures
from connectors.zendesk.addresses import Addresses
from connectors.zendesk.limits import MINUTE, Ceiling, moment_of, pool_of, retry_after, standing_of
from connectors.zendesk.login import Login, TokenLogin

REPEATABLE = frozenset({"GET", "HEAD"})
_WAITS = (1.0, 2.0, 4.0)
"""Seconds before each repetition of a request that failed."""

_TRANSIENT = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class ZendeskSession(requests.Session):
    """A session for one worker. Its answers are those that only the caller can judge; all other
    refusals are raised as ConnectorErrors.

    `share` is the part of the account's minute that it may fill, and `longest_wait` the seconds
    after which it gives up waiting (RateLimited then says for how long to stay away). A `circuit`
    that is open has it raise VendorResting.
    `server_time` is when the last answer was given by the server's clock, in seconds since 1970.
    """

    authorized = True  # zenpy asks for it, and then leaves the credentials to the session

    def __init__(
        self,
        *,
        addresses: Addresses,
        ceiling: Ceiling,
        share: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        login: Login | None = None,
        calls: Calls | None = None,
        longest_wait: float = 600.0,
        circuit: Circuit | None = None,
    ) -> None:
        super().__init__()
        self._addresses = addresses
        self._ceiling = ceiling
        self._share = share
        self._clock = clock
        self._sleep = sleep
        self._longest_wait = longest_wait
        self._login = login
        self._calls = calls or Calls()
        self._circuit = circuit
        self.auth = login or _unsigned
        self.headers["User-Agent"] = "Supportbot"
        self.headers["Accept"] = "application/json"
        self.server_time: int | None = None
        addresses.mount(self)

    def send(
        self, request: requests.PreparedRequest, *, patient: bool = True, **kwargs: Any
    ) -> requests.Response:
        """The answer to a request, once the account's limits allow it to be sent. Without
        patience it is not sent again when it was refused for its rate, but RateLimited is raised.
        Raises WriteUncertain where a write may or may not have been carried out."""
        if not self._addresses.owns(str(request.url)):
            raise SourceMisconfigured(
                f"A link leads out of the Zendesk account, to {urlsplit(str(request.url)).netloc}: "
                "it was not followed."
            )
        kwargs["allow_redirects"] = False  # the API has none that a credential should follow
        repetitions = iter(_WAITS if request.method in REPEATABLE else ())
        may_renew = self._login is not None
        while True:
            response, failure = self._guarded(request, kwargs, patient=patient)
            if response is not None and response.status_code == 401 and may_renew:
                may_renew = False
                if self._login is not None and self._login.renew(request):
                    continue
            if failure is None and response is not None:
                return response
            wait = next(repetitions, None) if isinstance(failure, SourceUnavailable) else None
            asked = retry_after(response.headers) if response is not None else None
            if failure is not None and (wait is None or (asked or 0.0) > self._longest_wait):
                raise failure
            self._sleep(max(wait or 0.0, asked or 0.0))

    def _guarded(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any], *, patient: bool
    ) -> tuple[requests.Response | None, ConnectorError | None]:
        """The same, unless the account is left alone for having failed too often."""
        if self._circuit is None:
            return self._once(request, kwargs, patient=patient)
        with self._circuit.call() as attempt:
            response, failure = self._once(request, kwargs, patient=patient)
            attempt.failed = isinstance(failure, SourceUnavailable)
        return response, failure

    def _once(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any], *, patient: bool
    ) -> tuple[requests.Response | None, ConnectorError | None]:
        """The answer (None where there is none) and what is wrong with it."""
        try:
            response = self._paced(request, kwargs, patient=patient)
        except _TRANSIENT as error:
            return None, _unreachable(request, error)
        uses_token = isinstance(self._login, TokenLogin)
        if self._login is None and response.status_code < 500:
            return response, None  # it is the login's own request, which judges for itself
        failure = failures.failure_of(response, uses_token=uses_token)
        if isinstance(failure, SourceUnavailable) and not _is_repeatable(request):
            failure = _uncertain(request, f"answered {response.status_code}")
        return response, failure

    def _paced(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any], *, patient: bool
    ) -> requests.Response:
        """Sends within the limits, again and again while the account asks to wait."""
        pool, began = pool_of(request.path_url), self._clock()
        while True:
            while wait := self._ceiling.wait(pool, share=self._share):
                self._wait(wait, began)
            self._calls.sent += 1
            response = super().send(request, **kwargs)
            self.server_time = moment_of(response.headers)
            if standing := standing_of(response.headers):
                self._ceiling.observe(pool, standing)
            if response.status_code != 429:
                return response
            asked = retry_after(response.headers)
            wait = MINUTE if asked is None else max(asked, 1.0)
            narrow = standing is not None and standing.remaining > 0
            if not narrow:  # else only this path has used up a limit of its own
                self._ceiling.hold(pool, wait)
            if not patient:
                raise _asked_to_wait(wait)
            if narrow:
                self._wait(wait, began)

    def _wait(self, seconds: float, began: float) -> None:
        if self._clock() - began + seconds > self._longest_wait:
            raise _asked_to_wait(seconds)
        self._sleep(seconds)


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No login at all: without one, requests would take what a .netrc file says."""
    return request


def _is_repeatable(request: requests.PreparedRequest) -> bool:
    return request.method in REPEATABLE


def _asked_to_wait(seconds: float) -> RateLimited:
    return RateLimited(
        f"Zendesk asks to wait {seconds:.0f} seconds more. The account's requests per "
        "minute are used up: sync less often, or ask Zendesk for the High Volume add-on.",
        retry_after=seconds,
    )


def _uncertain(request: requests.PreparedRequest, what: str) -> WriteUncertain:
    return WriteUncertain(
        f"{urlsplit(str(request.url)).netloc} {what}. Whether {request.method} "
        f"{request.path_url} was carried out is not known, so it was not repeated."
    )


def _unreachable(request: requests.PreparedRequest, error: Exception) -> ConnectorError:
    host = urlsplit(str(request.url)).netloc
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NameResolutionError):
        return SourceUnavailable(
            f"{host} cannot be found. Check ZENDESK_SUBDOMAIN (and ZENDESK_BASE_URL, where it is "
            "set), and that this machine can resolve names on the internet."
        )
    kind = "does not answer in time" if isinstance(error, requests.Timeout) else "cannot be reached"
    if _is_repeatable(request) or isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return SourceUnavailable(f"{host} {kind}. The next run tries again.")
    return _uncertain(request, kind)

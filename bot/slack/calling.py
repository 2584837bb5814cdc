"""One call of Slack's Web API, and what to do about its failures.

The SDK's own handlers repeat whatever broke off, which posts messages twice, so there are none
here: what only reads or sets something is repeated by whoever asks, and a message that may or may
not be there is looked for first.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.errors import PermissionMissing, PostUncertain, Refused, SlackAway, SlackBusy
from connectors.circuits import Circuit
from connectors.errors import VendorResting

if TYPE_CHECKING:
    from slack_sdk.web import SlackResponse

    from bot.slack.pacing import Pacing

TIMEOUT = 10
"""Seconds to wait for Slack, which answers within one."""

# Slack had a disturbance of its own: what was asked may have been done all the same.
_DISTURBED = frozenset(
    {"fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
_NOT_ALLOWED = frozenset(
    {
        *("missing_scope", "invalid_auth", "not_authed", "account_inactive", "token_revoked"),
        *("token_expired", "no_permission", "org_login_required", "ekm_access_denied"),
        *("access_denied", "not_allowed_token_type", "team_access_not_granted"),
    }
)


def _quiet() -> logging.Logger:
    """The SDK's own log: it reports as errors what is raised here, with what was sent."""
    found = logging.getLogger("slack_sdk.supportbot")
    found.setLevel(logging.CRITICAL)
    return found


class Calling:
    """Calls methods as the bot of one workspace. Safe to share between threads."""

    def __init__(
        self,
        *,
        token: str,
        api_url: str,
        team: str,
        pacing: Pacing,
        timeout: int = TIMEOUT,
        names_team: bool = False,
        circuit: Circuit | None = None,
    ) -> None:
        """`pacing` and `circuit` are shared by all of the process. `names_team` is whether the
        token is good for a whole organisation: then lists are asked for those of the workspace."""
        self._circuit = circuit or Circuit("Slack", failures=10**9)
        self._team = team
        self._pacing = pacing
        self._named = {"team_id": team} if names_team else {}
        self._client = WebClient(
            token=token,
            base_url=f"{api_url}/",
            timeout=timeout,
            retry_handlers=[],
            logger=_quiet(),
        )

    def _read(self, method: str, arguments: Mapping[str, Any]) -> SlackResponse:
        return self._called(method, params=dict(arguments))

    def _set(self, method: str, arguments: Mapping[str, Any]) -> SlackResponse:
        """Something that comes to the same however often it is done."""
        return self._called(method, json=dict(arguments))

    def _write(self, method: str, arguments: Mapping[str, Any]) -> SlackResponse:
        return self._called(method, json=dict(arguments), once=True)

    def _unless(self, code: str, method: str, arguments: Mapping[str, Any]) -> None:
        try:
            self._read(method, arguments)
        except Refused as error:
            if error.code != code:
                raise

    def _pages(self, method: str, arguments: Mapping[str, Any], key: str) -> Iterator[Any]:
        cursor = ""
        while True:
            asked = {**arguments, **({"cursor": cursor} if cursor else {})}
            found = self._read(method, asked)
            yield from found.get(key) or ()
            cursor = (found.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _called(
        self,
        method: str,
        *,
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        once: bool = False,
    ) -> SlackResponse:
        """`once` is whether doing it twice would be one time too often."""
        self._pacing.wait(self._team, method)
        try:
            with self._circuit.call() as attempt:
                try:
                    return self._client.api_call(method, params=params, json=json)
                except Exception as error:
                    attempt.failed = _is_disturbed(error)
                    raise
        except VendorResting as error:
            raise SlackBusy(str(error), retry_after=error.retry_after) from error
        except SlackApiError as error:
            raise self._failure(method, error, once=once) from error
        except (OSError, HTTPException, SlackClientError) as error:
            said = f"{method}: {type(error).__name__}"
            if once and not _never_sent(error):
                raise PostUncertain(f"Slack did not answer ({said}).") from error
            raise SlackAway(f"Slack cannot be reached ({said}).") from error

    def _failure(self, method: str, error: SlackApiError, *, once: bool) -> Exception:
        response = error.response
        if response.status_code == 429:
            seconds = _seconds(response.headers)
            self._pacing.pause(self._team, method, seconds)
            return SlackBusy(f"Slack's rate limit for {method} is reached.", retry_after=seconds)
        code = str(response.get("error") or "")
        if response.status_code >= 500 or code in _DISTURBED or " " in code or not code:
            kind = PostUncertain if once else SlackAway
            return kind(f"Slack has a disturbance ({method}: HTTP {response.status_code}).")
        if code in _NOT_ALLOWED:
            return PermissionMissing(_advice(method, code, response), code=code)
        return Refused(f"Slack refuses {method}: {code}.", code=code)


def _is_disturbed(error: Exception) -> bool:
    """Whether Slack itself is the matter, rather than what it was asked."""
    if not isinstance(error, SlackApiError):
        return True
    response = error.response
    return response.status_code >= 500 or response.get("error") in _DISTURBED


def _never_sent(error: BaseException) -> bool:
    """Whether it certainly did not reach Slack."""
    reason = error.reason if isinstance(error, URLError) else None
    return isinstance(reason, (ConnectionRefusedError, socket.gaierror))


def _seconds(headers: Mapping[str, Any]) -> float:
    told = next((v for k, v in headers.items() if k.lower() == "retry-after"), "1")
    try:
        return min(max(float(told[0] if isinstance(told, list) else told), 0.0), 3600.0)
    except (TypeError, ValueError):
        return 1.0


def _advice(method: str, code: str, response: SlackResponse) -> str:
    needed = str(response.get("needed") or "")
    if code == "missing_scope":
        return (
            f"The Slack app lacks the scope {needed or 'for ' + method}. Update the app with what "
            "`supportbot slack manifest` prints, and install it again."
        )
    return (
        f"Slack does not accept the app's token ({code} on {method}). Install the app again, and "
        "set SLACK_BOT_TOKEN to the token that is shown then."
    )

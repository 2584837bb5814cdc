"""Zendesk's refusals as named errors that say what the admin must do. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.errors import (
    AccountNotFound,
    ConnectorError,
    CredentialsRejected,
    PermissionMissing,
    RequestRejected,
    SourceMisconfigured,
    SourceUnavailable,
)

OAUTH_CLIENTS = "Admin Center > Apps and integrations > APIs > OAuth clients"
TOKENS_STOP = "2027-04-30"


def description(response: requests.Response) -> str:
    """What the answer says is wrong, in one line; "" where it says nothing that can be read."""
    try:
        body: Any = response.json()
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    if isinstance(error, dict):
        parts = [error.get("title"), error.get("message")]
    else:
        parts = [error, body.get("error_description") or body.get("description")]
    return ": ".join(" ".join(str(each).split()) for each in parts if each)[:300]


def failure_of(response: requests.Response, *, uses_token: bool) -> ConnectorError | None:
    """What a refusal means for everybody who could have sent the request; None where only its
    sender can tell (a 404 or 422 may be what was to be found out)."""
    status, said = response.status_code, description(response)
    host = urlsplit(response.url).netloc
    path = urlsplit(response.url).path
    if status == 401:
        return _rejected(host, said, uses_token=uses_token)
    if status == 403:
        return _forbidden(path, said)
    if status == 404 and "no help desk at" in f"{said} {_start(response)}".lower():
        return no_account(host)
    if 300 <= status < 400:
        return SourceMisconfigured(
            f"{host} sends API requests on to {response.headers.get('Location', 'nowhere')}. If "
            "the account was renamed, set ZENDESK_SUBDOMAIN to its new name."
        )
    if status >= 500:
        return SourceUnavailable(
            f"{host} answered {status} to {path}. Zendesk has a disturbance; see "
            "https://status.zendesk.com. The next run tries again."
        )
    return None


def rejected_request(response: requests.Response) -> ConnectorError:
    """For a refusal that its sender did not expect."""
    path = urlsplit(response.url).path
    said = description(response) or _start(response)
    return RequestRejected(
        f"Zendesk does not take the request {path} ({response.status_code} {said}). Report this "
        "to the maintainers of Supportbot."
    )


def rejected_change(response: requests.Response) -> ConnectorError:
    """For a change that Zendesk's own rules forbid, such as a group that no longer exists."""
    path = urlsplit(response.url).path
    said = _details(response) or description(response) or _start(response)
    return RequestRejected(
        f"Zendesk does not take the change of {path} ({response.status_code} {said}). Check in "
        "Zendesk that what Supportbot is told to set still exists (groups, fields, people), and "
        "that no required field keeps tickets from being solved."
    )


def no_account(host: str) -> AccountNotFound:
    return AccountNotFound(
        f"There is no Zendesk account at {host}. Set ZENDESK_SUBDOMAIN to the part before "
        ".zendesk.com in the address under which agents work."
    )


def token_refused(response: requests.Response, *, subdomain: str) -> ConnectorError:
    """Why the account did not give an OAuth token."""
    said = description(response)
    if response.status_code == 404:
        return no_account(urlsplit(response.url).netloc)
    if response.status_code in {400, 401, 403}:
        return CredentialsRejected(
            f"{subdomain} gives no OAuth token ({said or response.status_code}). Check "
            "ZENDESK_CLIENT_ID (the client's unique identifier) and ZENDESK_CLIENT_SECRET, and "
            f"that the client is of kind confidential, under {OAUTH_CLIENTS}."
        )
    return failure_of(response, uses_token=False) or rejected_request(response)


def missing_scopes(wanted: Iterable[str], granted: Iterable[str]) -> tuple[str, ...]:
    """The scopes that were asked for and not given. "read" contains every "x:read"."""
    given = frozenset(granted)
    return tuple(
        each for each in wanted if each not in given and each.rpartition(":")[2] not in given
    )


def scopes_missing(missing: Iterable[str], granted: Iterable[str]) -> PermissionMissing:
    return PermissionMissing(
        f"Zendesk gave a token without the scope {', '.join(missing)} (given: "
        f"{', '.join(sorted(granted)) or 'none'}). Allow it for the client under {OAUTH_CLIENTS}."
    )


def _rejected(host: str, said: str, *, uses_token: bool) -> CredentialsRejected:
    if uses_token:
        return CredentialsRejected(
            f"{host} refuses ZENDESK_EMAIL with ZENDESK_API_TOKEN ({said}). Zendesk switches "
            f"tokens off that were not used for 30 days, and all of them on {TOKENS_STOP}: make "
            f"an OAuth client under {OAUTH_CLIENTS} and set ZENDESK_CLIENT_ID and "
            "ZENDESK_CLIENT_SECRET instead."
        )
    return CredentialsRejected(
        f"{host} refuses a token that it has just given ({said}). Check that the OAuth client "
        f"still exists under {OAUTH_CLIENTS}, and that the user behind it is not suspended."
    )


def _forbidden(path: str, said: str) -> PermissionMissing:
    if "scope" in said.lower():
        return PermissionMissing(
            f"Zendesk refuses {path} ({said}). Allow that scope for the client under "
            f"{OAUTH_CLIENTS}."
        )
    if path.startswith("/api/v2/tickets"):
        return PermissionMissing(
            f"Zendesk refuses {path} ({said or 403}). The user behind the credentials may not work "
            "on this ticket: under Admin Center > People > Team members, give it the role of an "
            "administrator, or of an agent who sees all tickets and may write public comments."
        )
    return PermissionMissing(
        f"Zendesk refuses {path} ({said or 403}). The user behind the credentials needs the role "
        "of an administrator, or of an agent who is a Help Center manager."
    )


def _details(response: requests.Response) -> str:
    """What a validation says of each field, in one line."""
    try:
        body: Any = response.json()
    except ValueError:
        return ""
    details = body.get("details") if isinstance(body, dict) else None
    if not isinstance(details, dict):
        return ""
    said = (
        str(each.get("description") or each.get("error") or "")
        for faults in details.values()
        if isinstance(faults, list)
        for each in faults
        if isinstance(each, dict)
    )
    return "; ".join(" ".join(each.split()) for each in said if each)[:300]


def _start(response: requests.Response) -> str:
    return " ".join(response.text[:500].split()) if response.content else ""

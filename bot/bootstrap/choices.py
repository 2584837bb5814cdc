"""What the settings choose: who writes answers, and which accounts are used.

Beside the wiring, because these are decisions with messages to people, not connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from bot.errors import SettingInvalid

if TYPE_CHECKING:
    from bot.settings import Settings, ZendeskSettings
    from connectors.circuits import Circuit
    from connectors.zendesk.account import ZendeskAccount
    from connectors.zendesk.limits import Ceiling

EngineName = Literal["claude", "markers", "extractive"]


def engine_name(settings: Settings) -> EngineName:
    """Who writes answers. Raises SettingInvalid when the engine asked for lacks a setting."""
    wanted, anthropic = settings.answers.answer_engine, settings.anthropic
    if wanted == "auto":
        return connected_model(settings) or "extractive"
    if wanted == "claude" and anthropic.api_key is None:
        raise SettingInvalid(
            "ANSWER_ENGINE is claude, but ANTHROPIC_API_KEY is not set. Set it, or set "
            "ANSWER_ENGINE to extractive, which needs no key."
        )
    if wanted == "markers" and anthropic.base_url is None:
        raise SettingInvalid(
            "ANSWER_ENGINE is markers, but ANTHROPIC_BASE_URL is not set. Set it to the address "
            "of the server that speaks the Messages API, such as http://127.0.0.1:8080."
        )
    return wanted


def connected_model(settings: Settings) -> Literal["claude", "markers"] | None:
    """Which kind of model can be asked, whoever writes answers: "markers" is one that keeps to no
    schema. None where none is connected."""
    anthropic = settings.anthropic
    if anthropic.api_key:
        return "claude"
    local = anthropic.base_url is not None and not _is_anthropic(anthropic.base_url)
    return "markers" if local else None


def _is_anthropic(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "anthropic.com" or host.endswith(".anthropic.com")


INSTALLING = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "ENCRYPTION_KEYS", "PUBLIC_URL")
"""What it takes for workspaces to install the Slack app."""


def missing_to_install(settings: Settings) -> tuple[str, ...]:
    """The settings that are missing for workspaces to install the Slack app."""
    slack = settings.slack
    values = (
        slack.client_id,
        slack.client_secret,
        settings.storage.encryption_keys,
        settings.web.public_url,
    )
    named = zip(INSTALLING, values, strict=True)
    return tuple(name for name, value in named if not value)


def zendesk_account(
    settings: ZendeskSettings,
    *,
    ceiling: Ceiling | None = None,
    timeout: float = 30.0,
    longest_wait: float = 600.0,
    answers: bool = False,
    circuit: Circuit | None = None,
) -> ZendeskAccount:
    """The account with its OAuth client, or with the legacy token where only that is set.
    Without a `ceiling` it keeps to the limits by itself, whatever other processes use.
    `timeout` and `longest_wait` are seconds to wait for an answer, and for the rate limit.
    `answers` asks for what answering tickets and setting up webhooks need: to write as well.
    Raises SourceMisconfigured, which names the settings that are missing."""
    from connectors.errors import SourceMisconfigured  # noqa: PLC0415 - made when asked for
    from connectors.zendesk.account import (  # noqa: PLC0415 - brings zenpy
        DESK_SCOPES,
        READ_SCOPES,
        ZendeskAccount,
    )
    from connectors.zendesk.login import ApiToken, OAuthClient  # noqa: PLC0415 - as above

    credentials: OAuthClient | ApiToken
    if settings.client_id and settings.client_secret:
        credentials = OAuthClient(
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
        )
    elif settings.email and settings.api_token:
        credentials = ApiToken(email=settings.email, token=settings.api_token.get_secret_value())
    else:
        raise SourceMisconfigured(
            "Zendesk needs ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET: make a confidential OAuth "
            "client in Admin Center > Apps and integrations > APIs > OAuth clients."
        )
    return ZendeskAccount(
        subdomain=settings.subdomain or "",
        credentials=credentials,
        base_url=settings.base_url or "",
        scopes=DESK_SCOPES if answers else READ_SCOPES,
        ceiling=ceiling,
        timeout=timeout,
        longest_wait=longest_wait,
        circuit=circuit,
    )


def webhook_keys(settings: ZendeskSettings) -> tuple[bytes, ...]:
    """What Zendesk's webhooks are signed with; none where no secret is set. Raises SettingInvalid
    for the secret that everybody knows."""
    from bot.zendesk import events  # noqa: PLC0415 - made when asked for

    secret = settings.webhook_secret
    return () if secret is None else events.webhook_keys(secret.get_secret_value())

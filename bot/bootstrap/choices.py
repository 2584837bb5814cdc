"""What the settings choose: who writes answers, and which accounts are used.

Beside the wiring, because these are decisions with messages to people, not connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from bot.errors import SettingInvalid

if TYPE_CHECKING:
    from bot.settings import Settings, ZendeskSettings
    from connectors.zendesk.account import ZendeskAccount

EngineName = Literal["claude", "markers", "extractive"]


def engine_name(settings: Settings) -> EngineName:
    """Who writes answers. Raises SettingInvalid when the engine asked for lacks a setting."""
    wanted, anthropic = settings.answers.answer_engine, settings.anthropic
    local = anthropic.base_url is not None and not _is_anthropic(anthropic.base_url)
    if wanted == "auto":
        return "claude" if anthropic.api_key else "markers" if local else "extractive"
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


def _is_anthropic(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "anthropic.com" or host.endswith(".anthropic.com")


def zendesk_account(
    settings: ZendeskSettings, *, timeout: float = 30.0, longest_wait: float = 600.0
) -> ZendeskAccount:
    """The account with its OAuth client, or with the legacy token where only that is set.
    `timeout` and `longest_wait` are seconds to wait for an answer, and for the rate limit.
    Raises SourceMisconfigured, which names the settings that are missing."""
    from connectors.errors import SourceMisconfigured  # noqa: PLC0415 - made when asked for
    from connectors.zendesk.account import ZendeskAccount  # noqa: PLC0415 - brings zenpy
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
        timeout=timeout,
        longest_wait=longest_wait,
    )


def webhook_key(settings: ZendeskSettings) -> bytes | None:
    """What Zendesk's webhooks are signed with; None where no secret is set. Raises SettingInvalid
    for the secret that everybody knows."""
    from bot.zendesk.events import signing_key  # noqa: PLC0415 - made when asked for

    secret = settings.webhook_secret
    return None if secret is None else signing_key(secret.get_secret_value())

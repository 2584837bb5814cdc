"""What it takes for workspaces to install the app, and the books of who did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from pydantic import SecretStr

    from bot.settings import Settings
    from bot.slack.installations import Installations


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuth:
    """What it takes for workspaces to install the app: the app's own credentials, and the keys
    that seal what it is given, with commas between them."""

    client_id: str
    client_secret: SecretStr
    encryption_keys: SecretStr


def oauth_of(settings: Settings) -> OAuth | None:
    """None where one of its settings is missing."""
    slack, keys = settings.slack, settings.storage.encryption_keys
    if not (slack.client_id and slack.client_secret and keys):
        return None
    return OAuth(client_id=slack.client_id, client_secret=slack.client_secret, encryption_keys=keys)


def installations_of(
    oauth: OAuth | None, *, pool: ConnectionPool[Connection[Any]], api_url: str
) -> Callable[[], Installations] | None:
    """What gives the books, made when they are first asked for; None where nothing can be
    installed."""
    if oauth is None:
        return None

    @cache
    def books() -> Installations:
        from bot.secrets import Sealer  # noqa: PLC0415 - made when asked for
        from bot.slack.installations import Installations  # noqa: PLC0415 - brings the SDK

        return Installations(
            pool=pool,
            sealer=Sealer(oauth.encryption_keys.get_secret_value().split(",")),
            client_id=oauth.client_id,
            client_secret=oauth.client_secret.get_secret_value(),
            api_url=api_url,
        )

    return books

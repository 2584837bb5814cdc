"""The app as its settings pages have it: scopes, events, features; most easily read from the
manifest that a deployment would install.

https://docs.slack.dev/reference/app-manifest/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "links:read",
        "links:write",
        "mpim:history",
        "mpim:read",
        "mpim:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)
EVENTS = frozenset(
    {
        "agent_session_stopped",
        "app_context_changed",
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "link_shared",
        "member_joined_channel",
        "member_left_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "reaction_added",
        "reaction_removed",
        "tokens_revoked",
    }
)


@dataclass(kw_only=True)
class App:
    """`scopes` is what an installation is given; `events` are the names subscribed to, with the
    kinds of messages told apart ("message.channels"). `shortcuts` are callback ids, None: any."""

    id: str = "A0SUPPORTBOT"
    name: str = "supportbot"
    client_id: str = "4242.2424"
    client_secret: str = "the-client-secret"
    signing_secret: str = "the-signing-secret"
    verification_token: str = "the-verification-token"
    scopes: frozenset[str] = SCOPES
    user_scopes: frozenset[str] = frozenset()
    events: frozenset[str] = EVENTS
    unfurl_domains: tuple[str, ...] = ()
    commands: tuple[str, ...] = ("/ask",)
    shortcuts: frozenset[str] | None = None
    redirect_urls: tuple[str, ...] = ()
    agent: bool = True
    home_tab: bool = True
    messages_tab: bool = True
    socket_mode: bool = True
    rotates_tokens: bool = False

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> App:
        """The app that Slack makes of this manifest."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        oauth, home = manifest.get("oauth_config", {}), features.get("app_home", {})
        scopes = oauth.get("scopes", {})
        return cls(
            name=features.get("bot_user", {}).get("display_name", "supportbot"),
            scopes=frozenset((*scopes.get("bot", ()), *scopes.get("bot_optional", ()))),
            user_scopes=frozenset(scopes.get("user", ())),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            unfurl_domains=tuple(features.get("unfurl_domains", ())),
            commands=tuple(each["command"] for each in features.get("slash_commands", ())),
            shortcuts=frozenset(each["callback_id"] for each in features.get("shortcuts", ())),
            redirect_urls=tuple(oauth.get("redirect_urls", ())),
            agent="agent_view" in features,
            home_tab=bool(home.get("home_tab_enabled", False)),
            messages_tab=bool(home.get("messages_tab_enabled", False)),
            socket_mode=bool(settings.get("socket_mode_enabled", False)),
            rotates_tokens=bool(settings.get("token_rotation_enabled", False)),
        )

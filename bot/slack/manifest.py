"""The app as Slack is to be told of it: what this deployment listens to, and the scopes that its
calls need. Pure. A test holds the lists to what the code calls and handles.

https://docs.slack.dev/reference/app-manifest/ https://docs.slack.dev/reference/scopes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_READ = ("channels:read", "groups:read", "im:read", "mpim:read")

METHOD_SCOPES: Mapping[str, tuple[str, ...]] = {
    "assistant.threads.setStatus": ("assistant:write", "chat:write"),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "auth.test": (),
    "chat.appendStream": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.startStream": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "chat.unfurl": ("links:write",),
    "chat.update": ("chat:write",),
    "conversations.history": _HISTORY,
    "conversations.info": _READ,
    "conversations.members": _READ,
    "conversations.open": ("im:write",),
    "conversations.replies": _HISTORY,
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "usergroups.list": ("usergroups:read",),
    "users.info": ("users:read", "users:read.email"),
    "users.list": ("users:read",),
    "users.lookupByEmail": ("users:read.email",),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
"""Every method that is called. The address of whoever asks for a ticket needs users:read.email."""

EVENT_SCOPES: Mapping[str, tuple[str, ...]] = {
    "agent_session_stopped": (),
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    "channel_shared": ("channels:read", "groups:read"),
    "channel_unshared": ("channels:read", "groups:read"),
    "link_shared": ("links:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "team_join": ("users:read",),
    "tokens_revoked": (),
    "user_change": ("users:read",),
}
"""Every event that is subscribed to."""

_COMMANDS = ("commands",)  # commands and shortcuts

_EVENTS_PATH = "/slack/events"
_REDIRECT_PATH = "/slack/oauth_redirect"
_MOST_DOMAINS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """What differs from one deployment to the next. Without a `public_url` Slack reaches it through
    Socket Mode; `is_distributed` is whether it can be installed in several workspaces; `domains`
    are those of the help centers, whose links get previews."""

    name: str = "Supportbot"
    public_url: str | None = None
    socket_mode: bool = True
    is_distributed: bool = False
    domains: Sequence[str] = ()


def scopes() -> list[str]:
    """The bot's scopes, sorted."""
    needed = (*METHOD_SCOPES.values(), *EVENT_SCOPES.values(), _COMMANDS)
    return sorted({each for some in needed for each in some})


def manifest(deployment: Deployment) -> dict[str, Any]:
    """The manifest, to be written as JSON."""
    address = None if deployment.socket_mode else deployment.public_url
    request = {"request_url": f"{address}{_EVENTS_PATH}"} if address else {}
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": deployment.name[:35],
            "description": "Answers from your help center, with the source of every sentence.",
            "background_color": "#1a4b3c",
        },
        "features": _features(deployment, request),
        "oauth_config": {
            "scopes": {"bot": scopes()},
            **_redirect(deployment),
        },
        "settings": {
            "event_subscriptions": {**request, "bot_events": sorted(EVENT_SCOPES)},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": deployment.is_distributed,
            "socket_mode_enabled": deployment.socket_mode,
            "token_rotation_enabled": deployment.is_distributed,
        },
    }


def _features(deployment: Deployment, request: Mapping[str, str]) -> dict[str, Any]:
    url = {"url": request["request_url"]} if request else {}
    features: dict[str, Any] = {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": deployment.name[:80], "always_online": True},
        "agent_view": {
            "agent_description": "Ask about your help center and internal articles: every "
            "sentence comes with its source, and what is not known goes to a person."
        },
        "shortcuts": [
            {
                "name": "Answer this",
                "type": "message",
                "callback_id": "answer_this",
                "description": "Shows you the answer, which you may post below the message",
            }
        ],
        "slash_commands": [
            {
                "command": "/ask",
                **url,
                "description": "Ask, and see the answer alone",
                "usage_hint": "How long can an item be returned?",
                "should_escape": True,
            }
        ],
    }
    if deployment.domains:
        features["unfurl_domains"] = list(deployment.domains)[:_MOST_DOMAINS]
    return features


def _redirect(deployment: Deployment) -> dict[str, Any]:
    if not (deployment.is_distributed and deployment.public_url):
        return {}
    return {"redirect_urls": [f"{deployment.public_url}{_REDIRECT_PATH}"]}

"""Installing, token rotation and uninstalling, with Slack's own clients against the stand-in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.token_rotation import TokenRotator

from tests.fakes.clock import FakeClock
from tests.fakes.slack import App, FakeSlack
from tests.fakes.slack.refusals import Refused
from tests.refusals import error


def test_a_workspace_installs_rotates_and_uninstalls() -> None:
    clock = FakeClock()
    redirect = "https://bot.example/slack/oauth_redirect"
    app = App(rotates_tokens=True, redirect_urls=(redirect,))
    with FakeSlack(app=app, clock=clock) as slack:
        globex = slack.add_workspace("Globex")
        hank = globex.member("Hank", admin=True)
        channel = globex.channel("help", [hank])
        globex.say(hank, channel, "Before the app came")
        assert slack.deliveries.pending == []
        link = AuthorizeUrlGenerator(
            client_id=app.client_id, scopes=["chat:write"], redirect_uri=redirect
        ).generate("a-state")

        back = parse_qs(urlsplit(slack.installing.allow(link, hank, globex)).query)
        client = WebClient(base_url=slack.api_url)
        known = {"client_id": app.client_id, "client_secret": app.client_secret}
        granted = client.oauth_v2_access(**known, code=back["code"][0], redirect_uri=redirect)

        assert back["state"] == ["a-state"]
        assert granted["team"]["id"] == globex.team.id
        assert granted["authed_user"]["id"] == hank.id
        assert granted["expires_in"] == 43_200
        assert error(client.oauth_v2_access, **known, code=back["code"][0]) == "invalid_code"
        first = granted["access_token"]
        client.chat_postMessage(token=first, channel=channel.id, text="Hello")
        clock.advance(43_201)
        assert error(client.auth_test, token=first) == "token_expired"
        second = _rotated(client, app, granted.data, now=clock())
        assert client.auth_test(token=second)["team_id"] == globex.team.id
        client.apps_uninstall(token=second, **known)
        assert error(client.auth_test, token=second) == "account_inactive"
        told = [each.event["type"] for each in slack.deliveries.pending]
        assert told[-2:] == ["tokens_revoked", "app_uninstalled"]


def _rotated(client: WebClient, app: App, granted: dict[str, Any], *, now: float) -> str:
    """The next token, got with the refresh token by Slack's own rotator."""
    rotator = TokenRotator(client=client, client_id=app.client_id, client_secret=app.client_secret)
    installed = Installation(
        user_id=granted["authed_user"]["id"],
        team_id=granted["team"]["id"],
        bot_token=granted["access_token"],
        bot_refresh_token=granted["refresh_token"],
        bot_token_expires_at=int(now),
    )
    rotated = rotator.perform_token_rotation(installation=installed)
    assert rotated is not None
    assert rotated.bot_token is not None
    assert rotated.bot_refresh_token != granted["refresh_token"]
    return rotated.bot_token


def test_nobody_installs_what_the_app_does_not_ask_for() -> None:
    app = App(redirect_urls=("https://bot.example/",))
    with FakeSlack(app=app) as slack:
        ann = slack.workspace.member("Ann")

        def refused(**asked: Any) -> str:
            usual = {
                "client_id": app.client_id,
                "scopes": ["chat:write"],
                "redirect_uri": "https://bot.example/back",
            }
            link = AuthorizeUrlGenerator(**{**usual, **asked}).generate("s")
            with pytest.raises(Refused) as found:
                slack.installing.allow(link, ann, slack.workspace)
            return str(found.value)

        assert refused(client_id="another") == "invalid_client_id"
        assert refused(scopes=["admin"]) == "invalid_scope"
        assert refused(redirect_uri="https://thief.example/") == "bad_redirect_uri"
        client = WebClient(base_url=slack.api_url)
        known = {"client_id": app.client_id, "client_secret": "guessed"}
        assert error(client.oauth_v2_access, **known, code="x") == "bad_client_secret"

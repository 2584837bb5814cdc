"""The manifest lists exactly what the code calls, listens to and offers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.slack.handlers import ANSWER_THIS, ASK
from bot.slack.http import PATH
from bot.slack.listening import EVENTS
from bot.slack.manifest import EVENT_SCOPES, METHOD_SCOPES, Deployment, manifest, scopes
from tests.fakes.slack.server import METHODS

SOURCES = Path(__file__).parents[2] / "bot" / "slack"
HTTP = Deployment(public_url="https://bot.example.com", socket_mode=False)


def called() -> set[str]:
    """The names of methods that the code gives to Slack's API."""
    text = (SOURCES / "api.py").read_text(encoding="utf-8")
    pattern = r"_(?:read|set|write|pages|unless)\(\s*(?:\"\w+\", )?\"([a-z]+\.[\w.]+)\""
    return set(re.findall(pattern, text))


def test_every_method_that_is_called_has_its_scopes_and_no_other() -> None:
    assert called() == set(METHOD_SCOPES)


def test_every_event_that_is_heard_is_subscribed_to_and_no_other() -> None:
    assert {each.partition(".")[0] for each in EVENT_SCOPES} == set(EVENTS)


def test_nobody_else_talks_to_slack() -> None:
    for path in SOURCES.glob("*.py"):
        if path.name != "calling.py":
            assert "api_call" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("method", sorted(METHOD_SCOPES))
def test_the_scopes_are_those_that_slack_asks_for(method: str) -> None:
    """By the stand-in, which refuses what lacks a scope; conversations need the one of their
    kind."""
    wanted = METHODS[method].scope
    assert not wanted or wanted in METHOD_SCOPES[method]


def test_the_scopes_are_listed_once() -> None:
    listed = manifest(HTTP)["oauth_config"]["scopes"]["bot"]

    assert listed == scopes() == sorted(set(listed))
    assert {"commands", "chat:write", "app_mentions:read", "users:read"} <= set(listed)
    assert not {each for each in listed if each.startswith("admin") or "files" in each}


def test_the_command_and_the_shortcut_are_those_that_are_handled() -> None:
    features = manifest(HTTP)["features"]

    assert [each["command"] for each in features["slash_commands"]] == [ASK]
    assert [each["callback_id"] for each in features["shortcuts"]] == [ANSWER_THIS]


def test_over_http_every_address_is_ours() -> None:
    made = manifest(HTTP)
    addresses = set(re.findall(r'"(https://[^"]+)"', json.dumps(made)))

    assert addresses == {f"https://bot.example.com{PATH}"}
    assert not made["settings"]["socket_mode_enabled"]


def test_through_a_socket_slack_needs_no_address() -> None:
    made = manifest(Deployment(public_url="https://bot.example.com", socket_mode=True))

    assert "https://" not in json.dumps(made)
    assert made["settings"]["socket_mode_enabled"]


def test_for_several_workspaces_tokens_are_renewed() -> None:
    made = manifest(
        Deployment(public_url="https://b.example", socket_mode=False, is_distributed=True)
    )

    assert made["settings"]["token_rotation_enabled"]
    assert made["oauth_config"]["redirect_urls"] == ["https://b.example/slack/oauth_redirect"]


def test_the_lengths_that_slack_allows_are_kept() -> None:
    made = manifest(
        Deployment(name="N" * 200, domains=[f"h{number}.example.com" for number in range(9)])
    )

    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    assert len(made["features"]["agent_view"]["agent_description"]) <= 300
    assert len(made["features"]["unfurl_domains"]) == 5
    assert all(len(each["name"]) <= 24 for each in made["features"]["shortcuts"])

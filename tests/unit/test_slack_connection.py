"""What people are told of how Slack is connected."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import settings
from bot.bootstrap.checks import connections
from bot.doctor import Check

KEY = "c2l4dGVlbiBsZXR0ZXJzc2l4dGVlbiBsZXR0ZXJzISE="
OAUTH = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s"}


def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **environment: str) -> Check:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = settings.load(tmp_path / "none.env")
    return next(each for each in connections(found) if each.name == "slack")


@pytest.mark.parametrize(
    ("given", "state", "detail"),
    [
        ({}, "ok", "Not connected."),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"},
            "ok",
            "Events come by Socket Mode; not called by this check.",
        ),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"},
            "ok",
            "Events come by HTTP (/slack/events); not called by this check.",
        ),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1"},
            "failed",
            "Not connected: SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is not set.",
        ),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "failed", "Not connected: SLACK_BOT_TOKEN is not set."),
        (
            {**OAUTH, "SLACK_SIGNING_SECRET": "s"},
            "failed",
            "Not connected: ENCRYPTION_KEYS, PUBLIC_URL is not set.",
        ),
        (
            {
                **OAUTH,
                "SLACK_SIGNING_SECRET": "s",
                "ENCRYPTION_KEYS": KEY,
                "PUBLIC_URL": "https://bot.example",
            },
            "ok",
            "Events come by HTTP (/slack/events); not called by this check.",
        ),
    ],
)
def test_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: dict[str, str],
    state: str,
    detail: str,
) -> None:
    found = told(monkeypatch, tmp_path, **given)
    assert (found.state, found.detail) == (state, detail)
    assert (found.advice == "") == (state == "ok" and bool(given))


def test_each_of_several_keys_is_kept_out_of_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", f"{KEY},another-key-of-some-length")
    secrets = settings.load(tmp_path / "none.env").secrets()
    assert {KEY, "another-key-of-some-length"} <= secrets

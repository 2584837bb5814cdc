"""Secrets that can be guessed are told, those of vendors and of machines are not."""

import secrets

import pytest

from bot.strength import weaknesses


@pytest.mark.parametrize(
    "weak",
    ["changeme", "secret", "password123", "supportbot", "admin", "S1ack!", "qwertyuiop", "x" * 40],
)
def test_what_people_choose_can_be_guessed(weak: str) -> None:
    assert list(weaknesses({"ADMIN_PASSWORD": weak})) == ["ADMIN_PASSWORD can be guessed."]
    url = f"postgresql://u:{weak}@db.example/s"
    assert list(weaknesses({"DATABASE_URL": url})) == ["DATABASE_URL can be guessed."]


@pytest.mark.parametrize(
    "strong",
    [
        secrets.token_urlsafe(16),
        secrets.token_hex(16),
        "sk-ant-" + secrets.token_urlsafe(40),
        "xoxb-1234567890-1234567890123-" + secrets.token_urlsafe(18),
        secrets.token_urlsafe(32) + "," + secrets.token_urlsafe(32),
        "postgresql://u@db.example/s",
    ],
    ids=["urlsafe", "hex", "anthropic", "slack", "two", "no password"],
)
def test_what_machines_make_cannot(strong: str) -> None:
    assert list(weaknesses({"SLACK_BOT_TOKEN": strong})) == []


def test_one_secret_for_two_things_is_told_without_showing_it() -> None:
    same = secrets.token_urlsafe(16)

    (told,) = weaknesses({"ADMIN_PASSWORD": same, "DATABASE_URL": f"postgresql://u:{same}@h/d"})

    assert told == "ADMIN_PASSWORD and DATABASE_URL are the same."

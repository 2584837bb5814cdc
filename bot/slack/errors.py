"""What stands between the bot and Slack.

SlackError
├── NotInstalled       the app is not installed in this workspace (any more)
├── SlackAway          Slack cannot be reached or has a disturbance
├── SlackBusy          Slack's rate limit for one method; says for how long
├── Refused            Slack says no, and with which code: nothing was changed
│   └── PermissionMissing  the token lacks a scope, or is not valid: an admin must act
└── PostUncertain      nobody knows whether Slack did what it was asked to do
"""

from __future__ import annotations

from bot.errors import SupportbotError


class SlackError(SupportbotError):
    """Slack did not do what it was asked to do."""


class NotInstalled(SlackError):
    """The app is not installed in this Slack workspace."""


class SlackAway(SlackError):
    """Slack cannot be reached."""


class SlackBusy(SlackError):
    """Slack's rate limit is reached."""

    def __init__(self, message: str | None = None, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(SlackError):
    """Slack refused the request."""

    def __init__(self, message: str | None = None, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class PermissionMissing(Refused):
    """The app lacks a permission in Slack."""


class PostUncertain(SlackError):
    """Nobody knows whether Slack did it."""

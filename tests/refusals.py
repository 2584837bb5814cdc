"""What Slack's clients say of a call that was refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError


def refusal(call: Callable[..., Any], *arguments: Any, **named: Any) -> dict[str, Any]:
    """The answer of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as refused:
        call(*arguments, **named)
    found: dict[str, Any] = refused.value.response.data
    return found


def error(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    """The error's name alone."""
    return str(refusal(call, *arguments, **named)["error"])

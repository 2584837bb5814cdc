"""The one door to the Messages API: Anthropic's own, or any server that speaks it.

Whatever goes wrong on the way ends in a `Reply` with a named `Ending`, never in an exception:
callers decide what an ending means for a customer. Nothing here logs.
Facts: platform.claude.com/docs/en/api/messages, /api/errors, /about-claude/pricing.
"""

from bot.llm.messages import DEFAULT_MODEL, OFFICIAL_URL, MessagesApi
from bot.llm.replies import CitedSpan, Ending, Reply, TextBlock

__all__ = [
    "DEFAULT_MODEL",
    "OFFICIAL_URL",
    "CitedSpan",
    "Ending",
    "MessagesApi",
    "Reply",
    "TextBlock",
]

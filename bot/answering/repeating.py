"""Whether an answer says anything that the conversation has not said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.models import Statement, Turn


def only_repeats(statements: Sequence[Statement], history: Sequence[Turn]) -> bool:
    """Whether each of the statements stands word for word in what the bot said before."""
    said = " ".join(_plain(turn.text) for turn in history if turn.speaker == "bot")
    return all(_plain(each.text) in said for each in statements)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())

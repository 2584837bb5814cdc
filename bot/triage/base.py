"""What every classifier offers: one method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.triage.models import Decision


@dataclass(frozen=True, kw_only=True, slots=True)
class Undecided:
    """No decision could be had; `detail` tells an admin why and what to do."""

    detail: str


class Classifier(Protocol):
    """Chooses one of the enabled tags, or none of them. Never raises for what a text holds."""

    def classify(self, text: str, *, locale: str) -> Decision | Undecided:
        """The choice, with its probability of being right."""

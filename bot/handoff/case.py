"""What is known of a question that people take over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.handoff.secrets import masked

if TYPE_CHECKING:
    from datetime import date

    from bot.models import Outcome, Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """`text` is what was asked last and `history` what came before it, in people's own words;
    `asked_on` is the day of asking. `products` are names that the admin wants recognised. `refund`
    says whether it is a refund case where routing knows; None looks at the words."""

    text: str
    history: tuple[Turn, ...]
    outcome: Outcome
    asked_on: date
    products: tuple[str, ...] = ()
    refund: bool | None = None

    def customers_words(self) -> str:
        """All that the customer said, the oldest first, each message once, without what nobody
        should copy: card numbers, bank accounts, passwords."""
        said = [each.text for each in self.history if each.speaker == "customer"]
        return masked("\n".join(dict.fromkeys([*said, self.text])))

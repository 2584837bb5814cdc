"""What a process may ask of vendors, wired: budgets, circuits, and the model behind both."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from bot.budgets import Spending
from bot.llm import MessagesApi
from bot.vendors import VendorUse, this_process
from connectors.errors import BudgetUsedUp

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.bootstrap import Application
    from bot.vendors import Vendor
    from connectors.circuits import Circuit


class Vendors:
    """The parts of one process."""

    def __init__(self, app: Application) -> None:
        self._app = app

    @cached_property
    def use(self) -> VendorUse:
        return VendorUse(pool=self._app.pool, process=this_process())

    @cached_property
    def spending(self) -> Spending:
        """How the budgets are."""
        return Spending(preferences=self._app.preferences, use=self.use)

    @cached_property
    def circuit(self) -> Callable[[Vendor], Circuit]:
        """A vendor's circuit, the same for all of the process."""
        return cache(self.use.circuit)

    def messages_api(self, *, extra: bool) -> MessagesApi:
        """The model that ANTHROPIC_MODEL names. What is `extra`, an answer can do without: it is
        refused once a budget is nearly used up."""
        anthropic = self._app.settings.anthropic
        return MessagesApi(
            api_key=anthropic.api_key,
            base_url=anthropic.base_url,
            model=anthropic.model,
            meter=self.use.spent,
            circuit=self.circuit("model"),
            refusal=self.spending.extras_refused if extra else _nothing_refused,
        )

    def admit(self, share: float) -> None:
        """Syncs, which fill but a share of Zendesk's minute, wait before replies have to. Raises
        BudgetUsedUp."""
        if share < 1 and (until := self.spending.standing().syncs_wait_until):
            raise BudgetUsedUp(
                "What is left of the budget of Zendesk calls is kept for replies. Syncs go on at "
                f"{until:%H:%M} UTC; `supportbot budgets set` changes the budget.",
                retry_after=max((until - datetime.now(UTC)).total_seconds(), 1.0),
            )


def _nothing_refused() -> str:
    return ""

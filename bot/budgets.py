"""Budgets for the model and for Zendesk, and what is done without when one is used up.

Nothing is dropped: an answer becomes plainer, then a draft, then a hand-off to people, in the
order of `Step`, and a sync waits. Money is saved by asking the model less. Calls of Zendesk are
saved otherwise: an answer that is sent invites a reply, and each reply costs calls anew; a draft
waits for a person, and a hand-off ends our part. As the hour or the day ends, so does the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bot.preferences import Preference
from bot.vendors import Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.preferences import Preferences
    from bot.vendors import VendorUse

NEARLY = 0.8
"""Of a budget: from here on, what can be done without is."""

FAR_OVER = 1.1


class Step(IntEnum):
    """What is done without: each step includes those before it."""

    FULL = 0
    NO_EXTRAS = 1
    EXTRACTIVE = 2
    DRAFTS = 3
    HAND_OFF = 4


MEANINGS = {
    Step.FULL: "Everything is done.",
    Step.NO_EXTRAS: "The model writes answers, but checks, routes and sums up nothing.",
    Step.EXTRACTIVE: "Sentences of the passages answer, without the model.",
    Step.DRAFTS: "Replies to customers are drafted, none is sent.",
    Step.HAND_OFF: "Every ticket is handed to people.",
}


class Budgets(Preference):
    """At most this much; None is no limit. Hours and days are those of UTC."""

    NAME: ClassVar[str] = "budgets"

    model_usd_per_hour: float | None = Field(default=None, gt=0)
    model_usd_per_day: float | None = Field(default=None, gt=0)
    zendesk_calls_per_hour: int | None = Field(default=None, gt=0)
    zendesk_calls_per_day: int | None = Field(default=None, gt=0)
    at_least: Step = Step.FULL
    """An admin's own hand: no less than this is done without, whatever is left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """How far one budget is used: 1.0 is all of it, and `limit` what that is."""

    name: str
    share: float
    limit: float
    ends_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How the budgets are now. `why` is "" on the step FULL."""

    step: Step
    why: str
    budgets: tuple[Used, ...]

    @property
    def syncs_wait_until(self) -> datetime | None:
        """When syncs may ask Zendesk again; None for now."""
        scarce = [
            each.ends_at
            for each in self.budgets
            if each.name.startswith("zendesk") and each.share >= NEARLY
        ]
        return max(scarce, default=None)


EVERYTHING = Standing(step=Step.FULL, why="", budgets=())
"""Where there are no budgets."""


class Spending:
    """Says what may be done now. Asked before each piece of work: it is two lookups of a few rows,
    and what other processes spent counts at once."""

    def __init__(
        self,
        *,
        preferences: Preferences,
        use: VendorUse,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._preferences = preferences
        self._use = use
        self._now = now

    def standing(self) -> Standing:
        """Raises psycopg.OperationalError when the database is away, and InputRejected when what
        is set cannot be used."""
        budgets = self._preferences.get(Budgets)
        lately = self._use.lately() if _any(budgets) else {}
        used = tuple(_used(budgets, lately, self._now()))
        by_hand = (budgets.at_least, "An admin has set this step by hand.")
        step, why = max((by_hand, *map(_step_of, used)), key=lambda each: each[0])
        return Standing(step=step, why=why if step else "", budgets=used)

    def extras_refused(self) -> str:
        """Why the model is not asked now for what an answer can do without; "" when it is."""
        standing = self.standing()
        return standing.why if standing.step >= Step.NO_EXTRAS else ""


def _any(budgets: Budgets) -> bool:
    return any(value is not None for _, value in budgets if not isinstance(value, Step))


def _used(budgets: Budgets, lately: dict[str, Use], now: datetime) -> list[Used]:
    hour = now.replace(minute=0, second=0, microsecond=0)
    next_hour = hour + timedelta(hours=1)
    next_day = hour.replace(hour=0) + timedelta(days=1)
    model, zendesk = lately.get("model", Use()), lately.get("zendesk", Use())
    return [
        Used(name=name, share=spent / limit, limit=limit, ends_at=ends_at)
        for name, spent, limit, ends_at in (
            ("model_usd_per_hour", model.usd_this_hour, budgets.model_usd_per_hour, next_hour),
            ("model_usd_per_day", model.usd_today, budgets.model_usd_per_day, next_day),
            (
                "zendesk_calls_per_hour",
                zendesk.calls_this_hour,
                budgets.zendesk_calls_per_hour,
                next_hour,
            ),
            ("zendesk_calls_per_day", zendesk.calls_today, budgets.zendesk_calls_per_day, next_day),
        )
        if limit is not None
    ]


def _step_of(used: Used) -> tuple[Step, str]:
    if used.name.startswith("model"):
        step = (
            Step.EXTRACTIVE
            if used.share >= 1
            else Step.NO_EXTRAS
            if used.share >= NEARLY
            else Step.FULL
        )
    else:
        step = (
            Step.HAND_OFF
            if used.share >= FAR_OVER
            else Step.DRAFTS
            if used.share >= 1
            else Step.FULL
        )
    name = used.name.replace("_", " ")
    return step, f"{used.share:.0%} of the budget of {used.limit:g} {name} is used."

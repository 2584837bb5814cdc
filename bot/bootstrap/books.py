"""What is kept in the database, each part in its own room."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from bot.bootstrap.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.drafts import Drafts
    from bot.following import Following
    from bot.limits import Limits
    from bot.memory import QuestionMemory
    from bot.preferences import Preferences
    from bot.queue import Queue
    from bot.records import Records
    from bot.runs import Runs
    from bot.schedules import Schedules
    from bot.sources import Sources
    from bot.triage.taxonomy import TaxonomyStore
    from bot.tuning.models import TunedModels


class Books(Opened):
    """The stores over the pool of one process."""

    @cached_property
    def sources(self) -> Sources:
        from bot.sources import Sources  # noqa: PLC0415 - made when asked for

        return Sources(pool=self.pool)

    @cached_property
    def runs(self) -> Runs:
        from bot.runs import Runs  # noqa: PLC0415 - made when asked for

        return Runs(pool=self.pool)

    @cached_property
    def memory(self) -> QuestionMemory:
        from bot.memory import QuestionMemory  # noqa: PLC0415 - made when asked for

        return QuestionMemory(pool=self.pool)

    @cached_property
    def queue(self) -> Queue:
        from bot.queue import Queue  # noqa: PLC0415 - made when asked for

        return Queue(pool=self.pool)

    @cached_property
    def preferences(self) -> Preferences:
        from bot.preferences import Preferences  # noqa: PLC0415 - made when asked for

        return Preferences(pool=self.pool)

    @cached_property
    def drafts(self) -> Drafts:
        from bot.drafts import Drafts  # noqa: PLC0415 - made when asked for

        return Drafts(pool=self.pool, queue=self.queue)

    @cached_property
    def schedules(self) -> Schedules:
        from bot.schedules import Schedules  # noqa: PLC0415 - made when asked for

        return Schedules(pool=self.pool, queue=self.queue)

    @cached_property
    def following(self) -> Following:
        from bot.following import Following  # noqa: PLC0415 - made when asked for

        return Following(pool=self.pool, queue=self.queue)

    @cached_property
    def records(self) -> Records:
        from bot.records import Records  # noqa: PLC0415 - made when asked for

        return Records(pool=self.pool)

    @cached_property
    def tuned_models(self) -> TunedModels:
        from bot.tuning.models import TunedModels  # noqa: PLC0415 - made when asked for

        return TunedModels(pool=self.pool)

    @cached_property
    def routing_tags(self) -> TaxonomyStore:
        from bot.triage.taxonomy import TaxonomyStore  # noqa: PLC0415 - made when asked for

        return TaxonomyStore(pool=self.pool)

    @cached_property
    def limits(self) -> Callable[[], Limits]:
        """What is left to people, as the admin has set it by now."""
        from bot.limits import Limits  # noqa: PLC0415 - made when asked for

        return partial(self.preferences.get, Limits)

"""Work that comes piece by piece and is cheaper done together, as commits of a database are."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# A second one, so that a piece that waits for something does not hold up all others.
_AT_ONCE = 2

_MOST = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]
    context: Context


class Together(Generic[Item, Result]):
    """Hands items to `work` in a thread: at once where nothing is under way, and what comes
    meanwhile together, so that nobody waits for others to come. `work` answers for each item in
    their order; where it raises, each is tried by itself, so that none fails for another's sake.
    Where it raises one of `away`, nothing can be done for any of them now. Made for one event
    loop."""

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        away: tuple[type[Exception], ...] = (),
        at_once: int = _AT_ONCE,
        most: int = _MOST,
    ) -> None:
        """`most` items go together, and so often `at_once`."""
        self._work = work
        self._away = away
        self._free = at_once
        self._most = most
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    async def __call__(self, item: Item) -> Result:
        """What `work` answers for `item`. Raises what it raises."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item=item, answer=answer, context=copy_context()))
        self._begin()
        return await answer

    def _begin(self) -> None:
        while self._free and self._waiting:
            some = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            self._free -= 1
            # What is traced can only belong to one of them: the one that waited longest.
            task = asyncio.create_task(self._do(some), context=some[0].context)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _do(self, some: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            results = await asyncio.to_thread(self._results, [each.item for each in some])
        except asyncio.CancelledError:
            for each in some:
                each.answer.cancel()
            raise
        finally:
            self._free += 1
        for each, result in zip(some, results, strict=True):
            if each.answer.done():  # whoever asked has gone
                continue
            if isinstance(result, Exception):
                each.answer.set_exception(result)
            else:
                each.answer.set_result(result)
        self._begin()

    def _results(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            return self._work(items)
        except self._away as error:
            return [error] * len(items)
        except Exception as error:
            if len(items) == 1:
                return [error]
        results: list[Result | Exception] = []
        for item in items:
            result = self._results([item])[0]
            results.append(result)
            if isinstance(result, self._away):
                break
        return [*results, *results[-1:] * (len(items) - len(results))]

"""What comes at the same time is done together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from bot.together import Together


class Away(Exception):
    """Nothing can be done now."""


class Work:
    """Doubles numbers, once it may; remembers what it was given together."""

    def __init__(self, *, may: bool = True) -> None:
        self.given: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.may = threading.Event()
        if may:
            self.may.set()

    def __call__(self, numbers: Sequence[int]) -> Sequence[int]:
        self.given.append(list(numbers))
        self.begun.release()
        assert self.may.wait(10)
        if 13 in numbers:
            raise ValueError(13)
        if 404 in numbers:
            raise Away
        return [2 * number for number in numbers]


async def outcomes(
    work: Work, numbers: Sequence[int], *, held: Sequence[int] = (), most: int = 64
) -> list[int | BaseException]:
    """What becomes of `numbers`, which come while `held` are under way, one by one."""
    together = Together(work, away=(Away,), at_once=len(held) or 1, most=most)
    tasks = []
    for number in held:
        tasks.append(asyncio.create_task(together(number)))
        await asyncio.to_thread(work.begun.acquire)
    tasks += [asyncio.create_task(together(number)) for number in numbers]
    await asyncio.sleep(0)
    work.may.set()
    return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)


def test_alone_it_waits_for_nobody() -> None:
    work = Work()

    assert asyncio.run(outcomes(work, [1])) == [2]
    assert work.given == [[1]]


def test_what_comes_meanwhile_goes_together_and_each_gets_its_own_answer() -> None:
    work = Work(may=False)

    assert asyncio.run(outcomes(work, [3, 4, 5, 6, 7], held=[1, 2], most=3)) == [
        *(2, 4, 6, 8, 10, 12, 14)
    ]
    assert work.given[:2] == [[1], [2]]
    assert sorted(work.given[2:]) == [[3, 4, 5], [6, 7]]


def test_what_fails_together_is_tried_by_itself() -> None:
    work = Work(may=False)
    one, two, failed, four = asyncio.run(outcomes(work, [2, 13, 4], held=[1]))

    assert (one, two, four) == (2, 4, 8)
    assert isinstance(failed, ValueError)
    assert work.given == [[1], [2, 13, 4], [2], [13], [4]]


def test_where_nothing_can_be_done_nothing_is_tried() -> None:
    work = Work(may=False)
    found = asyncio.run(outcomes(work, [2, 404, 4], held=[1]))

    assert found[0] == 2
    assert [type(each) for each in found[1:]] == [Away] * 3
    assert work.given == [[1], [2, 404, 4]]


def test_where_it_turns_out_one_by_one_the_rest_is_not_tried() -> None:
    work = Work(may=False)
    one, failed, *others = asyncio.run(outcomes(work, [13, 404, 4, 5], held=[1]))

    assert one == 2
    assert isinstance(failed, ValueError)
    assert [type(each) for each in others] == [Away] * 3
    assert work.given == [[1], [13, 404, 4, 5], [13], [404]]


def test_who_goes_away_takes_nobody_along() -> None:
    work = Work(may=False)

    async def story() -> int:
        together = Together(work, at_once=1)
        gone = asyncio.create_task(together(1))
        await asyncio.to_thread(work.begun.acquire)
        other, late = (asyncio.create_task(together(number)) for number in (2, 3))
        await asyncio.sleep(0)
        gone.cancel()
        other.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        work.may.set()
        return await asyncio.wait_for(late, 20)

    assert asyncio.run(story()) == 6
    assert work.given == [[1], [2, 3]]

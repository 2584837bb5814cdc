"""What every ceiling of requests does: that of one process, and that of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from bot.zendesk.ceiling import HOLDS, SharedCeiling
from connectors.zendesk.limits import ProcessCeiling, Standing
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from connectors.zendesk.limits import Ceiling

START = 0.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture(params=["process", "shared"])
def ceiling(request: pytest.FixtureRequest, clock: FakeClock) -> Ceiling:
    if request.param == "process":
        return ProcessCeiling(clock=clock)
    return SharedCeiling(
        database=request.getfixturevalue("pool"),
        account="acme",
        clock=clock,
        server_clock=lambda _: clock(),
    )


def sent(ceiling: Ceiling, *, share: float, pool: Literal["support", "help_center"]) -> int:
    """How many requests may be sent at once."""
    number = 0
    while not ceiling.wait(pool, share=share):
        number += 1
    return number


def test_each_gets_its_share_of_any_minute(ceiling: Ceiling, clock: FakeClock) -> None:
    ceiling.observe("support", Standing(limit=40, remaining=40, resets_in=0))
    assert sent(ceiling, share=0.5, pool="support") == 20
    clock.advance(20)

    wait = ceiling.wait("support", share=0.5)
    assert 40 <= wait <= 40 + HOLDS  # until the first of them is a minute old
    assert sent(ceiling, share=1.0, pool="support") == 20  # what a sync may not take
    assert not ceiling.wait("help_center", share=0.5)  # a pool of its own

    clock.advance(wait)
    assert not sent(ceiling, share=0.5, pool="support")  # the replies count for everybody
    clock.advance(20)
    assert sent(ceiling, share=0.5, pool="support") == 20


def test_everybody_is_held_when_the_vendor_asks_for_it(ceiling: Ceiling, clock: FakeClock) -> None:
    assert not ceiling.wait("support", share=1.0)
    ceiling.hold("support", 30)
    ceiling.hold("support", 10)

    assert ceiling.wait("support", share=1.0) == 30
    assert not ceiling.wait("help_center", share=1.0)
    clock.advance(30)
    assert not ceiling.wait("support", share=1.0)


def test_a_minute_that_others_used_up_is_waited_out(ceiling: Ceiling, clock: FakeClock) -> None:
    for _ in range(5):
        assert not ceiling.wait("support", share=0.75)
    ceiling.observe("support", Standing(limit=100, remaining=25, resets_in=17))
    clock.advance(1)

    assert ceiling.wait("support", share=0.75) == 16
    assert not ceiling.wait("support", share=1.0)


def test_what_a_dead_process_reserved_comes_back(
    pool: ConnectionPool[Connection[Any]], clock: FakeClock
) -> None:
    def process() -> SharedCeiling:
        return SharedCeiling(
            database=pool, account="acme", clock=clock, server_clock=lambda _: clock()
        )

    dead, alive = process(), process()
    dead.observe("support", Standing(limit=10, remaining=10, resets_in=0))
    for _ in range(4):
        assert not dead.wait("support", share=1.0)  # it has reserved more by now

    assert sent(alive, share=1.0, pool="support") < 6
    clock.advance(60 + HOLDS)
    assert sent(alive, share=1.0, pool="support") == 10


def test_what_was_reserved_and_not_sent_in_time_is_not_sent_later(
    pool: ConnectionPool[Connection[Any]], clock: FakeClock
) -> None:
    first, second = (
        SharedCeiling(database=pool, account="acme", clock=clock, server_clock=lambda _: clock())
        for _ in range(2)
    )
    first.observe("support", Standing(limit=10, remaining=10, resets_in=0))
    for _ in range(4):
        first.wait("support", share=1.0)  # 1, 2 and 3 at once: two are left
    clock.advance(60 + HOLDS)

    assert sent(second, share=1.0, pool="support") == 10
    assert first.wait("support", share=1.0)

"""One account, several processes: together they keep to what Zendesk allows."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from bot import db
from bot.zendesk.ceiling import SharedCeiling
from connectors.errors import RateLimited
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.limits import ASSUMED_LIMIT
from connectors.zendesk.login import ApiToken
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from connectors.zendesk.client import ZendeskClient

# Takes all it can get at once, and says how much that was.
GREEDY = """
import sys
from bot import db
from bot.zendesk.ceiling import SharedCeiling
with db.open_pool(sys.argv[1], max_size=1) as pool:
    ceiling = SharedCeiling(database=pool, account="acme")
    taken = 0
    print("ready", flush=True)
    sys.stdin.readline()
    while not ceiling.wait("support", share=float(sys.argv[2])):
        taken += 1
    print(taken)
"""


class CommonClock(FakeClock):
    """Time passes only when every thread that takes part sleeps, and then until the first of
    them has slept enough: a request that is on its way never arrives a minute later."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self._awake = threads
        self._until: list[float] = []
        self._changed = threading.Condition()

    def sleep(self, seconds: float) -> None:
        with self._changed:
            until = self.now + seconds
            self._until.append(until)
            self._one_less()
            while self.now < until:
                self._changed.wait()
            self._until.remove(until)
            self._awake += 1

    def leave(self) -> None:
        with self._changed:
            self._one_less()

    def _one_less(self) -> None:
        self._awake -= 1
        if not self._awake and self._until:
            self.now = min(self._until)
            self._changed.notify_all()


def workers(
    zendesk: FakeZendesk, url: str, number: int, stack: ExitStack, *, longest_wait: float = 600.0
) -> list[ZendeskAccount]:
    """As many processes have them: each with its own connections, token and ceiling."""
    return [
        ZendeskAccount(
            subdomain="acme",
            credentials=ApiToken(email="bot@acme.example", token="the-api-token"),
            base_url=zendesk.base_url,
            sync_share=0.5,
            ceiling=SharedCeiling(
                database=stack.enter_context(db.open_pool(url, max_size=1)),
                account="acme",
                clock=zendesk.clock,
                server_clock=lambda _: zendesk.clock(),
            ),
            longest_wait=longest_wait,
            clock=zendesk.clock,
            sleep=zendesk.clock.sleep,  # type: ignore[attr-defined]  # the clock is a fake
        )
        for _ in range(number)
    ]


def without_end(client: ZendeskClient) -> None:
    while True:
        client.check()


def test_two_processes_together_take_one_share(
    database_url: str, pool: ConnectionPool[Connection[Any]]
) -> None:
    greedy = [
        subprocess.Popen(
            (sys.executable, "-c", GREEDY, database_url, "0.5"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in greedy:
        assert each.stdout
        assert each.stdout.readline() == "ready\n"
    for each in greedy:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    taken = [int(each.communicate()[0]) for each in greedy]

    assert sum(taken) == ASSUMED_LIMIT // 2
    replies = SharedCeiling(database=pool, account="acme")
    assert not replies.wait("support", share=1.0)


def test_the_rate_of_all_workers_together_stays_within_their_share(database_url: str) -> None:
    clock = CommonClock(threads=3)
    moments: list[float] = []
    clock.advance(30)  # their minute need not be Zendesk's
    with FakeZendesk(clock=clock) as zendesk, ExitStack() as stack:
        zendesk.limits.per_minute["help_center"] = 40
        zendesk.meanwhile = lambda: moments.append(clock())

        def sync(account: ZendeskAccount) -> None:
            try:
                with account.sync_client() as client:
                    for _ in range(30):
                        client.get("help_center/locales")
            finally:
                clock.leave()

        threads = [
            threading.Thread(target=sync, args=(each,))
            for each in workers(zendesk, database_url, 3, stack)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert [each.status for each in zendesk.calls("locales")] == [200] * 90
    busiest = max(sum(at <= other < at + 60 for other in moments) for at in moments)
    assert 10 < busiest <= 20


def test_a_reply_need_not_wait_for_the_syncs_of_other_workers(database_url: str) -> None:
    clock = FakeClock()
    with FakeZendesk(clock=clock) as zendesk, ExitStack() as stack:
        zendesk.limits.per_minute["support"] = 40
        syncing, replying = workers(zendesk, database_url, 2, stack, longest_wait=0)
        with syncing.sync_client() as sync, replying.client() as reply:
            with pytest.raises(RateLimited):
                without_end(sync)
            assert len(zendesk.calls("me")) == 20
            for _ in range(20):
                reply.check()
            with pytest.raises(RateLimited):
                reply.check()

        assert [each.status for each in zendesk.calls("me")] == [200] * 40

"""Conversations replayed while everything fails: every message of a customer has exactly one
outcome, nothing is said twice, and no private word is public, by the books and by the tickets.

`pytest tests/faults/test_tickets.py --tickets 1000 -s` replays more than CI does. The seed that is
printed repeats what people write, what fails and who is killed; how far the answers have come by
then is the machine's.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool

from bot import db
from bot.queue import Job, Lane, Queue, TaskName
from bot.zendesk.policies import Mode, Policies, Policy
from tests.attending import index_sample
from tests.fakes.zendesk.deliveries import Disorder
from tests.faults.customers import Customers
from tests.faults.deployment import TICKETS_SETTLE, Deployment

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.fakes.zendesk.faults import Fault

TICKETS = 12
A_ROUND = 30
KILL_AFTER = 12
"""So many tickets are new in each round, and after so many of them, and at its end, something is
killed."""

MOMENT = 2.0
"""Seconds of work within which something is killed."""

VICTIMS = ("worker", "worker", "web", "database", "backend")
# What fails, whether it was carried out, and which requests.
WRITE, READ = r"PUT .*/tickets/\d+", r"GET .*/tickets/\d+"
FAULTS: tuple[tuple[Fault, bool, str], ...] = (
    ("reset", True, WRITE),
    ("reset", True, WRITE),
    ("reset", False, WRITE),
    (504, True, WRITE),
    (500, True, WRITE),
    (502, False, WRITE),
    (409, False, WRITE),
    (429, False, WRITE),
    (429, False, READ),
    (500, False, READ),
    ("reset", False, READ),
)

_LEFT = """
SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('succeeded', 'failed')),
       (SELECT count(*) FROM ticket_turns WHERE state = 'sending')
"""


class Replay:
    """Customers, agents and failures, all from one seed."""

    def __init__(self, deployment: Deployment, chance: random.Random) -> None:
        self._deployment, self._chance = deployment, chance
        self._zendesk = deployment.zendesk
        self._queue = Queue(pool=ConnectionPool(open=False))  # every job comes with a connection
        self._customers = Customers(deployment)
        self.happened = self._customers.happened
        self._zendesk.limits.per_minute["support"] = 10**6
        self._zendesk.limits.per_minute["help_center"] = 10**6
        self._zendesk.deliveries.disorder = Disorder(
            random=random.Random(chance.random()), lost=0.1, doubled=0.2, late=0.2, late_by=4.0
        )
        self._zendesk.deliveries.start()

    def round(self, new: int) -> None:
        """People write while something fails, then somebody is killed; then what is left of it is
        done, as far as it goes by itself."""
        self._plan_failures(new)
        for number in range(1, new + 1):
            self._customers.somebody_asks(self._chance)
            for _ in range(2):
                self._customers.something_happens(self._chance, lately=3 * A_ROUND)
            self._hasten()
            if number % KILL_AFTER == 0 or number == new:
                self._kill(self._chance.choice(VICTIMS))
        self.settle()

    def settle(self) -> None:
        """Until every webhook was sent, or lost, and nothing waits or runs. Then a sweep finds
        what was lost."""
        deliveries = self._zendesk.deliveries
        self._deployment.wait_for(lambda: not deliveries.pending, "webhooks are left")
        self._work_off()
        job = Job(
            task=TaskName.TICKET_SWEEP,
            lane=Lane.UPKEEP,
            arguments={"timestamp": 0},
            once=TaskName.TICKET_SWEEP.value,
        )
        self._deployment.ask(lambda each: self._queue.enqueue(job, connection=each))
        self._work_off()

    def check(self) -> None:
        """What must be true whatever happened."""
        wrong = self._customers.faults()
        failed = self._deployment.rows(
            "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'failed'"
        )
        problems = self._deployment.rows("SELECT ticket_id, problem FROM ticket_problems")
        assert not wrong, "\n".join([*wrong, self._deployment.said()])
        assert (failed, problems) == ([], []), self._deployment.said()

    def _plan_failures(self, new: int) -> None:
        self._zendesk.failures.clear()
        for _ in range(max(new // 2, 4)):
            fault, applied, matching = self._chance.choice(FAULTS)
            self._zendesk.failures.plan(fault, matching=matching, applied=applied, retry_after="1")
            self.happened[f"{fault}{' after it was applied' if applied else ''}"] += 1

    def _kill(self, victim: str) -> None:
        time.sleep(self._chance.uniform(0, MOMENT))  # the moment is what is left to chance
        sending = self._deployment.rows(_LEFT)[0][1]
        self._deployment.kill(victim, self._chance)
        self._deployment.mend(victim)
        self.happened[f"killed {victim}{' while it wrote' if sending else ''}"] += 1

    def _hasten(self) -> None:
        self._deployment.execute(TICKETS_SETTLE)
        self._deployment.hasten()

    def _work_off(self) -> None:
        def quiet() -> bool:
            self._hasten()
            return self._deployment.rows(_LEFT)[0] == (0, 0)

        self._deployment.wait_for(quiet, "jobs are left")


@pytest.fixture
def deployment(scratch: Path, tmp_path: Path, embedder: Embedder) -> Iterator[Deployment]:
    with Deployment(folder=scratch / f"tickets-{uuid4().hex}", logs=tmp_path) as opened:
        with db.open_pool(opened.url, max_size=4) as pool:
            index_sample(pool, embedder)
            Policies(pool=pool).set(Policy(mode=Mode.AUTO))
        yield opened


@pytest.mark.faults
def test_every_message_has_one_outcome_whatever_fails(
    deployment: Deployment, request: pytest.FixtureRequest
) -> None:
    count = request.config.getoption("--tickets") or TICKETS
    seed = request.config.getoption("--ticket-seed") or random.randrange(10**6)
    print(f"\nThese tickets are repeated by --tickets {count} --ticket-seed {seed}")
    deployment.start("web")
    deployment.start("worker")
    replay = Replay(deployment, random.Random(seed))
    for begun in range(0, count, A_ROUND):
        replay.round(min(A_ROUND, count - begun))
        print(f"{dict(replay.happened)}")
        replay.check()
    outcomes = deployment.rows("SELECT outcome, count(*) FROM ticket_turns GROUP BY outcome")
    print(dict(outcomes))
    assert {"answered", "handed_off"} <= {row[0] for row in outcomes}

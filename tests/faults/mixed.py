"""One run of everything at once: people in Zendesk, in Slack, at the help center and in the
settings, and whatever can go wrong, all from one seed."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from psycopg_pool import ConnectionPool

from bot.queue import Job, Lane, Priority, Queue, TaskName, sync_job
from tests.fakes.slack import Disorder as SlackDisorder
from tests.fakes.zendesk.deliveries import Disorder
from tests.faults.deployment import SLACK_SETTLES, TICKETS_SETTLE
from tests.faults.mischief import LONGEST, Mischief, Over

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import FakeSlack
    from tests.faults.admins import Admins
    from tests.faults.customers import Customers
    from tests.faults.deployment import Deployment
    from tests.faults.editors import Editors
    from tests.faults.members import Members
    from tests.faults.moods import Moods

PER_SECOND = {"ask": 1.0, "write": 1.5, "slack": 1.3, "edit": 3.0, "admin": 0.6, "due": 0.4,
              "mischief": 0.9, "disk": 0.1}  # fmt: skip
"""How much of each happens."""

SETTLED = 4.0
"""Seconds after the last mischief from when on nothing can be under way any more."""

_HASTEN_EVERY = 0.5

# What was under way is, or never will be: nothing waits for a time-out here.
_LEFT = """
SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('succeeded', 'failed')),
       (SELECT count(*) FROM ticket_turns WHERE state = 'sending'),
       (SELECT count(*) FROM slack_questions WHERE state <> 'done'),
       (SELECT count(*) FROM schedules WHERE NOT paused AND next_run <= now()),
       (SELECT count(*) FROM vendor_rests WHERE until > now())
"""

_JOBS_LEFT = """
SELECT job.id, job.task_name, job.status::text, job.lock, job.attempts, job.worker_id,
       job.scheduled_at, now() - worker.last_heartbeat
FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
WHERE job.status NOT IN ('succeeded', 'failed') ORDER BY job.id
"""


@dataclass(order=True, frozen=True, kw_only=True)
class Step:
    """Something to do, so many seconds after the beginning; what it is in detail is drawn from a
    seed of its own, so that no step changes another. Mischief lasts for some seconds."""

    at: float
    number: int
    what: str = field(compare=False)
    seed: str = field(compare=False)
    lasts: float = field(compare=False, default=0.0)


def plan(seed: int, *, seconds: float) -> list[Step]:
    """What happens when."""
    chance, found = Random(seed), list[Step]()
    for what, rate in PER_SECOND.items():
        for _ in range(round(rate * seconds)):
            number = len(found)
            found.append(
                Step(
                    at=chance.uniform(0, seconds),
                    number=number,
                    what=what,
                    seed=f"{seed}:{number}",
                    lasts=chance.uniform(0.2, LONGEST),
                )
            )
    return sorted(found)


@dataclass(order=True)
class _Due:
    """What is done then. Where it returns how it is to be ended, that is done `lasts` later."""

    at: float
    number: int
    do: Callable[[], Over | None] = field(compare=False)
    lasts: float = field(compare=False)


def _again(over: Over) -> Over | None:
    """The same a little later, where it is not over yet."""
    return None if over() else over


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Everybody who does something."""

    customers: Customers
    members: Members
    editors: Editors
    admins: Admins
    mischief: Mischief
    model: Moods


class Mixed:
    """Carries out a plan, then lets everything come to rest, then says what is wrong."""

    def __init__(
        self, deployment: Deployment, slack: FakeSlack, crowd: Crowd, *, source: str, seed: int
    ) -> None:
        self._deployment = deployment
        self._slack = slack
        self._crowd = crowd
        self._source = source
        self._seed = seed
        self._queue = Queue(pool=ConnectionPool(open=False))  # every job comes with a connection
        self._hastened = 0.0
        self._last_mischief = 0.0
        chance = Random(f"{seed}:disorder")
        deployment.zendesk.deliveries.disorder = Disorder(
            random=Random(chance.random()), lost=0.1, doubled=0.2, late=0.2, late_by=4.0
        )
        slack.deliveries.disorder = SlackDisorder(
            random=Random(chance.random()), doubled=0.3, late=0.3, late_by=3.0
        )
        limits = deployment.zendesk.limits.per_minute
        limits["support"] = limits["help_center"] = 10**6
        deployment.zendesk.deliveries.start()
        slack.deliveries.start()

    def run(self, *, seconds: float) -> None:
        began = time.monotonic()
        ahead = [
            _Due(each.at, each.number, partial(self._do, each), each.lasts)
            for each in plan(self._seed, seconds=seconds)
        ]
        while ahead:
            due = heapq.heappop(ahead)
            while (left := due.at - (time.monotonic() - began)) > 0:
                time.sleep(min(left, _HASTEN_EVERY))
                self._hasten()
            if over := due.do():
                at = time.monotonic() - began + due.lasts
                heapq.heappush(ahead, _Due(at, len(ahead), partial(_again, over), 0.2))

    def _do(self, step: Step) -> Over | None:
        chance, crowd = Random(step.seed), self._crowd
        match step.what:
            case "ask":
                crowd.customers.somebody_asks(chance)
            case "write":
                crowd.customers.something_happens(chance, lately=20)
            case "slack":
                crowd.members.something_happens(chance)
            case "edit":
                crowd.editors.change_something(chance)
            case "admin":
                crowd.admins.change_something(chance)
            case "due":
                crowd.admins.make_it_due()
            case "disk":
                return crowd.mischief.fill_the_disk(chance)
            case _:
                return crowd.mischief.do_something(chance)
        return None

    def happened(self) -> Counter[str]:
        crowd = self._crowd
        return (
            crowd.customers.happened
            + crowd.members.happened
            + crowd.admins.happened
            + crowd.mischief.happened
            + crowd.model.happened
        )

    # --- Coming to rest

    def settle(self) -> None:
        """Nothing fails any more. Everything is done that is left, and what was lost is found."""
        deployment, chance = self._deployment, Random(f"{self._seed}:end")
        deployment.zendesk.failures.clear()
        self._slack.failures.clear()
        self._crowd.model.calm()
        if deployment.wiring is not None:
            deployment.wiring.mend()
        if chance.random() < 0.8:
            self._crowd.mischief.end_everything(chance, roughly=chance.random() < 0.5)
        self._last_mischief = time.monotonic()
        deployment.wait_for_web()
        deployment.wait_for(self._all_told, "webhooks are left", every=0.1)
        self._slack.deliveries.settle()
        self._work_off()
        self._enqueue(
            Job(
                task=TaskName.TICKET_SWEEP,
                lane=Lane.UPKEEP,
                arguments={"timestamp": 0},
                once=TaskName.TICKET_SWEEP.value,
            )
        )
        self._work_off()
        self._enqueue(sync_job(self._source, full=True, priority=Priority.ASKED_FOR))
        self._work_off()

    def _all_told(self) -> bool:
        self._slack.deliveries.flush()
        return not self._deployment.zendesk.deliveries.pending

    def _enqueue(self, job: Job) -> None:
        self._deployment.ask(lambda each: self._queue.enqueue(job, connection=each))

    def _work_off(self) -> None:
        def quiet() -> bool:
            self._hasten()
            return not any(self._deployment.rows(_LEFT)[0])

        try:
            self._deployment.wait_for(quiet, "something is left", every=0.1)
        except AssertionError as error:
            left = self._deployment.rows(_LEFT)[0]
            jobs = self._deployment.rows(_JOBS_LEFT)
            raise AssertionError(f"{left}, of which jobs {jobs}: {error}") from error

    def _hasten(self) -> None:
        now = time.monotonic()
        if now - self._hastened < _HASTEN_EVERY:
            return
        self._hastened = now
        if self._last_mischief and now - self._last_mischief > SETTLED:
            self._deployment.execute(TICKETS_SETTLE)
            self._deployment.execute(SLACK_SETTLES)
        self._deployment.hasten()

    # --- What must be true

    def faults(self, embedder: Embedder) -> list[str]:
        """What is not as it must be, one line each."""
        crowd = self._crowd
        return [
            *crowd.customers.faults(),
            *crowd.members.faults(),
            *crowd.admins.faults(),
            *crowd.editors.faults(self._deployment, self._source, embedder),
            *self._book_faults(),
        ]

    def _book_faults(self) -> Iterator[str]:
        rows = self._deployment.rows
        for row in rows("SELECT id, task_name, args FROM procrastinate_jobs WHERE status='failed'"):
            yield f"a job failed: {row}"
        for row in rows("SELECT ticket_id, problem FROM ticket_problems"):
            yield f"a ticket has a problem: {row}"
        for row in rows("SELECT place, problem FROM slack_problems"):
            yield f"a place in Slack has a problem: {row}"
        for row in rows("SELECT id, source, error FROM sync_runs WHERE state = 'running'"):
            yield f"a run was never ended: {row}"
        last = rows("SELECT state, error FROM sync_runs WHERE article IS NULL ORDER BY id DESC")
        if not last or last[0][0] != "succeeded":
            yield f"the last sync: {last[:1]}"
        for each in self._slack.deliveries.done:
            if not 200 <= each.statuses[-1] < 300:
                yield f"an event of Slack was never taken: {each.statuses} {each.event}"

"""People ask in Slack while everything fails: every question has exactly one reply, in its thread,
and nothing else is said anywhere, by the books and by what can be seen in Slack.

`pytest tests/faults/test_slack.py --slack-events 500 -s` replays more than CI does. The seed that
is printed repeats what people do, what fails and who is killed; how far the answers have come by
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

from bot import db
from bot.slack.manifest import Deployment as Installed
from bot.slack.manifest import manifest
from tests.attending import index_sample
from tests.fakes.slack import App, Disorder, FakeSlack
from tests.faults.deployment import SLACK_SETTLES, Deployment
from tests.faults.members import Members

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Delivery
    from tests.fakes.slack.faults import Fault

EVENTS = 24
A_ROUND = 30
KILL_AFTER = 12
"""So much happens in each round, and after so much of it, and at its end, something is killed."""

MOMENT = 2.0
"""Seconds of work within which something is killed."""

VICTIMS = ("worker", "worker", "web", "database", "backend")
# What fails, whether it was carried out, and which calls.
POST, CHANGE, READ = r"chat\.postMessage", r"chat\.(update|delete)", r"(users|conversations)\."
FAULTS: tuple[tuple[Fault, bool, str], ...] = (
    ("reset", True, POST),
    ("reset", True, POST),
    ("reset", False, POST),
    (500, True, POST),
    (503, False, POST),
    (429, False, POST),
    (429, False, POST),
    (500, True, CHANGE),
    (429, False, CHANGE),
    (429, False, READ),
    (500, False, READ),
    ("reset", False, READ),
    (429, False, r"reactions\."),
)

_LEFT = """
SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('succeeded', 'failed')),
       (SELECT count(*) FROM slack_questions WHERE state = 'sending')
"""


class Replay:
    """What people do and what fails, all from one seed."""

    def __init__(self, deployment: Deployment, slack: FakeSlack, chance: random.Random) -> None:
        self._deployment, self._slack, self._chance = deployment, slack, chance
        self._members = Members(slack)
        self.happened = self._members.happened
        slack.deliveries.disorder = Disorder(
            random=random.Random(chance.random()), doubled=0.3, late=0.3, late_by=3.0
        )
        slack.deliveries.start()

    def round(self, new: int) -> None:
        """People write while something fails, then somebody is killed; then what is left of it is
        done, as far as it goes by itself."""
        self._plan_failures(new)
        for number in range(1, new + 1):
            self._members.something_happens(self._chance)
            self._hasten()
            if number % KILL_AFTER == 0 or number == new:
                self._kill(self._chance.choice(VICTIMS))
        self.settle()

    def settle(self) -> None:
        """Until every event was taken, and nothing waits or runs."""
        self._deployment.wait_for_web()

        def quiet() -> bool:
            self._slack.deliveries.flush()
            self._hasten()
            return self._deployment.rows(_LEFT)[0] == (0, 0)

        self._deployment.wait_for(quiet, "events or jobs are left")
        self._slack.deliveries.settle()
        self._deployment.wait_for(quiet, "jobs are left")

    def check(self) -> None:
        """What must be true whatever happened."""
        given_up = [each.event_id for each in self._slack.deliveries.done if not _taken(each)]
        wrong = self._members.faults()
        failed = self._deployment.rows(
            "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'failed'"
        )
        problems = self._deployment.rows("SELECT place, problem FROM slack_problems")
        assert not wrong, "\n".join([*wrong, self._deployment.said()])
        assert (given_up, failed, problems) == ([], [], []), self._deployment.said()

    # --- What fails

    def _plan_failures(self, new: int) -> None:
        self._slack.failures.clear()
        for _ in range(max(new // 2, 4)):
            fault, applied, method = self._chance.choice(FAULTS)
            self._slack.failures.plan(fault, method=method, applied=applied, retry_after=1)
            self.happened[f"{fault}{' after it was applied' if applied else ''}"] += 1

    def _kill(self, victim: str) -> None:
        time.sleep(self._chance.uniform(0, MOMENT))  # the moment is what is left to chance
        sending = self._deployment.rows(_LEFT)[0][1]
        self._deployment.kill(victim, self._chance)
        self._deployment.mend(victim)
        self.happened[f"killed {victim}{' while it wrote' if sending else ''}"] += 1

    def _hasten(self) -> None:
        self._deployment.execute(SLACK_SETTLES)
        self._deployment.hasten()


def _taken(delivery: Delivery) -> bool:
    return 200 <= delivery.statuses[-1] < 300


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack(app=App.of_manifest(manifest(Installed(socket_mode=False))))


@pytest.fixture
def deployment(
    scratch: Path, tmp_path: Path, embedder: Embedder, slack: FakeSlack
) -> Iterator[Deployment]:
    folder = scratch / f"slack-{uuid4().hex}"
    with Deployment(folder=folder, logs=tmp_path, slack=slack) as opened:
        with db.open_pool(opened.url, max_size=4) as pool:
            index_sample(pool, embedder)
        yield opened


@pytest.mark.faults
def test_every_question_has_one_reply_whatever_fails(
    deployment: Deployment, slack: FakeSlack, request: pytest.FixtureRequest
) -> None:
    count = request.config.getoption("--slack-events") or EVENTS
    seed = request.config.getoption("--slack-seed") or random.randrange(10**6)
    print(f"\nThis is repeated by --slack-events {count} --slack-seed {seed}")
    deployment.start("web")
    deployment.start("worker")
    deployment.wait_for_web()
    replay = Replay(deployment, slack, random.Random(seed))
    for begun in range(0, count, A_ROUND):
        replay.round(min(A_ROUND, count - begun))
        print(f"{dict(replay.happened)}")
        replay.check()
    outcomes = deployment.rows("SELECT outcome, count(*) FROM slack_questions GROUP BY outcome")
    print(dict(outcomes))
    assert {"answered", "handed_off"} <= {row[0] for row in outcomes}

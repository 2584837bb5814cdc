"""People ask in Slack while everything fails: every question has exactly one reply, in its thread,
and nothing else is said anywhere, by the books and by what can be seen in Slack.

`pytest tests/faults/test_slack.py --slack-events 500 -s` replays more than CI does. The seed that
is printed repeats what people do, what fails and who is killed; how far the answers have come by
then is the machine's.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bot import db
from bot.slack.asked import question_id
from bot.slack.events import EDITS_COUNT
from bot.slack.manifest import Deployment as Installed
from bot.slack.manifest import manifest
from bot.slack.posting import MARKER
from tests.attending import index_sample
from tests.fakes.slack import App, Disorder, FakeSlack
from tests.faults.deployment import Deployment, Victim

if TYPE_CHECKING:
    from uuid import UUID

    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Channel, Delivery, Message, Person
    from tests.fakes.slack.faults import Fault

EVENTS = 24
A_ROUND = 30
KILL_AFTER = 12
"""So much happens in each round, and after so much of it, and at its end, something is killed."""

MOMENT = 2.0
"""Seconds of work within which something is killed."""

VICTIMS: tuple[Victim, ...] = ("worker", "worker", "web", "database", "backend")
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
# What people ask, and words that the answer has; "" for those without one.
ASKED = {
    "How long do I have to return a jacket?": "60 days",
    "How long is the warranty on a tent?": "",
    "Until when can I cancel my order?": "",
    "Wie lange habe ich Zeit, eine Jacke zurückzugeben?": "60 Tage",
    "Do you sell children's bicycles?": "I found no article",
    "I want to talk to a person.": "You would like a person",
}
CHATTER = ("Lunch at noon?", "I am late today, sorry.", "Who has the keys to the van?", ":tada:")

# Nothing is under way for three seconds here, because nothing waits for a time-out.
_TIME_PASSES = """
UPDATE slack_questions SET announced_at = announced_at - interval '1 minute'
WHERE (state = 'sending' OR stream <> '')
  AND announced_at BETWEEN clock_timestamp() - interval '1 minute'
                       AND clock_timestamp() - interval '3 seconds'
"""

_LEFT = """
SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('succeeded', 'failed')),
       (SELECT count(*) FROM slack_questions WHERE state = 'sending')
"""


class Replay:
    """What people do and what fails, all from one seed."""

    def __init__(self, deployment: Deployment, slack: FakeSlack, chance: random.Random) -> None:
        self._deployment, self._slack, self._chance = deployment, slack, chance
        self._workspace = slack.workspace
        self._people = [self._workspace.member(f"Member {number}") for number in range(6)]
        self._rooms = [self._workspace.channel(name, self._people) for name in ("help", "support")]
        self._direct = [self._workspace.direct_message(each) for each in self._people[:3]]
        self._asked: list[Message] = []
        self._final: dict[str, str] = {}
        self.happened: Counter[str] = Counter()
        slack.deliveries.disorder = Disorder(
            random=random.Random(chance.random()), doubled=0.3, late=0.3, late_by=3.0
        )
        slack.deliveries.start()

    def round(self, new: int) -> None:
        """People write while something fails, then somebody is killed; then what is left of it is
        done, as far as it goes by itself."""
        self._plan_failures(new)
        for number in range(1, new + 1):
            self._something_happens()
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
        wrong = [line for each in self._asked for line in self._faults_of(each)]
        ours = {str(self._question(each)) for each in self._asked}
        wrong += [
            f"said without being asked: {each.text[:80]} ({_marker(each)})"
            for each in self._workspace.from_bot()
            if _marker(each).partition(":")[0] not in ours
        ]
        failed = self._deployment.rows(
            "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'failed'"
        )
        problems = self._deployment.rows("SELECT place, problem FROM slack_problems")
        assert not wrong, "\n".join([*wrong, self._deployment.said()])
        assert (given_up, failed, problems) == ([], [], []), self._deployment.said()

    # --- What people do

    def _something_happens(self) -> None:
        match self._chance.randrange(10):
            case 0:
                self._chat()
            case 1 if found := self._recent():
                self._reword(found)
            case 2 if found := self._recent():
                self._withdraw(found)
            case 3 | 4 if found := self._replied():
                self._ask(found.author, found.channel, thread=found)
            case 5 | 6:
                channel = self._chance.choice(self._direct)
                person = next(each for each in channel.members if not each.is_bot)
                self._ask(person, channel)
            case _:
                self._ask(self._chance.choice(self._people), self._chance.choice(self._rooms))

    def _ask(self, person: Person, channel: Channel, *, thread: Message | None = None) -> None:
        """A follow-up needs no mention: its author is in the conversation of the thread."""
        text = self._chance.choice(list(ASKED))
        words = text if thread or channel.kind == "im" else f"{self._workspace.mention} {text}"
        message = self._workspace.say(person, channel, words, thread=thread)
        self._asked.append(message)
        self._final[message.ts] = text
        self.happened["follow-ups" if thread else "questions"] += 1

    def _chat(self) -> None:
        person, room = self._chance.choice(self._people), self._chance.choice(self._rooms)
        self._workspace.say(person, room, self._chance.choice(CHATTER))
        self.happened["chatter"] += 1

    def _reword(self, message: Message) -> None:
        text = self._chance.choice(list(ASKED))
        before = self._final[message.ts]
        self._workspace.edit(message, message.text.replace(before, text))
        self._final[message.ts] = text
        self.happened["edits"] += 1

    def _withdraw(self, message: Message) -> None:
        self._workspace.delete(message)
        self.happened["deletes"] += 1

    def _recent(self) -> Message | None:
        """Somebody's question of which other words still count."""
        since = self._slack.clock() - EDITS_COUNT + 10.0
        found = [
            each
            for each in self._asked[-6:]
            if not each.deleted and not each.thread_ts and float(each.ts) > since
        ]
        return self._chance.choice(found) if found else None

    def _replied(self) -> Message | None:
        """The beginning of a thread in which the bot has spoken."""
        found = [
            each
            for each in self._asked[-30:]
            if not each.deleted and not each.thread_ts and self._workspace.answers(each)
        ]
        return self._chance.choice(found) if found else None

    # --- What fails

    def _plan_failures(self, new: int) -> None:
        self._slack.failures.clear()
        for _ in range(max(new // 2, 4)):
            fault, applied, method = self._chance.choice(FAULTS)
            self._slack.failures.plan(fault, method=method, applied=applied, retry_after=1)
            self.happened[f"{fault}{' after it was applied' if applied else ''}"] += 1

    def _kill(self, victim: Victim) -> None:
        time.sleep(self._chance.uniform(0, MOMENT))  # the moment is what is left to chance
        sending = self._deployment.rows(_LEFT)[0][1]
        self._deployment.kill(victim, self._chance)
        self._deployment.mend(victim)
        self.happened[f"killed {victim}{' while it wrote' if sending else ''}"] += 1

    def _hasten(self) -> None:
        self._deployment.execute(_TIME_PASSES)
        self._deployment.hasten()

    # --- What Slack and the books say

    def _faults_of(self, message: Message) -> Iterator[str]:
        question, text = self._question(message), self._final[message.ts]
        replies = [
            each for each in self._workspace.from_bot() if _marker(each).startswith(f"{question}:")
        ]
        named = f"{message.channel.name} {message.ts} “{text}”"
        if message.deleted or (message.thread_ts and self._root(message).deleted):
            if message.deleted and replies:
                yield f"{named}: taken back, and still answered"
            return
        markers = [_marker(each) for each in replies]
        if not replies:
            yield f"{named}: no reply"
        if len(set(markers)) < len(markers):
            yield f"{named}: said twice, {markers}"
        if misplaced := [each for each in replies if each.root_ts != message.root_ts]:
            yield f"{named}: said elsewhere, {[each.text[:60] for each in misplaced]}"
        if replies and not message.thread_ts and ASKED[text] not in replies[0].text:
            yield f"{named}: another answer, {replies[0].text[:100]}"

    def _question(self, message: Message) -> UUID:
        return question_id(self._workspace.team.id, message.channel.id, message.ts)

    def _root(self, message: Message) -> Message:
        return message.channel.messages[message.root_ts]


def _taken(delivery: Delivery) -> bool:
    return 200 <= delivery.statuses[-1] < 300


def _marker(message: Message) -> str:
    metadata = message.metadata or {}
    if metadata.get("event_type") != MARKER:
        return ""
    return str(metadata["event_payload"]["marker"])


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

"""A burst of webhooks: whether all are accepted, each message of each ticket has its one outcome in
its turn, and how long people in Slack wait meanwhile.

Thousands of customers write several messages each within a minute, and the stand-in for Zendesk
tells of every one, at a rate that does not wait for the web process. Times of acceptance run from
when a webhook was due. Web, worker, scheduler, PostgreSQL and the stand-ins share this machine.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import threading
import time
from collections import Counter, defaultdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.zendesk.webhooks import PATH
from tests.bench import deployed, measuring
from tests.bench.people import People

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.fakes.slack import FakeSlack, Message
    from tests.fakes.zendesk.ticket_records import Ticket
    from tests.faults.deployment import Deployment

MODULE = "tests.bench.burst"
SENDERS = 16
MESSAGES = 8
TARGET_MS = 3000.0

_TURNS = """
SELECT turn.ticket_id, array_agg(message.message_id ORDER BY message.message_id)
FROM ticket_turns AS turn JOIN ticket_messages AS message ON message.turn_id = turn.id
GROUP BY turn.id ORDER BY turn.ticket_id, turn.decided_at
"""
_LEFT = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"


def main() -> None:
    options = _options()
    with deployed.deployed() as (deployment, slack):
        figures = _measured(options, deployment, slack)
    _show(figures)
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=20_000, help="so many")
    parser.add_argument("--seconds", type=float, default=60, help="within so long")
    parser.add_argument(
        "--tickets", type=int, default=0, help=f"of so many tickets; 0: {MESSAGES} messages each"
    )
    parser.add_argument("--questions", type=float, default=60, help="in Slack, a minute")
    parser.add_argument("--json", type=Path, help="write every figure here")
    return parser.parse_args()


class Crowd:
    """Customers who write in a random order. `milliseconds` is how late each webhook was taken."""

    def __init__(self, deployment: Deployment, tickets: int, chance: random.Random) -> None:
        self._zendesk = deployment.zendesk
        self._deployment = deployment
        self._wanted = tickets
        self._chance = chance
        self._numbers = count()
        self.tickets: list[Ticket] = []
        self.statuses: Counter[int] = Counter()
        self.milliseconds: list[float] = []

    def write(self, webhooks: int, seconds: float) -> float:
        """So many messages in so long; returns the seconds until the last was taken."""
        self._zendesk.deliveries.stop()  # the senders below take what it would send
        began, stop = time.monotonic(), threading.Event()
        senders = [threading.Thread(target=self._send, args=(stop,)) for _ in range(SENDERS)]
        for each in senders:
            each.start()
        for number in range(webhooks):
            time.sleep(max(0.0, began + number * seconds / webhooks - time.monotonic()))
            self._message()
        stop.set()
        for each in senders:
            each.join()
        return time.monotonic() - began

    def _message(self) -> None:
        """The tickets are begun evenly among what is said in those that there are."""
        ticketing = self._zendesk.account.ticketing
        number = next(self._numbers)
        text = deployed.ASKED[number % len(deployed.ASKED)]
        with self._zendesk.lock:
            if len(self.tickets) < self._wanted and number % MESSAGES == 0:
                asker = ticketing.person(f"Crowd {number}", email=f"crowd{number}@mail.example")
                self.tickets.append(ticketing.ticket(asker, "A question", text))
            else:
                ticketing.reply(self._chance.choice(self.tickets), text)

    def _send(self, stop: threading.Event) -> None:
        parts = urlsplit(self._deployment.web_url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        deliveries = self._zendesk.deliveries
        while True:
            done = stop.is_set()
            delivery = deliveries.due()
            if delivery is None:
                if done:
                    break
                time.sleep(0.005)
                continue
            headers = deliveries.headers(delivery.webhook, delivery.body, delivery.invocation_id)
            status = measuring.posted(connection, PATH, delivery.body, headers)
            self.statuses[status] += 1
            self.milliseconds.append((time.time() - delivery.due) * 1000)
        connection.close()


def _measured(
    options: argparse.Namespace, deployment: Deployment, slack: FakeSlack
) -> dict[str, Any]:
    deployed.ready(deployment, slack)
    crowd = Crowd(deployment, options.tickets or options.webhooks // MESSAGES, random.Random(7))
    people = People(deployment, slack)
    over = threading.Event()
    asking = threading.Thread(target=_ask, args=(people, options.questions, over))
    measuring.progress(f"{options.webhooks} webhooks in {options.seconds:g} seconds")
    began = time.monotonic()
    asking.start()
    taken = crowd.write(options.webhooks, options.seconds)
    ended = time.time()
    waiting = int(deployment.rows(_LEFT)[0][0])
    measuring.progress(f"working off {waiting} jobs")
    deployed.work_off(deployment, patience=3600)
    drained = time.monotonic() - began
    over.set()
    asking.join()
    people.settle()
    meanwhile = [each for each in people.messages if float(each.ts) < ended]
    turns = deployment.rows(_TURNS)
    return {
        "cores": os.cpu_count(),
        "webhooks": options.webhooks,
        "tickets": len(crowd.tickets),
        "accepted": crowd.statuses[200],
        "taken": taken,
        "accepting": measuring.timings(crowd.milliseconds),
        "waiting": waiting,
        "drained": drained,
        "turns": len(turns),
        "slack_burst": measuring.timings(_slack_milliseconds(people, meanwhile)),
        "slack_after": measuring.timings(
            _slack_milliseconds(people, people.messages[len(meanwhile) :])
        ),
        "errors": dict(
            +Counter(_disorder(crowd.tickets, turns))
            + people.missing()
            + deployed.troubles(deployment)
        ),
    }


def _ask(people: People, per_minute: float, over: threading.Event) -> None:
    while not over.wait(60 / per_minute):
        people.ask_in_slack()


def _slack_milliseconds(people: People, messages: Sequence[Message]) -> list[float]:
    asked = {each.ts for each in messages}
    return [spent for ts, spent in people.slack_replies() if ts in asked]


def _disorder(tickets: Sequence[Ticket], turns: Sequence[tuple[int, list[int]]]) -> Iterator[str]:
    """What has no outcome, or two, or had it before what was said earlier."""
    handled: defaultdict[int, list[list[int]]] = defaultdict(list)
    for ticket, messages in turns:
        handled[ticket].append(messages)
    for ticket in tickets:
        said = [each.id for each in ticket.comments if each.author is ticket.requester]
        outcomes = [each for messages in handled[ticket.id] for each in messages]
        yield from ("messages without an outcome" for _ in set(said) - set(outcomes))
        if len(set(outcomes)) < len(outcomes):
            yield "tickets with two outcomes of one message"
        if outcomes != sorted(outcomes):
            yield "tickets answered out of turn"


def _show(figures: dict[str, Any]) -> None:
    rows = [("ms", "count", "p50", "p95", "p99", "longest", "target")]
    for name, title, target in (
        ("accepting", "webhook accepted, from when it was due", "all"),
        ("slack_burst", "Slack question to answer, during the burst", f"p95 < {TARGET_MS:.0f}"),
        ("slack_after", "the same while the backlog is worked off", f"p95 < {TARGET_MS:.0f}"),
    ):
        one = figures[name]
        numbers = (f"{one[f'{each}_ms']:.0f}" for each in ("p50", "p95", "p99", "longest"))
        rows.append((title, str(one["count"]), *numbers, target))
    errors = figures["errors"]
    measuring.show(
        f"{figures['webhooks']} webhooks of {figures['tickets']} tickets, taken in "
        f"{figures['taken']:.0f} s on {figures['cores']} cores",
        rows,
        notes=[
            f"Accepted: {figures['accepted']} of {figures['webhooks']}.",
            f"Jobs that waited when the last was taken: {figures['waiting']}.",
            f"Drained {figures['drained']:.0f} s after the first, in {figures['turns']} turns.",
            f"Lost, doubled, out of turn or failed: {sum(errors.values())}, aim: 0. {errors or ''}",
        ],
    )


if __name__ == "__main__":
    main()

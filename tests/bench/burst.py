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
from typing import TYPE_CHECKING, Any, Self
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
PATIENCE = 3600.0

_TURNS = """
SELECT turn.ticket_id, array_agg(message.message_id ORDER BY message.message_id)
FROM ticket_turns AS turn JOIN ticket_messages AS message ON message.turn_id = turn.id
GROUP BY turn.id ORDER BY turn.ticket_id, turn.decided_at
"""
_HANDLED = "SELECT count(*) FROM ticket_messages WHERE ticket_id = ANY(%s)"
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
    """Customers who write in a random order, and senders of all that Zendesk tells of it, what the
    bot writes included. `late` is by how many milliseconds each webhook was taken after it was
    due, `statuses` how it was answered."""

    def __init__(self, deployment: Deployment, tickets: int, chance: random.Random) -> None:
        self._zendesk = deployment.zendesk
        self._deployment = deployment
        self._wanted = tickets
        self._chance = chance
        self._numbers = count()
        self._stop = threading.Event()
        self._senders = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        self.tickets: list[Ticket] = []
        self.statuses: Counter[int] = Counter()
        self.late: list[float] = []

    def __enter__(self) -> Self:
        self._zendesk.deliveries.stop()  # these take what it would send
        for each in self._senders:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._senders:
            each.join()

    def write(self, webhooks: int, seconds: float) -> float:
        """So many messages in so long; returns the seconds until all were taken."""
        began = time.monotonic()
        for number in range(webhooks):
            time.sleep(max(0.0, began + number * seconds / webhooks - time.monotonic()))
            self._message()
        while sum(self.statuses.values()) < webhooks:
            time.sleep(0.01)
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

    def _send(self) -> None:
        parts = urlsplit(self._deployment.web_url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        deliveries = self._zendesk.deliveries
        while not self._stop.is_set():
            try:
                delivery = deliveries.pending.pop(0)  # in order, and none is held back here
            except IndexError:
                time.sleep(0.005)
                continue
            headers = deliveries.headers(delivery.webhook, delivery.body, delivery.invocation_id)
            status = measuring.posted(connection, PATH, delivery.body, headers)
            self.late.append((time.time() - delivery.due) * 1000)
            self.statuses[status] += 1
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
    with crowd:
        asking.start()
        taken = crowd.write(options.webhooks, options.seconds)
        late, ended = list(crowd.late[: options.webhooks]), time.time()
        waiting = int(deployment.rows(_LEFT)[0][0])
        measuring.progress(f"working off {waiting} jobs")
        _drain(deployment, crowd.tickets)
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
        "refused": sum(crowd.statuses.values()) - crowd.statuses[200],
        "taken": taken,
        "accepting": measuring.timings(late),
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


def _drain(deployment: Deployment, tickets: Sequence[Ticket]) -> None:
    """Until every message has its outcome. People ask in Slack all the time, so that some job
    always waits."""
    ids = [each.id for each in tickets]
    wanted = sum(each.author is ticket.requester for ticket in tickets for each in ticket.comments)
    until = time.monotonic() + PATIENCE
    while deployment.rows(_HANDLED, (ids,))[0][0] < wanted:
        if time.monotonic() > until:
            raise TimeoutError(f"messages are left\n{deployment.said()}")
        time.sleep(0.5)


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
            f"Refused: {figures['refused']}, aim: 0.",
            f"Jobs that waited when the last was taken: {figures['waiting']}.",
            f"Drained {figures['drained']:.0f} s after the first, in {figures['turns']} turns.",
            f"Lost, doubled, out of turn or failed: {sum(errors.values())}, aim: 0. {errors or ''}",
        ],
    )


if __name__ == "__main__":
    main()

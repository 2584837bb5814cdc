"""Events on their way to the app: signed, in order or not, and again where the app does not
answer as it should.

https://docs.slack.dev/apis/events-api/
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from random import Random

from tests.fakes.slack.app import App
from tests.fakes.slack.events import Told, envelope
from tests.fakes.slack.posting import Answer
from tests.fakes.slack.records import Json
from tests.fakes.slack.wire import Wire
from tests.fakes.slack.workspace import Workspace

# Again at once, after a minute, after five.
RETRIES = (0.0, 60.0, 300.0)
SENDERS = 8


@dataclass(kw_only=True)
class Disorder:
    """How much goes wrong on the way, each a share of the events: doubled ones are sent twice,
    late ones up to `late_by` seconds later than others that came after, lost ones never."""

    random: Random
    doubled: float = 0.0
    late: float = 0.0
    late_by: float = 60.0
    lost: float = 0.0


@dataclass(kw_only=True)
class Delivery:
    """One event for one installation; whatever is sent again keeps its `event_id`. `tries` counts
    what was sent, `statuses` is what came back (0: nothing in time or no connection), `reason`
    what Slack says of the failure before this try."""

    body: Json
    due: float
    number: int
    tries: int = 0
    reason: str = ""
    statuses: list[int] = field(default_factory=list)

    @property
    def event_id(self) -> str:
        return str(self.body["event_id"])

    @property
    def event(self) -> Json:
        found: Json = self.body["event"]
        return found


class Deliveries:
    """`pending` is what is still to be sent, `done` what was answered or given up, `lost` what
    disorder kept. Nothing is sent before `flush` or `start`. `is_installed` says whether a
    workspace has the app."""

    def __init__(
        self,
        app: App,
        *,
        wire: Wire,
        clock: Callable[[], float],
        is_installed: Callable[[Workspace], bool],
    ) -> None:
        self.app = app
        self.wire = wire
        self.pending: list[Delivery] = []
        self.done: list[Delivery] = []
        self.lost: list[Delivery] = []
        self.disorder: Disorder | None = None
        self._clock = clock
        self._is_installed = is_installed
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._quiet = threading.Condition(self._lock)
        self._under_way: set[int] = set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The app's address for events."""
        return self.wire.url

    @url.setter
    def url(self, address: str) -> None:
        self.wire.url = address

    def hear(self, told: Told, workspace: Workspace) -> None:
        """Queues what the app has subscribed to and is there to see."""
        if told.subscription not in self.app.events or not self._is_installed(workspace):
            return
        if told.channel is not None and not told.channel.has(workspace.bot):
            return
        event_id = workspace.numbers.id("Ev")
        now = self._clock()
        self._queue(envelope(told, workspace, event_id=event_id, now=now))

    def repeat(self, delivery: Delivery) -> Delivery:
        """Queues an event once more, as Slack sometimes sends what was well received."""
        with self._lock:
            return self._add(delivery.body, due=self._clock())

    # --- Sending

    def flush(self) -> int:
        """Sends everything, as if all waiting times had passed; returns how often it sent."""
        sent = 0
        while delivery := self._next(now=float("inf")):
            self.send(delivery)
            sent += 1
        return sent

    def start(self) -> None:
        """Sends from now on by itself, by the clock and several at a time, until `stop`."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def due(self) -> Delivery | None:
        """The next to be sent by now, which is then no longer pending."""
        return self._next(now=self._clock())

    def send(self, delivery: Delivery) -> Answer:
        """Sends once, and queues it again where Slack would."""
        answer = self.wire.event(delivery.body, tries=delivery.tries, reason=delivery.reason)
        delivery.statuses.append(answer.status)
        with self._quiet:
            again = self._again(delivery, answer)
            if again is None:
                self.done.append(delivery)
            else:
                delivery.due = self._clock() + again
                self.pending.append(delivery)
            self._under_way.discard(delivery.number)
            self._quiet.notify_all()
        return answer

    def settle(self, timeout: float = 60.0) -> None:
        """Waits until everything was answered or given up, as the sender that `start` started
        goes on. Raises TimeoutError."""
        with self._quiet:
            if not self._quiet.wait_for(lambda: not self.pending and not self._under_way, timeout):
                raise TimeoutError(f"{len(self.pending)} still to be sent")

    def verify_url(self, challenge: str = "a-challenge") -> Answer:
        """Asks the address for this challenge, as Slack does when the address is set."""
        body = {
            "token": self.app.verification_token,
            "challenge": challenge,
            "type": "url_verification",
        }
        return self.wire.event(body)

    def rate_limited(self, workspace: Workspace) -> Answer:
        """Tells that events were held back: more than 30,000 within an hour."""
        body = {
            "token": self.app.verification_token,
            "type": "app_rate_limited",
            "team_id": workspace.team.id,
            "minute_rate_limited": int(self._clock()) // 60 * 60,
            "api_app_id": self.app.id,
        }
        return self.wire.event(body)

    @staticmethod
    def _again(delivery: Delivery, answer: Answer) -> float | None:
        """Seconds until it is sent again; None where it is not."""
        delivery.tries += 1
        if 200 <= answer.status < 300 or answer.header("X-Slack-No-Retry") == "1":
            return None
        delivery.reason = answer.reason
        return RETRIES[delivery.tries - 1] if delivery.tries <= len(RETRIES) else None

    # --- Queueing

    def _run(self) -> None:
        with ThreadPoolExecutor(SENDERS) as senders:
            while not self._stop.is_set():
                if delivery := self.due():
                    senders.submit(self.send, delivery)
                else:
                    self._stop.wait(0.005)

    def _next(self, *, now: float) -> Delivery | None:
        with self._lock:
            due = [each for each in self.pending if each.due <= now]
            if not due:
                return None
            first = min(due, key=lambda each: (each.due, each.number))
            self.pending.remove(first)
            self._under_way.add(first.number)
            return first

    def _queue(self, body: Json) -> None:
        wrong, now = self.disorder, self._clock()
        with self._lock:
            made = self._add(body, due=now)
            if wrong is None:
                return
            if wrong.random.random() < wrong.lost:
                self.pending.remove(made)
                self.lost.append(made)
                return
            if wrong.random.random() < wrong.late:
                made.due += wrong.random.random() * wrong.late_by
            if wrong.random.random() < wrong.doubled:
                self._add(body, due=made.due + wrong.random.random())

    def _add(self, body: Json, *, due: float) -> Delivery:
        made = Delivery(body=body, due=due, number=next(self._numbers))
        self.pending.append(made)
        return made

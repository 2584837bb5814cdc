"""Webhooks and triggers at work: what an update tells to which address, signed, and again where
the address does not answer as it should, unless too much of it failed.

https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/ and
https://developer.zendesk.com/documentation/webhooks/verifying/
"""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any
from uuid import uuid4

from tests.fakes.zendesk.conditions import Condition, holds
from tests.fakes.zendesk.placeholders import carried_out
from tests.fakes.zendesk.rendering import stamp
from tests.fakes.zendesk.ticket_events import events
from tests.fakes.zendesk.ticket_records import Happening
from tests.fakes.zendesk.ticketing import Ticketing
from tests.fakes.zendesk.webhooks import sign

Json = dict[str, Any]

BY_TRIGGERS = "conditional_ticket_events"
TIMEOUT = 12.0
_AGAIN_AFTER_TIMEOUT, _AGAIN_AFTER_CONFLICT = 5, 3
_LONGEST_RETRY_AFTER = 60.0
_WINDOW, _MOST_ERRORS, _WORST_SHARE, _FEWEST = 300.0, 1000, 0.7, 20
_PAUSE = 5.0


@dataclass(kw_only=True)
class Webhook:
    id: str
    name: str
    endpoint: str
    subscriptions: tuple[str, ...]
    secret: str
    created_at: float
    active: bool = True
    description: str = ""


@dataclass(kw_only=True)
class Trigger:
    id: int
    title: str
    all: list[Condition]
    any: list[Condition]
    actions: list[Json]
    updated_at: float
    active: bool = True
    position: int = 1


@dataclass(kw_only=True)
class Disorder:
    """How much goes wrong on the way, each a share of the deliveries: lost ones are never sent,
    doubled ones twice, late ones up to `late_by` seconds later than others that came after."""

    random: Random
    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    late_by: float = 60.0


@dataclass(kw_only=True)
class Delivery:
    """One invocation of a webhook; what is sent again keeps its id. Failures of one kind are
    counted in `tries`, and `statuses` is what came back (0: nothing in time)."""

    webhook: Webhook
    body: bytes
    invocation_id: str
    due: float
    number: int
    tries: int = 0
    statuses: list[int] = field(default_factory=list)


class Deliveries:
    """`pending` is what is still to be sent, `done` what was answered or given up, `lost` what
    disorder kept. Nothing is sent before `flush` or `start`."""

    def __init__(
        self, *, ticketing: Ticketing, account_id: int, clock: Callable[[], float]
    ) -> None:
        self.webhooks: dict[str, Webhook] = {}
        self.triggers: dict[int, Trigger] = {}
        self.pending: list[Delivery] = []
        self.done: list[Delivery] = []
        self.lost: list[Delivery] = []
        self.disorder: Disorder | None = None
        self.timeout = TIMEOUT
        self._ticketing = ticketing
        self._account_id = account_id
        self._clock = clock
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._errors: dict[str, deque[tuple[float, bool]]] = {}
        self._open_until: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        ticketing.heard = self.hear

    def webhook(self, endpoint: str, *subscriptions: str, name: str = "") -> Webhook:
        """A webhook of these events ("ticket.created"), or of triggers where none are named."""
        made = Webhook(
            id=f"01HOOK{next(self._numbers):020d}",
            name=name or endpoint,
            endpoint=endpoint,
            subscriptions=tuple(f"zen:event-type:{each}" for each in subscriptions)
            or (BY_TRIGGERS,),
            secret=base64.b64encode(uuid4().bytes + uuid4().bytes).decode(),
            created_at=self._clock(),
        )
        return self.webhooks.setdefault(made.id, made)

    def hear(self, happening: Happening) -> None:
        """Queues what an update is to be told to whom."""
        for event in events(happening, account_id=self._account_id):
            self.tell(event)
        if happening.kind == "update":
            self._pull_triggers(happening)

    def tell(self, event: Json) -> None:
        """Queues an event for whoever has subscribed to it."""
        for webhook in self.webhooks.values():
            if webhook.active and event["type"] in webhook.subscriptions:
                self._queue(webhook, json.dumps(event).encode())

    def flush(self) -> int:
        """Sends everything, as if all waiting times had passed; returns how often it sent."""
        sent = 0
        while delivery := self._next(now=float("inf")):
            self.send(delivery)
            sent += 1
        return sent

    def start(self) -> None:
        """Sends from now on by itself, by the clock, until `stop`."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def send(self, delivery: Delivery) -> int:
        """Sends once, and queues it again where Zendesk would; returns the status."""
        status, wait = self.post(delivery.webhook, delivery.body, delivery.invocation_id)
        delivery.statuses.append(status)
        with self._lock:
            self._count(delivery.webhook, failed=not 200 <= status < 300)
            again = self._again(delivery, status, wait)
            if again is None:
                self.done.append(delivery)
            else:
                delivery.tries += 1
                delivery.due = self._clock() + again
                self.pending.append(delivery)
        return status

    def post(self, webhook: Webhook, body: bytes, invocation_id: str) -> tuple[int, float | None]:
        """The status and the Retry-After that the address answers."""
        headers = self.headers(webhook, body, invocation_id)
        request = urllib.request.Request(
            webhook.endpoint, data=body, method="POST", headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return int(answer.status), None
        except urllib.error.HTTPError as refused:
            with refused:
                asked = refused.headers.get("Retry-After")
                return refused.code, float(asked) if asked else None
        except OSError:
            return 0, None

    def headers(self, webhook: Webhook, body: bytes, invocation_id: str) -> dict[str, str]:
        """What this body is sent with now, signed."""
        moment = stamp(self._clock())
        return {
            "Content-Type": "application/json; charset=utf-8",
            "X-Zendesk-Webhook-Id": webhook.id,
            "X-Zendesk-Webhook-Invocation-Id": invocation_id,
            "X-Zendesk-Account-Id": str(self._account_id),
            "X-Zendesk-Webhook-Signature": sign(webhook.secret, moment, body),
            "X-Zendesk-Webhook-Signature-Timestamp": moment,
        }

    def _run(self) -> None:
        while not self._stop.is_set():
            if delivery := self.due():
                self.send(delivery)
            else:
                self._stop.wait(0.02)

    def due(self) -> Delivery | None:
        """The next to be sent by now, which is then no longer pending."""
        return self._next(now=self._clock())

    def _next(self, *, now: float) -> Delivery | None:
        with self._lock:
            due = [each for each in self.pending if self._due(each) <= now]
            if not due:
                return None
            first = min(due, key=lambda each: (self._due(each), each.number))
            self.pending.remove(first)
            return first

    def _due(self, delivery: Delivery) -> float:
        return max(delivery.due, self._open_until.get(delivery.webhook.id, 0.0))

    def _queue(self, webhook: Webhook, body: bytes) -> None:
        made = Delivery(
            webhook=webhook,
            body=body,
            invocation_id=str(uuid4()),
            due=self._clock(),
            number=next(self._numbers),
        )
        wrong = self.disorder
        with self._lock:
            if wrong is None:
                self.pending.append(made)
                return
            if wrong.random.random() < wrong.lost:
                self.lost.append(made)
                return
            if wrong.random.random() < wrong.late:
                made.due += wrong.random.random() * wrong.late_by
            self.pending.append(made)
            if wrong.random.random() < wrong.doubled:
                twin = Delivery(
                    webhook=webhook,
                    body=body,
                    invocation_id=made.invocation_id,
                    due=made.due + wrong.random.random(),
                    number=next(self._numbers),
                )
                self.pending.append(twin)

    def _pull_triggers(self, happening: Happening) -> None:
        for trigger in sorted(self.triggers.values(), key=lambda each: (each.position, each.id)):
            if not trigger.active or not holds(trigger.all, trigger.any, happening):
                continue
            for action in trigger.actions:
                if action["field"] != "notification_webhook":
                    continue
                webhook_id, text = action["value"]
                webhook = self.webhooks.get(webhook_id)
                if webhook and webhook.active:
                    body = carried_out(
                        text,
                        happening.ticket,
                        by=happening.audit.author,
                        ticketing=self._ticketing,
                    )
                    self._queue(webhook, body.encode())

    @staticmethod
    def _again(delivery: Delivery, status: int, wait: float | None) -> float | None:
        """Seconds until it is sent again; None where it is not."""
        if status == 0:
            return 2.0**delivery.tries if delivery.tries < _AGAIN_AFTER_TIMEOUT else None
        if status == 409:
            return 1.0 if delivery.tries < _AGAIN_AFTER_CONFLICT else None
        if status in {429, 503} and wait is not None and wait < _LONGEST_RETRY_AFTER:
            return wait if delivery.tries < _AGAIN_AFTER_TIMEOUT else None
        return None

    def _count(self, webhook: Webhook, *, failed: bool) -> None:
        """Breaks the circuit for a while where too much failed within five minutes."""
        now = self._clock()
        told = self._errors.setdefault(webhook.id, deque())
        told.append((now, failed))
        while told and told[0][0] < now - _WINDOW:
            told.popleft()
        errors = sum(each for _, each in told)
        if errors > _MOST_ERRORS or (len(told) >= _FEWEST and errors / len(told) > _WORST_SHARE):
            self._open_until[webhook.id] = now + _PAUSE

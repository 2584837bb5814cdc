"""What people do under load, and when they saw what came of it."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING

import psycopg

from bot.zendesk.webhooks import PATH
from tests.bench import corpus
from tests.bench.again import Again
from tests.bench.deployed import ASKED, SOURCE, answered_at, work_off
from tests.fakes.zendesk import article_event, deliver

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack, Message
    from tests.fakes.zendesk import Article
    from tests.fakes.zendesk.ticket_records import Ticket
    from tests.faults.deployment import Deployment

LOOK = 0.1
"""Seconds between two looks at what is in the index: by so much an edit may seem slower."""

PATIENCE = 90.0
"""Seconds after which an edit that is not in the index is missing."""

_EDITION = re.compile(r"Edition (\d+)\.")

_EDITIONS = """
SELECT id, body FROM documents WHERE source = %s AND indexed_at > now() - interval '10 s'
"""


class People:
    """Customers who write tickets, and colleagues who ask in Slack, one question each."""

    def __init__(self, deployment: Deployment, slack: FakeSlack, *, members: int = 20) -> None:
        self._deployment = deployment
        self._slack = slack
        self._bot = deployment.zendesk.account.bot.id
        self._ticketing = deployment.zendesk.account.ticketing
        acme = slack.workspace
        self._members = [acme.member(f"Member {number}") for number in range(members)]
        self._rooms = [acme.channel(f"room-{number}", self._members) for number in range(5)]
        self._numbers = count()
        self.tickets: list[Ticket] = []
        self.messages: list[Message] = []

    def write_a_ticket(self) -> None:
        """A new one by somebody new: what one person is told in an hour is capped."""
        number = next(self._numbers)
        with self._deployment.zendesk.lock:
            asker = self._ticketing.person(f"Customer {number}", email=f"c{number}@mail.example")
            text = ASKED[number % len(ASKED)]
            self.tickets.append(self._ticketing.ticket(asker, "A question", text))

    def ask_in_slack(self) -> None:
        number, acme = next(self._numbers), self._slack.workspace
        text = f"{acme.mention} {ASKED[number % len(ASKED)]}"
        person = self._members[number % len(self._members)]
        self.messages.append(acme.say(person, self._rooms[number % len(self._rooms)], text))

    def settle(self) -> None:
        """Until everything was sent and nothing waits any more."""
        deliveries = self._deployment.zendesk.deliveries
        self._deployment.wait_for(lambda: not deliveries.pending, "webhooks are left")
        self._slack.deliveries.settle()
        work_off(self._deployment)

    def ticket_milliseconds(self) -> list[float]:
        """From each ticket to the bot's first words in it."""
        found = ((each.created_at, answered_at(each, self._bot)) for each in self.tickets)
        return [(at - since) * 1000 for since, at in found if at is not None]

    def slack_milliseconds(self) -> list[float]:
        """From each question to the reply in its thread."""
        return [spent for _, spent in self.slack_replies()]

    def slack_replies(self) -> list[tuple[str, float]]:
        """The same with the message's ts before it."""
        replied: dict[str, float] = {}
        for call in self._slack.asked("chat.postMessage"):
            if not call.error:
                replied.setdefault(str(call.arguments.get("thread_ts")), call.at)
        return [
            (each.ts, (replied[each.ts] - float(each.ts)) * 1000)
            for each in self.messages
            if each.ts in replied
        ]

    def asked(self) -> int:
        """So many tickets and questions."""
        return len(self.tickets) + len(self.messages)

    def replies(self) -> int:
        """So many of them have a reply."""
        return len(self.ticket_milliseconds()) + len(self.slack_milliseconds())

    def missing(self) -> Counter[str]:
        """What has no reply, and what could not be delivered."""
        zendesk, slack = self._deployment.zendesk.deliveries, self._slack.deliveries
        refused = [each for each in zendesk.done if not 200 <= each.statuses[-1] < 300]
        refused_too = [each for each in slack.done if not 200 <= each.statuses[-1] < 300]
        return +Counter(
            {
                "tickets without a reply": len(self.tickets) - len(self.ticket_milliseconds()),
                "questions without a reply": len(self.messages) - len(self.slack_milliseconds()),
                "webhooks refused": len(refused),
                "events refused": len(refused_too),
            }
        )


@dataclass(kw_only=True)
class _Edit:
    article: int
    edition: int
    at: float
    told: bool
    seen: float | None = None


class Editors(Again):
    """Real articles of a help center in the stand-in, a paragraph of one of them changed at a
    time. Every other edit is told of, as when an article is published anew."""

    def __init__(self, deployment: Deployment, *, articles: int) -> None:
        super().__init__(every=LOOK)
        self._deployment = deployment
        self._account = deployment.zendesk.account
        self._chance = random.Random(7)
        (webhook,) = deployment.zendesk.deliveries.webhooks.values()
        self._secret = webhook.secret
        self._edits: list[_Edit] = []
        self._refused = 0
        self._senders = ThreadPoolExecutor(4)
        section = self._account.section(self._account.category(en_us="Help"), en_us="All")
        texts = [each for each in corpus.articles() if 500 < len(each.body) < 5000]
        self._bodies = [each.body for each in texts[:articles]]
        self._articles = [
            self._account.publish(section, each.title, _body(each.body, 0))
            for each in texts[:articles]
        ]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._senders.shutdown()

    def edit(self) -> None:
        """The next edition of one of the articles."""
        number = self._chance.randrange(len(self._articles))
        article, edition = self._articles[number], len(self._edits) + 1
        with self._deployment.zendesk.lock:
            self._account.edit(article, _body(self._bodies[number], edition))
        told = edition % 2 == 0
        self._edits.append(_Edit(article=article.id, edition=edition, at=time.time(), told=told))
        if told:
            self._senders.submit(self._tell, article)

    def settle(self) -> None:
        """Until every edit is in the index, or should have been."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and any(each.seen is None for each in self._edits):
            time.sleep(0.5)
        work_off(self._deployment)

    def milliseconds(self, *, told: bool) -> list[float]:
        """From each edit until it, or a later one of its article, was in the index."""
        return [
            (each.seen - each.at) * 1000
            for each in self._edits
            if each.told == told and each.seen is not None
        ]

    def missing(self) -> Counter[str]:
        return +Counter(
            {
                "edits not in the index": sum(each.seen is None for each in self._edits),
                "article webhooks refused": self._refused,
            }
        )

    def _tell(self, article: Article) -> None:
        now = time.time()
        event = article_event(self._account, article, "published", now=now)
        url = f"{self._deployment.web_url}{PATH}"
        if deliver(url, event, secret=self._secret, now=now) != 200:
            self._refused += 1

    def _run(self) -> None:
        with psycopg.connect(self._deployment.url, autocommit=True) as connection:
            for _ in self._turns():
                rows = connection.execute(_EDITIONS, (SOURCE,)).fetchall()
                now, newest = time.time(), dict[int, int]()
                for document, body in rows:
                    if found := _EDITION.search(body):
                        newest[_number(document)] = int(found[1])
                for each in self._edits:
                    if each.seen is None and newest.get(each.article, 0) >= each.edition:
                        each.seen = now


def _body(text: str, edition: int) -> str:
    return f"{text}<p>Edition {edition}. Looked over {edition} times by the support team.</p>"


def _number(document: str) -> int:
    """The article of a document: ids are like article:123:en-us."""
    return int(next(part for part in re.split(r"\D+", document) if part))

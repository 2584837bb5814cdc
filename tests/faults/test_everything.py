"""Everything at once, and everything fails: tickets, Slack, articles and settings change while
processes, the database, the ways between them and every vendor are killed, paused, parted and
slowed down. When all is quiet again, nothing is lost, doubled, private in public, or unwritten.

`pytest tests/faults/test_everything.py --mixed-runs 100 -s` does more than CI does. A seed that
failed is printed; `--mixed-seed SEED` repeats who does what, what fails, and when. How far the
work has come by then is the machine's.
"""

from __future__ import annotations

import json
import random
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import pytest
from psycopg import sql

from bot import db
from bot.postgres import EmbeddedPostgres
from bot.queue import Queue
from bot.schedules import Schedules
from bot.slack.manifest import Deployment as Installed
from bot.slack.manifest import manifest
from bot.sources import Source, Sources
from bot.sync import Sync
from bot.timing import Interval
from bot.zendesk.policies import Mode, Policies, Policy
from connectors.registry import Accounts, kind_of
from connectors.samples import help_center
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.login import OAuthClient
from indexing.index import Index
from indexing.pipeline import Indexer
from tests.conftest import database_at, run_sql
from tests.fakes.anthropic import MessagesFake
from tests.fakes.slack import App, FakeSlack
from tests.fakes.zendesk import FakeZendesk, article_event
from tests.faults.admins import WITNESS, Admins
from tests.faults.clocks import NO_COMPILER, drawn, library
from tests.faults.customers import SECRET, Customers
from tests.faults.deployment import Deployment
from tests.faults.disks import NO_DISK, Disk
from tests.faults.editors import PRIVATE, Editors
from tests.faults.members import Members
from tests.faults.mischief import Mischief, names_of
from tests.faults.mixed import Crowd, Mixed
from tests.faults.moods import Moods
from tests.faults.nursery import Nursery
from tests.faults.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexing.embedders.embedder import Embedder
    from tests.fakes.zendesk import Article

SOURCE = "help"
SECONDS = 10.0
ARTICLES = 6

# Of the sample help center; the rest is what editors write.
KEPT = (
    "Returning an item",
    "When you get your refund",
    "Warranty by product group",
    "Changing or cancelling an order",
    "Resetting your password",
)
KEPT_FOR_STAFF = (
    "Refund exceptions and goodwill limits",
    "Fraud checks before release of an order",
)
KEPT_AS_DRAFT = ("Returning an item (new rules from March 2027)",)

# Where everybody may read everything, and elsewhere: by its question a prompt is told apart.
INSIDE = (
    "How much goodwill may I give without asking my team lead?",
    "Which orders have to be checked for fraud?",
    "How long may I return a jacket, please?",
    "When is a refund by PayPal there?",
)
OUTSIDE = (
    "How long do I have to return a jacket?",
    "How much goodwill may be given?",
    "How long is the warranty on a tent?",
    "Which orders do you check for fraud?",
    "I want to talk to a person.",
)


def _help_center(zendesk: FakeZendesk) -> Editors:
    """The same articles, under the same numbers, each time."""

    def told(article: Article, what: Literal["published", "unpublished"]) -> None:
        with zendesk.lock:
            event = article_event(zendesk.account, article, what, now=zendesk.clock())
            zendesk.deliveries.tell(event)

    editors = Editors(zendesk, articles=ARTICLES, chance=random.Random(1), told=told)
    bodies = {
        each["title"]: each["body"] for each in json.loads(help_center().read_text())["articles"]
    }
    for title in KEPT:
        editors.add(title, bodies[title])
    for title in KEPT_FOR_STAFF:
        editors.add(title, bodies[title], for_staff=True)
    for title in KEPT_AS_DRAFT:
        editors.add(title, bodies[title], draft=True)
    return editors


@pytest.fixture(scope="module")
def folder(own_disk: Path | None, scratch: Path, model_cache: Path) -> Path:
    """Where the database server of all runs is, and what the model prepares once: on a disk that
    can be full, where there can be one."""
    made = own_disk or scratch / f"mixed-{uuid4().hex}"
    made.mkdir(exist_ok=True)
    (made / "models").symlink_to(model_cache)
    return made


@pytest.fixture(scope="module")
def template(folder: Path, embedder: Embedder) -> Iterator[str]:
    """A database that every run's is a copy of: the help center is indexed, tickets are answered,
    and a witness of the schedules is in it."""
    with EmbeddedPostgres(data_dir=folder) as server, FakeZendesk() as zendesk:
        name = f"template_{uuid4().hex}"
        run_sql(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = database_at(server, name)
        db.migrate(url)
        _help_center(zendesk)
        account = ZendeskAccount(
            subdomain="acme",
            credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
            base_url=zendesk.base_url,
        )
        source = Source(name=SOURCE, kind="zendesk", config={})
        with db.open_pool(url, max_size=4) as pool:
            Sources(pool=pool).add(source)
            index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
            indexer = Indexer(pool=pool, index=index, embedder=embedder)
            accounts = Accounts(zendesk=lambda: account)
            connector = kind_of("zendesk").build({}, source=SOURCE, accounts=accounts)
            report = Sync(pool=pool, indexer=indexer).run(source, connector)
            assert report.succeeded, report
            Policies(pool=pool).set(Policy(mode=Mode.AUTO))
            hourly = Interval(every=timedelta(hours=1), anchor=datetime.now(UTC))
            Schedules(pool=pool, queue=Queue(pool=pool)).set(SOURCE, hourly)
        run_sql(url, WITNESS)
        yield name


@pytest.fixture(scope="module")
def nursery(scratch: Path) -> Iterator[Nursery]:
    clocks = library(scratch)
    if clocks is None:
        print(f"All clocks are right: {NO_COMPILER}.")
    with Nursery(clocks=clocks) as running:
        yield running


def _engine(chance: random.Random, model: MessagesFake) -> Mapping[str, str]:
    """Who writes answers."""
    match chance.randrange(3):
        case 0:
            return {}
        case 1:
            return {"ANTHROPIC_BASE_URL": model.url}
        case _:
            return {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "a-key-of-the-model"}


class Run:
    """One run, from a deployment that starts to what is wrong in the end."""

    def __init__(
        self,
        seed: int,
        *,
        folder: Path,
        disk: Disk | None,
        logs: Path,
        template: str,
        nursery: Nursery,
    ) -> None:
        self._seed = seed
        self._disk = disk
        chance = random.Random(f"{seed}:run")
        self._skew = chance.uniform(-20, 20)
        socket_mode = chance.random() < 0.3
        self.slack = FakeSlack(
            app=App.of_manifest(manifest(Installed(socket_mode=socket_mode))), clock=self._clock
        )
        self.zendesk = FakeZendesk(clock=self._clock)
        self.moods = Moods(random.Random(f"{seed}:model"), share=0.3)
        self.model = MessagesFake(default=self.moods)
        settings = {**_engine(chance, self.model)}
        self.roles = {"worker": 2, "web": 2, "scheduler": 2}
        if socket_mode:
            settings["SLACK_APP_TOKEN"] = self.slack.app_token
            self.roles["slack"] = 2
        ahead = {name: drawn(chance) for name in names_of(self.roles)}
        print(", ".join(f"{name} {seconds:+.0f} s" for name, seconds in ahead.items()))
        self.wiring = Wiring()
        self.deployment = Deployment(
            folder=folder,
            logs=logs,
            slack=self.slack,
            zendesk=self.zendesk,
            starts=nursery,
            template=template,
            wiring=self.wiring,
            ahead=ahead,
            **settings,
        )

    def _clock(self) -> float:
        """Vendors' clocks are not ours."""
        return time.time() + self._skew

    def faults(self, embedder: Embedder, *, seconds: float) -> list[str]:
        """Carries it out; what is not as it must be, one line each."""
        with ExitStack() as stack:
            stack.enter_context(self.wiring)
            stack.enter_context(self.model)
            self.zendesk.base_url = self.wiring.vendor("zendesk", self.zendesk.base_url)
            self.slack.url = self.wiring.vendor("slack", self.slack.url)
            editors = _help_center(self.zendesk)
            deployment = stack.enter_context(self.deployment)
            admins = Admins(deployment, SOURCE)
            stack.callback(admins.close)
            mischief = Mischief(deployment, roles=self.roles, disk=self._disk)
            crowd = Crowd(
                customers=Customers(deployment, asked=OUTSIDE),
                members=Members(
                    self.slack,
                    asked=dict.fromkeys(INSIDE, ""),
                    asked_with_guests=dict.fromkeys(OUTSIDE, ""),
                ),
                editors=editors,
                admins=admins,
                mischief=mischief,
                model=self.moods,
            )
            for name in mischief.names:
                deployment.start(name)
            mixed = Mixed(deployment, self.slack, crowd, source=SOURCE, seed=self._seed)
            mixed.run(seconds=seconds)
            mixed.settle()
            print(dict(sorted(mixed.happened().items())))
            return [*mixed.faults(embedder), *self._leaks(crowd)]

    def _leaks(self, crowd: Crowd) -> Iterator[str]:
        """Private words where they may not be, and requests that no vendor would take."""
        for ticket in crowd.customers.tickets:
            for said in crowd.customers.public_words(ticket):
                if PRIVATE in said.text:
                    yield f"{ticket.id}: internal words in public, {said.text[:200]}"
        for message in crowd.members.words_for_guests():
            if PRIVATE in f"{message.text}{message.blocks}":
                yield f"{message.ts}: internal words where guests read, {message.text[:200]}"
        for request in self.model.requests:
            text = json.dumps(request.body, ensure_ascii=False)
            if SECRET in text:
                yield f"an internal note was in a prompt: {text[:2000]}"
            if PRIVATE in text and not any(each in text for each in INSIDE):
                yield f"internal words were in a customer's prompt: {text[:2000]}"
        yield from self.model.violations
        yield from map(repr, self.slack.crashes)


@pytest.mark.faults
def test_everything_is_as_it_must_be_whatever_fails(
    folder: Path,
    own_disk: Path | None,
    template: str,
    nursery: Nursery,
    embedder: Embedder,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    seconds = request.config.getoption("--mixed-seconds") or SECONDS
    given = request.config.getoption("--mixed-seed")
    runs = request.config.getoption("--mixed-runs")
    disk = None if own_disk is None else Disk(own_disk)
    if disk is None:
        print(f"The disk is never full: {NO_DISK}.")
    failed: dict[int, str] = {}
    for number in range(1, runs + 1):
        seed = given if given is not None else random.randrange(10**6)
        print(f"\nRun {number} is repeated by --mixed-seconds {seconds:g} --mixed-seed {seed}")
        logs = tmp_path / f"{number}-{seed}"
        logs.mkdir()
        began = time.monotonic()
        run = Run(seed, folder=folder, disk=disk, logs=logs, template=template, nursery=nursery)
        try:
            found = run.faults(embedder, seconds=seconds)
        except Exception as error:  # whatever it is, the seed is told
            found = traceback.format_exception(error)
        print(f"{time.monotonic() - began:.0f} s, {len(found)} wrong")
        if found:
            failed[seed] = "\n".join([*found, run.deployment.said()])
            print("\n".join(found)[:4000])
    assert not failed, "\n".join(f"Seed {seed}: {what}" for seed, what in failed.items())

"""The whole product for benchmarks under load: the faults' deployment of real processes and
stand-ins, with the sample help center in its index and every ticket and question answered."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg_pool import ConnectionPool

from bot import db
from bot.preferences import Preferences
from bot.queue import Queue, sync_job
from bot.sending import SendingRisk
from bot.slack.manifest import Deployment as Installed
from bot.slack.manifest import manifest
from bot.sources import Source, Sources
from bot.zendesk.policies import Mode, Policies, Policy
from indexing import embedders
from tests.attending import index_sample
from tests.bench import measuring
from tests.fakes.slack import App, FakeSlack
from tests.faults.deployment import Deployment

if TYPE_CHECKING:
    from tests.fakes.zendesk.ticket_records import Ticket
    from tests.faults.processes import Starts

SOURCE = "help"
"""The help center of the stand-in, whose articles are edited; questions are about the sample."""

ASKED = (
    "How long do I have to return a jacket?",
    "What does the return label cost?",
    "I paid with PayPal, when do I get my refund?",
    "How long is the warranty on a tent?",
    "Until when can I cancel my order?",
    "How many days does express shipping to Canada take?",
    "How long is the password reset link valid?",
    "What does it cost to put new soles on my boots?",
)
"""What the sample help center answers."""

_LEFT = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
_FAILED = "SELECT task_name, count(*) FROM procrastinate_jobs WHERE status = 'failed' GROUP BY 1"


@contextmanager
def deployed(starts: Starts | None = None) -> Iterator[tuple[Deployment, FakeSlack]]:
    """Opened, and nothing of it runs yet but the database and the stand-ins."""
    slack = FakeSlack(app=App.of_manifest(manifest(Installed(socket_mode=False))))
    with tempfile.TemporaryDirectory(prefix="supportbot-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server's account passes through
        models = Path(tempfile.gettempdir()) / f"supportbot-tests-models-{os.getuid()}"
        models.mkdir(mode=0o700, exist_ok=True)
        (folder / "models").symlink_to(models)  # what is prepared once is no part of a restart
        logs = folder / "logs"
        logs.mkdir()
        with Deployment(
            folder=folder, logs=logs, slack=slack, starts=starts, ANSWER_ENGINE="extractive"
        ) as opened:
            for api in ("support", "help_center"):
                opened.zendesk.limits.per_minute[api] = 10**9
            measuring.progress("indexing the sample help center")
            with db.open_pool(opened.url, max_size=4) as pool:
                index_sample(pool, embedders.load("all-MiniLM-L6-v2", cache_dir=models))
                Policies(pool=pool).set(Policy(mode=Mode.AUTO))
                Preferences(pool=pool).put(SendingRisk(until_known=0))  # sent, however unsure
            yield opened, slack


def add_help_center(deployment: Deployment) -> None:
    """Has the stand-in's articles read by the running worker."""
    with db.open_pool(deployment.url, max_size=2) as pool:
        Sources(pool=pool).add(Source(name=SOURCE, kind="zendesk", config={}))
    queue = Queue(pool=ConnectionPool(open=False))  # the job comes with a connection
    deployment.ask(lambda each: queue.enqueue(sync_job(SOURCE, full=True), connection=each))
    work_off(deployment)


def work_off(deployment: Deployment, *, patience: float = 600.0) -> None:
    """Until no job is left. Raises TimeoutError."""
    until = time.monotonic() + patience
    while deployment.rows(_LEFT)[0][0]:
        if time.monotonic() > until:
            raise TimeoutError(f"jobs are left\n{deployment.said()}")
        time.sleep(0.2)


def ready(deployment: Deployment, slack: FakeSlack) -> None:
    """Web, worker and scheduler run, and each has answered once, so that nothing is loaded for
    the first time while it is measured."""
    for process in ("web", "worker", "scheduler"):
        deployment.start(process)
    deployment.wait_for_web()
    acme, ticketing = slack.workspace, deployment.zendesk.account.ticketing
    slack.deliveries.start()
    deployment.zendesk.deliveries.start()
    ann = acme.member("Warm-up")
    room = acme.channel("warm-up", [ann])
    for number, text in enumerate(ASKED):
        acme.say(ann, room, f"{acme.mention} {text}")
        ticketing.ticket(ticketing.person(f"First {number}"), "A question", text)
    slack.deliveries.settle()
    deployment.wait_for(lambda: not deployment.zendesk.deliveries.pending, "webhooks are left")
    work_off(deployment)


def answered_at(ticket: Ticket, bot: int) -> float | None:
    """When the bot first wrote in a ticket, to whomever."""
    return next((each.created_at for each in ticket.comments if each.author.id == bot), None)


def troubles(deployment: Deployment) -> Counter[str]:
    """What went wrong, by the books and by what the processes have said."""
    found: Counter[str] = Counter()
    for task, number in deployment.rows(_FAILED):
        found[f"failed job {task}"] += number
    for table in ("ticket_problems", "slack_problems"):
        if number := deployment.rows(f"SELECT count(*) FROM {table}")[0][0]:
            found[table] += number
    for process in ("web", "worker", "scheduler"):
        for line in _lines(deployment, process):
            if line.get("level") in {"error", "critical"}:
                found[f"{process}: {str(line.get('event'))[:60]}"] += 1
    return found


def _lines(deployment: Deployment, process: Any) -> list[dict[str, Any]]:
    try:
        return deployment.lines(process)
    except FileNotFoundError:
        return []

"""One id from an event to its reply, through the real processes: in the logs, and in the traces
that a collector is sent. And that both processes end in time when they are asked to."""

from __future__ import annotations

from pathlib import Path

from bot import db
from bot.queue import TaskName
from bot.zendesk.policies import Mode, Policies, Policy
from indexing.index import Index
from tests.fakes.collector import FakeCollector
from tests.faults.deployment import Deployment

QUESTION = "How long do I have to return a jacket that has been worn outdoors once?"


def test_one_id_leads_from_the_webhook_to_the_reply(scratch: Path, tmp_path: Path) -> None:
    with (
        FakeCollector() as collector,
        Deployment(
            folder=scratch / "tracing", logs=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url
        ) as deployment,
    ):
        with db.open_pool(deployment.url, max_size=2) as pool:
            Index.open(pool, model="all-MiniLM-L6-v2", dimensions=384)
            Policies(pool=pool).set(Policy(mode=Mode.AUTO))
        deployment.start("web")
        ticketing = deployment.zendesk.account.ticketing
        anna = ticketing.person("Anna Schmidt", email="anna@customer.example")
        deployment.zendesk.deliveries.start()
        ticketing.ticket(anna, "A question", QUESTION)
        deployment.wait_for(
            lambda: deployment.rows("SELECT FROM procrastinate_jobs"), "no webhook came"
        )
        deployment.start("worker")  # only now: else a sweep might find the ticket first
        deployment.wait_for(
            lambda: deployment.rows("SELECT FROM ticket_turns WHERE state = 'done'"),
            "nobody was answered",
        )
        assert deployment.stop("worker", within=20) == 0
        assert deployment.stop("web", within=20) == 0

        took = next(each for each in deployment.lines("web") if each["event"] == "Took a webhook.")
        (done,) = [each for each in deployment.lines("worker") if each["event"] == "Attended."]
        assert took["trace"] == done["trace"]

        spans = [each for each in collector.spans if each.trace == took["trace"]]
        by_service = {
            service: {each.name for each in spans if each.service == service}
            for service in ("supportbot-web", "supportbot-worker")
        }
        assert "POST /zendesk/webhook" in by_service["supportbot-web"]
        assert TaskName.TICKET.value in by_service["supportbot-worker"]
        assert {"GET", "PUT"} <= by_service["supportbot-worker"]  # Zendesk, by `requests`
        assert any(name.startswith("SELECT") for name in by_service["supportbot-worker"])
        told = "\n".join(each.everything for each in collector.spans)
        assert "jacket" not in told, "a trace holds what a customer wrote"
        assert "the-client-secret" not in told
        assert "customer.example" not in told

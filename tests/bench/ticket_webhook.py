"""How fast the web process accepts webhooks of tickets, at a rate that does not wait for it.

The web process is the product's own, on a real PostgreSQL; the senders are in another process.
Times are counted from when a webhook was due to be sent, so that one which had to wait for others
counts its waiting, and every one that was accepted must be in the queue.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from bot.evaluation.scorers import latency
from bot.web import listen
from bot.zendesk.webhooks import PATH
from tests.bench import measuring
from tests.fakes.zendesk.rendering import stamp
from tests.fakes.zendesk.webhooks import signed

MODULE = "tests.bench.ticket_webhook"
SECRET = "the-secret-of-this-webhook"
SENDERS = 24
WARM_UP_SECONDS = 2
TARGET_MS = 100.0
PATIENCE = 60.0

_ENQUEUED = """
SELECT (SELECT count(*) FROM inbound_events WHERE source = 'zendesk'),
       (SELECT count(DISTINCT args->>'ticket_id') FROM procrastinate_jobs
        WHERE task_name = 'ticket.attend')
"""


def main() -> None:
    options = _options()
    if options.send:
        print(json.dumps(_send(options.send, options.rate, options.seconds, options.tickets)))
        return
    with (
        measuring.server() as server_url,
        measuring.database(server_url) as url,
        tempfile.TemporaryDirectory(prefix="supportbot-bench-") as folder,
        _web(url, Path(folder)) as address,
    ):
        figures = _measure(options, url, address)
    _show(figures)
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--rate", type=int, default=300, help="webhooks per second")
    parser.add_argument("--seconds", type=int, default=20, help="for so long")
    parser.add_argument(
        "--tickets", type=int, default=0, help="different tickets; 0: each webhook its own"
    )
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--send", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


@contextmanager
def _web(url: str, folder: Path) -> Iterator[str]:
    """The web process; yields where it listens."""
    settings = {
        "DATABASE_URL": url,
        "SUPPORTBOT_DATA_DIR": str(folder),
        "ZENDESK_WEBHOOK_SECRET": SECRET,
    }
    with (
        listen(host="127.0.0.1", port=0) as listener,
        (folder / "web.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "bot", "web", f"--listener-fd={listener.fileno()}"],
            env={**os.environ, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(listener.fileno(),),
        ) as process,
    ):
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
        finally:
            process.terminate()


def _measure(options: argparse.Namespace, url: str, address: str) -> dict[str, Any]:
    def sent(seconds: int) -> dict[str, Any]:
        return measuring.in_a_process(
            MODULE,
            f"--send={address}",
            f"--rate={options.rate}",
            f"--seconds={seconds}",
            f"--tickets={options.tickets}",
        )

    measuring.progress("starting")
    first = sent(WARM_UP_SECONDS)
    measuring.progress("measuring")
    figures = sent(options.seconds)
    accepted = first["accepted"] + figures["accepted"]
    tickets = first["tickets"] + figures["tickets"]
    with psycopg.connect(url) as connection:
        row = connection.execute(_ENQUEUED).fetchone()
    assert row is not None
    lost = accepted - row[0]
    return {
        **figures,
        "lost": lost,
        "waiting": row[1],
        "due": options.tickets or tickets,
        "cores": os.cpu_count(),
        "rate": options.rate,
    }


def _send(address: str, rate: int, seconds: int, tickets: int) -> dict[str, Any]:
    """Sends that many each second, whatever comes back."""
    numbers, total = count(), rate * seconds
    milliseconds: list[float] = []
    statuses: list[int] = []
    parts = urlsplit(address)
    start = time.perf_counter() + 1.0
    offset = uuid4().int % 10**12

    def work() -> None:
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE)
        while (number := next(numbers)) < total:
            due = start + number / rate
            body, headers = _webhook(offset + (number % tickets if tickets else number) + 1)
            time.sleep(max(0.0, due - time.perf_counter()))
            statuses.append(measuring.posted(connection, parts.path, body, headers))
            milliseconds.append((time.perf_counter() - due) * 1000)
        connection.close()

    senders = [threading.Thread(target=work) for _ in range(SENDERS)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    one = sorted(milliseconds)
    return {
        "sent": total,
        "accepted": statuses.count(200),
        "tickets": min(tickets, total) if tickets else total,
        "per_second": total / (time.perf_counter() - start),
        "p50_ms": latency(one).p50,
        "p99_ms": one[int(len(one) * 0.99) - 1],
        "longest_ms": one[-1],
    }


def _webhook(ticket: int) -> tuple[bytes, dict[str, str]]:
    now = time.time()
    event = {
        "type": "zen:event-type:ticket.comment_added",
        "account_id": 4242,
        "id": str(uuid4()),
        "time": stamp(now),
        "zendesk_event_version": "2022-11-06",
        "subject": f"zen:ticket:{ticket}",
        "detail": {"id": str(ticket), "status": "OPEN", "subject": "A question"},
        "event": {
            "comment": {
                "id": str(ticket),
                "body": "How long do I have to return a jacket? " * 10,
                "is_public": True,
                "author": {"id": "1", "is_staff": False, "name": "Anna"},
            }
        },
    }
    return signed(event, secret=SECRET, now=now)


def _show(figures: dict[str, Any]) -> None:
    rows: list[tuple[str, ...]] = [
        ("webhooks", "sent", "accepted", "lost", "per second", "p50 ms", "p99 ms", "longest ms"),
        (
            f"{figures['rate']}/s",
            *(str(figures[each]) for each in ("sent", "accepted", "lost")),
            *(f"{figures[each]:.1f}" for each in ("per_second", "p50_ms", "p99_ms", "longest_ms")),
        ),
    ]
    measuring.show(
        "Webhooks of tickets, from when each was due",
        rows,
        notes=[
            f"Jobs of {figures['waiting']} tickets wait, of {figures['due']} that were written in.",
            f"Aims: none lost, p99 below {TARGET_MS:.0f} ms at 300 per second.",
        ],
    )


if __name__ == "__main__":
    main()

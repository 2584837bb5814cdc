"""How long one look at a ticket takes without a model, all calls to Zendesk included, and how many
calls that is.

The stand-in answers at once, from a process of its own; everything else is wired as a worker is,
with the sample help center in the index.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.evaluation.scorers import latency
from tests.bench import deployed, measuring
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.zendesk.attending import Attendant

MODULE = "tests.bench.ticket_answer"
WARM_UP = 5
ASKED = (
    *deployed.ASKED,
    "Wie lange habe ich Zeit, eine Jacke zurückzugeben?",
    "Do you sell children's bicycles?",
)
TARGET_MS, TARGET_CALLS = 300.0, 4


class Account:
    """The stand-in in its own process: asks it how many calls it has answered."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = self._read()
        self.url: str = told["url"]
        self.tickets: list[int] = told["tickets"]

    def calls(self) -> int:
        """So many by now."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._read()["calls"])

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


def main() -> None:
    options = _options()
    if options.serve:
        _serve(options.tickets + WARM_UP)
        return
    with (
        measuring.server() as server_url,
        measuring.database(server_url) as url,
        tempfile.TemporaryDirectory(prefix="supportbot-bench-") as folder,
        _account(options.tickets) as account,
    ):
        os.environ.update(
            {
                "DATABASE_URL": url,
                "SUPPORTBOT_DATA_DIR": folder,
                "ZENDESK_SUBDOMAIN": "acme",
                "ZENDESK_BASE_URL": account.url,
                "ZENDESK_CLIENT_ID": "supportbot",
                "ZENDESK_CLIENT_SECRET": "the-client-secret",
                "PUBLIC_URL": "https://support.example.com",
                "ANSWER_ENGINE": "extractive",
            }
        )
        figures = _measure(account)
    _show(figures)
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--tickets", type=int, default=200, help="tickets to answer")
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


@contextmanager
def _account(tickets: int) -> Iterator[Account]:
    command = [sys.executable, "-m", MODULE, "--serve", f"--tickets={tickets}"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Account(process)
        finally:
            process.terminate()


def _serve(tickets: int) -> None:
    with FakeZendesk() as zendesk:
        zendesk.limits.per_minute = {"support": 10**9, "help_center": 10**9}
        ticketing = zendesk.account.ticketing
        made = []
        for number in range(tickets):  # one each: what one person is told in an hour is capped
            asker = ticketing.person("Anna Schmidt", email=f"anna{number}@customer.example")
            made.append(ticketing.ticket(asker, "A question", ASKED[number % len(ASKED)]).id)
        print(json.dumps({"url": zendesk.base_url, "tickets": made}), flush=True)
        for _ in sys.stdin:
            calls = [each for each in zendesk.journal if each.path.startswith("/api/")]
            print(json.dumps({"calls": len(calls)}), flush=True)


def _measure(account: Account) -> dict[str, Any]:
    from bot import settings
    from bot.bootstrap import Application
    from bot.bootstrap.tickets import Tickets
    from bot.preferences import Preferences
    from bot.sending import SendingRisk
    from bot.zendesk.policies import Mode, Policies, Policy

    spent: defaultdict[str, list[float]] = defaultdict(list)
    calls: defaultdict[str, list[int]] = defaultdict(list)
    with Application(settings=settings.load()) as app:
        measuring.progress("indexing the sample help center")
        _index_sample(app)
        Policies(pool=app.pool).set(Policy(mode=Mode.AUTO))
        Preferences(pool=app.pool).put(SendingRisk(until_known=0))  # sent, however unsure
        attendant = Tickets(app).attendant()
        for number, ticket in enumerate(account.tickets):
            before = account.calls()
            outcome, milliseconds = _attended(attendant, ticket)
            if number >= WARM_UP:
                spent[outcome].append(milliseconds)
                calls[outcome].append(account.calls() - before)
    return {
        outcome: {
            "tickets": len(one),
            "p50_ms": latency(one).p50,
            "p95_ms": latency(one).p95,
            "longest_ms": max(one),
            "calls": max(calls[outcome]),
        }
        for outcome, one in spent.items()
    }


def _index_sample(app: Application) -> None:
    from tests.attending import SAMPLE

    app.sources.add(SAMPLE)
    report = app.sync.run(SAMPLE, app.connector(SAMPLE))
    assert report.succeeded, report.error


def _attended(attendant: Attendant, ticket: int) -> tuple[str, float]:
    began = time.perf_counter()
    turn = attendant.attend(ticket).turn
    spent = (time.perf_counter() - began) * 1000
    assert turn is not None
    return turn.outcome.value, spent


def _show(figures: dict[str, Any]) -> None:
    names: Sequence[tuple[str, str]] = (
        ("p50_ms", "p50 ms"),
        ("p95_ms", "p95 ms"),
        ("longest_ms", "longest ms"),
        ("calls", "most calls"),
    )
    rows: list[tuple[str, ...]] = [("outcome", "tickets", *(name for _, name in names))]
    for outcome, one in sorted(figures.items()):
        rows.append((outcome, str(one["tickets"]), *(f"{one[key]:.0f}" for key, _ in names)))
    measuring.show(
        "One look at a ticket, extractive engine, Zendesk at zero latency",
        rows,
        notes=[f"Aims: p95 below {TARGET_MS:.0f} ms, at most {TARGET_CALLS} calls for an answer."],
    )


if __name__ == "__main__":
    main()

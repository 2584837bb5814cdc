"""Everything is killed at once under load and started again: how soon it is ready and replies, and
whether anything was lost.

Web, worker, scheduler and PostgreSQL get SIGKILL within the same instant while people write
tickets and ask in Slack. The stand-ins live on and send what was not taken again, as Zendesk and
Slack do. Whatever supervises them starts them at once; seconds are counted from then, and people
write on all the time.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psutil

from tests.bench import deployed, measuring
from tests.bench.people import People

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.deployment import Deployment

MODULE = "tests.bench.restart"
PROCESSES = ("web", "worker", "scheduler")
READY_SECONDS, REPLY_SECONDS = 5.0, 10.0
PATIENCE = 120.0


def main() -> None:
    options = _options()
    with deployed.deployed() as (deployment, slack):
        deployed.ready(deployment, slack)
        people = People(deployment, slack)
        rounds = []
        for number in range(options.rounds):
            measuring.progress(f"killing everything, {number + 1} of {options.rounds}")
            rounds.append(_round(options, deployment, people))
            measuring.progress(", ".join(f"{name} {one:.1f}" for name, one in rounds[-1].items()))
        slack.deliveries.flush()  # what it would send again after a minute, and after five
        people.settle()
        errors = people.missing() + deployed.troubles(deployment)
    figures = {
        "cores": os.cpu_count(),
        "rounds": rounds,
        "tickets": len(people.tickets),
        "questions": len(people.messages),
        "errors": dict(errors),
    }
    _show(figures)
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="so often")
    parser.add_argument("--seconds", type=float, default=10, help="of load before each")
    parser.add_argument("--rate", type=float, default=2, help="tickets, and questions, a second")
    parser.add_argument("--json", type=Path, help="write every figure here")
    return parser.parse_args()


def _round(options: argparse.Namespace, deployment: Deployment, people: People) -> dict[str, float]:
    over = threading.Event()
    working = threading.Thread(target=_work, args=(people, options.rate, over))
    working.start()
    time.sleep(options.seconds)
    _kill_everything(deployment)
    before, asked = people.replies(), people.asked()
    began = time.monotonic()
    for process in PROCESSES:
        deployment.start(process)  # which start the database, whoever comes first
    ready = _until(lambda: _is_ready(deployment.web_url)) - began
    first = _until(lambda: people.replies() > before) - began
    over.set()
    working.join()
    last = _until(lambda: people.replies() == people.asked()) - began
    deployed.work_off(deployment)
    return {"unanswered": asked - before, "ready": ready, "first": first, "last": last}


def _work(people: People, rate: float, over: threading.Event) -> None:
    while not over.wait(1 / rate):
        people.write_a_ticket()
        people.ask_in_slack()


def _kill_everything(deployment: Deployment) -> None:
    """One signal after the other within milliseconds, the server's own processes included."""
    backend = psutil.Process(deployment.rows("SELECT pg_backend_pid()")[0][0])
    server = backend.parent()
    assert server is not None
    assert "postgres" in server.name()
    database = [server, *server.children(recursive=True)]
    ours = [psutil.Process(pid) for pid in deployment.pids().values()]
    for each in (*ours, *database):
        with suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    psutil.wait_procs([*ours, *database], timeout=10)


def _is_ready(url: str) -> bool:
    with suppress(OSError), urlopen(f"{url}/readyz", timeout=5.0) as answer:
        return bool(answer.status == 200)
    return False


def _until(happened: Callable[[], bool]) -> float:
    until = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {PATIENCE:g} seconds")
        time.sleep(0.02)
    return time.monotonic()


def _show(figures: dict[str, Any]) -> None:
    rows = [("seconds from the restart", "ready", "first reply", "all replies", "unanswered")]
    for number, one in enumerate(figures["rounds"], start=1):
        spent = (f"{one[each]:.1f}" for each in ("ready", "first", "last"))
        rows.append((f"round {number}", *spent, f"{one['unanswered']:.0f}"))
    rows.append(("target", f"< {READY_SECONDS:g}", f"< {REPLY_SECONDS:g}", "-", "-"))
    errors = figures["errors"]
    measuring.show(
        f"kill -9 of everything under load, on {figures['cores']} cores",
        rows,
        notes=[
            "Unanswered: tickets and questions without a reply when it was killed.",
            f"{figures['tickets']} tickets and {figures['questions']} questions in all.",
            f"Lost or failed: {sum(errors.values())}, aim: 0. {errors or ''}",
        ],
    )


if __name__ == "__main__":
    main()

"""How much more several worker processes do than one, and where the limit is.

A backlog of tickets is prepared while no worker runs: each wants one answer, extractive, from the
sample help center. Then one, two and four workers each work off as many, with PostgreSQL and the
stand-in for Zendesk on the same machine. While they do, it is sampled what they wait for: which
processes used the processors, what the server's sessions were doing or waiting for, and in which
of our modules the workers' threads were.

Two workers can only do more than one as far as there are cores that one leaves idle, so the table
says how many each part used. `--share 0.2` lets each worker run a fifth of the time only: then the
cores are no limit, and what is left of one is what workers do to each other.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from tests.bench import deployed, measuring
from tests.bench.watching import Shares
from tests.faults.processes import Interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.deployment import Deployment

MODULE = "tests.bench.workers"
TARGET = 1.8

_ROOT = Path(__file__).parents[2]
_SAMPLED = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.bench.sampled_worker import main
main()
"""
_SAMPLED_WORKER = (sys.executable, "-c", _SAMPLED, str(_ROOT))

_MAKE = """
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
SELECT 'replies', 'ticket.attend', 50, 'ticket:' || id, 'ticket:' || id,
       jsonb_build_object('ticket_id', id)
FROM unnest(%s::bigint[]) AS id
"""
_DONE = "SELECT count(*) FROM ticket_turns WHERE ticket_id = ANY(%s)"


def main() -> None:
    options = _options()
    with deployed.deployed(starts=Interpreter(command=_SAMPLED_WORKER)) as (deployment, _slack):
        rounds = [_round(options, deployment, number) for number in options.workers]
    figures = {"cores": os.cpu_count(), "share": options.share, "rounds": rounds}
    _show(figures)
    measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--tickets", type=int, default=400, help="in each backlog")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="numbers of them")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the time that each worker may run, 0 to 1"
    )
    parser.add_argument("--json", type=Path, help="write every figure here")
    return parser.parse_args()


def _round(options: argparse.Namespace, deployment: Deployment, workers: int) -> dict[str, Any]:
    measuring.progress(f"{options.tickets} tickets, {workers} workers")
    names = [f"worker-{workers}x{number}" for number in range(workers)]
    for name in names:
        deployment.start(name)
    _attend(deployment, 20 * workers)  # models are loaded
    with Throttle(list(deployment.pids().values()), options.share), Shares(deployment) as shares:
        began = time.monotonic()
        _attend(deployment, options.tickets)
        spent = time.monotonic() - began
    threads: Counter[str] = Counter()
    for name in names:
        deployment.stop(name, within=30)
        (told,) = (each for each in deployment.lines(name) if "threads" in each)
        threads.update(told["threads"])
    deployment.processes.forget(*names)
    return {
        "workers": workers,
        "per_second": options.tickets / spent,
        "cores": shares.cores,
        "sessions": dict(shares.sessions),
        "threads": dict(threads),
    }


def _attend(deployment: Deployment, tickets: int) -> None:
    """Until as many new tickets have their outcome."""
    ticketing = deployment.zendesk.account.ticketing
    ids = []
    with deployment.zendesk.lock:
        for number in range(tickets):
            asker = ticketing.person(f"Customer {number}", email=f"{uuid4().hex}@mail.example")
            text = deployed.ASKED[number % len(deployed.ASKED)]
            ids.append(ticketing.ticket(asker, "A question", text).id)
        deployment.zendesk.deliveries.pending.clear()
    deployment.execute(_MAKE, (ids,))
    deployment.wait_for(
        lambda: deployment.rows(_DONE, (ids,))[0][0] >= tickets, "tickets are left", every=0.2
    )


class Throttle:
    """Lets each of these processes run for a share of the time only, one after the other, as if
    each were on a machine of its own that is so much slower."""

    PERIOD = 0.04

    def __init__(self, pids: Sequence[int], share: float) -> None:
        self._pids, self._share = pids, share
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(pid, number / len(pids)), daemon=True)
            for number, pid in enumerate(pids)
        ]

    def __enter__(self) -> Self:
        for each in self._threads if self._share < 1 else ():
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads if self._share < 1 else ():
            each.join()

    def _run(self, pid: int, phase: float) -> None:
        time.sleep(phase * self.PERIOD)
        while not self._stop.wait(self._share * self.PERIOD):
            os.kill(pid, signal.SIGSTOP)
            time.sleep((1 - self._share) * self.PERIOD)
            os.kill(pid, signal.SIGCONT)


def _show(figures: dict[str, Any]) -> None:
    parts = ("workers", "postgresql", "stand-ins")
    rows: list[tuple[str, ...]] = [
        ("workers", "tickets/s", "times one", *(f"cores: {each}" for each in parts), "idle")
    ]
    first = figures["rounds"][0]
    for one in figures["rounds"]:
        used = [one["cores"].get(each, 0.0) for each in parts]
        times = one["per_second"] / first["per_second"]
        idle = max(0.0, figures["cores"] - sum(used))
        numbers = (f"{each:.2f}" for each in (*used, idle))
        rows.append((str(one["workers"]), f"{one['per_second']:.1f}", f"{times:.2f}", *numbers))
    notes = [f"Aim: {TARGET} times with two, as far as there are cores."]
    if figures["share"] < 1:
        notes.append(f"Each worker runs {figures['share']:.0%} of the time.")
    for one in figures["rounds"]:
        spent = {each: one["cores"].get(each, 0.0) / one["per_second"] * 1000 for each in parts}
        said = ", ".join(f"{each} {milliseconds:.0f}" for each, milliseconds in spent.items())
        most = figures["cores"] * 1000 / sum(spent.values())
        notes.append(f"{one['workers']}: processor time a ticket, ms: {said}")
        notes.append(f"   with which {figures['cores']} cores can do {most:.0f} a second")
        notes.append(f"   threads: {_largest(one['threads'])}")
        notes.append(f"   sessions of the server: {_largest(one['sessions'])}")
    measuring.show(f"Workers on a backlog, {figures['cores']} cores in all", rows, notes=notes)


def _largest(found: dict[str, int]) -> str:
    total = sum(found.values()) or 1
    largest = Counter(found).most_common(7)
    return ", ".join(f"{name} {number / total:.0%}" for name, number in largest)


if __name__ == "__main__":
    main()

"""What is looked at while a deployment works."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psutil
import psycopg

from tests.bench import measuring
from tests.bench.again import Again

if TYPE_CHECKING:
    from tests.faults.deployment import Deployment

SERVER = "postgresql"


class Memory(Again):
    """Every few seconds what each process holds, in megabytes: `samples` by its name, PostgreSQL
    as a whole."""

    def __init__(self, deployment: Deployment, *, every: float = 5.0) -> None:
        self._deployment = deployment
        super().__init__(every=every)
        self.samples: dict[str, list[float]] = {}

    def _run(self) -> None:
        for _ in self._turns():
            for name, pid in self._deployment.pids().items():
                held = psutil.Process(pid).memory_info().rss / 2**20
                self.samples.setdefault(name, []).append(held)
            held = measuring.server_megabytes(self._deployment.url)
            self.samples.setdefault(SERVER, []).append(held)


_SESSIONS = """
SELECT coalesce(wait_event_type || ' ' || wait_event, 'running') FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()
"""


class Shares(Again):
    """What a deployment spends its time on: `cores` is how many of them each part uses on average,
    `sessions` how often the server's sessions were found running, or waiting for what."""

    def __init__(self, deployment: Deployment, *, every: float = 0.02) -> None:
        self._url = deployment.url
        self._pids = {**deployment.pids(), "stand-ins": psutil.Process().pid}
        super().__init__(every=every)
        self.cores: dict[str, float] = {}
        self.sessions: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._began, self._before = time.monotonic(), self._spent()
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        spent, now = time.monotonic() - self._began, self._spent()
        self.cores = {name: (now[name] - self._before[name]) / spent for name in now}

    def _run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            for _ in self._turns():
                self.sessions.update(row[0] for row in connection.execute(_SESSIONS))

    def _spent(self) -> dict[str, float]:
        """Seconds of processors by part; of the server as of all its processes that live."""
        found: defaultdict[str, float] = defaultdict(float)
        for name, pid in self._pids.items():
            times = psutil.Process(pid).cpu_times()
            found["workers" if name.startswith("worker") else name] += times.user + times.system
        with psycopg.connect(self._url) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            server = psutil.Process(row[0] if row else 0).parent()
            for each in server.children(recursive=True) if server else ():
                with suppress(psutil.NoSuchProcess):
                    times = each.cpu_times()
                    found[SERVER] += times.user + times.system
        return dict(found)

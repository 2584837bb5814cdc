"""What is looked at while a deployment works."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psutil

from tests.bench import measuring

if TYPE_CHECKING:
    from tests.faults.deployment import Deployment

SERVER = "postgresql"


class Memory:
    """Every few seconds what each process holds, in megabytes: `samples` by its name, PostgreSQL
    as a whole."""

    def __init__(self, deployment: Deployment, *, every: float = 5.0) -> None:
        self._deployment = deployment
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: dict[str, list[float]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            for name, pid in self._deployment.pids().items():
                held = psutil.Process(pid).memory_info().rss / 2**20
                self.samples.setdefault(name, []).append(held)
            held = measuring.server_megabytes(self._deployment.url)
            self.samples.setdefault(SERVER, []).append(held)

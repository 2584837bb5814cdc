"""Starts processes of the product out of one that has loaded it, see `tests.faults.preloaded`."""

from __future__ import annotations

import array
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.faults.clocks import preloaded

_LARGEST = 1 << 18
_LOOK_AGAIN = 0.02


class Nursling:
    """One process, by its id. A signal to one that has ended does nothing."""

    def __init__(self, pid: int, *, nursery: Nursery) -> None:
        self.pid = pid
        self._nursery = nursery
        self._status: int | None = None

    def poll(self) -> int | None:
        """Its exit status, a signal below zero, or None while it runs."""
        if self._status is None:
            self._status = self._nursery.status(self.pid)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended. Raises TimeoutError."""
        until = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while (status := self.poll()) is None:
            if time.monotonic() > until:
                raise TimeoutError(f"process {self.pid} has not ended within {timeout} s")
            time.sleep(_LOOK_AGAIN)
        return status

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


class Nursery:
    """Starts processes, and tells how they ended. Use as a context manager. With `clocks`, which
    is loaded before libc, the clock of each can be wrong."""

    def __init__(self, *, clocks: Path | None = None) -> None:
        self._clocks = clocks
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        number = self._theirs.fileno()
        self._server = subprocess.Popen(
            (sys.executable, "-m", "tests.faults.preloaded", str(number)),
            cwd=Path(__file__).parents[2],
            env={**os.environ, **preloaded(self._clocks)},
            pass_fds=(number,),
            stdin=subprocess.DEVNULL,
        )
        self._theirs.close()
        try:
            assert self._answer() == {"ready": True}
        except BaseException:
            self._ours.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ours.close()
        if self._server is not None:
            self._server.wait()

    def start(
        self,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        listener: int | None = None,
    ) -> Nursling:
        """`supportbot` with these arguments, which goes on with what `log` holds already."""
        told = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        with log.open("ab") as written:
            descriptors = [written.fileno(), *([] if listener is None else [listener])]
            rights = array.array("i", descriptors)
            sent = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
            self._ours.sendmsg([json.dumps(told).encode()], sent)
            return Nursling(self._answer()["pid"], nursery=self)

    def status(self, pid: int) -> int | None:
        """How a process that was started here ended, None while it runs."""
        self._ours.send(json.dumps({"started": pid}).encode())
        found: int | None = self._answer()["status"]
        return found

    def _answer(self) -> dict[str, Any]:
        answer = self._ours.recv(_LARGEST)
        if not answer:
            raise RuntimeError("the nursery has ended")
        found: dict[str, Any] = json.loads(answer)
        return found

"""Processes of the product that are started, stopped, killed and paused, and what they log."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from tests.acceptance.commands import PYTHON_M_BOT


class Running(Protocol):
    """One process, by its id."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...


class Starts(Protocol):
    """What starts `supportbot` with arguments; the log goes on with what it holds already."""

    def start(
        self,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        listener: int | None = None,
    ) -> Running: ...


class Interpreter:
    """Starts each process as people do, with an interpreter of its own, or by another `command`."""

    def __init__(self, *, command: Sequence[str] = PYTHON_M_BOT) -> None:
        self._command = command

    def start(
        self,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        listener: int | None = None,
    ) -> Running:
        more = () if listener is None else (f"--listener-fd={listener}",)
        with log.open("ab") as written:
            return subprocess.Popen(
                (*self._command, *arguments, *more),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                pass_fds=() if listener is None else (listener,),
            )


class Processes:
    """What runs of one deployment. A process is named by what it does, with a number where there
    are several: "worker", "worker-2"."""

    def __init__(self, *, starts: Starts, folder: Path, listener: int) -> None:
        self._starts = starts
        self._folder = folder
        self._listener = listener
        self._running: dict[str, Running] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._running)

    def start(self, name: str, environment: Mapping[str, str]) -> None:
        role = name.partition("-")[0]
        self._running[name] = self._starts.start(
            role,
            folder=self._folder,
            environment=environment,
            log=self._folder / f"{name}.log",
            listener=self._listener if role == "web" else None,
        )

    def kill(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGKILL)
        self._running[name].wait()

    def pause(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGCONT)

    def ask_to_stop(self, *names: str) -> None:
        for name in names:
            self._running[name].send_signal(signal.SIGTERM)

    def status(self, name: str) -> int | None:
        """How it ended, None while it runs."""
        return self._running[name].poll()

    def stopped(self, name: str, *, within: float) -> int:
        """The exit status of a process that was asked to stop. Raises where it has not ended."""
        return self._running[name].wait(within)

    def forget(self, *names: str) -> None:
        """They have ended and are not missed."""
        for name in names:
            del self._running[name]

    def pids(self) -> dict[str, int]:
        """The ids of those that run."""
        return {name: each.pid for name, each in self._running.items() if each.poll() is None}

    def ended(self) -> dict[str, int]:
        """Those that are not running, and how they ended."""
        found = {name: each.poll() for name, each in self._running.items()}
        return {name: status for name, status in found.items() if status is not None}

    def end(self) -> None:
        for each in self._running.values():
            each.send_signal(signal.SIGKILL)
        for each in self._running.values():
            with suppress(TimeoutError, subprocess.TimeoutExpired):
                each.wait(10)
        self._running.clear()

    def lines(self, name: str) -> list[dict[str, Any]]:
        """What a process has logged."""
        text = (self._folder / f"{name}.log").read_text(errors="replace")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def said(self) -> str:
        """The last lines of every process."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-40:])
            for path in sorted(self._folder.glob("*.log"))
        )

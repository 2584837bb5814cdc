"""Keeps a list of processes running on one machine: start, restart, stop, leave none behind.

Own code because honcho stops everything when one process ends, and supervisord and circus
bring daemons and files of their own; none of them notices that its parent was killed.
Each child's standard input is a pipe from here: when this process dies, however it dies, the
pipe closes and `watch_parent` in the child ends it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import SupportbotError

if TYPE_CHECKING:
    from asyncio.subprocess import Process as Child
    from collections.abc import Callable, Mapping, Sequence

CANNOT_BE_HELPED = 2
"""The exit status of bad use or a bad setting: starting again would only repeat it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """A command to keep running. `pass_fds` are open file descriptors that it inherits."""

    name: str
    command: tuple[str, ...]
    pass_fds: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Seconds before a crashed process starts again: doubling from `first` to `longest`, and
    forgotten once it ran for `steady` seconds."""

    first: float = 0.5
    longest: float = 30.0
    steady: float = 60.0

    def after(self, previous: float, *, ran_for: float) -> float:
        """The pause that follows a pause of `previous` seconds (0: none yet)."""
        if not previous or ran_for >= self.steady:
            return self.first
        return min(previous * 2, self.longest)


class Supervisor:
    """Runs processes until SIGINT or SIGTERM, then SIGTERM to all, then after `grace` seconds
    (or on a second signal) SIGKILL. `write` receives each line of output, prefixed. `watch` is
    called every `watch_every` seconds in a thread, to mend what the processes depend on."""

    def __init__(
        self,
        *,
        processes: Sequence[Process],
        write: Callable[[str], None],
        environment: Mapping[str, str],
        watch: Callable[[], None] | None = None,
        watch_every: float = 2.0,
        grace: float = 20.0,
        backoff: Backoff | None = None,
    ) -> None:
        self._processes = tuple(processes)
        self._write = write
        self._environment = dict(environment)
        self._watch = watch
        self._watch_every = watch_every
        self._grace = grace
        self._backoff = backoff or Backoff()
        self._width = max((len(process.name) for process in processes), default=0)
        self._children: dict[str, Child] = {}
        self._stop = asyncio.Event()
        self._failed = False

    def run(self) -> bool:
        """Blocks until everything has ended. True when it ended because it was asked to,
        False when a process cannot run (it said why itself)."""
        asyncio.run(self._supervise())
        return not self._failed

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        keepers = {asyncio.create_task(self._keep(process)) for process in self._processes}
        stopping = asyncio.create_task(self._watch_until_stop())
        await asyncio.wait({stopping, *keepers}, return_when=asyncio.FIRST_COMPLETED)
        self._stop.set()
        self._signal_all(signal.SIGTERM)
        _, alive = await asyncio.wait(keepers, timeout=self._grace)
        if alive:
            self._say("stopping took too long; killing what is left")
            self._signal_all(signal.SIGKILL)
        await asyncio.gather(stopping, *keepers)

    async def _watch_until_stop(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), timeout=self._watch_every)
            if self._watch is not None and not self._stop.is_set():
                try:
                    await asyncio.to_thread(self._watch)
                except SupportbotError as error:
                    self._say(str(error))

    def _on_signal(self) -> None:
        if self._stop.is_set():
            self._signal_all(signal.SIGKILL)
        self._stop.set()

    def _signal_all(self, number: signal.Signals) -> None:
        for child in self._children.values():
            with suppress(ProcessLookupError):
                child.send_signal(number)

    async def _keep(self, process: Process) -> None:
        loop = asyncio.get_running_loop()
        pause = 0.0
        while not self._stop.is_set():
            started = loop.time()
            status = await self._run_once(process)
            if self._stop.is_set():
                return
            if status == CANNOT_BE_HELPED:
                self._failed = True
                self._stop.set()
                return
            pause = self._backoff.after(pause, ran_for=loop.time() - started)
            self._say(f"{process.name} {_ended(status)}; starting it again in {pause:g} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), timeout=pause)

    async def _run_once(self, process: Process) -> int:
        child = await asyncio.create_subprocess_exec(
            *process.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=process.pass_fds,
            env=self._environment,
        )
        self._children[process.name] = child
        if self._stop.is_set():  # asked to stop while it was being started
            child.terminate()
        output = asyncio.create_task(self._relay(process.name, child))
        status = await child.wait()
        del self._children[process.name]
        # Its own last words are already in the pipe; a grandchild may hold the pipe open.
        await asyncio.wait({output}, timeout=1.0)
        output.cancel()
        return status

    async def _relay(self, name: str, child: Child) -> None:
        assert child.stdout is not None  # noqa: S101 - stdout=PIPE above; for the type checker
        rest = b""
        while block := await child.stdout.read(1 << 16):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                self._prefixed(name, line)
        if rest:
            self._prefixed(name, rest)

    def _prefixed(self, name: str, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace").rstrip("\r")
        self._write(f"{name:<{self._width}} | {text}")

    def _say(self, text: str) -> None:
        self._write(f"{'up':<{self._width}} | {text}")


def _ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def watch_parent(*, fd: int = 0, grace: float = 20.0) -> None:
    """In a child of the supervisor: when the pipe on `fd` closes, the supervisor is gone, so
    stop as on SIGTERM, and `grace` seconds later stop without asking."""

    def wait_for_the_end() -> None:
        with suppress(OSError):
            while os.read(fd, 1 << 10):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(grace)
        os._exit(1)

    threading.Thread(target=wait_for_the_end, name="watch-parent", daemon=True).start()

"""Connections that can be cut, held up and slowed down, between processes and what they talk to.

A wire listens at an address of its own and passes on what comes, both ways. So one process can be
parted from the database or from a vendor while everybody else goes on.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

_MOST = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # with no time to linger, closing sends a reset

Done = TypeVar("Done")


class Wire:
    """One way to `host` and `port`. Nothing is lost while it is held: it comes late instead."""

    def __init__(self, wires: Wires, host: str, port: int) -> None:
        self._wires = wires
        self._target = (host, port)
        self._delay = 0.0
        self._passes = asyncio.Event()
        self._passes.set()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    def cut(self) -> None:
        """Whatever is connected is reset, and nobody can connect any more."""
        self._wires.run(self.close())

    def hold(self) -> None:
        """Nothing comes through, and nobody is told."""
        self._wires.run(self._hold())

    def slow(self, seconds: float) -> None:
        """Whatever passes takes so much longer."""
        self._delay = seconds

    def mend(self) -> None:
        """It is as it should be."""
        self._delay = 0.0
        self._wires.run(self._mend())

    async def listen(self) -> None:
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, reuse_address=True, backlog=256
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for each in list(self._open):
            reached = each.get_extra_info("socket")
            with suppress(OSError):
                reached.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            each.transport.abort()
        self._passes.set()

    async def _hold(self) -> None:
        self._passes.clear()

    async def _mend(self) -> None:
        self._passes.set()
        if self._server is None:
            await self.listen()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passes.wait()
        try:
            there, onward = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, onward}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, onward))
                both.create_task(self._pass(there, writer))
        finally:
            self._open -= {writer, onward}
            writer.close()
            onward.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_MOST):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._passes.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()


class Wires:
    """Makes wires, which work until it is left. Use as a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._made: list[Wire] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wire(self, host: str, port: int) -> Wire:
        """A way to this address, which need not answer yet."""
        made = Wire(self, host, port)
        self.run(made.listen())
        self._made.append(made)
        return made

    def run(self, work: Coroutine[Any, Any, Done]) -> Done:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _end(self) -> None:
        for wire in self._made:
            await wire.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

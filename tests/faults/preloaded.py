"""Starts the product's processes out of one that has loaded its modules already, so that what is
killed again and again is back in half a second instead of ten.

They are processes as any others: each with its own memory, environment, log and process id, and
killed alone. This one is run as `python -m tests.faults.preloaded FD`, and asked over that socket.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import pkgutil
import socket
import sys
from contextlib import suppress
from typing import Any, NoReturn

from tests.faults.clocks import set_own

_LARGEST = 1 << 18

# What the product loads only where it is needed, in most of its processes.
_HEAVY = (
    "aiohttp",
    "anthropic",
    "apscheduler.schedulers.background",
    "httpx2",
    "llama_index.core",
    "slack_bolt.async_app",
    "slack_sdk",
    "tokenizers",
    "uvicorn",
    "zenpy",
)


# Brings onnxruntime, whose thread a forked process does not have and would wait for at its end.
_LEFT_OUT = "indexing.embedders.minilm"


def preload() -> None:
    """Imports every module of the product, as far as it can be shared."""
    for name in ("bot", "connectors", "indexing"):
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__") and not found.name.startswith(_LEFT_OUT):
                with suppress(ImportError):
                    importlib.import_module(found.name)
    for name in _HEAVY:
        importlib.import_module(name)
    gc.freeze()  # what is never collected stays shared by all


def serve(asked: socket.socket) -> None:
    """Answers until nobody can ask any more. Each process that is started ends in here."""
    asked.send(json.dumps({"ready": True}).encode())
    while request := _received(asked):
        told, descriptors = request
        if "started" in told:
            asked.send(json.dumps({"status": _status(told["started"])}).encode())
            continue
        pid = os.fork()
        if pid == 0:
            asked.close()
            _become(told, descriptors)
        for each in descriptors:
            os.close(each)
        asked.send(json.dumps({"pid": pid}).encode())


def _received(asked: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """What is asked, with the files that came with it; None at the end."""
    text, rights, _, _ = asked.recvmsg(_LARGEST, socket.CMSG_SPACE(4 * array.array("i").itemsize))
    descriptors = array.array("i")
    for _, _, data in rights:
        descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return (json.loads(text), list(descriptors)) if text else None


def _status(pid: int) -> int | None:
    """How it ended, as subprocess has it: the exit status, or a signal below zero."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _become(told: dict[str, Any], descriptors: list[int]) -> NoReturn:
    log, *more = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    set_own()
    listener = [f"--listener-fd={each}" for each in more]
    sys.argv = ["supportbot", *told["arguments"], *listener]
    sys.exit(importlib.import_module("bot.cli").main())


if __name__ == "__main__":
    preload()
    serve(socket.socket(fileno=int(sys.argv[1])))

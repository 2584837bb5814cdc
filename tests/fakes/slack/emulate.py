"""Somebody else's stand-in for Slack, npm `emulate`, started from what was installed of it: a
second opinion on the shapes and errors of our own.

It knows the Web API and signed events; no agent view, streams, sockets, presses or retries.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[3]
LAUNCHER = _ROOT.parent / "shared" / "standins" / "slack-emulate.mjs"
SEED = LAUNCHER.with_name("slack-seed.json")
PACKAGE, NODE = "emulate@0.12.2", "node@24.9.0"
_OLDEST_NODE = (22, 15)


class Absent(Exception):
    """It cannot be started here; the message says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Emulate:
    """A running one. The seed's people and its channel, by name."""

    api_url: str
    people: dict[str, str]
    channels: dict[str, str]
    bot_token: str = "xoxb-bot"
    signing_secret: str = "test_signing_secret_123"

    @staticmethod
    def user_token(name: str) -> str:
        return f"xoxp-{name}"


@contextmanager
def running(folder: Path, *, events_url: str) -> Iterator[Emulate]:
    """Starts what is installed in this folder. Raises Absent."""
    if not LAUNCHER.exists():
        raise Absent("needs ../shared/standins/slack-emulate.mjs")
    if not (folder / "node_modules" / "emulate").is_dir():
        raise Absent(f"needs npm {PACKAGE} in {folder}; --emulate installs it")
    node = _node(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [node, str(LAUNCHER), str(folder), port, str(SEED), events_url]
    with _started(command, folder) as told:
        yield Emulate(
            api_url=f"{told['url']}/api/",
            people={name: identifier for identifier, name, _ in told["users"]},
            channels={name: identifier for identifier, name in told["channels"]},
        )


@contextmanager
def _started(command: Sequence[str], folder: Path) -> Iterator[dict[str, list[list[str]]]]:
    """Runs it; yields what it says of itself once it listens."""
    with (
        (folder / "emulate.log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise Absent(f"it did not start: {(folder / 'emulate.log').read_text()}")
            yield json.loads(line)
        finally:
            process.terminate()


def install(folder: Path) -> None:
    """Fetches the package, and a Node where this machine's own is too old for it."""
    npm = shutil.which("npm")
    if npm is None:
        raise Absent("needs npm")
    wanted = [PACKAGE] if _own_node() else [PACKAGE, NODE]
    quiet = ["--no-audit", "--no-fund", "--no-save"]
    subprocess.run(
        [npm, "install", *quiet, "--prefix", str(folder), *wanted], check=True, capture_output=True
    )


def _node(folder: Path) -> str:
    brought = folder / "node_modules" / "node" / "bin" / "node"
    found = str(brought) if brought.exists() else _own_node()
    if not found:
        raise Absent(f"needs Node {'.'.join(map(str, _OLDEST_NODE))} or newer")
    return found


def _own_node() -> str:
    """This machine's Node, "" where there is none or an old one."""
    found = shutil.which("node")
    if found is None:
        return ""
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(each) for each in re.findall(r"\d+", told)[:2])
    return found if version >= _OLDEST_NODE else ""

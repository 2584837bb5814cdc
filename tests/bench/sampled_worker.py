"""`supportbot worker`, whose threads are looked at all the time. Its last line, once it was asked
to stop, says how often they were found doing what."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

import bot
from tests.bench.again import Again

EVERY = 0.01

_DOING = (
    ("embedding", "indexing/embedders/"),
    ("PostgreSQL", "/psycopg"),
    ("Zendesk", "connectors/zendesk/"),
)
_ROOT = Path(bot.__file__).parents[1]
_OURS = tuple(f"{_ROOT / each}/" for each in ("bot", "connectors", "indexing"))
_IDLE = ("threading.py", "concurrent/futures/thread.py", "queue.py", "selectors.py")


class Sampler(Again):
    """Counts by what the innermost telling frame of each thread belongs to; waiting for work is
    not counted."""

    def __init__(self) -> None:
        super().__init__(every=EVERY)
        self.found: Counter[str] = Counter()

    def _run(self) -> None:
        own = threading.get_ident()
        for _ in self._turns():
            for thread, frame in sys._current_frames().items():
                if thread != own and (doing := _doing(frame)):
                    self.found[doing] += 1


def _doing(innermost: FrameType) -> str:
    """What a thread is at; "" where it waits for work."""
    frame: FrameType | None = innermost
    ours = ""
    while frame is not None:
        path = frame.f_code.co_filename
        for name, part in _DOING:
            if part in path:
                return name
        if not ours and path.startswith(_OURS):
            ours = path
        frame = frame.f_back
    if not ours or (ours.endswith("bot/worker.py") and _waits(innermost)):
        return ""
    return f"Python in {'/'.join(Path(ours).parts[-2:])}"


def _waits(frame: FrameType) -> bool:
    return frame.f_code.co_filename.endswith(_IDLE)


def main() -> None:
    from bot.cli import main as command_line

    sampler = Sampler()
    try:
        with sampler:
            sys.exit(command_line(["worker"]))
    finally:
        sys.stdout.write(json.dumps({"threads": sampler.found}) + "\n")


if __name__ == "__main__":
    main()
